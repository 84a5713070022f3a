//! Walks through nested containers for the formats: names what they find, recognises containers in
//! it, keeps to the budget, and reports each problem once.

use std::io::Read;

use bstr::{BStr, BString, ByteSlice};

use super::budget::{Budget, Guarded};
use super::peek::Peek;
use super::{FIRST, Problem, Sink, may_precede_archive, whole_format_of};

/// How many problems of a blob are reported one by one: a report of a million is of no use.
const MAX_PROBLEMS: u64 = 100;

/// The longest name that is kept, in bytes.
const MAX_NAME: usize = 4096;

/// A kind of container.
pub(super) struct Format {
    /// Whether a content with these first bytes is one.
    pub(super) is: fn(&[u8]) -> bool,
    pub(super) read: Reader,
}

/// How a format is read.
pub(super) enum Reader {
    /// From the first byte to the last.
    Stream(fn(Peek<'_>, &mut Walk<'_>) -> Result<(), Problem>),
    /// With all bytes in memory.
    Whole(fn(&[u8], &mut Walk<'_>) -> Result<(), Problem>),
}

/// Recognises a container by its first bytes.
pub(super) type FormatOf = fn(&[u8]) -> Option<&'static Format>;

/// Where a walk is, and what it may still do.
pub(super) struct Walk<'a> {
    format_of: FormatOf,
    budget: &'a Budget,
    sink: &'a mut dyn Sink,
    path: BString,
    depth: usize,
    problems: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(format_of: FormatOf, budget: &'a Budget, sink: &'a mut dyn Sink) -> Self {
        Self {
            format_of,
            budget,
            sink,
            path: BString::default(),
            depth: 0,
            problems: 0,
        }
    }

    /// Unpacks `bytes`, which is in no other container.
    pub(super) fn outermost(mut self, format: &Format, bytes: &[u8]) {
        self.depth = 1;
        let result = match format.read {
            Reader::Stream(read) => read(Peek::new(&mut &bytes[..]), &mut self),
            Reader::Whole(read) => read(bytes, &mut self),
        };
        self.finish(result);
        if let Some(more @ 1..) = self.problems.checked_sub(MAX_PROBLEMS) {
            self.sink.problem(BStr::new(""), Problem::More(more));
        }
    }

    /// What recognises containers.
    pub(super) fn format_of(&self) -> FormatOf {
        self.format_of
    }

    /// Whether the container that is read is in another one.
    pub(super) fn is_nested(&self) -> bool {
        self.depth > 1
    }

    /// What may be spent.
    pub(super) fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Takes an entry that is a part of the container as it is. An error means that the walk is
    /// over, and is reported already.
    pub(super) fn entry(&mut self, name: &[u8], content: &mut dyn Read) -> Result<(), Problem> {
        self.visit(name, content, false)
    }

    /// Takes an entry whose bytes are decoded, or may be in several entries, so that they are
    /// counted as work. An error is as for [`Walk::entry`].
    pub(super) fn decoded(&mut self, name: &[u8], content: &mut dyn Read) -> Result<(), Problem> {
        self.visit(name, content, true)
    }

    /// Takes what follows the end of a container, if it is not only zero bytes.
    pub(super) fn rest(&mut self, mut rest: Peek<'_>) -> Result<(), Problem> {
        // If the rest cannot be read, the container around reports that.
        if rest.skip_zeros().unwrap_or(false) {
            self.entry(b"", &mut rest)?;
        }
        Ok(())
    }

    /// Takes bytes that are in no entry, if they are not only zero bytes.
    pub(super) fn remains(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        self.rest(Peek::new(&mut bytes))
    }

    /// Reports a problem of the entry `name`.
    pub(super) fn entry_problem(&mut self, name: &[u8], problem: Problem) {
        let len = self.push(name);
        self.problem(problem);
        self.path.truncate(len);
    }

    /// Adds a name to the path, and returns the length that the path had.
    fn push(&mut self, name: &[u8]) -> usize {
        let len = self.path.len();
        if len > 0 && !name.is_empty() {
            self.path.push(b'!');
        }
        self.path
            .extend_from_slice(&name[..name.len().min(MAX_NAME)]);
        len
    }

    fn problem(&mut self, problem: Problem) {
        // Why the walk is over is never left out.
        let is_last = self.budget.stopped.get();
        self.problems += u64::from(!is_last);
        if is_last || self.problems <= MAX_PROBLEMS {
            self.sink.problem(self.path.as_bstr(), problem);
        }
    }

    fn visit(
        &mut self,
        name: &[u8],
        content: &mut dyn Read,
        is_counted: bool,
    ) -> Result<(), Problem> {
        self.budget.spend_entry()?;
        // A long name may be that of many entries.
        self.budget.spend(name.len() as u64)?;
        let len = self.push(name);
        let mut content = Guarded {
            reader: content,
            budget: self.budget,
            is_counted,
            has_failed: false,
            problem: None,
        };
        let mut peek = Peek::new(&mut content);
        match (self.format_of)(peek.peek(FIRST)) {
            Some(format) => self.open(format, peek),
            None if may_precede_archive(peek.peek(FIRST)) => self.open_at_end(peek),
            None => self.feed(&mut peek),
        }
        if let Some(problem) = content.problem {
            self.budget.failing.set(false);
            self.problem(problem);
        }
        self.path.truncate(len);
        self.budget.check()
    }

    /// Unpacks a container in a container.
    fn open(&mut self, format: &Format, mut content: Peek<'_>) {
        let limit = self.budget.limits.depth;
        if self.depth >= limit {
            self.problem(Problem::TooDeep { limit });
            self.feed(&mut content);
            return;
        }
        self.depth += 1;
        let result = match format.read {
            Reader::Stream(read) => read(content, self),
            Reader::Whole(read) => self.hold(content, read),
        };
        self.depth -= 1;
        self.finish(result);
    }

    /// Reports why a container was not read to its end, unless the one around it failed.
    fn finish(&mut self, result: Result<(), Problem>) {
        if let Err(problem) = result
            && !self.budget.failing.get()
        {
            let is_stopped = self.budget.stopped.get();
            let cause = self.budget.cause.borrow_mut().take();
            if let Some(problem) = cause.or_else(|| (!is_stopped).then_some(problem)) {
                self.problem(problem);
            }
        }
    }

    /// Reads a container that must be in memory; if that is too much, takes its bytes as they are.
    fn hold(
        &mut self,
        mut content: Peek<'_>,
        read: fn(&[u8], &mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut memory = self.budget.use_memory(self.budget.memory_left());
        let mut bytes = Vec::new();
        // What was read before an error is unpacked as well; the reader reports the error.
        let _ = content.by_ref().take(memory.len).read_to_end(&mut bytes);
        if bytes.len() as u64 == memory.len {
            self.problem(Problem::TooMuchMemory);
            self.feed(&mut bytes.chain(content));
            return Ok(());
        }
        memory.shrink(bytes.len() as u64);
        read(&bytes, self)
    }

    /// Passes an entry to the sink, or unpacks it if it ends with an archive, and fits into memory.
    fn open_at_end(&mut self, mut content: Peek<'_>) {
        let memory = self.budget.window();
        let mut bytes = Vec::new();
        // The next read returns the error again.
        let _ = content.by_ref().take(memory.len).read_to_end(&mut bytes);
        let is_whole = (bytes.len() as u64) < memory.len;
        match whole_format_of(&bytes).filter(|_| is_whole) {
            Some(format) => self.open(format, Peek::new(&mut &bytes[..])),
            None => self.feed(&mut bytes.chain(content)),
        }
    }

    /// Passes an entry to the sink.
    fn feed(&mut self, content: &mut dyn Read) {
        let path = if self.path.is_empty() {
            BStr::new("content")
        } else {
            self.path.as_bstr()
        };
        let result = self.sink.entry(path, content);
        // An error that no reader made is the sink's own.
        if result.is_err() && !self.budget.failing.get() {
            self.budget.stopped.set(true);
        }
    }
}
