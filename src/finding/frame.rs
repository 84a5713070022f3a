//! Makes code frames: the lines around a finding, in which everything that may be secret is masked
//! before the frame is stored.

use crate::text::{LineIndex, Span, columns, printable};

/// How many lines are shown before and after the finding.
const AROUND: usize = 1;

/// How many bytes of a long line are shown on each side of the finding.
const REACH: usize = 60;

/// Some lines of a text, masked and printable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines, in order.
    pub lines: Vec<FrameLine>,
}

/// One line of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its text, masked, escaped, and cut if it is very long.
    pub text: String,
    /// The range of characters in `text` that belong to the finding.
    pub mark: Option<(usize, usize)>,
}

impl Frame {
    /// The frame of `span` in the text of `index`; `secrets` are all spans of the text that must be
    /// masked.
    ///
    /// Every other word that is long and mixed enough to be a secret is masked too: a line that
    /// holds one secret often holds another that no rule matches.
    #[must_use]
    pub fn new(text: &[u8], index: &LineIndex<'_>, span: Span, secrets: &[Span]) -> Self {
        let first = index.line_of(span.start);
        let last = index.line_of(span.end.saturating_sub(1).max(span.start));
        // The first two lines of a long secret, such as a private key, are enough.
        let last = last.min(first + 1);
        let end = (last + AROUND + 1).min(index.count());
        let lines = (first.saturating_sub(AROUND)..end).map(|number| {
            let line = index.span(number);
            frame_line(text, number + 1, line, span, secrets)
        });
        let mut lines: Vec<_> = lines.collect();
        while lines
            .last()
            .is_some_and(|line| line.mark.is_none() && line.text.trim().is_empty())
        {
            lines.pop();
        }
        Self { lines }
    }
}

fn frame_line(text: &[u8], number: usize, line: Span, span: Span, secrets: &[Span]) -> FrameLine {
    let marked = Span::new(
        span.start.clamp(line.start, line.end),
        span.end.clamp(line.start, line.end),
    );
    let focus = if marked.is_empty() {
        Span::new(line.start, line.start)
    } else {
        marked
    };
    let shown = Span::new(
        line.start.max(focus.start.saturating_sub(REACH)),
        line.end.min(focus.end.min(focus.start + 2 * REACH) + REACH),
    );
    let mut masked = shown.of(text).to_vec();
    // Words are judged on the whole line, so that cutting it cannot make a secret look short.
    for secret in secrets
        .iter()
        .copied()
        .chain(suspicious_words(text, line, shown))
    {
        let start = secret.start.clamp(shown.start, shown.end) - shown.start;
        let end = secret.end.clamp(shown.start, shown.end) - shown.start;
        // Four characters tell the kind, as in `Secret::masked`; a start that the line's cut hides
        // is not shown.
        let kept = match secret.of(text) {
            // The first line of a private key says its kind and nothing else.
            block if block.starts_with(b"-----BEGIN ") => {
                memchr::memmem::find(&block[5..], b"-----").map_or(0, |at| at + 10)
            }
            value if value.len() >= 20 => 4,
            _ => 0,
        };
        let kept = if secret.start >= shown.start { kept } else { 0 };
        for byte in masked
            .get_mut((start + kept).min(end)..end)
            .unwrap_or_default()
        {
            if *byte != 0 {
                *byte = b'*';
            }
        }
    }
    render(number, &masked, line, shown, marked)
}

fn render(number: usize, masked: &[u8], line: Span, shown: Span, marked: Span) -> FrameLine {
    let mut text = String::new();
    if shown.start > line.start {
        text.push('…');
    }
    let part = |from: usize, to: usize| {
        let bytes: Vec<u8> = masked[from - shown.start..to - shown.start]
            .iter()
            .copied()
            .filter(|b| *b != 0)
            .collect();
        let tabs = String::from_utf8_lossy(&bytes).replace('\t', "    ");
        printable(tabs.trim_end_matches('\r').as_bytes())
    };
    let mut mark = None;
    if marked.is_empty() {
        text.push_str(&part(shown.start, shown.end));
    } else {
        let marked = Span::new(marked.start.max(shown.start), marked.end.min(shown.end));
        text.push_str(&part(shown.start, marked.start));
        let from = text.chars().count();
        text.push_str(&part(marked.start, marked.end));
        mark = Some((from, text.chars().count()));
        text.push_str(&part(marked.end, shown.end));
    }
    if shown.end < line.end {
        text.push('…');
    }
    FrameLine { number, text, mark }
}

/// The words of `line` that could be secrets, though no rule knows them; text that stands in no
/// file, such as the subject of a commit, is masked by these.
pub fn suspicious(line: &[u8]) -> impl Iterator<Item = Span> {
    let whole = Span::new(0, line.len());
    suspicious_words(line, whole, whole)
}

/// Words near `shown` that could be secrets: at least 16 characters long, with letters of both
/// cases and a digit, or at least 20 long with letters and digits.
fn suspicious_words(text: &[u8], line: Span, shown: Span) -> impl Iterator<Item = Span> {
    const MARGIN: usize = 256;
    let from = line.start.max(shown.start.saturating_sub(MARGIN));
    let to = line.end.min(shown.end + MARGIN);
    let in_word = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-' | b'%' | b'~' | b'.' | 0)
    };
    let mut words = Vec::new();
    let mut start = None;
    let ends = text[from..to]
        .iter()
        .map(|&byte| in_word(byte))
        .chain([false]);
    for (at, inside) in (from..).zip(ends) {
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(begin), false) => {
                words.push(Span::new(begin, at));
                start = None;
            }
            _ => {}
        }
    }
    words.into_iter().filter(|word| {
        let word = word.of(text);
        let digit = word.iter().any(u8::is_ascii_digit);
        let upper = word.iter().any(u8::is_ascii_uppercase);
        let lower = word.iter().any(u8::is_ascii_lowercase);
        let length = columns(word);
        digit && ((length >= 16 && upper && lower) || (length >= 20 && (upper || lower)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str, secret: &str) -> Frame {
        let at = text.find(secret).expect("the secret is in the text");
        let span = Span::new(at, at + secret.len());
        Frame::new(
            text.as_bytes(),
            &LineIndex::new(text.as_bytes()),
            span,
            &[span],
        )
    }

    #[test]
    fn masks_the_secret_and_marks_it() {
        let secret = "abcdEFGH0123ijklMNOP4567";
        let shown = frame(&format!("one\ntwo = \"{secret}\" # x\nthree\n"), secret);
        assert_eq!(shown.lines.len(), 3);
        let line = &shown.lines[1];
        assert_eq!(line.text, format!("two = \"abcd{}\" # x", "*".repeat(20)));
        assert_eq!((line.number, line.mark), (2, Some((7, 31))));
        assert_eq!(shown.lines[0].text, "one");
    }

    #[test]
    fn masks_a_neighbour_that_no_rule_matches() {
        let other = "Zm9vYmFyYmF6cXV4MTIzNDU2";
        let shown = frame(&format!("a=SECRETVALUE b={other}\n"), "SECRETVALUE");
        assert!(!shown.lines[0].text.contains(&other[4..]), "{shown:?}");
    }

    #[test]
    fn cuts_long_lines_around_the_secret() {
        let text = format!("{}SECRETVALUE{}", "x ".repeat(500), " y".repeat(500));
        let line = &frame(&text, "SECRETVALUE").lines[0];
        assert!(line.text.starts_with('…') && line.text.ends_with('…'));
        assert!(line.text.chars().count() < 200);
        let (from, to) = line.mark.expect("marked");
        assert!(
            line.text
                .chars()
                .skip(from)
                .take(to - from)
                .all(|c| c == '*')
        );
    }
}
