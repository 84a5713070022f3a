//! Defines what ends a command of git-secrets early: an exit status, and a message for a person.

use std::fmt;

use crate::cli::error::with_causes;
use crate::cli::redact;

/// An exit status other than 0, and the message that belongs to it unless it was printed already.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: u8,
    pub(super) message: Option<String>,
}

impl Failure {
    /// The exit status of `grep` and of the scan when something cannot be read.
    pub(super) const UNREAD: u8 = 2;

    /// Ends with this status and says no more.
    pub(super) fn status(status: u8) -> Self {
        Self {
            status,
            message: None,
        }
    }

    /// Ends with 1 and the words of the original.
    pub(super) fn refused(message: impl fmt::Display) -> Self {
        Self {
            status: 1,
            message: Some(message.to_string()),
        }
    }

    /// A scan cannot be done, or not be completed. Secrets in the message are masked.
    pub(super) fn incomplete(message: impl fmt::Display) -> Self {
        let message = redact::message(&message.to_string());
        Self {
            status: Self::UNREAD,
            message: Some(format!("git-secrets: {message}")),
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::incomplete(with_causes(&error))
    }
}
