//! What commits and tags say themselves: the texts in them that a person or a program wrote.

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::objs::{CommitRef, TagRef};

use crate::blob::CommitInfo;

/// The commit as reports name it.
pub(crate) fn commit_info(id: ObjectId, commit: &CommitRef<'_>) -> CommitInfo {
    CommitInfo {
        time: commit.time().map_or(0, |time| time.seconds),
        id: id.to_string(),
        author: without_time(commit.author).into(),
        subject: commit
            .message
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
            .into(),
    }
}

/// What a commit says: its message, so that the lines are those of the message, then its author,
/// its committer, and what else stands in its head, but for signatures, which are random by nature.
pub(crate) fn commit_text(commit: &CommitRef<'_>) -> Vec<u8> {
    let mut text = paragraph(commit.message);
    line(&mut text, without_time(commit.author));
    line(&mut text, without_time(commit.committer));
    for (name, value) in &commit.extra_headers {
        if !name.starts_with(b"gpgsig") {
            line(&mut text, value.as_bstr());
        }
    }
    text
}

/// What a tag says: its message, then who tagged.
pub(crate) fn tag_text(tag: &TagRef<'_>) -> Vec<u8> {
    let mut text = paragraph(tag.message);
    line(&mut text, tag.name);
    line(&mut text, tag.tagger.map_or(BStr::new(""), without_time));
    text
}

fn paragraph(message: &BStr) -> Vec<u8> {
    let mut text = message.trim_end().to_vec();
    text.extend_from_slice(b"\n\n");
    text
}

fn line(text: &mut Vec<u8>, value: &BStr) {
    text.extend_from_slice(value);
    text.push(b'\n');
}

/// `A U Thor <author@example.com>` of a field that goes on with a time. All of it where that is not
/// what it looks like.
fn without_time(field: &BStr) -> &BStr {
    let is_time = |text: &[u8]| {
        text.iter()
            .all(|byte| byte.is_ascii_digit() || b" +-".contains(byte))
    };
    match field.rfind_byte(b'>') {
        Some(end) if is_time(&field[end + 1..]) => field[..=end].as_bstr(),
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_left_out_and_nothing_else() {
        for (field, expected) in [
            ("A <a@b> 1700000000 +0100", "A <a@b>"),
            ("A <a@b>", "A <a@b>"),
            ("A <a@b> and more", "A <a@b> and more"),
            ("nobody", "nobody"),
        ] {
            assert_eq!(without_time(field.into()), expected, "{field}");
        }
        let commit = CommitRef {
            tree: "".into(),
            parents: Default::default(),
            author: "A <a@b> 1 +0000".into(),
            committer: "C <c@d> 2 +0000".into(),
            encoding: None,
            message: "\nsubject\n\nbody\n".into(),
            extra_headers: vec![("gpgsig".into(), bstr::B("noise").as_bstr().into())],
        };
        assert_eq!(
            commit_text(&commit).as_bstr(),
            "\nsubject\n\nbody\n\nA <a@b>\nC <c@d>\n"
        );
        let info = commit_info(ObjectId::null(gix::hash::Kind::Sha1), &commit);
        assert_eq!(
            (info.time, info.author, info.subject),
            (2, "A <a@b>".into(), "subject".into())
        );
    }
}
