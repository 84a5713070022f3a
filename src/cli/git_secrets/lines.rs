//! Finds the lines of the inputs that the patterns match, in parallel, and prints those that are
//! not allowed as `path:line:text`.

use std::collections::HashSet;
use std::io::Write as _;
use std::thread;

use bstr::{BStr, BString};
use keysieve::audit::line_history::is_binary;
use keysieve::git::{LocalRepository, Repository};
use keysieve::scan::lines::LinePatterns;
use keysieve::source::in_pool;
use keysieve::text::LineIndex;
use rayon::prelude::*;

use super::allowed::Allowed;
use super::aws::AwsRules;
use super::failure::Failure;
use super::inputs::{Content, Input};
use super::patterns::Configuration;

/// What follows the lines.
const HINTS: &str = "
[ERROR] Matched one or more prohibited patterns

Possible mitigations:
- Mark false positives as allowed using: git config --add secrets.allowed ...
- Mark false positives as allowed by adding regular expressions to .gitallowed \
at repository's root directory
- List your configured patterns: git config --get-all secrets.patterns
- List your configured allowed patterns: git config --get-all secrets.allowed
- List your configured allowed patterns in .gitallowed at repository's root directory
- Use --no-verify if this is a one-time false positive
";

/// How many bytes of lines are written at once, about.
const OUTPUT_BUFFER: usize = 64 << 10;

/// What is searched for.
pub(super) struct Search<'a> {
    pub(super) patterns: &'a LinePatterns,
    /// The built-in rules, if they take part.
    pub(super) aws: Option<AwsRules>,
    /// The repository that staged blobs are in.
    pub(super) repo: Option<Repository>,
}

/// The lines of an input as they are printed.
#[derive(Default)]
struct FoundLines {
    /// Those that the patterns match.
    lines: Vec<Vec<u8>>,
    /// Those that only a built-in rule finds: in full, to see whether they are allowed, and masked.
    masked: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Does `work` on one thread for each processor.
pub(super) fn parallel<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    in_pool(thread::available_parallelism().map_or(1, usize::from), work)
}

/// Scans the inputs. Fails if a line is found that is not allowed, or an input cannot be read.
pub(super) fn scan(
    inputs: &[Input],
    search: &Search<'_>,
    configuration: &Configuration,
) -> Result<(), Failure> {
    let local = || search.repo.as_ref().map(Repository::local);
    let found: Result<Vec<_>, Failure> = parallel(|| {
        let inputs = inputs.par_iter();
        inputs
            .map_init(local, |repo, input| search.input(repo.as_ref(), input))
            .collect()
    });
    let found = found?;
    let mut printer = Printer::default();
    for line in found.iter().flat_map(|found| &found.lines) {
        printer.print(line, line, configuration)?;
    }
    for (line, masked) in found.iter().flat_map(|found| &found.masked) {
        printer.print(line, masked, configuration)?;
    }
    printer.finish()
}

impl Search<'_> {
    fn input(&self, repo: Option<&LocalRepository>, input: &Input) -> Result<FoundLines, Failure> {
        let mut found = FoundLines::default();
        let Some(bytes) = input.read(repo)? else {
            return Ok(found);
        };
        if !matches!(input.content, Content::Text(_)) && is_binary(&bytes) {
            return Ok(found);
        }
        let mut numbers = HashSet::new();
        for line in self.patterns.lines(&bytes) {
            numbers.insert(line.number);
            found
                .lines
                .push(output_line(&input.name, line.number, line.text));
        }
        let Some(aws) = &self.aws else {
            return Ok(found);
        };
        let aws_lines = aws.lines(BStr::new(&input.name), &bytes);
        if aws_lines.is_empty() {
            return Ok(found);
        }
        let index = LineIndex::new(&bytes);
        for line in aws_lines {
            if !numbers.contains(&line.number) {
                let text = index.span(line.number - 1).of(&bytes);
                let whole = output_line(&input.name, line.number, text);
                let masked = output_line(&input.name, line.number, &line.masked);
                found.masked.push((whole, masked));
            }
        }
        Ok(found)
    }
}

/// A line as `grep` prints it. A shell drops zero bytes.
pub(super) fn output_line(name: &[u8], number: usize, text: &[u8]) -> Vec<u8> {
    let mut line = bstr::concat([name, format!(":{number}:").as_bytes(), text]);
    line.retain(|&byte| byte != 0);
    line
}

/// A name as git prints it: in double quotes with escapes if it has special characters.
pub(super) fn quoted(name: &BStr, quotes_names: bool) -> BString {
    let mut quoted = BString::from("\"");
    for &byte in name.iter() {
        let letter = match byte {
            0x07 => b'a',
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0b => b'v',
            0x0c => b'f',
            b'\r' => b'r',
            b'"' | b'\\' => byte,
            0..=0x1f | 0x7f => 0,
            0x80.. if quotes_names => 0,
            _ => {
                quoted.push(byte);
                continue;
            }
        };
        quoted.push(b'\\');
        if letter == 0 {
            quoted.extend(format!("{byte:03o}").bytes());
        } else {
            quoted.push(letter);
        }
    }
    quoted.push(b'"');
    if quoted.len() == name.len() + 2 {
        name.to_owned()
    } else {
        quoted
    }
}

/// Prints what is not allowed.
#[derive(Default)]
pub(super) struct Printer {
    /// Read when there is something to print.
    allowed: Option<Allowed>,
    has_printed: bool,
    /// Lines that are still to be written.
    unprinted: Vec<u8>,
}

impl Printer {
    /// Prints `shown` unless `line` is allowed.
    pub(super) fn print(
        &mut self,
        line: &[u8],
        shown: &[u8],
        configuration: &Configuration,
    ) -> Result<(), Failure> {
        let allowed = match &self.allowed {
            Some(allowed) => allowed,
            None => self.allowed.insert(Allowed::read(configuration)?),
        };
        if !allowed.has(line) {
            self.has_printed = true;
            self.unprinted.extend_from_slice(shown);
            self.unprinted.push(b'\n');
            if self.unprinted.len() >= OUTPUT_BUFFER {
                self.flush();
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        // If standard error is closed, the exit status is still right.
        let _ = std::io::stderr().write_all(&self.unprinted);
        self.unprinted.clear();
    }

    /// Fails with the hints if anything was printed.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if !self.has_printed {
            return Ok(());
        }
        self.unprinted.extend_from_slice(HINTS.as_bytes());
        Err(Failure::status(1))
    }
}

/// Lines that were found before an error are printed before it.
impl Drop for Printer {
    fn drop(&mut self) {
        self.flush();
    }
}
