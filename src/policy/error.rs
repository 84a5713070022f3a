//! Says what is wrong with a configuration file, for the user who has to correct it.

use std::io;

use super::allow::EntryProblem;

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It exists but cannot be read, or is not UTF-8.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is not the TOML of a configuration file.
    #[error("{file}:{line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The parser's message. It never quotes the line, which may hold a pasted secret.
        message: String,
    },
    /// A file that it extends cannot be used.
    #[error("{file}: extends = [\"{extends}\"]: it {problem}")]
    Extends {
        /// The file.
        file: String,
        /// The file that it extends.
        extends: String,
        /// What is wrong.
        problem: ExtendsProblem,
    },
    /// An `[[allow]]` or `[[encrypted]]` entry is not valid.
    #[error("{file}:{line}: [[{table}]] entry {number}: {problem}")]
    Entry {
        /// The table that the entry is of.
        table: &'static str,
        /// The file.
        file: String,
        /// The line on which the entry begins, from 1.
        line: usize,
        /// Its number in the file, from 1.
        number: usize,
        /// What is wrong.
        problem: EntryProblem,
    },
}

impl ConfigError {
    /// The error about an entry of `table`, at its line and with its number.
    pub(super) fn entry(
        file: &str,
        table: &'static str,
        (line, number): (usize, usize),
        problem: EntryProblem,
    ) -> Self {
        Self::Entry {
            file: file.to_owned(),
            table,
            line,
            number,
            problem,
        }
    }
}

/// What is wrong with an element of `extends`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtendsProblem {
    /// It leads out of the repository.
    #[error(
        "is outside of the repository; name the file with --config or in the user's configuration"
    )]
    Outside,
    /// It does not exist.
    #[error("does not exist")]
    Missing,
    /// It extends, through others or itself, the file that names it. The chain names each file.
    #[error("extends the file that names it ({0})")]
    Cycle(String),
    /// Too many files extend each other.
    #[error("is the last of more than {0} files that extend each other")]
    TooDeep(usize),
    /// A file extends too many.
    #[error("is one of more than {0} files")]
    TooMany(usize),
}
