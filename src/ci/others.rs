//! CI environments that say all in variables. Where one does not tell what a branch held before a
//! push, all counts as new that no other branch has.

use super::{CiError, Environment, Facts};
use crate::git::range::{Base, Plan, Point};

/// GitLab: merge requests, branches and tags.
pub(super) fn gitlab(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let commit = here.need(facts, "CI_COMMIT_SHA")?;
    if facts.get("CI_MERGE_REQUEST_IID").is_some() {
        let base = here.need(facts, "CI_MERGE_REQUEST_DIFF_BASE_SHA")?;
        // In a pipeline for merged results, the commit is a merge that GitLab made, and this is the
        // request's own head.
        let head = facts
            .get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
            .unwrap_or(commit);
        let fetch = facts.get("CI_MERGE_REQUEST_REF_PATH").unwrap_or(head);
        let into = facts
            .get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
            .unwrap_or("its target");
        let head = Point {
            rev: head.to_owned(),
            fetch: fetch.to_owned(),
        };
        return Ok(here.judge(
            &format!("a merge request into {into}"),
            head,
            Base::Commit(Point::id(base)),
        ));
    }
    if let Some(tag) = facts.get("CI_COMMIT_TAG") {
        return Ok(here.tagged(tag_of(tag).as_str(), tag));
    }
    let branch = here.need(facts, "CI_COMMIT_BRANCH")?;
    let before = here.need(facts, "CI_COMMIT_BEFORE_SHA")?;
    Ok(here.pushed(commit, Some(before), branch, facts.get("CI_DEFAULT_BRANCH")))
}

/// Bitbucket: pull requests, branches and tags.
pub(super) fn bitbucket(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let commit = here.need(facts, "BITBUCKET_COMMIT")?;
    if facts.get("BITBUCKET_PR_ID").is_some() {
        let target = here.need(facts, "BITBUCKET_PR_DESTINATION_BRANCH")?;
        return Ok(here.request("a pull request", commit, target));
    }
    if let Some(tag) = facts.get("BITBUCKET_TAG") {
        return Ok(here.tagged(tag_of(tag).as_str(), tag));
    }
    Ok(here.pushed(commit, None, here.need(facts, "BITBUCKET_BRANCH")?, None))
}

/// Azure: pull requests, branches and tags.
pub(super) fn azure(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    if let Some(target) = facts.get("SYSTEM_PULLREQUEST_TARGETBRANCH") {
        let head = here.need(facts, "SYSTEM_PULLREQUEST_SOURCECOMMITID")?;
        // Of repositories on GitHub the name comes without the first part.
        let target = target.strip_prefix("refs/heads/").unwrap_or(target);
        return Ok(here.request("a pull request", head, target));
    }
    let commit = here.need(facts, "BUILD_SOURCEVERSION")?;
    let reference = here.need(facts, "BUILD_SOURCEBRANCH")?;
    match reference.strip_prefix("refs/tags/") {
        Some(tag) => Ok(here.tagged(tag_of(tag).as_str(), tag)),
        None => Ok(here.pushed(
            commit,
            None,
            reference.strip_prefix("refs/heads/").unwrap_or(reference),
            None,
        )),
    }
}

/// CircleCI: branches and tags. Its variables do not name the target of a pull request.
pub(super) fn circleci(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let commit = here.need(facts, "CIRCLE_SHA1")?;
    match facts.get("CIRCLE_TAG") {
        Some(tag) => Ok(here.tagged(tag_of(tag).as_str(), tag)),
        None => Ok(here.pushed(commit, None, here.need(facts, "CIRCLE_BRANCH")?, None)),
    }
}

/// Buildkite: pull requests, branches and tags.
pub(super) fn buildkite(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let commit = here.need(facts, "BUILDKITE_COMMIT")?;
    let target = facts.get("BUILDKITE_PULL_REQUEST_BASE_BRANCH");
    if let Some(target) = target.filter(|_| {
        facts
            .get("BUILDKITE_PULL_REQUEST")
            .is_some_and(|it| it != "false")
    }) {
        return Ok(here.request("a pull request", commit, target));
    }
    match facts.get("BUILDKITE_TAG") {
        Some(tag) => Ok(here.tagged(tag_of(tag).as_str(), tag)),
        None => Ok(here.pushed(commit, None, here.need(facts, "BUILDKITE_BRANCH")?, None)),
    }
}

/// Jenkins: change requests, branches and tags of multibranch jobs, and branches of other jobs.
pub(super) fn jenkins(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let commit = facts.get("GIT_COMMIT").unwrap_or("HEAD");
    if facts.get("CHANGE_ID").is_some() {
        return Ok(here.request(
            "a change request",
            commit,
            here.need(facts, "CHANGE_TARGET")?,
        ));
    }
    if let Some(tag) = facts.get("TAG_NAME") {
        return Ok(here.tagged(tag_of(tag).as_str(), tag));
    }
    let of_plugin = || {
        facts
            .get("GIT_BRANCH")
            .map(|name| name.strip_prefix("origin/").unwrap_or(name))
    };
    let Some(branch) = facts.get("BRANCH_NAME").or_else(of_plugin) else {
        return Err(CiError::Variable {
            environment: here.name,
            variable: "BRANCH_NAME",
        });
    };
    // Not the last build's commit: that one may have failed for a secret that is still there.
    let before = facts.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT");
    Ok(here.pushed(commit, before, branch, None))
}

impl Environment {
    fn request(&self, what: &str, head: &str, target: &str) -> Plan {
        self.judge(
            &format!("{what} into {target}"),
            Point::id(head),
            Base::Branch(target.to_owned()),
        )
    }
}

/// The tag itself, and not the commit that variables name: what it says is judged as well.
fn tag_of(tag: &str) -> String {
    format!("refs/tags/{tag}")
}
