//! Parses a baseline. Every error names the line, and none quotes the file, because a secret may
//! have been pasted into it.

use std::fmt;
use std::io;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{BaselineEntry, EntryMetadata, VERSION};
use crate::secret::{Salt, SaltedFingerprint};
use crate::text::line_at;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It exists but cannot be read, or is not UTF-8.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Its content is not valid.
    #[error("{file}:{line}: {problem}")]
    Content {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: BaselineProblem,
    },
}

/// What is wrong with a baseline, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineProblem {
    /// An unresolved merge conflict.
    #[error(
        "unresolved merge conflict: remove the conflict markers, keep the entries of both sides, \
         then run `keysieve baseline update`"
    )]
    Conflict,
    /// Not JSON.
    #[error("not valid JSON")]
    Json,
    /// It ends too early.
    #[error("the file is truncated")]
    Cut,
    /// JSON, but not a baseline.
    #[error("not a keysieve baseline: `keysieve baseline write` creates one")]
    Foreign,
    /// A version that this program does not know.
    #[error("unsupported baseline version: this keysieve reads version {VERSION}")]
    Version,
    /// A field that occurs twice, for example because two separate baselines were merged.
    #[error(
        "'{0}' occurs twice, as if two baselines were merged: keep one of them, then run \
         `keysieve baseline update`"
    )]
    Twice(&'static str),
    /// A required field is missing.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// An unknown field.
    #[error("unknown field: the fields are {0}")]
    Unknown(&'static str),
    /// A field with a wrong type or value.
    #[error("'{0}' is not {1}")]
    Not(&'static str, &'static str),
}

use BaselineProblem::{Conflict, Cut, Foreign, Json, Missing, Not, Twice, Unknown, Version};

/// A problem and its line.
type ProblemOnLine = (usize, BaselineProblem);

/// The field that identifies a baseline.
const MARK: &str = "keysieve-baseline";
const DIGITS: &str = "32 hex digits";

/// Parses the salt and the entries, in the order of the file.
pub(super) fn read(text: &str) -> Result<(Salt, Vec<BaselineEntry>), ProblemOnLine> {
    let fields: Fields = serde_json::from_str(text).map_err(|error| json_problem(text, &error))?;
    let version = fields.named(MARK).next().ok_or((1, Foreign))?;
    if version.get() != VERSION.to_string() {
        return Err((line_of(text, version), Version));
    }
    let salt = fields.only(text, "salt")?;
    let digits: Option<String> = serde_json::from_str(salt.get()).ok();
    let salt = digits
        .and_then(|digits| Salt::parse(&digits))
        .ok_or((line_of(text, salt), Not("salt", DIGITS)))?;
    let findings = fields.only(text, "findings")?;
    let entries: Vec<&RawValue> = serde_json::from_str(findings.get())
        .map_err(|_| (line_of(text, findings), Not("findings", "a list")))?;
    for (name, value) in &fields.0 {
        if ![MARK, "salt", "findings"].contains(&name.as_str()) {
            let problem = Unknown("keysieve-baseline, salt and findings");
            return Err((line_of(text, value), problem));
        }
    }
    let entries = entries
        .into_iter()
        .filter(|entry| entry.get() != "null")
        .map(|entry| {
            let line = line_of(text, entry);
            parse_entry(line, entry).map_err(|problem| (line, problem))
        });
    Ok((salt, entries.collect::<Result<_, _>>()?))
}

fn parse_entry(line: usize, entry: &RawValue) -> Result<BaselineEntry, BaselineProblem> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(entry.get()).map_err(|_| Not("findings", "a list of objects"))?;
    let fingerprint = take(&mut fields, "print")?.ok_or(Missing("print"))?;
    let entry = BaselineEntry {
        fingerprint: SaltedFingerprint::parse(&fingerprint).ok_or(Not("print", DIGITS))?,
        rule: take(&mut fields, "rule")?,
        path: take(&mut fields, "path")?,
        metadata: EntryMetadata {
            until: take(&mut fields, "until")?
                .map(|day| day.parse())
                .transpose()
                .map_err(|_| Not("until", "a day such as 2027-01-31"))?,
            reason: take(&mut fields, "reason")?,
            owner: take(&mut fields, "owner")?,
        },
        line,
    };
    if fields.is_empty() {
        Ok(entry)
    } else {
        Err(Unknown("print, rule, path, reason, owner and until"))
    }
}

/// Takes a string out of the fields of an entry; `None` if it is missing or null.
fn take(
    fields: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, BaselineProblem> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Not(name, "a string")),
    }
}

/// The problem of a text that is not JSON. The message of the parser would quote the text.
fn json_problem(text: &str, error: &serde_json::Error) -> ProblemOnLine {
    let marks = ["<<<<<<< ", "=======", ">>>>>>> "];
    let conflict = text
        .lines()
        .position(|line| marks.iter().any(|mark| line.starts_with(mark)));
    match (conflict, error.classify()) {
        (Some(index), _) => (index + 1, Conflict),
        (None, serde_json::error::Category::Eof) => (error.line().max(1), Cut),
        (None, serde_json::error::Category::Data) => (error.line().max(1), Foreign),
        (None, _) => (error.line().max(1), Json),
    }
}

/// The line on which `value`, a part of `text`, begins.
fn line_of(text: &str, value: &RawValue) -> usize {
    let start = (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    line_at(text, start)
}

/// The fields of an object, including duplicates.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Fields<'t> {
    fn named(&self, name: &str) -> impl Iterator<Item = &'t RawValue> {
        let fields = self.0.iter();
        fields
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| *value)
    }

    /// The value of a field that must occur once.
    fn only(&self, text: &str, name: &'static str) -> Result<&'t RawValue, ProblemOnLine> {
        let mut values = self.named(name);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (_, Some(second)) => Err((line_of(text, second), Twice(name))),
            (None, None) => Err((1, Missing(name))),
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut all = Vec::new();
                while let Some(field) = map.next_entry()? {
                    all.push(field);
                }
                Ok(Fields(all))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789abcdef0123456789abcdef";

    fn text(entry: &str) -> String {
        format!(
            "{{\n\"keysieve-baseline\": 1,\n\"salt\": \"{PRINT}\",\n\
             \"findings\": [\n{entry}null\n]\n}}\n"
        )
    }

    #[test]
    fn every_field_of_an_entry_is_parsed() {
        let entry = format!(
            "{{\"print\": \"{PRINT}\", \"rule\": \"r\", \"path\": \"p\",\n \"reason\": \"w\", \
             \"owner\": \"o\", \"until\": \"2027-01-31\"}},\n\
             {{\"print\": \"{PRINT}\", \"owner\": null}},\n"
        );
        let (_, entries) = read(&text(&entry)).unwrap();
        assert_eq!(
            entries.iter().map(|entry| entry.line).collect::<Vec<_>>(),
            [5, 7]
        );
        assert_eq!(
            entries[0].metadata.until,
            Some(jiff::civil::date(2027, 1, 31))
        );
        assert_eq!(entries[1].metadata, EntryMetadata::default());
    }

    #[test]
    fn a_problem_is_reported_with_its_line() {
        let entry = |rest: &str| text(&format!("{{\"print\":\"{PRINT}\"{rest}}},\n"));
        let good = text("");
        for (text, line, problem) in [
            (String::new(), 1, Cut),
            (good[..good.len() - 8].to_owned(), 5, Cut),
            ("[]".to_owned(), 1, Foreign),
            (
                "{\"version\": \"8.0\", \"results\": {}}".to_owned(),
                1,
                Foreign,
            ),
            (good.replace("ne\": 1", "ne\": 2"), 2, Version),
            (good.replace("ne\": 1", "ne\": \"1\""), 2, Version),
            (good.replace(PRINT, "pasted"), 3, Not("salt", DIGITS)),
            (
                good.replace("\"findings\"", "\"salt\": 1,\n\"findings\""),
                4,
                Twice("salt"),
            ),
            (good.replace("findings", "finding"), 1, Missing("findings")),
            (
                good.replace('[', "{").replace("null", "").replace(']', "}"),
                4,
                Not("findings", "a list"),
            ),
            (
                good.replace(']', "], \"x\": 1"),
                6,
                Unknown("keysieve-baseline, salt and findings"),
            ),
            (
                good.replace("null", "7"),
                5,
                Not("findings", "a list of objects"),
            ),
            (good.replace("null", "{}"), 5, Missing("print")),
            (good.replace("null", "x"), 5, Json),
            (entry(",\"print\":\"pasted\""), 5, Not("print", DIGITS)),
            (entry(",\"reason\":7"), 5, Not("reason", "a string")),
            (
                entry(",\"until\":\"2027-02-31\""),
                5,
                Not("until", "a day such as 2027-01-31"),
            ),
            (
                entry(",\"why\":\"x\""),
                5,
                Unknown("print, rule, path, reason, owner and until"),
            ),
            (
                good.replace("null\n", "<<<<<<< HEAD\n=======\n>>>>>>> other\nnull\n"),
                5,
                Conflict,
            ),
        ] {
            assert_eq!(read(&text).expect_err(&text), (line, problem), "{text}");
        }
    }
}
