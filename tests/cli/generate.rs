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
