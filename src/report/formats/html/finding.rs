//! One finding of the page.

use std::io;

use crate::blob::Origin;
use crate::finding::Finding;
use crate::finding::frame::FrameLine;
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::markup::escaped;

/// Writes the article of a finding.
pub(in crate::report) fn article(
    facts: &Facts<'_>,
    found: &Finding,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let (rule, word) = (escaped(&found.rule.id), found.confidence.word());
    let remark = if found.blocking {
        ""
    } else {
        " <small>does not block</small>"
    };
    writeln!(
        out,
        "<article class=\"finding {word}\" data-rule=\"{rule}\" data-confidence=\"{word}\" data-place=\"{}\">",
        escaped(&folder(facts, found))
    )?;
    writeln!(
        out,
        "<h2><span class=\"grade\">{word}</span> {} <code>{rule}</code>{remark}</h2>",
        escaped(&facts.description(found))
    )?;
    writeln!(
        out,
        "<p class=\"place\"><code>{}</code></p>",
        escaped(&facts.place(found, &found.place))
    )?;
    frame(facts, found, out)?;
    writeln!(out, "<dl>")?;
    for (label, text) in facts.secrets(found).into_iter().chain(facts.notes(found)) {
        let text = escaped(&text);
        match label {
            "secret" | "with" | "allow" => {
                writeln!(out, "<dt>{label}</dt><dd><code>{text}</code></dd>")?;
            }
            _ => writeln!(out, "<dt>{label}</dt><dd>{text}</dd>")?,
        }
    }
    writeln!(out, "</dl>\n</article>")
}

fn frame(facts: &Facts<'_>, found: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    // A name is shown already, as the place.
    if found.place.frame.lines.is_empty() || matches!(found.origin, Origin::Name { .. }) {
        return Ok(());
    }
    write!(out, "<pre>")?;
    for (line, text) in facts.frame(&found.place) {
        writeln!(
            out,
            "<span class=\"line\"><i>{}</i>{}</span>",
            line.number,
            marked(line, &text)
        )?;
    }
    writeln!(out, "</pre>")
}

/// The text of a line with its mark.
fn marked(line: &FrameLine, text: &str) -> String {
    let Some((from, to)) = line.mark else {
        return escaped(text);
    };
    let byte = |at: usize| {
        text.char_indices()
            .nth(at)
            .map_or(text.len(), |(byte, _)| byte)
    };
    let (from, to) = (byte(from), byte(to));
    format!(
        "{}<mark>{}</mark>{}",
        escaped(&text[..from]),
        escaped(&text[from..to]),
        escaped(&text[to..])
    )
}

/// What the findings of a page are told apart by: the folder at the top, or what is no file.
fn folder(facts: &Facts<'_>, found: &Finding) -> String {
    match found.origin {
        Origin::CommitText { .. } | Origin::CommitMessage { .. } => "commit messages".to_owned(),
        Origin::TagText { .. } => "tags".to_owned(),
        Origin::Repository { .. } => "the repository itself".to_owned(),
        Origin::Stdin => "standard input".to_owned(),
        _ => {
            let path = facts.path(found);
            let path = path.strip_prefix("./").unwrap_or(&path);
            let top = path.find('/').map_or(".", |end| &path[..end]);
            format!("{top}/")
        }
    }
}
