//! Build script: embeds every file of `patterns/` and every stub of `hooks/`, so that adding one is adding one file.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    for (folder, name) in [("patterns", "patterns.rs"), ("hooks", "hooks.rs")] {
        println!("cargo::rerun-if-changed={folder}");
        let table = table_of(&Path::new(&root).join(folder))?;
        fs::write(Path::new(&out).join(name), table)?;
    }
    println!("cargo::rerun-if-changed=src/build.rs");
    Ok(())
}

/// A Rust expression: a slice of (file name, content), sorted by name. Folders are left out.
fn table_of(folder: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    let rows = files.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string())
    });
    Ok(format!("&[\n{}]\n", rows.collect::<String>()))
}
