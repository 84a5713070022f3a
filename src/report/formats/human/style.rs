//! Colours, and none where none are wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::report::safe_text::words::Tone;

/// Paints words.
#[derive(Clone, Copy)]
pub(in crate::report) struct Paint {
    color: bool,
}

impl Paint {
    /// Paints if `color`.
    pub(in crate::report) const fn new(color: bool) -> Self {
        Self { color }
    }

    /// A part of the sentence that sums up.
    pub(in crate::report) fn tone(self, tone: Tone, text: impl Display) -> String {
        match tone {
            Tone::Bad => self.bad(text),
            Tone::Warn => self.warn(text),
            Tone::Good => self.good(text),
        }
    }

    /// What stops the run.
    pub(in crate::report) fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// What should be looked at.
    pub(in crate::report) fn warn(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// What is well.
    pub(in crate::report) fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// What a line is about.
    pub(in crate::report) fn strong(self, text: impl Display) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Line numbers, and the rule beside them.
    pub(in crate::report) fn rail(self, text: impl Display) -> String {
        self.with(AnsiColor::Blue.on_default().bold(), text)
    }

    /// A finding's confidence, or the mark under it.
    pub(in crate::report) fn finding(self, blocking: bool, text: impl Display) -> String {
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
