//! Hooks for future repositories.

use std::fs;

use keysieve::hook::{self, Error, Hook, Request, Side, Step, Verdict};

use super::ground::{OTHER, Sandbox, key};

#[test]
fn templates_give_the_hook_to_future_repositories() {
    let ground = Sandbox::new();
    let hooks: Vec<_> = Hook::usual(Side::Client).collect();
    let request = Request {
        hooks: &hooks,
        program: &ground.program,
        force: false,
    };
    let default = ground.dir.path().join("home/.config/git/template");
    let git = ground.at(&ground.repo());
    hook::install_template(&git, &default, &request).unwrap();
    assert_eq!(
        ground.git(&["config", "--global", "init.templateDir"]),
        default.to_str().unwrap()
    );
    let future = ground.dir.path().join("future");
    ground.git(&["init", "-q", future.to_str().unwrap()]);
    assert!(!ground.commit(&future, &key()));
    ground.git(&["init", "-q"]);
    assert_eq!(
        ground.verdict(),
        Verdict::Live,
        "git init brings it to a repository that exists"
    );

    let steps = hook::install_template(&git, &default, &request).unwrap();
    assert!(
        steps.iter().any(|step| matches!(step, Step::Already(_))),
        "{steps:?}"
    );
    hook::uninstall_template(&git, &default, &hooks).unwrap();
    assert!(!default.exists());
    assert!(
        !ground
            .run_git(&ground.repo(), &["config", "init.templateDir"])
            .status
            .success()
    );
    hook::uninstall_template(&git, &default, &hooks).unwrap();
}

#[test]
fn a_template_folder_of_the_user_keeps_what_it_holds() {
    let ground = Sandbox::new();
    let own = ground.dir.path().join("home/own");
    ground.script(&own.join("hooks/pre-commit"), OTHER);
    ground.git(&["config", "--global", "init.templateDir", "~/own"]);
    let hooks: Vec<_> = Hook::usual(Side::Client).collect();
    let request = Request {
        hooks: &hooks,
        program: &ground.program,
        force: false,
    };
    let git = ground.at(&ground.repo());
    let default = ground.dir.path().join("home/default");
    hook::install_template(&git, &default, &request).unwrap();
    assert!(own.join("hooks/pre-commit.keysieve-chained").is_file() && !default.exists());
    hook::uninstall_template(&git, &default, &hooks).unwrap();
    assert_eq!(
        fs::read_to_string(own.join("hooks/pre-commit")).unwrap(),
        OTHER
    );
    assert_eq!(
        ground.git(&["config", "--global", "init.templateDir"]),
        "~/own"
    );

    ground.git(&["config", "--global", "core.hooksPath", "~/shared"]);
    assert!(matches!(
        hook::install_template(&git, &default, &request),
        Err(Error::DeadTemplate { .. })
    ));
}
