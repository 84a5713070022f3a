//! Reads the events of GitHub Actions, Gitea Actions and Forgejo Actions, which come as JSON.

use serde::Deserialize;

use super::{CiEnv, CiError, Environment, is_zero};
use crate::git::range::{Base, Plan, Point, Tag};

/// The variable that names the file with the event.
pub(super) const EVENT_PATH: &str = "GITHUB_EVENT_PATH";

pub(super) const FORGEJO: Environment = environment("Forgejo Actions", &["FORGEJO_ACTIONS"]);
pub(super) const GITEA: Environment = environment("Gitea Actions", &["GITEA_ACTIONS"]);
pub(super) const GITHUB: Environment = environment("GitHub Actions", &["GITHUB_ACTIONS"]);

const fn environment(name: &'static str, markers: &'static [&'static str]) -> Environment {
    Environment {
        name,
        full_clone: "give actions/checkout 'fetch-depth: 0'",
        markers,
        variables: &["GITHUB_EVENT_NAME", EVENT_PATH, "GITHUB_SHA"],
        plan,
    }
}

/// The parts of an event that are used here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    pull_request: Option<PullRequest>,
    number: Option<u64>,
    merge_group: Option<MergeGroup>,
    #[serde(rename = "ref")]
    name: Option<String>,
    before: Option<String>,
    after: Option<String>,
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct PullRequest {
    number: Option<u64>,
    base: Side,
    head: Side,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    name: Option<String>,
}

#[derive(Deserialize)]
struct MergeGroup {
    base_sha: String,
    head_sha: String,
    head_ref: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    default_branch: Option<String>,
}

fn plan(ci: &Environment, env: &CiEnv) -> Result<Plan, CiError> {
    let name = ci.require(env, "GITHUB_EVENT_NAME")?;
    ci.require(env, EVENT_PATH)?;
    let Some(text) = &env.event else {
        return Err(unreadable(
            ci,
            "GITHUB_EVENT_PATH does not name a readable file",
        ));
    };
    // The parser's own message can quote the file.
    let event: Event = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        unreadable(ci, format!("unexpected JSON at {line}:{column}"))
    })?;
    if let Some(pull) = event.pull_request {
        let merge = ci.get(env, "GITHUB_SHA");
        return Ok(pull_request(ci, name, merge, event.number, pull));
    }
    if let Some(group) = event.merge_group {
        let head = Point {
            fetch: group.head_ref.unwrap_or_else(|| group.head_sha.clone()),
            rev: group.head_sha,
        };
        return Ok(ci.scan(name, head, Base::Commit(Point::id(&group.base_sha))));
    }
    let (Some(reference), Some(after)) = (event.name, event.after) else {
        return Err(CiError::NoCommits {
            environment: ci.name,
            event: name.to_owned(),
        });
    };
    if is_zero(&after) {
        return Ok(Plan::Nothing {
            why: format!("{}: {reference} was deleted", ci.name),
        });
    }
    let default = event.repository.and_then(|repo| repo.default_branch);
    if let Some(tag) = reference.strip_prefix("refs/tags/") {
        // The id is that of the tag itself, if the clone has that.
        let plan = ci.tagged(&after, tag, default.as_deref());
        return Ok(plan.with_tag(Tag::Possible(reference)));
    }
    let Some(before) = event.before else {
        return Err(unreadable(ci, "'before' is missing"));
    };
    let branch = reference.strip_prefix("refs/heads/").unwrap_or(&reference);
    Ok(ci.pushed(&after, Some(&before), branch, default.as_deref()))
}

/// The plan of a pull request. `merge` is the commit of the run: a merge of the target branch and
/// the head that GitHub made, but not for every event.
fn pull_request(
    ci: &Environment,
    event: &str,
    merge: Option<&str>,
    number: Option<u64>,
    pull: PullRequest,
) -> Plan {
    // The head of a fork's pull request is not on a branch of this repository, but the server
    // keeps it under this name.
    let fetch = match pull.number.or(number) {
        Some(number) => format!("refs/pull/{number}/head"),
        None => pull.head.sha.clone(),
    };
    let head = Point {
        rev: pull.head.sha,
        fetch,
    };
    let what = match &pull.base.name {
        Some(target) => format!("{event} into {target}"),
        None => event.to_owned(),
    };
    let base = Base::Target {
        name: pull.base.name,
        at: Some(pull.base.sha),
        merge: merge.map(str::to_owned),
    };
    let plan = ci.scan(&what, head, base);
    match pull.head.name {
        Some(branch) => plan.of_ref(format!("refs/heads/{branch}")),
        None => plan,
    }
}

fn unreadable(ci: &Environment, problem: impl std::fmt::Display) -> CiError {
    CiError::Event {
        environment: ci.name,
        problem: problem.to_string(),
    }
}
