//! Writes one finding in the style of a compiler error.

use std::io;

use super::Page;
use crate::blob::Origin;
use crate::finding::Finding;
use crate::report::safe_text::notes::ADVICE;
use crate::secret::Secret;
use crate::text::printable;

impl Page<'_> {
    /// Writes `found`; the help of its rule only if `with_help`.
    pub(super) fn finding(
        &self,
        found: &Finding,
        with_help: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let gutter = gutter(found);
        let head = format_args!("{}[{}]", found.confidence, found.rule.id);
        let head = self.paint.finding(found.blocking, head);
        let description = self.paint.strong(self.redactor.description(found));
        let remark = if found.blocking {
            ""
        } else {
            " (does not block)"
        };
        writeln!(out, "{head}: {description}{remark}")?;
        let place = self.redactor.place(found, &found.place);
        writeln!(out, "{:gutter$}{} {place}", "", self.paint.rail("-->"))?;
        self.frame(found, gutter, out)?;
        if self.options.reveal {
            self.revealed("secret", &found.secret, gutter, out)?;
            if let Some(partner) = &found.partner {
                self.revealed("with", &partner.secret, gutter, out)?;
            }
        }
        for (label, text) in self.redactor.notes(found) {
            // The advice on exposure is printed once, at the end.
            if label == "help" && !with_help || label == ADVICE {
                continue;
            }
            let (sign, label) = (self.paint.rail("="), self.paint.strong(label));
            writeln!(out, "{:gutter$} {sign} {label}: {text}", "")?;
        }
        writeln!(out)
    }

    fn frame(&self, found: &Finding, gutter: usize, out: &mut dyn io::Write) -> io::Result<()> {
        let bar = self.paint.rail("|");
        // A file name is shown as the place already.
        if found.place.frame.lines.is_empty() || matches!(found.origin, Origin::Name { .. }) {
            return Ok(());
        }
        writeln!(out, "{:gutter$} {bar}", "")?;
        let mut last_marked = 0;
        for line in self.redactor.frame(&found.place) {
            let number = self.paint.rail(format_args!("{:>gutter$}", line.number));
            // Frames are printable already. Trailing blanks are trimmed for diffs of reports.
            writeln!(
                out,
                "{}",
                format!("{number} {bar} {}", line.text).trim_end()
            )?;
            if let Some((from, to)) = line.mark {
                let carets = "^".repeat(to.saturating_sub(from).max(1));
                let carets = self.paint.finding(found.blocking, carets);
                writeln!(out, "{:gutter$} {bar} {:from$}{carets}", "", "")?;
                last_marked = line.number;
            }
        }
        let last = found.place.end.line;
        if last > last_marked && last_marked > 0 {
            writeln!(out, "{:gutter$} {bar} ... to line {last}", "")?;
        }
        writeln!(out, "{:gutter$} {bar}", "")
    }

    fn revealed(
        &self,
        label: &str,
        secret: &Secret,
        gutter: usize,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let (sign, label) = (self.paint.rail("="), self.paint.strong(label));
        let value = secret.reveal();
        if !value.contains(&b'\n') {
            return writeln!(out, "{:gutter$} {sign} {label}: {}", "", printable(value));
        }
        writeln!(out, "{:gutter$} {sign} {label}:", "")?;
        for line in value.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            writeln!(out, "{:gutter$}   {}", "", printable(line))?;
        }
        Ok(())
    }
}

/// The width of the line numbers in the frame of a finding.
fn gutter(found: &Finding) -> usize {
    let last = found.place.frame.lines.last().map_or(1, |line| line.number);
    last.to_string().len()
}
