//! Defines what is scanned, for sources and scanners: blobs with their origin and what they
//! replace, and skips with their reason.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};

use crate::text::Span;

/// Bytes, where they came from, and what they replace: the only thing that is scanned.
pub struct Blob<'a> {
    /// The content, or one part of it.
    pub bytes: &'a [u8],
    /// Where it came from.
    pub origin: Origin,
    /// What it replaces; `None` if all of it is new.
    pub previous: Option<&'a dyn PreviousContent>,
    /// Which part of a larger whole `bytes` is.
    pub part: Part,
    /// Whether it is the blob that the same worker was fed last, from another place. It then has no
    /// `bytes`: these were searched already.
    pub is_copy: bool,
}

impl<'a> Blob<'a> {
    /// A blob in one piece, all of it new.
    #[must_use]
    pub fn whole(bytes: &'a [u8], origin: Origin) -> Self {
        Self {
            bytes,
            origin,
            previous: None,
            part: Part::whole(bytes.len()),
            is_copy: false,
        }
    }

    /// The blob that the same worker was fed last, from another place.
    #[must_use]
    pub fn copy(origin: Origin, previous: Option<&'a dyn PreviousContent>) -> Self {
        Self {
            previous,
            is_copy: true,
            ..Self::whole(&[], origin)
        }
    }
}

/// What a blob replaces. Asked only if something was found: most blobs are clean, and then no
/// versions are read or compared.
pub trait PreviousContent {
    /// The older versions of the blob, without those that were not scanned, such as submodules and
    /// files above the size limit; `None` if one of them cannot be read, so that everything counts
    /// as new. A change around bytes that stay the same can make a secret of them, so these are
    /// scanned.
    fn versions(&self) -> Option<Vec<OldVersion>>;

    /// The spans of the blob that none of its older `versions` has; in order, without overlaps.
    fn spans(&self, versions: &[OldVersion]) -> Vec<Span>;

    /// Where a secret that the older versions do not have may come from. Asked only if there is
    /// one.
    fn elsewhere(&self) -> MovedFrom;

    /// All of the blob's content, if it is that of a file as git stores it: whether that is
    /// encrypted cannot be said of a part.
    fn content(&self) -> Option<&[u8]> {
        None
    }

    /// Whether the blob is in the result of several changes that were fed before, by workers that
    /// are dropped by now. What was found in these changes at the same path is not found again.
    fn is_result(&self) -> bool {
        false
    }
}

/// Content that was scanned before, and the path at which it was: a secret in it that the policy
/// allows there is not known anywhere else.
#[derive(Clone, Debug)]
pub struct OldVersion {
    /// Where it was.
    pub path: BString,
    /// What was there.
    pub bytes: Vec<u8>,
}

/// Where a secret may come from without being new.
#[derive(Debug, Default)]
pub struct MovedFrom {
    /// Other versions of the blob, whose secrets were reported there or are older still.
    pub versions: Vec<OldVersion>,
    /// Other blobs that the same change replaces, as they were and as they are now: what is missing
    /// in them may have moved here.
    pub replaced: Vec<(OldVersion, Vec<u8>)>,
}

/// One part of a blob that is too large to be in memory at once. Parts overlap, so that a match at
/// a boundary is whole in one of them; [`Part::own`] decides which part reports it.
#[derive(Clone, Debug)]
pub struct Part {
    /// Offset of the part in the blob, in bytes.
    pub offset: usize,
    /// Line feeds before the part.
    pub lines: usize,
    /// Where in the part a match must begin to be reported for this part.
    pub own: Range<usize>,
    /// Whether this is the last part.
    pub last: bool,
}

impl Part {
    /// The only part of a blob of `len` bytes.
    #[must_use]
    pub fn whole(len: usize) -> Self {
        Self {
            offset: 0,
            lines: 0,
            own: 0..len.max(1),
            last: true,
        }
    }
}

/// A commit as reports name it. Author and subject are as in the commit, so they may hold a secret
/// themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitInfo {
    /// When it was committed, in seconds since 1970. The first field, so that commits are ordered
    /// by time.
    pub time: i64,
    /// Its id, in hex.
    pub id: String,
    /// The author: name and mail address, `A U Thor <author@example.com>`.
    pub author: BString,
    /// The first line of its message.
    pub subject: BString,
}

/// Where a blob came from. Paths are bytes, as git has them, relative to the work tree or as named
/// by the user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file on disk.
    File {
        /// Its path as it was reached.
        path: BString,
    },
    /// What the next commit would add at a path, from the index.
    Staged {
        /// Path in the repository.
        path: BString,
        /// Id of the blob, in hex.
        id: String,
    },
    /// The name of a file, a directory or a ref: a secret can be there as well.
    Name {
        /// The path up to and with the name.
        path: BString,
        /// The commit that added it, if it was found in history.
        commit: Option<Arc<CommitInfo>>,
    },
    /// The content that a commit has at a path.
    Commit {
        /// The commit.
        commit: Arc<CommitInfo>,
        /// Path in the repository.
        path: BString,
        /// Id of the blob, in hex.
        id: String,
    },
    /// The raw text of a commit: all of its headers and its message.
    CommitText {
        /// The commit.
        commit: Arc<CommitInfo>,
    },
    /// The raw text of an annotated tag: all of its headers and its message.
    TagText {
        /// The tag's name, or its id if no ref leads to it.
        name: BString,
        /// Id of the tag object, in hex.
        id: String,
    },
    /// Something else in a git directory: the name of a ref, a line of a reflog, the configuration.
    Repository {
        /// Where it is, for people: `refs/heads/topic`, `stash@{0}`, `.git/config`.
        place: BString,
    },
    /// A commit message that is being written.
    CommitMessage {
        /// The file that has it.
        path: BString,
    },
    /// Standard input.
    Stdin,
}

impl Origin {
    /// The word for this kind of origin in reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Staged { .. } => "staged",
            Self::Name { .. } => "name",
            Self::Commit { .. } => "commit",
            Self::CommitText { .. } => "commit-text",
            Self::TagText { .. } => "tag-text",
            Self::Repository { .. } => "repository",
            Self::CommitMessage { .. } => "commit-message",
            Self::Stdin => "stdin",
        }
    }

    /// The path to show and to match policy against; a commit's own text has the commit's id for a
    /// path.
    #[must_use]
    pub fn path(&self) -> &BStr {
        match self {
            Self::File { path }
            | Self::Staged { path, .. }
            | Self::Name { path, .. }
            | Self::Commit { path, .. }
            | Self::CommitMessage { path } => path.as_bstr(),
            Self::CommitText { commit } => BStr::new(&commit.id),
            Self::TagText { name: place, .. } | Self::Repository { place } => place.as_bstr(),
            Self::Stdin => BStr::new("<stdin>"),
        }
    }

    /// The commit that added it, if known.
    #[must_use]
    pub fn commit(&self) -> Option<&CommitInfo> {
        match self {
            Self::Commit { commit, .. } | Self::CommitText { commit } => Some(commit),
            Self::Name { commit, .. } => commit.as_deref(),
            _ => None,
        }
    }

    /// The order of reports: by path first, then by kind.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.path().cmp(other.path()).then_with(|| self.cmp(other))
    }
}

/// Something in scope that was not scanned or not listed, and why. All skips are counted and shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// What was not scanned.
    pub path: BString,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was not scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum SkipReason {
    /// Larger than the size that the user set as the limit.
    #[error("larger than the size limit of {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// A commit of another repository, whose files are scanned there.
    #[error("a submodule: scan its own repository")]
    Submodule,
    /// A submodule whose repository is not in the git directory of the audited one.
    #[error("a submodule whose repository is not here: audit it by itself")]
    AbsentSubmodule,
    /// A link that leads out of the repository, so that its target is not part of it.
    #[error("a link that leads out of the repository")]
    Outside,
    /// `git add --intent-to-add`: not part of the next commit.
    #[error("added with --intent-to-add: not part of the next commit")]
    IntentToAdd,
    /// An unresolved merge conflict: what will be committed is not known yet.
    #[error("an unresolved conflict: resolve it and 'git add' the file")]
    Unmerged,
    /// The git directory of another repository than the one that is scanned.
    #[error("another repository's git directory: scan it with 'keysieve audit'")]
    Store,
    /// A file among the objects that is not an object, and may be a part of one: an interrupted git
    /// command left it behind, and git ignores it.
    #[error(
        "not a git object, and not read: a temporary file of git, or foreign; \
         delete it if no git command is running"
    )]
    NoObject,
    /// A file that Git LFS keeps outside of git's objects, and not in this clone.
    #[error("the file is not in the store of Git LFS; run 'git lfs fetch --all'")]
    NoLfsObject,
    /// A report of an earlier run, which this run replaces. A tracked file is scanned all the same.
    #[error("the report that this run replaces")]
    OwnReport,
    /// A device, a socket or a named pipe: reading it could block forever.
    #[error("not a regular file")]
    NotRegular,
    /// It was scanned, but has so many findings of a rule that only the first are listed.
    #[error("{count} more {what} of {rule} ({confidence}) are not listed")]
    NotListed {
        /// The rule's id.
        rule: String,
        /// The confidence of these findings.
        confidence: &'static str,
        /// Whether they are `findings` or `allowed findings`.
        what: &'static str,
        /// How many they are.
        count: usize,
    },
    /// Its paths take far more memory or time than its objects: trees or contents repeat too often.
    #[error("not scanned: it has too many paths for its size, since directories or files repeat")]
    TooManyPaths,
    /// What is in a container, such as an archive, could not be searched. The scan is incomplete.
    #[error("{0}, so not all of it was searched; an [[allow]] entry with only a path accepts that")]
    Packed(String),
    /// The same at a path for which the policy accepts it.
    #[error(
        "{problem}, so not all of it was searched; [[allow]] entry {number}{} accepts that",
        of_file(.file.as_deref())
    )]
    PackedAndAllowed {
        /// Why it could not be searched.
        problem: String,
        /// The file of the entry, unless it is the repository's own or the one that was named.
        file: Option<String>,
        /// The number of the entry in its file, from 1.
        number: usize,
    },
    /// Another run did not scan it: its reason, and whether that run is incomplete because of it.
    #[error("{reason}")]
    Recorded {
        /// Why, as the other run says it.
        reason: String,
        /// Whether the other run is incomplete because of it.
        is_failure: bool,
    },
    /// It could not be read. The scan is incomplete.
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl SkipReason {
    /// Whether the scan is incomplete because of the skip, so that it must not pass. The other
    /// skips follow from what the user asked for.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_)
                | Self::Packed(_)
                | Self::Unmerged
                | Self::NoObject
                | Self::TooManyPaths
                | Self::Recorded {
                    is_failure: true,
                    ..
                }
        )
    }
}

fn of_file(file: Option<&str>) -> String {
    file.map(|file| format!(" of {file}")).unwrap_or_default()
}
