//! Secrets that a report, a message or an answer would show although a rule knows them.

use keysieve::report::FORMATS;

use crate::support::keys::{access_key_id, secret_access_key, seeded_id_line};
use crate::support::{Ran, Repo};

/// A password too short to be searched for everywhere, as people choose them.
const SHORT: &str = "pW3x";

fn url(password: &str) -> String {
    format!("DB=postgres://admin:{password}@db-1.keysieve.net/x\n")
}

/// A short password is repeated in the lines around its finding, and in the subject of its commit.
#[test]
fn short_password_elsewhere() {
    let repo = Repo::new();
    repo.add("clean", "clean\n");
    repo.commit("clean");
    let text = format!("pw = \"{SHORT}\"\n{}mysql -u root -p{SHORT}\n", url(SHORT));
    repo.add("a.env", text);
    repo.commit(&format!("use password {SHORT} for admin"));
    for format in FORMATS.iter().map(|format| format.name) {
        for command in ["scan", "audit", "gate"] {
            let range = (command == "gate").then_some("HEAD~1..HEAD");
            let args = [command, "-f", format].into_iter().chain(range);
            repo.keysieve(args).run().says("a.env").never_says(SHORT);
        }
    }
    let ran = repo.keysieve(["gate", "HEAD~1..HEAD"]).status(0);
    ran.says("use password ******** for admin")
        .says("pw = \"********\"");
}

/// A frame has as many stars as the password has characters, where no rule knows the place.
#[test]
fn length_of_a_second_place() {
    let repo = Repo::new();
    for password in ["NSg4UwtXmJFH0p", "NSg4UwtXmJFH0pQ5OgIDb5bFc3", SHORT] {
        repo.write("a.env", format!("{}# it is {password}\n", url(password)));
        for format in ["human", "markdown", "html", "sarif"] {
            let args = ["scan", "--no-ignore", "-f", format, "a.env"];
            let ran = repo.keysieve(args).run();
            ran.says("# it is ").says("********");
            ran.never_says("*********").never_says(password);
        }
    }
}

/// A line around a finding is cut within the password, so that only its beginning is shown.
#[test]
fn password_at_a_cut() {
    let repo = Repo::new();
    let password = "NSg4UwtXmJFH0p";
    for filler in 20..32 {
        let line = format!("{}{password}\n", "- ".repeat(filler));
        repo.write("a.env", line + &url(password));
        let ran = repo.keysieve(["scan", "a.env"]).status(1);
        ran.never_says(&password[..4]);
    }
}

/// Runs `gate` as GitLab CI does for a push to `name`, a branch or a tag.
fn gate_in_ci(repo: &Repo, variable: &str, name: &str) -> Ran {
    let head = repo.git(["rev-parse", "HEAD"]);
    let zero = "0".repeat(head.len());
    let variables = [
        ("GITLAB_CI", "true"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", &head),
        ("CI_COMMIT_BEFORE_SHA", &zero),
        (variable, name),
    ];
    let run = repo.keysieve(["gate"]);
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
        .run()
}

/// The name of the branch or the tag that CI scans is a key: the log has it, and nothing is found.
#[test]
fn key_in_the_name_of_a_ref_in_ci() {
    let repo = Repo::new();
    let base = repo.add("clean", "clean\n").commit("base");
    repo.config("remote.origin.url", "/nowhere");
    repo.git(["update-ref", "refs/remotes/origin/main", &base]);
    let id = access_key_id(931);
    let name = format!("f-{id}");
    repo.git(["checkout", "-q", "-b", &name]);
    repo.add("more", "clean\n").commit("more");
    repo.git(["tag", &name]);
    for (variable, place) in [
        ("CI_COMMIT_BRANCH", "refs/heads/f-AKIA********"),
        ("CI_COMMIT_TAG", "refs/tags/f-AKIA********"),
    ] {
        let ran = gate_in_ci(&repo, variable, &name);
        ran.has_status(1).says(place).never_says(&id);
    }
    // The default branch was there before.
    repo.git(["checkout", "-q", "main"]);
    gate_in_ci(&repo, "CI_COMMIT_BRANCH", "main").has_status(0);
    let gone = format!("gone-{id}");
    let ran = gate_in_ci(&repo, "CI_COMMIT_TAG", &gone);
    ran.has_status(2).says("gone-AKIA********").never_says(&id);
}

/// A reason or an owner repeats the key that it is about, and `explain`, `baseline check` or
/// `allow` print it.
#[test]
fn key_in_a_reason() {
    let repo = Repo::new();
    let secret = secret_access_key(932);
    let reason = format!("old key aws_secret_access_key={secret}");
    repo.write("key", seeded_id_line(933));
    let answers = |repo: &Repo| {
        for format in ["human", "json"] {
            let ran = repo.keysieve(["explain", "key:1", "-f", format]);
            let ran = ran.status(0);
            ran.says("aws_secret_access_key=").never_says(&secret[4..]);
        }
    };
    let entry = format!("[[allow]]\npath = \"key\"\nreason = \"{reason}\"\n");
    repo.write(".keysieve.toml", entry);
    answers(&repo);
    repo.write(".keysieve.toml", "");
    let metadata = ["--reason", &reason, "--owner", &reason];
    let write = ["baseline", "write"].iter().chain(&metadata);
    repo.keysieve(write).status(0).never_says(&secret[4..]);
    answers(&repo);
    repo.write("key", "clean\n");
    let ran = repo.keysieve(["baseline", "check"]).status(1);
    ran.says("; owner: old key").never_says(&secret[4..]);
    let print = "ab".repeat(16);
    for answer in ["wrote [[allow]] entry 1", "allows it already"] {
        let ran = repo.keysieve(["allow", &print, "--force", "--reason", &reason]);
        ran.status(0).says(answer).never_says(&secret[4..]);
    }
}

/// A path that a command prints is a key: that of rules, of the baseline or of hooks.
#[test]
fn key_in_a_path_of_the_configuration() {
    let repo = Repo::new();
    let id = access_key_id(934);
    let quiet = |args: &[&str], status: i32| {
        let ran = repo.keysieve(args).status(status);
        ran.says("AKIA********").never_says(&id);
    };
    repo.config("core.hooksPath", &format!("hooks-{id}"));
    quiet(&["hook", "install"], 0);
    quiet(&["hook", "status"], 0);
    quiet(&["hook", "uninstall"], 0);
    let baseline = format!("{id}.json");
    quiet(&["baseline", "write", "--baseline", &baseline], 0);
    quiet(&["baseline", "check", "--baseline", &baseline], 0);
    let config = format!("{id}.toml");
    repo.write(&config, "");
    repo.write("clean", "clean\n");
    quiet(&["explain", "clean", "--config", &config], 0);
    quiet(&["explain", "clean", "--config", &config, "-f", "json"], 0);
    repo.write(".keysieve.toml", format!("rules = [\"no-{id}.toml\"]\n"));
    quiet(&["scan"], 2);
}

/// The text that replaces a password in the cleaned history, which is public, depends on the
/// password, so that a guess can be confirmed.
#[test]
fn placeholder_of_a_plan() {
    let placeholders = |password: &str| {
        let repo = Repo::new();
        let text = format!("db_password = \"{password}\"\nagain_password = \"{password}\"\n");
        repo.add("conf", text + &seeded_id_line(936)).commit("one");
        let plan = repo.sandbox().root().join("plan");
        let audit = repo.keysieve(["audit", "--plan"]).args([&plan]);
        audit.status(1);
        let lines = std::fs::read_to_string(plan.join("replacements.txt")).unwrap();
        let lines = lines.lines().skip(1);
        let mut texts: Vec<_> = lines
            .map(|line| line.rsplit_once("==>").unwrap().1.to_owned())
            .collect();
        texts.sort();
        texts
    };
    let expected = ["***REMOVED-1***", "***REMOVED-2***"];
    assert_eq!(placeholders(&["Summer2024", "!Xq"].concat()), expected);
    assert_eq!(placeholders(&["Winter2023", "!Ab"].concat()), expected);
}

/// A key is an argument or a variable that the command line cannot read, and the error quotes it.
#[test]
fn key_in_a_usage_error() {
    let repo = Repo::new();
    let id = access_key_id(938);
    let option = format!("--{id}");
    for words in [&[id.as_str()][..], &["scan", &option], &["scan", "-j", &id]] {
        let ran = repo.keysieve(words).status(2);
        ran.says("AKIA********").never_says(&id);
    }
    for name in ["FORMAT", "JOBS", "BLOCK", "MAX_SIZE"] {
        let scan = repo.keysieve(["scan"]);
        let ran = scan.env(&format!("KEYSIEVE_{name}"), &id).status(2);
        ran.says("AKIA********").never_says(&id);
    }
    let help = repo.keysieve(["scan", "--help"]);
    let ran = help.env("KEYSIEVE_CONFIG", &id).status(0);
    ran.says("AKIA********").never_says(&id);
}

/// The folder of hooks, and the configuration that git cannot read, have a key in their names.
#[test]
fn key_in_the_folder_of_hooks() {
    let repo = Repo::new();
    let id = access_key_id(939);
    repo.config(
        "core.hooksPath",
        &format!("/{id}/{}/hooks", access_key_id(940)),
    );
    let says_nothing = |words: &[&str]| {
        let ran = repo.keysieve(words).run();
        ran.says("AKIA********").never_says(&id);
    };
    says_nothing(&["hook", "status"]);
    says_nothing(&["hook", "install"]);
    repo.config("core.hooksPath", &format!("~{id}/hooks"));
    says_nothing(&["hook", "status"]);
    says_nothing(&["hook", "install"]);
}
