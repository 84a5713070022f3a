//! Defines hits: the places at which the prefilter stops.

use crate::text::Span;

/// A place at which the prefilter stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The keyword or the run.
    pub(super) span: Span,
    pub(super) kind: HitKind,
    /// Once verification found no candidate for it: how many bytes on each side of it decide that.
    pub(super) idle_within: Option<u32>,
}

/// What the prefilter found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HitKind {
    /// A keyword, with its owner: the index of a rule, or the number of rules plus the index of a
    /// keyword of the decoders.
    Keyword(usize),
    /// A keyword of a long token, with its owner.
    TokenKeyword(usize),
    /// A run of base64 characters and escapes, or of URL-safe base64.
    Run,
    /// A keyword of a name that a value is assigned to, with the text up to that value.
    Name,
    /// A long token that may be a value.
    Token,
    /// What is between two pieces of a token.
    Joint,
    /// The beginning of a list of numbers that encode text.
    List,
}

/// Which runs are hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// Those that may contain a secret or that a decoder may read.
    Promising,
    /// All, so that a trace can show why the others are rejected.
    All,
}

/// The hits of a text, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    pub(super) list: Vec<Hit>,
    /// Length of the text.
    pub(super) len: usize,
    /// Whether the text contains a zero byte: wide strings are found by those.
    pub(super) nul: bool,
}

impl Hits {
    pub(super) fn new(mut list: Vec<Hit>, len: usize, nul: bool) -> Self {
        if !list.is_sorted() {
            list.sort_unstable();
        }
        Self { list, len, nul }
    }

    /// Whether nothing in the text needs verification.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.nul
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Hit> {
        self.list.iter()
    }

    /// The hits that begin in `span`.
    pub(super) fn within(&self, span: Span) -> &[Hit] {
        let first = self.list.partition_point(|hit| hit.span.start < span.start);
        let len = self.list[first..].partition_point(|hit| hit.span.start < span.end);
        &self.list[first..first + len]
    }

    /// Whether the text contains a zero byte.
    pub(super) fn has_nul(&self) -> bool {
        self.nul
    }
}

impl Hit {
    pub(super) const fn new(span: Span, kind: HitKind) -> Self {
        Self {
            span,
            kind,
            idle_within: None,
        }
    }

    /// The same hit in another text, in which what was at `from` is at `to`.
    pub(super) const fn moved(self, from: usize, to: usize) -> Self {
        let (start, end) = (self.span.start - from + to, self.span.end - from + to);
        Self {
            span: Span::new(start, end),
            ..self
        }
    }
}
