//! POSIX extended regular expressions: grep and git themselves say what they match.

use std::collections::BTreeSet;
use std::process::Command;

use keysieve::rule::posix::Translated;
use keysieve::scan::lines::{Extent, LinePatterns};

use crate::support::keys::Chance;
use crate::support::{Run, Sandbox};

/// Lines that differ at the ends of words, and in the characters that classes contain.
const LINES: &str = "a\nb\nab\naab\nabab\na b\n-a-\n_a\na1\n1\n12\n1234\n\n \nA\na.b\na\\b\n[a]\na]b\n\
    (a)\na{1\na{1}\n^a$\na|b\nba\nb a\nx-y\n+\n*\na\tb\na\rb\n_\n__\nab_\n\"me\"\nmesa\nfoo.me\n{\n}\na-\n-\n";

const EXPRESSIONS: &[&str] = &[
    "",
    "a",
    "ab",
    "a|b",
    "a|",
    "|a",
    "a||b",
    "()",
    "(a)",
    "(a|b)+",
    "(ab)*",
    "a*",
    "x*",
    "a+?",
    "a**",
    "a?b",
    "a{2}",
    "a{1,2}",
    "a{,2}",
    "a{1,}",
    "a{0}",
    "(a|b){2}",
    "a{1",
    "a{x}",
    "a{1}{2}",
    "{",
    "*a",
    "+a",
    "?a",
    "(*a)",
    "a|*b",
    "^*a",
    "^a",
    "a$",
    "^a$",
    "a^b",
    "a$b",
    "^",
    "$",
    "^$",
    "(^a)",
    "(a$)|b",
    ".",
    "..",
    "a.b",
    "a\\.b",
    "[ab]",
    "[^ab]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[a\\]",
    "[\\.]",
    "[0-9]{2,3}",
    "[[:digit:]]+",
    "[[:alpha:]]",
    "[^[:alnum:]]",
    "[[:space:]]",
    "[[:punct:]]",
    "[[:upper:][:digit:]]",
    "[[.-.]]",
    "[[=a=]]",
    "[a-b]",
    "\\w",
    "\\W",
    "\\w+",
    "\\s",
    "\\S+",
    "a\\b",
    "\\ba",
    "\\Bb",
    "\\<a",
    "a\\>",
    "\\`a",
    "a\\'",
    "\\(a\\)",
    "\\{",
    "a\\{1",
    "\\\\",
    "\\|",
    "\\[a\\]",
    "\\]",
    "\\}",
    "\\\"",
    "\\-",
    "a)",
    ")",
    "\"|'",
    "(\"|')?me",
    "me",
    "#",
    "a b",
    "@",
    "a\\+",
    "\\*",
    "(a|ab)(b|bab)",
    "a.*b",
    "a.*",
    ".*",
    "[^ ]*",
    "(a*)*b",
    "(a|b|)+",
    "_",
    "-",
    "[^-]",
    "a{2}|1{2}",
    "((a)|(b))((a)|(b))",
    "mesa|foo",
    "(mes|foo)[a.]+",
    "x*(x|me)?esa",
    "[fF]oo\\.me|1234",
    "(a|b)?1234$",
];

/// The numbers of the lines that a program prints as `number:line`; `None` if it refuses.
fn numbers(mut command: Command) -> Option<BTreeSet<usize>> {
    let output = command.output().unwrap();
    if !matches!(output.status.code(), Some(0 | 1)) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers = text
        .lines()
        .map(|line| line.split(':').next().unwrap().parse().unwrap());
    Some(numbers.collect())
}

fn ours(expression: &str, extent: Extent) -> BTreeSet<usize> {
    let expression = Translated::new(expression.as_bytes()).unwrap();
    let patterns = LinePatterns::new([&expression], extent).unwrap();
    let lines = patterns.lines(LINES.as_bytes());
    lines.map(|line| line.number).collect()
}

fn is_gnu_grep() -> bool {
    let version = Command::new("grep").arg("--version").output();
    version.is_ok_and(|output| output.stdout.windows(8).any(|text| text == b"GNU grep"))
}

/// Compares the lines of one expression. Git tries only the longest match at each place, and no empty
/// one, so ours may find more than it. Where it refuses, ours need not.
fn compare(expression: &str, sandbox: &Sandbox) {
    let command = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        sandbox.confine(&mut command);
        command.current_dir(sandbox.root()).env("LC_ALL", "C");
        command.args(words).args(["-e", expression, "--", "lines"]);
        command
    };
    for (option, extent) in [("-nE", Extent::Anywhere), ("-nwE", Extent::Word)] {
        if let Some(theirs) = numbers(command("grep", &[option])) {
            assert_eq!(
                ours(expression, extent),
                theirs,
                "grep {option} '{expression}'"
            );
        }
    }
    if let Some(theirs) = numbers(command("git", &["grep", "--no-index", "-h", "-nwE"])) {
        let ours = ours(expression, Extent::Word);
        assert!(
            ours.is_superset(&theirs),
            "git grep -w '{expression}': {ours:?} {theirs:?}"
        );
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.root().join("lines"), LINES).unwrap();
    sandbox
}

#[test]
#[ignore = "needs GNU grep"]
fn expressions_match_the_lines_that_grep_matches() {
    assert!(is_gnu_grep());
    let sandbox = sandbox();
    EXPRESSIONS
        .iter()
        .for_each(|expression| compare(expression, &sandbox));
}

/// A random expression, with groups up to this depth.
fn expression(chance: &mut Chance, depth: usize) -> String {
    const ATOMS: [&str; 16] = [
        "a",
        "b",
        "1",
        "_",
        "-",
        ".",
        "[ab]",
        "[^a]",
        "[[:alnum:]]",
        "\\w",
        "\\W",
        " ",
        "\\.",
        "^",
        "$",
        "\\b",
    ];
    const OPERATORS: [&str; 8] = ["", "", "", "*", "+", "?", "{2}", "{1,3}"];
    // Grep and git do not agree on repeated assertions.
    let has_assertion = |text: &str| {
        let text = text.replace("[^a]", "");
        ATOMS[13..].iter().any(|assertion| text.contains(assertion))
    };
    let mut text = String::new();
    for _ in 0..=chance.below(3) {
        let part = if depth > 0 && chance.below(4) == 0 {
            format!("({})", expression(chance, depth - 1))
        } else {
            ATOMS[chance.below(16)].to_owned()
        };
        text += &part;
        if !has_assertion(&part) {
            text += OPERATORS[chance.below(8)];
        }
        if chance.below(6) == 0 {
            text.push('|');
        }
    }
    text
}

#[test]
#[ignore = "needs GNU grep"]
fn random_expressions_match_the_lines_that_grep_matches() {
    assert!(is_gnu_grep());
    let (sandbox, mut chance) = (sandbox(), Chance::new(11, "expressions"));
    for _ in 0..500 {
        compare(&expression(&mut chance, 2), &sandbox);
    }
}

#[test]
fn an_expression_that_is_refused_is_named() {
    let session = super::session::Session::ours();
    session
        .repo
        .config("secrets.patterns", "(a)\\1")
        .write("f", "aa");
    let ran = session.run(["--scan", "f"]);
    ran.has_status(2)
        .says("the pattern '(a)\\1': back-references");
    session.repo.git(["config", "--unset", "secrets.patterns"]);
    // What a provider prints may be a secret.
    session.repo.config("secrets.providers", "echo (hidden");
    let ran = session.run(["--scan", "f"]);
    ran.has_status(2).says("'echo (hidden': unmatched (");
    assert!(Run::KEYSIEVE.ends_with("keysieve"));
}
