//! Random histories against a model. The model knows what every commit's whole tree holds, and
//! nothing of diffs: a value that the base never held unexempted, and a commit of the range does,
//! must be reported, and so must one that `HEAD` holds and the merge bases do not. `KEYSIEVE_TEST_HISTORIES` sets the seconds of a long run, and
//! `KEYSIEVE_TEST_SEED` its first seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use std::{env, fs};

use gix::objs::Kind;

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo};

const POLICY: &str = "max-size = \"1KiB\"\n[[allow]]\npath = \"tests/**\"\nreason = \"fixtures\"\n";
const PATHS: [&str; 7] = [
    "a.env",
    "b.env",
    "dir/c.env",
    "dir/d.env",
    "vendor",
    "tests/e.env",
    "tests/f.env",
];
const VALUES: usize = 12;

/// Splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What a tree has at a path. A link has one value.
#[derive(Clone)]
struct Entry {
    mode: &'static str,
    /// Values, and whether each has a marker.
    values: Vec<(usize, bool)>,
    is_large: bool,
}

type Tree = BTreeMap<String, Entry>;

impl Entry {
    fn text(&self, keys: &[String]) -> String {
        if self.mode == "120000" {
            return keys[self.values[0].0].clone();
        }
        let mut text = "a line without a key\n".repeat(if self.is_large { 80 } else { 8 });
        for (value, is_marked) in &self.values {
            let marker = if *is_marked { " # keysieve:allow" } else { "" };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "aws_access_key_id = {}{marker}", keys[*value]);
        }
        text
    }

    /// The values that nothing lets pass.
    fn open(&self, path: &str) -> Vec<usize> {
        if path.starts_with("tests/") || self.mode == "160000" || self.is_large {
            return Vec::new();
        }
        let open = self.values.iter().filter(|(_, is_marked)| !is_marked);
        open.map(|(value, _)| *value).collect()
    }

    /// A link is one short value, without a marker.
    fn normal(mut self) -> Self {
        if self.mode == "120000" {
            self.values.truncate(1);
            self.values[0].1 = false;
            self.is_large = false;
        }
        self
    }
}

struct Commit {
    parents: Vec<usize>,
    tree: Tree,
}

/// A history: its commits, and the index of the base. `HEAD` is the last commit.
struct History {
    dice: Dice,
    keys: Vec<String>,
    commits: Vec<Commit>,
    base: usize,
}

impl History {
    fn new(seed: u64, is_quiet: bool) -> Self {
        let mut history = Self {
            dice: Dice(seed),
            keys: (0..VALUES as u64)
                .map(|n| access_key_id(seed * 100 + n))
                .collect(),
            commits: vec![Commit {
                parents: Vec::new(),
                tree: Tree::new(),
            }],
            base: 0,
        };
        let mut heads = vec![0; if is_quiet { 1 } else { 3 }];
        for _ in 0..1 + history.dice.below(5) {
            history.advance(&mut heads);
        }
        history.base = heads[0];
        for _ in 0..1 + history.dice.below(7) {
            if is_quiet {
                let mut tree = history.commits[heads[0]].tree.clone();
                history.move_one(&mut tree);
                heads[0] = history.push(vec![heads[0]], tree);
            } else {
                history.advance(&mut heads);
            }
        }
        if !is_quiet {
            for other in [heads[1], heads[2]] {
                heads[0] = history.merge(heads[0], other);
            }
        }
        history
    }

    fn push(&mut self, parents: Vec<usize>, tree: Tree) -> usize {
        self.commits.push(Commit { parents, tree });
        self.commits.len() - 1
    }

    fn advance(&mut self, heads: &mut [usize]) {
        let (branch, other) = (self.dice.below(heads.len()), self.dice.below(heads.len()));
        heads[branch] = if branch != other && self.dice.one_in(4) {
            self.merge(heads[branch], heads[other])
        } else {
            let from = if self.dice.one_in(6) {
                self.dice.below(self.commits.len())
            } else {
                heads[branch]
            };
            let mut tree = self.commits[from].tree.clone();
            for _ in 0..1 + self.dice.below(3) {
                self.edit(&mut tree);
            }
            self.push(vec![heads[branch]], tree)
        };
    }

    /// Takes each path from either side, and at times edits the result.
    fn merge(&mut self, one: usize, two: usize) -> usize {
        let mut tree = self.commits[one].tree.clone();
        for (path, entry) in self.commits[two].tree.clone() {
            if self.dice.one_in(2) || !tree.contains_key(&path) {
                tree.insert(path, entry);
            }
        }
        if self.dice.one_in(3) {
            self.edit(&mut tree);
        }
        self.push(vec![one, two], tree)
    }

    fn entry(&mut self) -> Entry {
        let values =
            (0..1 + self.dice.below(3)).map(|_| (self.dice.below(VALUES), self.dice.one_in(4)));
        let values = values.collect();
        let mode = ["100644", "100644", "100755", "120000", "160000"][self.dice.below(5)];
        Entry {
            mode,
            values,
            is_large: self.dice.one_in(5),
        }
        .normal()
    }

    fn path(&mut self) -> String {
        if self.dice.one_in(8) {
            let folder = ["names", "tests"][self.dice.below(2)];
            return format!("{folder}/{}.txt", self.keys[self.dice.below(VALUES)]);
        }
        PATHS[self.dice.below(PATHS.len())].to_owned()
    }

    fn edit(&mut self, tree: &mut Tree) {
        let to = self.path();
        let old = (!tree.is_empty()).then(|| self.dice.below(tree.len()));
        let Some((from, mut entry)) = old
            .and_then(|index| tree.iter().nth(index))
            .map(|(path, entry)| (path.clone(), entry.clone()))
        else {
            let entry = self.entry();
            tree.insert(to, entry);
            return;
        };
        match self.dice.below(8) {
            0 | 1 => drop(tree.insert(to, self.entry())),
            // Moved, copied, removed.
            2 => {
                tree.remove(&from);
                tree.insert(to, entry);
            }
            3 => drop(tree.insert(to, entry)),
            4 => drop(tree.remove(&from)),
            // Another mode: for a submodule entry and a file, the same object.
            5 => {
                entry.mode = ["100644", "100755", "120000", "160000"][self.dice.below(4)];
                tree.insert(from, entry.normal());
            }
            6 => {
                entry.is_large = !entry.is_large;
                tree.insert(from, entry.normal());
            }
            _ => {
                let index = self.dice.below(entry.values.len());
                entry.values[index].1 = !entry.values[index].1;
                tree.insert(from, entry.normal());
            }
        }
    }

    /// Moves a file between paths that nothing exempts, or adds what the policy lets pass.
    fn move_one(&mut self, tree: &mut Tree) {
        let free: Vec<_> = PATHS[..5]
            .iter()
            .filter(|path| !tree.contains_key(**path))
            .collect();
        let movable: Vec<_> = tree
            .keys()
            .filter(|path| PATHS[..5].contains(&path.as_str()))
            .cloned()
            .collect();
        if self.dice.one_in(2) && !free.is_empty() && !movable.is_empty() {
            let from = movable[self.dice.below(movable.len())].clone();
            let to = free[self.dice.below(free.len())].to_string();
            let entry = tree.remove(&from).expect("an entry");
            tree.insert(to, entry);
        } else {
            let path = PATHS[5 + self.dice.below(2)].to_owned();
            let entry = self.entry();
            tree.insert(path, entry);
        }
    }

    /// What `git fast-import` reads, in two runs: the blobs, and then the commits, which name them
    /// by id. In one run it refuses a submodule entry with the id of a blob. Commit n has the mark
    /// n + 1.
    fn streams(&self) -> [String; 2] {
        let mut blobs = blob(POLICY);
        let mut out = String::new();
        for (index, commit) in self.commits.iter().enumerate() {
            let _ = write!(
                out,
                "commit refs/heads/c{index}\nmark :{}\ncommitter A <a@b> {} +0000\ndata 1\nm\n",
                index + 1,
                1_700_000_000 + index
            );
            for (nth, parent) in commit.parents.iter().enumerate() {
                let word = if nth == 0 { "from" } else { "merge" };
                let _ = writeln!(out, "{word} :{}", parent + 1);
            }
            out.push_str("deleteall\n");
            let _ = writeln!(out, "M 100644 {} .keysieve.toml", id(POLICY));
            for (path, entry) in &commit.tree {
                let text = entry.text(&self.keys);
                let _ = writeln!(out, "M {} {} {path}", entry.mode, id(&text));
                blobs += &blob(&text);
            }
            out.push('\n');
        }
        [blobs, out]
    }

    fn reachable(&self, from: usize) -> BTreeSet<usize> {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![from]);
        while let Some(commit) = queue.pop() {
            if seen.insert(commit) {
                queue.extend(&self.commits[commit].parents);
            }
        }
        seen
    }

    fn held<'a>(&self, commits: impl Iterator<Item = &'a usize>) -> BTreeSet<usize> {
        let trees = commits.flat_map(|commit| &self.commits[*commit].tree);
        trees
            .flat_map(|(path, entry)| self.open_at(path, entry))
            .collect()
    }

    fn open_at(&self, path: &str, entry: &Entry) -> Vec<usize> {
        let mut open = entry.open(path);
        let named = |key: &String| path == format!("names/{key}.txt");
        open.extend(self.keys.iter().position(named));
        open
    }

    /// The values that the gate has to report.
    fn owed(&self) -> Vec<&str> {
        let trusted = self.reachable(self.base);
        let all = self.reachable(self.commits.len() - 1);
        let range = self.held(all.difference(&trusted));
        let known = self.held(trusted.iter());
        let mut owed: BTreeSet<usize> = range.difference(&known).copied().collect();
        if !trusted.contains(&(self.commits.len() - 1)) {
            let bases = self.held(self.merge_bases(&trusted, &all).iter());
            let result = self.held([self.commits.len() - 1].iter());
            owed.extend(result.difference(&bases));
        }
        owed.iter()
            .map(|value| self.keys[*value].as_str())
            .collect()
    }

    /// The parents outside of the range that no other one leads to.
    fn merge_bases(&self, trusted: &BTreeSet<usize>, all: &BTreeSet<usize>) -> BTreeSet<usize> {
        let range = all.difference(trusted);
        let parents = range.flat_map(|commit| &self.commits[*commit].parents);
        let outside: BTreeSet<usize> = parents.filter(|id| trusted.contains(id)).copied().collect();
        let is_base = |id: &usize| {
            let mut others = outside.iter().filter(|other| *other != id);
            !others.any(|other| self.reachable(*other).contains(id))
        };
        outside.iter().copied().filter(is_base).collect()
    }
}

fn blob(text: &str) -> String {
    format!("blob\ndata {}\n{text}\n", text.len())
}

fn id(text: &str) -> String {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, text.as_bytes());
    id.expect("an id").to_string()
}

/// Builds the history of this seed, runs the gate and compares it with the model. Returns how many
/// values had to be reported.
fn check(seed: u64, is_quiet: bool) -> usize {
    let history = History::new(seed, is_quiet);
    let repo = Repo::new();
    let streams = history.streams();
    for stream in &streams {
        let import = ["fast-import", "--quiet", "--force"];
        repo.program("git")
            .args(import)
            .stdin(stream.as_str())
            .status(0);
    }
    let head = history.commits.len() - 1;
    let range = format!("refs/heads/c{}..refs/heads/c{head}", history.base);
    let ran = repo
        .keysieve(["gate", "-f", "json", "--reveal", &range])
        .run();
    if let Some(complaint) = complaint(&history, is_quiet, &ran) {
        let path = env::temp_dir().join(format!("keysieve-history-{seed}-{is_quiet}"));
        let paths = ["1.fi", "2.fi"].map(|end| path.with_extension(end));
        for (path, stream) in paths.iter().zip(&streams) {
            fs::write(path, stream).expect("the stream is kept");
        }
        ran.fail(&format!("seed {seed}: {complaint}; streams: {paths:?}"));
    }
    history.owed().len()
}

fn complaint(history: &History, is_quiet: bool, ran: &Ran) -> Option<String> {
    let owed = history.owed();
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings");
    let skipped = report["skipped"].as_array().expect("skipped");
    // A submodule entry with the id of a file is refused.
    let refusal = "is a blob, not a commit";
    let is_refused = skipped
        .iter()
        .any(|skip| skip["reason"].to_string().contains(refusal));
    let has_blocking = findings.iter().any(|finding| finding["blocking"] == true);
    let code = if is_refused {
        2
    } else {
        i32::from(has_blocking)
    };
    if ran.code() != Some(code) {
        return Some(format!("expected exit status {code}"));
    }
    if is_quiet {
        return has_blocking.then(|| "expected no finding".to_owned());
    }
    let missing: Vec<_> = owed
        .into_iter()
        .filter(|value| !findings.iter().any(|finding| finding["secret"] == *value))
        .collect();
    (!missing.is_empty()).then(|| format!("not reported: {missing:?}"))
}

fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

#[test]
fn random_histories_hide_no_value() {
    let first = number("KEYSIEVE_TEST_SEED").unwrap_or(1);
    let until = number("KEYSIEVE_TEST_HISTORIES").map(Duration::from_secs);
    let start = Instant::now();
    let (mut seed, mut owed) = (first, 0);
    while until.map_or(seed < first + 40, |until| start.elapsed() < until) {
        owed += usize::from(check(seed, false) > 0);
        seed += 1;
    }
    println!(
        "{} histories from seed {first}, {owed} owe a value",
        seed - first
    );
    assert!(owed > 0, "the histories test nothing");
}

#[test]
fn histories_that_only_move_known_values_are_clean() {
    for seed in 1..=20 {
        check(seed, true);
    }
}
