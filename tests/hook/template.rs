//! Hooks for future clones, in git's template folder.

use std::fs;

use keysieve::hook::{self, Hook, HookError, InstallRequest, InstallStep, Liveness, Side};

use super::hook_repo::{FOREIGN_HOOK, HookRepo, key};
use crate::support::write_script;

#[test]
fn new_repositories_get_the_hooks_from_the_template() {
    let repo = HookRepo::new();
    let hooks: Vec<_> = Hook::defaults(Side::Client).collect();
    let request = InstallRequest {
        hooks: &hooks,
        program: &repo.program,
        force: false,
    };
    let default = repo.outside("home/.config/git/template");
    let git = repo.git_for(repo.root());
    hook::install_template(&git, &default, &request).unwrap();
    assert_eq!(
        repo.git(&["config", "--global", "init.templateDir"]),
        default.to_str().unwrap()
    );
    let future = repo.outside("future");
    repo.git(&["init", "-q", future.to_str().unwrap()]);
    assert!(!repo.commit(&future, &key()));
    repo.git(&["init", "-q"]);
    assert_eq!(
        repo.liveness(),
        Liveness::Live,
        "git init adds the hooks to an existing repository"
    );

    let steps = hook::install_template(&git, &default, &request).unwrap();
    assert!(
        steps
            .iter()
            .any(|step| matches!(step, InstallStep::AlreadyInstalled(_))),
        "{steps:?}"
    );
    hook::uninstall_template(&git, &default, &hooks).unwrap();
    assert!(!default.exists());
    repo.try_git(repo.root(), &["config", "init.templateDir"])
        .has_status(1);
    hook::uninstall_template(&git, &default, &hooks).unwrap();
}

#[test]
fn a_template_folder_of_the_user_keeps_its_files() {
    let repo = HookRepo::new();
    let own = repo.outside("home/own");
    write_script(own.join("hooks/pre-commit"), FOREIGN_HOOK);
    repo.git(&["config", "--global", "init.templateDir", "~/own"]);
    let hooks: Vec<_> = Hook::defaults(Side::Client).collect();
    let request = InstallRequest {
        hooks: &hooks,
        program: &repo.program,
        force: false,
    };
    let git = repo.git_for(repo.root());
    let default = repo.outside("home/default");
    hook::install_template(&git, &default, &request).unwrap();
    assert!(own.join("hooks/pre-commit.keysieve-chained").is_file() && !default.exists());
    hook::uninstall_template(&git, &default, &hooks).unwrap();
    assert_eq!(
        fs::read_to_string(own.join("hooks/pre-commit")).unwrap(),
        FOREIGN_HOOK
    );
    assert_eq!(
        repo.git(&["config", "--global", "init.templateDir"]),
        "~/own"
    );

    repo.git(&["config", "--global", "core.hooksPath", "~/shared"]);
    assert!(matches!(
        hook::install_template(&git, &default, &request),
        Err(HookError::UnusedTemplate { .. })
    ));
}
