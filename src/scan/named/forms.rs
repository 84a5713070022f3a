//! Lists the forms of assignments that need more than an operator, for the readers of values and of
//! names, which match them forwards and backwards.

/// The longest name, in bytes.
pub(super) const MAX_NAME: usize = 80;

/// How far before a value its name may end, in bytes.
pub(super) const MAX_GAP: usize = 48;

/// What separates a name from its value. A space is any number of blanks and line ends, `0` any
/// number of digits, `"` a quote; every other byte is itself. If one begins like another, the
/// longer one is first.
const SEPARATORS: [&str; 14] = [
    // Property lists, and the configuration of Hadoop.
    "</key> <string>",
    "</name> <value>",
    // Settings of .NET.
    "\" serializeAs=\"String\"> <value>",
    // Prose about code.
    "\" to \"",
    "\" is \"",
    // The default of a shell variable.
    ":-\"",
    ":-",
    // Block scalars of YAML.
    ": |- ",
    ": >- ",
    ": | ",
    ": > ",
    // Arrays of C, and strings of C++.
    "[0] = \"",
    "{ \"",
    "{\\\"",
];

/// What is before a name that a value follows after a blank: commands and directives that set it.
const SETTERS: [&[u8]; 13] = [
    b"ENV ",
    b"setx ",
    b"setx /M ",
    b"setenv ",
    b"SetEnv ",
    b"set -x ",
    b"set -gx ",
    b"set -Ux ",
    b"set -xg ",
    b"set -xU ",
    b"proxy_set_header ",
    b"fastcgi_param ",
    b"add_header ",
];

/// Whether `byte` is part of an identifier.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether text that ends with `before` sets the name after it to the value after that.
pub(super) fn ends_with_setter(before: &[u8]) -> bool {
    SETTERS.iter().any(|setter| before.ends_with(setter))
}

/// Where the separator ends that begins at the start of `text`, and whether a literal follows it.
/// The end is that of `text` if the separator may go on after it.
pub(super) fn separator_after(text: &[u8]) -> Option<(usize, bool)> {
    SEPARATORS.iter().find_map(|separator| {
        let mut at = 0;
        for &byte in separator.as_bytes() {
            if at == text.len() {
                return Some((at, false));
            }
            at += many(byte, text[at..].iter()).or_else(|| is(byte, text[at]).then_some(1))?;
        }
        Some((at, separator.ends_with(['"', '>'])))
    })
}

/// Where the separator begins that ends at the end of `text`.
pub(super) fn separator_before(text: &[u8]) -> Option<usize> {
    let may_end = |byte: &u8| is_quote(*byte) || matches!(byte, b'>' | b'-' | b'|');
    text.trim_ascii_end().last().filter(|byte| may_end(byte))?;
    SEPARATORS.iter().find_map(|separator| {
        let mut at = text.len();
        for &byte in separator.as_bytes().iter().rev() {
            at -= many(byte, text[..at].iter().rev())
                .or_else(|| is(byte, *text[..at].last()?).then_some(1))?;
        }
        Some(at)
    })
}

/// How many of `bytes` a byte of a separator is, if it is any number of them.
fn many<'a>(byte: u8, bytes: impl Iterator<Item = &'a u8>) -> Option<usize> {
    let is_one: fn(&u8) -> bool = match byte {
        b' ' => u8::is_ascii_whitespace,
        b'0' => u8::is_ascii_digit,
        _ => return None,
    };
    Some(bytes.take_while(|byte| is_one(byte)).count())
}

/// Whether a byte of a separator is `byte`.
const fn is(expected: u8, byte: u8) -> bool {
    expected == byte || expected == b'"' && is_quote(byte)
}
