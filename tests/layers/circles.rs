//! Finds import circles between the files of one module, so that each file can be read after the
//! files that it uses.

use std::collections::{BTreeMap, BTreeSet};

use super::File;
use super::code::{code_of, paths_in};

/// The modules of a crate: for each file its module path, and what it re-exports from children.
struct Modules<'f> {
    files: BTreeMap<Vec<String>, &'f File>,
    /// (module, name) to the child module that a `pub use` takes the name from.
    exports: BTreeMap<(Vec<String>, String), Vec<String>>,
}

/// A line for each circle between files of one top-level module.
pub(crate) fn circles(files: &[File]) -> Vec<String> {
    let modules = Modules::new(files);
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (module, file) in &modules.files {
        edges.insert(file.path.as_str(), modules.imports(module, file));
    }
    let mut found = BTreeSet::new();
    for start in edges.keys() {
        if let Some(circle) = shortest_circle(start, &edges) {
            let mut members = circle.clone();
            members.sort_unstable();
            found.insert(members.join(" -> "));
        }
    }
    found.into_iter().collect()
}

impl<'f> Modules<'f> {
    fn new(files: &'f [File]) -> Self {
        let named = files.iter().map(|file| {
            let module = file.module().into_iter().map(str::to_owned).collect();
            (module, file)
        });
        let mut modules = Self {
            files: named.collect(),
            exports: BTreeMap::new(),
        };
        for (module, file) in &modules.files {
            for path in paths_in(&production(&file.text)) {
                let target = modules.absolute(module, &path);
                if let Some((name, child)) = target.split_last()
                    && child.len() > module.len()
                    && child.starts_with(module)
                    && modules.files.contains_key(child)
                {
                    let key = (module.clone(), name.clone());
                    modules.exports.insert(key, child.to_vec());
                }
            }
        }
        modules
    }

    /// `path` from the root of the crate, as seen from `module`.
    fn absolute(&self, module: &[String], path: &[String]) -> Vec<String> {
        let mut base = module.to_vec();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => return path[1..].to_vec(),
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            _ => {}
        }
        base.extend_from_slice(rest);
        base
    }

    /// Files of the same top-level module that `file` imports, other than its own children.
    fn imports(&self, module: &[String], file: &File) -> BTreeSet<&'f str> {
        let mut found = BTreeSet::new();
        for path in paths_in(&production(&file.text)) {
            let target = self.resolve(&self.absolute(module, &path));
            let Some((owner, other)) = target.and_then(|owner| {
                let file = self.files.get(&owner)?;
                Some((owner, *file))
            }) else {
                continue;
            };
            let own_child = owner.len() > module.len() && owner.starts_with(module);
            if other.top() == file.top() && other.path != file.path && !own_child {
                found.insert(other.path.as_str());
            }
        }
        found
    }

    /// The module that defines what `path` names: through re-exports, the longest prefix that is a
    /// file.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        for len in (1..=path.len()).rev() {
            let prefix = &path[..len];
            if self.files.contains_key(prefix) {
                if let Some(name) = path.get(len)
                    && let Some(child) = self.exports.get(&(prefix.to_vec(), name.clone()))
                {
                    return Some(child.clone());
                }
                return Some(prefix.to_vec());
            }
        }
        None
    }
}

/// The code of a file without its tests, which may import whatever they like.
fn production(text: &str) -> String {
    let code = code_of(text);
    let end = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
    code[..end].to_owned()
}

/// The shortest way from `start` back to itself.
fn shortest_circle<'f>(
    start: &'f str,
    edges: &BTreeMap<&'f str, BTreeSet<&'f str>>,
) -> Option<Vec<&'f str>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last().copied().unwrap_or(start);
            for &next in edges.get(last).into_iter().flatten() {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push([&way[..], &[next]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

/// The test of the test.
mod caught {
    use super::super::File;
    use super::circles;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn circles_of_two_three_and_through_a_re_export() {
        let found = circles(&[
            file("src/a/mod.rs", "mod b;\nmod c;\npub use b::B;\nuse c::C;"),
            file("src/a/b.rs", "use super::c::C;"),
            file("src/a/c.rs", "fn f(b: super::B) {}"),
        ]);
        assert_eq!(found, ["src/a/b.rs -> src/a/c.rs"]);
        let found = circles(&[
            file("src/a/x.rs", "use crate::a::y::{self, Y};"),
            file("src/a/y.rs", "use super::z::{Z, deep::{W}};"),
            file("src/a/z.rs", "use super::{other, x::X};"),
        ]);
        assert_eq!(found, ["src/a/x.rs -> src/a/y.rs -> src/a/z.rs"]);
    }

    #[test]
    fn a_parent_and_its_children_are_no_circle() {
        let found = circles(&[
            file("src/a/mod.rs", "mod b;\nuse b::B;\npub struct A;"),
            file("src/a/b.rs", "use super::A;\n#[cfg(test)]\nmod tests {}"),
            file("src/d.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
