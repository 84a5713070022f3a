//! Decodes lists of numbers, each a byte of a text: `65, 75, 73`, `0x41, 0x4b`, `41 4b`.

use super::wide::is_text;
use super::{Decoded, Map};
use crate::text::Span;

/// How many bytes before a list decide whether it begins there: a number and a gap.
pub(in super::super) const BEFORE: usize = MAX_GAP + MAX_NUMBER;

/// How many bytes of a list decide whether it is text.
pub(in super::super) const LEN: usize = 48;

/// The most bytes between two numbers.
pub(in super::super) const MAX_GAP: usize = 13;

/// The longest number, in bytes: that of a byte in hex with `0x`.
pub(in super::super) const MAX_NUMBER: usize = 4;

/// The fewest numbers in the bytes that decide.
const MIN_NUMBERS: usize = 4;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Decimal,
    /// With `0x`.
    Hex,
    /// Two hex digits each.
    Pairs,
}

/// Whether `byte` may be in a list of numbers.
pub(in super::super) const fn is_list_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || is_separator(byte) || matches!(byte, b'x' | b'X')
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')
}

/// Calls `found` with each place in `span`, which has no other bytes than those of lists, at which
/// a list of numbers that encode text begins.
pub(in super::super) fn begins_in(text: &[u8], span: Span, mut found: impl FnMut(usize)) {
    let mut at = span.start;
    while at + LEN <= span.end {
        if !text[at].is_ascii_hexdigit() {
            at += 1;
            continue;
        }
        let before = &text[at.saturating_sub(BEFORE)..at];
        let is_start = before.last().is_none_or(|&byte| is_boundary(byte));
        let (is_text, len) = if is_start {
            leading_text(&text[at..at + LEN])
        } else {
            (false, 0)
        };
        if is_text && !ends_with_text(before) {
            found(at);
        }
        // No list begins at the numbers after the first: the ones before them are text.
        at += len;
        if len == 0 {
            let rest = text[at..span.end].iter();
            at += rest.take_while(|byte| byte.is_ascii_alphanumeric()).count();
        }
    }
}

/// Whether all of `list` is numbers that encode text, and how many bytes it has up to the first
/// that does not.
fn leading_text(list: &[u8]) -> (bool, usize) {
    let mut numbers = Numbers::new(list);
    let mut count = 0;
    loop {
        let (done, rest) = (numbers.done, numbers.rest);
        match numbers.next() {
            // The end may cut the last number.
            Some(_) if numbers.rest.is_empty() => return (count >= MIN_NUMBERS, list.len()),
            Some(byte) if is_text(byte) => count += 1,
            _ => {
                let is_cut = rest.len() < 4 && rest.iter().all(u8::is_ascii_alphanumeric);
                return (is_cut && count >= MIN_NUMBERS, done);
            }
        }
    }
}

/// Whether a number may begin after `byte`.
const fn is_boundary(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-' | b'+' | b'_')
}

/// Whether the last number of `before` is text as well, in any form, so that a list began earlier.
fn ends_with_text(before: &[u8]) -> bool {
    let gap = before.iter().rev().take_while(|&&byte| is_separator(byte));
    let end = before.len() - gap.count();
    let digits = before[..end].iter().rev();
    let len = digits
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    is_text_number(&before[end - len..end])
}

/// Whether `number` is text, in any form.
fn is_text_number(number: &[u8]) -> bool {
    let values = [Form::Decimal, Form::Hex, Form::Pairs].map(|form| {
        Numbers {
            form,
            ..Numbers::new(number)
        }
        .next()
    });
    values.into_iter().flatten().any(is_text)
}

/// Whether `part`, which has no other bytes than those of lists, may be from the middle of a list
/// of numbers that encode text. It may cut the first and the last number.
pub(in super::super) fn may_encode_text(part: &[u8]) -> bool {
    let mut numbers = part.split(|&byte| is_separator(byte));
    let [first, last] = [numbers.next(), numbers.next_back()].map(Option::unwrap_or_default);
    first.len().max(last.len()) <= MAX_NUMBER
        && numbers.all(|number| number.is_empty() || is_text_number(number))
}

/// The values of the numbers that a text begins with.
struct Numbers<'t> {
    form: Form,
    rest: &'t [u8],
    /// How many bytes the numbers up to here have, with what follows each.
    done: usize,
}

impl<'t> Numbers<'t> {
    /// The numbers of `text` in the form of the first.
    fn new(text: &'t [u8]) -> Self {
        let form = match text {
            [b'0', b'x' | b'X', ..] => Form::Hex,
            [a, b, b' ' | b':' | b'\n', ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                Form::Pairs
            }
            _ => Form::Decimal,
        };
        Self {
            form,
            rest: text,
            done: 0,
        }
    }
}

impl Iterator for Numbers<'_> {
    type Item = u8;

    /// The next number, if it fits into a byte.
    fn next(&mut self) -> Option<u8> {
        let (prefix, radix, lens) = match self.form {
            Form::Decimal => (0, 10, 1..=3),
            Form::Hex => (2, 16, 1..=2),
            Form::Pairs => (0, 16, 2..=2),
        };
        if prefix > 0 && !matches!(self.rest, [b'0', b'x' | b'X', ..]) {
            return None;
        }
        let digits = &self.rest[prefix..];
        let values = digits
            .iter()
            .map_while(|&byte| char::from(byte).to_digit(radix))
            .take(4);
        let (len, value) = values.fold((0, 0), |(len, value), digit| {
            (len + 1, value * radix + digit)
        });
        let after = &digits[len..];
        let gap = after.iter().take_while(|&&byte| is_separator(byte)).count();
        let is_item = gap > 0 || !after.first().is_some_and(u8::is_ascii_alphanumeric);
        if !lens.contains(&len) || !is_item || gap > MAX_GAP {
            return None;
        }
        let value = u8::try_from(value).ok()?;
        self.done += prefix + len + gap;
        self.rest = &after[gap..];
        Some(value)
    }
}

/// Decodes the list that begins at `at`, and returns its end.
pub(super) fn decode(text: &[u8], at: usize) -> (Decoded, usize) {
    let mut numbers = Numbers::new(&text[at..]);
    let (mut decoded, mut offsets) = (Vec::new(), vec![at]);
    while let Some(byte) = numbers.next() {
        decoded.push(byte);
        offsets.push(at + numbers.done);
    }
    let decoded = Decoded {
        text: decoded,
        encoding: "list of bytes",
        map: Map::Table(offsets),
    };
    (decoded, at + numbers.done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a text in numbers, and more";

    fn list(number: impl Fn(u8) -> String, separator: &str) -> String {
        TEXT.bytes().map(number).collect::<Vec<_>>().join(separator)
    }

    fn begins(text: &str) -> Vec<usize> {
        let span = Span::new(0, text.len());
        let mut found = Vec::new();
        begins_in(text.as_bytes(), span, |at| found.push(at));
        found
    }

    #[test]
    fn lists_of_every_form_are_decoded() {
        for list in [
            list(|byte| byte.to_string(), ", "),
            list(|byte| byte.to_string(), ","),
            list(|byte| byte.to_string(), ",\n    "),
            list(|byte| format!("0x{byte:02x}"), ", "),
            list(|byte| format!("0x{byte:02X}"), ","),
            list(|byte| format!("0x{byte:02X}"), ",\r\n  "),
            list(|byte| format!("{byte:02x}"), " "),
            list(|byte| format!("{byte:02X}"), ":"),
        ] {
            assert_eq!(begins(&list), [0], "{list}");
            let text = format!("x = [{list}];");
            let decoded = decode(text.as_bytes(), 5).0;
            assert_eq!(String::from_utf8_lossy(&decoded.text), TEXT);
            let span = decoded.source_span(Span::new(0, TEXT.len()));
            assert_eq!(span.of(text.as_bytes()), list.as_bytes());
            // The same after numbers that are no text.
            let text = format!("1,\n{list}");
            assert_eq!(begins(&text), [3], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_text() {
        for text in [
            "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
            "1024, 65, 66, 67, 68, 69, 70, 71, 72, 1073, 74, 75, 76, 77, 78",
            "65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 1075, 76, 77, 78, 79",
            "0x41414141, 0x42424242, 0x43434343, 0x44444444, 0x45454545",
            "bad face dad cab ace add bed bee cad dab deed fad fed feed fee",
            "2024:11:27 10:11:12 2024:11:27 10:11:12 2024:11:27 10:11:12",
        ] {
            assert!(begins(text).is_empty(), "{text}");
        }
    }

    /// The hits of a part of a text are those of the whole text.
    #[test]
    fn where_a_search_begins_does_not_matter() {
        let text = format!(
            "{},7,{}:{},1000,{}",
            list(|byte| byte.to_string(), ","),
            list(|byte| byte.to_string(), ", "),
            list(|byte| format!("{byte:02x}"), " "),
            list(|byte| format!("0x{byte:02x}"), ",")
        );
        let all = begins(&text);
        assert!(all.len() >= 3, "{all:?}");
        for start in 0..text.len() {
            let mut found = Vec::new();
            let span = Span::new(start, text.len());
            begins_in(text.as_bytes(), span, |at| found.push(at));
            let expected: Vec<_> = all.iter().copied().filter(|&at| at >= start).collect();
            assert_eq!(found, expected, "from {start}");
        }
    }
}
