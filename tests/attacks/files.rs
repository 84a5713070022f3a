//! Scanning follows no link out of where it was asked to write, shows no value in an error, and
//! runs nothing that a repository names.

use std::fs;
use std::os::unix::fs::symlink;

use keysieve::report::FORMATS;

use crate::support::keys::access_key_id;
use crate::support::{Repo, Run};

/// A report that is written where the checkout holds a link.
#[test]
fn a_report_does_not_follow_a_link_of_the_checkout() {
    let repo = Repo::new();
    let outside = repo.sandbox().root().join("precious");
    fs::write(&outside, "precious\n").expect("a file");
    symlink(&outside, repo.path("out.json")).expect("a link");
    repo.add("a.txt", "hello\n");
    for words in [
        &["-f", "json", "-o", "out.json"][..],
        &["-f", "json:out.json"],
    ] {
        let words: Vec<_> = ["scan", "a.txt"].iter().chain(words).collect();
        let ran = repo.keysieve(words).status(2);
        ran.says("symbolic link, which is not followed");
        assert_eq!(
            fs::read_to_string(&outside).expect("a file"),
            "precious\n",
            "{}",
            ran.text()
        );
    }
}

/// A report that is written into a folder that the checkout has as a link.
#[test]
fn a_report_does_not_go_through_a_linked_folder_of_the_checkout() {
    let repo = Repo::new();
    let outside = repo.sandbox().root().join("outside");
    fs::create_dir(&outside).expect("a folder");
    symlink(&outside, repo.path("reports")).expect("a link");
    repo.add("a.txt", "hello\n");
    let full = repo.path("reports/out.json").display().to_string();
    fs::create_dir(repo.path("sub")).expect("a folder");
    for (here, output) in [
        ("", "reports/out.json"),
        ("sub", "../reports/out.json"),
        ("..", full.as_str()),
    ] {
        Run::new(Run::KEYSIEVE, &repo.path(here), repo.sandbox())
            .args(["scan", "-f", "json", "-o", output])
            .args([repo.path("a.txt")])
            .status(2)
            .says("is in a symbolic link that leads out of");
    }
    assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
}

/// A report that is written into git's directory, which the checkout has a link to.
#[test]
fn a_report_does_not_go_through_a_link_into_the_git_directory() {
    let repo = Repo::new();
    symlink(".git", repo.path("reports")).expect("a link");
    repo.add("a.txt", "hello\n");
    let before = fs::read(repo.path(".git/config")).expect("a file");
    repo.keysieve(["scan", "a.txt", "-f", "json:reports/config"])
        .status(2)
        .says("is in a link to a git directory");
    assert_eq!(fs::read(repo.path(".git/config")).expect("a file"), before);
}

/// A report that is written onto a pipe without a reader.
#[test]
fn a_report_onto_a_fifo_does_not_hang() {
    let repo = Repo::new();
    repo.program("mkfifo").args(["out.json"]).status(0);
    repo.add("a.txt", "hello\n");
    let ran = repo
        .program("timeout")
        .args([
            "20",
            Run::KEYSIEVE,
            "scan",
            "a.txt",
            "-f",
            "json",
            "-o",
            "out.json",
        ])
        .run();
    ran.has_status(2).says("out.json");
}

/// A configuration whose errors would quote a value.
#[test]
fn errors_about_the_configuration_quote_none_of_it() {
    let id = access_key_id(1);
    for text in [
        format!("report = \"{id}\"\n"),
        format!("{id} = 1\n"),
        format!("[[allow]]\nfingerprint = \"{id}\"\nreason = \"x\"\n"),
        format!("[[allow]]\nrule = \"{id}\"\nreason = \"x\"\n"),
        format!("max-size = \"{id}\"\n"),
        format!("x = [1, {id}\n"),
    ] {
        let repo = Repo::new();
        repo.write(".keysieve.toml", &text);
        repo.keysieve(["scan", "."])
            .run()
            .has_status(2)
            .never_says(&id);
    }
}

/// The name of a file that cannot be read is a key.
#[test]
fn names_of_unreadable_files_are_masked() {
    let id = access_key_id(1);
    let repo = Repo::new();
    repo.add("a", "a\n").commit("first");
    let pack = format!(".git/objects/pack/pack-{id}");
    repo.write(format!("{pack}.pack"), "no pack\n");
    repo.write(format!("{pack}.idx"), "no index\n");
    repo.write(&id, "no index\n");
    repo.write(
        "rules.toml",
        format!("[[rule]]\nid = \"own\"\nchecks = [\"{id}\"]\ndescription = \"d\"\nconfidence = \"low\"\n"),
    );
    let missing = format!("{id}.txt");
    let index = repo.path(&id);
    for words in [
        &["audit", "--no-cache"][..],
        &["staged", "--format", "json"],
        &["rules", "check", "--rules", "rules.toml"],
        &["scan", &missing],
        &["gate", &id],
    ] {
        let run = repo.keysieve(words);
        let run = match words[0] {
            "staged" => run.env("GIT_INDEX_FILE", &index),
            _ => run,
        };
        run.run().has_status(2).never_says(&id);
    }
}

/// Descriptions of foreign rules that hold terminal codes.
#[test]
fn descriptions_of_foreign_rules_cannot_steer_the_terminal() {
    let repo = Repo::new();
    repo.write(
        "rules.toml",
        "[[rule]]\nid = \"own\"\ndescription = \"a\\u001b[2Jb\"\nkeywords = [\"owntok_\"]\n\
         pattern = '(?P<secret>owntok_[0-9]{9})'\nconfidence = \"high\"\n\
         examples = [[\"owntok_\", \"123456789\"]]\n",
    );
    for words in [&["list"][..], &["show", "own"]] {
        let run = repo.keysieve(["rules"]).args(words);
        run.args(["--rules", "rules.toml"])
            .status(0)
            .never_says("\u{1b}[2J");
    }
}

/// A transport helper that the repository's configuration names.
#[test]
fn fetching_runs_nothing_that_the_repository_names() {
    let repo = Repo::new();
    repo.add("a", "a\n").commit("first");
    let mark = repo.sandbox().root().join("ran");
    let touch = format!("touch {}", mark.display());
    repo.config("remote.origin.url", &format!("ext::sh -c '{touch}'"));
    repo.config("core.sshCommand", &touch);
    repo.config("remote.origin.uploadpack", &touch);
    repo.config("protocol.ext.allow", "always");
    let gone = "1".repeat(40);
    for url in [
        format!("ext::sh -c {touch}"),
        "ssh://127.0.0.1:1/x".into(),
        "file:///x".into(),
    ] {
        repo.config("remote.origin.url", &url);
        repo.keysieve(["gate", "--fetch", &format!("{gone}..HEAD")])
            .run()
            .has_status(2);
        assert!(!mark.exists(), "{url}: a program of the repository ran");
    }
}

/// A command whose input was closed or thrown away on the way to it.
#[test]
fn nothing_to_read_is_not_clean() {
    let repo = Repo::new();
    for command in [
        "scan -",
        "hook run pre-receive",
        "hook run pre-push origin /x",
    ] {
        for input in ["<&-", "</dev/null"] {
            let line = format!("exec \"$0\" {command} {input}");
            repo.program("sh")
                .args(["-c", &line, Run::KEYSIEVE])
                .status(2)
                .says("there is nothing to scan");
        }
    }
}

/// The folder of hooks is a link of the checkout, so that a hook of another program is replaced.
#[test]
fn hooks_do_not_go_through_a_link_out_of_the_checkout() {
    let repo = Repo::new();
    let victim = repo.sandbox().root().join("victim");
    fs::create_dir(&victim).expect("a folder");
    fs::write(victim.join("pre-commit"), "theirs\n").expect("a hook");
    symlink(&victim, repo.path("hk")).expect("a link");
    fs::remove_dir_all(repo.path(".git/hooks")).expect("the hooks of git's template");
    symlink(&victim, repo.path(".git/hooks")).expect("a link");
    let install = |force: &[&str]| repo.keysieve(["hook", "install"].iter().chain(force));
    for (folder, link) in [("hk", "/hk"), ("hk/sub", "/hk"), ("", "/.git/hooks")] {
        match folder {
            "" => repo.git(["config", "--unset", "core.hooksPath"]),
            folder => repo.git(["config", "core.hooksPath", folder]),
        };
        let ran = install(&[]).status(2);
        ran.says(&format!("{link} is a symbolic link that leads out"))
            .says("--force installs the hooks where the link leads");
        assert_eq!(fs::read_dir(&victim).expect("a folder").count(), 1);
    }
    symlink("missing", repo.path("dangling")).expect("a link");
    repo.config("core.hooksPath", "dangling");
    install(&[]).status(2).says("dangling");
    install(&["--force"]).status(2);
    // A link within the repository, and what the user insists on.
    fs::create_dir(repo.path("real")).expect("a folder");
    symlink("real", repo.path("near")).expect("a link");
    repo.config("core.hooksPath", "near");
    install(&[]).status(0);
    repo.config("core.hooksPath", "hk");
    install(&["--force"]).status(0);
    repo.keysieve(["hook", "uninstall"]).status(2);
    repo.keysieve(["hook", "uninstall", "--force"]).status(0);
}

/// The configuration that comes with a copy of a repository names the hooks of another program.
#[test]
fn hooks_do_not_go_where_only_the_repository_says() {
    let repo = Repo::new();
    let victim = repo.sandbox().root().join("victim");
    fs::create_dir(&victim).expect("a folder");
    fs::write(victim.join("pre-commit"), "theirs\n").expect("a hook");
    for folder in ["../victim", "../new", "missing/../../victim", "/", "."] {
        let folder = match folder {
            "/" => victim.display().to_string(),
            folder => folder.to_owned(),
        };
        repo.config("core.hooksPath", &folder);
        let status = if folder == "." { 0 } else { 2 };
        let ran = repo.keysieve(["hook", "install"]).status(status);
        if status == 2 {
            ran.says("in the local git config leads out of the repository")
                .says("--force installs the hooks there");
        }
    }
    assert_eq!(fs::read_dir(&victim).expect("a folder").count(), 1);
    repo.config("core.hooksPath", "../victim");
    repo.keysieve(["hook", "install", "--force"]).status(0);
    // Only the user's own configuration is the user's word.
    repo.git(["config", "--unset", "core.hooksPath"]);
    repo.git(["config", "--global", "core.hooksPath", "~/shared"]);
    repo.keysieve(["hook", "install", "--force"]).status(0);
}

/// The summary of a job is a link of the checkout to a file of the user.
#[test]
fn job_summary_does_not_follow_a_link() {
    let repo = Repo::new();
    let outside = repo.sandbox().root().join("precious");
    fs::write(&outside, "precious\n").expect("a file");
    symlink(&outside, repo.path("summary")).expect("a link");
    symlink(repo.sandbox().root(), repo.path("folder")).expect("a link");
    for file in ["summary", "folder/precious"] {
        let run = repo.keysieve(["scan", "-f", "github"]);
        let ran = run.env("GITHUB_STEP_SUMMARY", repo.path(file)).status(2);
        ran.says("symbolic link");
        assert_eq!(fs::read(&outside).expect("a file"), b"precious\n");
    }
}

/// A file that is named on the command line is a link that leads nowhere, so nothing was scanned.
#[test]
fn a_named_link_that_leads_nowhere() {
    let repo = Repo::new();
    symlink("/not/mounted/prod.env", repo.path("config.env")).expect("a link");
    symlink("loop", repo.path("loop")).expect("a link");
    symlink(access_key_id(1), repo.path("key")).expect("a link");
    for name in ["config.env", "loop", "key"] {
        for format in FORMATS {
            let scan = repo.keysieve(["scan", "-f", format.name, name]);
            scan.status(2);
        }
        let words = ["baseline", "write", "--reason", "old", "--owner", "us"];
        let write = repo.keysieve(words).args([name]);
        write.status(2).says("the scan is incomplete");
    }
    let scan = repo.keysieve(["scan", "key"]).status(2);
    scan.says("aws-access-token");
    repo.keysieve(["scan", "."]).status(1);
}
