//! What the prefilter looks for: words of names where an assignment follows, and long tokens.

use crate::rule::charset::MIN_RUN;
use crate::text::Span;

use super::super::byte_pass::Counts;
use super::super::charset_runs::skip_along;
use super::super::prefilter::Owned;
use super::forms::is_name;
use super::value::{Opening, after_type, opens_value};

/// How many bytes from the start of a keyword decide whether it is a hit, at most.
pub(in super::super) const LOOKAHEAD: usize = 64;

/// Parts of words that names of secrets contain: of password and its short forms, secret, token,
/// key, credential, salt and authorization. Four bytes at least, so that the search is fast.
const KEYWORDS: [&str; 44] = [
    "pass",
    "Pass",
    "PASS",
    "_pwd",
    "Pwd=",
    "Pwd\"",
    "_PWD",
    "PWD=",
    "pwd=",
    "pwd:",
    "pwd\"",
    "ecret",
    "ECRET",
    "oken",
    "OKEN",
    "_key",
    "_KEY",
    "-key",
    "-Key",
    "-KEY",
    ".key",
    "key=",
    "key:",
    "key\"",
    "key'",
    "key>",
    "Key=",
    "Key:",
    "Key\"",
    "Key'",
    "Key>",
    "Key<",
    "Key ",
    "ikey",
    "IKEY",
    "redential",
    "REDENTIAL",
    "salt",
    "SALT",
    "uthorization",
    "_auth",
    "_AUTH",
    "key ",
    "Key(",
];

/// How long a value without quotes, digits and signs is at least.
const MIN_LETTERS: usize = 24;

/// How long a value that follows a blank is at least: `key 2 of 3` is prose.
const MIN_ARGUMENT: usize = 6;

/// How many digits a random token of the shortest length has at least.
const MIN_DIGITS: usize = 2;

/// One in so many bytes of a random token with signs and letters of one case is a digit, at least.
const JOINED_DIGITS: usize = 5;

/// The keywords, each with the number of its owner.
pub(in super::super) fn keywords(owner: usize) -> impl Iterator<Item = Owned> {
    let words = KEYWORDS.iter();
    words.map(move |word| (owner, word.as_bytes().into()))
}

/// Where it is clear that a value is assigned to the name that has a keyword at `keyword`; `None`
/// if none is. Most names are only mentioned, and most values are no literals.
pub(in super::super) fn leads_to_value(text: &[u8], keyword: Span) -> Option<usize> {
    let limit = text.len().min(keyword.start + LOOKAHEAD);
    // What is not clear by then is a hit. At the end of the text nothing follows.
    let unclear = (limit == keyword.start + LOOKAHEAD).then_some(limit);
    let mut at = keyword.end.min(limit);
    // A keyword may end with the operator.
    if text[at - 1..].first().is_some_and(|&byte| !is_name(byte)) {
        at -= 1;
    }
    while at < limit && is_name(text[at]) {
        at += 1;
    }
    let (value, opening) = opens_value(text, at, limit)?;
    if value == limit {
        return unclear;
    }
    let min_end = match opening {
        Opening::Literal => return Some(value + 1),
        Opening::Blank => value + MIN_ARGUMENT,
        Opening::Operator | Opening::Call => value,
    };
    // Only what no value can be is read as a type: a hit depends on nothing after its end.
    match value_end(text, Span::new(value, min_end), limit) {
        Ok(end) => Some(end),
        Err(is_unclear) => {
            let has_type = matches!(opening, Opening::Operator | Opening::Call);
            let after_type = has_type.then(|| after_type(text, value, limit)).flatten();
            after_type.or(unclear.filter(|_| is_unclear))
        }
    }
}

/// Where it is clear that a value begins with `least`, or else whether more text could tell.
///
/// Code assigns calls and variables. A secret in a configuration file has a digit or a sign, or is
/// long.
fn value_end(text: &[u8], least: Span, limit: usize) -> Result<usize, bool> {
    let Some(bytes) = text[..limit].get(least.start..least.end) else {
        return Err(true);
    };
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(false);
    }
    for (at, &byte) in text.iter().enumerate().take(limit).skip(least.start) {
        match byte {
            b'0'..=b'9' | b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'*' | b'+' | b'~' => {
                return Ok(least.end.max(at + 1));
            }
            _ if at - least.start >= MIN_LETTERS => return Ok(at + 1),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' | b'.' | b'/' | b':' => {}
            _ => return Err(false),
        }
    }
    Err(true)
}

/// Calls `found` with each token in `run`, a charset run of `text` with these `counts`, that is
/// long enough to be found without a name and has the digits that a random value has.
pub(in super::super) fn long_tokens(
    text: &[u8],
    run: Span,
    counts: Counts,
    mut found: impl FnMut(Span),
) {
    // Most identifiers and paths are rejected by what is counted with vector instructions.
    if counts.digits < MIN_DIGITS {
        return;
    }
    if counts.in_tokens() == run.len() {
        Token::whole(run, counts).report(text, run.end, run.end, &mut found);
        return;
    }
    if !may_contain_token(run.of(text), counts) {
        return;
    }
    let mut token = Token::at(run.start);
    for (at, &byte) in (run.start..).zip(run.of(text)) {
        match TOKEN[usize::from(byte)] {
            END => {
                token.report(text, at, run.end, &mut found);
                token = Token::at(at + 1);
            }
            class => {
                token.digits += usize::from(class == DIGIT);
                token.classes |= class;
            }
        }
    }
    token.report(text, run.end, run.end, &mut found);
}

/// Whether there may be a long token in `run`, by what all of it has.
fn may_contain_token(run: &[u8], counts: Counts) -> bool {
    counts.digits * JOINED_DIGITS >= MIN_RUN
        || counts.small.min(counts.capital) > 0
        || has_long_word(run)
}

/// Whether a part of `run` without signs has the length of a token.
fn has_long_word(run: &[u8]) -> bool {
    let mut is_found = false;
    skip_along(
        run,
        MIN_RUN,
        |byte| !byte.is_ascii_alphanumeric(),
        |_, _| {
            is_found = true;
        },
    );
    is_found
}

/// A token up to some place.
struct Token {
    start: usize,
    digits: usize,
    /// The classes of its bytes.
    classes: u8,
}

impl Token {
    const fn at(start: usize) -> Self {
        Self {
            start,
            digits: 0,
            classes: 0,
        }
    }

    /// The token that all of `run` is.
    fn whole(run: Span, counts: Counts) -> Self {
        let Counts {
            digits,
            small,
            capital,
            joints,
        } = counts;
        let classes = [(small, LOWER), (capital, UPPER), (joints, JOINT)];
        let classes = classes.iter().filter(|(count, _)| *count > 0);
        Self {
            start: run.start,
            digits,
            classes: classes.fold(0, |all, (_, class)| all | class),
        }
    }

    /// Calls `found` with the token, which ends at `end`, and the padding after it, if it may be
    /// random.
    fn report(&self, text: &[u8], end: usize, run_end: usize, found: &mut impl FnMut(Span)) {
        if self.may_be_random(end - self.start) {
            let rest = text[end..run_end].iter();
            let padding = rest.take(2).take_while(|&&byte| byte == b'=').count();
            found(Span::new(self.start, end + padding));
        }
    }

    /// Whether a token of this length is long, and has letters and as many digits as a random one.
    /// Words in one case with something between them are identifiers and paths.
    const fn may_be_random(&self, len: usize) -> bool {
        let is_joined = self.classes & JOINT != 0;
        let has_both_cases = self.classes & (LOWER | UPPER) == LOWER | UPPER;
        len >= MIN_RUN
            && self.digits >= MIN_DIGITS
            && self.digits < len
            && self.digits * 24 >= len
            && (!is_joined || has_both_cases || self.digits * JOINED_DIGITS >= len)
    }
}

/// A byte that ends a token. `=` separates a name from its value, and is padding at the end.
const END: u8 = 0;
const DIGIT: u8 = 1;
const LOWER: u8 = 2;
const UPPER: u8 = 4;
/// Any other byte of a token.
const JOINT: u8 = 8;

/// The class of each byte.
static TOKEN: [u8; 256] = {
    let mut table = [END; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'+' | b'/' | b'_' | b'-' | b'.' => JOINT,
            _ => END,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::byte_pass;

    fn leads(text: &str) -> bool {
        let at = text.find("oken").expect("a keyword");
        leads_to_value(text.as_bytes(), Span::new(at, at + 4)).is_some()
    }

    #[test]
    fn only_assignments_of_literals_are_hits() {
        for text in [
            "token = \"abcdef",
            "token: abc1def",
            "\"token\": \"abcdef",
            "TOKEN=oken_x=ab1",
            "<token>abcdef1",
            "setToken(\"abcdef",
            "'token' => 'abcdef",
            "putenv('token', 'abcdef",
            "token := `abcdef",
            "token_for_x = 'abcdef'",
        ] {
            assert!(leads(text), "{text}");
        }
        for text in [
            "token->next",
            "token == other",
            "token = get_token()",
            "token, other",
            "the token is",
            "token::new(\"x\")",
            "token = \"\"",
            "token) {",
            "token > 0",
            "broken by",
        ] {
            assert!(!leads(text), "{text}");
        }
    }

    #[test]
    fn long_tokens_have_digits_and_letters() {
        let id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        let words = "an_identifier_2_with_many_words_4_in_it";
        let text = format!("{words}={id}=&{}&{}", "a".repeat(40), "1".repeat(40));
        let tokens = |run: Span| {
            let mut found = Vec::new();
            let counts = byte_pass::count(run.of(text.as_bytes()));
            long_tokens(text.as_bytes(), run, counts, |span| {
                found.push(span.of(text.as_bytes()));
            });
            found
        };
        let padded = format!("{id}=");
        assert_eq!(tokens(Span::new(0, text.len())), [padded.as_bytes()]);
        // A run that is one token.
        let start = words.len() + 1;
        let one = Span::new(start, start + id.len());
        assert_eq!(tokens(one), [id.as_bytes()]);
        assert!(tokens(Span::new(0, words.len())).is_empty());
    }
}
