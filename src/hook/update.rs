//! What a push asks for, ref by ref, as git tells its hooks; see githooks(5).

use bstr::{BString, ByteSlice};
use gix::ObjectId;

/// One ref of a push: what it is where the push goes, and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// Its name where the push goes.
    pub name: BString,
    /// What it is there; `None` where it is new.
    pub old: Option<ObjectId>,
    /// What it is to be; `None` where it is to go.
    pub new: Option<ObjectId>,
}

impl RefUpdate {
    /// Reads a line that git writes to `pre-push`: local ref, local id, remote ref, remote id. The
    /// local ref may be any expression that names an object, with spaces in it.
    #[must_use]
    pub fn of_push(line: &[u8]) -> Option<Self> {
        let mut words = line.rsplitn(4, |&byte| byte == b' ');
        let (old, name, new) = (words.next()?, words.next()?, words.next()?);
        words.next()?;
        Self::new(name, old, new)
    }

    /// Reads a line that git writes to `pre-receive`: old id, new id, ref.
    #[must_use]
    pub fn of_receive(line: &[u8]) -> Option<Self> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        Self::new(name, old, new)
    }

    /// From the words that git calls `update` with.
    #[must_use]
    pub fn new(name: &[u8], old: &[u8], new: &[u8]) -> Option<Self> {
        if name.is_empty() || name.contains_str(" ") {
            return None;
        }
        let id = |hex: &[u8]| {
            ObjectId::from_hex(hex)
                .ok()
                .map(|id| Some(id).filter(|id| !id.is_null()))
        };
        Some(Self {
            name: name.into(),
            old: id(old)?,
            new: id(new)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn id(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex.as_bytes()).unwrap()
    }

    #[test]
    fn a_push_is_told_line_by_line() {
        let read = |line: String| RefUpdate::of_push(line.as_bytes()).unwrap();
        let main = || BString::from("refs/heads/main");
        assert_eq!(
            read(format!("refs/heads/topic {A} refs/heads/main {B}")),
            RefUpdate {
                name: main(),
                old: Some(id(B)),
                new: Some(id(A))
            }
        );
        assert_eq!(
            read(format!("HEAD^{{/fix a bug}} {A} refs/heads/main {ZERO}")),
            RefUpdate {
                name: main(),
                old: None,
                new: Some(id(A))
            }
        );
        assert_eq!(
            read(format!("(delete) {ZERO} refs/heads/main {B}")),
            RefUpdate {
                name: main(),
                old: Some(id(B)),
                new: None
            }
        );
    }

    #[test]
    fn a_push_that_comes_in_has_its_ids_first() {
        let (long_a, long_b) = (A.repeat(2)[..64].to_owned(), B.repeat(2)[..64].to_owned());
        for (old, new) in [(A, B), (long_a.as_str(), long_b.as_str())] {
            let read =
                RefUpdate::of_receive(format!("{old} {new} refs/tags/v1").as_bytes()).unwrap();
            assert_eq!(
                read,
                RefUpdate {
                    name: "refs/tags/v1".into(),
                    old: Some(id(old)),
                    new: Some(id(new))
                }
            );
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "x",
            A,
            "a b c d",
            &format!("x {A} y"),
            &format!("{A} {B} "),
            &format!("{A} {B} a b"),
        ] {
            assert_eq!(RefUpdate::of_receive(line.as_bytes()), None, "{line}");
        }
        for line in [
            "",
            &format!("{A} refs/heads/main {B}"),
            &format!("x {A} refs/heads/main nothing"),
        ] {
            assert_eq!(RefUpdate::of_push(line.as_bytes()), None, "{line}");
        }
    }
}
