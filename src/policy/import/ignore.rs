//! Reads files that list paths or findings, a line for each: `.gitleaksignore` and
//! `.betterleaksignore`, `.secretsignore`, `.secretlintignore`, and trufflehog's exclude file.

use super::model::{Entry, Evidence, Foreign, Import, Known};

/// Lines that are not blank and not a comment, with their numbers. Spaces are kept: in a pattern
/// they count.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines());
    lines.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// Fingerprints of gitleaks: `[commit:]path:rule:line`.
pub(super) fn gitleaks(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    for (number, line) in lines(file.text) {
        match fingerprint(line.trim()) {
            Some(known) => import.known.push(known),
            None => import.leave(format!("line {number} is not [commit:]path:rule:line")),
        }
    }
    import
}

/// What a fingerprint of gitleaks names.
pub(super) fn fingerprint(text: &str) -> Option<Known> {
    let mut parts = text.rsplitn(3, ':');
    let line = parts.next()?.trim().parse().ok()?;
    let rule = parts.next()?.to_owned();
    let rest = parts.next()?;
    let is_commit = |word: &str| word.len() >= 7 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let (commit, path) = match rest.split_once(':') {
        Some((commit, path)) if is_commit(commit) => (Some(commit.to_owned()), path),
        Some(_) => return None,
        None => (None, rest),
    };
    Some(Known {
        path: Some(path.replace('\\', "/")),
        commit,
        line: Some(line),
        rule: Some(rule),
        ..Known::new(text, Evidence::Line)
    })
}

/// The file of ripsecrets: paths as in `.gitignore`, then `[secrets]` with values.
pub(super) fn ripsecrets(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    let (paths, secrets) = file
        .text
        .split_once("[secrets]\n")
        .unwrap_or((file.text, ""));
    add_globs(paths, &mut import);
    let values = secrets.lines().enumerate();
    let values = values.filter(|(_, value)| !value.is_empty() && !value.starts_with('#'));
    import.known = values
        .map(|(index, value)| Known::of_value(format!("line {} of [secrets]", index + 1), value))
        .collect();
    import
}

/// Paths in the syntax of `.gitignore`.
pub(super) fn globs(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    add_globs(file.text, &mut import);
    import
}

/// One entry for all paths: a later one can exclude what an earlier one matches.
fn add_globs(text: &str, import: &mut Import) {
    let paths: Vec<_> = lines(text).map(|(_, line)| line.to_owned()).collect();
    if !paths.is_empty() {
        let entry = Entry {
            paths,
            ..Entry::default()
        };
        import.allow("its paths", entry);
    }
}

/// Regular expressions of paths.
pub(super) fn path_regexes(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    let regexes: Vec<_> = lines(file.text).map(|(_, line)| line.to_owned()).collect();
    import.allow_paths(&Entry::default(), &regexes);
    import
}
