//! Resolves a revision to exactly one object, and refuses a name that could mean several.
//!
//! Git warns about an ambiguous name and picks one of its meanings: a tag rather than a branch, a
//! branch rather than an abbreviated id. So anyone who may push a ref could choose where a range
//! begins, and thereby empty it.

use bstr::ByteSlice as _;

use super::RangeError;
use crate::git::commit::peel;
use crate::git::special::is_special;
use crate::git::{LocalRepository, ObjectId};

/// The folders that git searches for a short name, in its order.
const PLACES: [&str; 4] = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];

/// The shortest abbreviation of an id that git accepts, in hex digits.
const MIN_ABBREVIATION: usize = 4;

/// One meaning of a name.
pub(super) struct Meaning {
    /// How to write it so that it means nothing else: a full ref name or a full id.
    full: String,
    /// The object that it leads to, behind tags. `None` if it does not lead to one.
    pub(super) target: Option<ObjectId>,
    /// The object that it names itself. `None` as well for an id.
    pub(super) id: Option<ObjectId>,
}

/// The object that `rev` names, or the reason why there is none.
///
/// # Errors
/// If `rev` has several meanings.
pub(super) fn resolve(
    repo: &LocalRepository,
    rev: &str,
) -> Result<Result<ObjectId, String>, RangeError> {
    let (name, suffix) = split(rev);
    let missing = || Ok(Err(format!("'{name}' is not in this repository")));
    let start = if let Some(id) = full_id(repo, name) {
        // A ref could have the same name, and would be used if the object were missing.
        if !repo.has_object(&id) {
            return missing();
        }
        name.to_owned()
    } else if name.starts_with("refs/") {
        // Git would go on to search for `refs/tags/refs/heads/main`.
        match exact_ref(repo, name) {
            Some(found) => found.full,
            None => return missing(),
        }
    } else {
        let meanings = meanings(repo, name)?;
        let tracking = format!("refs/remotes/{name}");
        let is_known = meanings.iter().any(|meaning| meaning.full == tracking);
        if !is_known && is_of_remote(repo, name) {
            return missing();
        }
        match meanings.into_iter().next() {
            Some(meaning) => meaning.full,
            None => name.to_owned(),
        }
    };
    let full = format!("{start}{suffix}");
    match repo.0.rev_parse_single(full.as_str()) {
        Ok(id) => Ok(Ok(id.detach())),
        Err(_) if suffix.is_empty() => missing(),
        // The messages of gix name its own functions.
        Err(_) => Ok(Err(format!(
            "'{suffix}' does not lead from '{name}' to an object of this repository"
        ))),
    }
}

/// The ref with exactly this full name, and the object behind its tags.
pub(super) fn tip(repo: &LocalRepository, full: &str) -> Option<ObjectId> {
    exact_ref(repo, full)?.target
}

/// The name at the beginning of `rev`, and what follows it: `~2`, `^{tree}`, `@{1}` or `:path`. A
/// lone `@` is a part of a name.
fn split(rev: &str) -> (&str, &str) {
    let end = rev.find(['~', '^', ':']).unwrap_or(rev.len());
    let end = rev.find("@{").map_or(end, |at| at.min(end));
    rev.split_at(end)
}

/// Every meaning that git knows for `name`, the one that git prefers first, if all of them lead to
/// the same object.
fn meanings(repo: &LocalRepository, name: &str) -> Result<Vec<Meaning>, RangeError> {
    let mut found = Vec::new();
    if name.is_empty() || name == "@" {
        return Ok(found);
    }
    if let Some(mut pseudo) = exact_ref(repo, name) {
        if let Some(id) = pseudo.target {
            // No longer name of `HEAD` exists.
            pseudo.full = id.to_string();
        }
        found.push(pseudo);
    }
    let places = PLACES.iter().map(|place| format!("{place}{name}"));
    let places = places.chain([format!("refs/remotes/{name}/HEAD")]);
    found.extend(places.filter_map(|full| exact_ref(repo, &full)));
    found.extend(abbreviated(repo, name));
    let is_same = found
        .windows(2)
        .all(|pair| pair[0].target.is_some() && pair[0].target == pair[1].target);
    if is_same {
        return Ok(found);
    }
    Err(RangeError::Ambiguous {
        rev: name.to_owned(),
        names: found.into_iter().map(|meaning| meaning.full).collect(),
    })
}

/// The meaning of `name` as an abbreviated id, or as what `git describe` prints: `v1-4-g1a2b3c4`.
fn abbreviated(repo: &LocalRepository, name: &str) -> Option<Meaning> {
    let digits = name.rsplit_once("-g").map_or(name, |(_, digits)| digits);
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits.len() < MIN_ABBREVIATION || !is_hex {
        return None;
    }
    let prefix = gix::hash::Prefix::from_hex(digits).ok()?;
    let found = repo.0.objects.lookup_prefix(prefix, None).ok()??;
    Some(Meaning {
        full: found.map_or_else(|()| digits.to_owned(), |id| id.to_string()),
        target: found.ok().map(|id| peeled(repo, id)),
        id: None,
    })
}

pub(super) fn exact_ref(repo: &LocalRepository, full: &str) -> Option<Meaning> {
    // gix would wait for the other end of a named pipe.
    if is_special(&repo.common_dir().join(full)) {
        return None;
    }
    let mut found = repo.0.try_find_reference(full).ok()??;
    if found.name().as_bstr() != full.as_bytes().as_bstr() {
        return None;
    }
    let id = found.follow_to_object().ok().map(gix::Id::detach);
    let target = id.map(|id| peeled(repo, id));
    let full = full.to_owned();
    Some(Meaning { full, target, id })
}

/// The object behind tags; the tag itself if one of them cannot be read.
fn peeled(repo: &LocalRepository, id: ObjectId) -> ObjectId {
    peel(repo, id).map_or(id, |(id, _)| id)
}

/// Whether `name` is that of a branch of a remote, such as `origin/main`. If that branch was not
/// fetched, a tag with this name must not be used instead of it.
fn is_of_remote(repo: &LocalRepository, name: &str) -> bool {
    let remotes = repo.0.remote_names();
    remotes.iter().any(|remote| {
        let rest = name.as_bytes().strip_prefix(remote.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"/"))
    })
}

fn full_id(repo: &LocalRepository, name: &str) -> Option<ObjectId> {
    let id = ObjectId::from_hex(name.as_bytes()).ok()?;
    (id.kind() == repo.0.object_hash()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_suffix_begins_where_git_begins_it() {
        for (rev, name, suffix) in [
            ("main", "main", ""),
            ("rel@2", "rel@2", ""),
            ("rel@2~1", "rel@2", "~1"),
            ("rel@2@{1}", "rel@2", "@{1}"),
            ("main^{tree}", "main", "^{tree}"),
            ("main^{/a@{b}", "main", "^{/a@{b}"),
            ("main:a@{b", "main", ":a@{b"),
            ("@{u}~2", "", "@{u}~2"),
            ("@~2", "@", "~2"),
        ] {
            assert_eq!(split(rev), (name, suffix), "{rev}");
        }
    }
}
