//! What to do about findings: said once, however many there are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::Page;
use crate::blob::Origin;
use crate::finding::Finding;
use crate::git::RootKind;
use crate::report::safe_text::words::ROTATE;

/// The most paths that are put into one command.
const MAX_PATHS: usize = 5;

impl Page<'_> {
    /// What to do about `findings`.
    pub(in crate::report) fn advice(
        &self,
        findings: &[Finding],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        writeln!(out, "{}", self.paint.strong("what to do"))?;
        writeln!(
            out,
            "  {}   {}\n           {}",
            self.paint.strong("rotate"),
            ROTATE[0],
            ROTATE[1]
        )?;
        if let Some(command) = self.unstage(findings) {
            writeln!(out, "  {}  {command}", self.paint.strong("unstage"))?;
        }
        let message = findings.iter().find_map(|found| match &found.origin {
            Origin::CommitMessage { path } => Some(quoted(&self.facts.bytes(path))),
            _ => None,
        });
        if let Some(message) = message {
            writeln!(
                out,
                "  {}   git commit --edit --file {message}",
                self.paint.strong("reword")
            )?;
        }
        if self.by_exposure(findings, out)? {
            return writeln!(
                out,
                "  {}    If it may pass, run the line beside the finding.\n",
                self.paint.strong("allow")
            );
        }
        writeln!(
            out,
            "  {}    If it may pass, run the line beside the finding, or write the comment `keysieve:allow REASON` on \
             its line.\n",
            self.paint.strong("allow")
        )
    }

    /// What follows from how exposed they are, for each way once, the worst first; whether there
    /// was anything to say.
    fn by_exposure(&self, findings: &[Finding], out: &mut dyn io::Write) -> io::Result<bool> {
        let of = |finding: &Finding| finding.history.as_ref().map(|history| history.exposure);
        let exposures: BTreeSet<_> = findings.iter().filter_map(of).collect();
        for exposure in &exposures {
            let many = findings
                .iter()
                .filter(|finding| of(finding) == Some(*exposure))
                .count();
            writeln!(
                out,
                "  {} ({many})\n           {}",
                self.paint.strong(exposure.word()),
                exposure.advice()
            )?;
        }
        if !exposures.is_empty() {
            writeln!(
                out,
                "  {}     'keysieve audit --plan DIR' writes all that a clean-up needs, in the right order.",
                self.paint.strong("plan")
            )?;
        }
        Ok(!exposures.is_empty())
    }

    /// The command that takes what is staged out of the next commit, if anything is.
    fn unstage(&self, findings: &[Finding]) -> Option<String> {
        let staged = findings.iter().filter_map(|found| match &found.origin {
            Origin::Staged { path, .. } if is_in_own_index(found) => Some(path),
            _ => None,
        });
        let paths: BTreeSet<_> = staged.collect();
        if paths.is_empty() {
            return None;
        }
        let mut command = if self.options.advice.first_commit {
            "git rm --cached --"
        } else {
            "git restore --staged --"
        }
        .to_owned();
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

/// Whether what is staged is so in the work tree that was asked about; an audit sees those of
/// others too.
fn is_in_own_index(found: &Finding) -> bool {
    found.history.as_ref().is_none_or(|history| {
        history
            .reached_from
            .iter()
            .any(|reached| reached.kind == RootKind::Index && reached.name == "index")
    })
}

/// `path` as a shell reads it back: bare, in quotes, or with every odd byte escaped, as `printable`
/// would demand.
pub(in crate::report) fn quoted(path: &[u8]) -> String {
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
