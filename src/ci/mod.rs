//! What CI environments say about the commits they run for. Nothing here reads the environment: it
//! is handed in.

mod github;
mod others;

use std::collections::BTreeMap;

use crate::git::range::{Base, Plan, Point};

/// The variables of a CI environment, and the event where one is described in a file.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The variables.
    pub variables: BTreeMap<String, String>,
    /// The JSON in the file that `GITHUB_EVENT_PATH` names.
    pub event: Option<String>,
}

/// A CI environment.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: &'static str,
    /// The setting that brings the whole history into its clones.
    pub setting: &'static str,
    /// The variables one of which tells it from others.
    marks: &'static [&'static str],
    plan: fn(&Environment, &Facts) -> Result<Plan, CiError>,
}

/// Why an environment's words are no range.
#[derive(Debug, thiserror::Error)]
pub enum CiError {
    /// A variable that should be there is not.
    #[error("{environment}: the variable {variable} is not set")]
    Variable {
        /// The environment.
        environment: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// The file with the event cannot be understood.
    #[error("{environment}: the event cannot be read: {problem}")]
    Event {
        /// The environment.
        environment: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// An event that brings no commits.
    #[error("{environment}: the event '{event}' says nothing of which commits are new")]
    NoCommits {
        /// The environment.
        environment: &'static str,
        /// The event.
        event: String,
    },
}

const CHECKOUT: &str = "give actions/checkout 'fetch-depth: 0'";

/// Every environment that is known. Those that are like others come before them.
pub const ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "Forgejo Actions",
        setting: CHECKOUT,
        marks: &["FORGEJO_ACTIONS"],
        plan: github::plan,
    },
    Environment {
        name: "Gitea Actions",
        setting: CHECKOUT,
        marks: &["GITEA_ACTIONS"],
        plan: github::plan,
    },
    Environment {
        name: "GitHub Actions",
        setting: CHECKOUT,
        marks: &["GITHUB_ACTIONS"],
        plan: github::plan,
    },
    Environment {
        name: "GitLab CI",
        setting: "set the variable 'GIT_DEPTH: 0'",
        marks: &["GITLAB_CI"],
        plan: others::gitlab,
    },
    Environment {
        name: "Bitbucket Pipelines",
        setting: "set 'clone: depth: full'",
        marks: &["BITBUCKET_COMMIT"],
        plan: others::bitbucket,
    },
    Environment {
        name: "Azure Pipelines",
        setting: "set 'fetchDepth: 0' in the step 'checkout: self'",
        marks: &["TF_BUILD"],
        plan: others::azure,
    },
    Environment {
        name: "CircleCI",
        setting: "use 'checkout' with 'method: full'",
        marks: &["CIRCLECI"],
        plan: others::circleci,
    },
    Environment {
        name: "Buildkite",
        setting: "take '--depth' out of BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS",
        marks: &["BUILDKITE"],
        plan: others::buildkite,
    },
    Environment {
        name: "Jenkins",
        setting: "turn off 'Shallow clone' and fetch all branches in the job's Git settings",
        marks: &["JENKINS_URL", "JENKINS_HOME"],
        plan: others::jenkins,
    },
];

/// The environment that `facts` are of, and what it says is to be judged; `None` outside of any
/// that is known.
///
/// # Errors
/// Where what it says is no range.
pub fn plan(facts: &Facts) -> Option<(&'static Environment, Result<Plan, CiError>)> {
    let is = |name: &&str| facts.get(name).is_some_and(|found| found != "false");
    let environment = ENVIRONMENTS
        .iter()
        .find(|environment| environment.marks.iter().any(is))?;
    Some((environment, (environment.plan)(environment, facts)))
}

impl Facts {
    /// A variable that is set, and not to nothing.
    fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }
}

impl Environment {
    fn need<'f>(&self, facts: &'f Facts, variable: &'static str) -> Result<&'f str, CiError> {
        facts.get(variable).ok_or(CiError::Variable {
            environment: self.name,
            variable,
        })
    }

    fn judge(&self, what: &str, head: Point, base: Base) -> Plan {
        Plan::Judge {
            what: format!("{}, {what}", self.name),
            head,
            base,
        }
    }

    /// What a push to a branch brings, where the old head is known, all zeros for a new branch, or
    /// not told.
    fn pushed(
        &self,
        head: &str,
        before: Option<&str>,
        branch: &str,
        default: Option<&str>,
    ) -> Plan {
        let head = Point {
            rev: head.to_owned(),
            fetch: format!("refs/heads/{branch}"),
        };
        match before.filter(|before| !is_zero(before)) {
            Some(before) => {
                let (before, default) = (Point::id(before), default.map(str::to_owned));
                let base = Base::Pushed {
                    before,
                    branch: branch.to_owned(),
                    default,
                };
                self.judge(&format!("a push to {branch}"), head, base)
            }
            None => {
                let what = match before {
                    Some(_) => format!("the new branch {branch}"),
                    None => format!("the branch {branch}, whose old head is not told"),
                };
                let base = match default.filter(|name| *name != branch) {
                    // Another branch may be as new as this one, and no better: only the default
                    // branch is trusted.
                    Some(default) => Base::Branch(default.to_owned()),
                    None => Base::Branches {
                        but: Some(branch.to_owned()),
                    },
                };
                self.judge(&what, head, base)
            }
        }
    }

    fn tagged(&self, head: &str, tag: &str) -> Plan {
        let head = Point {
            rev: head.to_owned(),
            fetch: format!("+refs/tags/{tag}:refs/tags/{tag}"),
        };
        self.judge(
            &format!("the tag {tag}"),
            head,
            Base::Branches { but: None },
        )
    }
}

/// Whether `id` is the one that stands for nothing.
fn is_zero(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte == b'0')
}
