//! Parses `--format` and `--output`: which reports are written, and where each goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command};
use keysieve::report::{self, FORMATS, Format};
use keysieve::text::printable_path;

use super::error::CliError;

/// The value of one `--format`: `sarif:out.sarif`, or several as in `human,sarif:out.sarif`.
#[derive(Clone, Debug)]
pub(crate) struct FormatSpec(Vec<(&'static Format, Option<PathBuf>)>);

/// A report to write.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) format: &'static Format,
    /// `None` for standard output.
    pub(crate) file: Option<PathBuf>,
}

impl Target {
    /// The file as an absolute path, so that `x` and `./x` compare equal.
    fn absolute_file(&self) -> Option<PathBuf> {
        self.file
            .as_ref()
            .map(|file| std::path::absolute(file).unwrap_or_else(|_| file.clone()))
    }
}

impl FormatSpec {
    /// Parses the value of a `--format`. A comma separates two formats only if the name of a format
    /// follows it: the name of a file can contain commas.
    fn parse(text: &str) -> Result<Self, String> {
        let mut specs: Vec<String> = Vec::new();
        for part in text.split(',') {
            match specs.last_mut() {
                Some(last) if last.contains(':') && format_of(part).is_none() => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => specs.push(part.trim().to_owned()),
            }
        }
        specs
            .iter()
            .map(|spec| parse_one(spec))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Parses a [`FormatSpec`] for clap, and lists the formats for its help and for shell completion.
#[derive(Clone, Copy)]
pub(crate) struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = FormatSpec;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<FormatSpec, clap::Error> {
        TypedValueParser::parse_ref(&|text: &str| FormatSpec::parse(text), command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMATS.iter().map(|format| {
            PossibleValue::new(format.name).help(format.about)
        })))
    }
}

/// The format that `spec` begins with.
fn format_of(spec: &str) -> Option<&'static Format> {
    report::format(spec.trim().split(':').next().unwrap_or_default())
}

fn parse_one(spec: &str) -> Result<(&'static Format, Option<PathBuf>), String> {
    let format = format_of(spec).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("unknown format; the formats are {}", names.join(", "))
    })?;
    match spec.split_once(':') {
        Some((name, "")) => Err(format!("'{name}:' needs a file")),
        Some((_, file)) => Ok((format, Some(PathBuf::from(file)))),
        None => Ok((format, None)),
    }
}

/// The reports to write: those of `specs`, or the default one. `output` is the file of the first
/// one that has none.
pub(crate) fn targets(
    specs: &[FormatSpec],
    output: Option<&Path>,
) -> Result<Vec<Target>, CliError> {
    let mut reports: Vec<_> = specs
        .iter()
        .flat_map(|FormatSpec(reports)| reports.clone())
        .collect();
    if reports.is_empty() {
        reports.push((&FORMATS[0], None));
    }
    if let Some(output) = output {
        let Some((_, file)) = reports.iter_mut().find(|(_, file)| file.is_none()) else {
            let message = "--output cannot be used if every --format has its own file";
            return Err(CliError::new(message).help("leave out one of them"));
        };
        *file = Some(output.to_owned());
    }
    let targets: Vec<_> = reports
        .into_iter()
        .map(|(format, file)| Target {
            format,
            file: file.filter(|path| path != Path::new("-")),
        })
        .collect();
    for (at, target) in targets.iter().enumerate() {
        if let Some(first) = targets[..at]
            .iter()
            .find(|first| first.absolute_file() == target.absolute_file())
        {
            return Err(same_place(first, target));
        }
    }
    Ok(targets)
}

fn same_place(first: &Target, second: &Target) -> CliError {
    let (first_name, second_name) = (first.format.name, second.format.name);
    let place = match &first.file {
        None => "standard output".to_owned(),
        Some(file) => printable_path(file),
    };
    CliError::new(format!(
        "the reports {first_name} and {second_name} cannot both go to {place}"
    ))
    .help(format!(
        "give one its own file: --format {second_name}:FILE"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(
        formats: &[&str],
        output: Option<&str>,
    ) -> Result<Vec<(&'static str, Option<String>)>, String> {
        let specs = formats
            .iter()
            .map(|word| FormatSpec::parse(word))
            .collect::<Result<Vec<_>, _>>()?;
        let targets = targets(&specs, output.map(Path::new)).map_err(|error| error.to_string())?;
        Ok(targets
            .into_iter()
            .map(|Target { format, file }| {
                (format.name, file.map(|file| file.display().to_string()))
            })
            .collect())
    }

    #[test]
    fn formats_are_parsed_with_their_files() {
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
    fn contradictory_formats_and_files_are_errors() {
        for (formats, output, why) in [
            (&["human", "json"][..], None, "standard output"),
            (&["human", "json:-"], None, "standard output"),
            (&["human", "json"], Some("-"), "standard output"),
            (&["csv:x", "json:x"], None, "to x"),
            (&["csv:./x", "json:x"], None, "to ./x"),
            (&["csv:x", "json"], Some("x"), "to x"),
            (&["csv:x"], Some("y"), "--output"),
            (&["xml"], None, "unknown format"),
            (&["human,xml"], None, "unknown format"),
            (&[""], None, "unknown format"),
            (&["csv:"], None, "'csv:' needs a file"),
        ] {
            let error = list(formats, output).expect_err("a mistake");
            assert!(error.contains(why), "{formats:?}: {error}");
        }
    }
}
