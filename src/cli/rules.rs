//! `keysieve rules`: what is looked for, and whether the rules do what they say.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use keysieve::finding::Status;
use keysieve::rule::{PairRule, Rule, RuleSet, Trigger};
use keysieve::scan::{Scanner, check_samples};

use super::error::CliError;
use super::settings;

/// The words of `keysieve rules`.
#[derive(Args, Debug)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    action: Action,
    /// Add the rules of a file
    #[arg(long, value_name = "FILE", global = true)]
    rules: Vec<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// List every rule: id, confidence, file, description
    List,
    /// Show all that a rule says
    Show {
        /// The rule's id
        id: String,
    },
    /// Put every rule's examples and counter-examples to the whole scanner
    ///
    /// The exit status is 0 where all are as the rules say, 1 where one is not, and 2 where a rule
    /// cannot be loaded.
    Check,
}

impl RulesArgs {
    pub(crate) fn run(&self) -> Result<Status, CliError> {
        let mut rules = RuleSet::builtin_with_samples()?;
        settings::add_rules(&mut rules, &self.rules)?;
        let (text, status) = match &self.action {
            Action::List => (list(&rules), Status::Clean),
            Action::Show { id } => (show(&rules, id)?, Status::Clean),
            Action::Check => check(rules)?,
        };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(status)
    }
}

fn list(rules: &RuleSet) -> String {
    let rows: Vec<_> = rules
        .rules
        .iter()
        .map(|rule| {
            (
                &rule.id,
                rule.confidence,
                &rule.source.file,
                &rule.description,
            )
        })
        .chain(rules.pairs.iter().map(|pair| {
            (
                &pair.id,
                pair.confidence,
                &pair.source.file,
                &pair.description,
            )
        }))
        .collect();
    let width = |of: &dyn Fn(usize) -> usize| (0..rows.len()).map(of).max().unwrap_or(0);
    let (ids, files) = (
        width(&|row| rows[row].0.len()),
        width(&|row| rows[row].2.len()),
    );
    let mut text = String::new();
    for (id, confidence, file, description) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{id:ids$}  {confidence:7}  {file:files$}  {description}"
        );
    }
    text
}

fn show(rules: &RuleSet, id: &str) -> Result<String, CliError> {
    if let Some(rule) = rules.rules.iter().find(|rule| &*rule.id == id) {
        return Ok(show_rule(rule));
    }
    match rules.pairs.iter().find(|pair| &*pair.id == id) {
        Some(pair) => Ok(show_pair(rules, pair)),
        None => Err(CliError::new(format!(
            "there is no rule '{}'",
            keysieve::text::printable(id.as_bytes())
        ))
        .hint("'keysieve rules list' lists them")),
    }
}

fn show_rule(rule: &Rule) -> String {
    let mut rows = vec![
        ("id", rule.id.to_string()),
        ("finds", rule.description.clone()),
        ("file", rule.source.file.clone()),
        ("confidence", rule.confidence.to_string()),
    ];
    match &rule.trigger {
        Trigger::Keywords(pattern) => {
            rows.push(("keywords", pattern.keywords.join("  ")));
            rows.push(("pattern", pattern.source().to_owned()));
            rows.push((
                "window",
                format!(
                    "{} bytes before a keyword, {} from its start",
                    pattern.before, pattern.after
                ),
            ));
        }
        Trigger::Run(lengths) => {
            let words = |(low, high): (&usize, &usize)| match low.cmp(high) {
                Ordering::Equal => low.to_string(),
                _ => format!("{low} to {high}"),
            };
            let lengths = lengths
                .iter()
                .map(|range| words((range.start(), range.end())));
            rows.push((
                "run",
                format!(
                    "of {} base64 characters",
                    lengths.collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    }
    rows.extend(
        rule.entropy
            .map(|floor| ("entropy", format!("at least {floor} bits per character"))),
    );
    rows.extend(
        rule.checks
            .iter()
            .map(|check| ("check", format!("{}: {}", check.name, check.about))),
    );
    rows.extend(rule.help.iter().map(|help| ("help", help.clone())));
    rows.push(("samples", samples(&rule.source)));
    table(&rows)
}

fn show_pair(rules: &RuleSet, pair: &PairRule) -> String {
    let mut rows = vec![
        ("id", pair.id.to_string()),
        ("finds", pair.description.clone()),
        ("file", pair.source.file.clone()),
        ("confidence", pair.confidence.to_string()),
        (
            "joins",
            format!(
                "{} with {}",
                rules.rules[pair.first].id, rules.rules[pair.second].id
            ),
        ),
    ];
    rows.extend(pair.help.iter().map(|help| ("help", help.clone())));
    rows.push(("samples", samples(&pair.source)));
    table(&rows)
}

fn samples(source: &keysieve::rule::RuleSource) -> String {
    format!(
        "{} examples, {} counter-examples",
        source.examples.len(),
        source.counter_examples.len()
    )
}

fn table(rows: &[(&str, String)]) -> String {
    rows.iter()
        .map(|(name, value)| format!("{name:<11} {value}\n"))
        .collect()
}

fn check(rules: RuleSet) -> Result<(String, Status), CliError> {
    let count = rules.rules.len() + rules.pairs.len();
    let scanner = Scanner::new(rules)?;
    let faults = check_samples(&scanner);
    if faults.is_empty() {
        return Ok((
            format!(
                "{count} rules find all of their examples and none of their counter-examples\n"
            ),
            Status::Clean,
        ));
    }
    let lines: String = faults.iter().map(|error| format!("{error}\n")).collect();
    Ok((lines, Status::Findings))
}
