//! The end of a report: what was allowed, what was not scanned, and the line that sums it up.

use std::io;

use super::Page;
use crate::blob::Skip;
use crate::finding::{Allowed, Outcome, PolicyChange, Unused};
use crate::report::safe_text::words::{POLICY, UNREAD, lists_unused, summary};

/// The most skips that are listed one by one.
const MAX_LISTED: usize = 10;

impl Page<'_> {
    /// Files of policy that the commits which are judged change: who reviews them has to look at
    /// these.
    pub(in crate::report) fn policy_changes(
        &self,
        changes: &[PolicyChange],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}: {POLICY}", self.paint.warn("policy"))?;
        for PolicyChange { path, what } in changes {
            writeln!(out, "  {}: {}", self.facts.text(path), what.word())?;
        }
        writeln!(out)
    }

    /// What was allowed, and by what, if that was asked for.
    pub(in crate::report) fn allowed(
        &self,
        allowed: &[Allowed],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        if !self.options.show_allowed || allowed.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint.strong("allowed"))?;
        for entry in allowed {
            writeln!(out, "  {}", self.facts.allowed(entry))?;
        }
        writeln!(out)
    }

    /// Exceptions that let nothing pass, if that was asked for; the expired ones also where
    /// something was found, as they may have let it pass before.
    pub(in crate::report) fn unused(
        &self,
        unused: &[Unused],
        found: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let mut any = false;
        for entry in unused
            .iter()
            .filter(|entry| lists_unused(entry, self.options.show_unused, found))
        {
            writeln!(
                out,
                "{}: {}",
                self.paint.warn("unused"),
                self.facts.unused(entry)
            )?;
            any = true;
        }
        if any { writeln!(out) } else { Ok(()) }
    }

    /// What was not scanned: first what leaves the scan incomplete, then what was left out on
    /// purpose.
    pub(in crate::report) fn skipped(
        &self,
        skipped: &[Skip],
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let (failed, other): (Vec<_>, Vec<_>) =
            skipped.iter().partition(|skip| skip.reason.is_failure());
        if !failed.is_empty() {
            let title = self.paint.bad("NOT COMPLETED");
            writeln!(out, "{title}: {} {UNREAD}", failed.len())?;
            self.list(&failed, out)?;
        }
        if !other.is_empty() {
            writeln!(out, "{}: {}", self.paint.warn("not scanned"), other.len())?;
            self.list(&other, out)?;
        }
        Ok(())
    }

    fn list(&self, skips: &[&Skip], out: &mut dyn io::Write) -> io::Result<()> {
        for skip in skips.iter().take(MAX_LISTED) {
            let (path, reason) = self.facts.skip(skip);
            writeln!(out, "  {path}: {reason}")?;
        }
        match skips.len().checked_sub(MAX_LISTED) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(out, "  and {more} more"),
        }
    }

    /// The last line.
    pub(in crate::report) fn summary(
        &self,
        outcome: &Outcome,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        writeln!(
            out,
            "keysieve: {}",
            summary(outcome, |tone, text| self.paint.tone(tone, text))
        )
    }
}
