//! The plan of a clean-up: what has to be done about the secrets of a repository, in which order,
//! and the files for it.
//!
//! | file | part |
//! |---|---|
//! | `replacements` | `replacements.txt`, the only file with values in clear |
//! | `lists` | `refs.txt`, `paths.txt`, `blobs.txt` |
//! | `checklist` | `CHECKLIST.md`: the page as a whole, rotating, proving |
//! | `local` | its part on what only this repository has: stashes, indexes, reflogs, left-overs |
//! | `rewrite` | its part on rewriting history, and on what to tell others |

mod checklist;
mod lists;
mod local;
mod replacements;
mod rewrite;

use std::collections::HashMap;
use std::path::Path;

use bstr::{BStr, ByteSlice};

use crate::blob::Origin;
use crate::finding::history::{Container, Exposure, History, ObjectPlace};
use crate::finding::{Finding, Outcome, Status};
use crate::report::safe_text::redactor::Redactor;
use crate::secret::{Fingerprint, Secret};

use replacements::Replacements;

/// What a plan is for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The repository that was audited; absolute.
    pub repo: &'a Path,
    /// Whether it has no work tree, so that it is what others fetch from.
    pub is_bare: bool,
    /// Where the plan will be; absolute.
    pub dir: &'a Path,
}

/// A file of a plan.
pub struct PlanFile {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
    /// Whether secrets stand in it in clear, so that nobody else may ever be able to read it.
    pub in_clear: bool,
}

/// The files of the plan for `outcome`; none where nothing was found.
#[must_use]
pub fn plan(outcome: &Outcome, subject: &Subject<'_>) -> Vec<PlanFile> {
    if outcome.findings.is_empty() {
        return Vec::new();
    }
    let items = items(outcome);
    let replacements = Replacements::new(&items);
    let redactor = Redactor::masked(outcome);
    let blobs = lists::blobs(&items);
    let sheet = Sheet {
        items: &items,
        replacements: &replacements,
        redactor: &redactor,
        subject,
        strips_blobs: !blobs.is_empty(),
        is_complete: outcome.status() != Status::Incomplete,
    };
    let open = |name, text: String| PlanFile {
        name,
        content: text.into_bytes(),
        in_clear: false,
    };
    let mut files = vec![
        open("CHECKLIST.md", checklist::page(&sheet)),
        open("refs.txt", lists::refs(&sheet)),
        open("paths.txt", lists::paths(&sheet)),
    ];
    if sheet.strips_blobs {
        files.push(open("blobs.txt", blobs));
    }
    files.push(PlanFile {
        name: "replacements.txt",
        content: replacements.content(),
        in_clear: true,
    });
    files
}

/// What every part of a plan needs.
struct Sheet<'a> {
    items: &'a [Item<'a>],
    replacements: &'a Replacements<'a>,
    redactor: &'a Redactor<'a>,
    subject: &'a Subject<'a>,
    /// Whether there are blobs that have to go as a whole.
    strips_blobs: bool,
    is_complete: bool,
}

impl Sheet<'_> {
    /// A name of foreign origin, without secrets and safe to print.
    fn name(&self, name: &[u8]) -> String {
        self.redactor.text(name)
    }

    /// The same, as code of Markdown.
    fn code(&self, name: &[u8]) -> String {
        let name = self.name(name);
        if name.contains('`') {
            format!("`` {name} ``")
        } else {
            format!("`{name}`")
        }
    }

    /// The same, as a word of a shell.
    fn word(&self, name: &[u8]) -> String {
        crate::report::formats::human::quoted(&self.redactor.bytes(name))
    }

    /// Whether history has to be rewritten.
    fn rewrites(&self) -> bool {
        self.items.iter().any(Item::needs_rewriting)
    }

    /// Whether others have some of it.
    fn is_published(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.exposure() == Some(Exposure::Published))
    }
}

/// A secret of a plan.
struct Item<'o> {
    /// Its number, from 1.
    number: usize,
    /// What is said of it.
    finding: &'o Finding,
    /// Where it stands beside history: in the configuration, in the name of a ref.
    beside: Vec<&'o BStr>,
}

impl<'o> Item<'o> {
    fn history(&self) -> Option<&'o History> {
        self.finding.history.as_deref()
    }

    /// How exposed it is; none for what stands in no object.
    fn exposure(&self) -> Option<Exposure> {
        self.history().map(|history| history.exposure)
    }

    /// The submodule in whose repository it stands: nothing that is done to the one around it
    /// reaches there.
    fn submodule(&self) -> Option<&'o BStr> {
        let reached = self
            .history()
            .and_then(|history| history.reached_from.first());
        let name = reached.map_or(self.finding.origin.path(), |reached| reached.name.as_bstr());
        let (name, _) = name.strip_prefix(b"submodule ")?.split_once_str(": ")?;
        Some(name.as_bstr())
    }

    fn needs_rewriting(&self) -> bool {
        self.submodule().is_none()
            && matches!(self.exposure(), Some(Exposure::Published | Exposure::Local))
    }

    /// The objects that it stands in.
    fn places(&self) -> &'o [ObjectPlace] {
        self.history().map_or(&[], |history| &history.places)
    }

    fn container(&self, kind: Container) -> bool {
        self.places().iter().any(|place| place.kind == kind)
    }

    /// Its value, and that of its other half; each with its rule and what stands for it.
    fn values(&self) -> impl Iterator<Item = (&'o str, &'o Secret, Fingerprint)> {
        let found = self.finding;
        let half = found.partner.as_ref().map(|half| {
            (
                &*half.rule.id,
                &half.secret,
                Fingerprint::new(&half.rule.id, half.secret.reveal()),
            )
        });
        std::iter::once((&*found.rule.id, &found.secret, found.fingerprint)).chain(half)
    }

    /// What it is called: its number, its value masked, its rule.
    fn title(&self) -> String {
        let with = self
            .finding
            .partner
            .as_ref()
            .map(|half| format!(" with `{}`", half.secret.masked()));
        let rule = &self.finding.rule.id;
        format!(
            "{}. `{}`{} {rule}",
            self.number,
            self.finding.secret.masked(),
            with.unwrap_or_default()
        )
    }
}

/// Whether a place cannot be put right by replacing the value: it is written there in another form,
/// or git-filter-repo takes the blob for binary and leaves it as it is.
fn is_out_of_reach(place: &ObjectPlace) -> bool {
    place.encoded || place.binary && place.kind == Container::Blob
}

/// The secrets of `outcome`, each once, the most exposed first.
fn items(outcome: &Outcome) -> Vec<Item<'_>> {
    let mut items: Vec<Item<'_>> = Vec::new();
    let mut known: HashMap<Fingerprint, usize> = HashMap::new();
    for finding in &outcome.findings {
        let mut add = || {
            let elsewhere = finding
                .history
                .iter()
                .flat_map(|history| &history.elsewhere);
            items.push(Item {
                number: 0,
                finding,
                beside: elsewhere.map(|place| place.as_bstr()).collect(),
            });
            items.len() - 1
        };
        // The same secret in the repository of a submodule has a history of its own, and so needs
        // its own clean-up.
        let at = match (&finding.history, known.get(&finding.fingerprint)) {
            (None, Some(&at)) => at,
            (_, _) => add(),
        };
        known.entry(finding.fingerprint).or_insert(at);
        if matches!(
            finding.origin,
            Origin::Repository { .. } | Origin::Name { .. }
        ) && finding.history.is_none()
        {
            items[at].beside.push(finding.origin.path());
        }
    }
    // What stands beside history only is as exposed as what is local, for all that is known.
    items.sort_by_key(|item| {
        (
            item.exposure().unwrap_or(Exposure::Local),
            item.history().is_none(),
        )
    });
    (1..)
        .zip(&mut items)
        .for_each(|(number, item)| item.number = number);
    items
}
