//! Writes the rule reference: a Markdown table with a row for each rule.

use keysieve::rule::{KeywordPlace, Rule, RuleSet, Text, Trigger};
use keysieve::text::printable;

/// How many keywords or names of a rule are shown.
const SHOWN: usize = 3;

const INTRODUCTION: &str = "# Rules

<!-- Written by `keysieve rules list --format markdown`. -->

*Found by* is what a rule looks for: the text that a secret begins with, text near it, or words of
the name that it is assigned to, in any style (`DATADOG_API_KEY`, `datadogApiKey`, `datadog-key`).
*Confidence* is that of the rule alone: checksums, names, values and paths raise or lower it, and
`keysieve explain` shows why. `keysieve rules show ID` prints all about a rule.
";

/// The reference of `rules`.
pub(super) fn reference(rules: &RuleSet) -> String {
    let singles = rules.rules.iter().map(|rule| {
        let name = rule.link.as_ref().map_or_else(
            || rule.description.to_string(),
            |link| format!("[{}]({link})", rule.description),
        );
        let cells = [&*rule.id, rule.confidence.word(), &name, &found_by(rule)].map(cell);
        (&rule.source.file, cells)
    });
    let pairs = rules.pairs.iter().map(|pair| {
        let halves = [pair.first, pair.second].map(|half| &*rules.rules[half].id);
        let found_by = format!("`{}` near `{}`", halves[0], halves[1]);
        let cells = [
            &*pair.id,
            pair.confidence.word(),
            &pair.description,
            &found_by,
        ]
        .map(cell);
        (&pair.source.file, cells)
    });
    let mut rows: Vec<_> = singles.chain(pairs).collect();
    rows.sort_by_key(|(file, _)| *file);
    let lines = rows.iter().map(|(file, cells)| {
        let provider = file.strip_suffix(".toml").unwrap_or(file);
        format!(
            "| {} | `{}` | {} |\n",
            cell(provider),
            cells[0],
            cells[1..].join(" | ")
        )
    });
    format!(
        "{INTRODUCTION}\n{} rules of {} providers or kinds.\n\n\
         | provider | rule | confidence | secret | found by |\n|---|---|---|---|---|\n{}",
        rows.len(),
        rows.chunk_by(|one, other| one.0 == other.0).count(),
        lines.collect::<String>()
    )
}

/// What a rule looks for, in words.
fn found_by(rule: &Rule) -> String {
    match &rule.trigger {
        Trigger::Keywords(pattern) => match pattern.keyword_place {
            KeywordPlace::TokenStart => some("begins with", &pattern.keywords),
            KeywordPlace::FileStart => some("file that begins with hex", &pattern.keywords),
            KeywordPlace::Anywhere | KeywordPlace::Base64 => some("text", &pattern.keywords),
        },
        Trigger::Named(named) => some("name", &named.names),
        Trigger::Run(_) => "length and randomness".to_owned(),
        Trigger::Policy => "path in an `[[encrypted]]` entry of the configuration".to_owned(),
    }
}

/// The first of `words`, and how many more there are.
fn some(label: &str, words: &[Text]) -> String {
    let shown = words.iter().take(SHOWN).map(|word| format!("`{word}`"));
    let more = match words.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{label} {}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// `text` in a cell of a table.
fn cell(text: &str) -> String {
    printable(text.as_bytes()).replace('|', "\\|")
}
