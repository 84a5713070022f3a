//! Build script: embeds every file of `patterns/`, so that adding a provider is adding one file.
//!
//! The rules are embedded twice: as written, and as JSON without their samples. A hook loads the
//! rules at every commit, and parsing the TOML would take longer than the rest of its work.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/rule/charset.rs"]
mod charset;
#[path = "src/rule/run_prefix.rs"]
mod run_prefix;

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

/// Writes the rules of a pattern file without their samples, and returns the path of the new file.
fn without_samples(file: &Path, out: &Path) -> io::Result<PathBuf> {
    let text = fs::read_to_string(file)?;
    let mut document: toml::Table = toml::from_str(&text)
        .map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    let entries = document
        .iter_mut()
        .filter_map(|(_, kind)| kind.as_array_mut())
        .flatten();
    for entry in entries.filter_map(|entry| entry.as_table_mut()) {
        entry.retain(|key, _| !key.ends_with("examples"));
        if let Some(place) = keyword_place(entry) {
            entry.insert("keyword-place".to_owned(), toml::Value::from(place));
        }
    }
    let bare = out.join(file.file_name().unwrap_or_default());
    let json = serde_json::to_string(&document).map_err(io::Error::other)?;
    fs::write(&bare, json)?;
    Ok(bare)
}

/// Where a rule's keywords need to be searched for; `None` if anywhere.
fn keyword_place(rule: &toml::Table) -> Option<&'static str> {
    let pattern = rule.get("pattern").and_then(toml::Value::as_str)?;
    let keywords = rule.get("keywords").and_then(toml::Value::as_array);
    let keywords: Vec<_> = keywords
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect();
    run_prefix::keyword_place(pattern, &keywords)
}
