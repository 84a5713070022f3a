//! Just enough of Rust's syntax to find paths: comments and the insides of literals blanked out,
//! then names after `crate::`, `keysieve::` and chains of `super::`.

/// `source` with comments and literals replaced by spaces, so that what is left is code. Lines stay
/// where they are.
pub(crate) fn code_of(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let inside_word = out.ends_with(is_word);
        let len = match c {
            '/' => comment(rest),
            '"' => string(rest),
            'r' if !inside_word || out.ends_with('b') => raw_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if len == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(
                rest[..len]
                    .chars()
                    .map(|c| if c == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[len..];
        }
    }
    out
}

/// Whether `c` can stand in a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the comment that `text` begins with, 0 where there is none. Comments between `/*` and
/// `*/` nest.
fn comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if !text.starts_with("/*") {
        return 0;
    }
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let pair = text.as_bytes().get(at..at + 2);
        let step = match pair {
            Some(b"/*") => {
                depth += 1;
                2
            }
            Some(b"*/") => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> usize {
    let hashes = text[1..].bytes().take_while(|&b| b == b'#').count();
    if text.as_bytes().get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = hashes + 2;
    text[body..]
        .find(&end)
        .map_or(text.len(), |at| body + at + end.len())
}

/// Length of a character literal; 0 for a lifetime or a label.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            text.char_indices()
                .skip(3)
                .find(|&(_, c)| c == '\'')
                .map_or(0, |(at, _)| at + 1)
        }
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

/// The first names of every path below `root` (such as `crate`), with the line each stands on:
/// `text` for `crate::text::Span`, `text` and `blob` for `use crate::{blob::Blob, text}`.
pub(crate) fn names_below(code: &str, root: &str) -> Vec<(usize, String)> {
    let lead = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&lead) {
        let before = &code[..at];
        // `my_crate::x` is another name; `a::super::x` and `super::super::x` are the business of
        // the chain's head.
        if before.ends_with(is_word) || before.ends_with("::") {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        found.extend(
            prefixes(&code[at + lead.len()..])
                .into_iter()
                .map(|name| (line, name)),
        );
    }
    found
}

/// Every path that `code` names from `crate`, `super` or `self`, and every path that it imports
/// with `use`, groups expanded.
pub(crate) fn paths_in(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate", "super", "self"] {
        for (at, _) in code.match_indices(&format!("{root}::")) {
            if !code[..at].ends_with(is_word) && !code[..at].ends_with("::") {
                expand(&mut Vec::new(), &code[at..], &mut found);
            }
        }
    }
    for (at, lead) in code.match_indices("use ") {
        let tail = &code[at + lead.len()..];
        let is_rooted = ["crate", "super", "self"].contains(&word(tail).as_str());
        if !code[..at].ends_with(is_word) && !is_rooted {
            expand(&mut Vec::new(), tail, &mut found);
        }
    }
    found
}

/// Adds the paths that `text` begins with to `found`, each behind `lead`; returns how much of
/// `text` it read.
fn expand(lead: &mut Vec<String>, text: &str, found: &mut Vec<Vec<String>>) -> usize {
    let mut at = text.len() - text.trim_start().len();
    let depth = lead.len();
    if text[at..].starts_with('{') {
        at += 1;
        while at < text.len() && !text[at..].starts_with('}') {
            at += expand(lead, &text[at..], found).max(1);
        }
        return at + 1;
    }
    let name = word(&text[at..]);
    if name.is_empty() {
        return at;
    }
    at += name.len();
    lead.push(name);
    if text[at..].starts_with("::") {
        at += 2;
        at += expand(lead, &text[at..], found);
    } else {
        let own = lead
            .iter()
            .filter(|part| *part != "self" || &lead[0] == *part);
        found.push(own.cloned().collect());
    }
    lead.truncate(depth);
    at
}

/// The first name of every path in what follows `::`: one name, or a group of them in braces.
fn prefixes(tail: &str) -> Vec<String> {
    let tail = tail.trim_start();
    let Some(group) = tail.strip_prefix('{') else {
        return Some(word(tail))
            .filter(|name| !name.is_empty())
            .into_iter()
            .collect();
    };
    let mut depth = 1_usize;
    let mut names = Vec::new();
    let mut expected = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => expected = true,
            _ if expected && is_word(c) => {
                names.push(word(&group[at..]));
                expected = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| name != "self");
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|&c| is_word(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str, root: &str) -> Vec<String> {
        names_below(code, root)
            .into_iter()
            .map(|(_, name)| name)
            .collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let source =
            "a // crate::x\n/* b /* c */ d */ \"e \\\" f\" r#\"g \" h\"# 'i' '\\'' &'j k br\"l\"";
        let code = code_of(source);
        assert_eq!(
            code.split_whitespace().collect::<Vec<_>>(),
            ["a", "&'j", "k", "b"]
        );
        assert_eq!(code.lines().count(), 2);
    }

    #[test]
    fn names_are_found_alone_in_groups_and_in_expressions() {
        assert_eq!(names("use crate::text::Span;", "crate"), ["text"]);
        assert_eq!(
            names(
                "use crate::{\n    blob::{Blob, Skip},\n    text,\n};",
                "crate"
            ),
            ["blob", "text"]
        );
        assert_eq!(
            names(
                "fn f() -> crate::secret::Secret { $crate::rule::x() }",
                "crate"
            ),
            ["secret", "rule"]
        );
        assert_eq!(names("other_crate::text::Span", "crate"), [""; 0]);
        assert_eq!(
            names_below("\n\nuse crate::text;", "crate"),
            [(3, "text".to_owned())]
        );
    }

    #[test]
    fn chains_of_super_count_once() {
        assert_eq!(
            names("use super::super::scan::X;", "super::super"),
            ["scan"]
        );
        assert_eq!(
            names("use super::super::scan::X;", "super::super::super"),
            [""; 0]
        );
    }
}
