//! `keysieve explain`: why something is found or is not, and what the policy made of it.

mod human;
mod json;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _, ByteVec as _};
use clap::{Args, ValueEnum};
use keysieve::blob::Origin;
use keysieve::engine::{self, Progress};
use keysieve::finding::{AllowedBy, Finding, Outcome, Status};
use keysieve::report;
use keysieve::rule::Confidence;
use keysieve::scan::{RuleTrace, Scanner};
use keysieve::secret::{Fingerprint, SaltedPrint};
use keysieve::text::{LineIndex, Span, printable};

use super::error::CliError;
use super::scan::Paths;
use super::settings::{Settings, SettingsArgs};

/// The words of `keysieve explain`.
///
/// Says which rules looked there and what made them, what each of their checks said, and which
/// entry of which file decided. Secrets are masked. The exit status is 0 where something was
/// explained, 1 where nothing has the fingerprint, and 2 where that cannot be told.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A place, a whole file, or a finding: the 32 hex digits that the report or the baseline shows
    #[arg(value_name = "FILE:LINE|FILE|FINGERPRINT")]
    what: PathBuf,
    /// Where to look for a fingerprint: files and directories
    #[arg(long = "in", value_name = "PATH", num_args = 1.., default_value = ".")]
    paths: Vec<PathBuf>,
    /// Also look where git's ignore rules do not
    #[arg(long)]
    no_ignore: bool,
    /// The form of the answer
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// What is to be explained.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    File(PathBuf),
    Line(PathBuf, usize),
    Finding(Fingerprint, SaltedPrint),
}

/// All that there is to say.
struct Answer<'s> {
    settings: &'s Settings,
    /// What is reported from on; the policy itself was asked about everything.
    report: Confidence,
    places: Vec<Place>,
}

/// A place that is explained.
struct Place {
    /// The file, safe to show.
    path: String,
    /// The line, where it is about one.
    line: Option<usize>,
    /// The file's content.
    text: Vec<u8>,
    /// The rules that looked there.
    trials: Vec<RuleTrace>,
    /// What was found there, and what the policy says.
    findings: Vec<(Finding, Decision)>,
    /// Why a scan does not read it, where it does not.
    skipped: Option<String>,
}

/// What the policy makes of a finding.
enum Decision {
    /// Below what is reported.
    Ignored,
    Reported {
        blocks: bool,
        /// The line of the baseline whose entry has expired.
        expired: Option<usize>,
    },
    Allowed {
        by: AllowedBy,
        /// The line of the baseline, where that decided.
        line: Option<usize>,
    },
}

impl ExplainArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let target = Target::parse(&self.what)?;
        let paths = match &target {
            Target::File(file) | Target::Line(file, _) => vec![file.clone()],
            Target::Finding(..) => self.paths,
        };
        let (source, mut settings) = Paths::new(paths, self.no_ignore).settle(&self.settings)?;
        let report = settings.policy.report;
        settings.policy.report = Confidence::Low;
        let outcome = engine::run(
            &source,
            &settings.scanner,
            &settings.policy,
            &Progress::default(),
        )?;
        let mut answer = Answer {
            settings: &settings,
            report,
            places: Vec::new(),
        };
        match target {
            Target::File(file) => answer.file(&file, None, outcome)?,
            Target::Line(file, line) => answer.file(&file, Some(line), outcome)?,
            Target::Finding(print, salted) => answer.finding(print, salted, outcome)?,
        }
        let text = match self.format {
            Format::Human => answer.human(),
            Format::Json => answer.json(),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(if answer.places.is_empty() {
            Status::Findings
        } else {
            Status::Clean
        })
    }
}

impl Target {
    /// Reads the word. Where it is none of the three it is not repeated: somebody may have pasted
    /// the secret itself.
    fn parse(word: &Path) -> Result<Self, CliError> {
        if word.is_dir() {
            return Err(
                CliError::new("that is a directory").hint("name a file in it, or FILE:LINE")
            );
        }
        if word.exists() {
            return Ok(Self::File(word.to_owned()));
        }
        let bytes = Vec::from_path_lossy(word);
        // `FILE:LINE:COLUMN`, as reports have it, is as good.
        let mut rest: &[u8] = &bytes;
        for _ in 0..2 {
            let Some(colon) = rest.rfind_byte(b':') else {
                break;
            };
            let (file, number) = (&rest[..colon], &rest[colon + 1..]);
            let number = number.to_str().ok().and_then(|number| number.parse().ok());
            let Some(number) = number.filter(|&number| number > 0) else {
                break;
            };
            if let Ok(file) = file.to_path()
                && file.is_file()
            {
                return Ok(Self::Line(file.to_owned(), number));
            }
            rest = file;
        }
        let text = word.to_str().unwrap_or_default().trim();
        match (Fingerprint::parse(text), SaltedPrint::parse(text)) {
            (Some(print), Some(salted)) => Ok(Self::Finding(print, salted)),
            _ => Err(
                CliError::new("there is no such file, and it is no fingerprint").hint(
                    "say FILE, FILE:LINE, or the 32 hex digits that the report shows for a finding",
                ),
            ),
        }
    }
}

impl Answer<'_> {
    /// Explains a file, or a line of it.
    fn file(&mut self, file: &Path, line: Option<usize>, outcome: Outcome) -> Result<(), CliError> {
        let path = shown(&self.settings.scanner, file);
        if let Some(skip) = outcome.skipped.first() {
            if skip.reason.is_failure() {
                return Err(CliError::new(format!("{path}: {}", skip.reason)));
            }
            let (skipped, trials, findings) =
                (Some(skip.reason.to_string()), Vec::new(), Vec::new());
            self.places.push(Place {
                path,
                line,
                text: Vec::new(),
                trials,
                findings,
                skipped,
            });
            return Ok(());
        }
        let text = fs::read(file)
            .map_err(|error| CliError::new(format!("{path}: cannot be read: {error}")))?;
        let index = LineIndex::new(&text);
        if let Some(line) = line.filter(|&line| line > index.count()) {
            return Err(CliError::new(format!(
                "{path}: there is no line {line}, the file has {}",
                index.count()
            )));
        }
        let within = line.map_or(Span::new(0, text.len()), |line| index.span(line - 1));
        let trials = self.settings.scanner.trace(&text, within);
        let on_line = |finding: &Finding| line.is_none_or(|line| stands_on(finding, line));
        let findings = self.decided(outcome, on_line);
        self.places.push(Place {
            path,
            line,
            text,
            trials,
            findings,
            skipped: None,
        });
        Ok(())
    }

    /// Explains every place of a finding, by its fingerprint or as the baseline has it.
    fn finding(
        &mut self,
        print: Fingerprint,
        salted: SaltedPrint,
        outcome: Outcome,
    ) -> Result<(), CliError> {
        let shown = report::masker(&outcome);
        let mut found = Vec::new();
        for finding in outcome
            .findings
            .iter()
            .chain(outcome.allowed.iter().map(|allowed| &allowed.finding))
        {
            let known = || {
                self.settings
                    .policy
                    .baseline_entry(finding.fingerprint)
                    .is_some_and(|(known, _)| known.fingerprint == salted)
            };
            if finding.fingerprint == print || known() {
                found.push((
                    shown(finding.origin.path()),
                    finding.fingerprint,
                    finding.origin.clone(),
                ));
            }
        }
        let failed = outcome
            .skipped
            .iter()
            .filter(|skip| skip.reason.is_failure())
            .count();
        if found.is_empty() && failed > 0 {
            return Err(CliError::new(format!(
                "nothing has this fingerprint, but {failed} could not be read"
            ))
            .hint("'keysieve scan' says what and why"));
        }
        drop(shown);
        let all = self.decided(outcome, |finding| {
            found
                .iter()
                .any(|(_, print, _)| *print == finding.fingerprint)
        });
        for (finding, decision) in all {
            let path = found
                .iter()
                .find(|(_, _, origin)| *origin == finding.origin)
                .map(|(path, ..)| path.clone());
            let path = path.unwrap_or_default();
            let text = content(&finding.origin)
                .map_err(|error| CliError::new(format!("{path}: {error}")))?;
            let trials = self.trials_of(&finding, &text);
            let line = (!matches!(finding.origin, Origin::Name { .. }))
                .then_some(finding.place.start.line);
            self.places.push(Place {
                path,
                line,
                text,
                trials,
                findings: vec![(finding, decision)],
                skipped: None,
            });
        }
        Ok(())
    }

    /// The rules that looked where `finding`, and its other half, stand.
    fn trials_of(&self, finding: &Finding, text: &[u8]) -> Vec<RuleTrace> {
        let index = LineIndex::new(text);
        let places = finding
            .partner
            .iter()
            .map(|partner| &partner.place)
            .chain([&finding.place]);
        let mut lines: Vec<_> = places
            .map(|place| (place.start.line, place.end.line))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let span = |(first, last): (usize, usize)| index.span(first - 1).join(index.span(last - 1));
        lines
            .into_iter()
            .flat_map(|lines| self.settings.scanner.trace(text, span(lines)))
            .collect()
    }

    /// Those of an outcome's findings that are `wanted`, with what the policy makes of each, in the
    /// order of the file.
    fn decided(
        &self,
        outcome: Outcome,
        wanted: impl Fn(&Finding) -> bool,
    ) -> Vec<(Finding, Decision)> {
        let policy = &self.settings.policy;
        let reported = outcome.findings.into_iter().map(|finding| {
            let expired = policy
                .baseline_entry(finding.fingerprint)
                .filter(|(_, expired)| *expired)
                .map(|(known, _)| known.line);
            let decision = Decision::Reported {
                blocks: finding.blocking,
                expired,
            };
            (finding, decision)
        });
        let allowed = outcome.allowed.into_iter().map(|allowed| {
            let of_baseline = matches!(allowed.by, AllowedBy::Baseline { .. });
            let line = policy
                .baseline_entry(allowed.finding.fingerprint)
                .filter(|_| of_baseline)
                .map(|(known, _)| known.line);
            (
                allowed.finding,
                Decision::Allowed {
                    by: allowed.by,
                    line,
                },
            )
        });
        let below =
            |(finding, decision): (Finding, Decision)| match finding.confidence < self.report {
                true => (finding, Decision::Ignored),
                false => (finding, decision),
            };
        let mut all: Vec<_> = reported
            .chain(allowed)
            .filter(|(finding, _)| wanted(finding))
            .map(below)
            .collect();
        all.sort_by(|(a, _), (b, _)| {
            a.origin
                .order(&b.origin)
                .then(a.place.start.cmp(&b.place.start))
        });
        all
    }
}

fn stands_on(finding: &Finding, line: usize) -> bool {
    let places = finding
        .partner
        .iter()
        .map(|partner| &partner.place)
        .chain([&finding.place]);
    places
        .into_iter()
        .any(|place| (place.start.line..=place.end.line).contains(&line))
}

/// What was scanned at `origin`.
fn content(origin: &Origin) -> io::Result<Vec<u8>> {
    let path = origin.path().to_path_lossy();
    match origin {
        Origin::Name { .. } => Ok(path
            .file_name()
            .map(|name| Vec::from_os_str_lossy(name).into_owned())
            .unwrap_or_default()),
        // A link's content is the path that it leads to.
        _ if path.is_symlink() => {
            fs::read_link(&path).map(|target| Vec::from_path_lossy(&target).into_owned())
        }
        _ => fs::read(&path),
    }
}

/// A path that somebody named, without the secrets in it.
fn shown(scanner: &Scanner, path: &Path) -> String {
    let mut path = BString::from(Vec::from_path_lossy(path).into_owned());
    for found in scanner.scan(&path.clone()) {
        path = BString::from(path.replace(found.span.of(&path.clone()), found.value.masked()));
    }
    printable(&path)
}
