//! Takes commits and tags apart. The text of them that is scanned is all of the raw object, so that
//! no header is left out, and lines are those of `git cat-file -p`.

use bstr::{BStr, BString, ByteSlice};
use gix::objs::commit::ref_iter::Token;
use gix::objs::{CommitRefIter, TagRefIter};

use super::read::corrupt;
use super::{
    HashKind, LocalRepository, Object, ObjectId, ObjectKind, ReadError, Repository, read, read_kind,
};
use crate::blob::CommitInfo;

/// What a commit refers to, and when it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitLinks {
    /// Its tree.
    pub(crate) tree: ObjectId,
    /// Its parents.
    pub(crate) parents: Vec<ObjectId>,
    /// Seconds since 1970; `None` if that header is missing or malformed.
    pub(crate) time: Option<i64>,
}

/// The links in the raw commit `bytes`. Headers after the parents may be malformed: the object is a
/// commit all the same. `None` if it does not begin as a commit.
pub(crate) fn commit_links(bytes: &[u8], hash: HashKind) -> Option<CommitLinks> {
    let mut tokens = CommitRefIter::from_bytes(bytes, hash);
    let tree = tokens.tree_id().ok()?;
    let (mut parents, mut time) = (Vec::new(), None);
    for token in tokens.map_while(Result::ok) {
        match token {
            Token::Parent { id } => parents.push(id),
            Token::Committer { signature } => {
                time = signature.time().ok().map(|time| time.seconds);
                break;
            }
            _ => {}
        }
    }
    Some(CommitLinks {
        tree,
        parents,
        time,
    })
}

/// Reads the links of the commit `id`.
pub(crate) fn read_links(repo: &LocalRepository, id: ObjectId) -> Result<CommitLinks, ReadError> {
    let bytes = read_kind(repo, id, ObjectKind::Commit, None)?;
    commit_links(&bytes, id.kind()).ok_or_else(|| corrupt(id, &"malformed commit"))
}

/// The tree of the commit that `HEAD` leads to; `None` before the first commit.
pub(crate) fn head_tree(repo: &LocalRepository) -> Result<Option<ObjectId>, ReadError> {
    let failed = |error: gix::Error| ReadError::Ref {
        name: "HEAD",
        problem: error.to_string(),
    };
    if repo.0.head().map_err(failed)?.is_unborn() {
        return Ok(None);
    }
    let mut head = repo.0.find_reference("HEAD").map_err(failed)?;
    let id = head.follow_to_object().map_err(failed)?.detach();
    Ok(Some(read_links(repo, id)?.tree))
}

/// The commit that a revision names, by itself or by a tag that leads to it, if it is present.
#[must_use]
pub fn resolve_commit(repo: &Repository, rev: &str) -> Option<ObjectId> {
    let repo = repo.local();
    let id = repo.0.rev_parse_single(rev).ok()?.detach();
    let (id, kind) = peel(&repo, id).ok()?;
    (kind == ObjectKind::Commit).then_some(id)
}

/// The object that `id` leads to behind tags, and its kind.
pub(crate) fn peel(
    repo: &LocalRepository,
    mut id: ObjectId,
) -> Result<(ObjectId, ObjectKind), ReadError> {
    loop {
        let Object { kind, bytes } = read(repo, id, None)?;
        if kind != ObjectKind::Tag {
            return Ok((id, kind));
        }
        id = tag_target(id, &bytes)?;
    }
}

/// What the raw tag `bytes`, whose id is `id`, refers to.
pub(crate) fn tag_target(id: ObjectId, bytes: &[u8]) -> Result<ObjectId, ReadError> {
    let target = TagRefIter::from_bytes(bytes, id.kind()).target_id();
    target.map_err(|error| corrupt(id, &error))
}

/// The name that the raw tag `bytes` has.
pub(crate) fn tag_name(bytes: &[u8]) -> BString {
    header(bytes, b"tag ").into()
}

/// The raw commit `bytes` as reports name it.
pub(crate) fn commit_info(id: ObjectId, bytes: &[u8]) -> CommitInfo {
    let message = bytes.find(b"\n\n").map_or(&b""[..], |end| &bytes[end..]);
    CommitInfo {
        time: commit_links(bytes, id.kind())
            .and_then(|links| links.time)
            .unwrap_or_default(),
        id: id.to_string(),
        author: without_time(header(bytes, b"author ")).into(),
        subject: message
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
            .into(),
    }
}

/// The value of the first header that begins with `name`; empty if there is none.
fn header<'t>(bytes: &'t [u8], name: &[u8]) -> &'t BStr {
    let mut headers = bytes.lines().take_while(|line| !line.is_empty());
    let value = headers.find_map(|line| line.strip_prefix(name));
    value.unwrap_or_default().as_bstr()
}

/// `A U Thor <author@example.com>` of a header that continues with a time; all of the header if it
/// is malformed.
fn without_time(field: &BStr) -> &BStr {
    let is_time = |byte: &u8| byte.is_ascii_digit() || b" +-".contains(byte);
    match field.rfind_byte(b'>') {
        Some(end) if field[end + 1..].iter().all(is_time) => field[..=end].as_bstr(),
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn id(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex.as_bytes()).unwrap()
    }

    #[test]
    fn only_a_valid_time_is_removed_from_the_author() {
        for (field, expected) in [
            ("A <a@b> 1700000000 +0100", "A <a@b>"),
            ("A <a@b>", "A <a@b>"),
            ("A <a@b> and more", "A <a@b> and more"),
            ("anonymous", "anonymous"),
        ] {
            assert_eq!(without_time(field.into()), expected, "{field}");
        }
    }

    #[test]
    fn a_commit_is_named_by_its_author_time_and_subject() {
        let text = format!(
            "tree {A}\nparent {B}\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 2 +0000\n\
             gpgsig author of nothing\n\n\n  subject  \n\nauthor X\n"
        );
        let info = commit_info(id(A), text.as_bytes());
        assert_eq!(
            (info.time, info.author, info.subject),
            (2, "A <a@b>".into(), "subject".into())
        );
        let links = commit_links(text.as_bytes(), HashKind::Sha1).unwrap();
        assert_eq!((links.tree, links.parents), (id(A), vec![id(B)]));
    }

    #[test]
    fn malformed_headers_leave_the_links_readable() {
        let text = format!("tree {A}\nparent {B}\nauthor x\ncommitter y\n\nsubject\n");
        let links = commit_links(text.as_bytes(), HashKind::Sha1).unwrap();
        assert_eq!((links.parents, links.time), (vec![id(B)], None));
        assert_eq!(commit_info(id(A), text.as_bytes()).author, "x");
        assert_eq!(commit_info(id(A), b"").subject, "");
        assert!(commit_links(b"parent\n", HashKind::Sha1).is_none());
        let tag = format!("object {A}\ntype commit\ntag v1\n\ntag v2\n");
        assert_eq!(tag_target(id(B), tag.as_bytes()).unwrap(), id(A));
        assert!(tag_target(id(B), b"object").is_err());
        assert_eq!(tag_name(tag.as_bytes()), "v1");
    }
}
