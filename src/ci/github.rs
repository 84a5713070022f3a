//! GitHub Actions, and those that speak its language: Gitea and Forgejo. The event comes as JSON.

use serde::Deserialize;

use super::{CiError, Environment, Facts, is_zero};
use crate::git::range::{Base, Plan, Point};

/// The parts of an event that matter here.
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

/// What the event brings.
pub(super) fn plan(here: &Environment, facts: &Facts) -> Result<Plan, CiError> {
    let name = here.need(facts, "GITHUB_EVENT_NAME")?;
    here.need(facts, "GITHUB_EVENT_PATH")?;
    let fault = |problem: String| CiError::Event {
        environment: here.name,
        problem,
    };
    let text = facts
        .event
        .as_deref()
        .ok_or_else(|| fault("GITHUB_EVENT_PATH names no file".to_owned()))?;
    // What the parser says names places, never what stands there.
    let event: Event = serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
    if let Some(pull) = event.pull_request {
        return Ok(pull_request(here, name, event.number, pull));
    }
    if let Some(group) = event.merge_group {
        let fetch = group.head_ref.unwrap_or_else(|| group.head_sha.clone());
        let head = Point {
            rev: group.head_sha,
            fetch,
        };
        return Ok(here.judge(name, head, Base::Commit(Point::id(&group.base_sha))));
    }
    let (Some(reference), Some(after)) = (event.name, event.after) else {
        return Err(CiError::NoCommits {
            environment: here.name,
            event: name.to_owned(),
        });
    };
    if is_zero(&after) {
        return Ok(Plan::Nothing {
            why: format!("{}: {reference} was deleted", here.name),
        });
    }
    if let Some(tag) = reference.strip_prefix("refs/tags/") {
        return Ok(here.tagged(&after, tag));
    }
    let branch = reference.strip_prefix("refs/heads/").unwrap_or(&reference);
    let default = event
        .repository
        .and_then(|repository| repository.default_branch);
    let before = event
        .before
        .ok_or_else(|| fault("it has no 'before'".to_owned()))?;
    Ok(here.pushed(&after, Some(&before), branch, default.as_deref()))
}

fn pull_request(here: &Environment, event: &str, number: Option<u64>, pull: PullRequest) -> Plan {
    let number = pull.number.or(number);
    // The head of a fork's pull request is no branch here, but the server keeps it under this name.
    let fetch = number.map_or_else(
        || pull.head.sha.clone(),
        |number| format!("refs/pull/{number}/head"),
    );
    let into = pull
        .base
        .name
        .map(|name| format!(" into {name}"))
        .unwrap_or_default();
    let head = Point {
        rev: pull.head.sha,
        fetch,
    };
    here.judge(
        &format!("{event}{into}"),
        head,
        Base::Commit(Point::id(&pull.base.sha)),
    )
}
