#!/bin/sh
# Builds and installs keysieve. With a repository, also installs the hooks there and scans it.
#
#   ./install.sh [--from FILE] [--git-secrets] [REPO]
#
# With --from, FILE is installed and nothing is built: the program, or a wheel that holds it. It goes
# into $CARGO_INSTALL_ROOT or ~/.local. Only git is needed then, and unzip for a wheel.
# With --git-secrets, `git secrets` runs keysieve as well: a link named git-secrets next to it.
# Needs Rust (cargo), a C compiler and git. `cargo install` puts the program into
# $CARGO_INSTALL_ROOT, $CARGO_HOME or ~/.cargo. Exit status: 0 done; 1 done, and the scan of REPO
# found something; 2 a step failed, and the last lines say which.
set -u

say() {
    printf '%s\n' "$*"
}

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    shift
    for line in "$@"; do
        printf '  help: %s\n' "$line" >&2
    done
    exit 2
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$2 is required, but \`$1\` is not on PATH" "$3"
}

usage="usage: $0 [--from FILE] [--git-secrets] [REPO]"
git_secrets=false
from=
while :; do
    case ${1-} in
        -h | --help)
            say "$usage"
            say "builds and installs keysieve; with REPO, also installs the hooks there and scans it;"
            say "with --from, installs a program or a wheel instead of building;"
            say "with --git-secrets, also installs it under the name git-secrets"
            exit 0
            ;;
        --git-secrets) git_secrets=true ;;
        --from)
            [ -f "${2-}" ] || fail "--from needs a file: a program or a wheel" "$usage"
            from=$2
            shift
            ;;
        -*) fail "unknown option $1" "$usage" ;;
        *) break ;;
    esac
    shift
done
[ $# -le 1 ] || fail "more than one repository" "for each other one: keysieve hook install REPO"

need git "git" "install it from your system's packages, or from https://git-scm.com"
case $from in
    '')
        need cargo "Rust" "install it from https://rustup.rs, or from your system's packages"
        need cc "a C compiler" "install gcc or clang from your system's packages \
(build-essential, xcode-select --install)"
        ;;
    *.whl) need unzip "unzip" "install it from your system's packages" ;;
esac

# The path is checked before the build, because the build takes minutes.
repo=
if [ $# -eq 1 ]; then
    repo=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P && echo .) ||
        fail "$1 is not an accessible folder"
    # The dot protects a line feed at the end of the name, which $(...) would remove.
    repo=${repo%??}
    git -C "$repo" rev-parse --git-dir >/dev/null 2>&1 ||
        fail "$repo is not in a git repository" "create one there with git init"
fi

# Installs the program of $1, a program or a wheel, as $2.
install_from() {
    mkdir -p -- "${2%/*}" || return
    case $1 in
        *.whl) unzip -p "$1" '*.data/scripts/keysieve' >"$2.new" ;;
        *) cat -- "$1" >"$2.new" ;;
    esac || return
    chmod 755 "$2.new" && "$2.new" --version >/dev/null && mv -f -- "$2.new" "$2"
}

case $0 in
    */*) here=${0%/*} ;;
    *) here=. ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd -P) || fail "the folder of $0 is not accessible"
if [ -n "$from" ]; then
    root=${CARGO_INSTALL_ROOT:-${HOME-}/.local}
    install_from "$from" "$root/bin/keysieve" ||
        fail "$from is not a keysieve that runs here" "leave out --from to build it"
else
    [ -f "$here/Cargo.toml" ] ||
        fail "$here has no Cargo.toml" "run install.sh from the source folder of keysieve"
    say "Building keysieve. The first build takes a few minutes."
    cargo install --locked --path "$here" ||
        fail "keysieve could not be built: see the messages of cargo above"
    root=${CARGO_INSTALL_ROOT:-${CARGO_HOME:-${HOME-}/.cargo}}
fi
case $root in
    /*) ;;
    *) root=$PWD/$root ;;
esac
keysieve=$root/bin/keysieve
if [ ! -x "$keysieve" ]; then
    # A configuration file of cargo may name another folder.
    keysieve=$(command -v keysieve) || fail "cargo installed keysieve, but not in $root/bin" \
        "find its folder in the messages of cargo above, and add it to PATH"
fi
bin=${keysieve%/*}
say
say "Installed $keysieve"
found=$(command -v keysieve) || found=
if [ -z "$found" ]; then
    say "Its folder is not on your PATH. Add this line to the startup file of your shell"
    say "(~/.profile, ~/.zshrc):"
    say "  export PATH=\"$bin:\$PATH\""
elif [ "$found" != "$keysieve" ]; then
    say "But your PATH finds another one first: $found"
fi

if $git_secrets; then
    link=$bin/git-secrets
    if [ "$(readlink "$link")" != keysieve ]; then
        if [ -e "$link" ] || [ -L "$link" ]; then
            fail "keysieve is installed, but $link is another program, and stays" \
                "remove it, then run: ln -s keysieve '$link'"
        fi
        ln -s keysieve "$link" || fail "keysieve is installed, but the link $link is not"
    fi
    say "Installed $link, a link to keysieve"
    found=$(command -v git-secrets) || found=
    if [ -n "$found" ] && [ "$found" != "$link" ]; then
        say "But your PATH finds another one first: $found"
    fi
fi

if [ -z "$repo" ]; then
    say "Next: run \`keysieve hook install\` in a repository, or \`keysieve scan\` to scan one."
    exit 0
fi

say
say "Hooks of $repo:"
"$keysieve" hook install "$repo" || fail "keysieve is installed, but the hooks are not: see above"
"$keysieve" hook status "$repo" ||
    fail "keysieve and the hooks are installed, but the hooks are not live: see above"

say
say "Scan of $repo:"
"$keysieve" scan "$repo"
status=$?
say
case $status in
    0) say "keysieve is installed, the hooks are live, and the scan found nothing that blocks." ;;
    1)
        say "keysieve is installed and the hooks are live. The scan found the secrets above. Hooks"
        say "only check what is new, so they do not stop these. Rotate the keys that are real, and"
        say "allow the others with \`keysieve allow\`."
        ;;
    *) fail "keysieve and its hooks are installed, but the scan was not completed: see above" ;;
esac
exit "$status"
