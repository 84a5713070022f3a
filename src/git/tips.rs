//! Lists the objects that refs lead to, and which of them a remote is known to have.

use bstr::{BStr, BString, ByteSlice};

use super::{ObjectId, RepoError, Repository, check_refs};

/// The prefix of the refs that record what remotes have.
const TRACKING: &str = "refs/remotes/";

/// The objects that all refs and `HEAD` lead to. Broken refs are left out.
///
/// # Errors
/// If the refs cannot be read.
pub fn ids_of_refs(repo: &Repository) -> Result<Vec<ObjectId>, RepoError> {
    let mut ids = ids(repo, "refs/", &|_| true)?;
    ids.extend(repo.head());
    Ok(sorted(ids))
}

/// The objects that a remote had when it was last fetched from, by its remote-tracking refs;
/// without a name, those of all remotes. A remote can also be given by its URL.
///
/// # Errors
/// If the refs cannot be read.
pub fn ids_of_remote(repo: &Repository, remote: Option<&BStr>) -> Result<Vec<ObjectId>, RepoError> {
    let Some(remote) = remote else {
        return Ok(sorted(ids(repo, TRACKING, &|_| true)?));
    };
    let local = repo.local();
    let all: Vec<BString> = local
        .0
        .remote_names()
        .iter()
        .map(|name| name.as_bstr().to_owned())
        .collect();
    let is_named = all.iter().any(|name| name == remote);
    let mut found = Vec::new();
    for name in &all {
        let is_meant = if is_named {
            name == remote
        } else {
            has_url(&local.0, name, remote)
        };
        if is_meant {
            let prefix = format!("{TRACKING}{name}/");
            found.extend(ids(repo, &prefix, &|full| {
                !is_of_deeper_remote(full, name, &all)
            })?);
        }
    }
    Ok(sorted(found))
}

/// Whether the ref `full` below `refs/remotes/` belongs to a remote whose name begins with `name`:
/// the refs of a remote named `a/b` are among those of a remote named `a`.
fn is_of_deeper_remote(full: &BStr, name: &BString, all: &[BString]) -> bool {
    let full = &full[TRACKING.len()..];
    all.iter().any(|other| {
        other.len() > name.len() && full.starts_with_str([other.as_slice(), b"/"].concat())
    })
}

fn has_url(repo: &gix::Repository, remote: &BString, url: &BStr) -> bool {
    let config = repo.config_snapshot();
    ["url", "pushurl"].iter().any(|key| {
        let value = config.string(format!("remote.{remote}.{key}").as_str());
        value.is_some_and(|value| value.as_bstr() == url)
    })
}

/// The objects that the refs with this prefix lead to, as far as their names are `wanted`.
fn ids(
    repo: &Repository,
    prefix: &str,
    wanted: &dyn Fn(&BStr) -> bool,
) -> Result<Vec<ObjectId>, RepoError> {
    let failed = |error: gix::Error| RepoError::Refs {
        path: repo.common_dir().to_path_buf(),
        problem: error.to_string(),
    };
    check_refs(repo)?;
    let local = repo.local();
    let refs = local.0.references().map_err(failed)?;
    let refs = refs.prefixed(prefix).map_err(failed)?;
    let refs = refs
        .filter_map(Result::ok)
        .filter(|found| wanted(found.name().as_bstr()));
    Ok(refs
        .filter_map(|mut found| Some(found.follow_to_object().ok()?.detach()))
        .collect())
}

fn sorted(mut ids: Vec<ObjectId>) -> Vec<ObjectId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
