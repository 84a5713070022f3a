//! What one place has that objects are reached from: the repository itself, or one of its linked
//! work trees.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::ObjectId;
use gix::hash::Kind;

use super::super::layout::joined;
use super::super::refs::{Files, Refs, Value, leading_id, parse, read_file, resolve};
use super::{Root, RootKind, Roots, Unread, index, shown};

/// A directory with `HEAD`, an index, logs and the traces of what is under way.
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// The name of the linked work tree that it belongs to.
    pub(super) worktree: Option<BString>,
    pub(super) hash: Kind,
}

/// Files in a git directory that hold ids without a name that says so; see `is_root_ref` in git's
/// `refs.c`.
const ROOT_FILES: [&str; 5] = [
    "AUTO_MERGE",
    "BISECT_EXPECTED_REV",
    "BISECT_START",
    "MERGE_AUTOSTASH",
    "NOTES_MERGE_PARTIAL",
];

/// Files with one id each in the folders of a rebase, of `git am`, and of a cherry-pick of several
/// commits.
const STEPS: [&str; 13] = [
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

impl Place {
    /// Adds everything to `found`: `own` are the refs of this place, `shared` those that it sees
    /// beside them.
    pub(super) fn gather(&self, own: &Refs, shared: &Refs, found: &mut Roots) {
        let seen = [own, shared];
        self.head(&seen, found);
        found.unread.extend(
            own.unread
                .iter()
                .map(|unread| self.unread(&unread.name, &unread.problem)),
        );
        for (name, value) in &own.values {
            // A stash is what its log says; the ref repeats the newest line.
            if name != "refs/stash" {
                self.add(name.as_bstr(), kind_of(name.as_bstr()), value, &seen, found);
            }
        }
        self.operations(&seen, found);
        self.logs(own, found);
        index::read(
            &self.dir.join("index"),
            self.worktree.as_ref(),
            self.hash,
            found,
        );
    }

    fn head(&self, seen: &[&Refs], found: &mut Roots) {
        let kind = if self.worktree.is_none() {
            RootKind::Head
        } else {
            RootKind::WorktreeHead
        };
        match read_file(&self.dir.join("HEAD"), self.hash) {
            Ok(Some(value)) => self.add("HEAD".into(), kind, &value, seen, found),
            Ok(None) => found.unread.push(self.unread("HEAD", "it leads nowhere")),
            Err(error) => found.unread.push(self.unread("HEAD", error)),
        }
    }

    fn add(&self, name: &BStr, kind: RootKind, value: &Value, seen: &[&Refs], found: &mut Roots) {
        let symbolic_target = match value {
            Value::Id(_) => None,
            Value::Symbolic(other) => Some(other.clone()),
        };
        match resolve(value, seen) {
            Ok(Some(target)) => found.roots.push(Root {
                name: self.full(name),
                kind,
                target,
                symbolic_target,
            }),
            // Unborn, or left over from a branch that is gone: nothing is reached from it.
            Ok(None) => {}
            Err(problem) => found.unread.push(self.unread(name, problem)),
        }
    }

    /// What is under way, or was done last.
    fn operations(&self, seen: &[&Refs], found: &mut Roots) {
        let names = self.root_files().unwrap_or_else(|error| {
            found.unread.push(self.unread("HEAD", error));
            Vec::new()
        });
        let steps = STEPS.iter().map(|&step| BString::from(step));
        for name in names.into_iter().chain(steps) {
            match fs::read(self.dir.join(name.to_path_lossy())) {
                Ok(text) => self.operation(name.as_bstr(), &text, seen, found),
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => found.unread.push(self.unread(name.as_bstr(), error)),
            }
        }
    }

    fn operation(&self, name: &BStr, text: &[u8], seen: &[&Refs], found: &mut Roots) {
        // Those of a merge and of a fetch have a line for every commit, and none when nothing came.
        let many = name == "FETCH_HEAD" || name == "MERGE_HEAD";
        let mut targets = HashSet::new();
        for line in text.lines().take(if many { usize::MAX } else { 1 }) {
            match parse(line, self.hash) {
                Some(Value::Id(id)) if !targets.insert(id) => {}
                Some(value) => self.add(name, RootKind::Operation, &value, seen, found),
                // It may also say what else was checked out, or that nothing was.
                None if !name.ends_with(b"_HEAD") => {}
                None => found
                    .unread
                    .push(self.unread(name, "a line that names no object")),
            }
        }
    }

    /// Names of regular files that hold ids, right in the directory.
    fn root_files(&self) -> io::Result<Vec<BString>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
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

    fn logs(&self, own: &Refs, found: &mut Roots) {
        let files = Files::below(&self.dir.join("logs"), "");
        found.unread.extend(
            files
                .unread
                .iter()
                .map(|unread| self.unread_log(&unread.name, &unread.problem)),
        );
        let mut stashed = HashSet::new();
        for (name, path) in files.found {
            match fs::read(path) {
                Ok(text) => {
                    let from = found.roots.len();
                    self.log(name.as_bstr(), &text, found);
                    if name == "refs/stash" {
                        stashed.extend(found.roots[from..].iter().map(|root| root.target));
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => found.unread.push(self.unread_log(&name, error)),
            }
        }
        // Without its log, or where that was cut, the ref still holds the newest stash.
        if let Some(Value::Id(target)) = own.values.get(BStr::new("refs/stash"))
            && !stashed.contains(target)
        {
            let name = self.full("refs/stash".into());
            found.roots.push(Root {
                name,
                kind: RootKind::Stash,
                target: *target,
                symbolic_target: None,
            });
        }
    }

    /// What a log tells of, the newest first: each object once, except that every stash is listed.
    /// `@{n}` is what the n-th line from the end made of the ref; one more than there are lines is
    /// what the ref was before the first of them.
    fn log(&self, name: &BStr, text: &[u8], found: &mut Roots) {
        let kind = if name == "refs/stash" {
            RootKind::Stash
        } else {
            RootKind::Reflog
        };
        let mut told = HashSet::new();
        let mut add = |said: String, target: ObjectId| {
            let listed = !target.is_null() && (told.insert(target) || kind == RootKind::Stash);
            let root = |name| Root {
                name,
                kind,
                target,
                symbolic_target: None,
            };
            listed.then(|| found.roots.push(root(said.into())));
        };
        let full = self.full(name);
        let lines: Vec<_> = text
            .lines()
            .rev()
            .map(|line| log_line(line, self.hash))
            .collect();
        for (number, line) in lines.iter().enumerate() {
            let Some((old, new)) = line else { continue };
            add(format!("{full}@{{{number}}}"), *new);
            match lines.get(number + 1) {
                // As it should be: the older line tells of the same.
                Some(Some((_, before))) if before == old => {}
                None if kind == RootKind::Reflog => add(format!("{full}@{{{}}}", number + 1), *old),
                _ => add(format!("before {full}@{{{number}}}"), *old),
            }
        }
        let broken = lines.iter().filter(|line| line.is_none()).count();
        if broken > 0 {
            found
                .unread
                .push(self.unread_log(name, format!("{broken} of its lines name no objects")));
        }
    }

    /// A name as git has it for all work trees.
    fn full(&self, name: &BStr) -> BString {
        match &self.worktree {
            None => name.to_owned(),
            Some(worktree) => joined(&[b"worktrees/", worktree, b"/", name]),
        }
    }

    fn unread_log(&self, name: impl AsRef<[u8]>, problem: impl Display) -> Unread {
        let log = shown(self.full(name.as_ref().into()).as_bstr());
        Unread::new(joined(&[b"reflog of ", &log]), problem)
    }

    fn unread(&self, name: impl AsRef<[u8]>, problem: impl Display) -> Unread {
        let of = self
            .worktree
            .as_ref()
            .map(|worktree| joined(&[b" of worktree ", worktree]));
        Unread::new(joined(&[name.as_ref(), &of.unwrap_or_default()]), problem)
    }
}

/// The two ids that a line of a log begins with.
fn log_line(line: &[u8], hash: Kind) -> Option<(ObjectId, ObjectId)> {
    let (old, rest) = leading_id(line, hash)?;
    let (new, _) = leading_id(rest.strip_prefix(b" ")?, hash)?;
    Some((old, new))
}

fn kind_of(name: &BStr) -> RootKind {
    const KINDS: [(&str, RootKind); 7] = [
        ("refs/heads/", RootKind::Branch),
        ("refs/tags/", RootKind::Tag),
        ("refs/remotes/", RootKind::Remote),
        // What 'git maintenance' fetched ahead.
        ("refs/prefetch/", RootKind::Remote),
        ("refs/notes/", RootKind::Note),
        ("refs/bisect/", RootKind::Operation),
        ("refs/rewritten/", RootKind::Operation),
    ];
    let kind = KINDS
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix.as_bytes()));
    kind.map_or(RootKind::Other, |(_, kind)| *kind)
}
