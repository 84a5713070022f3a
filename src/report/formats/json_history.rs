//! Defines the JSON of a secret's history, for the formats `json` and `jsonl`.

use bstr::BString;
use serde::Serialize;

use crate::finding::history::{CommitPlace, Exposure, History, ObjectPlace, RootRef};
use crate::report::formats::json_path::{PathJson, path};
use crate::report::safe_text::redactor::{Redactor, SafeCommit};

/// The history of a finding.
#[derive(Serialize)]
pub(super) struct HistoryJson {
    exposure: &'static str,
    in_head: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastCommitJson>,
    reached_from: Vec<RootJson>,
    places: Vec<ObjectPlaceJson>,
    elsewhere: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repositories: Vec<RepositoryPlaceJson>,
}

/// The last commit that holds the secret.
#[derive(Serialize)]
struct LastCommitJson {
    #[serde(flatten)]
    commit: SafeCommit,
    path: String,
    line: usize,
}

#[derive(Serialize)]
struct RootJson {
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct ObjectPlaceJson {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    paths: Vec<String>,
    /// The path in the object, if that is a container of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    inside: Option<String>,
    line: usize,
    column: usize,
    encoded: bool,
}

#[derive(Serialize)]
struct RepositoryPlaceJson {
    repo: String,
    #[serde(flatten)]
    path: PathJson,
    line: usize,
    column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<&'static str>,
    in_head: bool,
}

/// The JSON of `history`.
pub(super) fn history_json(history: &History, redactor: &Redactor<'_>) -> HistoryJson {
    HistoryJson {
        exposure: history.exposure.word(),
        in_head: history.in_head,
        last: history
            .last
            .as_ref()
            .map(|last| last_commit(last, redactor)),
        reached_from: history
            .reached_from
            .iter()
            .map(|root| root_json(root, redactor))
            .collect(),
        places: history
            .places
            .iter()
            .map(|place| place_json(place, redactor))
            .collect(),
        elsewhere: names(&history.elsewhere, redactor),
        repositories: repositories(history, redactor),
    }
}

fn last_commit(last: &CommitPlace, redactor: &Redactor<'_>) -> LastCommitJson {
    LastCommitJson {
        commit: redactor.commit(&last.commit),
        path: redactor.lossy(&last.path),
        line: last.line,
    }
}

fn root_json(root: &RootRef, redactor: &Redactor<'_>) -> RootJson {
    RootJson {
        kind: root.kind.word(),
        name: redactor.lossy(&root.name),
    }
}

fn place_json(place: &ObjectPlace, redactor: &Redactor<'_>) -> ObjectPlaceJson {
    ObjectPlaceJson {
        kind: place.kind.word(),
        object: place.object.clone(),
        paths: names(&place.paths, redactor),
        inside: place.inside.as_ref().map(|inside| redactor.lossy(inside)),
        line: place.line,
        column: place.column,
        encoded: place.encoded,
    }
}

fn repositories(history: &History, redactor: &Redactor<'_>) -> Vec<RepositoryPlaceJson> {
    let places = history.repositories.iter();
    places
        .map(|place| RepositoryPlaceJson {
            repo: redactor.lossy(&place.repository),
            path: path(&redactor.bytes(&place.path)),
            line: place.line,
            column: place.column,
            exposure: place.exposure.map(Exposure::word),
            in_head: place.in_head,
        })
        .collect()
}

fn names(names: &[BString], redactor: &Redactor<'_>) -> Vec<String> {
    names.iter().map(|name| redactor.lossy(name)).collect()
}
