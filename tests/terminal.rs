//! What a person reads on a terminal: the real program in a pseudo-terminal of a given width.

use unicode_width::UnicodeWidthStr as _;

use crate::support::keys::secret_access_key;
use crate::support::{Repo, Run};

/// A line with a key of its own.
fn line(seed: u64) -> String {
    format!("aws_secret_access_key = \"{}\"\n", secret_access_key(seed))
}

/// The output of the program in a terminal with this many columns, without colours.
#[track_caller]
fn on_terminal(repo: &Repo, columns: usize, args: &str) -> String {
    let program = Run::KEYSIEVE;
    let command =
        format!("stty cols {columns} rows 24 && '{program}' {args} --no-color --no-progress");
    let ran = repo
        .program("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        .run();
    let text = ran.stdout().replace('\r', "");
    if let Some(long) = text.lines().find(|line| line.width() > columns) {
        ran.fail(&format!("longer than {columns} columns: {long}"));
    }
    text
}

#[test]
fn no_number_of_findings_makes_a_line_longer_than_the_terminal() {
    for count in [0, 1, 12, 300] {
        let repo = Repo::new();
        for seed in 0..count {
            // Some files hold many findings; one has a name that is longer than a terminal.
            let folder = ["src", "a/rather/deep/folder/of/the/server"][usize::from(seed % 7 == 0)];
            let name = if seed == 3 {
                "long-".repeat(30)
            } else {
                format!("{}", seed % 90)
            };
            let path = format!("{folder}/config-{name}.py");
            let before = std::fs::read_to_string(repo.path(&path)).unwrap_or_default();
            repo.write(&path, before + &line(seed));
        }
        for columns in [80, 120] {
            let text = on_terminal(&repo, columns, "scan");
            assert!(text.lines().count() < 350, "{text}");
            assert!(text.contains("keysieve: "), "{text}");
            on_terminal(&repo, columns, "scan --full");
        }
    }
}

#[test]
fn many_findings_are_one_line_each_and_are_counted_by_rule() {
    let repo = Repo::new();
    repo.write("a.py", (0..8).map(line).collect::<String>());
    repo.write("b.py", (8..12).map(line).collect::<String>());
    let text = repo.keysieve(["scan", "--no-color"]).status(1).stdout();
    assert_eq!(
        text.matches("./a.py").count() + text.matches("a.py  ").count(),
        1,
        "{text}"
    );
    let rows = text.lines().filter(|line| line.contains("aws-secret"));
    assert_eq!(rows.count(), 13, "{text}");
    assert_eq!(text.matches("revoke it").count(), 1, "{text}");
    let full = repo.keysieve(["scan", "--full"]).status(1).stdout();
    assert_eq!(full.matches("-->").count(), 12, "{full}");
}

#[test]
fn the_mark_is_under_the_secret_after_wide_characters() {
    let repo = Repo::new();
    repo.write("a.py", format!("名前 = \"日本語\"; {}", line(1)));
    let text = repo.keysieve(["scan", "."]).status(1).stdout();
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains("^^")).unwrap();
    let before = |line: &str, end: &str| line.split_once(end).unwrap().0.width();
    let value = secret_access_key(1);
    assert_eq!(
        before(lines[at - 1], &value[..4]),
        before(lines[at], "^"),
        "{text}"
    );
}

#[test]
fn a_hook_says_in_one_line_what_does_not_block() {
    let repo = Repo::new();
    repo.write(".keysieve.toml", "block = \"certain\"\n");
    repo.stage(".keysieve.toml");
    repo.add("a.py", line(1));
    let text = repo
        .keysieve(["hook", "run", "pre-commit"])
        .status(0)
        .text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("does not block") && text.contains("a.py:1:"),
        "{text}"
    );
}

#[test]
fn the_report_of_the_last_run_is_not_scanned() {
    let repo = Repo::new();
    repo.write("a.py", line(1));
    let scan = || repo.keysieve(["scan", "--reveal", "-f", "human", "-f", "csv:old.csv"]);
    scan().status(1).never_says("old.csv");
    scan()
        .status(1)
        .says("old.csv: the report that this run replaces");
    // Git keeps what is tracked: the report replaces only the file.
    repo.stage("old.csv");
    let text = scan().status(1).stdout();
    assert!(text.contains("old.csv:2:"), "{text}");
}

#[test]
fn no_message_of_a_library_is_shown() {
    let repo = Repo::new();
    repo.commit("first");
    let ran = repo.keysieve(["gate", "HEAD~99..HEAD"]).status(2);
    ran.says("'~99' does not lead from 'HEAD' to an object")
        .never_says("delegate");
    repo.write(".keysieve.toml", "[allow]\nreason = \"x\"\n");
    let ran = repo.keysieve(["scan"]).status(2);
    ran.says(".keysieve.toml:1: an allow entry begins with `[[allow]]`");
}
