//! Writes the advice on findings: each piece once, however many findings there are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Page;
use super::wrap::{Breaks, wrap};
use crate::blob::Origin;
use crate::finding::Finding;
use crate::git::RootKind;
use crate::report::safe_text::shell::quoted;
use crate::report::safe_text::words::ROTATE;
use crate::rule::NOT_ENCRYPTED;

/// The most paths in one command.
const MAX_PATHS: usize = 5;

/// The column of the text of a step.
const STEP: usize = 11;

/// Longer lines of prose are hard to read.
const MAX_WIDTH: usize = 100;

impl Page<'_> {
    /// Writes what to do about `findings`.
    pub(super) fn advice(
        &self,
        findings: &[&Finding],
        is_full: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        writeln!(out, "{}", self.paint.strong("what to do"))?;
        self.step("rotate", &ROTATE.join(" "), out)?;
        if let Some(command) = self.unstage(findings) {
            self.command("unstage", &command, out)?;
        }
        if let Some(path) = findings
            .iter()
            .find_map(|found| message_path(&found.origin))
        {
            let path = quoted(&self.redactor.bytes(path));
            self.command("reword", &format!("git commit --edit --file {path}"), out)?;
        }
        if !is_full {
            self.step(
                "details",
                "--full shows the line and the notes of each finding",
                out,
            )?;
        }
        let allow = if is_full {
            "run the `keysieve allow` command shown with the finding"
        } else {
            "run the `keysieve allow` command that --full shows with the finding"
        };
        let are_files = findings
            .iter()
            .all(|found| *found.rule.id == *NOT_ENCRYPTED);
        if self.by_exposure(findings, out)? || are_files {
            self.step("allow", allow, out)?;
        } else {
            let marker = "or add the comment `keysieve:allow REASON` on its line";
            self.step("allow", &format!("{allow}, {marker}"), out)?;
        }
        writeln!(out)
    }

    fn step(&self, label: &str, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        self.labelled(label, text, Breaks::at(STEP), out)
    }

    fn command(&self, label: &str, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        match self.options.screen.width {
            Some(_) => self.labelled(label, text, Breaks::command(STEP), out),
            None => self.line(label, text, out),
        }
    }

    fn labelled(
        &self,
        label: &str,
        text: &str,
        breaks: Breaks,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let width = self
            .options
            .screen
            .width
            .unwrap_or(MAX_WIDTH)
            .min(MAX_WIDTH);
        self.line(label, &wrap(text, STEP, width, breaks), out)
    }

    fn line(&self, label: &str, text: &str, out: &mut dyn io::Write) -> io::Result<()> {
        let pad = STEP.saturating_sub(2 + label.len());
        writeln!(out, "  {}{:pad$}{text}", self.paint.strong(label), "")
    }

    /// Writes the advice on each exposure once, the worst first. Returns whether there was any.
    fn by_exposure(&self, findings: &[&Finding], out: &mut dyn io::Write) -> io::Result<bool> {
        let mut exposures = BTreeMap::new();
        for history in findings.iter().filter_map(|found| found.history.as_ref()) {
            *exposures.entry(history.exposure).or_insert(0) += 1;
        }
        for (exposure, findings) in &exposures {
            writeln!(out, "  {} ({findings})", self.paint.strong(exposure.word()))?;
            self.step("", exposure.advice(), out)?;
        }
        if !exposures.is_empty() {
            let text = "'keysieve audit --plan DIR' writes a clean-up plan, step by step";
            self.step("plan", text, out)?;
        }
        Ok(!exposures.is_empty())
    }

    /// The command that removes staged findings from the next commit, if there are any.
    fn unstage(&self, findings: &[&Finding]) -> Option<String> {
        let paths: BTreeSet<_> = findings
            .iter()
            .copied()
            .filter_map(own_staged_path)
            .collect();
        if paths.is_empty() {
            return None;
        }
        let command = if self.options.about.first_commit {
            "git rm --cached --"
        } else {
            "git restore --staged --"
        };
        let mut command = command.to_owned();
        for path in paths.iter().take(MAX_PATHS) {
            command.push(' ');
            command.push_str(&quoted(&self.redactor.bytes(path)));
        }
        if let more @ 1.. = paths.len().saturating_sub(MAX_PATHS) {
            command.push_str(&format!("  (and {more} more)"));
        }
        Some(command)
    }
}

fn message_path(origin: &Origin) -> Option<&[u8]> {
    match origin {
        Origin::CommitMessage { path } => Some(path),
        _ => None,
    }
}

/// The path of a finding that is staged in the current work tree. An audit also sees the index of
/// every other work tree.
fn own_staged_path(found: &Finding) -> Option<&[u8]> {
    let is_own = found.history.as_ref().is_none_or(|history| {
        let mut roots = history.reached_from.iter();
        roots.any(|root| root.kind == RootKind::Index && root.name == "index")
    });
    match &found.origin {
        Origin::Staged { path, .. } if is_own => Some(path),
        _ => None,
    }
}
