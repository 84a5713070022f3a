//! Reports what is in archives and other containers of files and was not searched, at the paths of
//! their blobs.

use bstr::{BString, ByteSlice as _};

use super::container::ContainerKey;
use super::findings::FindingsBuilder;
use super::submodule;
use crate::blob::Skip;

impl FindingsBuilder<'_> {
    /// The skips for what was not searched of the objects in scope.
    pub(super) fn unsearched(&self) -> Vec<Skip> {
        let mut all: Vec<_> = self.collected.unsearched.iter().collect();
        all.sort_unstable();
        // An object that is stored twice is searched twice.
        all.dedup();
        let by_object: Vec<_> = all.chunk_by(|(a, _), (b, _)| a == b).collect();
        let containers = by_object
            .iter()
            .map(|found| ContainerKey::object(found[0].0));
        let containers: Vec<_> = containers.collect();
        let seeds: Vec<_> = containers
            .iter()
            .map(|&container| vec![container])
            .collect();
        let mut skips = Vec::new();
        for ((found, container), reach) in by_object
            .iter()
            .zip(containers)
            .zip(self.trace.trace(&seeds))
        {
            if !self.context.scope.includes(&reach, self.trace.starts) {
                continue;
            }
            let shown = self.paths_of(container).0.into_iter().next();
            let paths = self.judged_paths(container);
            let shown = shown.or_else(|| paths.first().cloned());
            let shown = shown.unwrap_or_else(|| self.context.label_of(container));
            skips.extend(found.iter().map(|(_, entry)| {
                let paths = paths.iter().map(|path| path.as_bstr());
                entry.skip(self.context.policy, shown.as_bstr(), paths)
            }));
        }
        skips
    }

    /// The paths of a container as the policy has them; none if it has none, or more than are
    /// known.
    fn judged_paths(&self, container: ContainerKey) -> Vec<BString> {
        let paths = self.all_paths(container).unwrap_or_default();
        match self.context.submodule {
            Some(_) if paths.is_empty() => paths,
            Some(places) => submodule::paths_below(places, &paths),
            None => paths,
        }
    }
}
