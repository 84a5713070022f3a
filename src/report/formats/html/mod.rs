//! The format `html`: one page that holds all it needs, to search, filter and print; without
//! scripts it is a plain list.

mod finding;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::blob::Skip;
use crate::finding::{Outcome, Status};
use crate::report::safe_text::facts::Facts;
use crate::report::safe_text::markup::escaped;
use crate::report::safe_text::words::{POLICY, ROTATE, Tone, UNREAD, lists_unused, summary};
use crate::report::{Options, Report, Times};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes a page.
pub(in crate::report) struct Html {
    options: Options,
}

impl Html {
    /// A report with these options.
    pub(in crate::report) const fn new(options: Options) -> Self {
        Self { options }
    }
}

impl Report for Html {
    fn write(&self, outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
        let facts = Facts::new(outcome, &self.options);
        head(outcome, out)?;
        let (failed, other): (Vec<_>, Vec<_>) = outcome
            .skipped
            .iter()
            .partition(|skip| skip.reason.is_failure());
        skips(
            &facts,
            &format!("{} {UNREAD}", failed.len()),
            "bad",
            &failed,
            out,
        )?;
        let changes = outcome.policy_changes.iter().map(|change| {
            let path = facts.text(&change.path);
            format!("{path}: {}", change.what.word())
        });
        list(&format!("Policy: {POLICY}"), "warn", changes, out)?;
        filters(out)?;
        writeln!(out, "<main id=\"findings\">")?;
        for found in &outcome.findings {
            finding::article(&facts, found, out)?;
        }
        writeln!(out, "</main>")?;
        if !outcome.findings.is_empty() {
            advice(out)?;
        }
        self.exceptions(&facts, outcome, out)?;
        skips(
            &facts,
            &format!("{} not scanned", other.len()),
            "warn",
            &other,
            out,
        )?;
        self.foot(out)
    }
}

impl Html {
    fn exceptions(
        &self,
        facts: &Facts<'_>,
        outcome: &Outcome,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let allowed = outcome.allowed.iter().filter(|_| self.options.show_allowed);
        list(
            "Allowed",
            "",
            allowed.map(|allowed| facts.allowed(allowed)),
            out,
        )?;
        let found = !outcome.findings.is_empty();
        let unused = outcome
            .unused
            .iter()
            .filter(|entry| lists_unused(entry, self.options.show_unused, found));
        list(
            "Exceptions without use",
            "warn",
            unused.map(|entry| facts.unused(entry)),
            out,
        )
    }

    fn foot(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let Options {
            version,
            rules_version,
            times,
            ..
        } = &self.options;
        let mut parts = vec![format!("keysieve {version}").trim_end().to_owned()];
        if !rules_version.is_empty() {
            parts.push(format!("rules {rules_version}"));
        }
        if *times != Times::default() {
            parts.push(times.ended.strftime("%Y-%m-%d %H:%M UTC").to_string());
        }
        writeln!(
            out,
            "<footer><p>{}</p></footer>",
            escaped(&parts.join(" · "))
        )?;
        writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
    }
}

/// Everything up to the findings. The policy lets nothing in but what is here: no network, no
/// script but this one.
fn head(outcome: &Outcome, out: &mut dyn io::Write) -> io::Result<()> {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let (title, tone) = match outcome.status() {
        Status::Clean if outcome.findings.is_empty() => ("No secrets found", "good"),
        Status::Clean => ("Nothing found that blocks", "warn"),
        Status::Findings => ("Secrets found", "bad"),
        Status::Incomplete => ("Not completed", "bad"),
    };
    let tones = |tone: Tone, text: String| {
        let class = match tone {
            Tone::Bad => "bad",
            Tone::Warn => "warn",
            Tone::Good => "good",
        };
        format!("<strong class=\"{class}\">{}</strong>", escaped(&text))
    };
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src {}; script-src {}; \
         base-uri &#39;none&#39;; form-action &#39;none&#39;\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>keysieve: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"{tone}\">\n<h1>{title}</h1>\n<p>{}</p>\n</header>",
        escaped(&hash(STYLE)),
        escaped(&hash(SCRIPT)),
        summary(outcome, tones)
    )
}

/// The bar that the script fills and shows.
fn filters(out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<div id=\"filters\" role=\"search\" hidden=\"hidden\">"
    )?;
    writeln!(
        out,
        "<label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\"/></label>"
    )?;
    for (label, name) in [
        ("Rule", "rule"),
        ("Confidence", "confidence"),
        ("Place", "place"),
    ] {
        writeln!(
            out,
            "<label>{label} <select data-filter=\"{name}\"><option value=\"\">any</option></select></label>"
        )?;
    }
    writeln!(
        out,
        "<button id=\"clear\" type=\"button\">Clear</button>\n<output id=\"count\"></output>\n</div>"
    )
}

fn advice(out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(
        out,
        "<section>\n<h2>What to do</h2>\n<p><strong>Rotate first.</strong> {} {}</p>\n<p><strong>Allow</strong> what may pass \
         with the command beside the finding, or with the comment <code>keysieve:allow REASON</code> on its line.</p>\n\
         </section>",
        ROTATE[0], ROTATE[1]
    )
}

fn skips(
    facts: &Facts<'_>,
    title: &str,
    tone: &str,
    skips: &[&Skip],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let lines = skips.iter().map(|skip| {
        let (path, reason) = facts.skip(skip);
        format!("{path}: {reason}")
    });
    list(title, tone, lines, out)
}

/// A section with a list, if there is anything to list.
fn list(
    title: &str,
    tone: &str,
    lines: impl Iterator<Item = String>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    writeln!(
        out,
        "<section class=\"{tone}\">\n<h2>{}</h2>\n<ul>",
        escaped(title)
    )?;
    for line in lines {
        writeln!(out, "<li>{}</li>", escaped(&line))?;
    }
    writeln!(out, "</ul>\n</section>")
}

#[cfg(test)]
mod tests;
