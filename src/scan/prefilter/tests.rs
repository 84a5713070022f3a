//! Tests of the prefilter, and the computation of its plan.

use std::array::from_fn;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use super::buckets::{PER_BUCKET, PLAN};
use super::*;

/// The hits of the search for this processor, and of the one for most processors.
fn hits(keywords: &[&str], text: &str) -> Vec<(usize, usize)> {
    let words = keywords.iter().map(|word| word.as_bytes().into());
    let groups = Group::narrow(choose_literals(words.clone().enumerate())).unwrap();
    let filters = [
        Prefilter::new(words.enumerate()).unwrap(),
        Prefilter { groups },
    ];
    let [hits, narrow] = filters.map(|filter| {
        let mut hits = Vec::new();
        filter.search(text.as_bytes(), |owner, start, _| hits.push((owner, start)));
        hits.sort_unstable();
        hits
    });
    assert_eq!(hits, narrow, "{keywords:?}");
    hits
}

#[test]
fn overlapping_keywords_and_prefixes_are_found() {
    assert_eq!(
        hits(&["abcd", "abcdef", "cdef"], "xabcdefx abcd"),
        [(0, 1), (0, 9), (1, 1), (2, 3)]
    );
    assert_eq!(hits(&["aaaa"], "aaaaaa"), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(
        hits(&["abcd", "abcd"], "abcd"),
        [(0, 0), (1, 0)],
        "two rules may share a keyword"
    );
}

#[test]
fn many_keywords_are_found_as_by_a_plain_search() {
    let words: Vec<String> = (0..150).map(|n| format!("k{n:03}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text: String = (0..2000).map(|n| format!("k{:03}", n * 7 % 160)).collect();
    let mut plain = Vec::new();
    for (owner, word) in words.iter().enumerate() {
        plain.extend(text.match_indices(word).map(|(start, _)| (owner, start)));
    }
    plain.sort_unstable();
    assert_eq!(hits(&words, &text), plain);
}

/// The first four bytes of the literals of the built-in rules.
fn built_in_literals() -> BTreeSet<String> {
    let rules = crate::rule::RuleSet::builtin().unwrap();
    let scanner = crate::scan::Scanner::new(rules).unwrap();
    let groups = scanner.prefilter.groups.iter();
    let literals = groups.flat_map(|group| &group.keywords);
    let literal = |keywords: &Vec<Keyword>| {
        let Keyword { word, offset, .. } = &keywords[0];
        str::from_utf8(&word[*offset..][..MASKED])
            .unwrap()
            .to_owned()
    };
    let literals: BTreeSet<_> = literals.map(literal).collect();
    // A second search would take as long again for every byte that most processors read.
    assert!(literals.len() <= BUCKETS * PER_BUCKET, "{literals:?}");
    literals
}

/// The estimate for literals that the plan lacks lets the search compare more often.
#[test]
fn the_plan_has_the_literals_of_the_built_in_rules() {
    let planned = PLAN.iter().copied().flatten();
    let planned: BTreeSet<_> = planned.map(|literal| (*literal).to_owned()).collect();
    assert_eq!(planned, built_in_literals(), "see renew_the_plan");
}

/// The plan lets the search compare less than three times as often as the best plan that is found
/// for a sample of source code: the program's own. To renew the plan, give the folder of a large
/// sample when this is compiled,
/// `KEYSIEVE_SAMPLE=DIR cargo test --release --lib renew_the_plan -- --ignored`: then the test fails
/// with the best plan for one in a hundred of its files.
#[test]
#[ignore = "takes ten seconds"]
fn renew_the_plan() {
    let given = option_env!("KEYSIEVE_SAMPLE");
    let mut cost = given.map_or_else(
        || Cost::in_sample("src".as_ref(), 10),
        |folder| Cost::in_sample(folder.as_ref(), 100),
    );
    // Teddy puts literals with the same low halves of bytes into one bucket.
    let mut units: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
    for literal in built_in_literals() {
        let low = literal.bytes().map(|byte| byte & 15).collect();
        units.entry(low).or_default().push(literal);
    }
    let mut buckets = vec![Vec::new(); BUCKETS];
    let mut units: Vec<_> = units.into_values().collect();
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    for unit in units {
        let emptiest = buckets.iter_mut().min_by_key(|held| size(held));
        emptiest.unwrap().push(unit);
    }
    let mut seed = 7_u64;
    let mut below = |limit: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % limit
    };
    for _ in 0..60_000 {
        let (from, to) = (below(BUCKETS), below(BUCKETS));
        let (mut first, mut second) = (buckets[from].clone(), buckets[to].clone());
        if from == to || first.is_empty() {
            continue;
        }
        let moved = first.swap_remove(below(first.len()));
        // One more than there are: nothing moves back.
        let back = below(second.len() + 1);
        if back < second.len() {
            first.push(second.swap_remove(back));
        }
        second.push(moved);
        let is_better = |cost: &mut Cost| {
            let (old, new) = ([&buckets[from], &buckets[to]], [&first, &second]);
            new.map(|held| cost.of(held)).iter().sum::<u64>()
                < old.map(|held| cost.of(held)).iter().sum()
        };
        if size(&first).max(size(&second)) <= PER_BUCKET && is_better(&mut cost) {
            (buckets[from], buckets[to]) = (first, second);
        }
    }
    let best: u64 = buckets.iter().map(|held| cost.of(held)).sum();
    let planned = PLAN.map(|held| {
        held.iter()
            .map(|literal| vec![(*literal).to_owned()])
            .collect()
    });
    let planned: u64 = planned.iter().map(|held: &Vec<_>| cost.of(held)).sum();
    let lines = buckets
        .iter()
        .map(|held| format!("    &{:?},\n", held.concat()));
    let plan: String = lines.collect();
    let report = format!("{planned} comparisons instead of {best} with:\n{plan}");
    assert!(given.is_none() && planned < best * 3, "{report}");
}

fn size(bucket: &[Vec<String>]) -> usize {
    bucket.iter().map(Vec::len).sum()
}

/// How often a bucket's literals are compared with the sample.
struct Cost {
    /// For each first byte, the four bytes that begin with it.
    grams: Vec<Vec<([u8; MASKED], u64)>>,
    known: HashMap<Vec<String>, u64>,
}

impl Cost {
    /// Counts the bytes of one in `every` files below a folder.
    fn in_sample(folder: &Path, every: usize) -> Self {
        let mut counts: HashMap<[u8; MASKED], u64> = HashMap::new();
        let mut files = ignore::WalkBuilder::new(folder);
        files.standard_filters(false).follow_links(true);
        for file in files.build().flatten().step_by(every) {
            for gram in fs::read(file.path()).unwrap_or_default().windows(MASKED) {
                *counts.entry(gram.try_into().unwrap()).or_default() += 1;
            }
        }
        let mut grams = vec![Vec::new(); 256];
        for (gram, count) in counts {
            grams[usize::from(gram[0])].push((gram, count));
        }
        Self {
            grams,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, bucket: &[Vec<String>]) -> u64 {
        let mut literals = bucket.concat();
        literals.sort();
        if let Some(&known) = self.known.get(&literals) {
            return known;
        }
        let passes = |at: usize, byte: usize| {
            let mut bytes = literals.iter().map(|literal| literal.as_bytes()[at]);
            let mut again = bytes.clone();
            bytes.any(|other| usize::from(other & 15) == byte & 15)
                && again.any(|other| usize::from(other >> 4) == byte >> 4)
        };
        let masks: [[bool; 256]; MASKED] = from_fn(|at| from_fn(|byte| passes(at, byte)));
        let grams = self.grams.iter().enumerate();
        let grams = grams
            .filter(|(first, _)| masks[0][*first])
            .flat_map(|(_, grams)| grams);
        let passing = grams.filter(|(gram, _)| {
            let bytes = gram.iter().map(|&byte| usize::from(byte));
            masks.iter().zip(bytes).all(|(mask, byte)| mask[byte])
        });
        let cost = passing.map(|(_, count)| count).sum();
        self.known.insert(literals, cost);
        cost
    }
}
