//! Reads the roots that one work tree has: the main one in the repository's own directory, or a
//! linked one in its directory below `worktrees`.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::ObjectId;
use gix::hash::Kind;

use super::index;
use super::root::{Root, RootKind, Roots, display_name};
use crate::fs::read_regular;
use crate::git::RefDir;
use crate::git::layout::concat;
use crate::git::refs::{
    BROKEN_REF, RefFiles, RefTarget, Refs, Unread, leading_id, parse_target, read_target, resolve,
};

/// A git directory of a work tree: it has `HEAD`, an index, reflogs, and the state of operations.
pub(super) struct WorktreeDir<'r> {
    pub(super) dir: PathBuf,
    /// Where its refs and reflogs are.
    pub(super) ref_dir: &'r RefDir,
    /// The name of the linked work tree; `None` for the main one.
    pub(super) worktree: Option<BString>,
    pub(super) hash: Kind,
    /// The refs in this directory.
    pub(super) own: &'r Refs,
    /// The refs that it shares with the main work tree.
    pub(super) shared: &'r Refs,
}

/// Files in a git directory that hold ids and whose name does not end in `_HEAD`; see `is_root_ref`
/// in git's `refs.c`.
const ROOT_FILES: [&str; 5] = [
    "AUTO_MERGE",
    "BISECT_EXPECTED_REV",
    "BISECT_START",
    "MERGE_AUTOSTASH",
    "NOTES_MERGE_PARTIAL",
];

/// Files with one id each in the directories of a rebase, of `git am`, and of a cherry-pick of
/// several commits.
const STATE_FILES: [&str; 13] = [
    "rebase-apply/abort-safety",
    "rebase-apply/autostash",
    "rebase-apply/onto",
    "rebase-apply/orig-head",
    "rebase-apply/original-commit",
    "rebase-merge/amend",
    "rebase-merge/autostash",
    "rebase-merge/onto",
    "rebase-merge/orig-head",
    "rebase-merge/squash-onto",
    "rebase-merge/stopped-sha",
    "sequencer/abort-safety",
    "sequencer/head",
];

/// The ref of the newest stash; its reflog has all of them.
const STASH: &str = "refs/stash";

impl WorktreeDir<'_> {
    /// Adds all roots of this directory to `roots`.
    pub(super) fn read(&self, roots: &mut Roots) {
        self.read_head(roots);
        for unread in &self.own.unread {
            roots
                .unread
                .push(self.unread(&unread.name, &unread.problem));
        }
        for (name, target) in &self.own.targets {
            // Stashes are read from the reflog; its newest line repeats the ref.
            if name != STASH {
                self.add(name.as_bstr(), kind_of(name.as_bstr()), target, roots);
            }
        }
        self.read_operations(roots);
        self.read_logs(roots);
        self.read_index(roots);
    }

    fn read_head(&self, roots: &mut Roots) {
        let kind = if self.worktree.is_none() {
            RootKind::Head
        } else {
            RootKind::WorktreeHead
        };
        match read_target(&self.ref_dir.path().join("HEAD"), self.hash) {
            Ok(Some(target)) => self.add("HEAD".into(), kind, &target, roots),
            Ok(None) => roots.unread.push(self.unread("HEAD", BROKEN_REF)),
            Err(error) => roots.unread.push(self.unread("HEAD", error)),
        }
    }

    fn add(&self, name: &BStr, kind: RootKind, target: &RefTarget, roots: &mut Roots) {
        let symbolic_target = match target {
            RefTarget::Object(_) => None,
            RefTarget::Symbolic(other) => Some(other.clone()),
        };
        match resolve(target, &[self.own, self.shared]) {
            Ok(Some(target)) => roots.roots.push(Root {
                name: self.full_name(name),
                kind,
                target,
                symbolic_target,
            }),
            // An unborn or deleted branch: nothing is reachable from it.
            Ok(None) => {}
            Err(problem) => roots.unread.push(self.unread(name, problem)),
        }
    }

    /// Reads the state of operations that are in progress or were done last.
    fn read_operations(&self, roots: &mut Roots) {
        self.read_operations_in(&self.dir, roots);
        if !self.ref_dir.is_own() {
            self.read_operations_in(self.ref_dir.path(), roots);
        }
    }

    fn read_operations_in(&self, dir: &Path, roots: &mut Roots) {
        let names = root_files(dir).unwrap_or_else(|error| {
            roots.unread.push(self.unread("HEAD", error));
            Vec::new()
        });
        let state_files = STATE_FILES.map(BString::from);
        for name in names.into_iter().chain(state_files) {
            match read_regular(&dir.join(name.to_path_lossy())) {
                Ok(text) => self.read_operation(name.as_bstr(), &text, roots),
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => roots.unread.push(self.unread(&name, error)),
            }
        }
    }

    fn read_operation(&self, name: &BStr, text: &[u8], roots: &mut Roots) {
        // A merge and a fetch write one line for each commit, and none if there is no commit.
        let max_lines = if name == "FETCH_HEAD" || name == "MERGE_HEAD" {
            usize::MAX
        } else {
            1
        };
        let mut seen = HashSet::new();
        for line in text.lines().take(max_lines) {
            match parse_target(line, self.hash) {
                Some(RefTarget::Object(id)) if !seen.insert(id) => {}
                Some(target) => self.add(name, RootKind::Operation, &target, roots),
                // Other files may hold the name of a branch, or nothing.
                None if !name.ends_with(b"_HEAD") => {}
                None => roots.unread.push(self.unread(name, "malformed line")),
            }
        }
    }

    fn read_logs(&self, roots: &mut Roots) {
        let files = RefFiles::below(&self.ref_dir.path().join("logs"), "");
        for unread in files.unread {
            roots
                .unread
                .push(self.unread_log(&unread.name, unread.problem));
        }
        let mut stashed = HashSet::new();
        for (name, path) in files.found {
            match read_regular(&path) {
                Ok(text) => {
                    let start = roots.roots.len();
                    self.read_log(name.as_bstr(), &text, roots);
                    if name == STASH {
                        stashed.extend(roots.roots[start..].iter().map(|root| root.target));
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => roots.unread.push(self.unread_log(&name, error)),
            }
        }
        // If the log is missing or truncated, the ref still has the newest stash.
        if let Some(RefTarget::Object(target)) = self.own.targets.get(BStr::new(STASH))
            && !stashed.contains(target)
        {
            let name = self.full_name(STASH.into());
            roots.add(name, RootKind::Stash, *target);
        }
    }

    /// Reads a reflog, the newest line first: each object once, but every stash. `@{n}` is the new
    /// id of the n-th line from the end; the old id of the first line is one number further.
    fn read_log(&self, name: &BStr, text: &[u8], roots: &mut Roots) {
        let kind = if name == STASH {
            RootKind::Stash
        } else {
            RootKind::Reflog
        };
        let full = self.full_name(name);
        let lines: Vec<_> = text
            .lines()
            .rev()
            .map(|line| parse_log_line(line, self.hash))
            .collect();
        let mut values: Vec<(String, ObjectId)> = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let Some((old, new)) = *line else { continue };
            values.push((format!("{full}@{{{number}}}"), new));
            match lines.get(number + 1) {
                // The usual case: the next older line made the ref what this one found.
                Some(Some((_, before))) if *before == old => {}
                None if kind == RootKind::Reflog => {
                    values.push((format!("{full}@{{{}}}", number + 1), old));
                }
                _ => values.push((format!("before {full}@{{{number}}}"), old)),
            }
        }
        let mut seen = HashSet::new();
        for (name, target) in values {
            if !target.is_null() && (seen.insert(target) || kind == RootKind::Stash) {
                roots.add(name.into(), kind, target);
            }
        }
        let malformed = lines.iter().filter(|line| line.is_none()).count();
        if malformed > 0 {
            let problem = format!("malformed lines: {malformed}");
            roots.unread.push(self.unread_log(name, problem));
        }
    }

    fn read_index(&self, roots: &mut Roots) {
        let path = self.dir.join("index");
        if !path.exists() {
            return;
        }
        match index::read(&path, self.hash, self.of_worktree("index")) {
            Ok(index) => roots.indexes.push(index),
            Err(problem) => roots.unread.push(self.unread("index", problem)),
        }
    }

    /// The name of a ref of this work tree that git understands in every work tree.
    fn full_name(&self, name: &BStr) -> BString {
        match &self.worktree {
            None => name.to_owned(),
            Some(worktree) => concat(&[b"worktrees/", worktree, b"/", name]),
        }
    }

    /// The name of a file of this work tree for reports.
    fn of_worktree(&self, name: impl AsRef<[u8]>) -> BString {
        match &self.worktree {
            None => name.as_ref().into(),
            Some(worktree) => concat(&[name.as_ref(), b" of worktree ", worktree]),
        }
    }

    fn unread(&self, name: impl AsRef<[u8]>, problem: impl Display) -> Unread {
        Unread::new(self.of_worktree(name), problem)
    }

    fn unread_log(&self, name: impl AsRef<[u8]>, problem: impl Display) -> Unread {
        let log = display_name(self.full_name(name.as_ref().into()).as_bstr());
        Unread::new(concat(&[b"reflog of ", &log]), problem)
    }
}

/// Names of the files in `dir` itself that hold ids.
fn root_files(dir: &Path) -> io::Result<Vec<BString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = Vec::from_os_str_lossy(&entry.file_name()).into_owned();
        let is_root =
            name.ends_with(b"_HEAD") || ROOT_FILES.iter().any(|other| name == other.as_bytes());
        if is_root && entry.path().is_file() {
            names.push(BString::from(name));
        }
    }
    names.sort();
    Ok(names)
}

/// The old and the new id of a reflog line.
fn parse_log_line(line: &[u8], hash: Kind) -> Option<(ObjectId, ObjectId)> {
    let (old, rest) = leading_id(line, hash)?;
    let (new, _) = leading_id(rest.strip_prefix(b" ")?, hash)?;
    Some((old, new))
}

fn kind_of(name: &BStr) -> RootKind {
    const KINDS: [(&str, RootKind); 7] = [
        ("refs/heads/", RootKind::Branch),
        ("refs/tags/", RootKind::Tag),
        ("refs/remotes/", RootKind::Remote),
        // 'git maintenance' prefetches remote-tracking refs there.
        ("refs/prefetch/", RootKind::Remote),
        ("refs/notes/", RootKind::Note),
        ("refs/bisect/", RootKind::Operation),
        ("refs/rewritten/", RootKind::Operation),
    ];
    KINDS
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix.as_bytes()))
        .map_or(RootKind::Other, |(_, kind)| *kind)
}
