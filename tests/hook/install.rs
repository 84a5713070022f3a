//! Installing and removing hooks: what is written, and what is kept.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use keysieve::hook::{self, HOOKS, HookError, InstallStep, Liveness, Manager};

use super::hook_repo::{FOREIGN_HOOK, HookRepo, key};
use crate::support::write_script;

#[test]
fn installing_again_changes_nothing() {
    let repo = HookRepo::new();
    repo.install(repo.root()).unwrap();
    let before = fs::read(repo.hooks().join("pre-commit")).unwrap();
    let steps = repo.install(repo.root()).unwrap();
    assert!(
        steps
            .iter()
            .all(|step| matches!(step, InstallStep::AlreadyInstalled(_))),
        "{steps:?}"
    );
    assert_eq!(before, fs::read(repo.hooks().join("pre-commit")).unwrap());
    assert_eq!(
        repo.hook_names(),
        [
            "applypatch-msg",
            "commit-msg",
            "pre-applypatch",
            "pre-commit",
            "pre-merge-commit",
            "pre-push"
        ],
        "no temporary file is left"
    );
}

#[test]
fn an_older_stub_and_one_for_another_program_are_updated() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    write_script(&stub, "#!/bin/sh\n# keysieve hook 0\nexit 0\n");
    assert!(matches!(repo.liveness(), Liveness::Unknown(_)));
    assert!(
        repo.install(repo.root())
            .unwrap()
            .contains(&InstallStep::Updated(stub.clone()))
    );
    assert_eq!(repo.liveness(), Liveness::Live);
    let steps = repo
        .install_program(repo.root(), Path::new("/elsewhere/keysieve"), false)
        .unwrap();
    assert!(
        steps.contains(&InstallStep::Updated(stub.clone())),
        "{steps:?}"
    );
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(
        matches!(repo.liveness(), Liveness::NotLive(_)),
        "git does not run it"
    );
    assert!(
        repo.install(repo.root())
            .unwrap()
            .contains(&InstallStep::Updated(stub))
    );
    assert_eq!(repo.liveness(), Liveness::Live);
}

#[test]
fn a_newer_stub_is_left_unless_forced() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    write_script(&stub, "#!/bin/sh\n# keysieve hook 99\nexit 0\n");
    assert!(
        repo.install(repo.root())
            .unwrap()
            .contains(&InstallStep::KeptNewer(stub.clone()))
    );
    assert!(
        repo.install_program(repo.root(), &repo.program, true)
            .unwrap()
            .contains(&InstallStep::Updated(stub))
    );
}

#[test]
fn an_existing_hook_runs_first_and_is_restored() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    let script = format!("{FOREIGN_HOOK}if [ -e stop ]; then exit 7; fi\n");
    write_script(&stub, &script);
    let steps = repo.install(repo.root()).unwrap();
    let previous = repo.hooks().join("pre-commit.keysieve-chained");
    assert!(
        steps.contains(&InstallStep::Chained {
            hook: stub.clone(),
            previous,
            runs: true
        }),
        "{steps:?}"
    );

    assert!(repo.commit(repo.root(), "clean"));
    assert!(
        fs::read_to_string(repo.outside("home/other"))
            .unwrap()
            .starts_with("other")
    );
    assert!(!repo.commit(repo.root(), &key()), "keysieve runs as well");
    fs::write(repo.root().join("stop"), "").unwrap();
    let calls = repo.calls();
    assert!(
        !repo.commit(repo.root(), "clean again"),
        "the existing hook refuses"
    );
    assert_eq!(repo.calls(), calls, "and runs first");

    assert!(
        repo.uninstall(repo.root())
            .unwrap()
            .contains(&InstallStep::Restored(stub.clone()))
    );
    assert_eq!(fs::read_to_string(&stub).unwrap(), script);
    assert_eq!(repo.hook_names(), ["pre-commit"]);
    let steps = repo.uninstall(repo.root()).unwrap();
    assert!(steps.contains(&InstallStep::KeptForeign(stub)), "{steps:?}");
}

#[test]
fn a_hook_that_is_not_executable_is_kept_and_does_not_run() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    write_script(&stub, "#!/bin/sh\nexit 1\n");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o600)).unwrap();
    let steps = repo.install(repo.root()).unwrap();
    assert!(
        steps
            .iter()
            .any(|step| matches!(step, InstallStep::Chained { runs: false, .. })),
        "{steps:?}"
    );
    assert!(repo.commit(repo.root(), "clean"));
    repo.uninstall(repo.root()).unwrap();
    assert_eq!(
        fs::metadata(&stub).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_link_is_kept_as_a_link() {
    let repo = HookRepo::new();
    let stub = repo.hooks().join("pre-commit");
    write_script(repo.root().join("scripts/check"), FOREIGN_HOOK);
    fs::create_dir_all(repo.hooks()).unwrap();
    symlink("../../scripts/check", &stub).unwrap();
    repo.install(repo.root()).unwrap();
    assert!(repo.commit(repo.root(), "clean"));
    assert!(repo.outside("home/other").exists(), "it ran");
    assert_eq!(
        fs::read_to_string(repo.root().join("scripts/check")).unwrap(),
        FOREIGN_HOOK,
        "the target of the link is not written"
    );
    repo.uninstall(repo.root()).unwrap();
    assert_eq!(
        fs::read_link(&stub).unwrap(),
        Path::new("../../scripts/check")
    );

    fs::remove_file(&stub).unwrap();
    symlink("nowhere", &stub).unwrap();
    repo.install(repo.root()).unwrap();
    assert!(
        repo.commit(repo.root(), "clean too"),
        "git ignores a broken link"
    );
    repo.uninstall(repo.root()).unwrap();
    assert_eq!(fs::read_link(&stub).unwrap(), Path::new("nowhere"));
}

#[test]
fn a_foreign_hook_is_never_overwritten() {
    let repo = HookRepo::new();
    write_script(repo.hooks().join("pre-commit"), FOREIGN_HOOK);
    write_script(
        repo.hooks().join("pre-commit.keysieve-chained"),
        "#!/bin/sh\n",
    );
    let error = repo.install(repo.root()).unwrap_err();
    assert!(
        matches!(error, HookError::TwoForeignHooks { .. }),
        "{error}"
    );
    assert_eq!(
        repo.hook_names(),
        ["pre-commit", "pre-commit.keysieve-chained"],
        "commit-msg is not installed either"
    );
    repo.uninstall(repo.root()).unwrap();
    assert_eq!(
        fs::read_to_string(repo.hooks().join("pre-commit")).unwrap(),
        FOREIGN_HOOK
    );

    let repo = HookRepo::new();
    fs::create_dir_all(repo.hooks().join("pre-commit")).unwrap();
    assert!(matches!(
        repo.install(repo.root()),
        Err(HookError::NotAFile { .. })
    ));
    let repo = HookRepo::new();
    fs::write(repo.hooks(), "").unwrap();
    assert!(matches!(
        repo.install(repo.root()),
        Err(HookError::NotAFolder { .. })
    ));
    assert!(matches!(repo.liveness(), Liveness::NotLive(_)));
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    // A relative path starts at the top of the work tree, wherever keysieve runs.
    let repo = HookRepo::new();
    let sub = repo.root().join("deep/down");
    fs::create_dir_all(&sub).unwrap();
    repo.git(&["config", "core.hooksPath", "my hooks"]);
    let steps = repo.install(&sub).unwrap();
    assert!(
        repo.root().join("my hooks/pre-commit").is_file(),
        "{steps:?}"
    );
    assert!(
        steps
            .iter()
            .any(|step| step.to_string().contains("in the work tree")),
        "{steps:?}"
    );
    assert!(!repo.commit(repo.root(), &key()));
    assert_eq!(repo.liveness(), Liveness::Live);

    let repo = HookRepo::new();
    let apart = repo.outside("apart");
    repo.git(&["config", "core.hooksPath", apart.to_str().unwrap()]);
    assert!(matches!(
        repo.install(repo.root()),
        Err(HookError::Outside { .. })
    ));
    repo.install_program(repo.root(), &repo.program, true)
        .unwrap();
    assert!(!repo.commit(repo.root(), &key()));
    hook::uninstall(&repo.git_for(repo.root()), &HOOKS, true).unwrap();
    assert!(repo.commit(repo.root(), &key()));

    for off in ["/dev/null", ""] {
        repo.git(&["config", "core.hooksPath", off]);
        assert!(matches!(
            repo.install(repo.root()),
            Err(HookError::Disabled { .. })
        ));
        assert!(matches!(repo.liveness(), Liveness::NotLive(_)));
    }
}

#[test]
fn a_linked_worktree_shares_the_hooks() {
    let repo = HookRepo::new();
    assert!(repo.commit(repo.root(), "clean"));
    let linked = repo.outside("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let steps = repo.install(&linked).unwrap();
    assert!(
        steps.contains(&InstallStep::Installed(repo.hooks().join("pre-commit"))),
        "{steps:?}"
    );
    assert!(
        steps
            .iter()
            .any(|step| step.to_string().contains("linked worktree")),
        "{steps:?}"
    );
    assert!(!repo.commit(&linked, &key()));
    assert!(!repo.commit(repo.root(), &key()));
    assert_eq!(repo.liveness_in(&linked), Liveness::Live);
}

#[test]
fn a_bare_repository_has_hooks_and_other_folders_are_refused() {
    let repo = HookRepo::new();
    let bare = repo.outside("bare.git");
    repo.git(&["init", "-q", "--bare", bare.to_str().unwrap()]);
    repo.install(&bare).unwrap();
    assert!(bare.join("hooks/pre-commit").is_file());
    assert!(matches!(
        repo.install(&repo.root().join(".git")),
        Err(HookError::NoWorkTree)
    ));
    assert!(matches!(
        repo.install(&repo.outside("home")),
        Err(HookError::Git { .. })
    ));
    assert!(matches!(
        repo.install(&repo.outside("nowhere")),
        Err(HookError::Git { .. })
    ));
}

#[test]
fn a_folder_that_other_repositories_share_needs_force() {
    let repo = HookRepo::new();
    repo.git(&["config", "--global", "core.hooksPath", "~/shared"]);
    let error = repo.install(repo.root()).unwrap_err();
    assert!(
        matches!(error, HookError::Shared { .. }) && error.help().unwrap().contains("--force"),
        "{error}"
    );
    let shared = repo.outside("home/shared");
    assert!(!shared.exists());
    repo.install_program(repo.root(), &repo.program, true)
        .unwrap();
    assert!(shared.join("pre-commit").is_file());
    assert!(!repo.commit(repo.root(), &key()));
    assert_eq!(repo.liveness(), Liveness::Live);
    assert!(matches!(
        repo.uninstall(repo.root()),
        Err(HookError::Shared { .. })
    ));
}

#[test]
fn only_the_missing_lines_of_a_framework_are_given() {
    let repo = HookRepo::new();
    let script = "#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\n";
    write_script(repo.hooks().join("pre-commit"), script);
    let Err(HookError::Managed(advice)) = repo.install(repo.root()) else {
        panic!("the hooks of prek were changed")
    };
    assert!(
        advice.lines.contains("prek install --hook-type"),
        "{}",
        advice.lines
    );
    let config = "[[repos]]\nrepo = \"local\"\nhooks = [{ id = \"x\", language = \"system\", \
                  entry = \"keysieve hook run pre-commit\" }]\n";
    fs::write(repo.root().join("prek.toml"), config).unwrap();
    let Err(HookError::Managed(advice)) = repo.install(repo.root()) else {
        panic!("the hooks of prek were changed")
    };
    assert!(advice.file.ends_with("prek.toml"), "{:?}", advice.file);
    let present: Vec<_> = advice.present.iter().map(|hook| hook.name).collect();
    assert_eq!(present, ["pre-commit", "pre-merge-commit"]);
    assert!(
        advice
            .lines
            .contains("entry = \"keysieve hook run pre-push\""),
        "{}",
        advice.lines
    );
    assert!(
        !advice.lines.contains("hook run pre-commit"),
        "{}",
        advice.lines
    );
    fs::write(&advice.file, format!("{config}{}", advice.lines)).unwrap();
    let steps = repo.install(repo.root()).unwrap();
    assert!(matches!(&steps[..], [InstallStep::Note(_)]), "{steps:?}");
    assert_eq!(repo.hook_names(), ["pre-commit"]);
}

#[test]
fn a_framework_that_will_run_keysieve_is_installed_first() {
    let repo = HookRepo::new();
    let config = "repos:\n  - repo: https://example.com/keysieve\n    rev: v1\n    hooks:\n      \
                  - id: keysieve\n";
    fs::write(repo.root().join(".pre-commit-config.yaml"), config).unwrap();
    let error = repo
        .install(repo.root())
        .expect_err("findings would be shown twice");
    let command = "pre-commit install --hook-type pre-commit --hook-type pre-merge-commit";
    assert!(error.help().unwrap().contains(command), "{error}");
    assert!(repo.hook_names().is_empty());
}

#[test]
fn a_hook_manager_gets_lines_to_add_and_nothing_is_changed() {
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
        let repo = HookRepo::new();
        write_script(
            repo.hooks().join("pre-commit"),
            &format!("#!/bin/sh\n{line}"),
        );
        let Err(HookError::Managed(advice)) = repo.install(repo.root()) else {
            panic!("the hooks of {manager} were changed")
        };
        assert_eq!(advice.manager, manager);
        assert!(advice.lines.contains(wanted), "{}", advice.lines);
        assert_eq!(repo.hook_names(), ["pre-commit"]);
        assert!(matches!(repo.liveness(), Liveness::NotLive(_)));
        fs::write(&advice.file, &advice.lines).unwrap();
        assert!(
            matches!(repo.liveness(), Liveness::Unknown(_)),
            "the configuration is not run"
        );
    }
    let repo = HookRepo::new();
    fs::write(repo.root().join("lefthook.yml"), "").unwrap();
    let steps = repo.install(repo.root()).unwrap();
    let words = "a configuration of lefthook";
    let note = |step: &InstallStep| matches!(step, InstallStep::Note(note) if note.contains(words));
    assert!(
        steps.iter().any(note),
        "a configuration alone does not own the hooks: {steps:?}"
    );

    for folder in [".husky", ".husky/_"] {
        let repo = HookRepo::new();
        repo.git(&["config", "core.hooksPath", folder]);
        let Err(HookError::Managed(advice)) = repo.install(repo.root()) else {
            panic!("the hooks of husky were changed")
        };
        assert!(
            advice.lines.contains("keysieve hook run pre-commit\n"),
            "{}",
            advice.lines
        );
        assert!(!repo.root().join(".husky").exists());
    }
}
