//! Resolves the range that `gate` scans, and fetches what is missing if the user allows it.

use std::path::Path;
use std::{env, fs};

use bstr::BString;
use keysieve::ci::{self, CiEnv, Environment};
use keysieve::git::range::{self, Base, History, Plan, Point, RangeError, Resolved, Selection};
use keysieve::git::{self, LocalRepository, ObjectId, Repository};

use super::fetch::{self, Fetch};
use super::say;
use crate::cli::error::CliError;

/// The range that is requested, before any of it is looked up.
pub(super) enum RangeRequest<'a> {
    Args(&'a [String]),
    Ci(&'static Environment, Box<Plan>),
}

/// The range, with the commits in it.
pub(super) struct ResolvedRange {
    pub(super) repo: Repository,
    pub(super) history: History,
    /// The name of the ref that brings the commits, if it is scanned.
    pub(super) name: Option<BString>,
    /// The commit whose policy applies. Without one, no policy does: any commit of the range is the
    /// author's.
    pub(super) base: Option<ObjectId>,
    /// What is scanned, for people; empty if there is nothing to scan.
    pub(super) what: String,
}

/// What a clone lacks of a range.
enum Missing {
    /// The old head of a branch. Without it the range is wider than needed, but complete.
    OldHead,
    /// Something that the range cannot be scanned without; the ends of the range, if they are
    /// known.
    Required(RangeError, Vec<String>),
}

impl<'a> RangeRequest<'a> {
    /// The range that the arguments give or, without arguments, the CI environment.
    pub(super) fn new(args: &'a [String]) -> Result<Self, CliError> {
        if !args.is_empty() {
            return Ok(Self::Args(args));
        }
        let env = CiEnv::read(
            |name| Some(env::var_os(name)?.to_string_lossy().into_owned()),
            |path| fs::read_to_string(path).ok(),
        );
        let Some((environment, plan)) = ci::plan(&env) else {
            let message = "no range given, and no supported CI environment detected";
            return Err(CliError::new(message)
                .help("give the commits, such as 'keysieve gate origin/main..HEAD'"));
        };
        let plan = plan.map_err(|error| {
            CliError::from(error).help("give the range: 'keysieve gate BASE..HEAD'")
        })?;
        Ok(Self::Ci(environment, Box::new(plan)))
    }

    /// Looks up the range in the repository around `dir` and lists its commits.
    pub(super) fn resolve(&self, dir: &Path, may_fetch: bool) -> Result<ResolvedRange, CliError> {
        let mut depths = fetch::DEPTHS.iter();
        let mut wants_old_head = may_fetch;
        loop {
            let repo = open(dir)?;
            let local = repo.local();
            match self.list(repo, wants_old_head) {
                Ok(range) => return Ok(range),
                Err(Missing::OldHead) => {
                    // A server may still have what a force push removed. If it does not, the wider
                    // range is scanned, so the result does not matter.
                    wants_old_head = false;
                    let _ = Fetch::new(dir, &local)?.range(&self.refs(), None);
                }
                Err(Missing::Required(error, ends)) => match (error.need(), depths.next()) {
                    (Some(need), Some(depth)) if may_fetch => {
                        let refs = [need.fetch, self.refs(), ends].concat();
                        let depth = need.history.then_some(depth);
                        Fetch::new(dir, &local)?.range(&refs, depth)?;
                    }
                    _ => return Err(self.error(error, &local)),
                },
            }
        }
    }

    /// Lists the commits of the range, as far as the repository has them.
    fn list(&self, repo: Repository, wants_old_head: bool) -> Result<ResolvedRange, Missing> {
        let mut local = repo.local();
        local.set_cache(4 << 20);
        let resolved = self
            .select(&local)
            .map_err(|error| Missing::Required(error, Vec::new()))?;
        let Some(resolved) = resolved else {
            return Ok(ResolvedRange {
                repo,
                history: History::default(),
                name: None,
                base: None,
                what: String::new(),
            });
        };
        if wants_old_head && self.lacks_old_head(&local) {
            return Err(Missing::OldHead);
        }
        let history = range::list(&local, &resolved.selection)
            .map_err(|error| Missing::Required(error, ends(&resolved.selection)))?;
        let count = history.commits.len();
        let plural = if count == 1 { "" } else { "s" };
        Ok(ResolvedRange {
            repo,
            history,
            name: self.name(),
            base: resolved.base,
            what: format!("{}: {count} commit{plural}", resolved.what),
        })
    }

    /// The ends of the range; `None` if there is nothing to scan.
    fn select(&self, repo: &LocalRepository) -> Result<Option<Resolved>, RangeError> {
        match self {
            Self::Args(args) => range::named(repo, args).map(Some),
            Self::Ci(_, plan) => {
                if let Plan::Nothing { why } = plan.as_ref() {
                    say(&format!("{why}: nothing to scan"));
                }
                range::planned(repo, plan)
            }
        }
    }

    fn name(&self) -> Option<BString> {
        match self {
            Self::Args(_) => None,
            Self::Ci(_, plan) => plan.new_name().map(BString::from),
        }
    }

    /// The old head of the pushed branch, if the range may begin there.
    fn old_head(&self) -> Option<&Point> {
        let Self::Ci(_, plan) = self else {
            return None;
        };
        let Plan::Judge { base, .. } = plan.as_ref() else {
            return None;
        };
        let Base::Default {
            name,
            branch,
            before,
        } = base
        else {
            return None;
        };
        before.as_ref().filter(|_| name.is_none() || name == branch)
    }

    /// Whether the old head of the pushed branch is missing.
    fn lacks_old_head(&self, repo: &LocalRepository) -> bool {
        self.old_head()
            .and_then(|before| ObjectId::from_hex(before.rev.as_bytes()).ok())
            .is_some_and(|id| !repo.has_object(&id))
    }

    /// The refs of the remote that the range needs, other than its ends.
    fn refs(&self) -> Vec<String> {
        let old = self.old_head().map(|before| before.fetch.clone());
        old.into_iter().collect()
    }

    /// The error, with the setting or the command that fixes it.
    fn error(&self, error: RangeError, repo: &LocalRepository) -> CliError {
        if let RangeError::Ambiguous { names, .. } = &error {
            let help = format!(
                "write the one that you mean in full: {}",
                names.join(" or ")
            );
            return CliError::from(error).help(help);
        }
        if matches!(error, RangeError::Second { .. }) {
            return CliError::from(error).help("run the gate once for each range");
        }
        if matches!(error, RangeError::Moved { .. }) {
            let help = "run 'git fetch --tags --force', or use --fetch";
            return CliError::from(error).help(help);
        }
        let Some(need) = error.need() else {
            return error.into();
        };
        // A remote can be named by an address, which can contain a password.
        let remote = range::remote_of(repo)
            .filter(|name| !name.contains("://"))
            .unwrap_or_else(|| "origin".to_owned());
        let remedy = match (self, need.fetch.as_slice()) {
            (Self::Ci(environment, _), _) if need.history => environment.full_clone.to_owned(),
            _ if need.history => format!("run 'git fetch --unshallow {remote}'"),
            (_, []) => format!("run 'git fetch {remote}'"),
            (_, refs) => format!("run 'git fetch {remote} {}'", refs.join(" ")),
        };
        CliError::from(error).help(format!("{remedy}, or use --fetch"))
    }
}

fn open(dir: &Path) -> Result<Repository, CliError> {
    let help = "run it in a repository, or give one with --repo";
    let repo = git::discover(dir).map_err(|error| CliError::from(error).help(help))?;
    git::check_refs(&repo)?;
    Ok(repo)
}

fn ends(selection: &Selection) -> Vec<String> {
    let ids = match selection {
        Selection::Between { tips, hidden } => [&tips[..], hidden].concat(),
        Selection::Only(ids) => ids.clone(),
    };
    ids.iter().map(ToString::to_string).collect()
}
