//! The scanner: finds secrets in bytes, and knows nothing of where the bytes came from.
//!
//! A prefilter reads every byte: a vector search for all keywords at once, and a finder of long
//! base64 runs. Where one of them strikes, the rules that asked are tried: their regular expression
//! in a window around the keyword, then their entropy floor and their checks. Where a strike may
//! hide text in another form (escapes, base64, UTF-16 …), that stretch is decoded and looked at in
//! the same way, twice at most.
//!
//! Strikes depend on the bytes they stand on and nothing else, so those of a text that was made
//! from another need to be looked for only where the two differ: [`Scanner::hits_after`].

mod charset_runs;
mod decode;
mod hits;
mod pair;
mod prefilter;
mod prefix_table;
mod samples;
mod trace;
mod verify;

use std::collections::HashMap;

use crate::rule::{Candidate, Confidence, Detail, Rule, RuleSet, Trigger};
use crate::secret::Secret;
use crate::text::Span;

use decode::{DecodeQueue, Layer};
use prefilter::Prefilter;
use prefix_table::PrefixTable;

use hits::{Cause, Runs};
pub use hits::{Hit, Hits};
pub use pair::{Pairing, pair_up};
pub use samples::{SampleFault, check_samples};
pub use trace::{CandidateTrace, Cue, RuleTrace, Step};

/// How often decoded text is decoded again.
const MAX_DEPTH: usize = 2;

/// Something that a rule confirms, at a place in the scanned bytes.
#[derive(Clone, Debug)]
pub struct Match {
    /// Index of the rule in [`RuleSet::rules`].
    pub rule: usize,
    /// Where the secret stands, in whatever form it is written there.
    pub span: Span,
    /// Its value in clear form.
    pub value: Secret,
    /// How sure it is.
    pub confidence: Confidence,
    /// What the checks learned.
    pub details: Vec<Detail>,
    /// How it is written, where it is not in clear.
    pub encoding: Option<&'static str>,
}

/// Why a scanner cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The rules' keywords are too many or too long for a search.
    #[error("cannot build the keyword search of the rules")]
    Keywords(#[from] aho_corasick::BuildError),
}

/// Rules, made ready to be looked for. Shared by all threads.
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    /// Keywords that may stand anywhere.
    prefilter: Prefilter,
    /// Keywords of secrets that are one long word.
    prefixes: PrefixTable,
    /// Rules whose trigger is a run.
    run_rules: Vec<usize>,
    /// Length of the longest keyword that may stand anywhere, in bytes.
    longest_keyword: usize,
}

/// Takes down what is looked at. A scan wants what is confirmed, an explanation all that was tried.
trait Record: Default {
    /// Which runs are tried.
    const RUNS: Runs = Runs::Promising;

    /// Puts a candidate to the checks of `rule`.
    fn test(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>);

    /// Takes in what was found in a decoded stretch.
    fn decoded(&mut self, inner: Self, layer: &Layer);

    /// A rule has seen all its candidates in a window, or in a run.
    fn tried(&mut self, _: &Tried<'_>) {}
}

/// Where a rule was tried.
struct Tried<'a> {
    index: usize,
    rule: &'a Rule,
    text: &'a [u8],
    /// The window, or the run.
    span: Span,
    /// What struck there, whoever asked for it.
    hits: &'a [Hit],
}

impl Record for Vec<Match> {
    fn test(&mut self, index: usize, rule: &Rule, candidate: Candidate<'_>) {
        self.extend(verify::confirm(index, rule, candidate, &mut |_| {}));
    }

    fn decoded(&mut self, inner: Self, layer: &Layer) {
        let seen = |found: Match| Match {
            span: layer.origin(found.span),
            encoding: Some(layer.encoding),
            ..found
        };
        self.extend(inner.into_iter().map(seen));
    }
}

impl Scanner {
    /// A scanner for `rules`.
    ///
    /// # Errors
    /// Where no search can be built for the keywords.
    pub fn new(rules: RuleSet) -> Result<Self, ScanError> {
        let mut keywords = decode::keywords(rules.rules.len());
        let (mut prefixes, mut run_rules) = (Vec::new(), Vec::new());
        for (index, rule) in rules.rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Keywords(pattern) => {
                    let group = if pattern.in_run {
                        &mut prefixes
                    } else {
                        &mut keywords
                    };
                    group.extend(
                        pattern
                            .keywords
                            .iter()
                            .map(|word| (index, word.clone().into_bytes())),
                    );
                }
                Trigger::Run(_) => run_rules.push(index),
            }
        }
        let longest_keyword = keywords
            .iter()
            .map(|(_, word)| word.len())
            .max()
            .unwrap_or(0);
        Ok(Self {
            prefilter: Prefilter::new(keywords)?,
            prefixes: PrefixTable::new(prefixes),
            run_rules,
            longest_keyword,
            rules,
        })
    }

    /// The rules it looks for.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Everything in `text` that a rule confirms, in the order of the text; each secret once a
    /// place.
    #[must_use]
    pub fn scan(&self, text: &[u8]) -> Vec<Match> {
        self.judge(text, &self.hits(text))
    }

    /// What [`Scanner::scan`] finds in `text`, whose strikes these are.
    #[must_use]
    pub fn judge(&self, text: &[u8], hits: &Hits) -> Vec<Match> {
        let mut found = Vec::new();
        self.look(text, hits, 0, &mut found);
        settle(&mut found);
        found
    }

    fn look<R: Record>(&self, text: &[u8], hits: &Hits, depth: usize, record: &mut R) {
        if hits.is_empty() {
            return;
        }
        let mut windows: Vec<(usize, Span)> = Vec::new();
        let mut queue = DecodeQueue::default();
        for hit in hits.iter() {
            match hit.cause {
                Cause::Keyword(asker) => match self.rules.rules.get(asker) {
                    Some(rule) => {
                        windows.push((asker, window(rule, hit.span.start, text.len())));
                    }
                    None => queue.keyword(asker - self.rules.rules.len(), hit.span.start),
                },
                Cause::Run => self.try_run(text, hit, &mut queue, record),
            }
        }
        let mut done = (0, 0);
        for (index, window) in merge(windows) {
            // A window that was widened may have taken in those after it.
            if done.0 != index || window.end > done.1 {
                let rule = &self.rules.rules[index];
                let end = verify::candidates(rule, text, window, |candidate| {
                    record.test(index, rule, candidate);
                });
                let span = Span::new(window.start, end);
                record.tried(&Tried {
                    index,
                    rule,
                    text,
                    span,
                    hits: hits.within(span),
                });
                done = (index, end);
            }
        }
        if depth < MAX_DEPTH {
            queue.follow(text, hits.has_nul(), |layer| {
                let mut inner = R::default();
                self.look(
                    &layer.text,
                    &self.strikes_of(&layer.text, R::RUNS),
                    depth + 1,
                    &mut inner,
                );
                record.decoded(inner, layer);
            });
        }
    }

    /// A run of base64 and escape characters: its unbroken stretches are candidates, the whole may
    /// have to be decoded.
    fn try_run(&self, text: &[u8], hit: &Hit, queue: &mut DecodeQueue, record: &mut impl Record) {
        let outer = hit.span;
        for inner in charset_runs::unbroken(text, outer) {
            queue.run(text, inner);
            for span in charset_runs::candidates(text, inner) {
                for &index in &self.run_rules {
                    let rule = &self.rules.rules[index];
                    if verify::fits(rule, span) {
                        record.test(index, rule, Candidate { text, span });
                    }
                    record.tried(&Tried {
                        index,
                        rule,
                        text,
                        span,
                        hits: std::slice::from_ref(hit),
                    });
                }
            }
        }
        if charset_runs::is_broken(text, outer) {
            queue.escaped(text, outer);
        }
    }
}

/// Where a rule's pattern may match when its keyword stands at `at`.
fn window(rule: &Rule, at: usize, len: usize) -> Span {
    match &rule.trigger {
        Trigger::Keywords(pattern) => Span::new(
            at.saturating_sub(pattern.before),
            len.min(at.saturating_add(pattern.after)),
        ),
        Trigger::Run(_) => Span::new(at, at),
    }
}

/// Joins windows of one rule that overlap, so that no byte is searched twice however dense the
/// keywords are.
fn merge(mut windows: Vec<(usize, Span)>) -> Vec<(usize, Span)> {
    windows.sort_unstable();
    let mut merged: Vec<(usize, Span)> = Vec::with_capacity(windows.len());
    for (rule, window) in windows {
        match merged.last_mut() {
            Some((last, span)) if *last == rule && window.start <= span.end => {
                *span = span.join(window);
            }
            _ => merged.push((rule, window)),
        }
    }
    merged
}

/// Brings matches into order and drops what says the same twice: a secret that was seen both as
/// written and decoded, or one that is a part of another that is at least as sure.
fn settle(found: &mut Vec<Match>) {
    found.sort_by(|a, b| {
        let key = |m: &Match| {
            (
                m.span.start,
                std::cmp::Reverse(m.span.end),
                std::cmp::Reverse(m.confidence),
                m.rule,
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.encoding.cmp(&b.encoding))
    });
    let mut kept: Vec<Match> = Vec::with_capacity(found.len());
    let mut by_place: HashMap<(usize, Span), usize> = HashMap::new();
    // What may hold a later match: kept ones that reach beyond its start, oldest first.
    let mut open: Vec<usize> = Vec::new();
    for next in found.drain(..) {
        open.retain(|&index| kept[index].span.end > next.span.start);
        let holder = open
            .iter()
            .copied()
            .find(|&index| says_the_same(&kept[index], &next));
        let twin = by_place.get(&(next.rule, next.span)).copied();
        if holder.or(twin).is_none() {
            by_place.insert((next.rule, next.span), kept.len());
            open.push(kept.len());
            kept.push(next);
        }
    }
    *found = kept;
}

fn says_the_same(kept: &Match, next: &Match) -> bool {
    let inside = kept.span.start <= next.span.start && next.span.end <= kept.span.end;
    let part_of = || memchr::memmem::find(kept.value.reveal(), next.value.reveal()).is_some();
    if kept.rule == next.rule {
        return kept.span.overlaps(next.span) && (inside || kept.value == next.value);
    }
    inside && kept.confidence >= next.confidence && part_of()
}
