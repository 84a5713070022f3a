//! Masks secrets in what commands print themselves, such as errors and answers: reports have masks
//! of their own.

use std::sync::OnceLock;

use keysieve::report::log_line;
use keysieve::rule::RuleSet;
use keysieve::scan::Scanner;
use keysieve::secret::mask;
use keysieve::text::printable;

/// A message of several lines that names files or refs, or quotes them: nothing in a line may move
/// the cursor, or be a secret.
pub(crate) fn message(text: &str) -> String {
    let masked = builtin().map(|scanner| scanner.redact(text.as_bytes()));
    let text = masked.map_or_else(
        || text.into(),
        |masked| String::from_utf8_lossy(&masked).into_owned(),
    );
    let lines = text.lines();
    let lines: Vec<_> = lines.map(|line| printable(line.as_bytes())).collect();
    log(&lines.join("\n"))
}

/// Text for people in which no line is a command to the agent of a CI system.
pub(crate) fn log(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(log_line).collect();
    lines.join("\n")
}

/// A name, such as that of a file.
pub(crate) fn name(scanner: &Scanner, text: &str) -> String {
    printable(&scanner.redact(text.as_bytes()))
}

/// What a person wrote, such as a reason: words that look like secrets are masked too, as in
/// reports.
pub(crate) fn prose(scanner: &Scanner, text: &str) -> String {
    let text = scanner.redact(text.as_bytes());
    let (mut masked, mut done) = (Vec::with_capacity(text.len()), 0);
    for word in mask::secret_like_words(&text) {
        masked.extend_from_slice(&text[done..word.start]);
        done = word.end;
        masked.extend_from_slice(mask::masked(&text[word]).as_bytes());
    }
    masked.extend_from_slice(&text[done..]);
    printable(&masked)
}

/// The same for a command that has no scanner.
pub(crate) fn builtin_prose(text: &str) -> String {
    builtin().map_or_else(
        || printable(text.as_bytes()),
        |scanner| prose(scanner, text),
    )
}

/// A scanner with the built-in rules.
fn builtin() -> Option<&'static Scanner> {
    static BUILTIN: OnceLock<Option<Scanner>> = OnceLock::new();
    BUILTIN
        .get_or_init(|| Scanner::new(RuleSet::builtin().ok()?).ok())
        .as_ref()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "in a test a panic is the report")]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_words_like_them_are_masked() {
        let id = ["AK", "IAQYLPMN5", "HHHFPZAM2"].concat();
        let word = ["Zm9vYmFy", "YmF6cXV4MTIzNDU2"].concat();
        let text = format!("old {id}, or {word}\u{1b}");
        let scanner = Scanner::new(RuleSet::builtin().unwrap()).unwrap();
        let shown = "old AKIA********, or Zm9v********\\u{1b}";
        assert_eq!(prose(&scanner, &text), shown);
        assert_eq!(builtin_prose(&text), shown);
        let named = name(&scanner, &text);
        assert!(named.contains(&word) && !named.contains(&id), "{named}");
        assert_eq!(message(&format!("a\n{id}")), "a\nAKIA********");
    }
}
