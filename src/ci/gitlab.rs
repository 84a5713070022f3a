//! Reads GitLab CI's variables: merge requests, branches and tags.

use super::{CiEnv, CiError, Environment};
use crate::git::range::{Plan, Point};

pub(super) const ENVIRONMENT: Environment = Environment {
    name: "GitLab CI",
    full_clone: "set the variable 'GIT_DEPTH: 0'",
    markers: &["GITLAB_CI"],
    variables: &[
        "CI_COMMIT_BEFORE_SHA",
        "CI_COMMIT_BRANCH",
        "CI_COMMIT_SHA",
        "CI_COMMIT_TAG",
        "CI_DEFAULT_BRANCH",
        "CI_MERGE_REQUEST_IID",
        "CI_MERGE_REQUEST_REF_PATH",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    ],
    plan,
};

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let commit = ci.require(env, "CI_COMMIT_SHA")?;
    if ci.get(env, "CI_MERGE_REQUEST_IID").is_some() {
        // Not the base of the diff: the author chooses it, by where the source branch begins.
        let target = ci.require(env, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")?;
        // In a pipeline for merged results, the commit is a merge that GitLab made, and this
        // variable is the head of the request itself.
        let source = ci.get(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
        let head = source.unwrap_or(commit);
        let fetch = ci.get(env, "CI_MERGE_REQUEST_REF_PATH").unwrap_or(head);
        let head = Point {
            rev: head.to_owned(),
            fetch: fetch.to_owned(),
        };
        let merge = source.map(|_| commit);
        let plan = ci.request("a merge request", head, target, merge);
        return Ok(match ci.get(env, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") {
            Some(branch) => plan.of_ref(format!("refs/heads/{branch}")),
            None => plan,
        });
    }
    let default = ci.get(env, "CI_DEFAULT_BRANCH");
    if let Some(tag) = ci.get(env, "CI_COMMIT_TAG") {
        return Ok(ci.tagged(commit, tag, default));
    }
    let branch = ci.require(env, "CI_COMMIT_BRANCH")?;
    let before = ci.require(env, "CI_COMMIT_BEFORE_SHA")?;
    Ok(ci.pushed(commit, Some(before), branch, default))
}
