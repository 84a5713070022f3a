//! Resolves ranges, as the user or a CI system names them, to the ids of commits.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};

use super::{Base, Need, Plan, Point, RangeError, Selection};
use crate::git::{LocalRepository, ObjectId};

/// A range whose ends are in the repository.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its ends.
    pub selection: Selection,
    /// The commit whose policy applies, if the range names one.
    pub base: Option<ObjectId>,
    /// A description of the range, for people.
    pub what: String,
}

/// The range that the user's `words` name: `A..B`, `A...B`, `^A B`, or single commits.
///
/// `A...B` has the meaning that it has on the page of a pull request: what B has since it branched
/// off A, not the other way round.
///
/// # Errors
/// If a revision cannot be resolved.
pub fn named(repo: &LocalRepository, words: &[String]) -> Result<Resolved, RangeError> {
    let (mut tips, mut hidden, mut single, mut bases) = (vec![], vec![], vec![], vec![]);
    for word in words {
        if let Some((from, to)) = word.split_once("...") {
            let (from, to) = (begin(repo, word, from)?, end(repo, to)?);
            bases.extend(
                repo.0
                    .merge_base(from, to)
                    .ok()
                    .flatten()
                    .map(gix::Id::detach),
            );
            hidden.push(from);
            tips.push(to);
        } else if let Some((from, to)) = word.split_once("..") {
            let from = begin(repo, word, from)?;
            bases.push(from);
            hidden.push(from);
            tips.push(end(repo, to)?);
        } else if let Some(rev) = word.strip_prefix('^') {
            hidden.push(revision(repo, rev)?);
        } else {
            single.push(revision(repo, word.strip_suffix("^!").unwrap_or(word))?);
        }
    }
    let what = words.join(" ");
    if hidden.is_empty() {
        return Ok(Resolved {
            selection: Selection::Only(single),
            base: None,
            what,
        });
    }
    tips.append(&mut single);
    let base = match bases.as_slice() {
        [base] => Some(*base),
        _ => None,
    };
    Ok(Resolved {
        selection: Selection::Between { tips, hidden },
        base,
        what,
    })
}

/// The revision before the dots of `word`. For git, an empty one is `HEAD`; but `$BASE..HEAD` with
/// an unset variable must not be an empty range.
fn begin(repo: &LocalRepository, word: &str, rev: &str) -> Result<ObjectId, RangeError> {
    if rev.is_empty() {
        return Err(RangeError::Rev {
            rev: word.to_owned(),
            problem: "there is no revision before the dots; is a variable not set?".to_owned(),
        });
    }
    revision(repo, rev)
}

/// The revision after the dots; `HEAD` if it is empty.
fn end(repo: &LocalRepository, rev: &str) -> Result<ObjectId, RangeError> {
    revision(repo, if rev.is_empty() { "HEAD" } else { rev })
}

/// The object that `rev` names.
fn revision(repo: &LocalRepository, rev: &str) -> Result<ObjectId, RangeError> {
    if is_ambiguous(repo, rev) {
        let problem =
            "ambiguous: it names several refs; write the full name, such as 'refs/heads/main'";
        return Err(RangeError::Rev {
            rev: rev.to_owned(),
            problem: problem.to_owned(),
        });
    }
    let problem = match repo.0.rev_parse_single(rev) {
        Ok(id) => return Ok(id.detach()),
        Err(error) => error.to_string(),
    };
    // `git fetch` takes full ids, and names of the remote's refs.
    let of_remote = remote_of(repo)
        .and_then(|remote| rev.strip_prefix(&format!("{remote}/")).map(str::to_owned));
    let history = is_shallow(repo);
    let fetch = match of_remote {
        Some(branch) if is_name(&branch) => vec![tracking(repo, &branch)],
        _ if is_id(rev) => vec![rev.to_owned()],
        _ if history => Vec::new(),
        _ => {
            return Err(RangeError::Rev {
                rev: rev.to_owned(),
                problem,
            });
        }
    };
    Err(RangeError::Unknown {
        rev: rev.to_owned(),
        need: Need { fetch, history },
    })
}

/// Whether `rev` begins with the short name of refs that lead to different objects. Git warns and
/// uses the tag, so anyone who may push a tag could choose where a range begins.
fn is_ambiguous(repo: &LocalRepository, rev: &str) -> bool {
    let name = rev.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let places =
        ["refs/tags/", "refs/heads/", "refs/remotes/"].map(|place| format!("{place}{name}"));
    let refs = places
        .iter()
        .filter_map(|full| repo.0.try_find_reference(full.as_str()).ok().flatten());
    let mut ids: Vec<ObjectId> = refs
        .filter_map(|mut found| found.follow_to_object().ok())
        .map(gix::Id::detach)
        .collect();
    ids.dedup();
    !name.is_empty() && ids.len() > 1
}

/// The range of a plan; `None` if there is nothing to scan.
///
/// # Errors
/// If an end of it is not in the repository.
pub fn planned(repo: &LocalRepository, plan: &Plan) -> Result<Option<Resolved>, RangeError> {
    let Plan::Judge { what, head, base } = plan else {
        return Ok(None);
    };
    let tip = point(repo, head)?;
    let (hidden, trusted, since) = match base {
        Base::Commit(base) => {
            let id = point(repo, base)?;
            (vec![id], Some(id), format!("not in {}", short(id)))
        }
        Base::Branch(name) => {
            let id = tracked(repo, name)?;
            (
                vec![id],
                Some(id),
                format!("not in {name} at {}", short(id)),
            )
        }
        Base::Branches { but: Some(but) } => {
            match default_branch(repo).filter(|(name, _)| name != but) {
                // Another branch may be as new as this one, and is not trusted either.
                Some((name, id)) => (
                    vec![id],
                    Some(id),
                    format!("not in {name} at {}", short(id)),
                ),
                None => (
                    branches(repo, Some(but))?,
                    None,
                    "in no other branch".to_owned(),
                ),
            }
        }
        Base::Branches { but: None } => (branches(repo, None)?, None, "in no branch".to_owned()),
        Base::Pushed {
            before,
            branch,
            default,
        } => match point(repo, before) {
            Ok(id) => (vec![id], Some(id), format!("not in {}", short(id))),
            Err(error) if is_shallow(repo) => return Err(error),
            Err(_) => without_old_head(repo, before, branch, default.as_deref())?,
        },
    };
    let what = format!("{what}: what is in {} and {since}", short(tip));
    Ok(Some(Resolved {
        selection: Selection::Between {
            tips: vec![tip],
            hidden,
        },
        base: trusted,
        what,
    }))
}

/// The default branch of the remote, if the clone knows it, and the commit that it is at.
fn default_branch(repo: &LocalRepository) -> Option<(String, ObjectId)> {
    let remote = remote_of(repo)?;
    let head = repo
        .0
        .try_find_reference(format!("refs/remotes/{remote}/HEAD").as_str())
        .ok()??;
    let mut branch = head.follow()?.ok()?;
    let name = branch.name().as_bstr().to_string();
    let name = name
        .strip_prefix(&format!("refs/remotes/{remote}/"))?
        .to_owned();
    Some((name, branch.follow_to_object().ok()?.detach()))
}

type Hidden = (Vec<ObjectId>, Option<ObjectId>, String);

/// What is known to be old after a forced push removed the branch's old head, and nothing else.
fn without_old_head(
    repo: &LocalRepository,
    before: &Point,
    branch: &str,
    default: Option<&str>,
) -> Result<Hidden, RangeError> {
    let gone = format!("since its old head {} is gone (forced push?)", before.rev);
    match default.filter(|name| *name != branch) {
        Some(name) => {
            let id = tracked(repo, name)?;
            Ok((vec![id], None, format!("not in {name}, {gone}")))
        }
        None => Ok((Vec::new(), None, format!("its whole history, {gone}"))),
    }
}

fn point(repo: &LocalRepository, point: &Point) -> Result<ObjectId, RangeError> {
    let found = if is_id(&point.rev) {
        ObjectId::from_hex(point.rev.as_bytes())
            .ok()
            .filter(|id| repo.has_object(id))
    } else {
        repo.0
            .rev_parse_single(point.rev.as_str())
            .ok()
            .map(gix::Id::detach)
    };
    found.ok_or_else(|| {
        let need = Need {
            fetch: vec![point.fetch.clone()],
            history: is_shallow(repo),
        };
        RangeError::Unknown {
            rev: point.rev.clone(),
            need,
        }
    })
}

/// The commit that the remote's branch `name` was at when it was last fetched.
fn tracked(repo: &LocalRepository, name: &str) -> Result<ObjectId, RangeError> {
    let remote = remote_of(repo).unwrap_or_else(|| "origin".to_owned());
    let full = format!("refs/remotes/{remote}/{name}");
    let reference = repo.0.try_find_reference(full.as_str()).ok().flatten();
    let id =
        reference.and_then(|mut reference| reference.follow_to_object().ok().map(gix::Id::detach));
    id.ok_or_else(|| {
        let fetch = if is_name(name) {
            vec![tracking(repo, name)]
        } else {
            Vec::new()
        };
        RangeError::Unknown {
            rev: format!("{remote}/{name}"),
            need: Need {
                fetch,
                history: is_shallow(repo),
            },
        }
    })
}

/// The commits that all branches of all remotes are at, except for those named `except`.
fn branches(repo: &LocalRepository, except: Option<&str>) -> Result<Vec<ObjectId>, RangeError> {
    let unreadable = |error: &dyn std::fmt::Display| RangeError::Refs(error.to_string());
    let platform = repo.0.references().map_err(|error| unreadable(&error))?;
    let mut ids = BTreeSet::new();
    for remote in repo.0.remote_names() {
        let prefix = BString::from(format!("refs/remotes/{remote}/"));
        for reference in platform
            .prefixed(prefix.as_bstr())
            .map_err(|error| unreadable(&error))?
        {
            let mut reference = reference.map_err(|error| unreadable(&error))?;
            let name = reference.name().as_bstr();
            let own = except.is_some_and(|branch| {
                name.strip_prefix(prefix.as_slice()) == Some(branch.as_bytes())
            });
            // `origin/HEAD` only names the default branch.
            if own || reference.target().try_id().is_none() {
                continue;
            }
            ids.insert(
                reference
                    .follow_to_object()
                    .map_err(|error| unreadable(&error))?
                    .detach(),
            );
        }
    }
    Ok(ids.into_iter().collect())
}

/// The remote to fetch from: the only one, or else `origin`.
#[must_use]
pub fn remote_of(repo: &LocalRepository) -> Option<String> {
    let names: Vec<String> = repo
        .0
        .remote_names()
        .iter()
        .map(ToString::to_string)
        .collect();
    match names.as_slice() {
        [only] => Some(only.clone()),
        several => several.iter().find(|name| *name == "origin").cloned(),
    }
}

/// The refspec that fetches a branch to where it is tracked.
fn tracking(repo: &LocalRepository, branch: &str) -> String {
    let remote = remote_of(repo).unwrap_or_else(|| "origin".to_owned());
    format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}")
}

fn is_shallow(repo: &LocalRepository) -> bool {
    repo.0.is_shallow().unwrap_or(true)
}

fn is_id(rev: &str) -> bool {
    matches!(rev.len(), 40 | 64) && rev.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `name` is a valid branch name, so that it has no other meaning in a refspec.
fn is_name(name: &str) -> bool {
    gix::validate::reference::name_partial(name.into()).is_ok() && !name.starts_with('-')
}

fn short(id: ObjectId) -> String {
    id.to_hex_with_len(12).to_string()
}
