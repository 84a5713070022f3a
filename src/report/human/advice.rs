//! What to do about findings: said once, however many there are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::super::words::ROTATE;
use super::Page;
use crate::blob::Origin;
use crate::finding::Finding;

/// The most paths that are put into one command.
const MAX_PATHS: usize = 5;

impl Page<'_> {
    /// What to do about `findings`.
    pub(super) fn advice(&self, findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{}", self.paint.strong("what to do"))?;
        writeln!(out, "  {}   {}\n           {}", self.paint.strong("rotate"), ROTATE[0], ROTATE[1])?;
        if let Some(command) = self.unstage(findings) {
            writeln!(out, "  {}  {command}", self.paint.strong("unstage"))?;
        }
        let message = findings.iter().find_map(|found| match &found.origin {
            Origin::CommitMessage { path } => Some(quoted(&self.facts.bytes(path))),
            _ => None,
        });
        if let Some(message) = message {
            writeln!(out, "  {}   git commit --edit --file {message}", self.paint.strong("reword"))?;
        }
        writeln!(
            out,
            "  {}    If it may pass, run the line beside the finding, or write the comment `keysieve:allow REASON` on \
             its line.\n",
            self.paint.strong("allow")
        )
    }

    /// The command that takes what is staged out of the next commit, if anything is.
    fn unstage(&self, findings: &[Finding]) -> Option<String> {
        let staged = findings.iter().filter_map(|found| match &found.origin {
            Origin::Staged { path, .. } => Some(path),
            _ => None,
        });
        let paths: BTreeSet<_> = staged.collect();
        if paths.is_empty() {
            return None;
        }
        let mut command =
            if self.options.advice.first_commit { "git rm --cached --" } else { "git restore --staged --" }.to_owned();
        for path in paths.iter().take(MAX_PATHS) {
            command.push(' ');
            command.push_str(&quoted(&self.facts.bytes(path)));
        }
        if let Some(more) = paths.len().checked_sub(MAX_PATHS).filter(|&more| more > 0) {
            // Writing to a String cannot fail.
            let _ = write!(command, "  (and {more} more)");
        }
        Some(command)
    }
}

/// `path` as a shell reads it back: bare, in quotes, or with every odd byte escaped, as `printable` would demand.
fn quoted(path: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/+=:@%,".contains(byte);
    if !path.is_empty() && path.iter().all(plain) {
        return String::from_utf8_lossy(path).into_owned();
    }
    if let Ok(text) = std::str::from_utf8(path)
        && crate::text::printable(path) == text
    {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for &byte in path {
        if byte.is_ascii_graphic() && !b"'\\".contains(&byte) || byte == b' ' {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn paths_survive_the_shell() {
        for (path, expected) in [
            (&b"src/a-b.py"[..], "src/a-b.py"),
            (b"a b", "'a b'"),
            (b"$(x)", "'$(x)'"),
            (b"it's", r"'it'\''s'"),
            ("caf\u{e9}".as_bytes(), "'caf\u{e9}'"),
            (b"a\nb'\xff", r"$'a\x0ab\x27\xff'"),
            (b"", "''"),
        ] {
            assert_eq!(quoted(path), expected);
        }
    }
}
