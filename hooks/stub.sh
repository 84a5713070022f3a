#!/bin/sh
# keysieve hook 4
# `keysieve hook install` writes this file and `keysieve hook uninstall` removes it. Do not edit it:
# an installation replaces it. The program decides what is scanned and refused, so a newer program
# needs no newer hook.

# The hook is the part of the file name before the first dot: another tool may have renamed this
# file, for example to pre-commit.legacy.
hook=${0##*/}
hook=${hook%%.*}

# The hook that was here before runs first, because it may change what is committed. If git lists
# the pushed refs on standard input, both hooks need that list.
chained=${0%/*}/$hook.keysieve-chained
refs=
if [ -x "$chained" ]; then
    case $hook in pre-push | pre-receive) refs=$(cat) ;; esac
    if [ -n "$refs" ]; then
        # printf complains if the chained hook does not read its input. That is not an error.
        printf '%s\n' "$refs" 2>/dev/null | "$chained" "$@" || exit
    else
        "$chained" "$@" || exit
    fi
fi

# The program that wrote this file comes before PATH: a repository may put a program of its own on
# PATH, and graphical programs run git with a short PATH. A program in one of the work trees is not
# run, whatever links lead to it.
keysieve='@KEYSIEVE@'
if [ ! -x "$keysieve" ]; then
    keysieve=$(command -v keysieve)
    # -p finds the system's own tools, not what the repository may put on PATH.
    real=$({ command -p realpath "$keysieve" || command -p readlink -f "$keysieve"; } 2>/dev/null)
    common=$(git rev-parse --git-common-dir)
    for tree in . "${common%/.git}"; do
        case $real in '' | "$(CDPATH='' cd "$tree" && pwd -P)"/*) keysieve='' ;; esac
    done
fi
case $keysieve in
    /* | [A-Za-z]:*)
        [ -n "$refs" ] || exec "$keysieve" hook run "$hook" "$@"
        printf '%s\n' "$refs" | "$keysieve" hook run "$hook" "$@"
        exit
        ;;
esac

# Without a scan, the hook must refuse.
cat >&2 <<END
keysieve: refused by the $hook hook: keysieve is not installed, so nothing was scanned.
  help: install keysieve again, or remove the hook: rm '$0'
END
exit 2
