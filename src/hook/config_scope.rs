//! Names the scopes of git's configuration, for settings and for errors about them.

use std::fmt;

/// Where a value of git's configuration is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigScope {
    /// In the configuration of the machine.
    System,
    /// In the configuration of the user.
    Global,
    /// In the configuration of the repository.
    Local,
    /// In the configuration of one worktree.
    Worktree,
    /// In the environment of this process.
    Command,
}

impl ConfigScope {
    pub(super) fn parse(word: &[u8]) -> Self {
        match word {
            b"local" => Self::Local,
            b"worktree" => Self::Worktree,
            b"system" => Self::System,
            b"command" => Self::Command,
            _ => Self::Global,
        }
    }

    /// Whether a value with this scope applies to this repository only.
    #[must_use]
    pub fn is_in_repository(self) -> bool {
        matches!(self, Self::Local | Self::Worktree)
    }
}

impl fmt::Display for ConfigScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Global => "global",
            Self::Local => "local",
            Self::Worktree => "worktree",
            Self::Command => "command line's",
        })
    }
}
