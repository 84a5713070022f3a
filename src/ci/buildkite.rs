//! Reads Buildkite's variables: pull requests, branches and tags.

use super::{CiEnv, CiError, Environment};
use crate::git::range::{Plan, Point};

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "Buildkite",
    full_clone: "remove '--depth' from BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS",
    markers: &["BUILDKITE"],
    variables: &[
        "BUILDKITE_BRANCH",
        "BUILDKITE_COMMIT",
        "BUILDKITE_PULL_REQUEST",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "BUILDKITE_TAG",
    ],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let commit = ci.require(env, "BUILDKITE_COMMIT")?;
    let is_request = ci
        .get(env, "BUILDKITE_PULL_REQUEST")
        .is_some_and(|number| number != "false");
    if is_request && let Some(target) = ci.get(env, "BUILDKITE_PULL_REQUEST_BASE_BRANCH") {
        return Ok(ci.request("a pull request", Point::id(commit), target, None));
    }
    if let Some(tag) = ci.get(env, "BUILDKITE_TAG") {
        return Ok(ci.tagged(commit, tag, None));
    }
    let branch = ci.require(env, "BUILDKITE_BRANCH")?;
    Ok(ci.pushed(commit, None, branch, None))
}
