//! Compares the two versions on long delta chains whose edits cut secrets at every offset.

use std::fmt::Write as _;

use super::super::packer::{Packer, Step, delta};
use super::{SCANNER, compare};
use crate::support::Repo;
use crate::support::keys::{Chance, access_key_id, secret_access_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keysieve::git::store::Kind;

/// Texts with secrets in every form that is searched for.
fn texts() -> Vec<Vec<u8>> {
    let pair = |seed| {
        let (id, secret) = (access_key_id(seed), secret_access_key(seed));
        format!(
            "[default]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n\
             region = eu-west-1\n"
        )
    };
    let wrapped = |text: &str| {
        let lines = STANDARD.encode(text).into_bytes();
        lines
            .chunks(76)
            .map(|line| [line, b"\n"].concat())
            .collect::<Vec<_>>()
            .concat()
    };
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let broad = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<u8>>()
    };
    let mut texts = vec![
        pair(300).into_bytes(),
        pair(301).replace('\n', "\r\n").into_bytes(),
        [b"data: |\n".to_vec(), wrapped(&pair(302))].concat(),
        format!("AWS_KEYS=\"{}\"\n", STANDARD.encode(pair(303))).into_bytes(),
        [b"\xff\xfe".to_vec(), wide(&pair(304))].concat(),
        broad(&pair(305)),
        pair(306).replace('\n', "\\n").into_bytes(),
    ];
    // The first example of every rule file: private keys, tokens with checksums, connection
    // strings.
    let mut files: Vec<&str> = Vec::new();
    for rule in &SCANNER.rules().rules {
        if !files.contains(&&*rule.source.file) {
            files.push(&rule.source.file);
            texts.extend(
                rule.source
                    .examples
                    .first()
                    .map(|text| text.clone().into_bytes()),
            );
        }
    }
    texts
}

/// One change of a text, at a place.
fn edit(text: &[u8], at: usize, which: usize) -> Vec<u8> {
    let (before, after) = text.split_at(at);
    let skip = |len: usize| &after[len.min(after.len())..];
    let line_end = after
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(text.len(), |len| at + len + 1);
    match which {
        0 => [before, b"x", after].concat(),
        1 => [before, b"\n", after].concat(),
        2 => [before, skip(1)].concat(),
        3 => [before, b"/", skip(1)].concat(),
        4 => [before, b"\r\n", skip(1)].concat(),
        5 => [after, before].concat(),
        // The rest of the line, twice.
        6 => [&text[..line_end], &text[at..]].concat(),
        7 => [before, b"\0", after].concat(),
        _ => [
            before,
            skip(7),
            b" moved ",
            &after[..after.len().min(7)],
            b"\n",
        ]
        .concat(),
    }
}

const EDITS: usize = 9;

/// Versions of one file, each made from the one before, cut at every offset.
fn versions(text: &[u8], chance: &mut Chance) -> Vec<Vec<u8>> {
    let around = |which: &str| -> Vec<u8> {
        (0..4)
            .fold(String::new(), |mut text, line| {
                let _ = writeln!(
                    text,
                    "line {line} {which} the secret, of no interest to anybody"
                );
                text
            })
            .into_bytes()
    };
    let whole = [around("before"), text.to_vec(), around("after")].concat();
    let start = around("before").len();
    let mut made = vec![whole.clone()];
    let mut last = whole.clone();
    // Long texts are cut at chosen places only, or this would take minutes.
    let stride = text.len().div_ceil(160);
    for offset in (0..=text.len()).step_by(stride) {
        let at = start + (offset + chance.below(stride)).min(text.len());
        // One change on top of all before, one of the text as it was: cut, and whole again.
        last = edit(&last, at.min(last.len()), chance.below(EDITS));
        if chance.below(6) == 0 || last.len() > 3 * whole.len() {
            last.clone_from(&whole);
        }
        made.push(last.clone());
        made.push(edit(&whole, at, offset % EDITS));
    }
    made
}

/// A repository with all versions of all texts, each text a file.
fn history(seed: u64) -> Repo {
    let repo = Repo::new();
    let mut chance = Chance::new(seed, "chains");
    let mut stream: Vec<u8> = Vec::new();
    let files: Vec<Vec<Vec<u8>>> = texts()
        .iter()
        .map(|text| versions(text, &mut chance))
        .collect();
    let most = files.iter().map(Vec::len).max().unwrap();
    for round in 0..most {
        let who = format!("Ada <ada@example.org> {} +0000", 1_704_000_000 + round);
        stream.extend(format!("commit refs/heads/main\ncommitter {who}\ndata 0\n").into_bytes());
        for (file, versions) in files.iter().enumerate() {
            if let Some(content) = versions.get(round) {
                stream.extend(
                    format!(
                        "M 100644 inline folder/{file}.txt\ndata {}\n",
                        content.len()
                    )
                    .into_bytes(),
                );
                stream.extend(content);
                stream.push(b'\n');
            }
        }
    }
    repo.program("git")
        .args(["fast-import", "--quiet", "--depth=50"])
        .stdin(stream)
        .status(0);
    repo
}

#[test]
fn edits_at_every_offset_give_the_same_findings_in_any_pack() {
    let repo = history(1);
    let expected = compare(repo.root());
    assert!(
        expected > 1000,
        "only {expected} matches: the test tests little"
    );
    let packed: [&[&str]; 4] = [
        &[
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=50",
            "--window=50",
        ],
        &[
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=250",
            "--window=20",
        ],
        &[
            "-c",
            "pack.windowMemory=64k",
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=50",
            "--window=50",
        ],
        // Deltas that name their base by its id.
        &[
            "-c",
            "repack.useDeltaBaseOffset=false",
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=250",
            "--window=10",
        ],
    ];
    for args in packed {
        repo.git(args);
        assert_eq!(compare(repo.root()), expected, "{args:?}");
    }
    let report = |jobs: &str| {
        repo.keysieve(["audit", "--format", "json", "--jobs", jobs])
            .run()
            .stdout_bytes()
            .to_vec()
    };
    let one = report("1");
    assert!(one.len() > 10_000);
    for jobs in ["2", "16"] {
        assert!(report(jobs) == one, "another report with {jobs} threads");
    }
}

/// A delta that copies spans of `base` in any order.
fn random_steps(base: &[u8], pieces: &[Vec<u8>], chance: &mut Chance) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = 0;
    for _ in 0..=chance.below(8) {
        match chance.below(4) {
            // Continues where the last copy ended, as most deltas do.
            0 | 1 => {
                let len = chance.below(base.len() - at + 1);
                steps.push(Step::Copy(at, len));
                at += len;
            }
            2 => {
                let from = chance.below(base.len() + 1);
                steps.push(Step::Copy(
                    from,
                    chance.below((base.len() - from).min(300) + 1),
                ));
            }
            _ => {
                let piece = &pieces[chance.below(pieces.len())];
                let from = chance.below(piece.len());
                let len = chance.below(piece.len() - from) + 1;
                steps.push(Step::Insert(piece[from..from + len].to_vec()));
                at = (at + chance.below(3)).min(base.len());
            }
        }
    }
    steps.push(Step::Copy(at, base.len() - at));
    steps
}

fn apply(base: &[u8], steps: &[Step]) -> Vec<u8> {
    let parts = steps.iter().map(|step| match step {
        Step::Copy(from, len) => &base[*from..from + len],
        Step::Insert(bytes) => bytes,
    });
    parts.collect::<Vec<_>>().concat()
}

/// Deltas that git would never write: out of order, doubled, cut anywhere.
#[test]
fn random_deltas_give_the_same_findings() {
    for seed in 0..3 {
        let mut chance = Chance::new(seed, "chains");
        let pieces = texts();
        let mut packer = Packer::default();
        let mut objects: Vec<(usize, Vec<u8>)> = Vec::new();
        for text in pieces.iter().take(8) {
            let text = [b"start\n", &text[..], b"\nend\n"].concat();
            objects.push((packer.object(Kind::Blob, &text), text));
        }
        for _ in 0..100 {
            // Mostly of the newest, so that chains are long.
            let near = objects.len() - 1 - chance.below(objects.len()).min(chance.below(12));
            let (base, text) = &objects[near];
            let steps = random_steps(text, &pieces, &mut chance);
            let made = apply(text, &steps);
            if made.len() > 9000 || packer.has(Kind::Blob, &made) {
                continue;
            }
            let by_id = chance.below(2) == 0;
            let entry = packer.delta(*base, Kind::Blob, &made, &delta(text.len(), &steps), by_id);
            objects.push((entry, made));
        }
        let repo = Repo::new();
        packer.write(&repo);
        repo.git(["verify-pack", &packer.index(&repo)]);
        assert!(
            compare(repo.root()) > 50,
            "seed {seed}: the test tests little"
        );
    }
}

/// One copy may have up to 16 MiB; those of git have 64 KiB.
#[test]
fn copies_of_more_than_64_kib_give_the_same_findings() {
    let filler: String = (0..8000)
        .map(|line| format!("line {line} is long and says nothing at all\n"))
        .collect();
    let key = texts().swap_remove(0);
    let (left, right) = filler.as_bytes().split_at(filler.len() / 2);
    let text = [left, &key, right].concat();
    let mut packer = Packer::default();
    let base = packer.object(Kind::Blob, &text);
    let cut = left.len() + 30;
    for steps in [
        vec![Step::Copy(0, text.len())],
        vec![
            Step::Copy(0, cut),
            Step::Copy(cut, text.len() - cut),
            Step::Insert(b"end".to_vec()),
        ],
        vec![
            Step::Copy(0, cut),
            Step::Insert(b"cut".to_vec()),
            Step::Copy(cut, text.len() - cut),
        ],
        vec![
            Step::Copy(100, 0x10000),
            Step::Copy(cut - 60, 0x10000),
            Step::Copy(0, 0x1_0001),
            Step::Copy(0, 0xffff),
        ],
        vec![Step::Copy(cut, text.len() - cut), Step::Copy(0, text.len())],
    ] {
        let made = apply(&text, &steps);
        if made != text {
            packer.delta(base, Kind::Blob, &made, &delta(text.len(), &steps), false);
        }
    }
    let repo = Repo::new();
    packer.write(&repo);
    repo.git(["verify-pack", &packer.index(&repo)]);
    assert!(compare(repo.root()) >= 4);
}

/// Names with keys are added and removed while the trees around them change.
#[test]
fn names_in_changing_trees_give_the_same_findings() {
    let repo = Repo::new();
    let mut chance = Chance::new(9, "chains");
    let mut stream = String::new();
    let name = |at: usize| match at % 5 {
        0 => format!("{}.txt", access_key_id(400 + at as u64)),
        1 => format!("folder-{}/{at}.txt", access_key_id(400 + at as u64)),
        _ => format!("plain/folder/number-{at}-with-a-long-name.txt"),
    };
    for round in 0..150 {
        let who = format!("Ada <ada@example.org> {} +0000", 1_704_000_000 + round);
        stream += &format!("commit refs/heads/main\ncommitter {who}\ndata 0\n");
        for _ in 0..3 {
            let path = name(chance.below(60));
            match chance.below(3) {
                0 => stream += &format!("D {path}\n"),
                _ => stream += &format!("M 100644 inline {path}\ndata 4\n{round:03}\n\n"),
            }
        }
    }
    repo.program("git")
        .args(["fast-import", "--quiet"])
        .stdin(stream)
        .status(0);
    let expected = compare(repo.root());
    assert!(
        expected > 10,
        "only {expected} names: the test tests little"
    );
    for depth in ["--depth=50", "--depth=250"] {
        repo.git(["repack", "-q", "-a", "-d", "-f", depth, "--window=50"]);
        assert_eq!(compare(repo.root()), expected, "{depth}");
    }
}
