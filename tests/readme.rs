//! The README is true: its picture is what the program prints, its configuration is read, its rule
//! does what it says, and its commands exist.

use std::path::Path;

use keysieve::policy::Config;
use keysieve::rule::RuleSet;
use keysieve::scan::{Scanner, check_samples};

use crate::support::{Repo, Run, Sandbox};

const README: &str = include_str!("../README.md");

/// The blocks of the README between fences of this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README
        .split(fence.as_str())
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

#[test]
fn the_example_output_is_what_the_program_prints() {
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
    let shown = repo.keysieve(["staged"]).status(1).stdout();
    let picture = blocks("console")[0].split_once('\n').unwrap().1;
    assert_eq!(picture.trim_end(), shown.trim_end());
}

#[test]
fn the_example_configuration_and_rules_work() {
    let blocks = blocks("toml");
    assert_eq!(blocks.len(), 3);
    let config = Config::parse(Path::new("README.md"), blocks[0]).unwrap();
    assert_eq!(config.allow.len(), 2);
    let mut rules = RuleSet::default();
    for block in &blocks[1..] {
        rules.extend("README.md", block).unwrap();
    }
    assert_eq!(check_samples(&Scanner::new(rules).unwrap()), []);
}

#[test]
fn the_commands_and_options_exist() {
    let sandbox = Sandbox::new();
    let mut seen = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
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
            .take(2);
        let options = words.iter().filter(|word| word.starts_with("--"));
        let text = Run::new(Run::KEYSIEVE, sandbox.root(), &sandbox)
            .args(subcommands.copied().chain(["--help"]))
            .status(0)
            .stdout();
        for option in options {
            assert!(text.contains(option), "{line}: no {option} in\n{text}");
        }
        seen += 1;
    }
    assert!(seen > 10, "the README shows {seen} commands");
}
