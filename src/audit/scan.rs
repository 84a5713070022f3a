//! Runs the two passes over all objects, each with one scanner per thread.

use std::sync::atomic::AtomicBool;

use rustc_hash::FxHashSet;

use super::collected::Collected;
use super::container::{Container, ContainerKey};
use super::context::Context;
use super::scan_objects::ObjectScanner;
use super::scan_trees::{NameTable, TreeScanner};
use crate::git::store::{Kind, ObjectIndex};

/// Reads all objects except those that are already in `collected`, which come from the cache.
pub(super) fn scan_all(
    context: &Context<'_>,
    jobs: usize,
    stop: &AtomicBool,
    mut collected: Collected,
) -> Collected {
    // Even with nothing to read, the passes would build and sort tables over all names and secrets.
    if context.store.cached_objects() == context.store.len() as u64 {
        return collected;
    }
    scan_objects(context, jobs, stop, &mut collected);
    scan_trees(context, jobs, stop, &mut collected);
    sort_names(&mut collected);
    collected
}

fn scan_objects(context: &Context<'_>, jobs: usize, stop: &AtomicBool, collected: &mut Collected) {
    let new = || ObjectScanner::new(context);
    let mut scanners: Vec<_> = std::iter::repeat_with(new).take(jobs.max(1)).collect();
    let kinds = [Kind::Blob, Kind::Commit, Kind::Tag];
    context.store.visit(&kinds, &mut scanners, stop);
    context.store.visit_unresolved(&mut scanners[0]);
    for scanner in scanners {
        collected.found.merge(scanner.found);
        collected.commits.extend(scanner.commits);
        collected.tags.extend(scanner.tags);
        collected.broken.extend(scanner.broken);
        collected.missing.extend(scanner.missing);
        collected.unsearched.extend(scanner.unsearched);
    }
    collected.tags.sort_unstable();
    collected.tags.dedup();
}

fn scan_trees(context: &Context<'_>, jobs: usize, stop: &AtomicBool, collected: &mut Collected) {
    let holders: FxHashSet<ObjectIndex> = collected
        .found
        .occurrences
        .iter()
        .filter_map(|stored| match stored.container.container() {
            Container::Object(object) => Some(object),
            Container::Name(_) => None,
        })
        .chain(collected.unsearched.iter().map(|(object, _)| *object))
        .collect();
    let names = NameTable::new(std::mem::take(&mut collected.names));
    let trees = context.store.trees();
    let new = || TreeScanner::new(context, &holders, &names, &trees);
    let mut scanners: Vec<_> = std::iter::repeat_with(new).take(jobs.max(1)).collect();
    context.store.visit(&[Kind::Tree], &mut scanners, stop);
    for scanner in scanners {
        collected.found.merge(scanner.found);
        collected.tree_diffs.merge(scanner.tree_diffs);
        collected.broken.extend(scanner.broken);
        collected.missing.extend(scanner.missing);
    }
    collected.names = names.into_list();
}

/// Sorts the names and numbers them anew: the threads numbered them in the order in which they met
/// them, which differs from run to run.
fn sort_names(collected: &mut Collected) {
    let names = &mut collected.names;
    let mut order: Vec<u32> = (0..).take(names.len()).collect();
    order.sort_unstable_by_key(|&name| &names[name as usize]);
    let mut rank = vec![0; order.len()];
    for (new, &old) in (0_u32..).zip(&order) {
        rank[old as usize] = new;
    }
    *names = order
        .iter()
        .map(|&name| std::mem::take(&mut names[name as usize]))
        .collect();
    let diffs = &mut collected.tree_diffs;
    for (_, entry) in diffs.added.iter_mut().chain(&mut diffs.removed) {
        entry.name = rank[entry.name as usize];
        entry.child = with_rank(entry.child, &rank);
    }
    for stored in &mut collected.found.occurrences {
        stored.container = with_rank(stored.container, &rank);
    }
}

fn with_rank(key: ContainerKey, rank: &[u32]) -> ContainerKey {
    match key.container() {
        Container::Object(_) => key,
        Container::Name(name) => ContainerKey::name(rank[name as usize]),
    }
}
