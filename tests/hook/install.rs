//! Installing and uninstalling: what is written where, and what is kept.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use keysieve::hook::{self, Error, Manager, Step, Verdict};

use super::ground::{OTHER, Sandbox, key};

#[test]
fn installing_again_changes_nothing() {
    let ground = Sandbox::new();
    ground.install(&ground.repo()).unwrap();
    let before = fs::read(ground.hooks().join("pre-commit")).unwrap();
    let steps = ground.install(&ground.repo()).unwrap();
    assert!(
        steps.iter().all(|step| matches!(step, Step::Already(_))),
        "{steps:?}"
    );
    assert_eq!(before, fs::read(ground.hooks().join("pre-commit")).unwrap());
    assert_eq!(
        ground.names(),
        ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push"],
        "no temporary file is left"
    );
}

#[test]
fn an_older_stub_or_one_for_another_program_is_brought_up_to_date() {
    let ground = Sandbox::new();
    let stub = ground.hooks().join("pre-commit");
    ground.script(&stub, "#!/bin/sh\n# keysieve hook 0\nexit 0\n");
    assert!(matches!(ground.verdict(), Verdict::Unknown(_)));
    assert!(
        ground
            .install(&ground.repo())
            .unwrap()
            .contains(&Step::Refreshed(stub.clone()))
    );
    assert_eq!(ground.verdict(), Verdict::Live);
    let steps = ground
        .install_by(&ground.repo(), Path::new("/elsewhere/keysieve"), false)
        .unwrap();
    assert!(steps.contains(&Step::Refreshed(stub.clone())), "{steps:?}");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        matches!(ground.verdict(), Verdict::Dead(_)),
        "git does not run it"
    );
    assert!(
        ground
            .install(&ground.repo())
            .unwrap()
            .contains(&Step::Refreshed(stub))
    );
    assert_eq!(ground.verdict(), Verdict::Live);
}

#[test]
fn a_newer_stub_is_left_unless_forced() {
    let ground = Sandbox::new();
    let stub = ground.hooks().join("pre-commit");
    ground.script(&stub, "#!/bin/sh\n# keysieve hook 99\nexit 0\n");
    assert!(
        ground
            .install(&ground.repo())
            .unwrap()
            .contains(&Step::Newer(stub.clone()))
    );
    assert!(
        ground
            .install_by(&ground.repo(), &ground.program, true)
            .unwrap()
            .contains(&Step::Refreshed(stub))
    );
}

#[test]
fn a_hook_that_stood_there_runs_first_and_comes_back() {
    let ground = Sandbox::new();
    let stub = ground.hooks().join("pre-commit");
    let script = format!("{OTHER}if [ -e stop ]; then exit 7; fi\n");
    ground.script(&stub, &script);
    let steps = ground.install(&ground.repo()).unwrap();
    let kept = ground.hooks().join("pre-commit.keysieve-chained");
    assert!(
        steps.contains(&Step::Chained {
            hook: stub.clone(),
            kept,
            runs: true
        }),
        "{steps:?}"
    );

    assert!(ground.commit(&ground.repo(), "clean"));
    assert!(
        fs::read_to_string(ground.dir.path().join("home/other"))
            .unwrap()
            .starts_with("other")
    );
    assert!(!ground.commit(&ground.repo(), &key()), "both have a say");
    fs::write(ground.repo().join("stop"), "").unwrap();
    let calls = ground.calls();
    assert!(
        !ground.commit(&ground.repo(), "clean again"),
        "its refusal counts"
    );
    assert_eq!(ground.calls(), calls, "and comes first");

    assert!(
        ground
            .uninstall(&ground.repo())
            .unwrap()
            .contains(&Step::Restored(stub.clone()))
    );
    assert_eq!(fs::read_to_string(&stub).unwrap(), script);
    assert_eq!(ground.names(), ["pre-commit"]);
    let steps = ground.uninstall(&ground.repo()).unwrap();
    assert!(steps.contains(&Step::LeftForeign(stub)), "{steps:?}");
}

#[test]
fn a_hook_that_git_did_not_run_is_kept_and_still_does_not_run() {
    let ground = Sandbox::new();
    let stub = ground.hooks().join("pre-commit");
    ground.script(&stub, "#!/bin/sh\nexit 1\n");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o600)).unwrap();
    let steps = ground.install(&ground.repo()).unwrap();
    assert!(
        steps
            .iter()
            .any(|step| matches!(step, Step::Chained { runs: false, .. })),
        "{steps:?}"
    );
    assert!(ground.commit(&ground.repo(), "clean"));
    ground.uninstall(&ground.repo()).unwrap();
    assert_eq!(
        fs::metadata(&stub).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_link_is_kept_as_a_link() {
    let ground = Sandbox::new();
    let stub = ground.hooks().join("pre-commit");
    ground.script(&ground.repo().join("scripts/check"), OTHER);
    fs::create_dir_all(ground.hooks()).unwrap();
    symlink("../../scripts/check", &stub).unwrap();
    ground.install(&ground.repo()).unwrap();
    assert!(ground.commit(&ground.repo(), "clean"));
    assert!(ground.dir.path().join("home/other").exists(), "it ran");
    assert_eq!(
        fs::read_to_string(ground.repo().join("scripts/check")).unwrap(),
        OTHER,
        "nothing is written through it"
    );
    ground.uninstall(&ground.repo()).unwrap();
    assert_eq!(
        fs::read_link(&stub).unwrap(),
        Path::new("../../scripts/check")
    );

    fs::remove_file(&stub).unwrap();
    symlink("nowhere", &stub).unwrap();
    ground.install(&ground.repo()).unwrap();
    assert!(
        ground.commit(&ground.repo(), "clean too"),
        "git ignores a link that leads nowhere"
    );
    ground.uninstall(&ground.repo()).unwrap();
    assert_eq!(fs::read_link(&stub).unwrap(), Path::new("nowhere"));
}

#[test]
fn nothing_is_ever_overwritten() {
    let ground = Sandbox::new();
    ground.script(&ground.hooks().join("pre-commit"), OTHER);
    ground.script(
        &ground.hooks().join("pre-commit.keysieve-chained"),
        "#!/bin/sh\n",
    );
    let error = ground.install(&ground.repo()).unwrap_err();
    assert!(matches!(error, Error::BothThere { .. }), "{error}");
    assert_eq!(
        ground.names(),
        ["pre-commit", "pre-commit.keysieve-chained"],
        "commit-msg is not installed either"
    );
    ground.uninstall(&ground.repo()).unwrap();
    assert_eq!(
        fs::read_to_string(ground.hooks().join("pre-commit")).unwrap(),
        OTHER
    );

    let ground = Sandbox::new();
    fs::create_dir_all(ground.hooks().join("pre-commit")).unwrap();
    assert!(matches!(
        ground.install(&ground.repo()),
        Err(Error::NotAFile { .. })
    ));
    let ground = Sandbox::new();
    fs::write(ground.hooks(), "").unwrap();
    assert!(matches!(
        ground.install(&ground.repo()),
        Err(Error::NotAFolder { .. })
    ));
    assert!(matches!(ground.verdict(), Verdict::Dead(_)));
}

#[test]
fn git_says_where_hooks_live() {
    // A relative path is meant from the top of the work tree, wherever keysieve is called.
    let ground = Sandbox::new();
    let sub = ground.repo().join("deep/down");
    fs::create_dir_all(&sub).unwrap();
    ground.git(&["config", "core.hooksPath", "my hooks"]);
    let steps = ground.install(&sub).unwrap();
    assert!(
        ground.repo().join("my hooks/pre-commit").is_file(),
        "{steps:?}"
    );
    assert!(
        steps
            .iter()
            .any(|step| step.to_string().contains("in the work tree")),
        "{steps:?}"
    );
    assert!(!ground.commit(&ground.repo(), &key()));
    assert_eq!(ground.verdict(), Verdict::Live);

    let ground = Sandbox::new();
    let apart = ground.dir.path().join("apart");
    ground.git(&["config", "core.hooksPath", apart.to_str().unwrap()]);
    ground.install(&ground.repo()).unwrap();
    assert!(!ground.commit(&ground.repo(), &key()));
    ground.uninstall(&ground.repo()).unwrap();
    assert!(ground.commit(&ground.repo(), &key()));

    for off in ["/dev/null", ""] {
        ground.git(&["config", "core.hooksPath", off]);
        assert!(matches!(
            ground.install(&ground.repo()),
            Err(Error::Off { .. })
        ));
        assert!(matches!(ground.verdict(), Verdict::Dead(_)));
    }
}

#[test]
fn a_linked_worktree_shares_the_hooks() {
    let ground = Sandbox::new();
    assert!(ground.commit(&ground.repo(), "clean"));
    let linked = ground.dir.path().join("linked");
    ground.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let steps = ground.install(&linked).unwrap();
    assert!(
        steps.contains(&Step::Installed(ground.hooks().join("pre-commit"))),
        "{steps:?}"
    );
    assert!(
        steps
            .iter()
            .any(|step| step.to_string().contains("linked worktree")),
        "{steps:?}"
    );
    assert!(!ground.commit(&linked, &key()));
    assert!(!ground.commit(&ground.repo(), &key()));
    assert_eq!(
        hook::status(&ground.at(&linked), &ground.program, &[], None)
            .unwrap()
            .verdict,
        Verdict::Live
    );
}

#[test]
fn bare_repositories_and_what_is_no_repository() {
    let ground = Sandbox::new();
    let bare = ground.dir.path().join("bare.git");
    ground.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    ground.install(&bare).unwrap();
    assert!(bare.join("hooks/pre-commit").is_file());
    assert!(matches!(
        ground.install(&ground.repo().join(".git")),
        Err(Error::NoWorkTree)
    ));
    assert!(matches!(
        ground.install(&ground.dir.path().join("home")),
        Err(Error::Git { .. })
    ));
    assert!(matches!(
        ground.install(&ground.dir.path().join("nowhere")),
        Err(Error::Git { .. })
    ));
}

#[test]
fn a_folder_that_all_repositories_share_takes_force() {
    let ground = Sandbox::new();
    ground.git(&["config", "--global", "core.hooksPath", "~/shared"]);
    let error = ground.install(&ground.repo()).unwrap_err();
    assert!(
        matches!(error, Error::Shared { .. }) && error.help().unwrap().contains("--force"),
        "{error}"
    );
    let shared = ground.dir.path().join("home/shared");
    assert!(!shared.exists());
    ground
        .install_by(&ground.repo(), &ground.program, true)
        .unwrap();
    assert!(shared.join("pre-commit").is_file());
    assert!(!ground.commit(&ground.repo(), &key()));
    assert_eq!(ground.verdict(), Verdict::Live);
    assert!(matches!(
        ground.uninstall(&ground.repo()),
        Err(Error::Shared { .. })
    ));
}

#[test]
fn managers_are_told_what_to_run_and_not_fought() {
    let generated = [
        (
            "# File generated by pre-commit: https://pre-commit.com\n",
            Manager::PreCommit,
            "id: keysieve-system",
        ),
        (
            "call_lefthook run \"pre-commit\" \"$@\"\n",
            Manager::Lefthook,
            "run: keysieve hook run pre-commit\n",
        ),
    ];
    for (line, manager, wanted) in generated {
        let ground = Sandbox::new();
        ground.script(
            &ground.hooks().join("pre-commit"),
            &format!("#!/bin/sh\n{line}"),
        );
        let Err(Error::Managed(advice)) = ground.install(&ground.repo()) else {
            panic!("{manager} is not respected")
        };
        assert_eq!(advice.manager, manager);
        assert!(advice.lines.contains(wanted), "{}", advice.lines);
        assert_eq!(ground.names(), ["pre-commit"]);
        assert!(matches!(ground.verdict(), Verdict::Dead(_)));
        fs::write(&advice.file, &advice.lines).unwrap();
        assert!(
            matches!(ground.verdict(), Verdict::Unknown(_)),
            "nothing of it is run to find out"
        );
    }
    let ground = Sandbox::new();
    fs::write(ground.repo().join("lefthook.yml"), "").unwrap();
    let steps = ground.install(&ground.repo()).unwrap();
    let note = |step: &Step| matches!(step, Step::Note(note) if note.contains("a configuration of lefthook"));
    assert!(
        steps.iter().any(note),
        "a configuration alone owns nothing, but it may: {steps:?}"
    );

    for folder in [".husky", ".husky/_"] {
        let ground = Sandbox::new();
        ground.git(&["config", "core.hooksPath", folder]);
        let Err(Error::Managed(advice)) = ground.install(&ground.repo()) else {
            panic!("husky is not respected")
        };
        assert!(
            advice.lines.contains("keysieve hook run pre-commit\n"),
            "{}",
            advice.lines
        );
        assert!(!ground.repo().join(".husky").exists());
    }
}
