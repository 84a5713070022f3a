//! What reports say of a secret's history: as JSON, and as notes for people.

use serde::Serialize;

use crate::finding::history::{History, Spot};

/// Says foreign text so that no secret leaves with it.
pub(super) struct Says<'f> {
    /// What names something: a path, a ref.
    pub(super) name: &'f dyn Fn(&[u8]) -> String,
    /// What somebody wrote freely: a subject, an author.
    pub(super) prose: &'f dyn Fn(&[u8]) -> String,
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

/// The JSON of `history`.
pub(super) fn shape(history: &History, says: &Says<'_>) -> HistoryShape {
    let spot = |spot: &Spot| SpotShape {
        commit: spot.commit.id.clone(),
        author: (says.prose)(&spot.commit.author),
        date: date(spot.commit.time),
        subject: (says.prose)(&spot.commit.subject),
        path: (says.name)(&spot.path),
        line: spot.line,
    };
    let reached = history.reached_from.iter();
    let places = history.places.iter().map(|place| StandingShape {
        kind: place.kind.word(),
        object: place.object.clone(),
        paths: place.paths.iter().map(|path| (says.name)(path)).collect(),
        line: place.line,
        column: place.column,
        encoding: place.encoding,
    });
    HistoryShape {
        exposure: history.exposure.word(),
        in_head: history.in_head,
        last: history.last.as_ref().map(spot),
        reached_from: reached.map(|r| ReachedShape { kind: r.kind.word(), name: (says.name)(&r.name) }).collect(),
        places: places.collect(),
        elsewhere: history.elsewhere.iter().map(|place| (says.name)(place)).collect(),
    }
}

/// How many names of one kind are written out for a person.
const MAX_NAMED: usize = 3;

/// What a person should know of `history`: a label and a text each.
pub(super) fn notes(history: &History, says: &Says<'_>) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    // What follows from it is said once, at the end.
    let mut exposed = history.exposure.word().to_owned();
    if history.in_head {
        exposed.push_str("; HEAD has it still");
    }
    notes.push(("exposed", exposed));
    let mut parts = Vec::new();
    for group in history.reached_from.chunk_by(|a, b| a.kind == b.kind) {
        let named: Vec<_> = group.iter().take(MAX_NAMED).map(|reached| (says.name)(&reached.name)).collect();
        let more = group.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("{} {}{more}", group[0].kind.word(), named.join(", ")));
    }
    if !parts.is_empty() {
        notes.push(("from", parts.join("; ")));
    }
    if let Some(last) = &history.last {
        let (id, date) = (&last.commit.id[..last.commit.id.len().min(12)], date(last.commit.time));
        let place = match last.path.is_empty() {
            true => String::new(),
            false => format!(", at {}:{}", (says.name)(&last.path), last.line),
        };
        let subject = (says.prose)(&last.commit.subject);
        notes.push(("last", format!("commit {id}, {}: {subject}{place}", date.get(..10).unwrap_or_default())));
    }
    let many = history.places.len();
    if many > 1 {
        notes.push(("also", format!("in {} other versions of its file or other files", many - 1)));
    }
    if !history.elsewhere.is_empty() {
        let places: Vec<_> = history.elsewhere.iter().map(|place| (says.name)(place)).collect();
        notes.push(("beside", places.join(", ")));
    }
    notes
}

/// ISO 8601 in UTC; empty where the time is none.
fn date(time: i64) -> String {
    let date = jiff::Timestamp::from_second(time).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    date.unwrap_or_default()
}
