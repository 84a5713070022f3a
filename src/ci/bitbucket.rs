//! Reads the variables of Bitbucket Pipelines: pull requests, branches and tags.

use super::{CiEnv, CiError, Environment};
use crate::git::range::{Plan, Point};

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "Bitbucket Pipelines",
    full_clone: "set 'clone: depth: full'",
    markers: &["BITBUCKET_COMMIT"],
    variables: &[
        "BITBUCKET_BRANCH",
        "BITBUCKET_PR_DESTINATION_BRANCH",
        "BITBUCKET_PR_ID",
        "BITBUCKET_TAG",
    ],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let commit = ci.require(env, "BITBUCKET_COMMIT")?;
    if ci.get(env, "BITBUCKET_PR_ID").is_some() {
        let target = ci.require(env, "BITBUCKET_PR_DESTINATION_BRANCH")?;
        return Ok(ci.request("a pull request", Point::id(commit), target, None));
    }
    if let Some(tag) = ci.get(env, "BITBUCKET_TAG") {
        return Ok(ci.tagged(commit, tag, None));
    }
    let branch = ci.require(env, "BITBUCKET_BRANCH")?;
    Ok(ci.pushed(commit, None, branch, None))
}
