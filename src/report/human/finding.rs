//! One finding, drawn as a compiler draws an error.

use std::io;

use super::super::history::{self, Says};
use super::Page;
use super::style::because;
use crate::blob::Origin;
use crate::finding::{Finding, Place};
use crate::secret::Secret;
use crate::text::printable;

impl Page<'_> {
    /// Draws `found`; what its rule has to say only if `with_help`.
    pub(super) fn finding(&self, found: &Finding, with_help: bool, out: &mut dyn io::Write) -> io::Result<()> {
        let gutter = gutter(found);
        let head = self.paint.finding(found.blocking, format_args!("{}[{}]", found.confidence, found.rule.id));
        let remark = if found.blocking { "" } else { " (does not block)" };
        writeln!(out, "{head}: {}{remark}", self.paint.strong(printable(found.rule.description.as_bytes())))?;
        writeln!(out, "{:gutter$}{} {}", "", self.paint.rail("-->"), self.place_of(found, &found.place))?;
        self.frame(found, gutter, out)?;
        if self.options.reveal {
            self.revealed("secret", &found.secret, gutter, out)?;
            if let Some(partner) = &found.partner {
                self.revealed("with", &partner.secret, gutter, out)?;
            }
        }
        for (label, text) in self.notes(found, with_help) {
            writeln!(out, "{:gutter$} {} {}: {text}", "", self.paint.rail("="), self.paint.strong(label))?;
        }
        writeln!(out)
    }

    /// `path:line:column`, which terminals and editors open; the path alone where it is the path that holds the secret.
    pub(super) fn place_of(&self, found: &Finding, place: &Place) -> String {
        let path = printable(&self.mask.path_of(found));
        match found.origin {
            Origin::Name { .. } => path,
            _ => format!("{path}:{}:{}", place.start.line, place.start.column),
        }
    }

    fn frame(&self, found: &Finding, gutter: usize, out: &mut dyn io::Write) -> io::Result<()> {
        let bar = self.paint.rail("|");
        let lines = &found.place.frame.lines;
        // A name is shown already, as the place.
        if lines.is_empty() || matches!(found.origin, Origin::Name { .. }) {
            return Ok(());
        }
        writeln!(out, "{:gutter$} {bar}", "")?;
        let mut last_marked = 0;
        for line in lines {
            let number = self.paint.rail(format_args!("{:>gutter$}", line.number));
            // Frames are printable already; a trailing blank would only be seen in a diff.
            writeln!(out, "{}", format!("{number} {bar} {}", line.text).trim_end())?;
            if let Some((from, to)) = line.mark {
                let carets = "^".repeat(to.saturating_sub(from).max(1));
                let carets = self.paint.finding(found.blocking, carets);
                writeln!(out, "{:gutter$} {bar} {:from$}{carets}", "", "")?;
                last_marked = line.number;
            }
        }
        if found.place.end.line > last_marked && last_marked > 0 {
            writeln!(out, "{:gutter$} {bar} ... to line {}", "", found.place.end.line)?;
        }
        writeln!(out, "{:gutter$} {bar}", "")
    }

    fn revealed(&self, label: &str, secret: &Secret, gutter: usize, out: &mut dyn io::Write) -> io::Result<()> {
        let (sign, label) = (self.paint.rail("="), self.paint.strong(label));
        let value = secret.reveal();
        if !value.contains(&b'\n') {
            return writeln!(out, "{:gutter$} {sign} {label}: {}", "", printable(value));
        }
        writeln!(out, "{:gutter$} {sign} {label}:", "")?;
        for line in value.split(|&byte| byte == b'\n') {
            writeln!(out, "{:gutter$}   {}", "", printable(line.strip_suffix(b"\r").unwrap_or(line)))?;
        }
        Ok(())
    }

    fn notes(&self, found: &Finding, with_help: bool) -> Vec<(&'static str, String)> {
        let mut notes = Vec::new();
        let what = self.what(found);
        if !what.is_empty() {
            notes.push(("what", what.join("; ")));
        }
        let mut why = format!("{}: {}", found.confidence, because(found.confidence, found.partner.is_some()));
        if let Some(encoding) = found.place.encoding {
            why.push_str("; written as ");
            why.push_str(encoding);
        }
        notes.push(("why", why));
        if let Some(history) = &found.history {
            let name = |text: &[u8]| printable(&self.mask.text(text));
            let prose = |text: &[u8]| printable(&self.mask.prose(text));
            notes.extend(history::notes(history, &Says { name: &name, prose: &prose }));
        }
        if let Some(help) = found.rule.help.as_ref().filter(|_| with_help) {
            notes.push(("help", printable(help.trim().as_bytes())));
        }
        notes.push(("allow", format!("keysieve allow {} --reason \"why it may pass\"", found.fingerprint)));
        notes
    }

    fn what(&self, found: &Finding) -> Vec<String> {
        let mut what = Vec::new();
        match found.origin {
            Origin::Name { .. } => what.push("stands in a file's name".to_owned()),
            Origin::CommitMessage { .. } => what.push("stands in the commit message".to_owned()),
            Origin::CommitText { .. } => what.push("stands in the commit itself".to_owned()),
            Origin::TagText { .. } => what.push("stands in the tag itself".to_owned()),
            _ => {}
        }
        for detail in &found.details {
            what.push(format!("{} {}", detail.key.replace('_', " "), printable(detail.value.as_bytes())));
        }
        if let Some(partner) = &found.partner {
            let description = printable(partner.rule.description.as_bytes());
            what.push(format!("with the {description} at {}", self.place_of(found, &partner.place)));
        }
        what
    }
}

/// How wide the line numbers of a finding's frame are.
fn gutter(found: &Finding) -> usize {
    found.place.frame.lines.last().map_or(1, |line| line.number).to_string().len()
}
