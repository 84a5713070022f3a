//! Reads CircleCI's variables: branches and tags. They do not name the target of a pull request.

use super::{CiEnv, CiError, Environment};
use crate::git::range::Plan;

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "CircleCI",
    full_clone: "use 'checkout' with 'method: full'",
    markers: &["CIRCLECI"],
    variables: &["CIRCLE_BRANCH", "CIRCLE_SHA1", "CIRCLE_TAG"],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let commit = ci.require(env, "CIRCLE_SHA1")?;
    if let Some(tag) = ci.get(env, "CIRCLE_TAG") {
        return Ok(ci.tagged(commit, tag, None));
    }
    let branch = ci.require(env, "CIRCLE_BRANCH")?;
    Ok(ci.pushed(commit, None, branch, None))
}
