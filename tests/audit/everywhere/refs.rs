//! Plants the keys that only refs other than `main` lead to.

use super::super::ground::{Sandbox, id_line, like};
use super::Everywhere;
use crate::support::keys::access_key_id;

impl Everywhere {
    pub(super) fn branches(&mut self) {
        let repo = self.repo();
        repo.git(["checkout", "--quiet", "-b", "side"]);
        self.plant_file("side branch", 120, "side.ini", id_line(&access_key_id(120)));
        self.planted.last_mut().unwrap().from = vec!["side"];
        let repo = self.repo();
        repo.git(["checkout", "--quiet", "--orphan", "island"]);
        repo.git(["rm", "--quiet", "-r", "-f", "."]);
        self.plant_file(
            "orphan branch",
            121,
            "island.ini",
            id_line(&access_key_id(121)),
        );
        self.planted.last_mut().unwrap().from = vec!["island"];
        let repo = self.repo();
        repo.git(["checkout", "--quiet", "main"]);
        let branch = format!("topic/{}", access_key_id(122));
        repo.git(["branch", &branch]);
        self.plant("ref name", 122, &format!("refs/heads/{branch}"))
            .exposure = None;
    }

    /// Another repository, from which `origin/main` and a pull request were fetched.
    pub(super) fn remotes(&mut self) {
        let upstream = Sandbox::new(like(self.repo()));
        upstream
            .repo
            .add("upstream.ini", id_line(&access_key_id(123)));
        let published = upstream.commit("published");
        let pulled = upstream.loose_commit("pulled.ini", &id_line(&access_key_id(124)));
        upstream
            .repo
            .git(["update-ref", "refs/pull/7/head", &pulled]);
        let repo = self.repo();
        repo.git([
            "remote",
            "add",
            "origin",
            upstream.repo.root().to_str().unwrap(),
        ]);
        repo.git([
            "fetch",
            "--quiet",
            "origin",
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/pull/*:refs/pull/*",
        ]);
        let url = format!(
            "https://user:{}@git.example.org/project.git",
            access_key_id(125)
        );
        repo.git(["remote", "set-url", "origin", &url]);
        let planted = self.plant("remote-tracking ref", 123, "upstream.ini");
        (planted.commit, planted.exposure, planted.from) =
            (Some(published), Some("published"), vec!["origin/main"]);
        let planted = self.plant("pull ref", 124, "pulled.ini");
        (planted.commit, planted.exposure) = (Some(pulled), Some("published"));
        planted.from = vec!["refs/pull/7/head"];
        self.plant("URL in the configuration", 125, ".git/config")
            .exposure = None;
    }

    pub(super) fn stashes(&mut self) {
        let repo = self.repo();
        for (tracked, untracked, what) in [(126, 127, "older"), (128, 129, "newer")] {
            repo.write("root.ini", id_line(&access_key_id(tracked)));
            repo.write("untracked.ini", id_line(&access_key_id(untracked)));
            self.ground
                .later(&[
                    "stash",
                    "push",
                    "--quiet",
                    "--include-untracked",
                    "--message",
                    what,
                ])
                .status(0);
        }
        for (tracked, untracked, name) in [(126, 127, "stash@{1}"), (128, 129, "stash@{0}")] {
            let commit = self.repo().git(["rev-parse", name]);
            let planted = self.plant("stash", tracked, "root.ini");
            (planted.commit, planted.exposure, planted.from) =
                (Some(commit), Some("stash"), vec![name]);
            let commit = self.repo().git(["rev-parse", &format!("{name}^3")]);
            let planted = self.plant("untracked part of a stash", untracked, "untracked.ini");
            (planted.commit, planted.exposure, planted.from) =
                (Some(commit), Some("stash"), vec![name]);
        }
    }
}
