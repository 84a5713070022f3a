//! Writing files that people keep in their repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Puts `text` in the place of `file` in one step, so that nobody ever reads half of it. A symbolic link stays one.
pub(crate) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let target: PathBuf = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = temporary(folder)?;
    new.write_all(text.as_bytes())?;
    if let Ok(old) = fs::metadata(&target) {
        fs::set_permissions(new.path(), old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(&target)?;
    Ok(())
}

/// A temporary file that everybody may read whom the umask lets: it becomes a tracked file.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keysieve-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
