//! Why a command could not be done, and what to do about it.

use std::fmt;

use keysieve::text::printable;

/// An error for a person: one sentence that names what it is about, and, where there is one, the
/// way out. Exit 2.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// What went wrong.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            hint: None,
        }
    }

    /// All that went wrong in one, if anything did. None of them may have a hint.
    pub(crate) fn all(faults: Vec<Self>) -> Result<(), Self> {
        let messages: Vec<_> = faults.into_iter().map(|error| error.message).collect();
        if messages.is_empty() {
            Ok(())
        } else {
            Err(Self::new(messages.join("\nkeysieve: ")))
        }
    }

    /// The same, with what to do about it.
    pub(crate) fn hint(self, hint: impl fmt::Display) -> Self {
        Self {
            hint: Some(hint.to_string()),
            ..self
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keysieve: {}", safe(&self.message))?;
        match &self.hint {
            Some(hint) => write!(f, "\n  help: {}", safe(hint)),
            None => Ok(()),
        }
    }
}

/// Messages name files and quote what is in them: line by line, nothing in them may move the
/// cursor.
fn safe(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| printable(line.as_bytes()))
        .collect();
    lines.join("\n")
}

impl<E: std::error::Error> From<E> for CliError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = inner.source();
        }
        Self {
            message,
            hint: None,
        }
    }
}
