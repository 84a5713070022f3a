//! Runs the scripts of `action.yml` and of the templates in `hooks/ci/`.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::keys::access_key_id;
use crate::support::{Ran, Repo, Run, write_script};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The files, each with the report files that its gate writes.
const FILES: [(&str, &[&str]); 5] = [
    ("action.yml", &["keysieve.sarif", "keysieve.md"]),
    ("hooks/ci/gitlab.yml", &["gl-secret-detection-report.json"]),
    (
        "hooks/ci/bitbucket.yml",
        &["test-results/keysieve.xml", "keysieve.html"],
    ),
    ("hooks/ci/azure.yml", &["keysieve.xml", "keysieve.sarif"]),
    ("hooks/ci/Jenkinsfile", &["keysieve.xml", "keysieve.html"]),
];

fn text_of(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).unwrap()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The scripts in a template: block scalars of YAML, and the text between `'''` of Jenkins.
fn scripts(text: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut script = Vec::new();
        if line.ends_with("'''") {
            script.extend(lines.by_ref().take_while(|next| next.trim() != "'''"));
        } else if line.ends_with(": |") || line.trim() == "- |" {
            // The key of a list entry follows the dash.
            let is_key = line.trim_start().starts_with("- ") && line.ends_with(": |");
            let key = indent(line) + if is_key { 2 } else { 0 };
            while let Some(next) =
                lines.next_if(|next| next.trim().is_empty() || indent(next) > key)
            {
                script.push(next);
            }
        } else {
            continue;
        }
        let filled = script.iter().filter(|line| !line.trim().is_empty());
        let least = filled.map(|line| indent(line)).min().unwrap_or(0);
        let dedented = script.iter().map(|line| line.get(least..).unwrap_or(""));
        scripts.push(dedented.map(|line| format!("{line}\n")).collect());
    }
    scripts
}

/// The script that runs the gate: each template has exactly one.
fn gate(text: &str) -> String {
    let mut found = scripts(text)
        .into_iter()
        .filter(|script| script.contains("keysieve gate"));
    let script = found.next().expect("a script that runs the gate");
    assert_eq!(found.next(), None);
    script
}

/// A fake keysieve that writes its arguments to a file, one per line, and exits with `$STATUS`.
fn fake_keysieve(repo: &Repo) -> PathBuf {
    let bin = repo.sandbox().root().join("bin");
    write_script(
        bin.join("keysieve"),
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$HOME/words\"\nexit \"${STATUS:-0}\"\n",
    );
    bin
}

/// Runs a script of `file` as its service does: with bash, which stops at the first command that
/// fails. That of Azure Pipelines does not.
fn run(repo: &Repo, file: &str, script: &str, bin: &Path) -> Run {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let options: &[&str] = if file == "hooks/ci/azure.yml" {
        &["--noprofile", "--norc"]
    } else {
        &["-e", "-o", "pipefail"]
    };
    let bash = repo.program("bash").args(options);
    bash.args(["-c", script]).env("PATH", path)
}

#[test]
fn scripts_are_valid_bash_without_template_expressions() {
    for (file, _) in FILES {
        let text = text_of(file);
        let scripts = scripts(&text);
        assert!(scripts.len() >= 2, "{file}: {scripts:#?}");
        for script in scripts {
            assert!(!script.contains("${{"), "{file}:\n{script}");
            let ran = Repo::new()
                .program("bash")
                .args(["-n", "-c", &script])
                .run();
            ran.has_status(0);
        }
    }
    let workflow = text_of("hooks/ci/github.yml");
    assert!(workflow.contains("fetch-depth: 0") && scripts(&workflow).is_empty());
}

#[test]
fn keysieve_is_not_built_in_the_checkout() {
    for (file, _) in FILES {
        for script in scripts(&text_of(file))
            .iter()
            .filter(|script| script.contains("cargo install"))
        {
            let away = script.contains("(cd / && cargo install")
                || script.starts_with("cd -- \"$SOURCES\"\n");
            assert!(away, "{file}:\n{script}");
        }
    }
}

/// A folder with fake `curl` and `gh`, which hand out `archive` instead of a download, and its
/// checksum.
fn fake_downloads(repo: &Repo, archive: &Path) -> (PathBuf, String) {
    let bin = repo.sandbox().root().join("downloads");
    let sum = repo.program("sha256sum").args([archive]).status(0).stdout();
    let sum = sum.split(' ').next().unwrap().to_owned();
    let archive = archive.display();
    for (name, script) in [
        ("curl", format!("cp '{archive}' \"$3\"\n")),
        (
            "gh",
            format!("cp '{archive}' \"$7\"\necho \"${{SUM:-{sum}}}  $7\" > SHA256SUMS\n"),
        ),
    ] {
        write_script(bin.join(name), &format!("#!/bin/sh\n{script}"));
    }
    (bin, sum)
}

/// With the checksum of the archive, and with another.
#[test]
fn the_released_program_is_installed_only_if_its_checksum_is_right() {
    let wrong = "0".repeat(64);
    for (file, _) in FILES {
        let is_action = file == "action.yml";
        let install = scripts(&text_of(file))
            .into_iter()
            .find(|script| script.contains("tar -xzf"))
            .unwrap_or_else(|| panic!("{file}: no script that installs"));
        let repo = Repo::new();
        let temp = repo.sandbox().root().join("temp");
        fs::create_dir_all(&temp).unwrap();
        let archive = temp.join("archive.tar.gz");
        repo.program("tar")
            .args(["-czf".as_ref(), archive.as_os_str()])
            .args(["-C".as_ref(), fake_keysieve(&repo).as_os_str()])
            .args(["keysieve"])
            .status(0);
        let (downloads, sum) = fake_downloads(&repo, &archive);
        let path = format!("{}:/usr/bin:/bin", downloads.display());
        let attempt = |sum: &str| {
            run(&repo, file, &install, &downloads)
                .env("PATH", &path)
                .env("TMPDIR", &temp)
                .env("RUNNER_TEMP", &temp)
                .env("RUNNER_OS", "Linux")
                .env("RUNNER_ARCH", "X64")
                .env("SOURCES", ROOT)
                .env("REPOSITORY", "your-org/keysieve")
                .env("VERSION", "")
                .env("SHA256", if is_action { sum } else { "" })
                .env("KEYSIEVE_SOURCE", "")
                .env("KEYSIEVE_ARCHIVE", "https://localhost/keysieve.tar.gz")
                .env("KEYSIEVE_SHA256", sum)
        };
        let program = temp.join(if is_action {
            "keysieve/bin/keysieve"
        } else {
            "keysieve/keysieve"
        });
        attempt(&wrong).status(1);
        if !is_action {
            attempt("").status(1);
        }
        assert!(!program.exists(), "{file}");
        attempt(&sum).status(0);
        assert!(program.exists(), "{file}");
        if is_action {
            attempt("").status(0);
            attempt("").env("SUM", &wrong).status(1);
        }
    }
}

#[test]
fn the_job_exits_with_the_status_of_the_gate() {
    let repo = Repo::new();
    let bin = fake_keysieve(&repo);
    for (file, _) in FILES.iter().filter(|(file, _)| *file != "action.yml") {
        let script = gate(&text_of(file));
        for status in [0, 1, 2] {
            run(&repo, file, &script, &bin)
                .env("STATUS", status.to_string())
                .status(status);
        }
        let words = fs::read_to_string(repo.sandbox().home().join("words")).unwrap();
        assert!(
            words.starts_with("gate\n-f\nhuman\n-f\n"),
            "{file}: {words}"
        );
    }
}

/// Runs the gate of the action with the variables of GitHub and these inputs.
fn run_action(repo: &Repo, inputs: &[(&str, &str)], status: &str) -> (Ran, String) {
    let temp = repo.sandbox().root().join("temp");
    fs::create_dir_all(temp.join("keysieve/bin")).unwrap();
    let link = temp.join("keysieve/bin/keysieve");
    if !link.exists() {
        symlink(fake_keysieve(repo).join("keysieve"), &link).unwrap();
    }
    let output = repo.sandbox().root().join("output");
    fs::write(&output, "").unwrap();
    let mut run = run(
        repo,
        "action.yml",
        &gate(&text_of("action.yml")),
        Path::new("/nowhere"),
    );
    for name in ["IN_RANGE", "IN_CONFIG", "IN_BASELINE", "IN_ARGS"] {
        run = run.env(name, "");
    }
    run = run
        .env("IN_FORMAT", "github")
        .env("RUNNER_TEMP", &temp)
        .env("GITHUB_OUTPUT", &output)
        .env("STATUS", status);
    let ran = inputs
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
        .run();
    (ran, fs::read_to_string(&output).unwrap())
}

#[test]
fn the_action_passes_its_inputs_unchanged() {
    let repo = Repo::new();
    let words = || fs::read_to_string(repo.sandbox().home().join("words")).unwrap();
    let temp = repo.sandbox().root().join("temp");
    let reports = format!(
        "-f\nsarif:{0}/keysieve.sarif\n-f\nmarkdown:{0}/keysieve.md\n",
        temp.display()
    );
    let (ran, output) = run_action(&repo, &[], "0");
    ran.has_status(0);
    assert_eq!(words(), format!("gate\n-f\ngithub\n{reports}"));
    assert_eq!(
        output, "status=0\n",
        "a report that was not written is not uploaded"
    );

    let evil = "$(touch evil); `touch evil` \"'* --policy=head";
    let inputs = [
        ("IN_RANGE", evil),
        ("IN_CONFIG", evil),
        ("IN_BASELINE", "b c"),
        ("IN_ARGS", "--fetch\n\n--block\nhigh\n"),
    ];
    let (ran, output) = run_action(&repo, &inputs, "1");
    ran.has_status(1);
    let expected = format!(
        "gate\n-f\ngithub\n{reports}--config\n{evil}\n--baseline\nb c\n\
         --fetch\n--block\nhigh\n--\n{evil}\n"
    );
    assert_eq!((words(), output.as_str()), (expected, "status=1\n"));
    assert!(!repo.path("evil").exists());
}

/// On a push without a key, and then on one with a key.
#[test]
fn every_template_runs_the_real_gate() {
    for (file, reports) in FILES {
        let repo = Repo::new();
        let temp = repo.sandbox().root().join("temp");
        let bin = temp.join("keysieve/bin");
        fs::create_dir_all(&bin).unwrap();
        symlink(Run::KEYSIEVE, bin.join("keysieve")).unwrap();
        let script = gate(&text_of(file));
        let pushed = |before: &str, after: &str| {
            let run = environment(file, run(&repo, file, &script, &bin), before, after);
            run.env("RUNNER_TEMP", &temp)
                .env("GITHUB_OUTPUT", temp.join("output"))
        };
        let first = repo.add("a", "clean\n").commit("first");
        let second = repo.add("b", "clean\n").commit("second");
        pushed(&first, &second).status(0);
        let third = repo
            .add("b", format!("id = {}\n", access_key_id(1)))
            .commit("third");
        pushed(&second, &third)
            .status(1)
            .never_says(&access_key_id(1));
        for report in reports {
            let folder = if file == "action.yml" {
                &temp
            } else {
                repo.root()
            };
            let text = fs::read_to_string(folder.join(report))
                .unwrap_or_else(|error| panic!("{file}: {report}: {error}"));
            assert!(
                text.contains("aws-access-token") && !text.contains(&access_key_id(1)),
                "{file}: {report}"
            );
        }
    }
}

/// The variables that each service sets for a push to `main`.
fn environment(file: &str, run: Run, before: &str, after: &str) -> Run {
    let range = format!("{before}..{after}");
    let variables: Vec<(&str, &str)> = match file {
        "action.yml" => {
            vec![
                ("IN_FORMAT", "github"),
                ("IN_RANGE", &range),
                ("IN_CONFIG", ""),
                ("IN_BASELINE", ""),
                ("IN_ARGS", ""),
            ]
        }
        "hooks/ci/gitlab.yml" => vec![
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_COMMIT_BEFORE_SHA", before),
            ("CI_COMMIT_SHA", after),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_REF_NAME", "main"),
            ("CI_DEFAULT_BRANCH", "main"),
        ],
        "hooks/ci/bitbucket.yml" => {
            vec![
                ("BITBUCKET_BUILD_NUMBER", "1"),
                ("BITBUCKET_COMMIT", after),
                ("BITBUCKET_BRANCH", "main"),
            ]
        }
        "hooks/ci/azure.yml" => vec![
            ("TF_BUILD", "True"),
            ("BUILD_REASON", "IndividualCI"),
            ("BUILD_SOURCEVERSION", after),
            ("BUILD_SOURCEBRANCH", "refs/heads/main"),
        ],
        _ => vec![
            ("JENKINS_URL", "http://localhost"),
            ("GIT_COMMIT", after),
            ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", before),
            ("GIT_BRANCH", "origin/main"),
        ],
    };
    variables
        .into_iter()
        .fold(run, |run, (name, value)| run.env(name, value))
}
