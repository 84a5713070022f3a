//! Writes the notes on a finding: what a person should know besides its rule, place and frame.

use bstr::ByteSlice as _;

use crate::blob::Origin;
use crate::finding::Finding;
use crate::finding::history::{History, RootRef};
use crate::report::safe_text::redactor::{Note, Redactor, short};
use crate::report::safe_text::shell::quoted;
use crate::report::safe_text::words::confidence_reason;
use crate::secret::FingerprintOf;
use crate::text::Location;

/// The label of the note that says what to do about the exposure.
pub(in crate::report) const ADVICE: &str = "advice";

/// How many names of one kind a note lists.
const MAX_NAMES: usize = 3;

impl Redactor<'_> {
    /// All notes on a finding, in reading order.
    pub(in crate::report) fn notes(&self, finding: &Finding) -> Vec<Note> {
        let mut notes = Vec::new();
        let what = self.what(finding);
        if !what.is_empty() {
            notes.push(("what", what.join("; ")));
        }
        notes.extend(self.origin(finding).map(|origin| ("in", origin)));
        if let Some(history) = &finding.history {
            notes.extend(self.history(history));
        }
        let reason = confidence_reason(finding);
        let mut why = format!("{}: {reason}", finding.confidence);
        if let Some(encoding) = &finding.place.encoding {
            why.push_str("; written as ");
            why.push_str(encoding);
        }
        notes.push(("why", why));
        notes.extend(self.help(finding).map(|help| ("help", help)));
        notes.push(("allow", self.how_to_allow(finding)));
        notes
    }

    /// The command that allows a finding. Without a salt there is no fingerprint of its value that
    /// could be shown, so the command reads the value from the file.
    fn how_to_allow(&self, finding: &Finding) -> String {
        let print = finding.public_fingerprint;
        let target = match (&finding.origin, print.of) {
            (_, FingerprintOf::Value | FingerprintOf::SaltedValue) => print.to_string(),
            (Origin::File { path } | Origin::Staged { path, .. }, FingerprintOf::Place) => {
                let Location { line, column } = finding.place.start;
                let path = finding.place.path_in(path.as_bstr());
                let mut place = self.bytes(&path).into_owned();
                if place.starts_with(b"-") {
                    place.splice(..0, *b"./");
                }
                place.extend_from_slice(format!(":{line}:{column}").as_bytes());
                quoted(&place)
            }
            (_, FingerprintOf::Place) => {
                return "keysieve allow --salt, then scan again".to_owned();
            }
        };
        format!("keysieve allow {target} --reason \"why\"")
    }

    /// The secret of a finding and, for a pair, its other half; then all notes.
    pub(in crate::report) fn secrets_and_notes(&self, finding: &Finding) -> Vec<Note> {
        let mut notes = self.secrets(finding);
        notes.extend(self.notes(finding));
        notes
    }

    fn origin(&self, finding: &Finding) -> Option<String> {
        match &finding.origin {
            Origin::TagText { id, .. } => Some(format!("tag object {}", short(id))),
            origin => origin.commit().map(|commit| self.commit_line(commit)),
        }
    }

    fn what(&self, finding: &Finding) -> Vec<String> {
        let container = match finding.origin {
            Origin::Name { .. } => Some("in a file name"),
            Origin::CommitMessage { .. } => Some("in the commit message"),
            Origin::CommitText { .. } => Some("in the commit object"),
            Origin::TagText { .. } => Some("in the tag object"),
            _ => None,
        };
        let mut what: Vec<_> = container.map(str::to_owned).into_iter().collect();
        for detail in &finding.details {
            let key = detail.key.replace('_', " ");
            what.push(format!("{key} {}", self.text(&detail.value)));
        }
        if let Some(partner) = &finding.partner {
            let description = self.text(partner.rule.description.as_bytes());
            let place = self.place(finding, &partner.place);
            what.push(format!("with the {description} at {place}"));
        }
        what
    }

    fn history(&self, history: &History) -> Vec<Note> {
        let in_head = if history.in_head {
            "; still in HEAD"
        } else {
            ""
        };
        let mut notes = vec![
            ("exposed", format!("{}{in_head}", history.exposure.word())),
            (ADVICE, history.exposure.advice().to_owned()),
        ];
        let kinds = history.reached_from.chunk_by(|a, b| a.kind == b.kind);
        let roots: Vec<_> = kinds.map(|roots| self.roots(roots)).collect();
        if !roots.is_empty() {
            notes.push(("from", roots.join("; ")));
        }
        if let Some(last) = &history.last {
            let mut text = self.commit_line(&last.commit);
            if !last.path.is_empty() {
                text.push_str(&format!(", at {}:{}", self.text(&last.path), last.line));
            }
            notes.push(("last", text));
        }
        let objects = history.places.len();
        if objects > 1 {
            let text = format!("in {objects} objects; --format json lists them");
            notes.push(("also", text));
        }
        let repositories = history.repositories.len();
        if repositories > 1 {
            let places = history.repositories.iter().take(MAX_NAMES);
            let places: Vec<_> = places
                .map(|at| self.text(format!("{}: {}:{}", at.repository, at.path, at.line)))
                .collect();
            let more = more_than(places.len(), repositories);
            notes.push(("shared", format!("in {}{more}", places.join(", "))));
        }
        if !history.elsewhere.is_empty() {
            let places: Vec<_> = history
                .elsewhere
                .iter()
                .map(|place| self.text(place))
                .collect();
            notes.push(("elsewhere", places.join(", ")));
        }
        notes
    }

    /// The first names of some roots of one kind, and how many more there are.
    fn roots(&self, roots: &[RootRef]) -> String {
        let named: Vec<_> = roots
            .iter()
            .take(MAX_NAMES)
            .map(|root| self.text(&root.name))
            .collect();
        let more = more_than(named.len(), roots.len());
        format!("{} {}{more}", roots[0].kind.word(), named.join(", "))
    }
}

/// How many names are not listed.
fn more_than(shown: usize, all: usize) -> String {
    match all - shown {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}
