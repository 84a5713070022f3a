//! The text of a stub: filling in the program, and recognising what an earlier run wrote.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::{Error, Hook};

/// The version of the stubs in `hooks/`. Raise it, and the id line of each stub with it, whenever
/// one changes.
pub const VERSION: u32 = 2;

/// How the id line begins; the version follows.
const ID: &str = "# keysieve hook ";

/// What stands for the program in a stub; the quotes around it belong to the shell.
const MARKER: &str = "@KEYSIEVE@";

/// What is known of a stub that was found in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The version that its id line names.
    pub version: u32,
    /// The program it runs, where the whole text is what this version writes. `None`: an older
    /// stub, or an edited one.
    pub program: Option<PathBuf>,
}

impl Stub {
    /// Reads the text of a hook; `None` where it is not a stub of ours.
    #[must_use]
    pub fn read(hook: Hook, text: &[u8]) -> Option<Self> {
        // The id line stands at the top: a script of somebody else's may well talk about ours
        // further down.
        let id = text
            .lines()
            .take(3)
            .find_map(|line| line.strip_prefix(ID.as_bytes()))?;
        let version = id.to_str().ok()?.trim_end().parse().ok()?;
        let (before, after) = hook.template.split_once(MARKER)?;
        let quoted = text
            .strip_prefix(before.as_bytes())
            .and_then(|rest| rest.strip_suffix(after.as_bytes()));
        let program = quoted
            .and_then(unquote)
            .and_then(|program| program.to_path().ok().map(Path::to_owned));
        Some(Self { version, program })
    }

    /// The text of a stub that runs `program`.
    ///
    /// # Errors
    ///
    /// [`Error::Program`] where the path is relative, so that a hook could not find it from
    /// elsewhere, or cannot be written into a script.
    pub fn render(hook: Hook, program: &Path) -> Result<Vec<u8>, Error> {
        let refused = || Error::Program {
            path: program.to_owned(),
        };
        let bytes = <[u8]>::from_path(program)
            .filter(|_| program.is_absolute())
            .ok_or_else(refused)?;
        Ok(hook
            .template
            .as_bytes()
            .replacen(MARKER, bytes.replace("'", r"'\''"), 1))
    }
}

/// Undoes the quoting of [`Stub::render`]; `None` where the text would end the quotes, so is not of
/// our writing.
fn unquote(text: &[u8]) -> Option<BString> {
    if text.contains(&0) {
        return None;
    }
    let plain = text.replace(r"'\''", "\0");
    (!plain.contains(&b'\'')).then(|| plain.replace("\0", "'").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook() -> Hook {
        Hook::named("pre-commit").unwrap()
    }

    #[test]
    fn a_stub_is_read_back_with_its_program() {
        for program in [
            "/usr/bin/keysieve",
            "/it's/a \"path\"/$(x)`y`\n/keysieve",
            "/''/'",
        ] {
            let text = Stub::render(hook(), Path::new(program)).unwrap();
            let stub = Stub::read(hook(), &text).unwrap();
            assert_eq!(
                stub,
                Stub {
                    version: VERSION,
                    program: Some(program.into())
                }
            );
        }
    }

    #[test]
    fn an_edited_or_older_stub_is_ours_but_not_whole() {
        let text = Stub::render(hook(), Path::new("/k")).unwrap();
        let edited = [&text[..], b"echo more\n"].concat();
        assert_eq!(
            Stub::read(hook(), &edited),
            Some(Stub {
                version: VERSION,
                program: None
            })
        );
        let old = b"#!/bin/sh\n# keysieve hook 0\nexec keysieve\n";
        assert_eq!(
            Stub::read(hook(), old),
            Some(Stub {
                version: 0,
                program: None
            })
        );
        let evil = text.replace("'/k'", "'/k'; evil '/k'");
        assert_eq!(
            Stub::read(hook(), &evil).unwrap().program,
            None,
            "a script in the program's place is not whole"
        );
    }

    #[test]
    fn other_scripts_are_not_ours() {
        for text in [
            "",
            "#!/bin/sh\necho hi\n",
            "#!/bin/sh\n\n\n\n# keysieve hook 2\n",
            "# keysieve hook one\n",
        ] {
            assert_eq!(Stub::read(hook(), text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_relative_program_is_refused() {
        assert!(matches!(
            Stub::render(hook(), Path::new("bin/keysieve")),
            Err(Error::Program { .. })
        ));
    }
}
