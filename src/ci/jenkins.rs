//! Reads the variables of Jenkins: change requests, branches and tags of multibranch jobs, and
//! branches of other jobs.

use super::{CiEnv, CiError, Environment};
use crate::git::range::{Plan, Point, Tag};

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "Jenkins",
    full_clone: "turn off 'Shallow clone' and fetch all branches in the job's Git settings",
    markers: &["JENKINS_URL", "JENKINS_HOME"],
    variables: &[
        "BRANCH_NAME",
        "CHANGE_ID",
        "CHANGE_TARGET",
        "GIT_BRANCH",
        "GIT_COMMIT",
        "GIT_PREVIOUS_SUCCESSFUL_COMMIT",
        "TAG_NAME",
    ],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let commit = ci.get(env, "GIT_COMMIT").unwrap_or("HEAD");
    if ci.get(env, "CHANGE_ID").is_some() {
        let target = ci.require(env, "CHANGE_TARGET")?;
        return Ok(ci.request("a change request", Point::id(commit), target, None));
    }
    if let Some(tag) = ci.get(env, "TAG_NAME") {
        return Ok(ci.tagged(commit, tag, None));
    }
    let branch = match (ci.get(env, "BRANCH_NAME"), ci.get(env, "GIT_BRANCH")) {
        (Some(branch), _) => branch,
        // Set by the Git plugin, with the name of the remote.
        (None, Some(branch)) => branch.strip_prefix("origin/").unwrap_or(branch),
        (None, None) => ci.require(env, "BRANCH_NAME")?,
    };
    // Not the commit of the last build: that one may have failed because of a secret that is still
    // there.
    let before = ci.get(env, "GIT_PREVIOUS_SUCCESSFUL_COMMIT");
    let plan = ci.pushed(commit, before, branch, None);
    // A job of a tag without a variable for it: the Git plugin has several forms of its name.
    let short = branch.strip_prefix("refs/").unwrap_or(branch);
    Ok(match short.strip_prefix("tags/") {
        Some(tag) => plan.with_tag(Tag::Possible(format!("refs/tags/{tag}"))),
        None => plan,
    })
}
