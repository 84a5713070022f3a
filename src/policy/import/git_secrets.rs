//! Reads the patterns of git-secrets: those of git's configuration, and of `.gitallowed`.
//!
//! git-secrets tries allowed patterns on `path:line:text`. An entry here is about a path or a
//! value, so it allows what such a pattern finds in one of the two.

use super::model::{Entry, Foreign, Import, rule_text};
use crate::rule::posix::Translated;

/// What the rules for AWS find already: signs of the patterns that `--register-aws` adds.
const AWS: [&str; 4] = ["AKIA|AGPA", "(AWS|aws|Aws)?_?", "ABSK[", "bedrock-api-key-"];

/// The ends of the examples in AWS's documentation, which no rule reports.
const EXAMPLES: [&str; 2] = ["EXAMPLE", "EXAMPLEKEY"];

/// What may follow the path in a pattern that allows all lines of a file.
const ANY_LINE: [&str; 8] = [
    "",
    ".*",
    "[0-9]+",
    "[0-9]+:",
    "[0-9]+:.*",
    "[0-9]*:",
    "[0-9]*:.*",
    ".*:.*",
];

/// `.gitallowed`: a pattern on each line that is neither blank nor a comment.
pub(super) fn gitallowed(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    for line in file.text.lines() {
        let first = line.split_whitespace().next();
        if first.is_some_and(|word| !word.starts_with('#')) {
            allow(line, &mut import);
        }
    }
    import
}

/// The configuration, as `git config --get-regexp` prints it: `secrets.KEY VALUE`.
pub(super) fn configuration(file: &Foreign<'_>) -> Import {
    let mut import = Import::default();
    for line in file.text.lines() {
        match line.split_once(' ') {
            Some(("secrets.patterns", pattern)) => add_rule(file.name, pattern, &mut import),
            Some(("secrets.allowed", pattern)) => allow(pattern, &mut import),
            Some(("secrets.providers", command)) => add_provider(command, &mut import),
            _ => {}
        }
    }
    import
}

fn add_provider(command: &str, import: &mut Import) {
    if command.trim().starts_with("git secrets --aws-provider") {
        import
            .note("the keys of AWS credentials files need no provider: the rules for AWS find all");
    } else {
        import.leave(format!(
            "the provider '{command}' is not run: write what it prints as rules"
        ));
    }
}

/// A pattern becomes a rule whose match is a word, as for `grep -w`.
fn add_rule(file: &str, pattern: &str, import: &mut Import) {
    if AWS.iter().any(|sign| pattern.contains(sign)) {
        import.note("a pattern of --register-aws is not needed: the rules for AWS take its place");
        return;
    }
    let id = format!("git-secrets-{}", import.rules.len() + 1);
    let rule = translated(pattern).and_then(|regex| {
        let regex = format!("(?m-u:^|[^0-9A-Za-z_])(?P<secret>{regex})(?m-u:[^0-9A-Za-z_]|$)");
        rule_text(file, &id, "A pattern of git-secrets", &regex, 0.0)
    });
    match rule {
        Ok(rule) => import.rules.push((id, rule)),
        Err(problem) => import.leave(format!("the pattern {pattern}: {problem}")),
    }
}

/// An allowed pattern becomes an entry for paths, for values, or one for each.
fn allow(pattern: &str, import: &mut Import) {
    let what = format!("the allowed pattern {pattern}");
    if EXAMPLES.iter().any(|end| pattern.ends_with(end)) {
        return;
    }
    if let Some((path, rest)) = pattern.split_once(':') {
        if !ANY_LINE.contains(&rest) {
            return import.leave(format!("{what}: it is about the text of lines"));
        }
        return match translated(path) {
            Ok(regex) => import.allow_paths(&Entry::default(), &[format!("{regex}$")]),
            Err(problem) => import.leave(format!("{what}: {problem}")),
        };
    }
    let regex = match translated(pattern) {
        Ok(regex) => regex,
        Err(problem) => return import.leave(format!("{what}: {problem}")),
    };
    if pattern.ends_with('$') && !pattern.ends_with("\\$") {
        return import.leave(format!("{what}: it is about the ends of lines"));
    }
    if pattern.starts_with('^') || pattern.contains('/') {
        import.allow_paths(&Entry::default(), std::slice::from_ref(&regex));
    }
    if !pattern.starts_with('^') {
        let entry = Entry {
            pattern: Some(regex),
            ..Entry::default()
        };
        import.allow(&what, entry);
    }
    import.note(
        "an allowed pattern is tried on the path and on the value, not on the rest of the line",
    );
}

fn translated(pattern: &str) -> Result<String, String> {
    let regex = Translated::new(pattern.as_bytes()).map_err(|error| error.to_string())?;
    Ok(format!("(?-u:{})", regex.0))
}
