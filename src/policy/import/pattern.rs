//! Translates regular expressions of other tools into patterns of rules and of allow entries.

use regex_syntax::ast::{AssertionKind, Ast, GroupKind, parse::Parser};

/// A pattern of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RulePattern {
    /// The expression, with the group `secret`.
    pub(super) text: String,
    /// What differs from the original, if anything does.
    pub(super) note: Option<&'static str>,
}

/// A change of the text of an expression: the bytes from `at` on, `len` of them, become `new`.
struct Edit {
    at: usize,
    len: usize,
    new: &'static str,
}

/// What matters of the groups and anchors of an expression.
#[derive(Default)]
struct Parts {
    /// The index and the opening of each group, and whether every match has it.
    groups: Vec<(u32, Edit, bool)>,
    anchors: Vec<Edit>,
}

/// The pattern of a rule whose secret is the group `secret_group`. If that is 0, the secret is the
/// first group that matches something, or else the whole match, as in gitleaks.
pub(super) fn rule_pattern(regex: &str, secret_group: u32) -> Result<RulePattern, &'static str> {
    let ast = Parser::new()
        .parse(regex)
        .map_err(|_| "its regular expression does not compile here")?;
    let mut parts = Parts::default();
    parts.collect(&ast, true);
    let chosen = match (secret_group, parts.groups.len()) {
        (0, 0) => None,
        (0, _) => parts
            .groups
            .iter()
            .position(|(_, _, is_certain)| *is_certain),
        (wanted, _) => Some(
            parts
                .groups
                .iter()
                .position(|(index, ..)| *index == wanted)
                .ok_or("its secretGroup does not exist")?,
        ),
    };
    let mut note = None;
    if !parts.anchors.is_empty() {
        note = Some("'^' matches at the start of every line");
    }
    // If the first group is not certain to match, the secret is not known in advance.
    let is_first = chosen.is_none_or(|at| secret_group > 0 || at == 0);
    if secret_group == 0 && !parts.groups.is_empty() && (chosen.is_none() || !is_first) {
        note = Some("the secret is the whole match, because its first group may be empty");
    }
    let chosen = chosen.filter(|_| is_first);
    let mut edits = parts.anchors;
    if let Some(at) = chosen {
        edits.push(parts.groups.swap_remove(at).1);
    }
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.at));
    let mut text = regex.to_owned();
    for Edit { at, len, new } in edits {
        text.replace_range(at..at + len, new);
    }
    if chosen.is_none() {
        text = format!("(?P<secret>{text})");
    }
    Ok(RulePattern { text, note })
}

impl Parts {
    /// Collects the groups of `ast`, which every match has if `is_certain`.
    fn collect(&mut self, ast: &Ast, is_certain: bool) {
        match ast {
            Ast::Group(group) => {
                let at = group.span.start.offset;
                let opening = |index, len| {
                    let new = "(?P<secret>";
                    (
                        index,
                        Edit { at, len, new },
                        is_certain && !may_be_empty(&group.ast),
                    )
                };
                match &group.kind {
                    GroupKind::CaptureIndex(index) => self.groups.push(opening(*index, 1)),
                    GroupKind::CaptureName { name, .. } => {
                        let len = name.span.end.offset + 1 - at;
                        self.groups.push(opening(name.index, len));
                    }
                    GroupKind::NonCapturing(_) => {}
                }
                self.collect(&group.ast, is_certain);
            }
            Ast::Repetition(repeated) => {
                self.collect(&repeated.ast, is_certain && !may_be_empty(ast));
            }
            Ast::Alternation(all) => all.asts.iter().for_each(|ast| self.collect(ast, false)),
            Ast::Concat(all) => all
                .asts
                .iter()
                .for_each(|ast| self.collect(ast, is_certain)),
            Ast::Assertion(assertion) if assertion.kind == AssertionKind::StartLine => {
                self.anchors.push(Edit {
                    at: assertion.span.start.offset,
                    len: 1,
                    new: "(?m:^)",
                });
            }
            _ => {}
        }
    }
}

/// Whether `ast` can match the empty string; also if that is not known.
fn may_be_empty(ast: &Ast) -> bool {
    let hir = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build()
        .parse(&ast.to_string());
    hir.map_or(true, |hir| hir.properties().minimum_len().unwrap_or(0) == 0)
}

/// An expression that matches texts that contain one of `words`, in any case.
pub(super) fn any_of(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| regex::escape(word)).collect();
    format!("(?i)(?:{})", words.join("|"))
}

/// The expression of a string of JavaScript tools: `/expression/flags`, or else literal text.
pub(super) fn javascript(written: &str) -> Result<String, &'static str> {
    let Some((body, flags)) = written
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
    else {
        return Ok(regex::escape(written));
    };
    // Without these, `g`, `y`, `u` and `d` do not change what is matched.
    let known = flags.chars().filter(|flag| "ims".contains(*flag));
    let known: String = known.collect();
    if flags.contains('v') {
        return Err("the flag 'v' has no equivalent");
    }
    let body = body.replace("\\/", "/");
    Ok(if known.is_empty() {
        body
    } else {
        format!("(?{known}){body}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_the_secret_is_named() {
        for (regex, group, expected) in [
            ("acme_[0-9]+", 0, "(?P<secret>acme_[0-9]+)"),
            ("acme=([0-9]+)", 0, "acme=(?P<secret>[0-9]+)"),
            ("(acme)=([0-9]+)", 2, "(acme)=(?P<secret>[0-9]+)"),
            ("acme=(?P<key>[0-9]+)", 1, "acme=(?P<secret>[0-9]+)"),
            ("acme(?:=(?<key>[0-9]+))", 1, "acme(?:=(?P<secret>[0-9]+))"),
            ("acme(=[0-9]+)?", 0, "(?P<secret>acme(=[0-9]+)?)"),
            ("acme=(a)?([0-9]+)", 0, "(?P<secret>acme=(a)?([0-9]+))"),
            ("^acme", 0, "(?P<secret>(?m:^)acme)"),
        ] {
            let pattern = rule_pattern(regex, group).unwrap();
            assert_eq!(pattern.text, expected, "{regex}");
        }
        assert!(rule_pattern("acme", 1).is_err());
        assert!(rule_pattern("(?=acme)", 0).is_err());
    }

    #[test]
    fn words_and_javascript_become_expressions() {
        assert_eq!(
            any_of(&["a.b".to_owned(), "c".to_owned()]),
            r"(?i)(?:a\.b|c)"
        );
        assert_eq!(javascript("/^a\\/b$/gi").unwrap(), "(?i)^a/b$");
        assert_eq!(javascript("a.b").unwrap(), r"a\.b");
        assert!(javascript("/a/v").is_err());
    }
}
