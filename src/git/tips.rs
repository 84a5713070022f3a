//! The refs of a repository: what they lead to, and which of them say what a remote has.

use bstr::{BStr, BString, ByteSlice};
use gix::{ObjectId, Repository, ThreadSafeRepository};

use super::RepoError;

/// Where the refs begin that say what remotes have.
const TRACKING: &str = "refs/remotes/";

/// The object that a revision names, such as `HEAD`, a ref or an id in hex.
#[must_use]
pub fn resolve(repo: &ThreadSafeRepository, rev: &BStr) -> Option<ObjectId> {
    let repo = repo.to_thread_local();
    let id = repo.rev_parse_single(rev).ok()?.detach();
    repo.has_object(id).then_some(id)
}

/// The objects that all refs lead to, and `HEAD`, which may stand beside them. One that leads
/// nowhere is left out.
///
/// # Errors
/// Where the refs cannot be read.
pub fn ids_of_refs(repo: &ThreadSafeRepository) -> Result<Vec<ObjectId>, RepoError> {
    let repo = repo.to_thread_local();
    let mut ids = ids(&repo, "refs/", &|_| true)?;
    ids.extend(repo.head_id().ok().map(gix::Id::detach));
    Ok(sorted(ids))
}

/// The objects that a remote had when it was last heard of, by its remote-tracking refs; without a
/// name, all remotes. What is named by its address is the remote that has this address, where there
/// is one.
///
/// # Errors
/// Where the refs cannot be read.
pub fn ids_of_remote(
    repo: &ThreadSafeRepository,
    remote: Option<&BStr>,
) -> Result<Vec<ObjectId>, RepoError> {
    let repo = repo.to_thread_local();
    let Some(remote) = remote else {
        return Ok(sorted(ids(&repo, TRACKING, &|_| true)?));
    };
    let known = repo.remote_names();
    let names: Vec<BString> = match known.iter().any(|name| name.as_bstr() == remote) {
        true => vec![remote.to_owned()],
        false => known
            .iter()
            .filter(|name| has_address(&repo, name.as_bstr(), remote))
            .map(|n| n.as_bstr().into())
            .collect(),
    };
    let mut found = Vec::new();
    for name in names {
        let prefix = format!("{TRACKING}{name}/");
        // The refs of a remote named a/b stand among those of a remote named a.
        let of_other = |full: &BStr| {
            let deeper = |other: &BStr| {
                other.len() > name.len()
                    && full[TRACKING.len()..].starts_with_str([other.as_bytes(), b"/"].concat())
            };
            known.iter().any(|other| deeper(other.as_bstr()))
        };
        found.extend(ids(&repo, &prefix, &|full| !of_other(full))?);
    }
    Ok(sorted(found))
}

fn has_address(repo: &Repository, remote: &BStr, address: &BStr) -> bool {
    let config = repo.config_snapshot();
    ["url", "pushurl"].iter().any(|key| {
        let value = config.string(format!("remote.{remote}.{key}").as_str());
        value.is_some_and(|value| value.as_bstr() == address)
    })
}

fn ids(
    repo: &Repository,
    prefix: &str,
    wanted: &dyn Fn(&BStr) -> bool,
) -> Result<Vec<ObjectId>, RepoError> {
    let failed = |problem: String| RepoError::Refs {
        path: repo.common_dir().to_path_buf(),
        problem,
    };
    if repo.common_dir().join("reftable").is_dir() {
        return Err(RepoError::Reftable {
            path: repo.common_dir().to_path_buf(),
        });
    }
    let platform = repo
        .references()
        .map_err(|error| failed(error.to_string()))?;
    let refs = platform
        .prefixed(prefix)
        .map_err(|error| failed(error.to_string()))?;
    let readable = refs
        .filter_map(Result::ok)
        .filter(|found| wanted(found.name().as_bstr()));
    Ok(readable
        .filter_map(|mut found| Some(found.follow_to_object().ok()?.detach()))
        .collect())
}

fn sorted(mut ids: Vec<ObjectId>) -> Vec<ObjectId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
