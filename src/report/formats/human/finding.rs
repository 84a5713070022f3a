//! One finding, drawn as a compiler draws an error.

use std::io;

use super::Page;
use crate::blob::Origin;
use crate::finding::Finding;
use crate::report::history::ADVICE;
use crate::secret::Secret;
use crate::text::printable;

impl Page<'_> {
    /// Draws `found`; what its rule has to say only if `with_help`.
    pub(in crate::report) fn finding(
        &self,
        found: &Finding,
        with_help: bool,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let gutter = gutter(found);
        let head = self.paint.finding(
            found.blocking,
            format_args!("{}[{}]", found.confidence, found.rule.id),
        );
        let remark = if found.blocking {
            ""
        } else {
            " (does not block)"
        };
        writeln!(
            out,
            "{head}: {}{remark}",
            self.paint.strong(self.facts.description(found))
        )?;
        writeln!(
            out,
            "{:gutter$}{} {}",
            "",
            self.paint.rail("-->"),
            self.facts.place(found, &found.place)
        )?;
        self.frame(found, gutter, out)?;
        if self.options.reveal {
            self.revealed("secret", &found.secret, gutter, out)?;
            if let Some(partner) = &found.partner {
                self.revealed("with", &partner.secret, gutter, out)?;
            }
        }
        for (label, text) in self.facts.notes(found) {
            // What follows from exposure is said at the end.
            if label == "help" && !with_help || label == ADVICE {
                continue;
            }
            writeln!(
                out,
                "{:gutter$} {} {}: {text}",
                "",
                self.paint.rail("="),
                self.paint.strong(label)
            )?;
        }
        writeln!(out)
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
        for (line, text) in self.facts.frame(&found.place) {
            let number = self.paint.rail(format_args!("{:>gutter$}", line.number));
            // Frames are printable already; a trailing blank would only be seen in a diff.
            writeln!(out, "{}", format!("{number} {bar} {text}").trim_end())?;
            if let Some((from, to)) = line.mark {
                let carets = "^".repeat(to.saturating_sub(from).max(1));
                let carets = self.paint.finding(found.blocking, carets);
                writeln!(out, "{:gutter$} {bar} {:from$}{carets}", "", "")?;
                last_marked = line.number;
            }
        }
        if found.place.end.line > last_marked && last_marked > 0 {
            writeln!(
                out,
                "{:gutter$} {bar} ... to line {}",
                "", found.place.end.line
            )?;
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
            writeln!(
                out,
                "{:gutter$}   {}",
                "",
                printable(line.strip_suffix(b"\r").unwrap_or(line))
            )?;
        }
        Ok(())
    }
}

/// How wide the line numbers of a finding's frame are.
fn gutter(found: &Finding) -> usize {
    found
        .place
        .frame
        .lines
        .last()
        .map_or(1, |line| line.number)
        .to_string()
        .len()
}
