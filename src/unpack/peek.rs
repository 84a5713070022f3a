//! Buffers a stream so that the formats can look at bytes before they are read.

use std::io::{self, BufRead, Read};

/// How many bytes are read at once.
const SIZE: usize = 32 << 10;

/// A buffered stream.
pub(super) struct Peek<'a> {
    reader: &'a mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> Peek<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            at: 0,
        }
    }

    /// The next `len` bytes, fewer at the end or before an error, which the next read returns: the
    /// readers of this module repeat their errors.
    pub(super) fn peek(&mut self, len: usize) -> &[u8] {
        if self.buffer.len() - self.at < len {
            self.buffer.drain(..self.at);
            self.at = 0;
            while self.buffer.len() < len
                && read_once(self.reader, &mut self.buffer, len).is_ok_and(|len| len > 0)
            {
            }
        }
        let end = self.buffer.len().min(self.at + len);
        &self.buffer[self.at..end]
    }

    /// Drops up to `len` bytes, which fit into the buffer.
    pub(super) fn skip(&mut self, len: usize) {
        let len = self.peek(len).len();
        self.consume(len);
    }

    /// Drops the zero bytes that come next, and returns whether anything is left.
    pub(super) fn skip_zeros(&mut self) -> io::Result<bool> {
        loop {
            let part = self.fill_buf()?;
            let zeros = part.iter().take_while(|&&byte| byte == 0).count();
            let (done, any) = (zeros < part.len(), zeros > 0);
            self.consume(zeros);
            if done || !any {
                return Ok(done);
            }
        }
    }
}

/// Appends what one call of `read` returns, at most `len` bytes.
fn read_once(reader: &mut dyn Read, buffer: &mut Vec<u8>, len: usize) -> io::Result<usize> {
    let old = buffer.len();
    buffer.resize(old + len, 0);
    let result = loop {
        match reader.read(&mut buffer[old..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    buffer.truncate(old + result.as_ref().map_or(0, |len| *len));
    result
}

impl Read for Peek<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() && buf.len() >= SIZE {
            return self.reader.read(buf);
        }
        let part = self.fill_buf()?;
        let len = part.len().min(buf.len());
        buf[..len].copy_from_slice(&part[..len]);
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Peek<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            read_once(self.reader, &mut self.buffer, SIZE)?;
        }
        Ok(&self.buffer[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.buffer.len());
    }
}
