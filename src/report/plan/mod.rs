//! Writes the plan of a clean-up: what to do about the secrets of a repository, in which order, and
//! the files for it.
//!
//! | module | file |
//! |---|---|
//! | `replacements` | `replacements.txt`, the only file with unmasked values |
//! | `lists` | `refs.txt`, `paths.txt`, `blobs.txt` |
//! | `checklist` | `CHECKLIST.md`, from the template `checklist.md` |
//! | `local` | its step 3: stashes, indexes, reflogs, unreachable objects |

mod checklist;
mod lists;
mod local;
mod replacements;

use std::collections::HashMap;
use std::path::Path;

use bstr::{BStr, ByteSlice, ByteVec as _};

use crate::blob::Origin;
use crate::finding::history::{Container, Exposure, History, ObjectPlace};
use crate::finding::{Finding, Outcome, Status};
use crate::report::formats::markdown;
use crate::report::safe_text::redactor::Redactor;
use crate::report::safe_text::shell::quoted;
use crate::secret::{Fingerprint, Secret};

use checklist::Checklist;
use replacements::Replacements;

/// The repository that a plan is for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The audited repository; an absolute path.
    pub repo: &'a Path,
    /// Whether it is bare, so that it is itself what others fetch from.
    pub is_bare: bool,
    /// The directory for the plan; an absolute path.
    pub dir: &'a Path,
}

/// A file of a plan.
pub struct PlanFile {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub content: Vec<u8>,
    /// Whether it contains unmasked secrets, so that only its owner may read it.
    pub has_secrets: bool,
}

/// Returns the files of the plan for `outcome`; none if nothing was found.
#[must_use]
pub fn plan(outcome: &Outcome, subject: &Subject<'_>) -> Vec<PlanFile> {
    if outcome.findings.is_empty() {
        return Vec::new();
    }
    let items = items(outcome);
    let replacements = Replacements::new(&items);
    let blobs = lists::blobs(&items);
    let plan = Plan {
        items: &items,
        replacements: &replacements,
        redactor: &Redactor::masked(outcome),
        subject,
        strips_blobs: !blobs.is_empty(),
        is_complete: outcome.status() != Status::Incomplete,
    };
    let mut files = vec![
        masked_file("CHECKLIST.md", Checklist::new(&plan).to_string()),
        masked_file("refs.txt", lists::refs(&plan)),
        masked_file("paths.txt", lists::paths(&plan)),
    ];
    if plan.strips_blobs {
        files.push(masked_file("blobs.txt", blobs));
    }
    files.push(PlanFile {
        name: "replacements.txt",
        content: replacements.content(),
        has_secrets: true,
    });
    files
}

fn masked_file(name: &'static str, text: String) -> PlanFile {
    PlanFile {
        name,
        content: text.into_bytes(),
        has_secrets: false,
    }
}

/// What every part of a plan needs.
struct Plan<'a> {
    items: &'a [PlanItem<'a>],
    replacements: &'a Replacements<'a>,
    redactor: &'a Redactor<'a>,
    subject: &'a Subject<'a>,
    /// Whether blobs have to be removed as a whole.
    strips_blobs: bool,
    is_complete: bool,
}

impl<'a> Plan<'a> {
    /// A foreign name, masked and printable.
    fn name(&self, name: &[u8]) -> String {
        self.redactor.text(name)
    }

    /// The same, as a code span of Markdown.
    fn code(&self, name: impl AsRef<[u8]>) -> String {
        markdown::code(&self.name(name.as_ref()))
    }

    /// The same, as a word of a shell.
    fn word(&self, name: impl AsRef<[u8]>) -> String {
        quoted(&self.redactor.bytes(name.as_ref()))
    }

    fn repo(&self) -> Vec<u8> {
        Vec::from_path_lossy(self.subject.repo).into_owned()
    }

    fn dir(&self) -> Vec<u8> {
        Vec::from_path_lossy(self.subject.dir).into_owned()
    }

    /// The secrets that history has to be rewritten for.
    fn to_rewrite(&self) -> impl Iterator<Item = &'a PlanItem<'a>> {
        self.items.iter().filter(|item| item.needs_rewriting())
    }
}

/// A secret of a plan.
struct PlanItem<'o> {
    /// Its number, from 1.
    number: usize,
    finding: &'o Finding,
    /// Where it is outside the object store: in the configuration, in the name of a ref.
    outside_objects: Vec<&'o BStr>,
}

impl<'o> PlanItem<'o> {
    fn history(&self) -> Option<&'o History> {
        self.finding.history.as_deref()
    }

    /// How exposed it is; none if it is in no object.
    fn exposure(&self) -> Option<Exposure> {
        self.history().map(|history| history.exposure)
    }

    fn exposure_word(&self) -> &'static str {
        self.exposure().map_or("", Exposure::word)
    }

    /// The submodule whose repository contains it. Cleaning up the superproject does not reach
    /// that repository.
    fn submodule(&self) -> Option<&'o BStr> {
        let root = self
            .history()
            .and_then(|history| history.reached_from.first());
        let name = root.map_or(self.finding.origin.path(), |root| root.name.as_bstr());
        let (name, _) = name.strip_prefix(b"submodule ")?.split_once_str(": ")?;
        Some(name.as_bstr())
    }

    fn needs_rewriting(&self) -> bool {
        self.submodule().is_none()
            && matches!(self.exposure(), Some(Exposure::Published | Exposure::Local))
    }

    /// Whether no branch, tag or other ref leads to it.
    fn is_only_local(&self) -> bool {
        self.submodule().is_none() && !self.needs_rewriting()
    }

    /// The objects that contain it.
    fn places(&self) -> &'o [ObjectPlace] {
        self.history().map_or(&[], |history| &history.places)
    }

    /// Its value and, for a pair, the other half; each with its rule.
    fn values(&self) -> impl Iterator<Item = (&'o str, &'o Secret)> {
        let found = self.finding;
        let partner = found.partner.as_ref();
        let partner = partner.map(|partner| (&*partner.rule.id, &partner.secret));
        std::iter::once((&*found.rule.id, &found.secret)).chain(partner)
    }

    /// Its number, its masked value and its rule.
    fn title(&self) -> String {
        let mut title = format!("{}. `{}`", self.number, self.finding.secret.masked());
        if let Some(partner) = &self.finding.partner {
            title.push_str(&format!(" with `{}`", partner.secret.masked()));
        }
        format!("{title} {}", self.finding.rule.id)
    }
}

/// Whether replacing the value does not remove it from this place: it is encoded there, or
/// git-filter-repo leaves the blob unchanged because it takes it for binary.
fn needs_manual_work(place: &ObjectPlace) -> bool {
    place.encoded || place.binary && place.kind == Container::Blob
}

/// The secrets of `outcome`, each once, the most exposed first.
fn items(outcome: &Outcome) -> Vec<PlanItem<'_>> {
    let mut items: Vec<PlanItem<'_>> = Vec::new();
    let mut first: HashMap<Fingerprint, usize> = HashMap::new();
    for finding in &outcome.findings {
        let next = items.len();
        let known = *first.entry(finding.fingerprint).or_insert(next);
        // The same secret in the repository of a submodule has its own history, so it needs its
        // own clean-up: only a finding without history joins an earlier one.
        let at = if finding.history.is_none() {
            known
        } else {
            next
        };
        if at == next {
            let history = finding.history.iter();
            let outside_objects = history.flat_map(|history| &history.elsewhere);
            let outside_objects = outside_objects.map(|place| place.as_bstr()).collect();
            items.push(PlanItem {
                number: 0,
                finding,
                outside_objects,
            });
        }
        let is_outside = matches!(
            finding.origin,
            Origin::Repository { .. } | Origin::Name { .. }
        );
        if is_outside && finding.history.is_none() {
            items[at].outside_objects.push(finding.origin.path());
        }
    }
    // As far as is known, a secret outside the object store is as exposed as a local one.
    items.sort_by_key(|item| {
        (
            item.exposure().unwrap_or(Exposure::Local),
            item.history().is_none(),
        )
    });
    for (number, item) in (1..).zip(&mut items) {
        item.number = number;
    }
    items
}
