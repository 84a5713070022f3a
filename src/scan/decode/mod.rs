//! Decodes parts of a text that may contain secrets in another form, and maps places in the result
//! back to the bytes that were scanned.

mod alphabet;
mod digits;
mod escape;
mod inflate;
mod joined;
pub(super) mod joint;
pub(super) mod numbers;
mod wide;

use crate::text::Span;

use super::prefilter::Owned;
use alphabet::Alphabet;

/// Keywords of keys that are encoded or split, with the way to decode them. Their owners are
/// numbered after the rules.
///
/// `AKIA` and `ASIA` in base64 are one of a few strings each, by the position of the first byte in
/// its group of three (RFC 4648); in hex they are one. A search for those finds a key in encoded
/// text without decoding everything.
const KEYWORDS: [(&[u8], Encoding); 21] = [
    (b"QUtJQ", Encoding::Base64 { ahead: 0 }),
    (b"FLSUF", Encoding::Base64 { ahead: 2 }),
    (b"FLSUE", Encoding::Base64 { ahead: 2 }),
    (b"BS0lB", Encoding::Base64 { ahead: 3 }),
    (b"QVNJQ", Encoding::Base64 { ahead: 0 }),
    (b"FTSUF", Encoding::Base64 { ahead: 2 }),
    (b"FTSUE", Encoding::Base64 { ahead: 2 }),
    (b"BU0lB", Encoding::Base64 { ahead: 3 }),
    (b"414b4941", Encoding::Hex),
    (b"414B4941", Encoding::Hex),
    (b"41534941", Encoding::Hex),
    (b"uoted-printable", Encoding::QuotedPrintable),
    (b"uoted-Printable", Encoding::QuotedPrintable),
    (b"UOTED-PRINTABLE", Encoding::QuotedPrintable),
    (b"}\\u{", Encoding::Escapes),
    (b"\\u001b[", Encoding::Escapes),
    (b"join(\"\"", Encoding::List),
    (b"join('')", Encoding::List),
    (b"join('',", Encoding::List),
    (b"\"\".join(", Encoding::List),
    (b"''.join(", Encoding::List),
];

/// An encoding that a keyword reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Encoding {
    /// Base64 whose group of four characters begins this many characters before the keyword.
    Base64 { ahead: usize },
    /// Hexadecimal digits.
    Hex,
    /// Quoted-printable (RFC 2045, section 6.7): the rest of the text.
    QuotedPrintable,
    /// Escapes that are no part of a charset run.
    Escapes,
    /// A list of literals that is joined.
    List,
}

/// The decoders' keywords, each with the number of its owner: those of long tokens, and the others.
pub(super) fn keywords(first_owner: usize) -> (Vec<Owned>, Vec<Owned>) {
    // A key has 20 bytes, so in hexadecimal digits it is a charset run.
    let (tokens, others): (Vec<_>, Vec<_>) = KEYWORDS
        .iter()
        .zip(first_owner..)
        .partition(|((_, encoding), _)| *encoding == Encoding::Hex);
    let owned = |list: Vec<(&(&[u8], Encoding), usize)>| {
        let list = list.into_iter();
        list.map(|((word, _), owner)| (owner, (*word).into()))
            .collect()
    };
    (owned(tokens), owned(others))
}

/// A decoded part of a text.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: Vec<u8>,
    /// Name of the encoding, for reports.
    pub(super) encoding: &'static str,
    map: Map,
}

/// Maps decoded bytes to their source.
#[derive(Debug)]
enum Map {
    /// Each group of `decoded` bytes comes from `encoded` bytes; the first group is at `start`.
    Groups {
        start: usize,
        decoded: usize,
        encoded: usize,
    },
    /// Offset of each decoded byte, and of the end.
    Table(Vec<usize>),
    /// What is compressed has no exact place: this many decoded bytes are spread over a span.
    Spread { over: Span, decoded: usize },
}

impl Map {
    /// The source of the decoded bytes that begin at `index`.
    fn start(&self, index: usize) -> usize {
        match self {
            Self::Groups {
                start,
                decoded,
                encoded,
            } => start + index / decoded * encoded,
            Self::Table(offsets) => offsets.get(index).or(offsets.last()).map_or(0, |at| *at),
            Self::Spread { over, decoded } => {
                over.start + over.len() * index.min(*decoded) / decoded.max(&1)
            }
        }
    }

    /// The source of the end of the decoded bytes before `index`.
    fn end(&self, index: usize) -> usize {
        match self {
            Self::Groups { decoded, .. } => self.start(index.next_multiple_of(*decoded)),
            Self::Table(_) => self.start(index),
            Self::Spread { over, .. } => over.end.min(self.start(index) + 1),
        }
    }
}

impl Decoded {
    /// Whether it was compressed.
    pub(super) fn is_inflated(&self) -> bool {
        matches!(self.map, Map::Spread { .. })
    }

    /// The place of `span` in the text that was decoded.
    pub(super) fn source_span(&self, span: Span) -> Span {
        Span::new(self.map.start(span.start), self.map.end(span.end))
    }
}

/// Places that may have to be decoded, collected while a text is scanned.
#[derive(Debug, Default)]
pub(super) struct DecodeQueue {
    keywords: Vec<(Encoding, usize)>,
    /// Where the text begins that may be quoted-printable.
    quoted: Option<usize>,
    escaped: Vec<Span>,
    /// Runs that decode to text, in order.
    texts: Vec<(&'static Alphabet, Span)>,
    /// Joints within tokens, in order.
    joints: Vec<usize>,
    /// Where lists of literals are joined, in order.
    joined: Vec<usize>,
    /// Where lists of numbers begin, in order.
    lists: Vec<usize>,
}

/// How far around an escaped run its context is decoded too, for names and separators.
const CONTEXT: usize = 200;

impl DecodeQueue {
    /// Adds the keyword of [`KEYWORDS`] with this index, which is at `at`.
    pub(super) fn add_keyword(&mut self, text: &[u8], index: usize, at: usize) {
        match KEYWORDS[index] {
            (word, Encoding::Escapes) => self.add_window(text, Span::new(at, at + word.len())),
            (_, Encoding::List) => self.joined.push(at),
            (_, Encoding::QuotedPrintable) => {
                self.quoted = Some(self.quoted.map_or(at, |first| first.min(at)));
            }
            (_, encoding) => self.keywords.push((encoding, at)),
        }
    }

    /// Adds an unbroken run of digits, if it decodes to text.
    pub(super) fn add_run(&mut self, text: &[u8], run: Span) {
        self.texts.extend(digits::text_in(text, run));
    }

    /// Adds a joint within a token.
    pub(super) fn add_joint(&mut self, at: usize) {
        self.joints.push(at);
    }

    /// Adds a list of numbers that begins at `at`.
    pub(super) fn add_list(&mut self, at: usize) {
        self.lists.push(at);
    }

    /// Adds a run with characters of escapes, if it contains an escape.
    pub(super) fn add_escaped(&mut self, text: &[u8], run: Span) {
        if is_escaped(text, run) {
            self.add_window(text, run);
        }
    }

    /// Adds `escapes` and the text around them.
    fn add_window(&mut self, text: &[u8], escapes: Span) {
        let window = Span::new(
            escapes.start.saturating_sub(CONTEXT),
            text.len().min(escapes.end + CONTEXT),
        );
        match self.escaped.last_mut() {
            Some(last) if window.start <= last.end => *last = last.join(window),
            _ => self.escaped.push(window),
        }
    }

    /// Decodes every place once and calls `visit` with each result; if the text contains a zero
    /// byte, with each wide string as well. Nothing is inflated in a text that was compressed.
    pub(super) fn decode_all(
        mut self,
        text: &[u8],
        has_nul: bool,
        is_inflated: bool,
        mut visit: impl FnMut(&Decoded),
    ) {
        for window in self.escaped {
            visit(&escape::decode(text, window));
        }
        // URL-safe base64 may begin with a stretch of base64: the longer one is meant.
        self.texts
            .sort_by_key(|(_, run)| (run.start, std::cmp::Reverse(run.end)));
        let mut done = 0;
        for (alphabet, run) in self.texts {
            if run.start >= done {
                let (decoded, end) = digits::decode_lines(text, alphabet, run, is_inflated);
                done = end;
                decoded.iter().for_each(&mut visit);
            }
        }
        joined::decode_all(text, &self.joints, &mut visit);
        self.joined.sort_unstable();
        joined::decode_lists(text, &self.joined, &mut visit);
        let mut done = 0;
        for at in self.lists {
            if at >= done {
                let (decoded, end) = numbers::decode(text, at);
                done = end;
                visit(&decoded);
            }
        }
        if let Some(at) = self.quoted {
            joined::decode_quoted(text, at, &mut visit);
        }
        self.keywords.sort_unstable();
        let mut done = None;
        for next in self.keywords {
            if done.is_none_or(|done| next >= done) {
                let (encoding, at) = next;
                let (decoded, end) = encoding.decode(text, at);
                done = Some((encoding, end));
                decoded.iter().for_each(&mut visit);
            }
        }
        if has_nul {
            wide::decode(text, visit);
        }
    }
}

/// Whether `run`, a stretch of digits, decodes to what begins like text.
pub(super) fn is_text(text: &[u8], run: Span) -> bool {
    digits::text_in(text, run).is_some()
}

/// Whether `run` contains an escape.
pub(super) fn is_escaped(text: &[u8], run: Span) -> bool {
    escape::is_in(run.of(text))
}

impl Encoding {
    /// Decodes what is around a keyword at `at`, and returns the end of what was decoded: keywords
    /// before that are included.
    fn decode(self, text: &[u8], at: usize) -> (Option<Decoded>, usize) {
        match self {
            Self::Base64 { ahead } => digits::decode_around(text, at, ahead),
            Self::Hex => digits::decode_hex_around(text, at),
            // Their windows are decoded before.
            Self::QuotedPrintable | Self::Escapes | Self::List => (None, at),
        }
    }
}
