//! Secrets that a report, a message or an answer would show although a rule knows them.

use crate::support::Repo;

/// The formats that show lines, paths or commits.
const FORMATS: [&str; 11] = [
    "human",
    "json",
    "jsonl",
    "csv",
    "sarif",
    "gitlab",
    "github",
    "checkstyle",
    "junit",
    "markdown",
    "html",
];

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
    for format in FORMATS {
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
