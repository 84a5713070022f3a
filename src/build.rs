//! Build script: embeds every file of `patterns/` and every stub of `hooks/`, so that adding one is adding one file.
//!
//! Of a pattern file the rules are embedded a second time, without their samples and as JSON: a hook loads them at every
//! commit, and that is done in a tenth of the time.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let (root, out) = (Path::new(&root), Path::new(&out));
    for folder in ["patterns", "hooks"] {
        println!("cargo::rerun-if-changed={folder}");
        let files = files_in(&root.join(folder))?;
        fs::write(out.join(format!("{folder}.rs")), table(&files))?;
    }
    let bare: Vec<_> =
        files_in(&root.join("patterns"))?.iter().map(|file| without_samples(file, out)).collect::<Result<_, _>>()?;
    fs::write(out.join("rules.rs"), table(&bare))?;
    println!("cargo::rerun-if-changed=src/build.rs");
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
        format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string())
    });
    format!("&[\n{}]\n", rows.collect::<String>())
}

/// Writes a pattern file's rules without their samples; gives the path of what it wrote.
fn without_samples(file: &Path, out: &Path) -> io::Result<PathBuf> {
    let text = fs::read_to_string(file)?;
    let wrong = |error: toml::de::Error| io::Error::other(format!("{}: {error}", file.display()));
    let mut document: toml::Table = toml::from_str(&text).map_err(wrong)?;
    let entries = document.iter_mut().filter_map(|(_, kind)| kind.as_array_mut()).flatten();
    for entry in entries.filter_map(|entry| entry.as_table_mut()) {
        entry.retain(|key, _| !key.ends_with("examples"));
    }
    let bare = out.join(file.file_name().unwrap_or_default());
    fs::write(&bare, serde_json::to_string(&document).map_err(io::Error::other)?)?;
    Ok(bare)
}
