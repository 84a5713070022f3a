//! Whether every rule finds its secrets in the contexts in which people write them.

mod leave_out;
mod triple;

use std::collections::BTreeMap;

use keysieve::rule::{Rule, RuleSet, Trigger};
use keysieve::scan::{Match, Scanner};

/// Texts with `VALUE` for a secret, and its name in the styles `NAME_UP`, `name_low`, `name-kebab`,
/// `nameCamel` and `NamePascal`. `tests/quality/run` reads the same file.
const CARRIERS: &str = include_str!("quality/carriers.txt");

/// The name and the text of each carrier that is not marked with `~`.
fn carriers() -> Vec<(&'static str, String)> {
    let is_demanded = |line: &&str| !line.is_empty() && !line.starts_with(['#', '~']);
    let carrier = |line: &'static str| {
        let mut fields = line.splitn(3, " | ");
        let (name, text) = (fields.next().unwrap(), fields.nth(1).unwrap());
        (name, serde_json::from_str(text).unwrap())
    };
    CARRIERS.lines().filter(is_demanded).map(carrier).collect()
}

/// A secret of a rule, and the words of the name that it needs.
struct Sample {
    value: String,
    name: Vec<String>,
}

/// What ends the name of a secret.
const ROLES: [&str; 7] = [
    "key",
    "token",
    "secret",
    "pass",
    "pwd",
    "credential",
    "salt",
];

/// The value of the rule's first example, if it is found by itself or by its name; a secret that is
/// part of something longer, such as a URL, has no other context.
fn sample(scanner: &Scanner, index: usize, rule: &Rule) -> Option<Sample> {
    if rule.is_of_binary_files() {
        return None;
    }
    // The rule for files that must be encrypted has none.
    let text = rule.source.examples.first()?;
    let found = find(scanner, index, text)?;
    let value = String::from_utf8(found.value.reveal().to_vec()).ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+/=.~".contains(c);
    if found.encoding.is_some() || !value.chars().all(is_plain) {
        return None;
    }
    let mut name = vec!["service".to_owned(), "token".to_owned()];
    if let Trigger::Named(named) = &rule.trigger {
        name = named.names[0].split(' ').map(str::to_owned).collect();
        if rule.is_general() {
            name.insert(0, "service".to_owned());
        }
        if !ROLES.iter().any(|role| named.names[0].contains(role)) {
            name.push("token".to_owned());
        }
    } else {
        find(scanner, index, &format!("see {value} here"))?;
    }
    Some(Sample { value, name })
}

fn find(scanner: &Scanner, index: usize, text: &str) -> Option<Match> {
    let matches = scanner.scan(text.as_bytes());
    matches.into_iter().find(|found| found.rule == index)
}

fn fill(context: &str, Sample { value, name }: &Sample) -> String {
    let capital = |word: &String| word[..1].to_uppercase() + &word[1..];
    let pascal: String = name.iter().map(capital).collect();
    let camel = pascal[..1].to_lowercase() + &pascal[1..];
    context
        .replace("NAME_UP", &name.join("_").to_uppercase())
        .replace("name_low", &name.join("_"))
        .replace("name-kebab", &name.join("-"))
        .replace("nameCamel", &camel)
        .replace("NamePascal", &pascal)
        .replace("VALUE", value)
}

#[test]
fn every_rule_finds_its_secret_in_every_natural_context() {
    let scanner = Scanner::new(RuleSet::builtin_with_samples().unwrap()).unwrap();
    let rules = &scanner.rules().rules;
    let carriers = carriers();
    assert!(carriers.len() > 60, "only {} carriers", carriers.len());
    let (mut missed, mut tried) = (BTreeMap::<&str, Vec<&str>>::new(), 0);
    for (index, rule) in rules.iter().enumerate() {
        // Their tests say in which contexts AWS credentials and private keys are found.
        if rule.id.starts_with("aws-") {
            continue;
        }
        let Some(sample) = sample(&scanner, index, rule) else {
            continue;
        };
        for (name, text) in &carriers {
            tried += 1;
            if find(&scanner, index, &fill(text, &sample)).is_none() {
                missed.entry(name).or_default().push(&rule.id);
            }
        }
    }
    let lines = missed.iter().map(|(carrier, rules)| {
        let some = rules[..rules.len().min(6)].join(", ");
        format!("{carrier}: {} rules: {some}", rules.len())
    });
    let lines: Vec<_> = lines.collect();
    assert!(lines.is_empty(), "{tried} tried\n{}", lines.join("\n"));
    assert!(tried > 600 * carriers.len(), "only {tried} were tried");
}
