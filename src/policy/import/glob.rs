//! Translates the globs of other tools into regular expressions of paths that match the same.

/// A path of ggshield's `ignored_paths`: `*` matches a name or a part of one, never nothing.
pub(super) fn ggshield(glob: &str) -> String {
    let anchored = glob.strip_prefix('/');
    let escaped = regex::escape(anchored.unwrap_or(glob));
    let body = escaped
        .replace(r"\*\*/", "(?:[^/]+/)*")
        .replace(r"\*", "[^/]+");
    let start = if anchored.is_some() { "^" } else { "(?:^|/)" };
    let end = if glob.ends_with('/') { "" } else { "$" };
    format!("{start}{body}{end}")
}

/// A file name of talisman.
pub(super) fn talisman(glob: &str) -> String {
    if glob.ends_with('/') {
        format!("^{}", regex::escape(glob))
    } else if glob.contains('/') || is_exact(glob) {
        format!("^{}$", go(glob))
    } else {
        of_name(glob)
    }
}

/// A glob that the last name of a path matches.
pub(super) fn of_name(glob: &str) -> String {
    format!("(?:^|/){}$", go(glob))
}

/// Whether a name of talisman is that of one file.
pub(super) fn is_exact(glob: &str) -> bool {
    !glob.ends_with('/') && !glob.contains(['*', '?', '[', ']', '\\'])
}

/// A glob of Go's `path.Match`.
fn go(glob: &str) -> String {
    let mut out = String::new();
    let mut rest = glob.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => out += "[^/]*",
            '?' => out += "[^/]",
            '[' => {
                // A class has the same syntax; Go excludes no separator from it.
                out.push('[');
                for c in rest.by_ref() {
                    if c == '[' || c == '&' || c == '~' {
                        out.push('\\');
                    }
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '\\' => out += &regex::escape(&rest.next().unwrap_or('\\').to_string()),
            c => out += &regex::escape(&c.to_string()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(regex: &str, path: &str) -> bool {
        regex::bytes::Regex::new(regex)
            .unwrap()
            .is_match(path.as_bytes())
    }

    #[test]
    fn globs_match_what_they_match_in_their_tools() {
        for (regex, path, expected) in [
            (ggshield("**/README.md"), "a/b/README.md", true),
            (ggshield("**/README.md"), "README.md", true),
            (ggshield("doc/*"), "x/doc/a", true),
            (ggshield("doc/*"), "doc/a/b", false),
            (ggshield("/doc/"), "doc/a/b", true),
            (ggshield("/doc/"), "x/doc/a", false),
            (ggshield("a.b"), "aXb", false),
            (talisman("a.txt"), "a.txt", true),
            (talisman("a.txt"), "x/a.txt", false),
            (talisman("*.pem"), "x/a.pem", true),
            (talisman("x/*.pem"), "x/y/a.pem", false),
            (talisman("x/*.pem"), "x/a.pem", true),
            (talisman("x/"), "x/y/a.pem", true),
            (talisman("[a-c].p?m"), "x/b.pem", true),
            (talisman("[^a-c].pem"), "x/b.pem", false),
        ] {
            assert_eq!(matches(&regex, path), expected, "{regex} {path}");
        }
    }
}
