//! Breaks up commands to the agents of CI systems, which read them from the log: text from a
//! repository can contain them.

use std::fmt::Write as _;
use std::io;

/// How many ASCII characters after `##` are searched for a bracket: `vso[` of Azure Pipelines,
/// `teamcity[`, and the bracket itself in old commands of GitHub Actions.
const MAX_WORD: usize = 32;

/// Escapes the character of `line` that would begin a command: the second one of `##vso[`, `##[`
/// and `##teamcity[` anywhere, and a colon before all but white space. Characters that are not
/// ASCII are ignored, since the agents may ignore some of them when they compare.
#[must_use]
pub fn log_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let (mut is_start, mut after_hash) = (true, false);
    for (at, c) in line.char_indices() {
        let begins = match c {
            '#' => after_hash && opens(&line[at + 1..]),
            ':' => is_start && line[at + 1..].chars().find(char::is_ascii) == Some(':'),
            _ => false,
        };
        if begins {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
        if c.is_ascii() {
            after_hash = c == '#';
            is_start &= c.is_ascii_whitespace();
        }
    }
    out
}

/// Whether a word with a bracket in it follows.
fn opens(rest: &str) -> bool {
    let word = rest.chars().filter(char::is_ascii).take(MAX_WORD);
    word.take_while(|c| !c.is_ascii_whitespace())
        .any(|c| c == '[')
}

/// Writes text that is for people to `out` through [`log_line`].
pub(in crate::report) fn write_log(
    out: &mut dyn io::Write,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = Lines {
        out,
        line: Vec::new(),
    };
    write(&mut lines)?;
    lines.end(b"")
}

/// Collects the bytes of a line.
struct Lines<'w> {
    out: &'w mut dyn io::Write,
    line: Vec<u8>,
}

impl Lines<'_> {
    fn end(&mut self, feed: &[u8]) -> io::Result<()> {
        let line = log_line(&String::from_utf8_lossy(&self.line));
        self.line.clear();
        self.out.write_all(line.as_bytes())?;
        self.out.write_all(feed)
    }
}

impl io::Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line.extend_from_slice(&rest[..end]);
            self.end(b"\n")?;
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
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
    fn commands_are_broken_up_and_other_text_is_not() {
        for (line, expected) in [
            ("a ##vso[task.x]y", r"a #\u{23}vso[task.x]y"),
            ("##[group]x", r"#\u{23}[group]x"),
            ("###teamcity[x]", r"#\u{23}\u{23}teamcity[x]"),
            ("#\u{ad}#\u{ad}vso[x]", "#\u{ad}\\u{23}\u{ad}vso[x]"),
            (" \t::error::x", " \t\\u{3a}:error::x"),
            ("\u{a0}:\u{ad}:x", "\u{a0}\\u{3a}\u{ad}:x"),
            ("## Title [x]", "## Title [x]"),
            ("a ::b: :c #[d] :", "a ::b: :c #[d] :"),
            (": one", ": one"),
        ] {
            assert_eq!(log_line(line), expected);
        }
    }

    #[test]
    fn lines_are_written_as_they_end() {
        let mut out = Vec::new();
        write_log(&mut out, |out| {
            out.write_all(b"#")?;
            out.write_all(b"#vso[x]\n:")?;
            out.write_all(b":y")
        })
        .unwrap();
        assert_eq!(out, b"#\\u{23}vso[x]\n\\u{3a}:y");
    }
}
