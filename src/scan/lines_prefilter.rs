//! Finds literals without which a line cannot match, so that most lines are never tried.

use aho_corasick::packed::{MatchKind, Searcher};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

/// How many bytes of a literal are used: more make it hardly rarer.
const LONGEST: usize = 4;

/// Shorter literals are too frequent to be worth a search of their own.
const SHORTEST: usize = 3;

/// More literals than this are slower to search for than the expression.
const MOST: usize = 64;

/// A searcher for a few rare literals, one of which is in every match of the expression; `None` if
/// there are none.
pub(super) fn searcher(expression: &str) -> Option<Searcher> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    let literals = required(&parser.parse(expression).ok()?)?;
    let mut config = aho_corasick::packed::Config::new();
    config.match_kind(MatchKind::LeftmostFirst);
    config.builder().extend(&literals).build()
}

fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Alternation(parts) => {
            let parts = parts.iter().map(required);
            let all = parts.collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= MOST).then_some(all)
        }
        HirKind::Concat(parts) => {
            // What the match has from each of the parts on.
            let tails = (0..parts.len()).map(|at| Hir::concat(parts[at..].to_vec()));
            let found = tails
                .filter_map(|tail| prefixes(&tail))
                .chain(parts.iter().filter_map(required));
            found.min_by_key(|literals| {
                let shortest = literals.iter().map(Vec::len).min();
                (std::cmp::Reverse(shortest), literals.len())
            })
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Literal(_) => prefixes(hir),
        _ => None,
    }
}

/// The literals that matches begin with.
fn prefixes(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut found = Extractor::new().extract(hir);
    found.keep_first_bytes(LONGEST);
    let mut literals: Vec<_> = found
        .literals()?
        .iter()
        .map(|literal| literal.as_bytes().to_vec())
        .collect();
    literals.sort();
    // One that begins with another one adds nothing.
    literals.dedup_by(|longer, shorter| longer.starts_with(shorter));
    let is_rare = |literal: &Vec<u8>| literal.len() >= SHORTEST;
    let is_usable = (1..=MOST).contains(&literals.len()) && literals.iter().all(is_rare);
    is_usable.then_some(literals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(expression: &str) -> Option<Vec<String>> {
        let hir = ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(expression);
        let literals = required(&hir.unwrap())?.into_iter();
        Some(
            literals
                .map(|literal| String::from_utf8(literal).unwrap())
                .collect(),
        )
    }

    #[test]
    fn literals_are_at_the_start_within_or_absent() {
        assert_eq!(
            literals("\\b(?:foobar|bazz[0-9])\\b").unwrap(),
            ["bazz", "foob"]
        );
        assert_eq!(literals("[0-9]+token_x*").unwrap(), ["toke"]);
        assert_eq!(
            literals("(?:\"|')?(?:KEY|key)?_?(?:ID|SECRET)=")
                .unwrap()
                .len(),
            2
        );
        for none in ["[a-z]+", "foo|[0-9]+", "a?b?", "ab", ""] {
            assert_eq!(literals(none), None, "{none}");
        }
    }
}
