//! What reports say of a secret's history: as JSON, and as notes for people.

use bstr::BString;
use serde::Serialize;

use crate::finding::history::{CommitPlace, History};
use crate::report::safe_text::facts::{CommitFacts, Facts, Note};

/// The history of a finding.
#[derive(Serialize)]
pub(super) struct HistoryShape {
    exposure: &'static str,
    in_head: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<SpotShape>,
    reached_from: Vec<ReachedShape>,
    places: Vec<StandingShape>,
    elsewhere: Vec<String>,
}

#[derive(Serialize)]
struct SpotShape {
    commit: String,
    author: String,
    date: String,
    subject: String,
    path: String,
    line: usize,
}

#[derive(Serialize)]
struct ReachedShape {
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct StandingShape {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    paths: Vec<String>,
    line: usize,
    column: usize,
    encoded: bool,
}

/// The JSON of `history`.
pub(super) fn shape(history: &History, facts: &Facts<'_>) -> HistoryShape {
    // Escapes are left to JSON: what it cannot show comes out as it was.
    let name = |text: &BString| String::from_utf8_lossy(&facts.bytes(text)).into_owned();
    let spot = |spot: &CommitPlace| {
        let CommitFacts {
            id: commit,
            author,
            date,
            subject,
        } = facts.commit(&spot.commit);
        SpotShape {
            commit,
            author,
            date,
            subject,
            path: name(&spot.path),
            line: spot.line,
        }
    };
    let places = history.places.iter().map(|place| StandingShape {
        kind: place.kind.word(),
        object: place.object.clone(),
        paths: place.paths.iter().map(name).collect(),
        line: place.line,
        column: place.column,
        encoded: place.encoded,
    });
    let reached = history.reached_from.iter();
    HistoryShape {
        exposure: history.exposure.word(),
        in_head: history.in_head,
        last: history.last.as_ref().map(spot),
        reached_from: reached
            .map(|r| ReachedShape {
                kind: r.kind.word(),
                name: name(&r.name),
            })
            .collect(),
        places: places.collect(),
        elsewhere: history.elsewhere.iter().map(name).collect(),
    }
}

/// The label of what follows from how exposed a secret is.
pub(super) const ADVICE: &str = "advice";

/// How many names of one kind are written out for a person.
const MAX_NAMED: usize = 3;

/// What a person should know of `history`.
pub(super) fn notes(history: &History, facts: &Facts<'_>) -> Vec<Note> {
    let still = if history.in_head {
        "; HEAD has it still"
    } else {
        ""
    };
    let mut notes = vec![
        ("exposed", format!("{}{still}", history.exposure.word())),
        (ADVICE, history.exposure.advice().to_owned()),
    ];
    let groups = history
        .reached_from
        .chunk_by(|a, b| a.kind == b.kind)
        .map(|group| {
            let named: Vec<_> = group
                .iter()
                .take(MAX_NAMED)
                .map(|reached| facts.text(&reached.name))
                .collect();
            let more = match group.len() - named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} {}{more}", group[0].kind.word(), named.join(", "))
        });
    let groups: Vec<_> = groups.collect();
    if !groups.is_empty() {
        notes.push(("from", groups.join("; ")));
    }
    if let Some(last) = &history.last {
        let place = match last.path.is_empty() {
            true => String::new(),
            false => format!(", at {}:{}", facts.text(&last.path), last.line),
        };
        notes.push((
            "last",
            format!("{}{place}", facts.commit_line(&last.commit)),
        ));
    }
    if history.places.len() > 1 {
        notes.push((
            "also",
            format!(
                "it stands in {} objects: --format json lists them",
                history.places.len()
            ),
        ));
    }
    if !history.elsewhere.is_empty() {
        let places: Vec<_> = history
            .elsewhere
            .iter()
            .map(|place| facts.text(place))
            .collect();
        notes.push(("beside", places.join(", ")));
    }
    notes
}
