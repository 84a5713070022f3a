//! What `--format` says: which reports are written, and where each goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};
use keysieve::report::{self, FORMATS, Format};
use keysieve::text::printable_path;

use super::error::CliError;

/// The values of one `--format`: `sarif:out.sarif`, or several as in `human,sarif:out.sarif`.
#[derive(Clone, Debug)]
pub(crate) struct Words(Vec<(&'static Format, Option<PathBuf>)>);

/// A report that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) format: &'static Format,
    /// `None` is standard output.
    pub(crate) file: Option<PathBuf>,
}

impl Target {
    /// Where it goes, however that was written: `x` is `./x`.
    fn place(&self) -> Option<PathBuf> {
        self.file
            .as_ref()
            .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()))
    }
}

impl Words {
    /// Reads the value of a `--format`. A comma parts two formats where the name of one follows it:
    /// a file may have commas in its name.
    fn parse(text: &str) -> Result<Self, String> {
        let mut words: Vec<String> = Vec::new();
        for part in text.split(',') {
            match words.last_mut() {
                Some(last) if last.contains(':') && known(part).is_none() => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => words.push(part.trim().to_owned()),
            }
        }
        words
            .iter()
            .map(|word| one(word))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Reads [`Words`] for clap, and tells it the names, for its help and for what shells complete.
#[derive(Clone, Copy)]
pub(crate) struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Words;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Words, clap::Error> {
        TypedValueParser::parse_ref(&|text: &str| Words::parse(text), command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMATS.iter().map(|format| {
            PossibleValue::new(format.name).help(format.about)
        })))
    }
}

/// The format that `word` begins with.
fn known(word: &str) -> Option<&'static Format> {
    report::format(word.trim().split(':').next().unwrap_or_default())
}

fn one(word: &str) -> Result<(&'static Format, Option<PathBuf>), String> {
    let format = known(word).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("there is no such format; there are {}", names.join(", "))
    })?;
    match word.split_once(':') {
        Some((name, "")) => Err(format!("a file is missing after '{name}:'")),
        Some((_, file)) => Ok((format, Some(PathBuf::from(file)))),
        None => Ok((format, None)),
    }
}

/// The reports to write: those of `words`, or the default one. `output` is the file of the one that
/// names none.
pub(crate) fn targets(words: &[Words], output: Option<&Path>) -> Result<Vec<Target>, CliError> {
    let mut words: Vec<_> = words
        .iter()
        .flat_map(|Words(words)| words.clone())
        .collect();
    if words.is_empty() {
        words.push((&FORMATS[0], None));
    }
    let mut free = words.iter_mut().filter(|(_, file)| file.is_none());
    if let Some(output) = output {
        match free.next() {
            Some((_, file)) => *file = Some(output.to_owned()),
            None => {
                return Err(CliError::new(
                    "--output names the file of a report, and every --format has one of its own",
                )
                .hint("leave out one of them"));
            }
        }
    }
    let targets: Vec<_> = words
        .into_iter()
        .map(|(format, file)| Target {
            format,
            file: file.filter(|path| path != Path::new("-")),
        })
        .collect();
    for (at, target) in targets.iter().enumerate() {
        if let Some(first) = targets[..at]
            .iter()
            .find(|first| first.place() == target.place())
        {
            return Err(twice(first, target));
        }
    }
    Ok(targets)
}

fn twice(first: &Target, second: &Target) -> CliError {
    let names = format!(
        "two reports, {} and {},",
        first.format.name, second.format.name
    );
    let hint = format!(
        "give one a file of its own: --format {}:FILE",
        second.format.name
    );
    match &first.file {
        None => CliError::new(format!("{names} cannot both go to standard output")).hint(hint),
        Some(file) => CliError::new(format!(
            "{names} cannot both go to {}",
            printable_path(file)
        ))
        .hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(
        words: &[&str],
        output: Option<&str>,
    ) -> Result<Vec<(&'static str, Option<String>)>, String> {
        let words = words
            .iter()
            .map(|word| Words::parse(word))
            .collect::<Result<Vec<_>, _>>()?;
        let targets = targets(&words, output.map(Path::new)).map_err(|error| error.to_string())?;
        let file = |target: &Target| target.file.as_ref().map(|file| file.display().to_string());
        Ok(targets
            .iter()
            .map(|target| (target.format.name, file(target)))
            .collect())
    }

    #[test]
    fn formats_and_their_files() {
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(list(&[], None), Ok(vec![("human", None)]));
        assert_eq!(list(&[], Some("x")), Ok(vec![("human", file("x"))]));
        assert_eq!(
            list(&["json", "csv:-x"], Some("-")),
            Ok(vec![("json", None), ("csv", file("-x"))])
        );
        assert_eq!(
            list(&["sarif:-", "human:x"], None),
            Ok(vec![("sarif", None), ("human", file("x"))])
        );
        let both = Ok(vec![
            ("human", None),
            ("sarif", file("a,b.sarif")),
            ("csv", file("c:d")),
        ]);
        assert_eq!(list(&["human,sarif:a,b.sarif,csv:c:d"], None), both);
        assert_eq!(
            list(&["human, json:x"], None),
            Ok(vec![("human", None), ("json", file("x"))])
        );
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        for (words, output, why) in [
            (&["human", "json"][..], None, "standard output"),
            (&["human", "json:-"], None, "standard output"),
            (&["human", "json"], Some("-"), "standard output"),
            (&["csv:x", "json:x"], None, "to x"),
            (&["csv:./x", "json:x"], None, "to ./x"),
            (&["csv:x", "json"], Some("x"), "to x"),
            (&["csv:x"], Some("y"), "--output"),
            (&["xml"], None, "no such format"),
            (&["human,xml"], None, "no such format"),
            (&[""], None, "no such format"),
            (&["csv:"], None, "missing after 'csv:'"),
        ] {
            let error = list(words, output).expect_err("a mistake");
            assert!(error.contains(why), "{words:?}: {error}");
        }
    }
}
