//! Decoding: text that stands in another form, and the way back from a place in it to the bytes
//! that were scanned.

mod base64;
mod escape;
mod joined;
mod wide;

use crate::text::Span;

/// Keywords that tell of an encoded or split key, with the way to read it. The numbers of their
/// askers follow those of the rules.
///
/// `AKIA` and `ASIA` in base64 are one of a few strings each, by the position of the first byte in
/// its group of three (RFC 4648); in hex they are one. Looking for those finds a key in a decoded
/// text without decoding everything.
const KEYWORDS: [(&[u8], Form); 18] = [
    (b"QUtJQ", Form::Base64 { ahead: 0 }),
    (b"FLSUF", Form::Base64 { ahead: 2 }),
    (b"FLSUE", Form::Base64 { ahead: 2 }),
    (b"BS0lB", Form::Base64 { ahead: 3 }),
    (b"QVNJQ", Form::Base64 { ahead: 0 }),
    (b"FTSUF", Form::Base64 { ahead: 2 }),
    (b"FTSUE", Form::Base64 { ahead: 2 }),
    (b"BU0lB", Form::Base64 { ahead: 3 }),
    (b"414b4941", Form::Hex),
    (b"414B4941", Form::Hex),
    (b"41534941", Form::Hex),
    (b"uoted-printable", Form::QuotedPrintable),
    (b"uoted-Printable", Form::QuotedPrintable),
    (b"UOTED-PRINTABLE", Form::QuotedPrintable),
    (b"\" + \"", Form::Joined),
    (b"' + '", Form::Joined),
    (b"\" . \"", Form::Joined),
    (b"' . '", Form::Joined),
];

/// What a keyword tells of.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Base64 whose group of four characters begins this many characters before the keyword.
    Base64 { ahead: usize },
    /// Hexadecimal digits.
    Hex,
    /// Quoted-printable (RFC 2045, section 6.7): the rest of the text.
    QuotedPrintable,
    /// A literal in pieces, `"ab" + "cd"`.
    Joined,
}

/// The decoders' keywords, each with the number of its asker.
pub(super) fn keywords(first_asker: usize) -> Vec<(usize, Vec<u8>)> {
    let words = KEYWORDS.iter().map(|(word, _)| word.to_vec());
    words
        .enumerate()
        .map(|(index, word)| (first_asker + index, word))
        .collect()
}

/// A decoded stretch of a text.
#[derive(Debug)]
pub(super) struct Layer {
    /// What it says.
    pub(super) text: Vec<u8>,
    /// What it was, for reports.
    pub(super) encoding: &'static str,
    map: Map,
}

/// Where a decoded byte came from.
#[derive(Debug)]
enum Map {
    /// Each group of `decoded` bytes came from `encoded` bytes; the first group stands at `start`.
    Groups {
        start: usize,
        decoded: usize,
        encoded: usize,
    },
    /// Offset of each decoded byte, and of the end.
    Table(Vec<usize>),
}

impl Layer {
    /// Where in the text the layer was made from `span` stands.
    pub(super) fn origin(&self, span: Span) -> Span {
        match &self.map {
            Map::Groups {
                start,
                decoded,
                encoded,
            } => {
                let groups = |count: usize| start + count * encoded;
                Span::new(
                    groups(span.start / decoded),
                    groups(span.end.div_ceil(*decoded)),
                )
            }
            Map::Table(offsets) => {
                let at = |index: usize| offsets.get(index).or(offsets.last()).copied().unwrap_or(0);
                Span::new(at(span.start), at(span.end))
            }
        }
    }
}

/// Places that may have to be decoded, gathered while a text is searched.
#[derive(Debug, Default)]
pub(super) struct DecodeQueue {
    keywords: Vec<(Form, usize)>,
    escaped: Vec<Span>,
    /// Runs that decode to text, in order.
    texts: Vec<Span>,
}

/// How far around an escaped run its context is decoded too: names and separators stand there.
const CONTEXT: usize = 200;

impl DecodeQueue {
    /// A keyword of [`KEYWORDS`] stands at `at`.
    pub(super) fn keyword(&mut self, index: usize, at: usize) {
        self.keywords.push((KEYWORDS[index].1, at));
    }

    /// A run of base64 characters.
    pub(super) fn run(&mut self, text: &[u8], run: Span) {
        self.texts.extend(text_in(text, run));
    }

    /// A run that holds characters which may belong to escapes.
    pub(super) fn escaped(&mut self, text: &[u8], run: Span) {
        if !escape::present(run.of(text)) {
            return;
        }
        let window = Span::new(
            run.start.saturating_sub(CONTEXT),
            text.len().min(run.end + CONTEXT),
        );
        match self.escaped.last_mut() {
            Some(last) if window.start <= last.end => *last = last.join(window),
            _ => self.escaped.push(window),
        }
    }

    /// Decodes every lead once and hands each layer to `look`; where there is a zero byte, wide
    /// strings as well.
    pub(super) fn follow(mut self, text: &[u8], has_nul: bool, mut look: impl FnMut(&Layer)) {
        for window in std::mem::take(&mut self.escaped) {
            look(&escape::decode(text, window));
        }
        let mut done = 0;
        for run in std::mem::take(&mut self.texts) {
            if run.start >= done {
                let (layer, end) = base64::decode_lines(text, run);
                done = end;
                layer.iter().for_each(&mut look);
            }
        }
        self.keywords.sort_by_key(|&(form, at)| (form.order(), at));
        let mut done = (0, 0);
        for (form, at) in self.keywords {
            if (form.order(), at) >= done {
                let (layer, end) = form.decode(text, at);
                done = (form.order(), end);
                layer.iter().for_each(&mut look);
            }
        }
        if has_nul {
            wide::decode(text, look);
        }
    }
}

/// The part of `run`, unbroken base64, that decodes to what begins like text.
fn text_in(text: &[u8], run: Span) -> Option<Span> {
    // A run that goes on from before the text is cut at any of four places in its groups.
    let cuts = if run.start == 0 { 4 } else { 1 };
    let mut starts = (0..cuts).map(|cut| Span::new(run.start + cut, run.end));
    starts.find(|run| base64::begins_like_text(run.of(text)))
}

/// Whether `run`, unbroken base64, may be a text.
pub(super) fn is_text(text: &[u8], run: Span) -> bool {
    text_in(text, run).is_some()
}

/// Whether `run` holds an escape.
pub(super) fn is_escaped(text: &[u8], run: Span) -> bool {
    escape::present(run.of(text))
}

impl Form {
    fn order(self) -> usize {
        match self {
            Self::Base64 { ahead } => ahead,
            Self::Hex => 4,
            Self::QuotedPrintable => 5,
            Self::Joined => 6,
        }
    }

    /// The layer around `at`, and where it ends: keywords before that are in it.
    fn decode(self, text: &[u8], at: usize) -> (Option<Layer>, usize) {
        match self {
            Self::Base64 { ahead } => base64::decode_around(text, at, ahead),
            Self::Hex => base64::decode_hex_around(text, at),
            Self::QuotedPrintable => (Some(joined::quoted_printable(text, at)), text.len()),
            Self::Joined => joined::decode_around(text, at),
        }
    }
}
