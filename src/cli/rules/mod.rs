//! `keysieve rules`: lists, shows and checks the rules.

mod ids;
mod markdown;

use std::io::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use keysieve::finding::Status;
use keysieve::rule::{KeywordPlace, PairRule, Rule, RuleSet, Trigger};
use keysieve::scan::{Scanner, check_samples};
use keysieve::text::printable;

pub(super) use ids::RuleIds;

use super::error::CliError;
use super::settings;

/// Arguments of `keysieve rules`.
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
    /// List the rules: id, confidence, file, description
    #[command(after_long_help = "Example:
  keysieve rules list --format markdown")]
    List {
        /// How to list them
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
        format: Format,
    },
    /// Show everything about a rule
    #[command(after_long_help = "Example:
  keysieve rules show aws-access-key-pair")]
    Show {
        /// The rule's id
        #[arg(value_parser = RuleIds, hide_possible_values = true)]
        id: String,
    },
    /// Check every rule with its examples and counter-examples
    ///
    /// Exit status: 0 if all of them are as expected, 1 if not, 2 if a rule cannot be loaded.
    #[command(after_long_help = "Example:
  keysieve rules check --rules company.toml")]
    Check,
}

/// How rules are listed.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// A line for each
    Text,
    /// A table with what each rule looks for and a link to its provider
    Markdown,
}

impl RulesArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let mut rules = RuleSet::builtin_with_samples()?;
        settings::add_rules(&mut rules, &self.rules)?;
        let (text, status) = match &self.action {
            Action::List { format } => match format {
                Format::Text => (list(&rules), Status::Clean),
                Format::Markdown => (markdown::reference(&rules), Status::Clean),
            },
            Action::Show { id } => (show(&rules, id)?, Status::Clean),
            Action::Check => check(rules)?,
        };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(status)
    }
}

fn list(rules: &RuleSet) -> String {
    let single = rules.rules.iter().map(|rule| {
        let file = &rule.source.file;
        (&rule.id, rule.confidence, file, &rule.description)
    });
    let pairs = rules.pairs.iter().map(|pair| {
        let file = &pair.source.file;
        (&pair.id, pair.confidence, file, &pair.description)
    });
    let rows: Vec<_> = single.chain(pairs).collect();
    let ids = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let files = rows.iter().map(|row| row.2.len()).max().unwrap_or(0);
    rows.iter()
        .map(|(id, confidence, file, description)| {
            let description = printable(description.as_bytes());
            format!("{id:ids$}  {confidence:7}  {file:files$}  {description}\n")
        })
        .collect()
}

fn show(rules: &RuleSet, id: &str) -> Result<String, CliError> {
    if let Some(rule) = rules.rules.iter().find(|rule| &*rule.id == id) {
        return Ok(show_rule(rule));
    }
    if let Some(pair) = rules.pairs.iter().find(|pair| &*pair.id == id) {
        return Ok(show_pair(rules, pair));
    }
    let message = format!("unknown rule '{}'", printable(id.as_bytes()));
    Err(CliError::new(message).help("'keysieve rules list' lists the rules"))
}

fn show_rule(rule: &Rule) -> String {
    let mut rows = vec![
        ("id", rule.id.to_string()),
        ("finds", rule.description.to_string()),
        ("file", rule.source.file.to_string()),
        ("confidence", rule.confidence.to_string()),
    ];
    match &rule.trigger {
        Trigger::Keywords(pattern) => {
            let keywords = match pattern.keyword_place {
                KeywordPlace::FileStart => "start in hex",
                _ => "keywords",
            };
            rows.push((keywords, pattern.keywords.join("  ")));
            rows.push(("pattern", pattern.regex.source().to_owned()));
            rows.push((
                "window",
                format!(
                    "{} bytes before a keyword, {} from its start",
                    pattern.before, pattern.after
                ),
            ));
        }
        Trigger::Named(named) => {
            rows.push(("names", named.names.join(", ")));
            rows.push(("value", named.value.source().to_owned()));
        }
        Trigger::Run(lengths) => {
            let lengths: Vec<_> = lengths.iter().map(range_text).collect();
            let lengths = lengths.join(", ");
            rows.push(("run", format!("of {lengths} base64 characters")));
        }
        Trigger::Policy => {
            let text = "a path of an [[encrypted]] entry of the configuration, in staged and gate";
            rows.push(("files", text.to_owned()));
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
    if rule.guessable {
        let text = "the secret could be guessed from a fingerprint without a salt";
        rows.push(("guessable", text.to_owned()));
    }
    rows.extend(rule.help.iter().map(|help| ("help", help.to_string())));
    rows.extend(rule.link.iter().map(|link| ("link", link.to_string())));
    rows.push(("samples", samples(&rule.source)));
    table(&rows)
}

fn range_text(range: &RangeInclusive<usize>) -> String {
    let (low, high) = (range.start(), range.end());
    if low == high {
        low.to_string()
    } else {
        format!("{low} to {high}")
    }
}

fn show_pair(rules: &RuleSet, pair: &PairRule) -> String {
    let mut rows = vec![
        ("id", pair.id.to_string()),
        ("finds", pair.description.to_string()),
        ("file", pair.source.file.to_string()),
        ("confidence", pair.confidence.to_string()),
        (
            "joins",
            format!(
                "{} with {}",
                rules.rules[pair.first].id, rules.rules[pair.second].id
            ),
        ),
    ];
    rows.extend(pair.help.iter().map(|help| ("help", help.to_string())));
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
        .map(|(name, value)| format!("{name:<11} {}\n", printable(value.as_bytes())))
        .collect()
}

fn check(rules: RuleSet) -> Result<(String, Status), CliError> {
    let count = rules.rules.len() + rules.pairs.len();
    let failures = check_samples(&Scanner::new(rules)?);
    if failures.is_empty() {
        let message = format!(
            "{count} rules find all of their examples and none of their counter-examples\n"
        );
        return Ok((message, Status::Clean));
    }
    let lines = failures
        .iter()
        .map(|failure| printable(failure.to_string().as_bytes()) + "\n");
    Ok((lines.collect(), Status::Findings))
}
