#!/bin/sh
# Builds keysieve and installs it, and, where a repository is named, puts the hook into it and scans it.
#
#   ./install.sh [REPO]
#
# Needs Rust (cargo), a C compiler and git. The program goes where `cargo install` puts programs: $CARGO_INSTALL_ROOT,
# $CARGO_HOME or ~/.cargo. Exit status: 0 if all went well; with REPO, 1 if it did and the scan found something; 2 if
# something could not be done, and then the last lines say what.
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
    command -v "$1" >/dev/null 2>&1 || fail "$2 is needed, and there is no \`$1\` on PATH" "$3"
}

case ${1-} in
    -h | --help)
        say "usage: $0 [REPO]"
        say "builds and installs keysieve; with REPO, installs the hook there and scans it"
        exit 0
        ;;
    -*) fail "there is no option $1" "usage: $0 [REPO]" ;;
esac
[ $# -le 1 ] || fail "one repository at a time" "for the next one: keysieve hook install REPO"

need git "git" "install it from your system's packages, or from https://git-scm.com"
need cargo "Rust" "install it from https://rustup.rs, or from your system's packages"
need cc "a C compiler" "install gcc or clang from your system's packages (build-essential, xcode-select --install)"

# Before anything is built: a mistyped path should not cost a build.
repo=
if [ $# -eq 1 ]; then
    repo=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P && echo .) || fail "$1 is not a folder that can be entered"
    # The dot keeps a line feed at the end of a name from being cut off.
    repo=${repo%??}
    git -C "$repo" rev-parse --git-dir >/dev/null 2>&1 ||
        fail "$repo is not in a git repository" "make one there with git init"
fi

case $0 in
    */*) here=${0%/*} ;;
    *) here=. ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd -P) || fail "the folder of $0 cannot be entered"
[ -f "$here/Cargo.toml" ] || fail "there is no Cargo.toml in $here" "run install.sh from where it lies in the source"

say "Building keysieve; the first time this takes a few minutes."
cargo install --locked --path "$here" || fail "keysieve could not be built: cargo says why, above"

root=${CARGO_INSTALL_ROOT:-${CARGO_HOME:-${HOME-}/.cargo}}
case $root in
    /*) ;;
    *) root=$PWD/$root ;;
esac
keysieve=$root/bin/keysieve
if [ ! -x "$keysieve" ]; then
    # cargo can also be told in its configuration files where to put programs.
    keysieve=$(command -v keysieve) || fail "cargo put keysieve somewhere else than $root/bin" \
        "find it in what cargo said above, and put its folder on PATH"
fi
bin=${keysieve%/*}
say
say "Installed $keysieve"
found=$(command -v keysieve) || found=
if [ -z "$found" ]; then
    say "Its folder is not on your PATH. Add this line to the start-up file of your shell (~/.profile, ~/.zshrc):"
    say "  export PATH=\"$bin:\$PATH\""
elif [ "$found" != "$keysieve" ]; then
    say "But your PATH leads to another one: $found"
fi

if [ -z "$repo" ]; then
    say "Next: \`keysieve hook install\` in a repository, \`keysieve scan\` to look at one."
    exit 0
fi

say
say "The hook of $repo:"
"$keysieve" hook install "$repo" || fail "keysieve is installed, but the hook is not: see above"
"$keysieve" hook status "$repo" || fail "keysieve and its hook are installed, but the hook is not live: see above"

say
say "The scan of $repo:"
"$keysieve" scan "$repo"
status=$?
say
case $status in
    0) say "keysieve is installed, the hook is live, and the scan found nothing that blocks." ;;
    1)
        say "keysieve is installed, and the hook is live. The scan found what is shown above: it was there before, and"
        say "the hook only looks at what is new. Rotate the keys that are real, and allow the others by"
        say "\`keysieve allow\`."
        ;;
    *) fail "keysieve is installed, and the hook is live, but the scan could not be completed: see above" ;;
esac
exit "$status"
