//! Finds secrets in bytes, without knowing where the bytes came from.
//!
//! A prefilter reads every byte: a vector search for all keywords at once, and another one for
//! charset runs, lists of numbers, and joints between pieces of tokens. For each of its hits, the
//! rules that own it are tried: their regular expression in a window around the keyword, then their
//! entropy floor and their checks. If a hit may be text in another form (escapes, base64, UTF-16,
//! pieces …), that stretch is decoded and scanned in the same way, at most twice.
//!
//! A hit depends only on the bytes that it covers, so a text that was made from another needs a
//! search only where the two differ: [`Scanner::hits_after`].

mod byte_pass;
mod charset_runs;
mod confirmed;
mod decode;
mod duplicates;
mod edit;
mod hash_bits;
mod hit;
mod hits;
pub mod lines;
mod lines_prefilter;
mod named;
mod pair;
mod prefilter;
mod prefix_table;
mod recorder;
mod redact;
mod samples;
mod trace;
mod vector;
mod verify;

use std::sync::OnceLock;

use crate::rule::charset::MIN_BASE64_RUN;
use crate::rule::{
    Candidate, Confidence, Detail, KeywordPlace, MAX_REACH, Rule, RuleSet, Trigger, from_hex,
};
use crate::secret::Secret;
use crate::text::Span;

use confirmed::Confirmed;
use decode::{DecodeQueue, Decoded, joint, numbers};
use duplicates::without_duplicates;
use prefilter::{Owned, Prefilter};
use prefix_table::PrefixTable;
use recorder::{Attempt, Recorder};

use hit::HitKind;
pub use hit::{Hit, Hits};
use named::{NameTable, ValueQueue};
pub use pair::{Pairing, pair_up};
pub use samples::{SampleFault, check_samples};
pub use trace::{CandidateTrace, RuleTrace, TraceTrigger};
pub use verify::TraceStep;

/// How often decoded text is decoded again.
const MAX_DEPTH: usize = 2;

/// How a text was made from the one that is scanned.
#[derive(Clone, Copy, Debug, Default)]
struct Depth {
    /// How often it was decoded.
    decoded: usize,
    /// Whether it was compressed. What is compressed in it is not inflated: each time the text may
    /// be many times as long.
    is_inflated: bool,
}

impl Depth {
    fn below(self, decoded: &Decoded) -> Self {
        Self {
            decoded: self.decoded + 1,
            is_inflated: self.is_inflated || decoded.is_inflated(),
        }
    }
}

/// A secret that a rule confirms, at its place in the scanned bytes.
#[derive(Clone, Debug)]
pub struct Match {
    /// Index of the rule in [`RuleSet::rules`].
    pub rule: usize,
    /// The place of the secret, encoded or not.
    pub span: Span,
    /// Its decoded value.
    pub value: Secret,
    /// How sure it is.
    pub confidence: Confidence,
    /// What the checks learned.
    pub details: Vec<Detail>,
    /// How it is encoded, if it is.
    pub encoding: Option<&'static str>,
}

/// Why a scanner cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The rules' keywords are too many or too long for a search.
    #[error("cannot build a search for the rules' keywords: {0}")]
    Keywords(#[from] aho_corasick::BuildError),
}

/// Rules that are ready for a search. All threads share one.
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    /// Keywords that may be anywhere.
    prefilter: Prefilter,
    /// Keywords that begin a long token.
    prefixes: PrefixTable,
    /// Keywords in long stretches of base64.
    in_base64: PrefixTable,
    /// Rules whose trigger is a run.
    run_rules: Vec<usize>,
    /// What binary files begin with, each with the rule for it.
    file_starts: Vec<Owned>,
    /// The names that give values away. Built when a value is found that may have one.
    names: OnceLock<NameTable>,
    /// How many bytes from a keyword decide whether it is a hit, at most.
    reach: usize,
    /// The owner of the keywords of names. All smaller owners are rules or decoders.
    first_name: usize,
}

/// A part of a text in which a rule is tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    rule: usize,
    span: Span,
    /// The index of the hit for which it is tried, if it is not the start of a file.
    hit: Option<usize>,
}

impl Scanner {
    /// A scanner for `rules`.
    ///
    /// # Errors
    /// If no search can be built for the keywords.
    pub fn new(rules: RuleSet) -> Result<Self, ScanError> {
        let (mut prefixes, mut keywords) = decode::keywords(rules.rules.len());
        let first_name = rules.rules.len() + prefixes.len() + keywords.len();
        keywords.extend(named::keywords(first_name));
        let (mut in_base64, mut run_rules, mut file_starts) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in rules.rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Keywords(pattern) => {
                    let words = pattern.keywords.iter();
                    let owned = words.map(|word| (index, word.as_bytes().into()));
                    match pattern.keyword_place {
                        KeywordPlace::Anywhere => keywords.extend(owned),
                        KeywordPlace::TokenStart => prefixes.extend(owned),
                        KeywordPlace::Base64 => in_base64.extend(owned),
                        KeywordPlace::FileStart => {
                            let starts = pattern.keywords.iter();
                            let starts = starts.filter_map(|start| from_hex(start));
                            file_starts.extend(starts.map(|start| (index, start.into())));
                        }
                    }
                }
                Trigger::Run(_) => run_rules.push(index),
                Trigger::Named(_) | Trigger::Policy => {}
            }
        }
        let longest_keyword = keywords.iter().map(|(_, word)| word.len()).max();
        let reach = longest_keyword
            .unwrap_or(0)
            .max(named::LOOKAHEAD.max(MIN_BASE64_RUN))
            .max(joint::MAX_LEN + 2 * joint::SIDE)
            .max(numbers::BEFORE + numbers::LEN);
        Ok(Self {
            prefilter: Prefilter::new(keywords)?,
            prefixes: PrefixTable::new(prefixes),
            in_base64: PrefixTable::new(in_base64),
            run_rules,
            file_starts,
            names: OnceLock::new(),
            reach,
            first_name,
            rules,
        })
    }

    /// The rules that it searches for.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Finds everything in `text` that a rule confirms, in the order of the text and without
    /// duplicates.
    #[must_use]
    pub fn scan(&self, text: &[u8]) -> Vec<Match> {
        self.scan_measured(text).0
    }

    /// Scans `text`, and says how many places were tried, for a limit of work: most of the time of
    /// a text with many of them.
    #[must_use]
    pub fn scan_measured(&self, text: &[u8]) -> (Vec<Match>, usize) {
        let mut found = Confirmed::default();
        self.try_hits(text, &self.hits(text), Depth::default(), &mut found);
        let matches = without_duplicates(&self.rules.rules, found.matches);
        (matches, found.tried)
    }

    /// Finds what [`Scanner::scan`] finds, given the hits of `text`. Notes which of them lead to no
    /// candidate, so that they are not tried again in texts that were made from this one.
    #[must_use]
    pub fn verify_hits(&self, text: &[u8], hits: &mut Hits) -> Vec<Match> {
        let mut found = Confirmed::default();
        self.try_hits(text, hits, Depth::default(), &mut found);
        for (hit, reach) in found.idle {
            hits.list[hit].idle_within = Some(reach);
        }
        without_duplicates(&self.rules.rules, found.matches)
    }

    /// Tries the rules that own `hits`, and scans what can be decoded.
    fn try_hits<R: Recorder>(&self, text: &[u8], hits: &Hits, depth: Depth, recorder: &mut R) {
        if hits.is_empty() {
            return;
        }
        recorder.begin(hits.list.len());
        let mut windows: Vec<Window> = Vec::new();
        let mut add_window = |rule: usize, at: usize, hit: Option<usize>| {
            let span = window(&self.rules.rules[rule], at, text.len());
            windows.push(Window { rule, span, hit });
        };
        if hits.has_nul() {
            let starts = self.file_starts.iter();
            let starts = starts.filter(|(_, start)| text.starts_with(start));
            starts.for_each(|&(rule, _)| add_window(rule, 0, None));
        }
        let (mut queue, mut values) = (DecodeQueue::default(), ValueQueue::default());
        let rules = self.rules.rules.len();
        for (index, hit) in hits.iter().enumerate() {
            let at = hit.span.start;
            match hit.kind {
                // A window of another hit may overlap that of one that leads to nothing.
                HitKind::Keyword(owner) | HitKind::TokenKeyword(owner) if owner < rules => {
                    add_window(owner, at, Some(index));
                }
                HitKind::Keyword(owner) | HitKind::TokenKeyword(owner) => {
                    queue.add_keyword(text, owner - rules, at);
                }
                HitKind::Run => self.try_run(text, hit, &mut queue, recorder),
                HitKind::Name | HitKind::Token if hit.idle_within.is_some() => {}
                HitKind::Name => {
                    if !values.add_keyword(text, at, index) {
                        recorder.idle(index, named::REACH);
                    }
                }
                HitKind::Token => values.add_token(text, hit.span, index),
                HitKind::Joint => queue.add_joint(at),
                HitKind::List => queue.add_list(at),
            }
        }
        self.try_windows(text, hits, windows, recorder);
        self.try_values(text, values, recorder);
        if depth.decoded < MAX_DEPTH {
            queue.decode_all(text, hits.has_nul(), depth.is_inflated, |decoded| {
                let mut inner = R::default();
                let hits = self.hits_with(&decoded.text, R::RUNS);
                self.try_hits(&decoded.text, &hits, depth.below(decoded), &mut inner);
                recorder.merge(inner, decoded);
            });
        }
    }

    /// Tries rules in the windows around their keywords.
    fn try_windows(
        &self,
        text: &[u8],
        hits: &Hits,
        mut windows: Vec<Window>,
        recorder: &mut impl Recorder,
    ) {
        windows.sort_unstable();
        let is_idle = |window: &Window| {
            let hit = window.hit.map(|hit| &hits.list[hit]);
            hit.is_some_and(|hit| hit.idle_within.is_some())
        };
        let mut done = (0, 0);
        // Joined, so that no byte is searched twice, however dense the keywords are.
        for group in windows.chunk_by(|a, b| a.rule == b.rule && b.span.start <= a.span.end) {
            let index = group[0].rule;
            let joined = group[0].span.join(group[group.len() - 1].span);
            // A window that was widened may cover those after it.
            if done.0 == index && joined.end <= done.1 || group.iter().all(is_idle) {
                continue;
            }
            let rule = &self.rules.rules[index];
            let before = recorder.candidates();
            let end = verify::candidates(rule, text, joined, |candidate| {
                recorder.candidate(index, rule, candidate);
            });
            let span = Span::new(joined.start, end);
            recorder.attempt(&Attempt {
                index,
                rule,
                text,
                span,
                hits: hits.within(span),
            });
            if recorder.candidates() == before && end == joined.end {
                // A window that the text cuts off may be longer in another text.
                let uncut = window(rule, MAX_REACH, usize::MAX).len();
                for hit in group.iter().filter_map(|window| window.hit) {
                    let reach = hits.list[hit].span.reach(joined);
                    recorder.idle(hit, reach.max(uncut));
                }
            }
            done = (index, end);
        }
    }

    /// Tries rules for runs in a run of base64 and escapes: its unbroken stretches are candidates,
    /// and all of it may have to be decoded.
    fn try_run(
        &self,
        text: &[u8],
        hit: &Hit,
        queue: &mut DecodeQueue,
        recorder: &mut impl Recorder,
    ) {
        if charset_runs::is_url_safe(text, hit.span) {
            queue.add_run(text, hit.span);
            return;
        }
        for inner in charset_runs::unbroken(text, hit.span) {
            queue.add_run(text, inner);
            for span in charset_runs::candidates(text, inner) {
                for &index in &self.run_rules {
                    let rule = &self.rules.rules[index];
                    if verify::fits(rule, span.len()) {
                        recorder.candidate(index, rule, Candidate::new(text, span));
                    }
                    recorder.attempt(&Attempt {
                        index,
                        rule,
                        text,
                        span,
                        hits: std::slice::from_ref(hit),
                    });
                }
            }
        }
        if charset_runs::is_broken(text, hit.span) {
            queue.add_escaped(text, hit.span);
        }
    }
}

/// Where a rule's pattern may match if its keyword is at `at`.
fn window(rule: &Rule, at: usize, len: usize) -> Span {
    match &rule.trigger {
        Trigger::Keywords(pattern) => Span::new(
            at.saturating_sub(pattern.before),
            len.min(at.saturating_add(pattern.after)),
        ),
        Trigger::Run(_) | Trigger::Named(_) | Trigger::Policy => Span::new(at, at),
    }
}
