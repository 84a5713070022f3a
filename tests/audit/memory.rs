//! The cache changes nothing but the time: after any change to a repository, an audit with a cache
//! reports the same as one without.

use std::fs;
use std::path::PathBuf;

use super::ground::{Sandbox, id_line};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// Audits without a cache, and twice with one: all reports are the same.
#[track_caller]
fn agree(repo: &Repo, what: &str) {
    let report = |args: &[&str]| {
        let ran = repo
            .keysieve(["audit", "--format", "json", "--reveal"])
            .args(args)
            .run();
        // Only the number of objects that were read may differ.
        let mut json = ran.json();
        json["scanned"].take();
        json
    };
    let anew = report(&["--no-cache"]);
    for round in ["first", "second"] {
        let cached = report(&[]);
        let lists = ["findings", "allowed", "skipped"].map(|list| (&anew[list], &cached[list]));
        for (anew, cached) in lists {
            let (anew, cached) = (anew.as_array().unwrap(), cached.as_array().unwrap());
            for (anew, cached) in anew.iter().zip(cached) {
                assert_eq!(anew, cached, "{what}, {round}");
            }
        }
        assert_eq!(anew, cached, "{what}, {round}");
    }
}

/// Packs these objects, and removes the loose ones.
fn pack(repo: &Repo, objects: &str) {
    repo.program("git")
        .args(["pack-objects", "-q", ".git/objects/pack/pack"])
        .stdin(objects)
        .status(0);
    repo.git(["prune-packed", "-q"]);
}

fn is_cached(repo: &Repo) -> bool {
    cache_file(repo).is_some()
}

fn cache_file(repo: &Repo) -> Option<PathBuf> {
    let files = fs::read_dir(repo.sandbox().home().join(".cache/keysieve")).ok()?;
    let mut files = files.map(|entry| entry.unwrap().path());
    files.find(|path| !path.ends_with("key"))
}

#[test]
fn the_cache_follows_growing_and_repacked_history() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    for round in 0..12_u64 {
        repo.add(
            format!("folder/{}.ini", round % 3),
            id_line(&access_key_id(500 + round)),
        );
        repo.add("clean.txt", format!("round {round}\n"));
        ground.commit(&format!("round {round}"));
        match round % 4 {
            0 => _ = repo.git(["repack", "-q", "-d"]),
            1 => {
                _ = ground
                    .later(&["tag", "-a", "-m", "a tag", &format!("v{round}")])
                    .status(0);
            }
            2 => _ = repo.git(["repack", "-q", "-a", "-d", "-f"]),
            _ => {}
        }
        agree(repo, &format!("round {round}"));
    }
    assert!(is_cached(repo), "nothing was cached, so this tests nothing");
}

/// Each round adds a pack. The audit with a cache numbers the objects of the old packs first.
#[test]
fn the_places_of_a_secret_have_one_order() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    for round in 0..6_u64 {
        let text = format!("{round}\n{}", id_line(&access_key_id(525)));
        repo.add(format!("{round}.ini"), text);
        ground.commit(&format!("round {round}"));
        repo.git(["repack", "-q", "-d"]);
        agree(repo, &format!("round {round}"));
    }
    assert!(is_cached(repo), "nothing was cached, so this tests nothing");
}

/// A commit, its trees and a blob with a key. Each is packed without what it leads to.
#[test]
fn packed_objects_that_lead_to_loose_ones_are_read_again() {
    let parts = [
        "HEAD:folder/key.ini",
        "HEAD:folder",
        "HEAD^{tree}",
        "HEAD",
        "v1",
    ];
    // Each alone, and each alone left out.
    for packed in (1..32_u32).filter(|set| matches!(set.count_ones(), 1 | 4)) {
        let ground = Sandbox::new(Repo::new());
        let repo = &ground.repo;
        repo.add("folder/key.ini", id_line(&access_key_id(520)));
        ground.commit("one");
        ground.later(&["tag", "-a", "-m", "a tag", "v1"]).status(0);
        // Only the tag leads to it.
        repo.git(["checkout", "-q", "--orphan", "island"]);
        let ids = parts.map(|part| repo.git(["rev-parse", &part.replace("HEAD", "main")]));
        let chosen: Vec<_> = (0..parts.len())
            .filter(|part| packed & (1 << part) != 0)
            .collect();
        pack(
            repo,
            &chosen
                .iter()
                .map(|&part| format!("{}\n", ids[part]))
                .collect::<String>(),
        );
        let names: Vec<_> = chosen.iter().map(|&part| parts[part]).collect();
        agree(repo, &format!("packed: {names:?}"));
        repo.git(["repack", "-q", "-a", "-d"]);
        agree(repo, &format!("all packed, after {names:?}"));
    }
}

/// The same objects in several packs, which are added and removed between audits.
#[test]
fn packs_with_the_same_objects_are_cached() {
    let kinds = ["commit", "tree", "blob"];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let ground = Sandbox::new(Repo::new());
        let repo = &ground.repo;
        for round in 0..3_u64 {
            repo.add("folder/key.ini", id_line(&access_key_id(530 + round)))
                .add("x.txt", format!("{round}\n"));
            ground.commit(&format!("round {round}"));
        }
        let all = repo.git([
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objecttype) %(objectname)",
        ]);
        let mut held = String::new();
        for step in order {
            // Each pack holds what the ones before hold, and one kind more.
            let more = all
                .lines()
                .filter_map(|line| line.strip_prefix(kinds[step]));
            held += &more
                .map(|id| format!("{}\n", id.trim()))
                .collect::<String>();
            pack(repo, &held);
            agree(repo, &format!("{order:?}, with {}s packed", kinds[step]));
        }
        repo.git(["repack", "-q", "-a"]);
        agree(repo, &format!("{order:?}, with one pack more"));
        repo.git(["multi-pack-index", "write"]);
        repo.git(["repack", "-q", "-a", "-d"]);
        agree(repo, &format!("{order:?}, with one pack"));
    }
}

#[test]
fn secrets_in_names_are_found_with_a_cache() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    repo.add("clean.txt", "clean\n");
    ground.commit("clean");
    repo.git(["repack", "-q", "-a", "-d"]);
    agree(repo, "clean");
    assert!(is_cached(repo), "nothing was cached, so this tests nothing");
    let name = access_key_id(521);
    repo.add(&name, "x\n");
    agree(repo, "a name that is staged");
    ground.commit("a name");
    agree(repo, "a name in a loose tree");
    repo.git(["repack", "-q", "-d"]);
    agree(repo, "a name in a packed tree");
    ground.later(&["rm", "-q", &name]).status(0);
    ground.commit("no name");
    agree(repo, "a name that is gone");
}

#[test]
fn an_invalid_cache_is_ignored() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    repo.add("key.ini", id_line(&access_key_id(522)));
    ground.commit("one");
    repo.git(["repack", "-q", "-a", "-d"]);
    agree(repo, "as it was");
    let file = cache_file(repo).unwrap();
    let sound = fs::read(&file).unwrap();
    assert!(
        !String::from_utf8_lossy(&sound).contains(&access_key_id(522)),
        "the memory holds a value"
    );
    for at in (0..sound.len()).step_by(sound.len() / 40 + 1) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x20;
        fs::write(&file, damaged).unwrap();
        repo.keysieve(["audit"]).status(1).says("key.ini:1:21");
        assert_eq!(fs::read(&file).unwrap(), sound, "it is not written again");
    }
    for foreign in [
        &b""[..],
        b"keysieve audit cache 1\n",
        &sound[..sound.len() / 2],
    ] {
        fs::write(&file, foreign).unwrap();
        agree(repo, "a foreign memory");
    }
}

/// A cache of a pack does not hide that the pack is broken now.
#[test]
fn a_pack_that_broke_after_it_was_cached_is_reported() {
    let ground = Sandbox::new(Repo::new());
    let repo = &ground.repo;
    repo.add("clean.txt", "clean\n".repeat(500));
    ground.commit("one");
    repo.git(["repack", "-q", "-a", "-d"]);
    repo.keysieve(["audit"]).status(0);
    assert!(is_cached(repo));
    let packs = repo.path(".git/objects/pack");
    let pack = fs::read_dir(packs)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pack = pack
        .into_iter()
        .find(|path| path.extension().is_some_and(|ending| ending == "pack"))
        .unwrap();
    let sound = fs::read(&pack).unwrap();
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &sound[..sound.len() - 30]).unwrap();
    repo.keysieve(["audit", "--no-cache"]).status(2);
    repo.keysieve(["audit"]).status(2);
    fs::remove_file(&pack).unwrap();
    repo.keysieve(["audit"]).status(2);
}
