//! Writes the text of a stub, and recognises the stubs that an earlier run wrote.

use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};

use super::HookError;

/// The version of `hooks/stub.sh`. If that file changes, raise this and the number in its id line.
pub const VERSION: u32 = 4;

/// The file that is installed for every hook.
const STUB: &str = include_str!("../../hooks/stub.sh");

/// How the id line begins; the version follows.
const ID: &str = "# keysieve hook ";

/// The placeholder for the program in [`STUB`]. The quotes around it belong to the shell.
const PLACEHOLDER: &str = "@KEYSIEVE@";

/// A stub that was found in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The version in its id line.
    pub version: u32,
    /// The program that it runs, if its whole text is what this version writes. `None` for a stub
    /// of another version and for an edited one.
    pub program: Option<PathBuf>,
}

impl Stub {
    /// Parses the text of a hook; `None` if it is not one of our stubs.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        // The id line must be at the top: another script may mention ours further down.
        let id = text
            .lines()
            .take(3)
            .find_map(|line| line.strip_prefix(ID.as_bytes()))?;
        let version = id.to_str().ok()?.trim_end().parse().ok()?;
        let (before, after) = STUB.split_once(PLACEHOLDER)?;
        let program = text
            .strip_prefix(before.as_bytes())
            .and_then(|rest| rest.strip_suffix(after.as_bytes()))
            .and_then(unquote)
            .and_then(|program| program.to_path().ok().map(Path::to_owned));
        Some(Self { version, program })
    }

    /// The text of a stub that runs `program`.
    ///
    /// # Errors
    ///
    /// [`HookError::Program`] if the path is relative, because the hook runs in another directory,
    /// or if it cannot be written into a script.
    pub fn render(program: &Path) -> Result<Vec<u8>, HookError> {
        match <[u8]>::from_path(program) {
            Some(bytes) if program.is_absolute() => {
                let quoted = bytes.replace("'", r"'\''");
                Ok(STUB.as_bytes().replacen(PLACEHOLDER, quoted, 1))
            }
            _ => Err(HookError::Program {
                path: program.to_owned(),
            }),
        }
    }
}

/// Undoes the quoting of [`Stub::render`]; `None` if the text would end the quotes, so that
/// something else follows the program.
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
    use crate::hook::{HOOKS, HookInput};

    fn render(program: &str) -> Vec<u8> {
        Stub::render(Path::new(program)).unwrap()
    }

    #[test]
    fn a_rendered_stub_is_parsed_with_its_version_and_program() {
        for program in [
            "/usr/bin/keysieve",
            "/it's/a \"path\"/$(x)`y`\n/keysieve",
            "/''/'",
        ] {
            let expected = Stub {
                version: VERSION,
                program: Some(program.into()),
            };
            assert_eq!(Stub::parse(&render(program)), Some(expected));
        }
    }

    #[test]
    fn an_edited_or_older_stub_is_ours_but_its_program_is_unknown() {
        let text = render("/k");
        let edited = [&text[..], b"echo more\n"].concat();
        let evil = text.replace("'/k'", "'/k'; evil '/k'");
        let old = b"#!/bin/sh\n# keysieve hook 0\nexec keysieve\n".to_vec();
        for (text, version) in [(edited, VERSION), (evil, VERSION), (old, 0)] {
            let program = None;
            assert_eq!(Stub::parse(&text), Some(Stub { version, program }));
        }
    }

    #[test]
    fn the_stub_copies_standard_input_for_the_hooks_that_get_refs_there() {
        let line = STUB
            .lines()
            .find(|line| line.ends_with("refs=$(cat) ;; esac"));
        let names = line.and_then(|line| line.trim().strip_prefix("case $hook in "));
        let names = names.and_then(|names| names.split(')').next()).unwrap();
        let names: Vec<_> = names.split(" | ").collect();
        let with_refs: Vec<_> = HOOKS
            .iter()
            .filter(|hook| matches!(hook.input, HookInput::PushedRefs | HookInput::ReceivedRefs))
            .map(|hook| hook.name)
            .collect();
        assert_eq!(names, with_refs);
    }

    #[test]
    fn other_scripts_are_not_ours() {
        for text in [
            "",
            "#!/bin/sh\necho hi\n",
            "#!/bin/sh\n\n\n\n# keysieve hook 2\n",
            "# keysieve hook one\n",
        ] {
            assert_eq!(Stub::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_relative_program_is_refused() {
        assert!(matches!(
            Stub::render(Path::new("bin/keysieve")),
            Err(HookError::Program { .. })
        ));
    }
}
