//! Opens regular files, and nothing else, for everything that reads one; and replaces files
//! atomically for everything that writes one: a reader sees the old content or the new, never a
//! part of it, also after a power failure.

#[cfg(unix)]
use std::fs::Permissions;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

/// Why something is not read that is no file: to read a named pipe or a device could take forever.
pub const NOT_REGULAR: &str = "not a regular file";

/// Opens a file for reading. Never waits, as for the other end of a named pipe.
///
/// # Errors
/// If it cannot be opened, or is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other(NOT_REGULAR))
    }
}

/// Reads a file; see [`open_regular`].
///
/// # Errors
/// If it cannot be read, or is not a regular file.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Who may use a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only.
    Private,
    /// The user, and others as far as the user's umask allows.
    Default,
    /// All users may read and run it, with any umask.
    Executable,
}

/// A complete file next to its destination, which [`publish`](Self::publish) renames to it. If it
/// is dropped instead, it is removed and the destination is unchanged.
#[derive(Debug)]
pub struct PendingFile {
    temp: tempfile::NamedTempFile,
    path: PathBuf,
}

impl PendingFile {
    /// Writes the file that `path` is to become.
    ///
    /// # Errors
    /// If it cannot be created or written.
    pub fn write(
        path: &Path,
        access: Access,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Self> {
        let temp = create(parent(path), access)?;
        let mut out = BufWriter::new(temp.as_file());
        write(&mut out)?;
        out.flush()?;
        drop(out);
        temp.as_file().sync_all()?;
        Ok(Self {
            temp,
            path: path.to_path_buf(),
        })
    }

    /// Renames the file to its destination, in place of any file there.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn publish(self) -> io::Result<()> {
        self.temp.persist(&self.path)?;
        Ok(())
    }
}

/// Replaces the file at `path`, or creates it. A file that exists keeps its permissions. What is
/// not a regular file, such as a pipe, is written to directly.
///
/// # Errors
/// If `path` is a symbolic link, because it could have come with a checkout, to have another file
/// of the user overwritten; if it is a pipe that has no reader; or if the new content cannot be
/// written. Then the old one is unchanged.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    check_link(path)?;
    let old = fs::metadata(path);
    if old.as_ref().is_ok_and(|old| !old.is_file()) {
        let mut out = BufWriter::new(open_special(path)?);
        write(&mut out)?;
        return out.flush();
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let file = PendingFile::write(&path, Access::Default, write)?;
    if let Ok(permissions) = old.map(|old| old.permissions()) {
        file.temp.as_file().set_permissions(permissions)?;
    }
    file.publish()
}

/// Refuses a symbolic link, except for those of the system, such as `/dev/stdout`.
fn check_link(path: &Path) -> io::Result<()> {
    let is_system = ["/dev", "/proc"].iter().any(|top| path.starts_with(top));
    if !is_system && path.is_symlink() {
        let why = "it is a symbolic link, which is not followed; remove it, or name its target";
        return Err(io::Error::other(why));
    }
    Ok(())
}

/// Opens what is not a regular file for writing. Opening a pipe without a reader would block.
fn open_special(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = File::options();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        // Fails if the pipe has no reader. Then it is opened again, without the flag.
        let _probe = options.open(path)?;
        File::create(path)
    }
    #[cfg(not(unix))]
    File::create(path)
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// A temporary file in `folder`, private unless `access` says otherwise.
fn create(folder: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keysieve-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if access != Access::Private {
            builder.permissions(Permissions::from_mode(0o666));
        }
        let temp = builder.tempfile_in(folder)?;
        if access == Access::Executable {
            let mode = Permissions::from_mode(0o755);
            temp.as_file().set_permissions(mode)?;
        }
        Ok(temp)
    }
    #[cfg(not(unix))]
    {
        let _ = access;
        builder.tempfile_in(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        #[cfg(unix)]
        return std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
        #[cfg(not(unix))]
        return u32::from(path.exists()) * 0o755;
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        replace(&path, |out| out.write_all(b"old")).unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unpublished_file_does_not_touch_its_destination() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hook");
        let pending =
            PendingFile::write(&path, Access::Executable, |out| out.write_all(b"#!")).unwrap();
        assert!(!path.exists());
        pending.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"#!");
        assert_eq!(mode(&path) & 0o755, 0o755);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions_and_a_link_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        replace(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path) & 0o777, 0o640);
        for (name, target) in [("link", "target"), ("nowhere", "missing")] {
            let link = folder.path().join(name);
            std::os::unix::fs::symlink(target, &link).unwrap();
            replace(&link, |out| out.write_all(b"newer")).unwrap_err();
        }
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(!folder.path().join("missing").exists());
    }
}
