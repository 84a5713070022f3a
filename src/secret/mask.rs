//! Decides what part of a secret may be shown and which unknown words look like secrets, for every
//! output of the program.

use std::ops::Range;

/// Replaces what is not shown of a value. It has always the same length, because the length of a
/// password helps to guess it.
pub const HIDDEN: &str = "********";

/// How many characters are shown: enough for the kind (`AKIA`, `ghp_`).
const VISIBLE: usize = 4;

/// A shorter value is hidden completely.
const MIN_PARTLY_VISIBLE: usize = 20;

/// A value that was found is masked wherever it occurs if it has this many bytes: it does not occur
/// by chance.
pub const MIN_ANYWHERE: usize = 8;

/// A value that was found is masked where it is a word if it has this many bytes.
pub const MIN_WORD: usize = 3;

/// Whether the bytes of `text` in `range` are a word: no letter or digit is next to them, except
/// for that of an option, as in `mysql -pSECRET`.
#[must_use]
pub fn is_word(text: &[u8], range: Range<usize>) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = &text[..range.start];
    let is_after_option = match before {
        [start @ .., b'-', _] => !is_letter(start.last()),
        _ => false,
    };
    (is_after_option || !is_letter(before.last())) && !is_letter(text.get(range.end))
}

/// Where `text` has a value that was found, so that it has to be masked there.
pub fn occurrences<'t>(text: &'t [u8], value: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
    // A search for a value that is longer than the text would still read all of it.
    let is_searched = (MIN_WORD..=text.len()).contains(&value.len());
    let found = is_searched.then(|| memchr::memmem::find_iter(text, value));
    let ranges = found.into_iter().flatten();
    ranges
        .map(move |start| start..start + value.len())
        .filter(move |range| value.len() >= MIN_ANYWHERE || is_word(text, range.clone()))
}

/// Returns how many bytes at the start of a secret may be shown.
#[must_use]
pub fn visible_prefix(value: &[u8]) -> usize {
    let is_printable = value.iter().take(VISIBLE).all(u8::is_ascii_graphic);
    if is_printable && value.len() >= MIN_PARTLY_VISIBLE {
        VISIBLE
    } else {
        0
    }
}

/// Like [`visible_prefix`], for the lines of a code frame: also shows the header of a private key,
/// which names its kind and nothing else.
#[must_use]
pub fn visible_prefix_in_frame(value: &[u8]) -> usize {
    const DASHES: &[u8] = b"-----";
    if !value.starts_with(b"-----BEGIN ") {
        return visible_prefix(value);
    }
    let end = memchr::memmem::find(&value[DASHES.len()..], DASHES);
    end.map_or(0, |end| end + 2 * DASHES.len())
}

/// Masks a secret: its visible prefix, then [`HIDDEN`].
#[must_use]
pub fn masked(value: &[u8]) -> String {
    let prefix = String::from_utf8_lossy(&value[..visible_prefix(value)]);
    format!("{prefix}{HIDDEN}")
}

/// Whether `text` is what [`masked`] returns.
#[must_use]
pub fn is_mask(text: &str) -> bool {
    let prefix = text.strip_suffix(HIDDEN);
    prefix.is_some_and(|prefix| {
        prefix.len() <= VISIBLE && prefix.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// Whether a word that no rule knows looks like a secret: at least 16 characters with letters of
/// both cases and a digit, or at least 20 with letters and a digit. Zero bytes, as in UTF-16, do
/// not count.
#[must_use]
pub fn looks_like_secret(word: &[u8]) -> bool {
    let has_digit = word.iter().any(u8::is_ascii_digit);
    let has_upper = word.iter().any(u8::is_ascii_uppercase);
    let has_lower = word.iter().any(u8::is_ascii_lowercase);
    let length = word.iter().filter(|&&byte| byte != 0).count();
    let is_mixed = has_upper && has_lower && length >= 16;
    has_digit && (is_mixed || length >= 20 && (has_upper || has_lower))
}

/// Finds the words of a text that [look like secrets](looks_like_secret): a line with one secret
/// often has another that no rule knows.
pub fn secret_like_words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    let words = text.split(|&byte| !is_in_token(byte)).map(move |word| {
        let start = next;
        next += word.len() + 1;
        start..start + word.len()
    });
    words.filter(|word| looks_like_secret(&text[word.clone()]))
}

/// Like [`looks_like_secret`], for a word between blanks that may be a URL: there each part of the
/// path counts by itself, so that a link stays readable. A URL with `@` may hold a password.
#[must_use]
pub fn may_contain_secret(word: &str) -> bool {
    match word.split_once("://") {
        Some((_, address)) => address.contains('@') || address.split('/').any(may_contain_secret),
        None => looks_like_secret(word.as_bytes()),
    }
}

fn is_in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/_-%~.\0".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_printable_values_show_a_prefix() {
        for (value, visible) in [
            (&b"0123456789abcdefghij"[..], 4),
            (b"0123456789abcdefghi", 0),
            (b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00", 0),
            (b"", 0),
        ] {
            assert_eq!(visible_prefix(value), visible, "{value:?}");
        }
        let key = b"-----BEGIN PRIVATE KEY-----\nMIIE";
        assert_eq!(
            visible_prefix_in_frame(key),
            "-----BEGIN PRIVATE KEY-----".len()
        );
        assert_eq!(visible_prefix(key), 4);
    }

    #[test]
    fn short_values_occur_as_words() {
        let all = |text: &str, value: &str| occurrences(text.as_bytes(), value.as_bytes()).count();
        assert_eq!(all("pw:abc, xabc abcx /abc_", "abc"), 2);
        assert_eq!(all("-pabc x -pabc 'y' x-pabc -xpabc", "abc"), 2);
        assert_eq!(all("xhunter22x", "hunter22"), 1);
        assert_eq!(all("ab ab", "ab") + all("", "abc") + all("abc", ""), 0);
    }

    #[test]
    fn words_with_letters_and_digits_look_like_secrets() {
        let text = b"see Zm9vYmFyYmF6cXV4MTIz, a_word_without_digits and 12345678901234567890";
        assert!(secret_like_words(text).eq(std::iter::once(4..24)));
        assert!(may_contain_secret("https://user:pw@example.com/"));
        assert!(!may_contain_secret("https://example.com/issues/1234567"));
        assert!(may_contain_secret(
            "https://example.com/Zm9vYmFyYmF6cXV4MTIz"
        ));
    }
}
