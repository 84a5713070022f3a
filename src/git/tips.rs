//! The refs of a repository: what they lead to, and which of them say what a remote has.

use bstr::{BStr, BString, ByteSlice};

use super::{ObjectId, RepoError, Repository, check_refs};

/// Where the refs begin that say what remotes have.
const TRACKING: &str = "refs/remotes/";

/// The objects that all refs lead to, and `HEAD`, which may stand beside them. One that leads
/// nowhere is left out.
///
/// # Errors
/// Where the refs cannot be read.
pub fn ids_of_refs(repo: &Repository) -> Result<Vec<ObjectId>, RepoError> {
    let mut ids = ids(repo, "refs/", &|_| true)?;
    ids.extend(repo.head());
    Ok(sorted(ids))
}

/// The objects that a remote had when it was last heard of, by its remote-tracking refs; without a
/// name, all remotes. What is named by its address is the remote that has this address, where there
/// is one.
///
/// # Errors
/// Where the refs cannot be read.
pub fn ids_of_remote(repo: &Repository, remote: Option<&BStr>) -> Result<Vec<ObjectId>, RepoError> {
    let Some(remote) = remote else {
        return Ok(sorted(ids(repo, TRACKING, &|_| true)?));
    };
    let local = repo.local();
    let known = local.0.remote_names();
    let names: Vec<BString> = match known.iter().any(|name| name.as_bstr() == remote) {
        true => vec![remote.to_owned()],
        false => known
            .iter()
            .filter(|name| has_address(&local.0, name.as_bstr(), remote))
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
        found.extend(ids(repo, &prefix, &|full| !of_other(full))?);
    }
    Ok(sorted(found))
}

fn has_address(repo: &gix::Repository, remote: &BStr, address: &BStr) -> bool {
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
    check_refs(repo)?;
    let local = repo.local();
    let platform = local
        .0
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
