//! Parses the ref updates of a push, as git passes them to its hooks; see githooks(5).

use bstr::{BString, ByteSlice};

use crate::git::ObjectId;

/// The update of one ref by a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The name of the ref in the repository that receives the push.
    pub name: BString,
    /// The id that it has there; `None` if the ref is new.
    pub old: Option<ObjectId>,
    /// The id that it gets; `None` if the ref is deleted.
    pub new: Option<ObjectId>,
}

impl RefUpdate {
    /// Parses a line that git writes to `pre-push`: local ref, local id, remote ref, remote id. The
    /// local ref may be any expression for an object and may contain spaces.
    #[must_use]
    pub fn from_pre_push(line: &[u8]) -> Option<Self> {
        let mut words = line.rsplitn(4, |&byte| byte == b' ');
        let (old, name, new) = (words.next()?, words.next()?, words.next()?);
        words.next()?;
        Self::new(name, old, new)
    }

    /// Parses a line that git writes to `pre-receive`: old id, new id, ref.
    #[must_use]
    pub fn from_pre_receive(line: &[u8]) -> Option<Self> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        Self::new(name, old, new)
    }

    /// Parses the arguments that git passes to `update`.
    #[must_use]
    pub fn new(name: &[u8], old: &[u8], new: &[u8]) -> Option<Self> {
        if name.is_empty() || name.contains_str(" ") {
            return None;
        }
        let (old, new) = (ObjectId::from_hex(old).ok()?, ObjectId::from_hex(new).ok()?);
        Some(Self {
            name: name.into(),
            old: (!old.is_null()).then_some(old),
            new: (!new.is_null()).then_some(new),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn update(name: &str, old: &str, new: &str) -> RefUpdate {
        let id = |hex: &str| {
            Some(ObjectId::from_hex(hex.as_bytes()).unwrap()).filter(|id| !id.is_null())
        };
        RefUpdate {
            name: name.into(),
            old: id(old),
            new: id(new),
        }
    }

    #[test]
    fn a_pre_push_line_ends_with_the_remote_ref_and_its_id() {
        for (line, old, new) in [
            (format!("refs/heads/topic {A} refs/heads/main {B}"), B, A),
            (
                format!("HEAD^{{/fix a bug}} {A} refs/heads/main {ZERO}"),
                ZERO,
                A,
            ),
            (format!("(delete) {ZERO} refs/heads/main {B}"), B, ZERO),
        ] {
            let expected = Some(update("refs/heads/main", old, new));
            assert_eq!(
                RefUpdate::from_pre_push(line.as_bytes()),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn a_pre_receive_line_begins_with_the_ids() {
        let (long_a, long_b) = (A.repeat(2)[..64].to_owned(), B.repeat(2)[..64].to_owned());
        for (old, new) in [(A, B), (long_a.as_str(), long_b.as_str())] {
            let line = format!("{old} {new} refs/tags/v1");
            let expected = Some(update("refs/tags/v1", old, new));
            assert_eq!(RefUpdate::from_pre_receive(line.as_bytes()), expected);
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
            assert_eq!(RefUpdate::from_pre_receive(line.as_bytes()), None, "{line}");
        }
        for line in [
            "",
            &format!("{A} refs/heads/main {B}"),
            &format!("x {A} refs/heads/main nothing"),
        ] {
            assert_eq!(RefUpdate::from_pre_push(line.as_bytes()), None, "{line}");
        }
    }
}
