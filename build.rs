//! Build script: embeds every file of `patterns/`, so that adding a provider is adding one file.
//!
//! The rules are embedded twice: as written, and as values without their samples. A hook loads the
//! rules at every commit, and parsing them would take longer than the rest of its work.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

#[path = "src/rule/charset.rs"]
mod charset;
#[path = "src/rule/run_prefix.rs"]
#[expect(unreachable_pub, reason = "the library publishes what is private here")]
mod run_prefix;

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let (root, out) = (Path::new(&root), Path::new(&out));
    println!("cargo::rerun-if-changed=patterns");
    let files = files_in(&root.join("patterns"))?;
    fs::write(out.join("patterns.rs"), table(&files))?;
    fs::write(out.join("rules.rs"), rules(&files)?)?;
    for file in ["build.rs", "src/rule/charset.rs", "src/rule/run_prefix.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    Ok(())
}

/// Lists the files of `folder`, sorted by name, without its subfolders.
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

/// Writes a Rust expression: a slice of (file name, content).
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

/// Writes the items of `embedded` in `src/rule/load.rs`: the rules and pairs of each file without
/// their samples, and the digest of the files.
fn rules(files: &[PathBuf]) -> io::Result<String> {
    let (mut rows, mut digest) = (String::new(), Sha256::new());
    for file in files {
        let text = fs::read_to_string(file)?;
        digest.update(&text);
        let document: toml::Table = toml::from_str(&text)
            .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        let entries = |kind, write: fn(&toml::Table) -> String| {
            let entries = document.get(kind).and_then(toml::Value::as_array);
            let tables = entries
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_table);
            tables.map(write).collect::<String>()
        };
        rows += &format!(
            "(Cow::Borrowed({:?}), &[{}], &[{}]),\n",
            file.file_name().unwrap_or_default(),
            entries("rule", rule),
            entries("pair", pair)
        );
    }
    Ok(format!(
        "pub(super) static FILES: &[(Cow<'static, str>, &[RuleSyntax], &[PairSyntax])] = &[\n{rows}];\n\
         pub(super) const DIGEST: [u8; 32] = {:?};\n",
        digest.finalize().as_slice()
    ))
}

/// A `RuleSyntax` with the content of a `[[rule]]`. The tests load the files as written, which
/// finds unknown keys and values of another type.
fn rule(entry: &toml::Table) -> String {
    format!(
        "RuleSyntax {{ id: {}, description: {}, keywords: {}, start: {}, pattern: {}, before: {}, after: {}, \
         keyword_place: KeywordPlace::{:?}, names: {}, value: {}, run: {}, entropy: {}, \
         guessable: {}, checks: {}, confidence: {}, help: {}, link: {}, examples: Vec::new(), \
         counter_examples: Vec::new() }},\n",
        text(entry, "id"),
        text(entry, "description"),
        list(entry, "keywords", literal),
        list(entry, "start", literal),
        optional(entry, "pattern", literal),
        number(entry, "before", "default_before()"),
        number(entry, "after", "default_after()"),
        keyword_place(entry),
        list(entry, "names", literal),
        optional(entry, "value", literal),
        list(entry, "run", length),
        optional(entry, "entropy", float),
        entry
            .get("guessable")
            .is_some_and(|value| value.as_bool() == Some(true)),
        list(entry, "checks", literal),
        confidence(entry),
        optional(entry, "help", literal),
        optional(entry, "link", literal),
    )
}

/// A `PairSyntax` with the content of a `[[pair]]`.
fn pair(entry: &toml::Table) -> String {
    format!(
        "PairSyntax {{ id: {}, description: {}, first: {}, second: {}, confidence: {}, help: {}, \
         examples: Vec::new(), counter_examples: Vec::new() }},\n",
        text(entry, "id"),
        text(entry, "description"),
        text(entry, "first"),
        text(entry, "second"),
        confidence(entry),
        optional(entry, "help", literal),
    )
}

fn literal(value: &toml::Value) -> String {
    format!("Cow::Borrowed({:?})", value.as_str().unwrap_or_default())
}

fn text(entry: &toml::Table, key: &str) -> String {
    entry.get(key).map(literal).unwrap_or_default()
}

fn optional(entry: &toml::Table, key: &str, write: fn(&toml::Value) -> String) -> String {
    let written = entry.get(key).map(write);
    written.map_or("None".to_owned(), |written| format!("Some({written})"))
}

fn list(entry: &toml::Table, key: &str, write: fn(&toml::Value) -> String) -> String {
    let values = entry.get(key).and_then(toml::Value::as_array);
    let written: Vec<_> = values.into_iter().flatten().map(write).collect();
    format!("Cow::Borrowed(&[{}])", written.join(", "))
}

fn number(entry: &toml::Table, key: &str, default: &str) -> String {
    let number = entry.get(key).and_then(toml::Value::as_integer);
    number.map_or_else(|| default.to_owned(), |number| number.to_string())
}

fn float(value: &toml::Value) -> String {
    let whole = value.as_integer().map(|whole| format!("{whole}.0"));
    whole.unwrap_or_else(|| format!("{:?}", value.as_float().unwrap_or(f64::NAN)))
}

fn length(value: &toml::Value) -> String {
    let ends = value.as_array().map_or(&[][..], Vec::as_slice);
    let ends: Vec<_> = ends.iter().filter_map(toml::Value::as_integer).collect();
    match value.as_integer() {
        Some(exact) => format!("LengthSyntax::Exact({exact})"),
        None => format!("LengthSyntax::Range({ends:?})"),
    }
}

fn confidence(entry: &toml::Table) -> String {
    let word = entry.get("confidence").and_then(toml::Value::as_str);
    let (first, rest) = word.unwrap_or("?").split_at(1);
    format!("Confidence::{}{rest}", first.to_uppercase())
}

/// Where a rule's keywords need to be searched for.
fn keyword_place(rule: &toml::Table) -> run_prefix::KeywordPlace {
    if rule.contains_key("start") {
        return run_prefix::KeywordPlace::FileStart;
    }
    let pattern = rule.get("pattern").and_then(toml::Value::as_str);
    let keywords = rule.get("keywords").and_then(toml::Value::as_array);
    let keywords: Vec<_> = keywords
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect();
    run_prefix::keyword_place(pattern.unwrap_or_default(), &keywords)
}
