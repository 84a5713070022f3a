//! Colours the parts of a report, if colours are wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::report::safe_text::words::Tone;

/// Adds colours to words.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    color: bool,
}

impl Paint {
    /// Adds colours if `color`.
    pub(super) const fn new(color: bool) -> Self {
        Self { color }
    }

    /// A part of the summary.
    pub(super) fn tone(self, tone: Tone, text: impl Display) -> String {
        match tone {
            Tone::Bad => self.bad(text),
            Tone::Warn => self.warn(text),
            Tone::Good => self.good(text),
        }
    }

    /// What fails the run.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What should be looked at.
    pub(super) fn warn(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// What is fine.
    pub(super) fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// The subject of a line.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Line numbers and the ruler next to them.
    pub(super) fn rail(self, text: impl Display) -> String {
        self.with(AnsiColor::Blue.on_default().bold(), text)
    }

    /// The confidence of a finding, or the mark under it.
    pub(super) fn finding(self, blocking: bool, text: impl Display) -> String {
        if blocking {
            self.bad(text)
        } else {
            self.warn(text)
        }
    }

    fn with(self, style: Style, text: impl Display) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }
}
