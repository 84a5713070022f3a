//! Decides which paths the entries of a policy are for: those of files, and of what is in
//! containers.

use std::path::Path;

use bstr::{BStr, BString, ByteSlice as _};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use regex::bytes::Regex;

use crate::finding::path_inside;

/// The conditions of an entry for paths. Without any, all paths meet them.
#[derive(Debug)]
pub(super) struct PathConditions {
    pub(super) patterns: Option<PathPatterns>,
    pub(super) regexes: Vec<Regex>,
}

impl PathConditions {
    /// Whether there are any.
    pub(super) fn are_given(&self) -> bool {
        self.patterns.is_some() || !self.regexes.is_empty()
    }

    /// Whether they hold for the file at `path` or, if it is a container, for what is `inside` it.
    pub(super) fn hold(&self, path: &BStr, inside: Option<&BStr>) -> bool {
        let inside = inside.filter(|inside| !inside.is_empty());
        let paths = self.patterns.as_ref();
        paths.is_none_or(|paths| paths.matches(path, inside))
            && (self.regexes.is_empty() || self.has_regex_for(path, inside))
    }

    fn has_regex_for(&self, path: &BStr, inside: Option<&BStr>) -> bool {
        let has = |path: &BStr| {
            let mut regexes = self.regexes.iter();
            relative(path).is_some_and(|path| regexes.any(|regex| regex.is_match(path)))
        };
        let entry = inside.and_then(|inside| paths_of_entry(path, inside));
        has(path) || entry.iter().flatten().any(|path| has(path.as_bstr()))
    }
}

/// Path patterns as written, which are compared with those of other entries, and compiled.
#[derive(Debug)]
pub(super) struct PathPatterns {
    pub(super) written: Vec<String>,
    globs: Gitignore,
}

impl PathPatterns {
    /// Compiles patterns. The error is the number of the first that is none, from 1.
    pub(super) fn new(written: Vec<String>) -> Result<Self, usize> {
        let mut builder = GitignoreBuilder::new("");
        for (index, line) in written.iter().enumerate() {
            let problem = |_| index + 1;
            builder.add_line(None, line).map_err(problem)?;
            // The builder accepts an empty line and a comment, but adds no pattern for them. Each
            // line is checked alone, because building all lines for each would take quadratic time.
            let mut alone = GitignoreBuilder::new("");
            alone.add_line(None, line).map_err(problem)?;
            if alone.build().map_err(problem)?.len() != 1 {
                return Err(index + 1);
            }
        }
        let globs = builder.build().map_err(|_| written.len())?;
        Ok(Self { written, globs })
    }

    /// Whether they match the file at `path` or, if it is a container, what is `inside` it. A
    /// container is like a folder: a pattern for it is one for all that is in it, unless a later
    /// one says otherwise of an entry. What excludes the container excludes its entries.
    pub(super) fn matches(&self, path: &BStr, inside: Option<&BStr>) -> bool {
        let whole = self.last_match(path);
        let Some(inside) = inside.filter(|_| !whole.is_whitelist()) else {
            return whole.is_ignore();
        };
        let Some([in_folders, reported]) = paths_of_entry(path, inside) else {
            return whole.is_ignore();
        };
        let entry = self.last_match(in_folders.as_bstr());
        entry.is_ignore()
            || entry.is_none()
                && (whole.is_ignore() || self.last_match(reported.as_bstr()).is_ignore())
    }

    fn last_match(&self, path: &BStr) -> Match<()> {
        let Some(relative) = relative(path) else {
            return Match::None;
        };
        let lossy;
        let relative = match relative.to_path() {
            Ok(path) => path,
            Err(_) => {
                lossy = relative.to_str_lossy();
                Path::new(lossy.as_ref())
            }
        };
        if relative.has_root() {
            return Match::None;
        }
        let globs = &self.globs;
        globs
            .matched_path_or_any_parents(relative, false)
            .map(|_| ())
    }
}

/// The paths of what is `inside` the container at `path`: as if each container were a folder, and
/// as reports show it. `None` if it has an odd name: archives can say `../src`.
fn paths_of_entry(path: &BStr, inside: &BStr) -> Option<[BString; 2]> {
    let mut in_folders = path.to_vec();
    for part in inside.split_str("!") {
        let part = relative(part.as_bstr()).filter(|part| !part.starts_with(b".."))?;
        in_folders.push(b'/');
        in_folders.extend_from_slice(part);
    }
    Some([in_folders.into(), path_inside(path, inside)])
}

/// The path without what makes it absolute: patterns are relative to the root, and the matcher of
/// globs panics on an absolute path. `None` if it has an odd name.
fn relative(path: &BStr) -> Option<&[u8]> {
    let mut relative = path.as_bytes();
    while let Some(rest) = relative
        .strip_prefix(b"./")
        .or_else(|| relative.strip_prefix(b"/"))
    {
        relative = rest;
    }
    (!has_odd_name(relative)).then_some(relative)
}

/// Whether a path that begins in a folder goes elsewhere, as only a tree that git would not write
/// says: `fixtures/../src`. A path may begin with `..`, outside of the root, and with `.git`.
fn has_odd_name(path: &[u8]) -> bool {
    let mut names = path.split_str("/").skip_while(|name| *name == b"..");
    names.next();
    names.any(|name| matches!(name, b"" | b"." | b"..") || name.eq_ignore_ascii_case(b".git"))
}
