//! The README and the documentation are true: the picture is what the program prints, configurations
//! are read, rules do what they say, commands exist, and links lead somewhere.

mod links;
mod picture;

use std::fs;
use std::path::{Path, PathBuf};

use keysieve::policy::Config;
use keysieve::rule::RuleSet;
use keysieve::scan::{Scanner, check_samples};

use crate::support::{Repo, Run, Sandbox};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The documents for people, with their paths: the README and what is next to it, and `docs/`.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for folder in ["", "docs"] {
        for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The blocks of a document between fences of this language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_picture_is_what_the_program_prints() {
    let repo = Repo::new();
    repo.add("README", "a repository\n");
    repo.commit("first");
    let id = ["AKIA", "ZAVB57H5", "5F3T4BKH"].concat();
    let secret = ["kP3v/Zq8LrT0wYb6HnXs", "1Dj+Ue5MfCgA9oQiR2xV"].concat();
    let text = format!(
        "\"\"\"Where reports go.\"\"\"\n\nREGION = \"eu-west-1\"\nAWS_ACCESS_KEY_ID = \"{id}\"\n\
         AWS_SECRET_ACCESS_KEY = \"{secret}\"\nBUCKET = \"reports\"\n"
    );
    repo.add("deploy/settings.py", text);
    let shown = repo.keysieve(["staged", "--color", "always"]).status(1);
    let command = "$ git commit -m \"Try the upload\"\n";
    let drawn = picture::svg(&(command.to_owned() + &shown.stdout()));
    let path = Path::new(ROOT).join("docs/terminal.svg");
    if std::env::var_os("KEYSIEVE_DRAW").is_some() {
        fs::write(&path, &drawn).unwrap();
    }
    assert!(
        fs::read_to_string(&path).is_ok_and(|kept| kept == drawn),
        "renew it: KEYSIEVE_DRAW=1 cargo test --test integration readme"
    );
}

#[test]
fn the_example_configurations_and_rules_work() {
    let mut rules = RuleSet::default();
    let (mut configs, mut files) = (0, 0);
    for (path, text) in documents() {
        for block in blocks(&text, "toml") {
            if block.contains("[[rule]]") || block.contains("[[pair]]") {
                rules.extend(&path.display().to_string(), block).unwrap();
                files += 1;
            } else {
                Config::parse(&path, block).unwrap();
                configs += 1;
            }
        }
    }
    assert!(configs >= 2 && files == 3, "{configs} {files}");
    assert_eq!(check_samples(&Scanner::new(rules).unwrap()), []);
}

#[test]
fn the_commands_and_options_exist() {
    let sandbox = Sandbox::new();
    let mut seen = 0;
    for (path, text) in documents() {
        for line in blocks(&text, "sh").iter().flat_map(|block| block.lines()) {
            let command = line
                .split(" #")
                .next()
                .unwrap()
                .rsplit("| ")
                .next()
                .unwrap();
            let Some(words) = command.trim().strip_prefix("keysieve ") else {
                continue;
            };
            // What would act is asked for its help instead; a word that does not exist is refused
            // before that.
            let words: Vec<_> = words
                .split_whitespace()
                .map(|word| word.trim_matches('"'))
                .collect();
            let subcommands = words
                .iter()
                .take_while(|word| word.chars().all(char::is_alphabetic))
                .take(
                    if matches!(words[0], "hook" | "rules" | "baseline" | "generate") {
                        2
                    } else {
                        1
                    },
                );
            let options = words.iter().filter(|word| word.starts_with("--"));
            let text = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
                .args(subcommands.copied().chain(["--help"]))
                .status(0)
                .stdout();
            for option in options.filter(|option| option.len() > 2) {
                assert!(
                    text.contains(option),
                    "{}: {line}: no {option} in\n{text}",
                    path.display()
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "the documents show {seen} commands");
}
