//! Lists the states of repositories and the command lines that are run in each, one after the other.

use crate::support::Repo;
use crate::support::keys::{access_key_id, secret_access_key};

/// A state, and command lines. One that begins with `≠` does something else than the original, as
/// `docs/from-git-secrets.md` lists it.
pub(super) struct Group {
    /// If it begins with `writes`, what the command lines write is described as well.
    pub(super) name: &'static str,
    pub(super) state: fn(&Repo),
    pub(super) lines: &'static [&'static str],
}

/// The command lines that scan in some way, for the states that all of them fit.
const SCANS: &[&str] = &[
    "git secrets --scan",
    "git secrets --scan --cached",
    "git secrets --scan --untracked",
    "git secrets --scan --no-index",
    "set -o pipefail; git secrets --scan -r docs 2>&1 | LC_ALL=C sort",
    "git secrets --scan docs a.txt",
    "git secrets --scan --cached 'docs/*'",
    "cd docs && git secrets --scan",
    "cd docs && git secrets --scan -- ../a.txt .",
    "git secrets --scan-history",
    "cd docs && git secrets --scan-history",
    "git secrets --scan - < a.txt",
    "git secrets --pre_commit_hook --",
];

pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "clean",
        state: clean,
        lines: SCANS,
    },
    Group {
        name: "tracked and committed",
        state: committed,
        lines: SCANS,
    },
    Group {
        name: "staged only",
        state: staged,
        lines: SCANS,
    },
    Group {
        name: "in history only",
        state: removed,
        lines: SCANS,
    },
    Group {
        name: "branches and merges",
        state: branches,
        lines: SCANS,
    },
    Group {
        name: "allowed by configuration and by .gitallowed",
        state: allowed,
        lines: SCANS,
    },
    Group {
        name: "names that git quotes",
        state: names,
        lines: SCANS,
    },
    Group {
        name: "no patterns",
        state: no_patterns,
        lines: SCANS,
    },
    Group {
        name: "AWS is registered",
        state: aws,
        lines: SCANS,
    },
    Group {
        name: "words",
        state: words,
        lines: &[
            "git secrets --scan w.txt",
            "git secrets --scan",
            "git secrets --scan-history",
            "git secrets --scan w.txt missing.txt",
            "git secrets --scan missing.txt",
            "git secrets --scan .",
            "git secrets --scan < w.txt",
            "cat w.txt | git secrets --scan - w.txt",
            "≠ git secrets --scan -- -r",
            "git secrets --scan --cached -- missing.txt",
            "git secrets --scan --cached /",
            "git secrets --scan <(cat w.txt) | cat",
        ],
    },
    Group {
        name: "binary files",
        state: binary,
        lines: &[
            "git secrets --scan b.bin",
            "git secrets --scan",
            "git secrets --scan --cached",
            "git secrets --scan-history",
        ],
    },
    Group {
        name: "refusals and usage",
        state: clean,
        lines: &[
            "git secrets",
            "git secrets -h",
            "git secrets --bogus",
            "git secrets word",
            "git secrets -r --scan",
            "git secrets --no-scan",
            "git secrets --sca",
            "git secrets --scan --list",
            "git secrets --scan -f",
            "git secrets --scan -a",
            "git secrets --scan -l",
            "git secrets --list -r",
            "git secrets --list --cached",
            "git secrets --list --no-index",
            "git secrets --add --untracked x",
            "git secrets --scan -r --cached",
            "git secrets --scan -r --no-index",
            "git secrets --scan -r --untracked",
            "git secrets --list",
            "git secrets --list --global",
            "git secrets --prepare_commit_msg_hook -- file message",
            "git secrets --aws-provider missing",
        ],
    },
    Group {
        name: "patterns that cannot be used",
        state: broken,
        lines: &[
            "git secrets --scan",
            "git secrets --scan a.txt",
            "git config --unset-all secrets.patterns; git config secrets.patterns '(a)\\1'",
            "≠ git secrets --scan a.txt",
            "git config --unset-all secrets.patterns; git config secrets.patterns alpha",
            "git config secrets.allowed '('",
            "≠ git secrets --scan a.txt",
        ],
    },
    Group {
        name: "outside of a repository",
        state: committed,
        lines: &[
            "cp -r docs $S/out; git config --global secrets.patterns @todo",
            "cd $S/out && git secrets --scan",
            "≠ cd $S/out && git secrets --scan d.txt",
            "≠ cd $S/out && git secrets --scan --no-index",
            "cd $S/out && git secrets --add x",
            "cd $S/out && git secrets --register-aws",
            "cd $S/out && git secrets --install",
            "cd $S/out && git secrets --scan-history",
        ],
    },
    Group {
        name: "writes configuration",
        state: empty,
        lines: &[
            "git secrets --add 'testing+123'",
            "git secrets --add 'testing+123'",
            "git secrets --add 'sting+1'",
            "git secrets --add --literal 'a.b*c[d]\\e'",
            "git secrets --add -l 'a.b*c[d]\\e'",
            "git secrets --add -a 'allowed one' 'ignored'",
            "git secrets --add --allowed --literal 'x(y)'",
            "git secrets --add --global 'everywhere'",
            "git secrets --add --global 'testing+123'",
            "git secrets --add everywhere",
            "git secrets --add",
            "git secrets --add ''",
            "git secrets --add $'two\\nlines'",
            "git secrets --add-provider -- echo foo  bar",
            "git secrets --add-provider --global -- cat \"$S/x y\"",
            "git secrets --add-provider -- echo foo",
            "git secrets --register-aws",
            "git secrets --register-aws",
            "git secrets --register-aws --global",
            "git secrets --list",
            "git secrets --list --global",
        ],
    },
    Group {
        name: "writes hooks",
        state: committed,
        lines: &[
            "git secrets --install",
            "git secrets --install",
            "git secrets --install -f",
            "rm .git/hooks/commit-msg; git secrets --install",
            "cd docs && git secrets --install -f",
            "rm -r .git/hooks; git secrets --install $R",
            "cd $S && git secrets --install --force repo",
            "mkdir .git/hooks/pre-commit.d; git secrets --install -f",
            "git secrets --install $S/template",
            "git secrets --install $S/template",
            "git secrets --install a.txt",
            "git init --quiet --template $S/template $S/made; ls $S/made/.git/hooks",
        ],
    },
    Group {
        name: "hooks at work",
        state: clean,
        lines: &[
            "git secrets --install > /dev/null",
            "echo fine > c.txt; git add c.txt; git commit --quiet -m fine",
            "echo @todo > c.txt; git add c.txt; git commit --quiet -m fine",
            "git commit --quiet --allow-empty -m 'a @todo here'",
            "git commit --quiet --no-verify -m 'past the hooks'",
            "git rm --quiet a.txt; git commit --quiet -m removed",
            "git rm --quiet c.txt; git commit --quiet -m removed",
            "git switch --quiet -c side HEAD^; git commit --quiet --allow-empty -m side",
            "git switch --quiet main; git merge --quiet --no-ff -m merge side",
            "git switch --quiet -c good HEAD; echo ok > e.txt; git add .; git commit --quiet -m good",
            "git switch --quiet main; git merge --quiet --no-ff -m merge good",
        ],
    },
    Group {
        name: "providers",
        state: empty,
        lines: &[
            "printf 'one two\\nthree\\n\\nx' > t.txt; git add t.txt",
            "git secrets --add-provider -- echo three",
            "git secrets --scan t.txt",
            "git secrets --add-provider -- cat missing",
            "git secrets --add-provider -- no-such-program",
            "git secrets --scan",
            "printf 'one\\r\\n' > list; git secrets --add-provider -- cat list",
            "git secrets --scan t.txt",
            "printf '[default]\\naws_access_key_id = two+\\naws_secret_access_key=\"x\"\\n' > keys",
            "git secrets --aws-provider keys",
            "git secrets --add-provider -- git secrets --aws-provider keys",
            "git secrets --scan t.txt",
            "git secrets --scan",
            "git config --unset-all secrets.providers; git secrets --add-provider -- echo",
            "git secrets --scan t.txt",
            "git config secrets.providers 'printf a\\n\\nb'; git secrets --scan t.txt",
        ],
    },
];

/// Patterns, and nothing else.
fn empty(repo: &Repo) {
    repo.git(["config", "--add", "secrets.patterns", "@todo"]);
}

fn clean(repo: &Repo) {
    empty(repo);
    repo.git(["config", "--add", "secrets.patterns", "forbidden|me"]);
    repo.git(["config", "--add", "secrets.patterns", "#hash"]);
    repo.add("a.txt", "hello\nsome words\n");
    repo.add("docs/d.txt", "more words\n");
    repo.commit("first");
}

fn committed(repo: &Repo) {
    clean(repo);
    repo.add("a.txt", "hello\na @todo here\n");
    repo.add("docs/d.txt", "tell me\nor mesa\n@todo");
    repo.add("docs/deep/e.txt", "#hash\r\nfine\n");
    repo.commit("second");
    repo.write("docs/untracked.txt", "forbidden\n");
    repo.write(".gitignore", "ignored\n");
    repo.write("docs/ignored", "forbidden, too\n");
}

fn staged(repo: &Repo) {
    clean(repo);
    repo.add("a.txt", "staged @todo\n");
    repo.add("docs/n.txt", "new and forbidden\n");
    repo.write("a.txt", "cleaned afterwards\n");
}

fn removed(repo: &Repo) {
    committed(repo);
    repo.add("a.txt", "hello\n");
    repo.git(["rm", "--quiet", "-r", "docs/deep"]);
    repo.add("docs/d.txt", "tell\n");
    repo.commit("third");
    repo.git(["mv", "docs/d.txt", "docs/f.txt"]);
    repo.commit("fourth");
    repo.git(["clean", "--quiet", "-fdx"]);
}

fn branches(repo: &Repo) {
    clean(repo);
    repo.git(["switch", "--quiet", "-c", "side"]);
    repo.add("docs/side.txt", "@todo on a side\n");
    repo.commit("side");
    repo.git(["mv", "docs/side.txt", "docs/moved.txt"]);
    repo.commit("moved");
    repo.git(["switch", "--quiet", "main"]);
    repo.add("a.txt", "me\n");
    repo.commit("main");
    repo.git(["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    repo.git(["switch", "--quiet", "-c", "other", "HEAD^"]);
    repo.add("docs/d.txt", "#hash\n");
    repo.commit("other");
    repo.git(["tag", "kept"]);
    repo.git(["switch", "--quiet", "main"]);
    repo.git(["branch", "--quiet", "-D", "other"]);
}

fn allowed(repo: &Repo) {
    committed(repo);
    repo.git(["config", "secrets.allowed", "tell .e$"]);
    let lines = "# comment\n  # @todo\n\n   \na.txt:[0-9]+:a @todo\nuntracked\n";
    repo.add(".gitallowed", lines);
    repo.commit("allowed");
}

fn names(repo: &Repo) {
    clean(repo);
    for name in [
        "a b.txt",
        "docs/caf\u{e9}.txt",
        "docs/tab\there",
        "docs/quo\"te",
        "docs/-r",
    ] {
        repo.add(name, format!("@todo in {name}\n"));
    }
    repo.commit("names");
}

fn no_patterns(repo: &Repo) {
    committed(repo);
    repo.git(["config", "--unset-all", "secrets.patterns"]);
}

fn aws(repo: &Repo) {
    clean(repo);
    let session = super::session::Session::ours();
    let ran = session
        .git_secrets(repo.root())
        .args(["--register-aws"])
        .run();
    ran.has_status(0);
    let id = access_key_id(7);
    repo.add("a.txt", format!("id {id}\nwords\n"));
    let account = "aws_account_id = 1234-5678-9012\n";
    let key = format!("aws_secret_access_key = {}\n", secret_access_key(7));
    repo.add("docs/d.txt", [account, &key].concat());
    let example = concat!("AKIA", "IOSFODNN7", "EXAMPLE", "\n");
    repo.add("docs/example.txt", example);
    repo.commit("keys");
}

fn words(repo: &Repo) {
    for pattern in [
        "foo.*b",
        "end$",
        "^start",
        "[[:digit:]]{3,4}",
        "one two",
        "a+?b",
    ] {
        repo.git(["config", "--add", "secrets.patterns", pattern]);
    }
    let text = "foo_\nnot foob\nfoo b ab\n123\n12345\n_123\nthe end\nthe ending\nstart\n\
                a start\none\ntwo\nnone two\n-\n\nab\nlast";
    repo.add("w.txt", text);
    repo.commit("words");
}

fn binary(repo: &Repo) {
    clean(repo);
    repo.add("b.bin", b"\0@todo\n@todo\n");
    repo.add("latin1.txt", b"caf\xe9 @todo\n\xff@todo\xff\n");
    repo.commit("binary");
}

fn broken(repo: &Repo) {
    repo.add("a.txt", "alpha\n");
    repo.commit("first");
    repo.git(["config", "--add", "secrets.patterns", "alpha"]);
    repo.git(["config", "--add", "secrets.patterns", "(unclosed"]);
}
