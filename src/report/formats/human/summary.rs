//! Writes the end of a report: policy changes, allowed findings, skips and the summary line.

use std::io;

use super::Page;
use crate::blob::Skip;
use crate::finding::{Allowed, Finding, Outcome, PolicyChange, Status};
use crate::report::safe_text::words::{
    POLICY, UNREAD, count, failed_and_other_skips, skips_word, summary, unused_to_list,
};

/// The most skips that are listed.
const MAX_LISTED: usize = 10;

impl Page<'_> {
    /// The policy files that the judged commits change, for their reviewer.
    pub(super) fn policy_changes(
        &self,
        changes: &[PolicyChange],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}: {POLICY}", self.paint.warn("policy"))?;
        for PolicyChange { path, what } in changes {
            writeln!(out, "  {}: {}", self.redactor.text(path), what.word())?;
        }
        writeln!(out)
    }

    /// The allowed findings, with `--show-allowed`.
    pub(super) fn allowed(&self, allowed: &[Allowed], out: &mut dyn io::Write) -> io::Result<()> {
        if !self.options.show_allowed || allowed.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint.strong("allowed"))?;
        for entry in allowed {
            writeln!(out, "  {}", self.redactor.allowed(entry))?;
        }
        writeln!(out)
    }

    /// The unused allow entries and baseline entries.
    pub(super) fn unused(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let mut entries = unused_to_list(outcome, self.options.show_unused).peekable();
        if entries.peek().is_none() {
            return Ok(());
        }
        for entry in entries {
            writeln!(
                out,
                "{}: {}",
                self.paint.warn("unused"),
                self.redactor.unused(entry)
            )?;
        }
        writeln!(out)
    }

    /// The skips: first those that make the scan incomplete, then those on purpose.
    pub(super) fn skipped(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let (failed, other) = failed_and_other_skips(outcome);
        if !failed.is_empty() {
            let title = self.paint.bad("INCOMPLETE");
            writeln!(out, "{title}: {} {UNREAD}", failed.len())?;
            self.list(&failed, out)?;
        }
        if !other.is_empty() {
            writeln!(
                out,
                "{}: {}",
                self.paint.warn(skips_word(other.iter().copied())),
                other.len()
            )?;
            self.list(&other, out)?;
        }
        Ok(())
    }

    fn list(&self, skips: &[&Skip], out: &mut dyn io::Write) -> io::Result<()> {
        for skip in skips.iter().take(MAX_LISTED) {
            let (path, reason) = self.redactor.skip(skip);
            writeln!(out, "  {path}: {reason}")?;
        }
        match skips.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more"),
        }
    }

    /// What does not block, in one line.
    pub(super) fn minor(&self, minor: &[&Finding], out: &mut dyn io::Write) -> io::Result<()> {
        let Some((first, rest)) = minor.split_first() else {
            return Ok(());
        };
        let place = self.redactor.place(first, &first.place);
        let more = match rest.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let (number, rule) = (
            count(minor.len() as u64, "finding", "findings"),
            &first.rule.id,
        );
        let verb = if rest.is_empty() { "does" } else { "do" };
        let title = self.paint.warn(format_args!("{number} {verb} not block"));
        writeln!(out, "keysieve: {title}: {rule} at {place}{more}")
    }

    /// The last line.
    pub(super) fn summary(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        if self.options.screen.quiet && outcome.status() == Status::Clean {
            return Ok(());
        }
        let summary = summary(outcome, |tone, text| self.paint.tone(tone, text));
        writeln!(out, "keysieve: {summary}")?;
        if self.options.screen.versions {
            let (rules, policy) = (&self.options.rules_version, &self.options.policy_version);
            let version = self.options.version;
            writeln!(
                out,
                "keysieve: version {version}, rules {rules}, policy {policy}"
            )?;
        }
        Ok(())
    }
}
