//! Reads the text that a page of a PDF document shows, from the operators that draw it.

use memchr::memmem;

use super::super::number;
use super::filters::hex;

/// A move to the right between two characters, in thousandths of the size of the font, from which
/// on it is a space.
const SPACE: f64 = -200.0;

/// Whether a content has operators that draw text: between `BT` and `ET`, after a string or a list
/// of strings.
pub(super) fn is_page(content: &[u8]) -> bool {
    let is_drawn = |at: usize| {
        let before = content[..at].trim_ascii_end().last();
        matches!(before, Some(b')' | b'>' | b']'))
            && matches!(content.get(at + 1), Some(b'j' | b'J'))
    };
    let has_word = |word: &[u8; 2]| {
        let mut found = memmem::find_iter(content, word);
        found.any(|at| content.get(at + 2).is_none_or(u8::is_ascii_whitespace))
    };
    has_word(b"BT") && has_word(b"ET") && memchr::memchr_iter(b'T', content).any(is_drawn)
}

/// The text of a page, with a line for each line of the page.
pub(super) fn of_page(content: &[u8]) -> Vec<u8> {
    let mut page = Page {
        rest: content,
        text: Vec::with_capacity(content.len() / 2),
        drawn: 0,
        numbers: Vec::new(),
        line: None,
    };
    while page.token() {}
    page.text
}

/// A page that is read.
struct Page<'a> {
    rest: &'a [u8],
    text: Vec<u8>,
    /// How much of the text is from before the operands of the next operator.
    drawn: usize,
    /// The last numbers, which are the operands of an operator.
    numbers: Vec<f64>,
    /// The height of the current line, if an operator gave it.
    line: Option<f64>,
}

impl Page<'_> {
    /// Reads one token; `false` at the end.
    fn token(&mut self) -> bool {
        let Some((&first, rest)) = self.rest.split_first() else {
            return false;
        };
        match first {
            b'(' => self.literal(),
            b'<' if rest.first() == Some(&b'<') => self.rest = &rest[1..],
            b'<' => {
                let (bytes, len) = hex(rest);
                // Zero bytes are the upper halves of characters of 16 bits.
                self.text.extend(bytes.iter().filter(|&&byte| byte != 0));
                self.rest = &rest[len..];
            }
            b'%' => {
                let len = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                let (comment, rest) = rest.split_at(len.unwrap_or(rest.len()));
                self.rest = rest;
                self.gap(b'\n');
                self.text.extend_from_slice(comment);
                self.gap(b'\n');
            }
            _ if first.is_ascii_whitespace() || first == 0 => self.rest = rest,
            _ => {
                let is_end = |byte: &u8| b"()<>[]{}/% \t\r\n\0\x0c".contains(byte);
                let len = rest.iter().position(is_end).unwrap_or(rest.len());
                let (word, rest) = self.rest.split_at(1 + len);
                self.rest = rest;
                self.word(word);
            }
        }
        true
    }

    /// Reads a string in parentheses, which may have others in it.
    fn literal(&mut self) {
        let mut depth = 0;
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'\\' => {
                    self.escape();
                    continue;
                }
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
            if (depth > 1 || byte != b'(') && byte != 0 {
                self.text.push(byte);
            }
        }
    }

    fn escape(&mut self) {
        let digits = self
            .rest
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b'0'..=b'7'));
        let digits = digits.count();
        if digits > 0 {
            let (code, rest) = self.rest.split_at(digits);
            self.rest = rest;
            let code = number::ascii(code, 8).unwrap_or(0);
            self.text
                .extend(u8::try_from(code & 0xff).ok().filter(|&byte| byte != 0));
            return;
        }
        let Some((&byte, rest)) = self.rest.split_first() else {
            return;
        };
        self.rest = rest;
        match byte {
            b'n' => self.text.push(b'\n'),
            b'r' => self.text.push(b'\r'),
            b't' => self.text.push(b'\t'),
            b'b' | b'f' | b'\n' | b'\r' => {}
            other => self.text.push(other),
        }
    }

    /// Reads a number or an operator.
    fn word(&mut self, word: &[u8]) {
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse().ok());
        if let Some(number) = number {
            self.numbers.push(number);
            // Between the strings of `TJ`. Other operators begin with numbers, and end the text.
            if number < SPACE {
                self.gap(b' ');
            }
            return;
        }
        match word {
            b"T*" | b"ET" => self.gap(b'\n'),
            // The next line, and a string on it.
            b"'" | b"\"" => self.text.insert(self.drawn, b'\n'),
            b"Td" | b"TD" => {
                let is_same = self.numbers.last() == Some(&0.0);
                self.gap(if is_same { b' ' } else { b'\n' });
            }
            b"Tm" => {
                let line = self.numbers.last().copied();
                let is_same = line.is_some() && line == self.line;
                self.gap(if is_same { b' ' } else { b'\n' });
                self.line = line;
            }
            // An image between the operators.
            b"ID" => {
                let end = memmem::find(self.rest, b"EI").unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            }
            // A bracket, a name or a space.
            _ if !word[0].is_ascii_alphabetic() => return,
            _ => {}
        }
        self.numbers.clear();
        self.drawn = self.text.len();
    }

    /// Ends a word or a line.
    fn gap(&mut self, byte: u8) {
        if byte == b'\n' && self.text.last() == Some(&b' ') {
            self.text.pop();
        }
        if self
            .text
            .last()
            .is_some_and(|last| !last.is_ascii_whitespace())
        {
            self.text.push(byte);
        }
    }
}
