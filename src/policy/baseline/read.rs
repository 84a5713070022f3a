//! Reading a baseline: every mistake in it is told by its line, and nothing in it is quoted, as
//! somebody may have pasted a secret there.

use std::fmt;
use std::io;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Known, Terms, VERSION};
use crate::secret::{Salt, SaltedPrint};
use crate::text::line_at;

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It exists and cannot be read, or is not UTF-8.
    #[error("{file}: cannot be read")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It says something that cannot be.
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
    /// A conflict of a merge that nobody resolved.
    #[error(
        "a merge left its marks: take them out, keep the entries of both sides, then run `keysieve baseline update`"
    )]
    Conflict,
    /// Not JSON.
    #[error("not valid JSON")]
    Json,
    /// It ends too early.
    #[error("the file ends in the middle")]
    Cut,
    /// JSON of something else.
    #[error("not a baseline of keysieve: `keysieve baseline write` makes one")]
    Foreign,
    /// A form that this program does not know.
    #[error("a baseline of another version: this keysieve reads version {VERSION}")]
    Version,
    /// A field that occurs twice, as after a merge of two baselines that were made apart.
    #[error(
        "'{0}' occurs twice: two baselines were made apart; take one of them, then run `keysieve baseline update`"
    )]
    Twice(&'static str),
    /// A field that must be there.
    #[error("'{0}' is missing")]
    Missing(&'static str),
    /// A field that is none.
    #[error("a field that is none of {0}")]
    Unknown(&'static str),
    /// A field that must be something else.
    #[error("'{0}' is not {1}")]
    Not(&'static str, &'static str),
}

use BaselineProblem::{Conflict, Cut, Foreign, Json, Missing, Not, Twice, Unknown, Version};

/// What is wrong, and on which line.
type CliError = (usize, BaselineProblem);

/// The field by which a baseline is known.
const MARK: &str = "keysieve-baseline";
const DIGITS: &str = "32 hex digits";

/// The salt and the entries that `text` holds, in its order.
pub(super) fn read(text: &str) -> Result<(Salt, Vec<Known>), CliError> {
    let Fields(fields) = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
    let named = |name: &'static str| {
        fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| *value)
    };
    let version = named(MARK).next().ok_or((1, Foreign))?;
    if version.get() != VERSION.to_string() {
        return Err((line_of(text, version), Version));
    }
    let one = |name: &'static str| match (named(name).next(), named(name).nth(1)) {
        (Some(value), None) => Ok((line_of(text, value), value)),
        (_, Some(second)) => Err((line_of(text, second), Twice(name))),
        (None, None) => Err((1, Missing(name))),
    };
    let (line, salt) = one("salt")?;
    let digits: Option<String> = serde_json::from_str(salt.get()).ok();
    let salt = digits
        .as_deref()
        .and_then(Salt::parse)
        .ok_or((line, Not("salt", DIGITS)))?;
    let (line, findings) = one("findings")?;
    let findings: Vec<&RawValue> =
        serde_json::from_str(findings.get()).map_err(|_| (line, Not("findings", "a list")))?;
    if let Some((_, value)) = fields
        .iter()
        .find(|(name, _)| ![MARK, "salt", "findings"].contains(&name.as_str()))
    {
        return Err((
            line_of(text, value),
            Unknown("keysieve-baseline, salt and findings"),
        ));
    }
    let entries = findings.into_iter().filter(|entry| entry.get() != "null");
    let entries = entries.map(|entry| {
        let line = line_of(text, entry);
        known(line, entry).map_err(|problem| (line, problem))
    });
    Ok((salt, entries.collect::<Result<_, _>>()?))
}

fn known(line: usize, entry: &RawValue) -> Result<Known, BaselineProblem> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(entry.get()).map_err(|_| Not("findings", "a list of objects"))?;
    let mut take = |name: &'static str| match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Not(name, "a string")),
    };
    let print = take("print")?.ok_or(Missing("print"))?;
    let print = SaltedPrint::parse(&print).ok_or(Not("print", DIGITS))?;
    let (rule, path) = (take("rule")?, take("path")?);
    let until = take("until")?.map(|day| day.parse::<Date>()).transpose();
    let until = until.map_err(|_| Not("until", "a day such as 2027-01-31"))?;
    let terms = Terms {
        reason: take("reason")?,
        owner: take("owner")?,
        until,
    };
    if fields.is_empty() {
        Ok(Known {
            print,
            rule,
            path,
            terms,
            line,
        })
    } else {
        Err(Unknown("print, rule, path, reason, owner and until"))
    }
}

/// What is wrong with a text that is not JSON. The parser's own words would quote it.
fn syntax(text: &str, error: &serde_json::Error) -> CliError {
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
    line_at(
        text,
        (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize),
    )
}

/// The fields of an object, also those that occur twice.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

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
            "{{\n\"keysieve-baseline\": 1,\n\"salt\": \"{PRINT}\",\n\"findings\": [\n{entry}null\n]\n}}\n"
        )
    }

    #[test]
    fn all_that_an_entry_may_say_is_understood() {
        let entry = format!(
            "{{\"print\": \"{PRINT}\", \"rule\": \"r\", \"path\": \"p\",\n \"reason\": \"w\", \"owner\": \"o\", \
             \"until\": \"2027-01-31\"}},\n{{\"print\": \"{PRINT}\", \"owner\": null}},\n"
        );
        let (_, entries) = read(&text(&entry)).unwrap();
        assert_eq!(
            entries.iter().map(|known| known.line).collect::<Vec<_>>(),
            [5, 7]
        );
        assert_eq!(entries[0].terms.until, Some(jiff::civil::date(2027, 1, 31)));
        assert_eq!(entries[1].terms, Terms::default());
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
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
