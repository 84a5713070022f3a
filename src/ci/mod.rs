//! Derives the range of commits to scan from the variables that CI systems set, for `gate`. Nothing
//! here reads the environment: the program hands in the variables, and only those that are listed.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod github;
mod gitlab;
mod jenkins;

use std::collections::BTreeMap;

use crate::git::range::{Base, Plan, Point, Tag};

/// The variables of a CI system that matter here, and its event.
///
/// There is no `Debug` and no `Clone`: variables and events of a CI system can hold secrets.
#[derive(Default)]
pub struct CiEnv {
    variables: BTreeMap<&'static str, String>,
    /// The JSON in the file that `GITHUB_EVENT_PATH` names.
    event: Option<String>,
}

/// A CI system.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: &'static str,
    /// The setting that makes it clone the whole history.
    pub full_clone: &'static str,
    /// Variables that only this system sets; one of them is enough.
    markers: &'static [&'static str],
    /// The other variables that `plan` asks for.
    variables: &'static [&'static str],
    plan: fn(&Self, &CiEnv) -> Result<Plan, CiError>,
}

/// Why no range can be derived from the variables of a CI system.
#[derive(Debug, thiserror::Error)]
pub enum CiError {
    /// A required variable is missing.
    #[error("{environment}: variable {variable} is not set")]
    Variable {
        /// The CI system.
        environment: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// The event file is missing or not as expected.
    #[error("{environment}: cannot read the event: {problem}")]
    Event {
        /// The CI system.
        environment: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// An event without commits.
    #[error("{environment}: event '{event}' does not name the commits to scan")]
    NoCommits {
        /// The CI system.
        environment: &'static str,
        /// The event.
        event: String,
    },
}

/// Every supported CI system. Systems that also set the markers of another one come before it.
pub const ENVIRONMENTS: &[Environment] = &[
    github::FORGEJO,
    github::GITEA,
    github::GITHUB,
    gitlab::ENVIRONMENT,
    bitbucket::ENVIRONMENT,
    azure::ENVIRONMENT,
    circleci::ENVIRONMENT,
    buildkite::ENVIRONMENT,
    jenkins::ENVIRONMENT,
];

/// The CI system that set the variables, and the plan that it implies; `None` if no supported
/// system did.
#[must_use]
pub fn plan(env: &CiEnv) -> Option<(&'static Environment, Result<Plan, CiError>)> {
    let environment = ENVIRONMENTS.iter().find(|environment| {
        let mut markers = environment.markers.iter();
        markers.any(|name| env.get(name).is_some_and(|value| value != "false"))
    })?;
    Some((environment, (environment.plan)(environment, env)))
}

impl CiEnv {
    /// Asks `variable` for each variable that a supported CI system sets, and `file` for the
    /// content of the event file.
    #[must_use]
    pub fn read(
        variable: impl Fn(&str) -> Option<String>,
        file: impl FnOnce(&str) -> Option<String>,
    ) -> Self {
        let names = ENVIRONMENTS
            .iter()
            .flat_map(|environment| [environment.markers, environment.variables])
            .flatten();
        let mut env = Self {
            variables: names
                .filter_map(|&name| Some((name, variable(name)?)))
                .collect(),
            event: None,
        };
        env.event = env.get(github::EVENT_PATH).and_then(file);
        env
    }

    /// The value of a listed variable, if it is set and not empty. Only line ends are removed: a
    /// ref name may end in any white space that is not ASCII.
    fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim_end_matches(['\r', '\n']))
            .filter(|value| !value.is_empty())
    }
}

impl Environment {
    /// The value of a variable that `plan` depends on.
    fn get<'e>(&self, env: &'e CiEnv, variable: &'static str) -> Option<&'e str> {
        debug_assert!(
            self.variables.contains(&variable) || self.markers.contains(&variable),
            "{}: {variable} is not listed, so it is never read",
            self.name
        );
        env.get(variable)
    }

    fn require<'e>(&self, env: &'e CiEnv, variable: &'static str) -> Result<&'e str, CiError> {
        self.get(env, variable).ok_or(CiError::Variable {
            environment: self.name,
            variable,
        })
    }

    fn scan(&self, what: &str, head: Point, base: Base) -> Plan {
        Plan::Judge {
            what: format!("{}, {what}", self.name),
            head,
            base,
            name: None,
            tag: None,
        }
    }

    /// A request to merge `head` into the branch `target`. `merge` is the commit in which the
    /// server did so, if it is known.
    fn request(&self, kind: &str, head: Point, target: &str, merge: Option<&str>) -> Plan {
        let base = Base::Target {
            name: Some(target.to_owned()),
            at: None,
            merge: merge.map(str::to_owned),
        };
        self.scan(&format!("{kind} into {target}"), head, base)
    }

    /// A push to a branch. `before` is its old head: all zeros for a new branch, `None` if the CI
    /// system does not say.
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
        let what = match before {
            Some(before) if is_zero(before) => format!("the new branch {branch}"),
            Some(_) => format!("a push to {branch}"),
            None => format!("the branch {branch}, old head unknown"),
        };
        let base = Base::Default {
            name: default.map(str::to_owned),
            branch: Some(branch.to_owned()),
            before: before.filter(|before| !is_zero(before)).map(Point::id),
        };
        self.scan(&what, head, base)
            .of_ref(format!("refs/heads/{branch}"))
    }

    /// A push of a tag that leads to `commit`.
    fn tagged(&self, commit: &str, tag: &str, default: Option<&str>) -> Plan {
        let head = Point {
            rev: commit.to_owned(),
            fetch: format!("+refs/tags/{tag}:refs/tags/{tag}"),
        };
        let base = Base::Default {
            name: default.map(str::to_owned),
            branch: None,
            before: None,
        };
        let full = format!("refs/tags/{tag}");
        self.scan(&format!("the tag {tag}"), head, base)
            .of_ref(full.clone())
            .with_tag(Tag::Required(full))
    }
}

/// Whether `id` is the all-zero id, which means "no object".
fn is_zero(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_variables_are_asked_for() {
        let asked = std::cell::RefCell::new(Vec::new());
        let env = CiEnv::read(
            |name| {
                asked.borrow_mut().push(name.to_owned());
                Some(format!("value of {name}"))
            },
            |path| Some(path.to_owned()),
        );
        let asked = asked.into_inner();
        for environment in ENVIRONMENTS {
            for name in environment.markers.iter().chain(environment.variables) {
                assert!(asked.iter().any(|asked| asked == name), "{name}");
            }
        }
        assert!(
            !asked
                .iter()
                .any(|name| name.contains("TOKEN") || name.contains("SECRET")),
            "{asked:?}"
        );
        assert_eq!(env.event.as_deref(), Some("value of GITHUB_EVENT_PATH"));
    }

    #[test]
    fn the_event_file_is_read_only_if_it_is_named() {
        let env = CiEnv::read(|_| None, |_| panic!("no file is named"));
        assert!(env.event.is_none());
    }
}
