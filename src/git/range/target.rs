//! Finds the tip of the target branch of a request, and the tag of a push, as far as the clone has
//! them: what a CI system says of both can be out of date.

use super::revision::exact_ref;
use super::{Need, RangeError, Selection, Tag, list};
use crate::git::commit::{peel, read_links};
use crate::git::{LocalRepository, ObjectId};

/// The object that the ref of a tag names, which is the tag itself if that is annotated. `None` if
/// it is only possible, and does not lead to the commit of `head`.
pub(super) fn tag(
    repo: &LocalRepository,
    tag: &Tag,
    head: ObjectId,
) -> Result<Option<ObjectId>, RangeError> {
    let (Tag::Required(name) | Tag::Possible(name)) = tag;
    let commit = peel(repo, head)?.0;
    let found = exact_ref(repo, name);
    let is_here = found
        .as_ref()
        .is_some_and(|found| found.target == Some(commit));
    match found {
        Some(found) if is_here => Ok(found.id),
        _ if matches!(tag, Tag::Possible(_)) => Ok(None),
        Some(_) => Err(RangeError::Moved {
            name: name.clone(),
            commit,
        }),
        None => Err(RangeError::Unknown {
            rev: name.clone(),
            need: Need {
                fetch: vec![format!("+{name}:{name}")],
                history: false,
            },
        }),
    }
}

/// The tip of the target branch that the server merged with `head` in the commit `merge`; `None` if
/// that commit is no such merge, or not in the clone.
pub(super) fn merged_tip(repo: &LocalRepository, merge: &str, head: ObjectId) -> Option<ObjectId> {
    let merge = ObjectId::from_hex(merge.as_bytes()).ok()?;
    let parents = read_links(repo, merge).ok()?.parents;
    match parents.as_slice() {
        [tip, second] if *second == head && repo.has_object(tip) => Some(*tip),
        _ => None,
    }
}

/// The newest of the commits that the target branch is known to have been at: `at` by what the CI
/// system says, `merged` by the merge that the server made, `tracked` by the clone.
///
/// The merge is younger than the event, unless it is known to be older. A tracking ref can be left
/// over in a work space that is used again, so it counts only if it is known to be younger.
pub(super) fn newest(
    repo: &LocalRepository,
    at: Option<Result<ObjectId, RangeError>>,
    merged: Option<ObjectId>,
    tracked: Option<Result<ObjectId, RangeError>>,
) -> Result<ObjectId, RangeError> {
    let (first, later) = match (at, tracked) {
        (Some(at), tracked) => (Some(at), tracked.and_then(Result::ok)),
        (None, tracked) => (tracked, None),
    };
    let mut best = match (first, merged) {
        (Some(Ok(first)), Some(merged)) if is_ancestor(repo, merged, first) => first,
        (_, Some(merged)) => merged,
        (Some(first), None) => first?,
        (None, None) => {
            return Err(RangeError::Rev {
                rev: "the target branch".to_owned(),
                problem: "CI does not name it".to_owned(),
            });
        }
    };
    if let Some(later) = later.filter(|later| is_ancestor(repo, best, *later)) {
        best = later;
    }
    Ok(best)
}

/// Whether `id` leads to `ancestor`, as far as the clone shows that.
fn is_ancestor(repo: &LocalRepository, ancestor: ObjectId, id: ObjectId) -> bool {
    let selection = Selection::Between {
        tips: vec![ancestor],
        hidden: vec![id],
    };
    list(repo, &selection).is_ok_and(|history| history.commits.is_empty())
}
