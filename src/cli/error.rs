//! The error type of the commands: what failed, and what the user can do about it.

use std::fmt;

use super::redact::message;

/// An error for a person: one sentence that names what it is about and, if there is one, the
/// remedy. A command that returns it exits with 2.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    help: Option<String>,
}

impl CliError {
    /// An error without a remedy.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self {
            message: message.to_string(),
            help: None,
        }
    }

    /// Joins several errors into one; `Ok` if there are none. None of them may have a remedy.
    pub(crate) fn join(errors: Vec<Self>) -> Result<(), Self> {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        if messages.is_empty() {
            Ok(())
        } else {
            Err(Self::new(messages.join("\nkeysieve: ")))
        }
    }

    /// Adds the remedy.
    pub(crate) fn help(self, help: impl fmt::Display) -> Self {
        Self {
            help: Some(help.to_string()),
            ..self
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keysieve: {}", message(&self.message))?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {}", message(help)),
            None => Ok(()),
        }
    }
}

impl<E: std::error::Error> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::new(with_causes(&error))
    }
}

/// The message of an error, followed by those of its causes.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    message
}
