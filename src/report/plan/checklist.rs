//! Fills `checklist.md`, the template of `CHECKLIST.md`: what to do about each secret, in the
//! order in which it has to be done.

use askama::Template;
use bstr::ByteSlice;

use super::local::LocalCleanup;
use super::{Plan, PlanItem, needs_manual_work};
use crate::finding::history::{Container, Exposure, ObjectPlace};
use crate::git::RootKind;
use crate::report::safe_text::redactor::short;
use crate::report::safe_text::words::count;
use crate::secret::Secret;

/// Rules whose values are access key ids of AWS.
const KEY_ID_RULES: [&str; 2] = ["aws-access-token", "aws-legacy-access-key-id"];

/// How many paths of a secret the page names.
const MAX_PATHS: usize = 5;

/// A shorter value occurs inside other words by chance.
const SHORT_VALUE: usize = 8;

/// The page.
#[derive(Template)]
#[template(path = "plan/checklist.md")]
pub(super) struct Checklist<'a> {
    plan: &'a Plan<'a>,
    local: LocalCleanup,
}

/// The AWS key of a secret: the page names only its line in `replacements.txt`, never its id.
struct AwsKey {
    line: usize,
    is_temporary: bool,
}

impl<'a> Checklist<'a> {
    pub(super) fn new(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            local: LocalCleanup::new(plan),
        }
    }

    fn count(&self) -> String {
        count(self.plan.items.len() as u64, "secret", "secrets")
    }

    fn has_exposure(&self, exposure: Exposure) -> bool {
        self.plan
            .items
            .iter()
            .any(|item| item.exposure() == Some(exposure))
    }

    /// What to know before a secret is rotated.
    fn rotation(&self, item: &PlanItem<'_>) -> Vec<String> {
        let found = item.finding;
        let mut lines = Vec::new();
        if !found.rule.description.is_empty() {
            lines.push(self.plan.name(found.rule.description.as_bytes()));
        }
        for detail in &found.details {
            let value = self.plan.name(detail.value.as_bytes());
            lines.push(format!("{}: {value}", detail.key.replace('_', " ")));
        }
        lines.push(match item.exposure() {
            Some(exposure) => format!("{}: {}", exposure.word(), exposure.advice()),
            None => {
                "outside the object store: anyone who can read the git directory has it".to_owned()
            }
        });
        lines.extend(self.first_seen(item));
        lines.push(match &found.rule.help {
            Some(help) => self.plan.name(help.trim().as_bytes()),
            None => {
                "Revoke it at its issuer, request a new one, and check the logs there for uses."
                    .to_owned()
            }
        });
        lines
    }

    fn first_seen(&self, item: &PlanItem<'_>) -> Option<String> {
        let commit = item.finding.origin.commit()?;
        let time = jiff::Timestamp::from_second(commit.time)
            .ok()?
            .strftime("%Y-%m-%d");
        let path = self.plan.code(&**item.finding.path());
        Some(format!(
            "since {time}, commit {}, {path}",
            short(&commit.id)
        ))
    }

    fn has_aws_keys(&self) -> bool {
        self.plan
            .items
            .iter()
            .any(|item| aws_key_id(item).is_some())
    }

    fn aws_key(&self, item: &PlanItem<'_>) -> Option<AwsKey> {
        let id = aws_key_id(item)?.reveal();
        let line = self.plan.replacements.line_of(id)?;
        Some(AwsKey {
            line,
            is_temporary: id.starts_with(b"ASIA"),
        })
    }

    /// The secrets that the commit at HEAD contains, and where.
    fn in_head(&self) -> Vec<(&PlanItem<'a>, String)> {
        let items = self.plan.items.iter();
        let in_head = items.filter(|item| item.history().is_some_and(|history| history.in_head));
        in_head.map(|item| (item, self.paths(item))).collect()
    }

    fn paths(&self, item: &PlanItem<'_>) -> String {
        let mut paths: Vec<_> = item
            .places()
            .iter()
            .flat_map(|place| &place.paths)
            .collect();
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            return "in a commit object".to_owned();
        }
        let named = paths
            .iter()
            .take(MAX_PATHS)
            .map(|path| self.plan.code(path));
        let mut text = named.collect::<Vec<_>>().join(", ");
        if let more @ 1.. = paths.len().saturating_sub(MAX_PATHS) {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }

    fn rewrites(&self) -> bool {
        self.plan.to_rewrite().next().is_some()
    }

    /// Whether the rewritten history goes to a server, rather than into this repository.
    fn has_server(&self) -> bool {
        self.has_exposure(Exposure::Published) && !self.plan.subject.is_bare
    }

    /// The repository to clone and rewrite, as a word of a shell.
    fn server(&self) -> String {
        if !self.has_server() {
            return "\"$repo\"".to_owned();
        }
        let roots = self.plan.items.iter().filter_map(PlanItem::history);
        let mut tracking = roots
            .flat_map(|history| &history.reached_from)
            .filter(|root| root.kind == RootKind::Remote);
        let name = tracking.find_map(|root| root.name.split_once_str("/"));
        let remote = self
            .plan
            .word(name.map_or(&b"origin"[..], |(remote, _)| remote));
        format!("\"$(git -C \"$repo\" remote get-url {remote})\"")
    }

    /// Whether secrets have to be replaced in objects of these kinds.
    fn rewrites_in<const N: usize>(&self, kinds: &[Container; N]) -> bool {
        let mut places = self.plan.to_rewrite().flat_map(PlanItem::places);
        places.any(|place| kinds.contains(&place.kind))
    }

    /// What replacing the value in text does not do, or does too often.
    fn manual_work(&self, item: &PlanItem<'_>) -> Vec<String> {
        let places = item
            .places()
            .iter()
            .filter(|place| needs_manual_work(place));
        let mut lines: Vec<_> = places.map(|place| self.manual_step(place)).collect();
        let shortest = item
            .values()
            .map(|(_, secret)| secret.len())
            .min()
            .unwrap_or(0);
        if shortest < SHORT_VALUE {
            lines.push(format!(
                "only {shortest} bytes long: it is replaced everywhere, even inside other words"
            ));
        }
        lines
    }

    fn manual_step(&self, place: &ObjectPlace) -> String {
        let form = match place.inside {
            Some(_) => "in the archive",
            None if place.encoded => "encoded in",
            None => "in a binary blob",
        };
        let mut text = format!("{form} {}", place.object.as_deref().unwrap_or("a name"));
        for path in place.paths.iter().take(MAX_PATHS) {
            text.push_str(", ");
            text.push_str(&self.plan.code(path));
        }
        text.push_str(match place.kind {
            Container::Blob => ": it cannot be replaced there, so `blobs.txt` removes the blob",
            Container::Commit | Container::Tag => {
                ": reword it by hand: `git rebase -i`, `git tag -f`"
            }
            Container::Name => ": rename it by hand: `git filter-repo --path-rename OLD:NEW`",
        });
        text
    }
}

/// The id of an AWS access key among the values of `item`.
fn aws_key_id<'o>(item: &PlanItem<'o>) -> Option<&'o Secret> {
    item.values()
        .find(|(rule, _)| KEY_ID_RULES.contains(rule))
        .map(|(_, id)| id)
}
