//! Breaks the lines of a report for people at the width of their terminal.

use std::io;

use bstr::ByteSlice as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A narrower terminal is treated as this wide, so that there is room for words.
const MIN_WIDTH: usize = 24;

/// How the lines of a text after the first begin and end.
#[derive(Clone, Copy)]
pub(super) struct Breaks {
    /// Columns before each line but the first.
    pub(super) indent: usize,
    /// What ends each line but the last: ` \` for commands, which can be copied so.
    pub(super) end: &'static str,
}

impl Breaks {
    /// Those of a sentence.
    pub(super) const fn at(indent: usize) -> Self {
        Self { indent, end: "" }
    }

    /// Those of a shell command.
    pub(super) const fn command(indent: usize) -> Self {
        Self { indent, end: " \\" }
    }
}

/// The columns that `text` takes on a terminal; colours take none.
pub(super) fn columns(text: &str) -> usize {
    let escapes = text.split('\u{1b}').enumerate().map(|(at, part)| {
        let visible = match at {
            0 => part,
            _ => part.split_once('m').map_or("", |(_, rest)| rest),
        };
        visible.width()
    });
    escapes.sum()
}

/// The start of `text` that fits into `width` columns, with an ellipsis if it was cut.
pub(super) fn cut_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let start = prefix(text.chars(), width.saturating_sub(1));
    start.into_iter().chain(['…']).collect()
}

/// The end of `text` that fits into `width` columns, with an ellipsis if it was cut.
pub(super) fn cut_start(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let end = prefix(text.chars().rev(), width.saturating_sub(1));
    ['…'].into_iter().chain(end.into_iter().rev()).collect()
}

fn prefix(chars: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// Breaks `text`, which begins in column `start`, into lines of at most `width` columns: at blanks,
/// or inside a word that is too long.
pub(super) fn wrap(text: &str, start: usize, width: usize, breaks: Breaks) -> String {
    let width = width.max(MIN_WIDTH);
    let indent = breaks.indent.min(width / 2);
    let room = width - breaks.end.width();
    let (mut out, mut used, mut is_first) = (String::new(), start, true);
    for word in text.split(' ') {
        let size = columns(word);
        if is_first {
            is_first = false;
        } else if used + 1 + size <= room {
            out.push(' ');
            used += 1;
        } else {
            out.push_str(breaks.end);
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        }
        if used + size <= room {
            out.push_str(word);
            used += size;
        } else {
            break_word(word, &mut out, &mut used, width);
        }
    }
    out
}

/// Writes a word that is longer than a line as a terminal would.
fn break_word(word: &str, out: &mut String, used: &mut usize, width: usize) {
    let mut is_color = false;
    for c in word.chars() {
        is_color |= c == '\u{1b}';
        let size = if is_color { 0 } else { c.width().unwrap_or(0) };
        is_color &= c != 'm';
        if *used + size > width {
            out.push('\n');
            *used = 0;
        }
        out.push(c);
        *used += size;
    }
}

/// Writes lines, each broken at the width of a terminal.
pub(super) struct Wrapped<'w> {
    out: &'w mut dyn io::Write,
    width: usize,
    line: Vec<u8>,
}

impl<'w> Wrapped<'w> {
    pub(super) fn new(out: &'w mut dyn io::Write, width: usize) -> Self {
        Self {
            out,
            width,
            line: Vec::new(),
        }
    }
}

impl io::Write for Wrapped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                // Everything in a report is printable, so it is text.
                let line = self.line.to_str_lossy();
                let text = line.trim_start();
                let start = line.len() - text.len();
                let indent = start + 2;
                let text = wrap(text.trim_end(), start, self.width, Breaks::at(indent));
                writeln!(self.out, "{:start$}{text}", "")?;
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("\u{1b}[1m漢字\u{1b}[0m a"), 6);
        assert_eq!(cut_end("漢字漢字", 5), "漢字…");
        assert_eq!(cut_start("src/漢字.py", 8), "…漢字.py");
    }

    #[test]
    fn words_stay_whole_if_a_line_has_room_for_them() {
        let text = wrap("one two three four five six", 0, 24, Breaks::at(2));
        assert_eq!(text, "one two three four five\n  six");
        let text = wrap("git rm --cached -- aaaa bbbb", 2, 24, Breaks::command(4));
        assert_eq!(text, "git rm --cached -- \\\n    aaaa bbbb");
        let long = wrap(&"x".repeat(50), 2, 24, Breaks::at(2));
        assert_eq!(long.lines().map(columns).max(), Some(24));
    }
}
