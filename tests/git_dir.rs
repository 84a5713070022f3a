//! Tests the git directory as a source: a marker is written to each place, and must be fed under
//! the name that reports show for that place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Mutex;

use keysieve::blob::{Blob, Skip, SkipReason};
use keysieve::git;
use keysieve::source::{GitDir, Source, Worker};

use crate::support::{Repo, Run};

/// The texts that were fed, by their place, and what was skipped.
#[derive(Default)]
struct Fed {
    blobs: BTreeMap<String, Vec<u8>>,
    skips: Vec<Skip>,
}

struct Collector<'a>(&'a Mutex<Fed>);

impl Worker for Collector<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        let own = if blob.part.last {
            &blob.bytes[blob.part.own.start..]
        } else {
            &blob.bytes[blob.part.own]
        };
        let place = String::from_utf8_lossy(blob.origin.path()).into_owned();
        self.0
            .lock()
            .unwrap()
            .blobs
            .entry(place)
            .or_default()
            .extend_from_slice(own);
    }
    fn skip(&mut self, skip: Skip) {
        self.0.lock().unwrap().skips.push(skip);
    }
    fn left_out(&mut self, entries: u64) {
        panic!("ignore rules left out {entries} entries of a git directory");
    }
}

fn feed_git_dir(path: &Path, settings: impl FnOnce(&mut GitDir)) -> Fed {
    let mut source = GitDir {
        repo: git::open(path).unwrap(),
        name: None,
        max_size: None,
        jobs: 1,
    };
    settings(&mut source);
    let fed = Mutex::new(Fed::default());
    source.feed(&|| Box::new(Collector(&fed))).unwrap();
    fed.into_inner().unwrap()
}

impl Fed {
    /// Places whose text holds `marker`.
    fn places_of(&self, marker: &str) -> Vec<&str> {
        let holds = |text: &[u8]| {
            text.windows(marker.len())
                .any(|window| window == marker.as_bytes())
        };
        self.blobs
            .iter()
            .filter(|(_, text)| holds(text))
            .map(|(place, _)| place.as_str())
            .collect()
    }
}

fn with_commit() -> Repo {
    let repo = Repo::new();
    repo.add("a", "1\n").commit("first");
    repo
}

const OID: &str = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5";

/// Files below the git directory, and the names that reports show for them.
const FILES: &[(&str, &str)] = &[
    ("config", ".git/config"),
    ("config.worktree", ".git/config.worktree"),
    (
        "worktrees/other/config.worktree",
        ".git/worktrees/other/config.worktree",
    ),
    (
        "worktrees/other/COMMIT_EDITMSG",
        ".git/worktrees/other/COMMIT_EDITMSG",
    ),
    (
        "worktrees/other/logs/refs/worktree/x",
        "reflog of refs/worktree/x of worktree other",
    ),
    ("description", ".git/description"),
    ("COMMIT_EDITMSG", ".git/COMMIT_EDITMSG"),
    ("MERGE_MSG", ".git/MERGE_MSG"),
    (
        "rebase-merge/git-rebase-todo",
        ".git/rebase-merge/git-rebase-todo",
    ),
    ("info/exclude", ".git/info/exclude"),
    ("hooks/pre-push", ".git/hooks/pre-push"),
    ("hooks/pre-push.sample", ".git/hooks/pre-push.sample"),
    ("FETCH_HEAD", ".git/FETCH_HEAD"),
    ("gc.log", ".git/gc.log"),
    ("lost-found/other/0123", ".git/lost-found/other/0123"),
    ("rr-cache/0123/preimage", ".git/rr-cache/0123/preimage"),
    ("modules/notes.txt", ".git/modules/notes.txt"),
    ("logs/refs/heads/gone", "reflog of gone"),
    ("logs/refs/remotes/origin/x", "reflog of origin/x"),
    ("refs/heads/damaged", "refs/heads/damaged"),
    (
        "objects/info/alternates",
        "info/alternates of the object store",
    ),
    (
        "objects/pack/pack-12.keep",
        "pack/pack-12.keep of the object store",
    ),
    ("index.lock", ".git/index.lock"),
    ("an/unknown folder/file", ".git/an/unknown folder/file"),
];

#[test]
fn every_file_is_fed_under_its_name() {
    let repo = with_commit();
    repo.worktree("other");
    let lfs = format!("lfs/objects/59/94/{OID}");
    let lfs_place = format!("LFS object {OID}");
    let mut files = FILES.to_vec();
    files.push((&lfs, &lfs_place));
    for (number, (file, _)) in files.iter().enumerate() {
        let path = Path::new(".git").join(file);
        let mut text = fs::read(repo.path(&path)).unwrap_or_default();
        text.extend_from_slice(format!("# marker-{number:03}\n").as_bytes());
        repo.write(path, text);
    }
    for jobs in [1, 4] {
        let fed = feed_git_dir(repo.root(), |source| source.jobs = jobs);
        for (number, (_, place)) in files.iter().enumerate() {
            assert_eq!(fed.places_of(&format!("marker-{number:03}")), [*place]);
        }
        // The marker is not what the id of the object says.
        let skipped: Vec<_> = fed.skips.iter().map(|skip| skip.path.to_string()).collect();
        assert_eq!(skipped, [lfs_place.as_str()]);
        assert!(
            fed.blobs
                .keys()
                .all(|place| !place.starts_with(".git/objects") && !place.ends_with("index"))
        );
    }
}

#[test]
fn names_of_refs_are_fed_from_every_place() {
    let repo = with_commit();
    for name in ["marker-loose", "marker-packed", "deep/marker-both"] {
        repo.git(["branch", name]);
    }
    repo.git(["pack-refs", "--all"]);
    repo.git([
        "update-ref",
        "refs/heads/deep/marker-both",
        &repo.commit("next"),
    ]);
    repo.git(["branch", "--force", "marker-loose"]);
    repo.write(".git/logs/refs/heads/marker-log", "");
    fs::create_dir_all(repo.path(".git/refs/heads/marker-folder")).unwrap();
    repo.git([
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/marker-target",
    ]);
    let packed = fs::read_to_string(repo.path(".git/packed-refs")).unwrap();
    repo.write(".git/packed-refs", packed.clone() + "# marker-comment\n");
    let fed = feed_git_dir(repo.root(), |_| {});
    for (marker, place) in [
        ("marker-loose", "refs/heads/marker-loose"),
        ("marker-packed", "refs/heads/marker-packed"),
        ("marker-both", "refs/heads/deep/marker-both"),
        ("marker-log", "refs/heads/marker-log"),
        ("marker-folder", "refs/heads/marker-folder"),
        ("marker-target", "refs/remotes/origin/HEAD"),
        ("marker-comment", ".git/packed-refs"),
    ] {
        assert_eq!(fed.places_of(marker), [place]);
    }
    assert_eq!(
        fed.blobs["refs/heads/deep/marker-both"], b"refs/heads/deep/marker-both",
        "the name once, and no id"
    );
    let line = fed.blobs[".git/packed-refs"]
        .split(|&byte| byte == b'\n')
        .position(|line| line == b"# marker-comment");
    assert_eq!(line, Some(packed.lines().count()), "on its own line");
}

#[test]
fn long_file_names_are_fed_unless_they_are_hashes() {
    let repo = with_commit();
    repo.write(".git/notes/marker-in-a-long-file-name", "")
        .write(".git/folder-with-a-long-marker/x", "");
    repo.write(format!(".git/lfs/objects/59/94/{OID}"), "large");
    let fed = feed_git_dir(repo.root(), |_| {});
    assert_eq!(
        fed.places_of("marker-in-a"),
        [".git/notes/marker-in-a-long-file-name"]
    );
    assert_eq!(
        fed.places_of("long-marker"),
        [".git/folder-with-a-long-marker"]
    );
    assert_eq!(fed.blobs[&format!("LFS object {OID}")], b"large");
}

#[test]
fn repositories_of_submodules_are_listed_and_not_fed() {
    let repo = with_commit();
    let module = |at: &str| {
        repo.git(["init", "--quiet", "--bare", at]);
        repo.write(format!("{at}/marker"), "marker-of-module");
    };
    module(".git/modules/lib");
    module(".git/modules/lib/modules/inner");
    module(".git/modules/group/tool");
    repo.worktree("other");
    module(".git/worktrees/other/modules/lib");
    let common = repo.path(".git");
    let listed = git::submodule_repositories(&common).unwrap();
    let names: Vec<_> = listed.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(
        names,
        [
            "group/tool",
            "lib",
            "lib of worktree other",
            "lib/modules/inner"
        ]
    );
    assert!(
        feed_git_dir(repo.root(), |_| {})
            .places_of("marker-of-module")
            .is_empty()
    );
    for (name, path) in listed {
        let fed = feed_git_dir(&path, |source| {
            source.name = Some(format!(".git/modules/{name}").into());
        });
        assert_eq!(
            fed.places_of("marker-of-module"),
            [format!(".git/modules/{name}/marker")]
        );
    }
    fs::remove_file(repo.path(".git/modules/lib/HEAD")).unwrap();
    assert_eq!(
        git::submodule_repositories(&common).unwrap().len(),
        4,
        "a damaged repository is listed too"
    );
}

#[test]
fn links_are_fed_as_their_target_and_not_followed() {
    let repo = with_commit();
    repo.write("outside/secret", "marker-outside")
        .write(".git/inside", "marker-inside");
    symlink(repo.path("outside"), repo.path(".git/marker-link")).unwrap();
    symlink("inside", repo.path(".git/second")).unwrap();
    symlink("missing", repo.path(".git/third")).unwrap();
    let fed = feed_git_dir(repo.root(), |_| {});
    assert_eq!(
        fed.skips,
        [Skip {
            path: ".git/marker-link".into(),
            reason: SkipReason::Outside
        }]
    );
    assert_eq!(
        fed.blobs[".git/marker-link"],
        repo.path("outside").to_str().unwrap().as_bytes()
    );
    assert!(fed.places_of("marker-outside").is_empty());
    assert_eq!(fed.places_of("marker-inside"), [".git/inside"]);
    assert_eq!(fed.blobs[".git/third"], b"missing");
}

#[test]
fn sockets_and_too_large_files_are_skipped() {
    let repo = with_commit();
    repo.write(".git/large", "x".repeat(1000));
    let _daemon = UnixListener::bind(repo.path(".git/fsmonitor--daemon.ipc")).unwrap();
    let _other = UnixListener::bind(repo.path(".git/socket")).unwrap();
    let fed = feed_git_dir(repo.root(), |source| source.max_size = Some(999));
    let mut skips: Vec<_> = fed
        .skips
        .iter()
        .map(|skip| (skip.path.to_string(), skip.reason.clone()))
        .collect();
    skips.retain(|(path, _)| !path.starts_with(".git/hooks/"));
    let large = (".git/large".to_owned(), SkipReason::TooLarge { limit: 999 });
    assert_eq!(
        skips,
        [(".git/socket".to_owned(), SkipReason::NotRegular), large]
    );
    assert!(!fed.blobs.contains_key(".git/large"));
}

#[test]
fn a_large_file_is_fed_in_parts() {
    let repo = with_commit();
    let text: Vec<u8> = (0..3_000_000_u32)
        .flat_map(|number| format!("{number:>7}\n").into_bytes())
        .collect();
    let path = format!(".git/lfs/objects/59/94/{OID}");
    repo.write(&path, &text);
    assert!(feed_git_dir(repo.root(), |_| {}).blobs[&format!("LFS object {OID}")] == text);
}

/// Every file below `folder`, with its content and time.
fn snapshot(folder: &Path) -> BTreeSet<(String, Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let data = entry.metadata().unwrap();
        let content = if data.is_file() {
            fs::read(entry.path()).unwrap()
        } else {
            Vec::new()
        };
        found.insert((
            entry.path().to_string_lossy().into_owned(),
            content,
            data.modified().unwrap(),
        ));
        if data.is_dir() {
            found.extend(snapshot(&entry.path()));
        }
    }
    found
}

#[test]
fn nothing_is_written_and_no_program_is_run() {
    let repo = with_commit();
    let ran = repo.path("ran");
    let touch = format!("touch '{}'", ran.display());
    for key in [
        "core.fsmonitor",
        "core.hooksPath",
        "diff.external",
        "core.pager",
        "filter.x.clean",
        "core.sshCommand",
    ] {
        repo.config(key, &touch);
    }
    repo.write(".gitattributes", "* filter=x\n");
    let before = snapshot(&repo.path(".git"));
    let fed = feed_git_dir(repo.root(), |_| {});
    assert_eq!(git::roots(&git::open(repo.root()).unwrap()).unread, []);
    assert!(fed.skips.is_empty() && !ran.exists());
    assert!(
        before == snapshot(&repo.path(".git")),
        "something was written"
    );
}

#[test]
fn a_bare_repository_has_the_name_of_its_directory() {
    let repo = with_commit();
    let bare = repo.sandbox().root().join("project.git");
    repo.git([
        "clone".as_ref(),
        "--quiet".as_ref(),
        "--bare".as_ref(),
        repo.root().as_os_str(),
        bare.as_os_str(),
    ]);
    let fed = feed_git_dir(&bare, |_| {});
    assert_eq!(fed.places_of("[remote \"origin\"]"), ["project.git/config"]);
}

/// Reflogs and ref lists are full of object ids, which no rule may match.
#[test]
fn object_ids_in_reflogs_and_ref_lists_are_not_reported() {
    let repo = Repo::sha256();
    for number in 0..40 {
        repo.commit(&format!("rotate the secret key and the api token {number}"));
    }
    repo.git(["pack-refs", "--all"]);
    let files = [
        ".git/logs/HEAD",
        ".git/packed-refs",
        ".git/ORIG_HEAD",
        ".git/logs/refs/heads/main",
    ];
    repo.git(["reset", "--quiet", "--hard", "HEAD~"]);
    Run::new(Run::KEYSIEVE, repo.root(), repo.sandbox())
        .args(["scan"])
        .args(files)
        .status(0);
}
