//! Build script: embeds every file of `patterns/`, so that adding a provider is adding one file.
//!
//! Of a pattern file the rules are embedded a second time, without their samples and as JSON: a
//! hook loads them at every commit, and parsing the files as they are written would take longer
//! than the rest of its work.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use regex_syntax::hir::literal::{Extractor, Literal};
use regex_syntax::hir::{Class, Hir, HirKind};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let (root, out) = (Path::new(&root), Path::new(&out));
    println!("cargo::rerun-if-changed=patterns");
    let files = files_in(&root.join("patterns"))?;
    fs::write(out.join("patterns.rs"), table(&files))?;
    let bare: Vec<_> = files_in(&root.join("patterns"))?
        .iter()
        .map(|file| without_samples(file, out))
        .collect::<Result<_, _>>()?;
    fs::write(out.join("rules.rs"), table(&bare))?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// The files of `folder`, sorted by name. Folders in it are left out.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// A Rust expression: a slice of (file name, content).
fn table(files: &[PathBuf]) -> String {
    let rows = files.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "    ({name:?}, include_str!({:?})),\n",
            path.display().to_string()
        )
    });
    format!("&[\n{}]\n", rows.collect::<String>())
}

/// The shortest run of word characters that the scanner finds, as in `scan/run`.
const MIN_RUN: usize = 31;

/// Whether every match of `pattern` begins with a keyword, is at least as long as that and holds
/// nothing but word characters, as `scan/run` has them: then the keywords need to be looked for in
/// such runs only, which are a thirtieth of ordinary source code.
fn in_run(pattern: &str, keywords: &[&str]) -> Result<bool, Box<regex_syntax::Error>> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build();
    let hir = parser.parse(pattern)?;
    let long = hir
        .properties()
        .minimum_len()
        .is_some_and(|len| len >= MIN_RUN);
    let prefixes = Extractor::new().extract(&hir);
    let known = |literal: &Literal| {
        keywords
            .iter()
            .any(|word| literal.as_bytes().starts_with(word.as_bytes()))
    };
    let begins = prefixes
        .literals()
        .is_some_and(|literals| literals.iter().all(known));
    Ok(begins && long && hir.properties().look_set().is_empty() && only_words(&hir))
}

fn only_words(hir: &Hir) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"+/_-.=\\%&#;".contains(&byte);
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().all(|&byte| word(byte)),
        HirKind::Class(Class::Bytes(class)) => class
            .iter()
            .all(|range| (range.start()..=range.end()).all(word)),
        HirKind::Class(Class::Unicode(class)) => {
            let ascii = |c: char| u8::try_from(c).is_ok_and(word);
            class
                .iter()
                .all(|range| (range.start()..=range.end()).all(ascii))
        }
        HirKind::Repetition(repetition) => only_words(&repetition.sub),
        HirKind::Capture(capture) => only_words(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(only_words),
    }
}

/// Writes a pattern file's rules without their samples; gives the path of what it wrote.
fn without_samples(file: &Path, out: &Path) -> io::Result<PathBuf> {
    let text = fs::read_to_string(file)?;
    let wrong = |error: toml::de::Error| io::Error::other(format!("{}: {error}", file.display()));
    let mut document: toml::Table = toml::from_str(&text).map_err(wrong)?;
    let entries = document
        .iter_mut()
        .filter_map(|(_, kind)| kind.as_array_mut())
        .flatten();
    for entry in entries.filter_map(|entry| entry.as_table_mut()) {
        entry.retain(|key, _| !key.ends_with("examples"));
        let keywords = entry
            .get("keywords")
            .and_then(|words| words.as_array())
            .into_iter()
            .flatten();
        let keywords: Vec<_> = keywords.filter_map(|word| word.as_str()).collect();
        let pattern = entry.get("pattern").and_then(|pattern| pattern.as_str());
        if pattern.is_some_and(|pattern| in_run(pattern, &keywords).unwrap_or(false)) {
            entry.insert("in-run".to_owned(), toml::Value::Boolean(true));
        }
    }
    let bare = out.join(file.file_name().unwrap_or_default());
    fs::write(
        &bare,
        serde_json::to_string(&document).map_err(io::Error::other)?,
    )?;
    Ok(bare)
}
