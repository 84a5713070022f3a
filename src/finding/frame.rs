//! Builds code frames: the lines around a finding, with everything that may be a secret masked
//! before it is stored.

use bstr::ByteSlice as _;

use crate::secret::mask;
use crate::text::{LineIndex, Span, printable};

/// How many lines are shown before and after the finding.
const CONTEXT: usize = 1;

/// How many bytes of a long line are shown on each side of the finding.
const REACH: usize = 60;

/// How many bytes beyond the shown part are searched for secrets, so that a word is not too short
/// to look like one because the line is cut.
const MARGIN: usize = 256;

/// Some lines of a text, masked and printable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines, in order.
    pub lines: Vec<FrameLine>,
}

/// A line of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameLine {
    /// The line number, from 1.
    pub number: usize,
    /// The text, masked, escaped, and cut if it is very long.
    pub text: String,
    /// The characters of `text` that belong to the finding: first and last (exclusive).
    pub mark: Option<(usize, usize)>,
}

/// All spans of a text that must not be shown, in order.
pub struct HiddenSpans {
    spans: Vec<Span>,
    /// For each span, the end of the one up to there that reaches furthest.
    ends: Vec<usize>,
}

impl HiddenSpans {
    /// These spans, in any order.
    #[must_use]
    pub fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable_by_key(|span| span.start);
        let furthest = spans.iter().scan(0, |furthest, span| {
            *furthest = span.end.max(*furthest);
            Some(*furthest)
        });
        Self {
            ends: furthest.collect(),
            spans,
        }
    }

    /// Those that may overlap `window`.
    fn near(&self, window: Span) -> &[Span] {
        let first = self.ends.partition_point(|&end| end <= window.start);
        let end = self.spans.partition_point(|span| span.start < window.end);
        &self.spans[first.min(end)..end]
    }
}

/// What a frame is built from.
struct Source<'t> {
    text: &'t [u8],
    /// The finding.
    span: Span,
    secrets: &'t HiddenSpans,
}

impl Frame {
    /// The frame of `span` in the text of `index`, without what `secrets` hides and without other
    /// occurrences of what `span` has.
    ///
    /// Words that [look like secrets](mask::looks_like_secret) are masked too.
    #[must_use]
    pub fn new(text: &[u8], index: &LineIndex<'_>, span: Span, secrets: &HiddenSpans) -> Self {
        let source = Source {
            text,
            span,
            secrets,
        };
        let first = index.line_of(span.start);
        let last = index.line_of(span.end.saturating_sub(1).max(span.start));
        // The first lines of a long secret, such as a private key, are enough.
        let last = last.min(first + 1);
        let end = (last + CONTEXT + 1).min(index.count());
        let lines = first.saturating_sub(CONTEXT)..end;
        let mut lines: Vec<_> = lines
            .map(|number| source.line(number + 1, index.span(number)))
            .collect();
        while lines
            .last()
            .is_some_and(|line| line.mark.is_none() && line.text.trim().is_empty())
        {
            lines.pop();
        }
        Self { lines }
    }
}

/// Replaces each byte of a secret until the text is made printable. In a text, this control
/// character is shown as a secret.
const MASKED: u8 = 0x7f;

impl Source<'_> {
    fn line(&self, number: usize, line: Span) -> FrameLine {
        let marked = Span::new(
            self.span.start.clamp(line.start, line.end),
            self.span.end.clamp(line.start, line.end),
        );
        let focus = if marked.is_empty() {
            Span::new(line.start, line.start)
        } else {
            marked
        };
        let visible = Span::new(
            line.start.max(focus.start.saturating_sub(REACH)),
            line.end.min(focus.end.min(focus.start + 2 * REACH) + REACH),
        );
        render(number, &self.masked(line, visible), line, visible, marked)
    }

    /// The bytes of `visible`, with [`MASKED`] for those of secrets.
    fn masked(&self, line: Span, visible: Span) -> Vec<u8> {
        let window = Span::new(
            line.start.max(visible.start.saturating_sub(MARGIN)),
            line.end.min(visible.end + MARGIN),
        );
        let text = window.of(self.text);
        let words = mask::secret_like_words(text);
        let again = mask::occurrences(text, self.span.of(self.text));
        let others = words
            .chain(again)
            .map(|word| Span::new(word.start, word.end).shift(window.start));
        let mut masked = visible.of(self.text).to_vec();
        for secret in self.secrets.near(visible).iter().copied().chain(others) {
            let start = secret.start.clamp(visible.start, visible.end) - visible.start;
            let end = secret.end.clamp(visible.start, visible.end) - visible.start;
            // If the cut hides the start of the secret, no prefix of it is visible.
            let is_whole = secret.start >= visible.start;
            let value = secret.of(self.text);
            let visible = if is_whole {
                mask::visible_prefix_in_frame(value)
            } else {
                0
            };
            for byte in masked
                .get_mut((start + visible).min(end)..end)
                .unwrap_or_default()
            {
                if *byte != 0 {
                    *byte = MASKED;
                }
            }
        }
        masked
    }
}

fn render(number: usize, masked: &[u8], line: Span, visible: Span, marked: Span) -> FrameLine {
    let marked = Span::new(marked.start.max(visible.start), marked.end.min(visible.end));
    let mut text = String::new();
    if visible.start > line.start {
        text.push('…');
    }
    let mut mark = None;
    if marked.is_empty() {
        text.push_str(&printable_part(masked));
    } else {
        let (from, to) = (marked.start - visible.start, marked.end - visible.start);
        text.push_str(&printable_part(&masked[..from]));
        let first = text.chars().count();
        text.push_str(&printable_part(&masked[from..to]));
        mark = Some((first, text.chars().count()));
        text.push_str(&printable_part(&masked[to..]));
    }
    if visible.end < line.end {
        text.push('…');
    }
    FrameLine { number, text, mark }
}

/// Printable text without zero bytes, so that UTF-16 can be read, and with a mask of the same
/// length for each secret.
fn printable_part(masked: &[u8]) -> String {
    let mut bytes: Vec<u8> = masked.iter().copied().filter(|&byte| byte != 0).collect();
    bytes.dedup_by(|byte, before| *byte == MASKED && *before == MASKED);
    let bytes = bytes.replace([MASKED], mask::HIDDEN);
    let text = String::from_utf8_lossy(&bytes).replace('\t', "    ");
    printable(text.trim_end_matches('\r').as_bytes())
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
            &HiddenSpans::new(vec![span]),
        )
    }

    #[test]
    fn spans_near_a_window_are_found_also_behind_a_long_one() {
        let hidden = HiddenSpans::new(vec![
            Span::new(0, 90),
            Span::new(10, 20),
            Span::new(30, 40),
            Span::new(95, 99),
        ]);
        assert_eq!(hidden.near(Span::new(50, 60)).len(), 3);
        assert_eq!(hidden.near(Span::new(90, 95)), []);
        assert_eq!(hidden.near(Span::new(91, 100)), [Span::new(95, 99)]);
    }

    #[test]
    fn the_secret_is_masked_and_marked() {
        let secret = "abcdEFGH0123ijklMNOP4567";
        let result = frame(&format!("one\ntwo = \"{secret}\" # x\nthree\n"), secret);
        assert_eq!(result.lines.len(), 3);
        let line = &result.lines[1];
        assert_eq!(line.text, "two = \"abcd********\" # x");
        assert_eq!((line.number, line.mark), (2, Some((7, 19))));
        assert_eq!(result.lines[0].text, "one");
    }

    #[test]
    fn an_unknown_word_that_looks_like_a_secret_is_masked() {
        let other = "Zm9vYmFyYmF6cXV4MTIzNDU2";
        let result = frame(&format!("a=SECRETVALUE b={other}\n"), "SECRETVALUE");
        assert!(!result.lines[0].text.contains(&other[4..]), "{result:?}");
    }

    #[test]
    fn other_occurrences_are_masked_also_where_the_line_is_cut() {
        let text = format!("a=x:pW3x\nb=pW3x\n{} pW3x\n", "y".repeat(57));
        let at = text.find("pW3x").expect("the secret is in the text");
        let span = Span::new(at, at + 4);
        let index = LineIndex::new(text.as_bytes());
        let hidden = HiddenSpans::new(vec![span]);
        let first = Frame::new(text.as_bytes(), &index, span, &hidden);
        assert_eq!(first.lines[1].text, "b=********");
        let span = span.shift(7);
        let second = Frame::new(text.as_bytes(), &index, span, &HiddenSpans::new(vec![span]));
        assert_eq!(second.lines[0].text, "a=x:********");
        assert_eq!(
            second.lines[2].text,
            format!("{} ********…", "y".repeat(57))
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_secret() {
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
