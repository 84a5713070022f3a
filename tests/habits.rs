//! Checks that the command lines of `docs/from-other-scanners.md` do what the page says, and the
//! options that all commands that scan have.

use std::fs;
use std::path::Path;

use crate::support::archive::zip;
use crate::support::keys::{access_key_id, secret_access_key, seeded_id_line};
use crate::support::{Ran, Repo};

/// The rows of the tables: what is typed, and what the second column says.
fn rows() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-other-scanners.md");
    let page = fs::read_to_string(page).unwrap();
    let cells = page.lines().filter_map(|line| {
        let (typed, second) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((typed.to_owned(), second.strip_suffix(" |")?.to_owned()))
    });
    cells.collect()
}

/// A repository with keys in the history, in files, staged and ignored.
fn repo() -> Repo {
    let repo = Repo::new();
    let pair = |seed| {
        format!(
            "a = {}\nb = {}\n",
            access_key_id(seed),
            secret_access_key(seed)
        )
    };
    repo.add("README", "nothing\n").commit("first");
    repo.add("old.env", pair(1)).commit("second");
    repo.git(["branch", "main-2"]);
    repo.git(["checkout", "-q", "-b", "work"]);
    repo.add(".gitignore", "*.env\n")
        .add("src/c.txt", pair(2))
        .commit("third");
    repo.write("src/a.env", pair(3)).write("src/b.env", pair(4));
    repo.add("staged.txt", pair(5))
        .write("a.zip", zip(&[("a.env", pair(6).as_bytes())]));
    repo.write("own.toml", "block = \"low\"\n");
    repo.keysieve(["baseline", "write", "--baseline", "own.json", "old.env"])
        .status(0);
    repo.write(".gitleaks.toml", "[[rules]]\nid = \"a\"\nregex = \"b\"\n");
    repo.write("report.json", "[]\n");
    repo.write(".secrets.baseline", "{\"version\": \"1.5.0\"}\n");
    repo
}

/// Runs a command line as a shell would: quotes and `<` are all that the page uses.
fn run(repo: &Repo, line: &str) -> Ran {
    let (line, input) = line.split_once(" < ").unwrap_or((line, ""));
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words.remove(0);
    let input = if input.is_empty() {
        Vec::new()
    } else {
        fs::read(repo.path(input)).unwrap()
    };
    repo.keysieve(words).stdin(input).run()
}

/// What a run leaves: its status, its output and the reports.
fn effect(repo: &Repo, line: &str) -> (Option<i32>, String, String, Vec<String>) {
    let ran = run(repo, line);
    let reports = ["out.json", "out.sarif", "out.csv", "out.xml"].map(|name| {
        let text = fs::read_to_string(repo.path(name)).unwrap_or_default();
        let _ = fs::remove_file(repo.path(name));
        // The time of the run, which only these two formats have.
        let lines = text
            .lines()
            .filter(|line| !line.contains("TimeUtc") && !line.contains("timestamp"));
        lines.collect::<Vec<_>>().join("\n")
    });
    (ran.code(), ran.stdout(), ran.stderr(), reports.to_vec())
}

#[test]
fn every_command_line_of_the_page_does_what_it_says() {
    let repo = repo();
    let rows = rows();
    assert!(rows.len() >= 57, "{} rows", rows.len());
    let mut done = 0;
    for (typed, second) in &rows {
        if let Some(ours) = second
            .strip_prefix('`')
            .and_then(|text| text.strip_suffix('`'))
        {
            let (theirs, ours) = (effect(&repo, typed), effect(&repo, ours));
            assert_eq!(theirs, ours, "{typed}");
            assert_ne!(theirs.0, Some(2), "{typed}: {}", theirs.2);
            done += 1;
        } else {
            let ran = run(&repo, typed);
            ran.has_status(2).says(second.trim());
            assert_eq!(ran.stdout(), "", "{typed}");
            assert!(
                ran.stderr().lines().count() <= 3,
                "{typed}: {}",
                ran.stderr()
            );
        }
    }
    assert!(done >= 50, "{done} of {} do what they say", rows.len());
}

#[test]
fn a_file_that_is_called_like_a_command_is_scanned_by_its_path() {
    let repo = Repo::new();
    repo.write("git", access_key_id(1));
    repo.keysieve(["./git"]).status(1).says("git:1:1");
    repo.keysieve(["git"])
        .status(2)
        .says("'git' is a command and a file");
    repo.keysieve(["--", "git"]).status(1).says("git:1:1");
}

/// Programs such as the pre-commit framework pass the names of files, which anyone can choose.
#[test]
fn a_name_of_a_file_hides_no_file() {
    let repo = Repo::new();
    for name in ["version", "dir", "stdin", "--exit-code=0", "-q", "--scan"] {
        repo.write(name, access_key_id(1))
            .write("b.env", access_key_id(2));
        for words in [vec![name], vec![name, "b.env"], vec!["b.env", name]] {
            let ran = repo.keysieve(&words).run();
            assert!(
                matches!(ran.code(), Some(1 | 2)),
                "{words:?}: {}",
                ran.text()
            );
            if ran.code() == Some(1) {
                ran.says(&format!("{name}:1:1"));
            }
        }
        fs::remove_file(repo.path(name)).unwrap();
    }
}

#[test]
fn no_habit_writes_over_what_is_to_be_scanned() {
    let repo = Repo::new();
    let line = seeded_id_line(1);
    for words in [
        // `-r` of ggshield is not the `-r` of gitleaks.
        &["secret", "scan", "path", "-r", "a.env"][..],
        &["scan", "a.env", "-qo", "out.txt"],
        &["a.env", "-qo", "out.txt"],
    ] {
        repo.write("a.env", &line);
        repo.keysieve(words).status(1);
        assert_eq!(fs::read_to_string(repo.path("a.env")).unwrap(), line);
    }
}

#[test]
fn an_option_that_says_what_to_scan_is_never_ignored() {
    let repo = Repo::new();
    repo.add("a", "nothing\n").commit("first");
    repo.git(["checkout", "-q", "-b", "other"]);
    repo.add("b", seeded_id_line(1)).commit("second");
    repo.git(["checkout", "-q", "main"]);
    for words in [
        &["scan", ".", "--branch", "other"][..],
        &["audit", ".", "--branch", "other"],
        &["git", "file://.", "--branch", "other"],
        &["scan", ".", "--since-commit", "main", "--branch", "other"],
        // A variable of a CI system that is not set.
        &["git", "file://.", "--since-commit=", "--branch", "other"],
    ] {
        repo.keysieve(words).status(1);
    }
    for words in [
        &["dir", ".", "--branch", "other"][..],
        &["detect", "--no-git", "--log-opts=main..other"],
        &["git", "--staged", "--since-commit", "main"],
        &["protect", "--branch", "other"],
        &["stdin", "--since-commit", "main"],
        &["secret", "scan", "ci", "--branch", "other"],
    ] {
        let ran = repo.keysieve(words).stdin("nothing").status(2);
        ran.says("the options contradict each other");
    }
    repo.keysieve(["git", "--log-opts=..other"]).status(2);
}

#[test]
fn the_hooks_are_installed_as_others_install_them() {
    for words in [
        &["install", "--mode", "local"][..],
        &["install"],
        &["--install"],
        &["--install-pre-commit"],
    ] {
        let repo = Repo::new();
        repo.keysieve(words).status(0);
        repo.add("a.env", seeded_id_line(1));
        repo.try_git(["commit", "-q", "-m", "first"]).has_status(1);
    }
}

#[test]
fn an_unknown_word_is_named_and_a_slip_is_understood() {
    let repo = Repo::new();
    for (word, says) in [
        ("scna", "did you mean 'keysieve scan'?"),
        ("foo", "'foo' is neither a command nor a file"),
    ] {
        repo.keysieve([word]).status(2).says(says);
    }
    repo.keysieve(["missing/file"])
        .status(2)
        .says("missing/file");
}

#[test]
fn the_exit_status_for_findings_can_be_set_and_2_wins() {
    let repo = Repo::new();
    repo.write("a.env", access_key_id(1));
    repo.keysieve(["scan", "--exit-code", "9"]).status(9);
    repo.keysieve(["scan", "--exit-code", "0"])
        .status(0)
        .says("1 finding");
    repo.keysieve(["scan", "--exit-code", "0", "missing"])
        .status(2);
    repo.keysieve(["--exit-code", "9", "scan"]).status(9);
}

#[test]
fn quiet_prints_only_what_is_to_be_known() {
    let repo = Repo::new();
    repo.add("a", "nothing\n").commit("first");
    for command in ["scan", "staged", "audit", "gate"] {
        let range = if command == "gate" {
            vec!["HEAD"]
        } else {
            vec![]
        };
        let words = [vec![command, "-q"], range].concat();
        let ran = repo.keysieve(words).status(0);
        assert_eq!(ran.text(), "", "{command}");
    }
    repo.write("b.env", access_key_id(1));
    repo.keysieve(["-q", "scan"]).status(1).says("b.env:1:1");
    repo.keysieve(["scan", "-q", "--max-size", "3B"])
        .status(0)
        .says("larger than the size limit");
}

#[test]
fn a_clean_commit_prints_nothing_of_keysieve() {
    let repo = Repo::new();
    repo.keysieve(["hook", "install"]).status(0);
    repo.add("a", "nothing\n");
    let ran = repo.program("git").args(["commit", "-q", "-m", "first"]);
    assert_eq!(ran.status(0).text(), "");
}

#[test]
fn verbose_lists_what_is_allowed() {
    let repo = Repo::new();
    repo.write(
        "a.env",
        format!("{} # keysieve:allow a test\n", access_key_id(1)),
    );
    repo.keysieve(["scan"]).status(0).never_says("a test");
    repo.keysieve(["scan", "--verbose"])
        .status(0)
        .says("a test");
}

#[test]
fn colour_is_forced_as_other_programs_force_it() {
    let repo = Repo::new();
    repo.write("a.env", access_key_id(1));
    for (name, value, is_colored) in [
        ("FORCE_COLOR", "1", true),
        ("FORCE_COLOR", "0", false),
        ("CLICOLOR_FORCE", "1", true),
        ("NO_COLOR", "1", false),
    ] {
        let ran = repo.keysieve(["scan"]).env(name, value).status(1);
        assert_eq!(
            ran.stdout().contains('\u{1b}'),
            is_colored,
            "{name}={value}"
        );
    }
    let ran = repo
        .keysieve(["scan"])
        .env("FORCE_COLOR", "1")
        .env("NO_COLOR", "1");
    assert!(!ran.status(1).stdout().contains('\u{1b}'));
}
