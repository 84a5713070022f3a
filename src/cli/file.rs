//! Writing files, reports and what people keep in their repository: whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What writes to what it is given.
pub(crate) type Writer<'w> = &'w dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Writes to `path` through a file beside it, so that nobody ever reads half of it, and the old one
/// stays where the new one cannot be written, even where the power fails. What is no ordinary file,
/// such as a pipe, is written to as it is.
pub(crate) fn replace(path: &Path, write: Writer<'_>) -> io::Result<()> {
    let meta = fs::metadata(path);
    if meta.as_ref().is_ok_and(|meta| !meta.is_file()) {
        return through(File::create(path)?, write);
    }
    // A link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keysieve-");
    if let Some(mode) = default_mode() {
        builder.permissions(mode);
    }
    let temp = builder.tempfile_in(folder)?;
    through(temp.as_file().try_clone()?, write)?;
    if let Ok(meta) = meta {
        temp.as_file().set_permissions(meta.permissions())?;
    }
    temp.as_file().sync_all()?;
    temp.persist(&path).map(drop).map_err(|error| error.error)
}

/// Adds to the end of `path`, in one piece.
pub(crate) fn append(path: &Path, write: Writer<'_>) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text)?;
    File::options()
        .append(true)
        .create(true)
        .open(path)?
        .write_all(&text)
}

fn through(file: File, write: Writer<'_>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.flush()
}

/// What a new file may be read by, less what the user's mask takes away: it is no secret, unlike
/// most temporary files.
#[cfg(unix)]
fn default_mode() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(0o666))
}

/// What a new file may be read by.
#[cfg(not(unix))]
fn default_mode() -> Option<Permissions> {
    None
}
