//! Writes one finding in the style of a compiler error.

use std::io;

use super::Page;
use super::wrap::{Breaks, columns, cut_end, cut_start, wrap};
use crate::finding::Finding;
use crate::finding::frame::FrameLine;
use crate::report::safe_text::notes::ADVICE;
use crate::secret::Secret;
use crate::text::printable;

/// The least columns for the text of a frame.
const MIN_ROOM: usize = 20;

/// The columns that are kept before a mark which is too far to the right.
const LEAD: usize = 12;

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
        // A file that must be encrypted has no value.
        if self.options.reveal && !found.secret.is_empty() {
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
            let start = gutter + label.len() + 5;
            let breaks = match label {
                "allow" => Breaks::command(gutter + 5),
                _ => Breaks::at(gutter + 5),
            };
            let (sign, label) = (self.paint.rail("="), self.paint.strong(label));
            let text = match self.options.screen.width {
                Some(width) => wrap(&text, start, width, breaks),
                None => text,
            };
            writeln!(out, "{:gutter$} {sign} {label}: {text}", "")?;
        }
        writeln!(out)
    }

    fn frame(&self, found: &Finding, gutter: usize, out: &mut dyn io::Write) -> io::Result<()> {
        if !found.has_frame() {
            return Ok(());
        }
        let bar = self.paint.rail("|");
        writeln!(out, "{:gutter$} {bar}", "")?;
        let mut last_marked = 0;
        let room = self.options.screen.width.unwrap_or(usize::MAX);
        let room = room.saturating_sub(gutter + 3).max(MIN_ROOM);
        for line in self.redactor.frame(&found.place) {
            let (text, mark) = clip(&line, room);
            let number = self.paint.rail(format_args!("{:>gutter$}", line.number));
            // Frames are printable already. Trailing blanks are trimmed for diffs of reports.
            writeln!(out, "{}", format!("{number} {bar} {text}").trim_end())?;
            if let Some((from, size)) = mark {
                let carets = "^".repeat(size);
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

/// The text of a line in at most `room` columns, with the start of its mark; and the column and the
/// width of the mark.
fn clip(line: &FrameLine, room: usize) -> (String, Option<(usize, usize)>) {
    let Some((from, to)) = line.mark else {
        return (cut_end(&line.text, room), None);
    };
    let part = |from: usize, to: usize| -> String {
        let chars = line.text.chars().skip(from);
        chars.take(to.saturating_sub(from)).collect()
    };
    let (mut before, mark, after) = (part(0, from), part(from, to), part(to, usize::MAX));
    let size = columns(&mark).max(1);
    if columns(&before) + size >= room {
        before = cut_start(&before, LEAD);
    }
    let column = columns(&before);
    let size = size.min(room.saturating_sub(column)).max(1);
    (
        cut_end(&(before + &mark + &after), room),
        Some((column, size)),
    )
}

/// The width of the line numbers in the frame of a finding.
fn gutter(found: &Finding) -> usize {
    let last = found.place.frame.lines.last().map_or(1, |line| line.number);
    last.to_string().len()
}
