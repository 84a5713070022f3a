//! Makes a repository with a key in every place that can hold one.

mod refs;

use std::fs;
use std::os::unix::fs::symlink;

use sha2::{Digest as _, Sha256};

use super::ground::{Sandbox, id_line};
use crate::support::Repo;
use crate::support::keys::access_key_id;

/// A key, and what the report must contain about it.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    /// Where it was put, in words.
    pub(super) what: &'static str,
    pub(super) id: String,
    /// The path, or what a report shows instead of one.
    pub(super) path: String,
    /// The commit that added it.
    pub(super) commit: Option<String>,
    pub(super) exposure: Option<&'static str>,
    /// Some of the refs that lead to it.
    pub(super) from: Vec<&'static str>,
}

/// The repository, another work tree of it, and what was put into them.
pub(super) struct Everywhere {
    pub(super) ground: Sandbox,
    pub(super) other: Repo,
    pub(super) planted: Vec<Planted>,
}

impl Everywhere {
    /// Plants everything.
    pub(super) fn new(repo: Repo) -> Self {
        // Git must not expire objects or reflog entries.
        for key in [
            "gc.reflogExpire",
            "gc.reflogExpireUnreachable",
            "gc.pruneExpire",
        ] {
            repo.config(key, "never");
        }
        let ground = Sandbox::new(repo);
        ground.repo.add("root.ini", id_line(&access_key_id(100)));
        let root = ground.commit("root");
        let other = ground.repo.worktree("other");
        let mut all = Self {
            ground,
            other,
            planted: Vec::new(),
        };
        all.plant("root commit", 100, "root.ini").commit = Some(root);
        all.files();
        all.texts();
        all.merges();
        all.branches();
        all.remotes();
        all.stashes();
        all.git_dir_files();
        all.unreachable();
        all
    }

    fn repo(&self) -> &Repo {
        &self.ground.repo
    }

    fn plant(&mut self, what: &'static str, seed: u64, path: &str) -> &mut Planted {
        self.planted.push(Planted {
            what,
            id: access_key_id(seed),
            path: path.to_owned(),
            commit: None,
            exposure: Some("local"),
            from: Vec::new(),
        });
        self.planted.last_mut().unwrap()
    }

    /// Commits a file on the current branch.
    fn plant_file(
        &mut self,
        what: &'static str,
        seed: u64,
        path: &str,
        content: impl AsRef<[u8]>,
    ) -> String {
        self.repo().add(path, content);
        let commit = self.ground.commit(what);
        self.plant(what, seed, path).commit = Some(commit.clone());
        commit
    }

    fn files(&mut self) {
        self.plant_file(
            "deleted file",
            101,
            "gone.ini",
            id_line(&access_key_id(101)),
        );
        self.repo().git(["rm", "--quiet", "gone.ini"]);
        self.ground.commit("away with it");
        self.repo().add(
            ".gitattributes",
            "*.nodiff -diff\n*.bin binary\n*.hidden export-ignore -text -diff\n",
        );
        self.plant_file(
            "-diff attribute",
            102,
            "dump.nodiff",
            id_line(&access_key_id(102)),
        );
        self.plant_file(
            "binary attribute",
            103,
            "dump.bin",
            id_line(&access_key_id(103)),
        );
        let nul = [
            b"\0\x01\0",
            id_line(&access_key_id(104)).as_bytes(),
            b"\0\xff",
        ]
        .concat();
        self.plant_file("NUL", 104, "core.dump", nul);
        let wide: Vec<u8> = id_line(&access_key_id(105))
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        self.plant_file("UTF-16", 105, "wide.reg", [b"\xff\xfe", &wide[..]].concat());
        self.plant_file(
            "odd name",
            106,
            "-a \"b\" 'c'\\d\ne\t\u{202e}ü/*.ini",
            id_line(&access_key_id(106)),
        );
        let filler: String = (1..60)
            .map(|line| format!("line {line} of many that stay the same\n"))
            .collect();
        self.repo().add("old-name.txt", &filler);
        self.ground.commit("a long file");
        self.repo().git(["mv", "old-name.txt", "new-name.txt"]);
        self.plant_file(
            "rename with edit",
            107,
            "new-name.txt",
            filler + &id_line(&access_key_id(107)),
        );
        symlink(access_key_id(108), self.repo().path("link")).unwrap();
        self.repo().stage("link");
        let commit = self.ground.commit("link");
        self.plant("symlink target", 108, "link").commit = Some(commit);
        let name = format!("deep/{}.txt", access_key_id(109));
        self.plant_file("file name", 109, &name, "nothing\n");
        let name = format!("deep/{}/in.txt", access_key_id(110));
        self.plant_file("folder name", 110, &name, "nothing either\n");
        self.planted.last_mut().unwrap().path = format!("deep/{}", access_key_id(110));
    }

    fn texts(&mut self) {
        let commit = self
            .ground
            .commit(&format!("subject\n\n{}", id_line(&access_key_id(111))));
        self.plant("commit message", 111, &commit).commit = Some(commit.clone());
        let author = self.ground.later(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "by a key",
        ]);
        author.env("GIT_AUTHOR_NAME", access_key_id(112)).status(0);
        let commit = self.ground.head();
        self.plant("author name", 112, &commit).commit = Some(commit.clone());
        // A commit with keys in its own text is the last one that holds another key.
        self.repo()
            .add("short-lived.ini", id_line(&access_key_id(141)));
        let run = self.ground.later(&[
            "commit",
            "--quiet",
            "--message",
            &format!("use {}", access_key_id(139)),
        ]);
        run.env(
            "GIT_AUTHOR_EMAIL",
            format!("{}@example.org", access_key_id(140)),
        )
        .status(0);
        let commit = self.ground.head();
        self.repo().git(["rm", "--quiet", "short-lived.ini"]);
        self.ground.commit("lived");
        for (what, seed) in [("subject of a commit", 139), ("author's address", 140)] {
            self.plant(what, seed, &commit).commit = Some(commit.clone());
        }
        self.plant("short-lived file", 141, "short-lived.ini")
            .commit = Some(commit);
        self.ground
            .later(&[
                "notes",
                "add",
                "--message",
                &id_line(&access_key_id(113)),
                "HEAD",
            ])
            .status(0);
        let (notes, noted) = (
            self.repo().git(["rev-parse", "refs/notes/commits"]),
            self.ground.head(),
        );
        let planted = self.plant("note", 113, &noted);
        (planted.commit, planted.from) = (Some(notes), vec!["refs/notes/commits"]);

        let [a, b] = [115, 116].map(|seed| {
            self.ground
                .loose_commit("tagged.ini", &id_line(&access_key_id(seed)))
        });
        let message = id_line(&access_key_id(114));
        self.ground
            .later(&["tag", "--annotate", "--message", &message, "v1.0", &a])
            .status(0);
        self.repo().git(["tag", "light", &b]);
        self.plant("tag message", 114, "v1.0").from = vec!["v1.0"];
        let planted = self.plant("commit of an annotated tag only", 115, "tagged.ini");
        (planted.commit, planted.from) = (Some(a), vec!["v1.0"]);
        let planted = self.plant("commit of a tag only", 116, "tagged.ini");
        (planted.commit, planted.from) = (Some(b), vec!["light"]);
        let blob = self.blob(117);
        self.repo().git(["tag", "just-a-blob", &blob]);
        self.plant("tagged blob", 117, "just-a-blob").from = vec!["just-a-blob"];
    }

    /// Two branches that both changed `settings.ini`, merged into `main`: with what `resolve` makes
    /// of it.
    fn merge(&self, branch: &str, resolve: impl FnOnce(&Repo)) -> String {
        let repo = self.repo();
        repo.git(["checkout", "--quiet", "-b", branch, "HEAD~1"]);
        repo.add("settings.ini", format!("of {branch}\n"));
        self.ground.commit("theirs");
        repo.git(["checkout", "--quiet", "main"]);
        repo.add("settings.ini", format!("of main, while {branch} went on\n"));
        self.ground.commit("ours");
        self.ground
            .later(&["merge", "--no-commit", "--strategy", "ours", branch])
            .status(0);
        resolve(repo);
        let merge = self.ground.commit("merge");
        repo.git(["branch", "--quiet", "-D", branch]);
        merge
    }

    fn merges(&mut self) {
        let (resolved, evil) = (access_key_id(118), access_key_id(119));
        let merge = self.merge("conflict", |repo| {
            repo.add("settings.ini", id_line(&resolved));
        });
        self.plant("conflict resolution", 118, "settings.ini")
            .commit = Some(merge);
        let merge = self.merge("evil", |repo| {
            repo.add("evil.ini", id_line(&evil));
        });
        self.plant("evil merge", 119, "evil.ini").commit = Some(merge);
    }

    /// Files of the git directory that are not objects.
    fn git_dir_files(&mut self) {
        let repo = self.repo();
        let content = id_line(&access_key_id(130));
        let oid = faster_hex::hex_string(&Sha256::digest(&content));
        let (first, second) = (&oid[..2], &oid[2..4]);
        repo.write(format!(".git/lfs/objects/{first}/{second}/{oid}"), content);
        let moved = format!("moved for {}", access_key_id(131));
        repo.git([
            "update-ref",
            "-m",
            &moved,
            "--create-reflog",
            "refs/heads/moved",
            "HEAD",
        ]);
        repo.write(".git/hooks/pre-push.sample", id_line(&access_key_id(132)));
        self.plant("LFS store", 130, &format!("LFS object {oid}"))
            .exposure = None;
        self.plant("message in a reflog", 131, "reflog of moved")
            .exposure = None;
        self.plant("hook", 132, ".git/hooks/pre-push.sample")
            .exposure = None;
    }

    /// Unreachable objects.
    fn unreachable(&mut self) {
        self.repo().add("reset.ini", id_line(&access_key_id(133)));
        let reset = self.ground.commit("to be reset");
        self.ground
            .later(&["reset", "--quiet", "--hard", "HEAD~1"])
            .status(0);
        let planted = self.plant("commit of a reflog only", 133, "reset.ini");
        (planted.commit, planted.exposure, planted.from) =
            (Some(reset), Some("reflog"), vec!["main@{1}", "HEAD@{1}"]);

        let dangling = self
            .ground
            .loose_commit("dangling.ini", &id_line(&access_key_id(134)));
        let planted = self.plant("dangling commit", 134, "dangling.ini");
        (planted.commit, planted.exposure) = (Some(dangling), Some("unreachable"));

        let blob = self.blob(135);
        self.plant("dangling blob", 135, &format!("dangling blob {blob}"))
            .exposure = Some("unreachable");

        self.other.add("others.ini", id_line(&access_key_id(136)));
        let planted = self.plant("other work tree's index", 136, "others.ini");
        (planted.exposure, planted.from) = (Some("index"), vec!["index of worktree other"]);
        self.repo().add("staged.ini", id_line(&access_key_id(137)));
        let planted = self.plant("index", 137, "staged.ini");
        (planted.exposure, planted.from) = (Some("index"), vec!["index"]);
        let name = format!("{}.staged", access_key_id(138));
        self.repo().add(&name, "nothing here\n");
        let planted = self.plant("name in an index", 138, &name);
        (planted.exposure, planted.from) = (Some("index"), vec!["index"]);
        fs::remove_file(self.repo().path("staged.ini")).unwrap();
    }

    /// An unreachable blob with a key.
    fn blob(&self, seed: u64) -> String {
        let run = self
            .repo()
            .program("git")
            .args(["hash-object", "-w", "--stdin"]);
        run.stdin(id_line(&access_key_id(seed)))
            .status(0)
            .stdout()
            .trim()
            .to_owned()
    }
}
