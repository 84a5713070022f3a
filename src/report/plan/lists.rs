//! Writes the lists next to the checklist: what each secret can be reached from, which objects
//! contain it, and which blobs have to be removed as a whole.

use std::collections::BTreeSet;

use super::{Plan, PlanItem, needs_manual_work};
use crate::finding::history::Container;

/// `refs.txt`: what each secret can be reached from.
pub(super) fn refs(plan: &Plan<'_>) -> String {
    let mut text = "# What each secret can be reached from: kind and name. The numbers are those \
                    of CHECKLIST.md.\n"
        .to_owned();
    for item in plan.items {
        text.push_str(&title(item));
        let roots = item
            .history()
            .map_or(&[][..], |history| &history.reached_from);
        for root in roots {
            text.push_str(&format!(
                "{}\t{}\n",
                root.kind.word(),
                plan.name(&root.name)
            ));
        }
        for place in &item.outside_objects {
            text.push_str(&format!("outside objects\t{}\n", plan.name(place)));
        }
        if roots.is_empty() && item.outside_objects.is_empty() {
            text.push_str("unreachable\n");
        }
    }
    text
}

/// `paths.txt`: the objects that contain each secret, and their paths.
pub(super) fn paths(plan: &Plan<'_>) -> String {
    let mut text = "# Where each secret is: object, kind, line:column, form, paths.\n".to_owned();
    for item in plan.items {
        text.push_str(&title(item));
        for place in item.places() {
            let form = match (place.encoded, place.binary) {
                (true, _) => "encoded",
                (false, true) => "in a binary file",
                (false, false) => "plain text",
            };
            let (object, kind) = (place.object.as_deref().unwrap_or("-"), place.kind.word());
            text.push_str(&format!(
                "{object}\t{kind}\t{}:{}\t{form}",
                place.line, place.column
            ));
            for path in &place.paths {
                text.push('\t');
                text.push_str(&plan.name(path));
            }
            text.push('\n');
        }
        for place in &item.outside_objects {
            text.push_str(&format!("-\toutside objects\t-\t-\t{}\n", plan.name(place)));
        }
    }
    text
}

/// `blobs.txt`: the ids of blobs for `git filter-repo --strip-blobs-with-ids`, because replacing
/// values does not clean them.
pub(super) fn blobs(items: &[PlanItem<'_>]) -> String {
    let items = items.iter().filter(|item| item.needs_rewriting());
    let ids: BTreeSet<&str> = items
        .flat_map(PlanItem::places)
        .filter(|place| place.kind == Container::Blob && needs_manual_work(place))
        .filter_map(|place| place.object.as_deref())
        .collect();
    ids.into_iter().map(|id| format!("{id}\n")).collect()
}

fn title(item: &PlanItem<'_>) -> String {
    let title = item.title().replace('`', "");
    let print = item.finding.public_fingerprint;
    format!("\n# {title}, fingerprint {print}\n")
}
