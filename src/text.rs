//! Locates bytes by span, line and column, and makes foreign text safe to print.

use std::fmt::Write as _;
use std::path::Path;

use bstr::{BString, ByteSlice as _, ByteVec as _};

/// A half-open range of byte offsets, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span contains no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the two spans share at least one byte.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that contains both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Whether it contains all of `other`.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// How many bytes `outer` has before or after this span, if that is more.
    #[must_use]
    pub fn reach(self, outer: Self) -> usize {
        let before = self.start.saturating_sub(outer.start);
        before.max(outer.end.saturating_sub(self.end))
    }

    /// The span that begins `by` bytes later, of the same length.
    #[must_use]
    pub const fn shift(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// The bytes of `text` that the span covers; empty if it is out of bounds.
    #[must_use]
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A stretch of bytes that a text copied from an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its start in the older text.
    pub from: usize,
    /// Its start in the newer text.
    pub to: usize,
    /// Its length in bytes.
    pub len: usize,
}

impl Copied {
    /// The stretch in the newer text.
    #[must_use]
    pub const fn target(self) -> Span {
        Span::new(self.to, self.to + self.len)
    }

    /// The stretch in the older text.
    #[must_use]
    pub const fn source(self) -> Span {
        Span::new(self.from, self.from + self.len)
    }
}

/// A line and a column, both counted from 1.
///
/// Columns count characters as an editor does: every byte that does not continue a UTF-8 sequence
/// and is not NUL is one column. So columns are correct for ASCII text in UTF-16 too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// The offsets of a text's line ends, to turn offsets into [`Location`]s with a binary search.
#[derive(Debug)]
pub struct LineIndex<'t> {
    text: &'t [u8],
    ends: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    /// Reads `text` once and remembers every line feed.
    #[must_use]
    pub fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            ends: memchr::memchr_iter(b'\n', text).collect(),
        }
    }

    /// Number of the line, from 0, that holds `offset`.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.ends.partition_point(|&end| end < offset)
    }

    /// How many lines there are; a last line without a line feed counts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len() + 1
    }

    /// The span of line `line` (from 0), without its line feed. Empty past the end.
    #[must_use]
    pub fn span(&self, line: usize) -> Span {
        let start = match line.checked_sub(1) {
            None => 0,
            Some(before) => match self.ends.get(before) {
                Some(end) => end + 1,
                None => self.text.len(),
            },
        };
        let end = self.ends.get(line).copied().unwrap_or(self.text.len());
        Span::new(start, end.max(start))
    }

    /// The [`Location`] of `offset`.
    #[must_use]
    pub fn locate(&self, offset: usize) -> Location {
        let offset = offset.min(self.text.len());
        let line = self.line_of(offset);
        let before = Span::new(self.span(line).start, offset).of(self.text);
        Location {
            line: line + 1,
            column: 1 + columns(before),
        }
    }
}

/// Locates offsets in ascending order, each from the one before it: in a text that is one long
/// line, counting every column from the start of the line would take quadratic time.
#[derive(Debug)]
pub struct Locator<'i, 't> {
    index: &'i LineIndex<'t>,
    last: Option<(usize, Location)>,
}

impl<'i, 't> Locator<'i, 't> {
    /// A locator in the text of `index`.
    #[must_use]
    pub fn new(index: &'i LineIndex<'t>) -> Self {
        Self { index, last: None }
    }

    /// The [`Location`] of `offset`.
    pub fn locate(&mut self, offset: usize) -> Location {
        let offset = offset.min(self.index.text.len());
        let line = self.index.line_of(offset) + 1;
        let location = match self.last {
            Some((before, at)) if at.line == line && before <= offset => {
                let between = Span::new(before, offset).of(self.index.text);
                Location {
                    line,
                    column: at.column + columns(between),
                }
            }
            _ => self.index.locate(offset),
        };
        self.last = Some((offset, location));
        location
    }
}

/// The line, from 1, of the byte at `offset` in `text`.
#[must_use]
pub fn line_at(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
}

/// How many columns `bytes` occupy, as [`Location`] counts them.
#[must_use]
pub fn columns(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|&&b| b != 0 && b & 0xC0 != 0x80)
        .count()
}

/// Makes text from a repository safe to print: escapes control characters, bidirectional overrides
/// and bytes that are not UTF-8, so that no name or line can move the cursor or hide what follows
/// it.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_printable(&mut out, c);
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The message of a parser about a wrong key or value, without the key or value: it may be a pasted
/// secret. What the parser expected stays.
#[must_use]
pub fn without_value(message: &str) -> String {
    let message = message.trim_end();
    // The last one: the value may contain the same words.
    let Some((problem, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let problem = problem.split(['`', '"']).next().unwrap_or_default();
    format!("{}, expected {expected}", problem.trim_end())
}

/// A path as reports, policies and baselines have it: with `/` between names on every system.
#[must_use]
pub fn slashed(path: &Path) -> BString {
    let path = Vec::from_path_lossy(path).into_owned();
    with_slashes(path, std::path::MAIN_SEPARATOR)
}

/// Windows also has a verbatim form of absolute paths, `\\?\C:\a`, which is `C:\a`.
fn with_slashes(path: Vec<u8>, separator: char) -> BString {
    if separator == '/' {
        return path.into();
    }
    let path = match path.strip_prefix(br"\\?\UNC") {
        Some(share) => [br"\", share].concat(),
        None => path.strip_prefix(br"\\?\").unwrap_or(&path).to_vec(),
    };
    path.replace(br"\", "/").into()
}

/// Makes a path safe to print, as [`printable`] does.
#[must_use]
pub fn printable_path(path: &Path) -> String {
    printable(&Vec::from_path_lossy(path))
}

fn push_printable(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() || is_invisible(c) => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters that reorder or hide the text around them (Unicode TR 36 and "Trojan Source",
/// CVE-2021-42574).
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_slashes_on_windows_and_stay_on_unix() {
        for (path, expected) in [
            (r"src\main.rs", "src/main.rs"),
            (r"\\?\C:\shop\a", "C:/shop/a"),
            (r"\\?\UNC\server\share\a", "//server/share/a"),
            (r"\\server\share", "//server/share"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(with_slashes(path.into(), '\\'), expected);
            assert_eq!(with_slashes(path.into(), '/'), path);
        }
    }

    #[test]
    fn offsets_are_located_by_line_and_column() {
        let text = "ab\ncd\u{e9}f\n\nx".as_bytes();
        let index = LineIndex::new(text);
        let at = |offset| {
            let l = index.locate(offset);
            (l.line, l.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 3), "the line feed belongs to its line");
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(7), (2, 4), "a two-byte character is one column");
        assert_eq!(at(9), (3, 1));
        assert_eq!(at(10), (4, 1));
        assert_eq!(index.count(), 4);
        let mut locator = Locator::new(&index);
        for offset in [0, 1, 3, 7, 8, 10, 3, 5] {
            assert_eq!(locator.locate(offset), index.locate(offset));
        }
        assert_eq!(index.span(1).of(text), "cd\u{e9}f".as_bytes());
        assert!(index.span(9).is_empty());
    }

    #[test]
    fn columns_in_utf16_count_characters() {
        let text = b"a\0b\0\n\0c\0d\0";
        let index = LineIndex::new(text);
        assert_eq!(index.locate(8), Location { line: 2, column: 2 });
    }

    #[test]
    fn messages_of_parsers_keep_what_was_expected_only() {
        for (message, shown) in [
            (
                "unknown variant `x, expected y`, expected `low` or `high`",
                "unknown variant, expected `low` or `high`",
            ),
            (
                "invalid type: string \"x\", expected a date",
                "invalid type: string, expected a date",
            ),
            (
                "unclosed array, expected `]`",
                "unclosed array, expected `]`",
            ),
            ("missing field `reason`", "missing field `reason`"),
        ] {
            assert_eq!(without_value(message), shown);
        }
    }

    #[test]
    fn printable_escapes_control_and_invisible_characters() {
        assert_eq!(
            printable(b"a\x1b[31m\n\xff\xc3\xa9"),
            "a\\u{1b}[31m\\n\\xff\u{e9}"
        );
        assert_eq!(printable("x\u{202e}y".as_bytes()), "x\\u{202e}y");
    }
}
