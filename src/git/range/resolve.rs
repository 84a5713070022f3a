//! Resolves ranges, as the user or a CI system names them, to the ids of commits.

use super::revision::{self, tip};
use super::{Base, Need, Plan, Point, RangeError, Selection, target};
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
/// off A, not the other way round. One word at most has dots: a script that lists a range for each
/// ref means each by itself.
///
/// # Errors
/// If a revision cannot be resolved.
pub fn named(repo: &LocalRepository, words: &[String]) -> Result<Resolved, RangeError> {
    let (mut tips, mut hidden, mut single) = (vec![], vec![], vec![]);
    let mut ranges = words.iter().filter(|word| word.contains(".."));
    if let Some(range) = ranges.nth(1) {
        return Err(RangeError::Second {
            range: range.clone(),
        });
    }
    for word in words {
        if let Some((from, to)) = word.split_once("...") {
            let (from, to) = (begin(repo, word, from)?, end(repo, to)?);
            hidden.push(from);
            tips.push(to);
        } else if let Some((from, to)) = word.split_once("..") {
            let from = begin(repo, word, from)?;
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
    let base = match hidden.as_slice() {
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
    let problem = match revision::resolve(repo, rev)? {
        Ok(id) => return Ok(id),
        Err(problem) => problem,
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

/// The range of a plan; `None` if there is nothing to scan.
///
/// # Errors
/// If an end of it is not in the repository.
pub fn planned(repo: &LocalRepository, plan: &Plan) -> Result<Option<Resolved>, RangeError> {
    let Plan::Judge {
        what,
        head,
        base,
        name,
        tag,
    } = plan
    else {
        return Ok(None);
    };
    check_names(base, name.as_deref())?;
    let head = point(repo, head)?;
    let tag = match tag {
        Some(tag) => target::tag(repo, tag, head)?,
        None => None,
    };
    let (base, since) = match base {
        Base::Commit(base) => since(point(repo, base)?),
        Base::Target { name, at, merge } => {
            let at = at.as_ref().map(|at| point(repo, &Point::id(at)));
            let tracked = name.as_ref().map(|name| tracked(repo, name));
            let merged = merge
                .as_ref()
                .and_then(|merge| target::merged_tip(repo, merge, head));
            let id = target::newest(repo, at, merged, tracked)?;
            since_at(id, name.as_deref())
        }
        Base::Default {
            name,
            branch,
            before,
        } => match name.clone().or_else(|| default_branch(repo)) {
            Some(name) if Some(&name) == branch.as_ref() => since_push(repo, before.as_ref())?,
            Some(name) => since_branch(repo, &name)?,
            None => (None, NO_DEFAULT.to_owned()),
        },
    };
    let what = format!("{what}: what is in {}, {since}", short(head));
    Ok(Some(Resolved {
        selection: Selection::Between {
            tips: [head].into_iter().chain(tag).collect(),
            hidden: base.into_iter().collect(),
        },
        base,
        what,
    }))
}

/// Checks the names that a CI system gives, which authors choose: they are to mean what they mean
/// to git.
fn check_names(base: &Base, full: Option<&str>) -> Result<(), RangeError> {
    let branches = match base {
        Base::Commit(_) => [None, None],
        Base::Target { name, .. } => [name.as_ref(), None],
        Base::Default { name, branch, .. } => [name.as_ref(), branch.as_ref()],
    };
    let branches = branches.into_iter().flatten();
    let names = branches.map(|name| format!("refs/heads/{name}"));
    for name in names.chain(full.map(str::to_owned)) {
        let is_valid = gix::validate::reference::name(name.as_str().into()).is_ok();
        // Bytes of a variable that are not UTF-8 are read as this character.
        if !is_valid || name.contains(char::REPLACEMENT_CHARACTER) {
            return Err(RangeError::Rev {
                rev: name,
                problem: "it is not a valid ref name in UTF-8".to_owned(),
            });
        }
    }
    Ok(())
}

/// Why a range is a whole history, and how to make it shorter.
const NO_DEFAULT: &str = "with all of its history, since the default branch is not known (record \
                          it with 'git remote set-head origin --auto', or name a base: \
                          'keysieve gate BASE..HEAD')";

/// The commit that is known with its history and whose policy applies, and a description.
type Since = (Option<ObjectId>, String);

fn since(id: ObjectId) -> Since {
    (Some(id), format!("not in {}", short(id)))
}

fn since_branch(repo: &LocalRepository, name: &str) -> Result<Since, RangeError> {
    Ok(since_at(tracked(repo, name)?, Some(name)))
}

fn since_at(id: ObjectId, branch: Option<&str>) -> Since {
    match branch {
        Some(name) => (Some(id), format!("not in {name} at {}", short(id))),
        None => since(id),
    }
}

/// What is known at a push to the default branch: what it was at `before`. If that is gone, as
/// after a forced push, or not known, nothing is.
fn since_push(repo: &LocalRepository, before: Option<&Point>) -> Result<Since, RangeError> {
    let Some(before) = before else {
        let since = "with all of its history, since the branch has no old head or it is not known";
        return Ok((None, since.to_owned()));
    };
    match point(repo, before) {
        Ok(id) => Ok(since(id)),
        Err(error) if is_shallow(repo) => Err(error),
        Err(_) => {
            let old = &before.rev;
            let since =
                format!("with all of its history, because {old} no longer exists (forced push?)");
            Ok((None, since))
        }
    }
}

/// The default branch of the remote, if the clone knows it.
fn default_branch(repo: &LocalRepository) -> Option<String> {
    let remote = remote_of(repo)?;
    let folder = format!("refs/remotes/{remote}/");
    let head = repo.0.try_find_reference(format!("{folder}HEAD").as_str());
    let target = head.ok()??.target().try_name()?.as_bstr().to_string();
    Some(target.strip_prefix(&folder)?.to_owned())
}

fn point(repo: &LocalRepository, point: &Point) -> Result<ObjectId, RangeError> {
    revision::resolve(repo, &point.rev)?.map_err(|_| {
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
    tip(repo, &full).ok_or_else(|| {
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
