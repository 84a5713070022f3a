//! Lists the objects that refs lead to, and which of them a remote is known to have.

use bstr::{BStr, BString, ByteSlice};
use gix::remote::Direction;

use super::repository::refuse;
use super::special::find_in_refs;
use super::{ObjectId, RepoError, Repository, check_refs};

/// The prefix of the refs that record what remotes have.
const TRACKING: &str = "refs/remotes/";

/// The name of the current branch, without `refs/heads/`; `None` if `HEAD` is detached or broken.
#[must_use]
pub fn branch(repo: &Repository) -> Option<String> {
    let name = repo.local().0.head_name().ok()??;
    Some(name.shorten().to_string())
}

/// The objects that all refs and `HEAD` lead to. Broken refs are left out.
///
/// # Errors
/// If the refs cannot be read.
pub fn ids_of_refs(repo: &Repository) -> Result<Vec<ObjectId>, RepoError> {
    let mut ids = ids(repo, "refs/", &|_| true)?;
    ids.extend(repo.head());
    Ok(sorted(ids))
}

/// The objects that all remotes had when they were last fetched from, by their tracking refs.
///
/// # Errors
/// If the refs cannot be read.
pub fn ids_of_remotes(repo: &Repository) -> Result<Vec<ObjectId>, RepoError> {
    Ok(sorted(ids(repo, TRACKING, &|_| true)?))
}

/// The objects that the repository at `address` had when it was last fetched from, by the
/// remote-tracking refs of the remotes that fetch from there. `None` if no remote does.
///
/// A remote can push to another address than it fetches from (`pushurl`, `pushInsteadOf`, a second
/// `url`): what its refs record says nothing about that one. Neither does a ref that a remote with
/// another address writes as well.
///
/// # Errors
/// If the refs cannot be read.
pub fn ids_at_address(
    repo: &Repository,
    address: &BStr,
) -> Result<Option<Vec<ObjectId>>, RepoError> {
    let Ok(address) = gix::url::parse(address) else {
        return Ok(None);
    };
    let local = repo.local();
    let all: Vec<BString> = local
        .0
        .remote_names()
        .iter()
        .map(|name| name.as_bstr().to_owned())
        .collect();
    let (mut names, mut of_others) = (Vec::new(), Vec::new());
    for name in &all {
        let Ok(remote) = local.0.find_remote(name.as_bstr()) else {
            continue;
        };
        if remote.url(Direction::Fetch) == Some(&address) {
            names.push(name);
        } else {
            of_others.extend(written_refs(&remote));
        }
    }
    let mut found = (!names.is_empty()).then(Vec::new);
    for name in names {
        let prefix = format!("{TRACKING}{name}/");
        let ids = ids(repo, &prefix, &|full| {
            let is_of_other = of_others.iter().any(|pattern| fits(full, pattern));
            !is_of_other && !is_of_deeper_remote(full, name, &all)
        })?;
        found.get_or_insert_default().extend(ids);
    }
    Ok(found.map(sorted))
}

/// The refs that a fetch from `remote` writes: full names, in which a star can be anything.
fn written_refs(remote: &gix::Remote<'_>) -> Vec<BString> {
    let specs = remote.refspecs(Direction::Fetch).iter();
    let names = specs.filter_map(|spec| spec.to_ref().local().map(BStr::to_owned));
    // Git completes the names that begin with `remotes/`.
    let full = |name: BString| match name.starts_with(b"remotes/") {
        true => [b"refs/", name.as_slice()].concat().into(),
        false => name,
    };
    names.map(full).collect()
}

/// Whether `pattern` matches the full name of a ref.
fn fits(full: &BStr, pattern: &BString) -> bool {
    match pattern.split_once_str("*") {
        Some((start, end)) => {
            full.len() >= start.len() + end.len() && full.starts_with(start) && full.ends_with(end)
        }
        None => full == pattern,
    }
}

/// Whether the ref `full` below `refs/remotes/` belongs to a remote whose name begins with `name`:
/// the refs of a remote named `a/b` are among those of a remote named `a`.
fn is_of_deeper_remote(full: &BStr, name: &BString, all: &[BString]) -> bool {
    let full = &full[TRACKING.len()..];
    all.iter().any(|other| {
        other.len() > name.len() && full.starts_with_str([other.as_slice(), b"/"].concat())
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
    refuse(find_in_refs(repo.common_dir()))?;
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
