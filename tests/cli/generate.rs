//! Completions and the man page.

use std::process::Command;

use super::run;

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["generate", "completions", shell]);
        ran.has_status(0);
        for word in [
            "keysieve",
            "staged",
            "uninstall",
            "completions",
            "no-ignore",
        ] {
            assert!(ran.stdout().contains(word), "{shell} without {word}");
        }
    }
    // The others have no lists of values.
    for shell in ["bash", "zsh", "fish"] {
        let text = run(&["generate", "completions", shell]).stdout();
        assert!(
            text.contains("aws-access-key-pair"),
            "{shell} without rules"
        );
    }
    run(&["generate", "completions", "csh"]).has_status(2);
}

#[test]
fn completions_for_bash_are_good_bash() {
    let script = run(&["generate", "completions", "bash"]).stdout();
    let checked = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(checked.expect("bash is installed").success());
}

#[test]
fn the_man_page_names_every_command_and_status() {
    let page = run(&["generate", "man"]).stdout();
    assert!(page.contains(".TH keysieve 1"), "{page}");
    for word in [
        "KEYSIEVE SCAN",
        "KEYSIEVE STAGED",
        "KEYSIEVE HOOK",
        "KEYSIEVE ALLOW",
        "KEYSIEVE RULES",
        "Exit status",
    ] {
        assert!(page.contains(word), "{word}\n{page}");
    }
}

#[test]
fn the_man_page_can_be_rendered() {
    let sandbox = crate::support::Sandbox::new();
    let file = sandbox.root().join("keysieve.1");
    std::fs::write(&file, run(&["generate", "man"]).stdout()).unwrap();
    let mut man = Command::new("man");
    man.arg("--warnings")
        .arg("-l")
        .arg(&file)
        .env("MANPAGER", "cat")
        .env("LC_ALL", "C.UTF-8");
    let Ok(output) = man.output() else { return };
    // Where manual pages were stripped from the machine, `man` is a script that says so.
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && text.contains("NAME") {
        assert!(text.contains("keysieve"), "{text}");
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn every_command_has_a_man_page_and_no_page_names_one_that_is_missing() {
    let sandbox = crate::support::Sandbox::new();
    let folder = sandbox.root().join("man1");
    run(&["generate", "man", "--dir", folder.to_str().unwrap()]).has_status(0);
    let pages: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["keysieve.1", "keysieve-scan.1", "keysieve-hook-install.1"] {
        assert!(pages.iter().any(|page| page == name), "{name}: {pages:?}");
    }
    for page in &pages {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        for word in text.split_whitespace().filter(|word| word.contains("(1)")) {
            let name = word
                .replace("\\-", "-")
                .replace("\\fB", "")
                .replace("\\fR", "");
            let name = format!("{}.1", name.split("(1)").next().unwrap());
            assert!(pages.contains(&name), "{page} names {name}");
        }
    }
}

#[test]
fn every_help_has_an_example() {
    let commands = [
        "scan",
        "staged",
        "audit",
        "gate",
        "allow",
        "import",
        "explain",
        "hook",
        "hook install",
        "hook uninstall",
        "hook status",
        "hook run",
        "baseline",
        "baseline write",
        "baseline update",
        "baseline check",
        "rules",
        "rules list",
        "rules show",
        "rules check",
        "generate",
        "generate completions",
        "generate man",
    ];
    for command in commands {
        let words: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let text = run(&words).stdout();
        assert!(text.contains("Example"), "{command}: {text}");
    }
}
