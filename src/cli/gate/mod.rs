//! `keysieve gate`: judges the commits that a pull request, a push or a tag brings, by the policy
//! of where they start.

mod fetch;

use std::env;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keysieve::ci::{self, Environment, Facts};
use keysieve::finding::{Outcome, Status};
use keysieve::git::range::{self, Base, History, Plan, RangeError, Resolved, Selection};
use keysieve::git::{self, LocalRepository, ObjectId, Repository};
use keysieve::policy::{self, PolicyFiles};
use keysieve::report::Advice;
use keysieve::source::Range;

use super::error::CliError;
use super::scan::Common;
use super::settings::Settings;
use fetch::Fetch;

/// The words of `keysieve gate`.
#[derive(Args, Debug)]
pub(crate) struct GateArgs {
    /// What to judge: `BASE..HEAD`, `BASE...HEAD`, or commits one by one [default: what the CI
    /// environment says]
    ///
    /// Every commit that HEAD has and BASE has not is judged, with what it changes against all of
    /// its parents, its message and its names. `BASE..HEAD` takes the policy of BASE, `BASE...HEAD`
    /// that of the commit where the two parted.
    #[arg(value_name = "RANGE")]
    range: Vec<String>,
    /// The repository, or a directory in it
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Fetch what of the range is missing here
    ///
    /// Runs `git fetch`; without this, nothing ever uses the network.
    #[arg(long)]
    fetch: bool,
    /// Whose `.keysieve.toml`, rules and baseline count
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t)]
    policy: Whose,
    /// Let no inline marker count: those that stand beside a new secret came with it
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Whose {
    /// Those of the commit that the range starts from, which it cannot change
    #[default]
    Base,
    /// Those of the commits that are judged
    Head,
}

/// What is to be judged, before any of it was looked up.
enum Wanted {
    Words(Vec<String>),
    Plan(&'static Environment, Plan),
}

/// What is to be judged, looked up.
struct Found {
    repo: Repository,
    history: History,
    base: Option<ObjectId>,
}

impl GateArgs {
    pub(crate) fn run(self) -> Result<Status, CliError> {
        let wanted = self.wanted()?;
        let mut found = self.find(&wanted)?;
        let mut judged = self.judge(&found);
        let complete = judged
            .as_ref()
            .is_ok_and(|(outcome, _)| outcome.status() < Status::Incomplete);
        if self.fetch && !complete && found.repo.is_partial() {
            Fetch::new(&self.repo, &found.repo.local())?.all_objects()?;
            found.repo = git::discover(&self.repo)?;
            judged = self.judge(&found);
        }
        let (outcome, rules) = judged?;
        self.common
            .output
            .with_allowed()
            .write(&outcome, rules, Advice::default())?;
        Ok(outcome.status())
    }

    /// Judges what was found; the outcome, and which rules it is by.
    fn judge(&self, found: &Found) -> Result<(Outcome, String), CliError> {
        let base = PolicyFiles::of_commit(&found.repo, found.base);
        let head = PolicyFiles::of_commit(&found.repo, found.history.tips.first().copied());
        let mut settings = self
            .common
            .settings
            .settle_by(if self.policy == Whose::Base {
                &base
            } else {
                &head
            })?;
        if self.strict {
            settings.policy = settings.policy.without_markers();
        }
        let Settings {
            scanner,
            policy,
            max_size,
            jobs,
            ..
        } = &settings;
        let (repo, history) = (found.repo.clone(), found.history.clone());
        let source = Range {
            repo,
            history,
            max_size: *max_size,
            jobs: *jobs,
        };
        let watched = |progress: &_| keysieve::engine::run(&source, scanner, policy, progress);
        let outcome = self.common.output.watch(watched)?;
        let policy_changes = policy::changes(&base, &head);
        Ok((
            Outcome {
                policy_changes,
                ..outcome
            },
            scanner.rules().version(),
        ))
    }

    fn wanted(&self) -> Result<Wanted, CliError> {
        if !self.range.is_empty() {
            return Ok(Wanted::Words(self.range.clone()));
        }
        let variables = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let event =
            env::var_os("GITHUB_EVENT_PATH").and_then(|path| std::fs::read_to_string(path).ok());
        match ci::plan(&Facts {
            variables: variables.collect(),
            event,
        }) {
            None => Err(CliError::new(
                "no range was named, and this is no CI environment that says one",
            )
            .hint("name the commits, such as 'keysieve gate origin/main..HEAD'")),
            Some((environment, Ok(plan))) => Ok(Wanted::Plan(environment, plan)),
            Some((_, Err(error))) => {
                Err(CliError::from(error).hint("name the range: 'keysieve gate BASE..HEAD'"))
            }
        }
    }

    /// Looks up the range and lists its commits, and fetches what is missing where that was asked
    /// for.
    fn find(&self, wanted: &Wanted) -> Result<Found, CliError> {
        let (mut tries, mut asked) = (fetch::TRIES.iter(), false);
        loop {
            let hint = "run it in a repository, or name one with --repo";
            let repo =
                git::discover(&self.repo).map_err(|error| CliError::from(error).hint(hint))?;
            git::check_refs(&repo)?;
            let mut local = repo.local();
            local.set_cache(4 << 20);
            let (error, ends) = match wanted.resolve(&local) {
                Ok(None) => {
                    return Ok(Found {
                        repo,
                        history: History::default(),
                        base: None,
                    });
                }
                Ok(Some(_)) if self.fetch && !asked && wanted.lost_head(&local) => {
                    // A server may still have what a push with force took away; where not, the
                    // wider range holds.
                    asked = true;
                    let _ = Fetch::new(&self.repo, &local)?.range(&wanted.refs(), None);
                    continue;
                }
                Ok(Some(resolved)) => match range::list(&local, &resolved.selection) {
                    Ok(history) => return Ok(found(repo, &resolved, history)),
                    Err(error) => (error, ends(&resolved.selection)),
                },
                Err(error) => (error, Vec::new()),
            };
            match (error.need(), tries.next()) {
                (Some(need), Some(how)) if self.fetch => {
                    let refs = [need.fetch, wanted.refs(), ends].concat();
                    Fetch::new(&self.repo, &local)?
                        .range(&refs, Some(how).filter(|_| need.history))?;
                }
                _ => return Err(wanted.error(error, &local)),
            }
        }
    }
}

/// What was found, and a line that says so.
fn found(repo: Repository, resolved: &Resolved, history: History) -> Found {
    let count = history.commits.len();
    say(&format!(
        "{}: {count} {}",
        resolved.what,
        if count == 1 { "commit" } else { "commits" }
    ));
    let base = resolved.base.or_else(|| history.fork_point());
    Found {
        repo,
        history,
        base,
    }
}

/// A word to the person who reads the log. Where nobody can, the report still says what was found.
fn say(text: &str) {
    let text = keysieve::text::printable(text.as_bytes());
    let _ = writeln!(std::io::stderr(), "keysieve gate: {text}");
}

fn ends(selection: &Selection) -> Vec<String> {
    let ids = match selection {
        Selection::Between { tips, hidden } => [&tips[..], hidden].concat(),
        Selection::Only(ids) => ids.clone(),
    };
    ids.iter().map(ToString::to_string).collect()
}

impl Wanted {
    fn resolve(&self, repo: &LocalRepository) -> Result<Option<Resolved>, RangeError> {
        match self {
            Self::Words(words) => range::named(repo, words).map(Some),
            Self::Plan(_, plan) => {
                if let Plan::Nothing { why } = plan {
                    say(&format!("{why}: nothing to judge"));
                }
                range::planned(repo, plan)
            }
        }
    }

    /// Whether the old head of the branch that was pushed to is missing.
    fn lost_head(&self, repo: &LocalRepository) -> bool {
        match self {
            Self::Plan(
                _,
                Plan::Judge {
                    base: Base::Pushed { before, .. },
                    ..
                },
            ) => ObjectId::from_hex(before.rev.as_bytes()).is_ok_and(|id| !repo.has_object(&id)),
            _ => false,
        }
    }

    /// What of the remote the range needs besides its ends.
    fn refs(&self) -> Vec<String> {
        match self {
            Self::Plan(
                _,
                Plan::Judge {
                    base: Base::Branches { .. },
                    ..
                },
            ) => vec![fetch::ALL_BRANCHES.to_owned()],
            Self::Plan(
                _,
                Plan::Judge {
                    base: Base::Pushed { before, .. },
                    ..
                },
            ) => vec![before.fetch.clone()],
            _ => Vec::new(),
        }
    }

    /// The error, with the setting or the command that mends it.
    fn error(&self, error: RangeError, repo: &LocalRepository) -> CliError {
        let Some(need) = error.need() else {
            return error.into();
        };
        // A remote that is named after its address may have a password in its name.
        let remote = range::remote_of(repo).filter(|name| !name.contains("://"));
        let remote = remote.unwrap_or_else(|| "origin".to_owned());
        let command = match need.fetch.as_slice() {
            _ if need.history => format!("git fetch --unshallow {remote}"),
            [] => format!("git fetch {remote}"),
            refs => format!("git fetch {remote} {}", refs.join(" ")),
        };
        let hint = match self {
            Self::Plan(environment, _) if need.history => environment.setting.to_owned(),
            _ => format!("'{command}' brings it"),
        };
        CliError::from(error).hint(format!("{hint}; or let --fetch get it"))
    }
}
