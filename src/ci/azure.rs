//! Reads the variables of Azure Pipelines: pull requests, branches and tags.

use super::{CiEnv, CiError, Environment};
use crate::git::range::{Plan, Point};

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "Azure Pipelines",
    full_clone: "set 'fetchDepth: 0' in the step 'checkout: self'",
    markers: &["TF_BUILD"],
    variables: &[
        "BUILD_SOURCEBRANCH",
        "BUILD_SOURCEVERSION",
        "SYSTEM_PULLREQUEST_SOURCECOMMITID",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
    ],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    if let Some(target) = ci.get(env, "SYSTEM_PULLREQUEST_TARGETBRANCH") {
        let head = ci.require(env, "SYSTEM_PULLREQUEST_SOURCECOMMITID")?;
        // A merge of the two that the server made, unless the pipeline checks out something else.
        let merge = ci.get(env, "BUILD_SOURCEVERSION");
        let head = Point::id(head);
        return Ok(ci.request("a pull request", head, branch_of(target), merge));
    }
    let commit = ci.require(env, "BUILD_SOURCEVERSION")?;
    let reference = ci.require(env, "BUILD_SOURCEBRANCH")?;
    Ok(match reference.strip_prefix("refs/tags/") {
        Some(tag) => ci.tagged(commit, tag, None),
        None => ci.pushed(commit, None, branch_of(reference), None),
    })
}

/// The name of a branch. For repositories on GitHub it comes without `refs/heads/`.
fn branch_of(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}
