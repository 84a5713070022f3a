//! Tests that three times the rules work, with two generated copies of each, and that a copy costs
//! no search that its original does not cost.
//!
//! `tests/bench/run --only tree --triple` measures what they cost in time. It takes the copies from
//! the folder that the variable `KEYSIEVE_COPIES` names.

use keysieve::rule::{KeywordPlace, Rule, RuleSet, Trigger};
use keysieve::scan::{Scanner, check_samples};
use toml::{Table, Value};

const COPIES: u8 = 2;

#[test]
fn copies_of_all_rules_are_found_and_cost_no_search_that_their_originals_do_not_cost() {
    let builtin = || RuleSet::builtin_with_samples().unwrap();
    let (mut all, scanner) = (builtin(), Scanner::new(builtin()).unwrap());
    let originals = &scanner.rules().rules;
    // The names of general rules have no letter to change: any other word is no name of a secret.
    let is_copied = |rule: &&Rule| {
        !rule.id.starts_with("aws-")
            && !rule.is_general()
            && !rule.is_of_binary_files()
            && !matches!(rule.trigger, Trigger::Policy)
    };
    for number in 1..=COPIES {
        let copied = originals
            .iter()
            .enumerate()
            .filter(|(_, rule)| is_copied(rule));
        let text: String = copied
            .map(|(index, rule)| copy_that_works(rule, number, &values(&scanner, index)))
            .collect();
        let file = format!("copies-{number}.toml");
        if let Some(folder) = std::env::var_os("KEYSIEVE_COPIES") {
            std::fs::write(std::path::Path::new(&folder).join(&file), &text).unwrap();
        }
        all.extend(&file, &text).unwrap();
    }
    let copied: Vec<_> = originals.iter().filter(is_copied).collect();
    assert!(
        copied.len() > 700,
        "only {} rules have copies",
        copied.len()
    );
    let copies = &all.rules[originals.len()..];
    assert_eq!(copies.len(), copied.len() * usize::from(COPIES));
    for (rule, copy) in copied.iter().cycle().zip(copies) {
        assert_eq!(searched(rule), searched(copy), "{}", copy.id);
    }
    // A copy may begin like a token of another provider, which is then what is found.
    let faults = check_samples(&Scanner::new(all).unwrap());
    let missed = faults.iter().map(ToString::to_string);
    let missed: Vec<_> = missed
        .filter(|fault| !fault.contains("found instead: ") || fault.ends_with("nothing"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(faults.len() < 100, "{} faults", faults.len());
}

/// How many keywords of `rule` the prefilter searches for in all of a text.
fn searched(rule: &Rule) -> usize {
    match &rule.trigger {
        Trigger::Keywords(pattern) if pattern.keyword_place == KeywordPlace::Anywhere => {
            pattern.keywords.len()
        }
        _ => 0,
    }
}

/// The values that the rule with this index finds in its examples.
fn values(scanner: &Scanner, index: usize) -> Vec<String> {
    let examples = &scanner.rules().rules[index].source.examples;
    let found = examples
        .iter()
        .flat_map(|text| scanner.scan(text.as_bytes()));
    let own = found.filter(|found| found.rule == index && found.encoding.is_none());
    own.map(|found| String::from_utf8_lossy(found.value.reveal()).into_owned())
        .collect()
}

/// The copy of a rule, or of what is simple about it: some checks compare what they know.
fn copy_that_works(rule: &Rule, number: u8, values: &[String]) -> String {
    let text = copy(rule, number, values, false);
    let mut alone = RuleSet::default();
    let is_good = alone.extend("copy.toml", &text).is_ok()
        && alone
            .rules
            .iter()
            .all(|copy| searched(copy) == searched(rule))
        && check_samples(&Scanner::new(alone).unwrap()).is_empty();
    if is_good {
        text
    } else {
        copy(rule, number, values, true)
    }
}

/// A rule with other keywords or names, in TOML. If it `is_plain`, it has no checks, and its pattern
/// is a keyword and 40 letters or digits.
fn copy(rule: &Rule, number: u8, values: &[String], is_plain: bool) -> String {
    let mut table = Table::new();
    let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
    set("id", format!("{}-copy-{number}", rule.id).into());
    set("description", rule.description.to_string().into());
    set("confidence", rule.confidence.word().into());
    set("guessable", rule.guessable.into());
    if !is_plain {
        set(
            "checks",
            rule.checks
                .iter()
                .map(|check| check.name)
                .collect::<Vec<_>>()
                .into(),
        );
        rule.entropy.map(|entropy| set("entropy", entropy.into()));
    }
    let examples: Vec<String> = match &rule.trigger {
        Trigger::Keywords(pattern) => {
            let words: Vec<_> = pattern
                .keywords
                .iter()
                .map(|word| changed(word, number))
                .collect();
            set("keywords", words.clone().into());
            set("before", Value::Integer(pattern.before.try_into().unwrap()));
            set(
                "after",
                Value::Integer(pattern.after.max(100).try_into().unwrap()),
            );
            let pairs = || pattern.keywords.iter().zip(&words);
            let replace = |text: &str| {
                pairs().fold(text.to_owned(), |text, (old, new)| {
                    text.replace(&**old, new)
                })
            };
            if is_plain {
                let any = words
                    .iter()
                    .map(|word| regex::escape(word))
                    .collect::<Vec<_>>();
                let end = match pattern.keyword_place {
                    KeywordPlace::Anywhere | KeywordPlace::FileStart => "(?:[^0-9]|$)",
                    KeywordPlace::TokenStart | KeywordPlace::Base64 => "",
                };
                let source = format!("(?P<secret>(?:{})[A-Za-z0-9]{{40}}){end}", any.join("|"));
                set("pattern", source.into());
                words
                    .iter()
                    .map(|word| word.clone() + &"aB3dE".repeat(8))
                    .collect()
            } else {
                set("pattern", replace(pattern.regex.source()).into());
                rule.source
                    .examples
                    .iter()
                    .map(|text| replace(text))
                    .collect()
            }
        }
        Trigger::Named(named) => {
            let names: Vec<_> = named
                .names
                .iter()
                .map(|name| changed(name, number))
                .collect();
            set("names", names.clone().into());
            set("value", named.value.source().into());
            let assign = |(name, value): (&String, &String)| {
                format!(
                    "{}_TOKEN = \"{value}\"",
                    name.replace(' ', "_").to_uppercase()
                )
            };
            names
                .iter()
                .zip(values.iter().cycle())
                .map(assign)
                .collect()
        }
        Trigger::Run(_) => panic!("only rules of AWS are for runs"),
        Trigger::Policy => panic!("nothing in a text is found by this rule"),
    };
    set("examples", examples.into());
    format!("[[rule]]\n{table}\n")
}

/// `word` with another last letter or, if it has none, another last digit.
fn changed(word: &str, number: u8) -> String {
    let mut bytes = word.as_bytes().to_vec();
    let last = |is: fn(&u8) -> bool| bytes.iter().rposition(is);
    let at = last(u8::is_ascii_alphabetic).or_else(|| last(u8::is_ascii_digit));
    let byte = &mut bytes[at.unwrap()];
    let (first, count) = match byte {
        b'a'..=b'z' => (b'a', 26),
        b'A'..=b'Z' => (b'A', 26),
        _ => (b'0', 10),
    };
    *byte = first + (*byte - first + number) % count;
    String::from_utf8(bytes).unwrap()
}
