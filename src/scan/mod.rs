//! The scanner: finds secrets in bytes, and knows nothing of where the bytes came from.
//!
//! A prefilter reads every byte: a vector search for all keywords at once, and a finder of long base64 runs. Where one
//! of them strikes, the rules that asked are tried: their regular expression in a window around the keyword, then
//! their entropy floor and their checks. Where a strike may hide text in another form (escapes, base64, UTF-16 …),
//! that stretch is decoded and looked at in the same way, twice at most.

mod decode;
mod explain;
mod heads;
mod pair;
mod prefilter;
mod run;
mod samples;
mod verify;

use std::collections::HashMap;

use crate::rule::{Confidence, Detail, Rule, RuleSet, Trigger};
use crate::secret::Secret;
use crate::text::Span;

use decode::{Layer, Leads};
use heads::Heads;
use prefilter::Prefilter;

pub use explain::{Step, Strike, Tested, Trial};
pub use pair::{Pairing, pair_up};
pub use samples::{SampleFault, check_samples};

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
    #[error("the rules' keywords cannot be searched for: {0}")]
    Keywords(#[from] aho_corasick::BuildError),
}

/// Rules, made ready to be looked for. Shared by all threads.
#[derive(Debug)]
pub struct Scanner {
    rules: RuleSet,
    /// Keywords that may stand anywhere.
    prefilter: Prefilter,
    /// Keywords of secrets that are one long word.
    heads: Heads,
    /// Rules whose trigger is a run.
    run_rules: Vec<usize>,
}

impl Scanner {
    /// A scanner for `rules`.
    ///
    /// # Errors
    /// Where no search can be built for the keywords.
    pub fn new(rules: RuleSet) -> Result<Self, ScanError> {
        let mut keywords = decode::keywords(rules.rules.len());
        let (mut heads, mut run_rules) = (Vec::new(), Vec::new());
        for (index, rule) in rules.rules.iter().enumerate() {
            match &rule.trigger {
                Trigger::Keywords(pattern) => {
                    let group = if pattern.in_run { &mut heads } else { &mut keywords };
                    group.extend(pattern.keywords.iter().map(|word| (index, word.clone().into_bytes())));
                }
                Trigger::Run(_) => run_rules.push(index),
            }
        }
        Ok(Self { prefilter: Prefilter::new(keywords)?, heads: Heads::new(heads), run_rules, rules })
    }

    /// The rules it looks for.
    #[must_use]
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Everything in `text` that a rule confirms, in the order of the text; each secret once a place.
    #[must_use]
    pub fn scan(&self, text: &[u8]) -> Vec<Match> {
        let mut found = Vec::new();
        self.look(text, 0, &mut found);
        settle(&mut found);
        found
    }

    fn look(&self, text: &[u8], depth: usize, found: &mut Vec<Match>) {
        let mut windows: Vec<(usize, Span)> = Vec::new();
        let mut leads = Leads::default();
        self.prefilter.search(text, |asker, at| match self.rules.rules.get(asker) {
            Some(rule) => windows.push((asker, window(rule, at, text.len()))),
            None => leads.keyword(asker - self.rules.rules.len(), at),
        });
        run::long_runs(text, |start, end| {
            let word = Span::new(start, end);
            self.heads.search(text, word, |asker, at| {
                windows.push((asker, window(&self.rules.rules[asker], at, text.len())));
            });
            run::base64_runs(text, word, crate::rule::MIN_RUN, |outer| {
                Self::each_run(text, outer, &mut leads, |run| {
                    for &index in &self.run_rules {
                        verify::run(index, &self.rules.rules[index], text, run, found);
                    }
                });
            });
        });
        let mut done = (0, 0);
        for (index, window) in merge(windows) {
            // A window that was widened may have taken in those after it.
            if done.0 != index || window.end > done.1 {
                done = (index, verify::pattern(index, &self.rules.rules[index], text, window, found));
            }
        }
        if depth < MAX_DEPTH {
            leads.follow(text, |layer| self.look_into(layer, depth, found));
        }
    }

    fn look_into(&self, layer: &Layer, depth: usize, found: &mut Vec<Match>) {
        let before = found.len();
        self.look(&layer.text, depth + 1, found);
        for inner in &mut found[before..] {
            inner.span = layer.origin(inner.span);
            inner.encoding = Some(layer.encoding);
        }
    }

    /// A run of base64 and escape characters: its unbroken stretches are candidates, the whole may have to be decoded.
    fn each_run(text: &[u8], outer: Span, leads: &mut Leads, mut each: impl FnMut(Span)) {
        let mut start = outer.start;
        let mut broken = false;
        while start < outer.end {
            let rest = &text[start..outer.end];
            let len = rest.iter().position(|&byte| !run::is_base64(byte)).unwrap_or(rest.len());
            broken |= len < rest.len();
            let inner = Span::new(start, start + len);
            if len >= crate::rule::MIN_RUN {
                leads.run(text, inner);
                // The sign of an added line in a diff is none of what was added.
                let added = text[start] == b'+' && (start == 0 || text[start - 1] == b'\n');
                let without_sign = added.then(|| Span::new(start + 1, inner.end));
                [Some(inner), without_sign].into_iter().flatten().for_each(&mut each);
            }
            start = inner.end + 1;
        }
        if broken {
            leads.escaped(text, outer);
        }
    }
}

/// Where a rule's pattern may match when its keyword stands at `at`.
fn window(rule: &Rule, at: usize, len: usize) -> Span {
    match &rule.trigger {
        Trigger::Keywords(pattern) => {
            Span::new(at.saturating_sub(pattern.before), len.min(at.saturating_add(pattern.after)))
        }
        Trigger::Run(_) => Span::new(at, at),
    }
}

/// Joins windows of one rule that overlap, so that no byte is searched twice however dense the keywords are.
fn merge(mut windows: Vec<(usize, Span)>) -> Vec<(usize, Span)> {
    windows.sort_unstable();
    let mut merged: Vec<(usize, Span)> = Vec::with_capacity(windows.len());
    for (rule, window) in windows {
        match merged.last_mut() {
            Some((last, span)) if *last == rule && window.start <= span.end => *span = span.join(window),
            _ => merged.push((rule, window)),
        }
    }
    merged
}

/// Brings matches into order and drops what says the same twice: a secret that was seen both as written and decoded,
/// or one that is a part of another that is at least as sure.
fn settle(found: &mut Vec<Match>) {
    found.sort_by(|a, b| {
        let key = |m: &Match| (m.span.start, std::cmp::Reverse(m.span.end), std::cmp::Reverse(m.confidence), m.rule);
        key(a).cmp(&key(b)).then_with(|| a.encoding.cmp(&b.encoding))
    });
    let mut kept: Vec<Match> = Vec::with_capacity(found.len());
    let mut by_place: HashMap<(usize, Span), usize> = HashMap::new();
    // What may hold a later match: kept ones that reach beyond its start, oldest first.
    let mut open: Vec<usize> = Vec::new();
    for next in found.drain(..) {
        open.retain(|&index| kept[index].span.end > next.span.start);
        let holder = open.iter().copied().find(|&index| says_the_same(&kept[index], &next));
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
