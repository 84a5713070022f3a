//! Colours, and none where none are wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::rule::Confidence;

/// Paints words.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    color: bool,
}

impl Paint {
    /// Paints if `color`.
    pub(super) const fn new(color: bool) -> Self {
        Self { color }
    }

    /// What stops the run.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What should be looked at.
    pub(super) fn warn(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// What is well.
    pub(super) fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// What a line is about.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Line numbers, and the rule beside them.
    pub(super) fn rail(self, text: impl Display) -> String {
        self.with(AnsiColor::Blue.on_default().bold(), text)
    }

    /// A finding's confidence, or the mark under it.
    pub(super) fn finding(self, blocking: bool, text: impl Display) -> String {
        if blocking { self.bad(text) } else { self.warn(text) }
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

/// `1 blob`, `2 blobs`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A size with a unit that keeps it short.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Why a finding has its confidence.
pub(super) const fn because(confidence: Confidence, is_pair: bool) -> &'static str {
    match (confidence, is_pair) {
        (_, true) => "both halves of it were found",
        (Confidence::Certain, false) => "proven by its checksum or by what it decodes to",
        (Confidence::High, false) => "it has the shape, and stands where a secret stands",
        (Confidence::Medium, false) => "hardly anything but a secret has this shape",
        (Confidence::Low, false) => "it has the shape of a secret; nothing else speaks for it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1_258_291, 1_395_864_371, 1 << 50].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.2 MiB", "1.3 GiB", "1024.0 TiB"]);
    }
}
