//! `keysieve import`: carries the files of other scanners over into our policy.

mod files;
mod known;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use keysieve::finding::Status;
use keysieve::policy::import::{FORMATS, Foreign, Format, GIT_CONFIGURATION, Import};
use keysieve::policy::read_foreign;
use keysieve::rule::RuleSet;
use keysieve::scan::Scanner;
use keysieve::text::printable_path;

use super::error::CliError;
use super::git_secrets;
use super::redact::message;
use super::settings;
use files::Files;

/// Arguments of `keysieve import`.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The tool, the file, or both [default: every known file at the root]
    ///
    /// A file with another name than the tool's own needs the tool, unless its content shows it.
    #[arg(value_name = "TOOL|FILE", num_args = 0..=2)]
    what: Vec<PathBuf>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    check: bool,
}

/// A file to carry over.
struct Found {
    path: PathBuf,
    /// Its text, if it is not a file.
    text: Option<String>,
    /// How messages and reasons name it.
    name: String,
    format: &'static Format,
}

impl ImportArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let root = settings::root_of(Path::new("."))?;
        let mut files = Files::load(&root)?;
        let mut lines = Vec::new();
        let mut is_complete = true;
        for found in self.files(&root)? {
            let import = read(&found, &root, &files.own_rules()?)?;
            let (of_file, is_all) = carry_over(&found, import, &root, &mut files)?;
            lines.extend(of_file);
            is_complete &= is_all;
        }
        lines.extend(if self.check {
            files.shown()
        } else {
            files.write()?
        });
        for line in lines {
            writeln!(io::stdout(), "{}", message(&line))?;
        }
        Ok(if is_complete {
            Status::Clean
        } else {
            Status::Findings
        })
    }

    /// The files that the arguments name, or that are at the root.
    fn files(&self, root: &Path) -> Result<Vec<Found>, CliError> {
        let tool = self.what.iter().find_map(|word| {
            let word = word.to_str()?;
            FORMATS.iter().find(|format| format.tool == word)
        });
        let tool = tool.map(|format| format.tool);
        let mut paths = self.what.iter().filter(|path| path.to_str() != tool);
        if let Some(path) = paths.next() {
            if paths.next().is_some() {
                return Err(CliError::new("give one file, and its tool if needed"));
            }
            return Ok(vec![named(path, tool)?]);
        }
        let formats = FORMATS.iter();
        let formats = formats.filter(|format| tool.is_none_or(|tool| tool == format.tool));
        let mut all = Vec::new();
        for format in formats {
            let mut names = format.names.iter().map(|name| root.join(name));
            if let Some(path) = names.find(|path| path.is_file()) {
                check_inside(&path, root).map_err(|error| cannot_read(&path, &error))?;
                all.push(found(path, format));
            }
        }
        if tool.is_none_or(|tool| tool == "git-secrets") {
            all.extend(git_configuration());
        }
        if all.is_empty() {
            let tool = tool.unwrap_or("another scanner");
            let message = format!("no file of {tool} at the root of the repository");
            return Err(CliError::new(message).help("name the tool and the file"));
        }
        Ok(all)
    }
}

fn found(path: PathBuf, format: &'static Format) -> Found {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = printable_path(Path::new(name));
    Found {
        path,
        text: None,
        name,
        format,
    }
}

/// What the user's git configuration says to git-secrets, if anything.
fn git_configuration() -> Option<Found> {
    let text = git_secrets::configured()?;
    let mut formats = FORMATS.iter();
    Some(Found {
        path: PathBuf::new(),
        text: Some(text),
        name: GIT_CONFIGURATION.to_owned(),
        format: formats.find(|format| format.names == [GIT_CONFIGURATION])?,
    })
}

/// A file that the user names. Its format follows from its name or, within the formats of its tool,
/// from its content.
fn named(path: &Path, tool: Option<&str>) -> Result<Found, CliError> {
    let formats = FORMATS.iter();
    let of_tool = formats.filter(|format| tool.is_none_or(|tool| tool == format.tool));
    let of_tool: Vec<_> = of_tool.collect();
    let name = path.file_name().and_then(|name| name.to_str());
    let is_named = |format: &&&Format| name.is_some_and(|name| format.names.contains(&name));
    let by_name = of_tool.iter().find(is_named);
    let text = read_foreign(path).map_err(|error| cannot_read(path, &error))?;
    let has_sign = |format: &&&Format| !format.sign.is_empty() && text.contains(format.sign);
    let by_sign = by_name.or_else(|| of_tool.iter().find(has_sign));
    let format = by_sign.or_else(|| of_tool.first().filter(|_| tool.is_some()));
    let format = format.ok_or_else(|| {
        let message = format!("{}: the format is unknown", printable_path(path));
        CliError::new(message).help("name the tool: keysieve import TOOL FILE")
    })?;
    Ok(found(path.to_path_buf(), format))
}

/// Refuses a file outside of the repository that only the repository names, also by a link: what it
/// says would be written to files that are committed.
fn check_inside(path: &Path, root: &Path) -> io::Result<()> {
    if path.canonicalize()?.starts_with(root.canonicalize()?) {
        return Ok(());
    }
    Err(io::Error::other("it is outside of the repository"))
}

fn cannot_read(path: &Path, error: &io::Error) -> CliError {
    CliError::new(format!("{}: cannot be read: {error}", printable_path(path)))
}

fn read(found: &Found, root: &Path, rules: &RuleSet) -> Result<Import, CliError> {
    let text = match &found.text {
        Some(text) => text.clone(),
        None => read_foreign(&found.path).map_err(|error| cannot_read(&found.path, &error))?,
    };
    let foreign = Foreign {
        name: &found.name,
        text: &text,
        rules,
        read: &|path: &str| {
            let full = root.join(path);
            check_inside(&full, root)?;
            read_foreign(&full)
        },
    };
    (found.format.read)(&foreign)
        .map_err(|problem| CliError::new(format!("{}: {problem}", found.name)))
}

/// Adds `import` to `files`; returns what to report, and whether everything is carried over.
fn carry_over(
    found: &Found,
    mut import: Import,
    root: &Path,
    files: &mut Files,
) -> Result<(Vec<String>, bool), CliError> {
    let Found { name, format, .. } = found;
    let dropped = drop_secrets(&mut import, name)?;
    let (mut left, mut notes) = (import.left, import.notes);
    if import.finds_nothing {
        left.push(format!(
            "WARNING: no rule is active in it: {} finds nothing with it",
            format.tool
        ));
    }
    if dropped > 0 {
        left.push(format!(
            "{dropped} of its patterns contains a secret, which is not written: \
             use 'keysieve allow'"
        ));
    }
    let rules = files.add_rules(&import.rules)?;
    let scanner = Scanner::new(files.rules()?)?;
    let mut entries = import.entries;
    // An entry for a rule that does not exist would make every later run fail.
    entries.retain(|entry| {
        entry
            .rule
            .as_ref()
            .is_none_or(|rule| scanner.rules().has(rule))
    });
    let general = entries.iter().filter(|entry| entry.rule.is_none()).count();
    if general > 0 {
        notes.push(format!(
            "{general} of its entries are for all rules, those of AWS credentials too"
        ));
    }
    let entries = files.add_entries(&entries, name)?;
    let resolved = known::resolve(root, &scanner, &import.known)?;
    left.extend(resolved.left);
    let unneeded = resolved.unneeded;
    if unneeded > 0 {
        notes.push(format!(
            "{unneeded} known secrets need no entry: nothing is reported there"
        ));
    }
    let known = files.add_known(&resolved.seen, name);
    let mut lines = vec![format!(
        "{name}: {entries} allow entries, {rules} rules, {known} baseline entries are new"
    )];
    let left_lines = left.iter().map(|what| format!("not carried over: {what}"));
    let all = notes
        .iter()
        .map(|note| format!("note: {note}"))
        .chain(left_lines);
    lines.extend(all.map(|line| format!("{name}: {line}")));
    Ok((lines, left.is_empty()))
}

/// Removes the rules and entries that contain a secret, and returns how many: a file of policy must
/// not contain one.
fn drop_secrets(import: &mut Import, name: &str) -> Result<usize, CliError> {
    let builtin = Scanner::new(RuleSet::builtin()?)?;
    let Import { rules, entries, .. } = import;
    let all = rules.len() + entries.len();
    rules.retain(|(_, rule)| is_clean(rule, &builtin));
    entries.retain(|entry| is_clean(&entry.lines(name).join("\n"), &builtin));
    Ok(all - rules.len() - entries.len())
}

/// Whether a text of policy contains no secret, with or without the escapes of patterns.
fn is_clean(text: &str, scanner: &Scanner) -> bool {
    let plain = text.replace('\\', "");
    [text, &plain]
        .iter()
        .all(|text| scanner.scan(text.as_bytes()).is_empty())
}
