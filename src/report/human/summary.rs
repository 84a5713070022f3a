//! The end of a report: what was allowed, what was not scanned, and the line that sums it up.

use std::io;

use super::Page;
use super::style::{count, size};
use crate::blob::Skip;
use crate::finding::{Allowed, Exception, Outcome, Status, Unused};
use crate::rule::Confidence;
use crate::text::printable;

/// The most skips that are listed one by one.
const MAX_LISTED: usize = 10;

impl Page<'_> {
    /// What was allowed, and by what, if that was asked for.
    pub(super) fn allowed(&self, allowed: &[Allowed], out: &mut dyn io::Write) -> io::Result<()> {
        if !self.options.show_allowed || allowed.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", self.paint.strong("allowed"))?;
        for Allowed { finding, by } in allowed {
            let by = match by {
                Exception::Entry { number, reason } => format!("[[allow]] entry {number}: {reason}"),
                Exception::Marker { word, reason: Some(reason) } => format!("{word}: {reason}"),
                Exception::Marker { word, reason: None } => word.clone(),
            };
            let place = self.place_of(finding, &finding.place);
            writeln!(out, "  {place} {}, by {}", finding.rule.id, printable(by.as_bytes()))?;
        }
        writeln!(out)
    }

    /// Exceptions that let nothing pass, if that was asked for; the expired ones also where something was found, as
    /// they may have let it pass before.
    pub(super) fn unused(&self, unused: &[Unused], found: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let shown = |entry: &&Unused| self.options.show_unused || (found && entry.expired.is_some());
        let mut any = false;
        for entry in unused.iter().filter(shown) {
            let reason = printable(entry.reason.as_bytes());
            let what = match entry.expired {
                Some(day) => format!("expired on {day}"),
                None => "let nothing pass".to_owned(),
            };
            writeln!(out, "{}: [[allow]] entry {} {what}: {reason}", self.paint.warn("unused"), entry.number)?;
            any = true;
        }
        if any { writeln!(out) } else { Ok(()) }
    }

    /// What was not scanned: first what leaves the scan incomplete, then what was left out on purpose.
    pub(super) fn skipped(&self, skipped: &[Skip], out: &mut dyn io::Write) -> io::Result<()> {
        let (failed, other): (Vec<_>, Vec<_>) = skipped.iter().partition(|skip| skip.reason.is_failure());
        if !failed.is_empty() {
            let title = self.paint.bad("NOT COMPLETED");
            writeln!(out, "{title}: {} could not be read, so nothing is known about what is there", failed.len())?;
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
            let reason = skip.reason.to_string();
            let path = printable(&self.mask.text(&skip.path));
            writeln!(out, "  {path}: {}", printable(&self.mask.text(reason.as_bytes())))?;
        }
        match skips.len().checked_sub(MAX_LISTED) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(out, "  and {more} more"),
        }
    }

    /// The last line.
    pub(super) fn summary(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let mut parts = Vec::new();
        match outcome.status() {
            Status::Incomplete => parts.push(self.paint.bad("NOT COMPLETED")),
            Status::Clean if outcome.findings.is_empty() => parts.push(self.paint.good("clean")),
            Status::Clean | Status::Findings => {}
        }
        if !outcome.findings.is_empty() {
            parts.push(self.findings(outcome));
        }
        if !outcome.allowed.is_empty() {
            parts.push(format!("{} allowed", outcome.allowed.len()));
        }
        let totals = outcome.totals;
        let what = match totals.objects {
            0 => count(totals.blobs, "blob", "blobs"),
            objects => {
                let (objects, files) = (count(objects, "object", "objects"), count(totals.blobs, "file", "files"));
                format!("{objects} and {files} beside them")
            }
        };
        parts.push(format!("{what} ({}) scanned", size(totals.bytes)));
        if totals.left_out > 0 {
            let (entries, them) =
                (count(totals.left_out, "entry", "entries"), if totals.left_out == 1 { "it" } else { "them" });
            parts.push(format!("{entries} left out by git's ignore rules (--no-ignore scans {them})"));
        }
        writeln!(out, "keysieve: {}", parts.join("; "))
    }

    fn findings(&self, outcome: &Outcome) -> String {
        let of = |confidence| outcome.findings.iter().filter(move |found| found.confidence == confidence).count();
        let grades = Confidence::ALL.into_iter().rev().filter(|&confidence| of(confidence) > 0);
        let grades: Vec<_> = grades.map(|confidence| format!("{} {confidence}", of(confidence))).collect();
        let blocking = outcome.findings.iter().filter(|found| found.blocking).count();
        let block = match blocking {
            0 => "none blocks".to_owned(),
            1 => "1 blocks".to_owned(),
            many => format!("{many} block"),
        };
        let number = count(outcome.findings.len() as u64, "finding", "findings");
        format!("{} ({}), {block}", self.paint.finding(blocking > 0, number), grades.join(", "))
    }
}
