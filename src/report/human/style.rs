//! Colours, and none where none are wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use super::super::words::Tone;

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

    /// A part of the sentence that sums up.
    pub(super) fn tone(self, tone: Tone, text: impl Display) -> String {
        match tone {
            Tone::Bad => self.bad(text),
            Tone::Warn => self.warn(text),
            Tone::Good => self.good(text),
        }
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
