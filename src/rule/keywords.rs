//! Derives the keywords of a pattern that a user wrote without any: a few literals, one of which is
//! in every match, and how far a match reaches from them.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::{MAX_REACH, MIN_KEYWORD, Text};

/// The most keywords of one pattern. In a pattern without case, four letters are 16 keywords.
const MAX_KEYWORDS: usize = 64;

/// Keywords are cut to one of these lengths, in bytes: a shorter one has fewer variants in a
/// pattern without case.
const LENGTHS: [usize; 3] = [16, 8, MIN_KEYWORD];

/// How far a match reaches, in bytes, on a side of the keyword on which the pattern has no limit.
const UNLIMITED: usize = 1024;

/// What a pattern says about its keywords.
pub(super) struct Derived {
    /// The keywords.
    pub(super) keywords: Vec<Text>,
    /// How many bytes before a keyword a match may begin.
    pub(super) before: usize,
    /// How many bytes after the start of a keyword a match may end.
    pub(super) after: usize,
}

/// The keywords of `pattern`, or why it has none.
pub(super) fn derive(pattern: &str) -> Result<Derived, &'static str> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build();
    let hir = parser
        .parse(pattern)
        .map_err(|_| "the pattern does not compile")?;
    // A pattern is tried on the bytes around a keyword, so it does not see where its text begins.
    // If a match reaches the end of these bytes, the scanner tries more of them.
    if hir.properties().look_set().contains(Look::Start) {
        return Err("the pattern is anchored to the start of the text: use (?m)");
    }
    let mut parts = Vec::new();
    flatten(&hir, &mut parts);
    let candidates = (0..parts.len()).flat_map(|start| {
        let rest = Hir::concat(parts[start..].to_vec());
        LENGTHS.map(|len| (start, literals(&rest, len)))
    });
    let best = candidates
        .filter_map(|(start, keywords)| keywords.map(|keywords| (start, keywords)))
        .min_by_key(|(_, keywords)| keywords.len());
    let (start, keywords) = best.ok_or(
        "give 'keywords': not every match of the pattern contains one of a few literals \
         of at least 4 bytes",
    )?;
    Ok(Derived {
        keywords,
        before: reach(&parts[..start]),
        after: reach(&parts[start..]),
    })
}

/// What a match consists of, one after the other, without groups.
fn flatten(hir: &Hir, parts: &mut Vec<Hir>) {
    match hir.kind() {
        HirKind::Capture(capture) => flatten(&capture.sub, parts),
        HirKind::Concat(all) => all.iter().for_each(|part| flatten(part, parts)),
        _ => parts.push(hir.clone()),
    }
}

/// Literals of at most `len` bytes; every match of `hir` begins with one of them.
fn literals(hir: &Hir, len: usize) -> Option<Vec<Text>> {
    let mut extractor = Extractor::new();
    extractor
        .limit_class(MAX_KEYWORDS)
        .limit_repeat(len)
        .limit_total(MAX_KEYWORDS)
        .limit_literal_len(len);
    let mut found = extractor.extract(hir);
    found.dedup();
    let found = found.literals()?;
    let is_fit = |bytes: &[u8]| bytes.len() >= MIN_KEYWORD && bytes.is_ascii();
    if found.is_empty() || !found.iter().all(|literal| is_fit(literal.as_bytes())) {
        return None;
    }
    let text = found.iter().map(|literal| literal.as_bytes().to_vec());
    let mut keywords: Vec<_> = text
        .filter_map(|text| String::from_utf8(text).ok())
        .collect();
    keywords.sort();
    keywords.dedup();
    Some(keywords.into_iter().map(Text::Owned).collect())
}

/// How many bytes `parts` match at most.
fn reach(parts: &[Hir]) -> usize {
    let lengths = parts.iter().map(|part| part.properties().maximum_len());
    let total = lengths.fold(0_usize, |sum, len| {
        sum.saturating_add(len.unwrap_or(UNLIMITED))
    });
    total.min(MAX_REACH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(pattern: &str) -> (Vec<String>, usize, usize) {
        let found = derive(pattern).unwrap();
        let keywords = found.keywords.into_iter().map(Text::into_owned);
        (keywords.collect(), found.before, found.after)
    }

    #[test]
    fn every_match_contains_a_keyword() {
        let one = |word: &str| vec![word.to_owned()];
        assert_eq!(
            derived(r"\b(?P<secret>acme_[a-z]{10})\b"),
            (one("acme"), 0, 15)
        );
        assert_eq!(
            derived(r"[\w.-]{0,50}(?:internal_key)\s{0,3}=(?P<secret>[0-9]{8})"),
            (one("internal"), 50, 24)
        );
        assert_eq!(
            derived(r"(?P<secret>.+\.acme\.example)").0,
            one(".acme.example")
        );
        let (mut either, ..) = derived("(?P<secret>(?:abcde|fghij)[0-9]{9})");
        either.sort();
        assert_eq!(either, ["abcd", "fghi"]);
        assert_eq!(derived("acme(?P<secret>[0-9]+)(?:;|$)").0, one("acme"));
        let (any_case, ..) = derived("(?i)acme(?P<secret>[0-9]+)");
        assert_eq!(any_case.len(), 16);
        assert!(any_case.contains(&"aCmE".to_owned()));
    }

    #[test]
    fn a_pattern_without_them_says_so() {
        for (pattern, expected) in [
            ("(?P<secret>[a-f0-9]{40})", "give 'keywords'"),
            ("(?P<secret>(?:acme_)?[a-f0-9]{40})", "give 'keywords'"),
            ("(?P<secret>(?:acme_|ab)[0-9]+)", "give 'keywords'"),
            ("^(?P<secret>acme_[0-9]+)", "anchored"),
            ("(?P<secret>acme", "does not compile"),
        ] {
            let problem = derive(pattern).err().unwrap();
            assert!(problem.contains(expected), "{pattern}: {problem}");
        }
    }
}
