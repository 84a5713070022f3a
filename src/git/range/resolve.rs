//! From words and plans to the ids of commits, as far as the repository has them.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice};

use super::{Base, Need, Plan, Point, RangeError, Selection};
use crate::git::{LocalRepository, ObjectId};

/// A range that the repository has the ends of.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Its ends.
    pub selection: Selection,
    /// The commit whose policy counts, where the range names one.
    pub base: Option<ObjectId>,
    /// Which range it is, for people.
    pub what: String,
}

/// The range that `words` mean: `A..B`, `A...B`, `^A B`, or commits that are judged one by one.
///
/// Three dots mean what they mean on the page of a pull request: what B has since it left A, not
/// the other way round.
///
/// # Errors
/// Where a revision is not here.
pub fn named(repo: &LocalRepository, words: &[String]) -> Result<Resolved, RangeError> {
    let (mut tips, mut hidden, mut alone, mut bases) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for word in words {
        // Git would take HEAD for either: but whoever writes "$BASE..HEAD" with no base set must
        // not get a range of nothing.
        let or_head = |rev: &str| {
            if rev.is_empty() {
                "HEAD".to_owned()
            } else {
                rev.to_owned()
            }
        };
        let some = |rev: &str| match rev.is_empty() {
            true => Err(RangeError::Rev {
                rev: word.clone(),
                problem: "nothing stands before the dots: is a variable not set?".to_owned(),
            }),
            false => Ok(rev.to_owned()),
        };
        if let Some((from, to)) = word.split_once("...") {
            let (from, to) = (revision(repo, &some(from)?)?, revision(repo, &or_head(to))?);
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
            let from = revision(repo, &some(from)?)?;
            bases.push(from);
            hidden.push(from);
            tips.push(revision(repo, &or_head(to))?);
        } else if let Some(rev) = word.strip_prefix('^') {
            hidden.push(revision(repo, rev)?);
        } else {
            alone.push(revision(repo, word.strip_suffix("^!").unwrap_or(word))?);
        }
    }
    let base = bases.first().copied().filter(|_| bases.len() == 1);
    let what = words.join(" ");
    if hidden.is_empty() {
        return Ok(Resolved {
            selection: Selection::Only(alone),
            base: None,
            what,
        });
    }
    tips.append(&mut alone);
    Ok(Resolved {
        selection: Selection::Between { tips, hidden },
        base,
        what,
    })
}

/// The object that `rev` names.
fn revision(repo: &LocalRepository, rev: &str) -> Result<ObjectId, RangeError> {
    if is_ambiguous(repo, rev) {
        let problem = "it is the name of a tag and of a branch, or of several branches: write 'refs/heads/…' or the like";
        return Err(RangeError::Rev {
            rev: rev.to_owned(),
            problem: problem.to_owned(),
        });
    }
    let problem = match repo.0.rev_parse_single(rev) {
        Ok(id) => return Ok(id.detach()),
        Err(error) => error.to_string(),
    };
    // `git fetch` takes whole ids, and names of the remote.
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
/// takes the tag, so whoever may push a tag could choose where a range begins.
fn is_ambiguous(repo: &LocalRepository, rev: &str) -> bool {
    let name = rev.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let places =
        ["refs/tags/", "refs/heads/", "refs/remotes/"].map(|place| format!("{place}{name}"));
    let refs = places
        .iter()
        .filter_map(|full| repo.0.try_find_reference(full.as_str()).ok().flatten());
    let mut ids: Vec<ObjectId> = refs
        .filter_map(|mut found| found.peel_to_id().ok())
        .map(gix::Id::detach)
        .collect();
    ids.dedup();
    !name.is_empty() && ids.len() > 1
}

/// The range of a plan; `None` where nothing is to be judged.
///
/// # Errors
/// Where an end of it is not here.
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
                // Another branch may be as new as this one, and no better.
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
            Err(_) => lost_head(repo, before, branch, default.as_deref())?,
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

/// The branch that the remote calls its own, where the clone has noted it, and what it is at.
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
    Some((name, branch.peel_to_id().ok()?.detach()))
}

type Hidden = (Vec<ObjectId>, Option<ObjectId>, String);

/// What is surely old where a push with force took away the branch's old head: never more than
/// that.
fn lost_head(
    repo: &LocalRepository,
    before: &Point,
    branch: &str,
    default: Option<&str>,
) -> Result<Hidden, RangeError> {
    let gone = format!(
        "since its old head {} is gone (pushed with force?)",
        before.rev
    );
    match default.filter(|name| *name != branch) {
        Some(name) => {
            let id = tracked(repo, name)?;
            Ok((vec![id], None, format!("not in {name}, {gone}")))
        }
        None => Ok((Vec::new(), None, format!("all that led there, {gone}"))),
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

/// What the remote's branch `name` is at, as far as was fetched.
fn tracked(repo: &LocalRepository, name: &str) -> Result<ObjectId, RangeError> {
    let remote = remote_of(repo).unwrap_or_else(|| "origin".to_owned());
    let full = format!("refs/remotes/{remote}/{name}");
    let reference = repo.0.try_find_reference(full.as_str()).ok().flatten();
    let id = reference.and_then(|mut reference| reference.peel_to_id().ok().map(gix::Id::detach));
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

/// What all branches of all remotes are at, but for those named `but`.
fn branches(repo: &LocalRepository, but: Option<&str>) -> Result<Vec<ObjectId>, RangeError> {
    let fault = |error: &dyn std::fmt::Display| RangeError::Refs(error.to_string());
    let platform = repo.0.references().map_err(|error| fault(&error))?;
    let mut ids = BTreeSet::new();
    for remote in repo.0.remote_names() {
        let prefix = BString::from(format!("refs/remotes/{remote}/"));
        for reference in platform
            .prefixed(prefix.as_bstr())
            .map_err(|error| fault(&error))?
        {
            let mut reference = reference.map_err(|error| fault(&error))?;
            let name = reference.name().as_bstr();
            let own =
                but.is_some_and(|but| name.strip_prefix(prefix.as_slice()) == Some(but.as_bytes()));
            // `origin/HEAD` only says which branch is the default one.
            if own || reference.target().try_id().is_none() {
                continue;
            }
            ids.insert(
                reference
                    .peel_to_id()
                    .map_err(|error| fault(&error))?
                    .detach(),
            );
        }
    }
    Ok(ids.into_iter().collect())
}

/// The remote that is asked: `origin`, or else the only one.
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

/// Whether `name` can be the name of a branch, so that it means nothing else in a refspec.
fn is_name(name: &str) -> bool {
    gix::validate::reference::name_partial(name.into()).is_ok() && !name.starts_with('-')
}

fn short(id: ObjectId) -> String {
    id.to_hex_with_len(12).to_string()
}
