//! Holds the sources to the architecture that the docs of `src/lib.rs` promise: who may know whom,
//! who may print, and the house rules that a compiler cannot check.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

mod circles;
mod code;
mod style;

use code::{code_of, is_word, names_below};

/// Modules that `main.rs` declares, so that the library cannot import them.
const PROGRAM: &[&str] = &["cli", "main"];

/// House number: a longer file is two files.
const MAX_LINES: usize = 400;

/// A source file: its path below the package, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// The module's path from the root of its crate: `src/rule/check/mod.rs` is `["rule",
    /// "check"]`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.strip_suffix("/mod")
            .unwrap_or(path)
            .split('/')
            .collect()
    }

    fn top(&self) -> &str {
        self.module()[0]
    }

    /// Whether it is part of the program and not of the library.
    fn is_program(&self) -> bool {
        PROGRAM.contains(&self.top())
    }
}

/// Layer of each top-level module, read from the table in the docs of the library: the table is the
/// law.
fn table(lib: &str) -> BTreeMap<String, u32> {
    let mut table = BTreeMap::new();
    for row in lib.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let Some(Ok(layer)) = cells.first().map(|cell| cell.parse()) else {
            continue;
        };
        for name in cells.get(1).into_iter().flat_map(|cell| cell.split(',')) {
            let name = name.trim_matches(|c: char| !is_word(c) && c != '.');
            table.insert(name.strip_suffix(".rs").unwrap_or(name).to_owned(), layer);
        }
    }
    table
}

/// What `file` imports that the table does not let it know.
fn violations(file: &File, table: &BTreeMap<String, u32>) -> Vec<String> {
    let top = file.top();
    if file.path == "src/lib.rs" {
        return Vec::new();
    }
    let Some(&layer) = table.get(top) else {
        return vec![format!(
            "{}: the module `{top}` has no layer: add it to the table in src/lib.rs",
            file.path
        )];
    };
    let mut found = Vec::new();
    for (line, name) in imports(file) {
        let place = format!("{}:{line}", file.path);
        match table.get(&name) {
            _ if name == top || (PROGRAM.contains(&name.as_str()) && file.is_program()) => {}
            None => found.push(format!(
                "{place}: `{name}` has no layer: add it to the table in src/lib.rs"
            )),
            Some(&other) if other >= layer => {
                found.push(format!(
                    "{place}: `{top}` (layer {layer}) must not know `{name}` (layer {other})"
                ));
            }
            Some(_) => {}
        }
    }
    found
}

/// Top-level modules that `file` names, with the line of each.
fn imports(file: &File) -> Vec<(usize, String)> {
    let code = code_of(&file.text);
    let mut names = names_below(&code, "crate");
    names.extend(names_below(&code, "keysieve"));
    // Tests in a file are one module deeper, so the same chain of `super::` reaches one module less
    // far.
    let depth = if file.path == "src/main.rs" {
        0
    } else {
        file.module().len()
    };
    let split = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
    let above = code[..split].matches('\n').count();
    for (part, depth, offset) in [
        (&code[..split], depth, 0),
        (&code[split..], depth + 1, above),
    ] {
        if depth > 0 {
            let chain = vec!["super"; depth].join("::");
            names.extend(
                names_below(part, &chain)
                    .into_iter()
                    .map(|(line, name)| (line + offset, name)),
            );
        }
    }
    names.retain(|(_, name)| !name.is_empty() && name != "super");
    names
}

/// Uses of what only the program may do: print, exit, read the environment.
fn leaks(file: &File) -> Vec<String> {
    const FORBIDDEN: [&str; 9] = [
        "println!",
        "eprintln!",
        "print!",
        "eprint!",
        "dbg!",
        "process::exit",
        "std::env",
        "env::var",
        "env::args",
    ];
    let code = code_of(&file.text);
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        // `env::var` stands for `env::var_os` as well, and `eprint!` does not hold `print!`.
        let names = |word: &str| {
            line.match_indices(word)
                .any(|(at, _)| !line[..at].ends_with(is_word))
        };
        for word in FORBIDDEN.iter().filter(|word| names(word)) {
            found.push(format!(
                "{}:{}: the library must not use `{word}`",
                file.path,
                number + 1
            ));
        }
    }
    for (line, name) in names_below(&code, "std") {
        if name == "env" {
            found.push(format!(
                "{}:{line}: the library must not use `std::env`",
                file.path
            ));
        }
    }
    found
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the package, sorted.
fn files(folder: &str) -> Vec<File> {
    let mut found = Vec::new();
    let mut open = vec![package().join(folder)];
    while let Some(folder) = open.pop() {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry of a folder").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(read(&path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no Rust file in {folder}");
    found
}

fn read(path: &Path) -> File {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let below = path.strip_prefix(package()).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    File {
        path: parts.join("/"),
        text,
    }
}

fn law() -> BTreeMap<String, u32> {
    table(&read(&package().join("src/lib.rs")).text)
}

#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_table_is_read() {
    let law = law();
    for (name, layer) in [
        ("text", 0),
        ("secret", 0),
        ("scan", 3),
        ("source", 3),
        ("audit", 7),
        ("api", 8),
        ("cli", 9),
        ("main", 9),
    ] {
        assert_eq!(law.get(name), Some(&layer), "{name} in {law:?}");
    }
}

#[test]
fn modules_know_only_lower_layers() {
    let law = law();
    assert_none(
        &files("src")
            .iter()
            .flat_map(|file| violations(file, &law))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_library_never_prints_exits_or_reads_the_environment() {
    let files = files("src");
    let library = files.iter().filter(|file| !file.is_program());
    assert_none(&library.flat_map(leaks).collect::<Vec<_>>());
}

#[test]
fn only_git_imports_gix() {
    let files = files("src");
    let others = files.iter().filter(|file| file.top() != "git");
    let uses = others.flat_map(|file| {
        let code = code_of(&file.text);
        let lines = code.lines().enumerate();
        let named = lines.filter(|(_, line)| {
            line.match_indices("gix").any(|(at, _)| {
                !line[..at].ends_with(is_word) && !line[at + 3..].starts_with(is_word)
            })
        });
        let complaint = |(number, _)| format!("{}:{}: names `gix`", file.path, number + 1);
        named.map(complaint).collect::<Vec<_>>()
    });
    assert_none(&uses.collect::<Vec<_>>());
}

#[test]
fn no_files_of_a_module_import_each_other() {
    assert_none(&circles::circles(&files("src")));
}

#[test]
fn lines_functions_and_closures_stay_small() {
    // Files of tests and their samples are mostly data.
    let tests = ["/tests.rs", "src/report/samples.rs"];
    let mut files = files("src");
    files.retain(|file| !tests.iter().any(|name| file.path.ends_with(name)));
    assert_none(&files.iter().flat_map(style::wide_lines).collect::<Vec<_>>());
    assert_none(
        &files
            .iter()
            .flat_map(style::long_functions)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn names_and_prose_use_the_terms_of_the_field() {
    let files = files("src");
    let mut odd: Vec<String> = files.iter().flat_map(style::odd_names).collect();
    odd.extend(
        files
            .iter()
            .flat_map(|file| style::odd_words(&file.path, &file.text)),
    );
    for name in ["README.md", "CONTRIBUTING.md", "build.rs"] {
        let text = fs::read_to_string(package().join(name)).expect(name);
        odd.extend(style::odd_words(name, &text));
    }
    for entry in fs::read_dir(package().join("docs")).expect("docs") {
        let path = entry.expect("an entry of docs").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).expect("a document");
            odd.extend(style::odd_words(&path.display().to_string(), &text));
        }
    }
    assert_none(&odd);
}

#[test]
fn every_file_opens_with_its_purpose() {
    let files = files("src").into_iter().chain(files("tests"));
    let mute = files.filter(|file| !file.text.starts_with("//! "));
    assert_none(
        &mute
            .map(|file| format!("{}: opens without a `//!` sentence", file.path))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_too_long() {
    let long = files("src")
        .into_iter()
        .filter(|file| file.text.lines().count() > MAX_LINES);
    let complaint = |file: File| {
        format!(
            "{}: {} lines, at most {MAX_LINES}",
            file.path,
            file.text.lines().count()
        )
    };
    assert_none(&long.map(complaint).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_for_later() {
    // In pieces, or this file would be the first to be found.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let files = files("src").into_iter().chain(files("tests"));
    let open = files.filter(|file| words.iter().any(|word| file.text.contains(word)));
    assert_none(
        &open
            .map(|file| format!("{}: says that something is left to do", file.path))
            .collect::<Vec<_>>(),
    );
}

/// The test of the test: made-up violations are caught, and what is allowed is not.
mod caught {
    use super::{File, leaks, table, violations};

    const LIB: &str = "//! | layer | modules | what |\n//! |---|---|---|\n//! | 0 | [`text`] | a |\n\
                       //! | 2 | [`scan`], [`source`] | b |\n//! | 6 | `cli`, `main.rs` | c |\n";

    fn complaints(path: &str, text: &str) -> Vec<String> {
        violations(
            &File {
                path: path.to_owned(),
                text: text.to_owned(),
            },
            &table(LIB),
        )
    }

    #[test]
    fn arrows_up_and_sideways() {
        for text in [
            "use crate::source::Files;",
            "use crate::{\n    text::Span,\n    source,\n};",
            "fn f() { crate::source::f() }",
            "use super::super::source::X;",
            "use super::super::{source, text};",
            "use keysieve::source::X;",
        ] {
            let found = complaints("src/scan/run.rs", text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains("must not know `source`"), "{found:?}");
        }
        assert_eq!(complaints("src/scan/mod.rs", "use super::source;").len(), 1);
        assert_eq!(
            complaints("src/text.rs", "\nuse crate::scan::X;"),
            ["src/text.rs:2: `text` (layer 0) must not know `scan` (layer 2)"]
        );
    }

    #[test]
    fn arrows_down_and_to_oneself_pass() {
        for text in [
            "use crate::text::Span;\nuse crate::scan::run;",
            "use super::source_of;",
            "// use crate::source::X;",
            "let s = \"crate::source\";",
            "#[cfg(test)]\nmod tests {\n    use super::super::source_of;\n}",
        ] {
            assert_eq!(complaints("src/scan/run.rs", text), [""; 0], "{text}");
        }
        assert_eq!(
            complaints(
                "src/cli/mod.rs",
                "use keysieve::scan::X;\nuse crate::cli::fault;"
            ),
            [""; 0]
        );
        assert_eq!(
            complaints("src/main.rs", "mod cli;\nfn main() { cli::main() }"),
            [""; 0]
        );
    }

    #[test]
    fn modules_without_a_layer() {
        for found in [
            complaints("src/new.rs", ""),
            complaints("src/scan/mod.rs", "use crate::new::X;"),
        ] {
            assert!(
                found.len() == 1 && found[0].contains("add it to the table in src/lib.rs"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn printing_exiting_and_reading_the_environment() {
        let found = |text: &str| {
            leaks(&File {
                path: "src/scan.rs".to_owned(),
                text: text.to_owned(),
            })
            .len()
        };
        for text in [
            "println!(\"x\");",
            "eprint!(\"x\");",
            "std::process::exit(1)",
            "use std::env;",
            "use std::{env, fs};",
            "env::var_os(\"HOME\")",
        ] {
            assert!(found(text) > 0, "{text}");
        }
        for text in [
            "writeln!(out)",
            "env!(\"CARGO_PKG_VERSION\")",
            "// println!",
            "\"std::env\"",
            "my_print!()",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }
}
