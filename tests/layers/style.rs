//! Checks the house rules of style: widths, lengths, closures, and words that a newcomer would
//! stumble over.

use super::File;
use super::code::{code_of, is_word};

/// The longest line, in characters.
const MAX_WIDTH: usize = 100;

/// The longest function, in lines.
const MAX_FUNCTION: usize = 60;

/// A closure with a name is a function in disguise; a few are fine.
const MAX_CLOSURES: usize = 3;

/// Words that the prose of the project does not use, each with what to write instead.
const WORDS: [(&str, &str); 9] = [
    ("stand", "is, are"),
    ("stands", "is, are"),
    ("beside", "next to"),
    ("lies", "is, is in"),
    ("told", "reported, shown"),
    ("whoever", "if someone, the one who"),
    ("nobody", "no one, nothing"),
    ("somebody", "someone"),
    ("in clear", "unmasked, in plain text"),
];

/// Names that the field has other terms for; the docs of `src/lib.rs` and of the modules use those.
const NAMES: [&str; 20] = [
    "conduct",
    "conductor",
    "strike",
    "strikes",
    "sighting",
    "sightings",
    "news",
    "heads",
    "kept",
    "said",
    "lost",
    "trial",
    "tested",
    "cue",
    "listed",
    "leak",
    "court",
    "fault",
    "exception",
    "look_again",
];

/// Lines that are too long. Rows of tables cannot be wrapped, and samples in tests are not.
pub(crate) fn wide_lines(file: &File) -> Vec<String> {
    let lines = without_tests(&file.text).lines().enumerate();
    lines
        .filter(|(_, line)| line.chars().count() > MAX_WIDTH && !line.starts_with("//! |"))
        .map(|(number, _)| format!("{}:{}: wider than {MAX_WIDTH}", file.path, number + 1))
        .collect()
}

/// The text up to the block of its unit tests.
fn without_tests(text: &str) -> &str {
    let block = text.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        let line = text[*at..].lines().nth(1);
        line.is_some_and(|line| line.ends_with('{'))
    });
    block.map_or(text, |(at, _)| &text[..at])
}

/// Functions that are too long, or that name too many closures.
pub(crate) fn long_functions(file: &File) -> Vec<String> {
    let code = code_of(&file.text);
    let lines: Vec<&str> = without_tests(&code).lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let closing = format!("{}}}", " ".repeat(indent));
        let Some(len) = lines[start..].iter().position(|line| *line == closing) else {
            continue;
        };
        let body = &lines[start..start + len];
        let closures = body.iter().filter(|line| names_closure(line)).count();
        let place = format!("{}:{}: `{name}`", file.path, start + 1);
        if len > MAX_FUNCTION {
            found.push(format!("{place} has {len} lines, at most {MAX_FUNCTION}"));
        }
        if closures > MAX_CLOSURES {
            found.push(format!(
                "{place} names {closures} closures, at most {MAX_CLOSURES}"
            ));
        }
    }
    found
}

/// The name of the function that a line begins to define.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let modifiers = ["pub", "const", "async", "unsafe", "extern"];
    let is_modifier =
        |word: &str| word.starts_with("pub(") || modifiers.contains(&word) || word == "super)";
    let ok = before
        .split_whitespace()
        .all(|word| is_modifier(word) || word.ends_with(')'));
    let end = after.find(|c| !is_word(c))?;
    (ok && end > 0).then(|| &after[..end])
}

/// Whether a line is `let name = |…|` or `let name = move |…|`.
fn names_closure(line: &str) -> bool {
    let Some((pattern, value)) = line.trim_start().split_once('=') else {
        return false;
    };
    let value = value.trim_start();
    pattern.starts_with("let ")
        && value
            .strip_prefix("move ")
            .unwrap_or(value)
            .starts_with('|')
}

/// Words in the text of a file, code and all, that the project does not use.
pub(crate) fn odd_words(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        for (word, better) in WORDS {
            if whole_word(&line, word) {
                let place = format!("{path}:{}", number + 1);
                found.push(format!(
                    "{place}: `{word}`: write {better}, or another sentence"
                ));
            }
        }
    }
    found
}

/// Names of types, functions and modules in the code of a file that the field calls otherwise.
pub(crate) fn odd_names(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in code_of(&file.text).lines().enumerate() {
        for name in line.split(|c| !is_word(c)).filter(|name| !name.is_empty()) {
            if NAMES.contains(&name.to_lowercase().as_str()) {
                found.push(format!("{}:{}: the name `{name}`", file.path, number + 1));
            }
        }
    }
    found
}

fn whole_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
    })
}

/// The test of the test.
mod caught {
    use super::super::File;
    use super::{long_functions, odd_names, odd_words, wide_lines};

    fn file(text: &str) -> File {
        File {
            path: "src/a.rs".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn long_and_wide_code() {
        let long = format!("fn f() {{\n{}}}\n", "    x();\n".repeat(70));
        assert_eq!(long_functions(&file(&long)).len(), 1);
        let closures = format!(
            "    fn g() {{\n{}    }}\n",
            "        let a = |x| x;\n".repeat(4)
        );
        assert_eq!(long_functions(&file(&closures)).len(), 1);
        let few = "    fn g() {\n        let a = |x| x;\n        let b = 1;\n    }\n";
        assert_eq!(long_functions(&file(few)), [""; 0]);
        assert_eq!(wide_lines(&file(&"x".repeat(101))).len(), 1);
        assert_eq!(wide_lines(&file(&"ö".repeat(100))), [""; 0]);
    }

    #[test]
    fn words_and_names() {
        let odd = odd_words("a", "beside it, and stands_in, standard; Whoever");
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert_eq!(odd_names(&file("let news = 1; // news")).len(), 1);
    }
}
