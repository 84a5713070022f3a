//! Translates POSIX extended regular expressions, as GNU `grep -E` takes them in the C locale, into
//! those of the `regex` crate, for the patterns of other scanners.
//!
//! The syntax is that of POSIX.1-2017, XBD 9.4, with the extensions of the GNU C library: `\w`,
//! `\s`, `\b`, `\<` and so on, and `{,n}`. No translation matches a line feed. As in grep, a `)`
//! without a `(`, and a `{` that begins no interval, are literal, and an operator that has nothing
//! to repeat is ignored.

/// A translated expression. It needs the `regex` crate with Unicode off, where every byte is a
/// character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated(pub(crate) String);

impl Translated {
    /// Translates `pattern`.
    ///
    /// # Errors
    /// If it is not an expression, or has a back-reference.
    pub fn new(pattern: &[u8]) -> Result<Self, PosixError> {
        let mut translation = Translation {
            rest: pattern,
            ..Translation::default()
        };
        while let Some(byte) = translation.take() {
            translation.token(byte)?;
        }
        if translation.groups.is_empty() {
            Ok(Self(translation.out))
        } else {
            Err(PosixError::Group)
        }
    }
}

/// Why an expression cannot be translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PosixError {
    /// It refers to what a group matched.
    #[error("back-references such as \\1 are not supported")]
    BackReference,
    /// A group does not end.
    #[error("unmatched (")]
    Group,
    /// A bracket expression does not end.
    #[error("unmatched [")]
    Bracket,
    /// A range ends before it begins.
    #[error("invalid range end")]
    Range,
    /// A character class has no known name.
    #[error("invalid character class")]
    Class,
    /// Only single characters collate in the C locale.
    #[error("invalid collation character")]
    Collation,
    /// The bounds of an interval are in the wrong order, or too large.
    #[error("invalid interval in {{}}")]
    Interval,
    /// It ends with a backslash.
    #[error("trailing backslash")]
    Backslash,
}

/// The largest bound of an interval in the GNU C library.
const MAX_REPEAT: u32 = 0x7fff;

#[derive(Default)]
struct Translation<'p> {
    rest: &'p [u8],
    out: String,
    /// Where the last expression begins that an operator would repeat.
    atom: Option<usize>,
    /// Where the open groups begin.
    groups: Vec<usize>,
}

impl Translation<'_> {
    fn take(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn token(&mut self, byte: u8) -> Result<(), PosixError> {
        match byte {
            b'(' => {
                self.groups.push(self.out.len());
                self.out.push_str("(?:");
                self.atom = None;
            }
            b')' if !self.groups.is_empty() => {
                self.out.push(')');
                self.atom = self.groups.pop();
            }
            b'|' => {
                self.out.push('|');
                self.atom = None;
            }
            b'*' => self.repeat("*"),
            b'+' => self.repeat("+"),
            b'?' => self.repeat("?"),
            b'{' => match self.interval()? {
                Some(interval) => self.repeat(&interval),
                None => self.literal(b'{'),
            },
            b'^' => self.atom("(?m:^)"),
            b'$' => self.atom("(?m:$)"),
            b'.' => self.atom("[^\\n]"),
            b'[' => self.bracket()?,
            b'\\' => self.escape()?,
            byte => self.literal(byte),
        }
        Ok(())
    }

    fn atom(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        self.out.push_str(text);
    }

    fn literal(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() || b"_ /@#:,;<>=\"'%!~`&-".contains(&byte) {
            self.atom(char::from(byte).encode_utf8(&mut [0; 4]));
        } else {
            self.atom(&format!("\\x{byte:02X}"));
        }
    }

    /// Repeats the last expression, in a group of its own: `a+?` is `(a+)?`, not a lazy operator.
    fn repeat(&mut self, operator: &str) {
        if let Some(start) = self.atom {
            self.out.insert_str(start, "(?:");
            self.out.push(')');
            self.out.push_str(operator);
        }
    }

    /// Reads the rest of an interval; `None` if what follows is not one.
    fn interval(&mut self) -> Result<Option<String>, PosixError> {
        let Some(end) = memchr::memchr(b'}', self.rest) else {
            return Ok(None);
        };
        let bounds = std::str::from_utf8(&self.rest[..end]).unwrap_or("x");
        let (low, high) = match bounds.split_once(',') {
            Some((low, "")) => (low, None),
            Some((low, high)) => (low, Some(high)),
            None if bounds.is_empty() => return Ok(None),
            None => (bounds, Some(bounds)),
        };
        let digits = |bound: &str| bound.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(low) || !high.is_none_or(digits) {
            return Ok(None);
        }
        self.rest = &self.rest[end + 1..];
        let number = |bound: &str| {
            let number: Option<u32> = bound.parse().ok();
            number
                .filter(|&number| number <= MAX_REPEAT)
                .ok_or(PosixError::Interval)
        };
        let low = if low.is_empty() { 0 } else { number(low)? };
        match high.map(number).transpose()? {
            Some(high) if high < low => Err(PosixError::Interval),
            Some(high) => Ok(Some(format!("{{{low},{high}}}"))),
            None => Ok(Some(format!("{{{low},}}"))),
        }
    }

    fn escape(&mut self) -> Result<(), PosixError> {
        let text = match self.take().ok_or(PosixError::Backslash)? {
            b'w' => "[0-9A-Z_a-z]",
            b'W' => "[^\\n0-9A-Z_a-z]",
            b's' => "[\\t\\x0B-\\r ]",
            b'S' => "[^\\t-\\r ]",
            b'b' => "\\b",
            b'B' => "\\B",
            b'<' => "\\b{start}",
            b'>' => "\\b{end}",
            b'`' => "(?m:^)",
            b'\'' => "(?m:$)",
            b'1'..=b'9' => return Err(PosixError::BackReference),
            byte => {
                self.literal(byte);
                return Ok(());
            }
        };
        self.atom(text);
        Ok(())
    }

    fn bracket(&mut self) -> Result<(), PosixError> {
        let negated = self.rest.first() == Some(&b'^');
        if negated {
            self.take();
        }
        let mut set = [false; 256];
        let mut is_first = true;
        loop {
            let byte = self.take().ok_or(PosixError::Bracket)?;
            if byte == b']' && !is_first {
                break;
            }
            is_first = false;
            if byte == b'[' && self.rest.first() == Some(&b':') {
                let name = self.named(b':')?;
                let is_in = class(name).ok_or(PosixError::Class)?;
                (0..=u8::MAX).for_each(|byte| set[usize::from(byte)] |= is_in(&byte));
                continue;
            }
            let low = self.element(byte)?;
            let high = match self.rest {
                [b'-', next, ..] if *next != b']' => {
                    self.take();
                    let byte = self.take().ok_or(PosixError::Bracket)?;
                    self.element(byte)?
                }
                _ => low,
            };
            if high < low {
                return Err(PosixError::Range);
            }
            set[usize::from(low)..=usize::from(high)].fill(true);
        }
        let mut text = String::from("[");
        for byte in (0..=u8::MAX).filter(|&byte| byte != b'\n') {
            if set[usize::from(byte)] != negated {
                text.push_str(&format!("\\x{byte:02X}"));
            }
        }
        // No class is empty in the syntax of the `regex` crate.
        self.atom(&if text.len() > 1 {
            text + "]"
        } else {
            "[^\\x00-\\xFF]".to_owned()
        });
        Ok(())
    }

    /// The character that begins with `byte` in a bracket expression: itself, `[.x.]` or `[=x=]`.
    fn element(&mut self, byte: u8) -> Result<u8, PosixError> {
        match (byte, self.rest.first()) {
            (b'[', Some(&mark @ (b'.' | b'='))) => match self.named(mark)? {
                [byte] => Ok(*byte),
                _ => Err(PosixError::Collation),
            },
            _ => Ok(byte),
        }
    }
}

impl<'p> Translation<'p> {
    /// Reads the rest of `[:name:]`, where `mark` is the colon.
    fn named(&mut self, mark: u8) -> Result<&'p [u8], PosixError> {
        let name = &self.rest[1..];
        let end = name.windows(2).position(|pair| pair == [mark, b']']);
        let end = end.ok_or(PosixError::Bracket)?;
        self.rest = &name[end + 2..];
        Ok(&name[..end])
    }
}

fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |byte| matches!(byte, b'\t'..=b'\r' | b' '),
        b"blank" => |byte| matches!(byte, b'\t' | b' '),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_is_wrong() {
        for (pattern, problem) in [
            ("(a)\\1", PosixError::BackReference),
            ("(a", PosixError::Group),
            ("[a", PosixError::Bracket),
            ("[a-", PosixError::Bracket),
            ("[[:alpha:", PosixError::Bracket),
            ("[z-a]", PosixError::Range),
            ("[[:foo:]]", PosixError::Class),
            ("[[.hyphen.]]", PosixError::Collation),
            ("a{2,1}", PosixError::Interval),
            ("a{99999}", PosixError::Interval),
            ("a\\", PosixError::Backslash),
        ] {
            assert_eq!(
                Translated::new(pattern.as_bytes()),
                Err(problem),
                "{pattern}"
            );
        }
    }
}
