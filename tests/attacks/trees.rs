//! Trees, and objects without a tree, that only git's lower commands write.

use crate::server::pair::Pair;
use crate::support::keys::{access_key_id, seeded_id_line};
use crate::support::{Repo, Run};

const ZERO: &str = "0000000000000000000000000000000000000000";

fn blob(repo: &Repo, content: &str) -> String {
    let words = ["hash-object", "-w", "--stdin"];
    let ran = repo.program("git").args(words).stdin(content).status(0);
    ran.stdout().trim().to_owned()
}

/// A commit on `HEAD` whose tree has these lines.
fn commit(repo: &Repo, lines: &str) -> String {
    let tree = tree(repo, lines);
    repo.git(["commit-tree", "-p", "HEAD", "-m", "x", &tree])
}

fn tree(repo: &Repo, lines: &str) -> String {
    let words = ["mktree", "--missing"];
    let ran = repo.program("git").args(words).stdin(lines).status(0);
    ran.stdout().trim().to_owned()
}

/// A push of `id` as its server sees it: all objects of the clone are in quarantine.
fn receive(pair: &Pair, id: &str) -> Run {
    pair.keysieve(["hook", "run", "pre-receive"])
        .env("GIT_OBJECT_DIRECTORY", pair.repo.path(".git/objects"))
        .stdin(format!("{ZERO} {id} refs/heads/x\n"))
}

/// A key in a blob that a submodule entry names: a server keeps it, if a client sends it.
#[test]
fn a_submodule_entry_for_a_blob_is_not_passed() {
    let pair = Pair::guarded();
    let repo = &pair.repo;
    let id = blob(repo, &seeded_id_line(1));
    let entry = format!("160000,{id},lib");
    repo.git(["update-index", "--add", "--cacheinfo", &entry]);
    let of_tree = repo.git(["write-tree", "--missing-ok"]);
    let head = repo.git(["commit-tree", "-p", "HEAD", "-m", "x", &of_tree]);
    let why = format!("object {id} is a blob, not a commit");
    let range = format!("HEAD..{head}");
    repo.keysieve(["gate", &range]).status(2).says(&why);
    repo.keysieve(["hook", "run", "pre-push", "origin", "/nowhere"])
        .stdin(format!("refs/heads/x {head} refs/heads/x {ZERO}\n"))
        .status(2)
        .says(&why);
    receive(&pair, &head).status(2).says(&why);
    receive(&pair, &of_tree).status(2).says(&why);
    repo.keysieve(["staged"]).status(2).says(&why);
}

/// A key in an object that a client sends although no pushed ref leads to it: who knows its id can
/// fetch it from the server.
#[test]
fn an_object_that_no_ref_leads_to_is_scanned_on_the_server() {
    let pair = Pair::guarded();
    let repo = &pair.repo;
    let clean = blob(repo, "clean\n");
    let head = commit(repo, &format!("100644 blob {clean}\ta.txt\n"));
    blob(repo, "clean as well\n");
    receive(&pair, &head).status(0);
    let named = tree(
        repo,
        &format!("100644 blob {clean}\t{}\n", access_key_id(2)),
    );
    for id in [named, blob(repo, &seeded_id_line(3))] {
        receive(&pair, &head)
            .status(1)
            .says(&format!("object {id}:1"))
            .says("the push is refused");
    }
}

/// A key as the name of a folder that holds nothing.
#[test]
fn the_name_of_an_empty_folder_is_searched() {
    let pair = Pair::guarded();
    let repo = &pair.repo;
    let (readme, empty) = (repo.git(["rev-parse", "HEAD:readme"]), tree(repo, ""));
    let key = access_key_id(4);
    let with = |path: &str| {
        let lines = format!("100644 blob {readme}\treadme\n040000 tree {empty}\t{path}\n");
        commit(repo, &lines)
    };
    let head = with(&key);
    let range = format!("HEAD..{head}");
    repo.keysieve(["gate", &range]).status(1);
    pair.push(&[&format!("{head}:refs/heads/x")]).has_status(1);
    // The commit that has it already brings no name.
    repo.git(["reset", "--quiet", "--soft", &head]);
    let next = with(&key);
    repo.keysieve(["gate", &format!("HEAD..{next}")]).status(0);
    repo.git(["reset", "--quiet", "--soft", "HEAD~1"]);
    let clean = with("folder");
    repo.keysieve(["gate", &format!("HEAD..{clean}")]).status(0);
}

/// A path that leaves an allowed folder again, which git does not check out.
#[test]
fn a_path_through_an_allowed_folder_is_not_allowed() {
    let repo = Repo::new();
    let policy = "[[allow]]\npath = \"fx/**\"\nreason = \"fixtures\"\n";
    repo.add(".keysieve.toml", policy).commit("policy");
    let key = blob(&repo, &seeded_id_line(5));
    for name in ["..", ".", ".git"] {
        let inner = tree(&repo, &format!("100644 blob {key}\ta.env\n"));
        let outer = tree(&repo, &format!("040000 tree {inner}\t{name}\n"));
        let head = commit(&repo, &format!("040000 tree {outer}\tfx\n"));
        let range = format!("HEAD..{head}");
        repo.keysieve(["gate", &range]).status(1).says("a.env:1");
    }
    let inner = tree(&repo, &format!("100644 blob {key}\ta.env\n"));
    let head = commit(&repo, &format!("040000 tree {inner}\tfx\n"));
    repo.keysieve(["gate", &format!("HEAD..{head}")]).status(0);
}

/// A merge of very many commits with large trees: all of these together are more than memory.
#[test]
fn a_merge_of_many_large_trees_is_compared_within_bounds() {
    let repo = Repo::new();
    let head =
        |name: &str| format!("commit refs/heads/{name}\ncommitter A <a@b> 1 +0000\ndata 0\n");
    let files = |mark: u8| {
        let lines = (0..20_000).map(|file| format!("M 100644 :{mark} f{file:06}\n"));
        lines.collect::<String>()
    };
    let mut input = "blob\nmark :1\ndata 2\nx\nblob\nmark :2\ndata 2\ny\n".to_owned();
    input += &format!("{}{}\n", head("other"), files(2));
    input += &head("main").replacen('\n', "\nmark :3\n", 1);
    input += &format!("{}\n", files(1));
    for number in 0..400 {
        let branch = head(&format!("p{number}"));
        input += &format!("{branch}from :3\nM 100644 :1 g{number:06}\n\n");
    }
    let words = ["fast-import", "--quiet"];
    repo.program("git").args(words).stdin(input).status(0);
    let parents = repo.git(["for-each-ref", "--format=-p %(objectname)", "refs/heads/p*"]);
    let merge = |tree: &str| {
        let words = ["commit-tree", "-m", "merge", tree].into_iter();
        repo.git(words.chain(parents.split_whitespace()))
    };
    let gate = |head: &str| {
        // In KiB.
        let limited = "ulimit -v 400000 && exec \"$0\" gate --jobs 1 \"$1\"";
        let program = repo.program("sh").args(["-c", limited, Run::KEYSIEVE]);
        program.args([head])
    };
    gate(&merge("main^{tree}")).status(0);
    // No parent has what this merge has.
    let head = merge("other^{tree}");
    gate(&head).status(2).says("too many paths").says(&head);
}
