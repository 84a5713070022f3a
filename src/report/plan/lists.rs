//! Lists beside the check-list: what leads to each secret, where it stands, and which blobs have to
//! go as a whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Item, Sheet, is_out_of_reach};
use crate::finding::history::Container;

/// `refs.txt`: for each secret everything that it is reached from.
pub(super) fn refs(sheet: &Sheet<'_>) -> String {
    let mut text =
        "# What leads to each secret: its kind, and its name. The numbers are those of CHECKLIST.md.\n".to_owned();
    for item in sheet.items {
        head(&mut text, item);
        let reached = item
            .history()
            .map_or(&[][..], |history| &history.reached_from);
        for reached in reached {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(
                text,
                "{}\t{}",
                reached.kind.word(),
                sheet.name(&reached.name)
            );
        }
        for place in &item.beside {
            let _ = writeln!(text, "beside history\t{}", sheet.name(place));
        }
        if reached.is_empty() && item.beside.is_empty() {
            text.push_str("nothing leads to it\n");
        }
    }
    text
}

/// `paths.txt`: for each secret every object that it stands in, with its paths.
pub(super) fn paths(sheet: &Sheet<'_>) -> String {
    let mut text =
        "# Where each secret stands: the object, its kind, line:column, how it is written, its paths.\n".to_owned();
    for item in sheet.items {
        head(&mut text, item);
        for place in item.places() {
            let form = match (place.encoded, place.binary) {
                (true, _) => "encoded",
                (false, true) => "in a binary file",
                (false, false) => "in clear",
            };
            let (object, kind) = (place.object.as_deref().unwrap_or("-"), place.kind.word());
            let _ = write!(
                text,
                "{object}\t{kind}\t{}:{}\t{form}",
                place.line, place.column
            );
            for path in &place.paths {
                let _ = write!(text, "\t{}", sheet.name(path));
            }
            text.push('\n');
        }
        for place in &item.beside {
            let _ = writeln!(text, "-\tbeside history\t-\t-\t{}", sheet.name(place));
        }
    }
    text
}

/// `blobs.txt`: the ids of blobs that `git filter-repo --strip-blobs-with-ids` has to drop, since
/// no replacement reaches what they hold.
pub(super) fn blobs(items: &[Item<'_>]) -> String {
    let places = items
        .iter()
        .filter(|item| item.needs_rewriting())
        .flat_map(Item::places);
    let ids: BTreeSet<&str> = places
        .filter(|place| place.kind == Container::Blob && is_out_of_reach(place))
        .filter_map(|place| place.object.as_deref())
        .collect();
    ids.into_iter().map(|id| format!("{id}\n")).collect()
}

fn head(text: &mut String, item: &Item<'_>) {
    let _ = writeln!(
        text,
        "\n# {}, fingerprint {}",
        item.title().replace('`', ""),
        item.finding.fingerprint
    );
}
