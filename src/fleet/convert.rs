//! Makes a finding of its JSON in a result. Values are not in results: what is known of them is a
//! mask and a fingerprint.

use std::collections::HashMap;
use std::sync::Arc;

use bstr::BString;

use super::line::{AllowedByJson, FindingJson, HalfJson, OriginJson};
use crate::blob::{CommitInfo, Origin};
use crate::finding::frame::Frame;
use crate::finding::history::{Exposure, History, RepositoryPlace};
use crate::finding::{AllowedBy, Finding, Occurrence, Partner, Place, RuleInfo};
use crate::rule::Detail;
use crate::secret::{Fingerprint, FingerprintOf, PublicFingerprint, Secret, WrittenFingerprint};
use crate::text::Location;

/// The rules of all findings: each is in memory once.
#[derive(Default)]
pub(super) struct Rules(HashMap<(String, String), RuleInfo>);

impl Rules {
    fn get(&mut self, id: &str, description: &str, guessable: bool) -> RuleInfo {
        let key = (id.to_owned(), description.to_owned());
        let info = self.0.entry(key).or_insert_with(|| RuleInfo {
            id: id.into(),
            description: description.to_owned().into(),
            help: None,
            guessable: false,
        });
        RuleInfo {
            guessable,
            ..info.clone()
        }
    }
}

/// A path in the repository `repo`, which is its first folder.
pub(super) fn path_in(repo: &str, path: &[u8]) -> BString {
    bstr::concat([repo.as_bytes(), b"/", path]).into()
}

/// What was found, as far as a result has it.
pub(super) fn occurrence(json: &FindingJson, rules: &mut Rules) -> Occurrence {
    let inside = json.inside.as_deref().map(|inside| Arc::new(inside.into()));
    let partner = json.partner.as_ref().map(|partner| Partner {
        rule: rules.get(&partner.rule, &partner.rule, false),
        place: place(&partner.half, inside.clone()),
        secret: secret(&partner.half),
    });
    let details = json.details.iter();
    let details = details.map(|(key, value)| Detail::new(key.clone(), value.as_str()));
    Occurrence {
        rule: rules.get(&json.rule, &json.description, json.fingerprint_of.is_some()),
        confidence: json.confidence,
        place: place(&json.half, inside),
        secret: secret(&json.half),
        fingerprint: fingerprints(json).0,
        details: details.collect(),
        partner,
    }
}

/// The finding that an occurrence in `repo` is.
pub(super) fn finding(repo: &str, json: &FindingJson, occurrence: Occurrence) -> Finding {
    Finding {
        public_fingerprint: fingerprints(json).1,
        blocking: json.blocking,
        history: Some(Box::new(history(repo, json))),
        ..Finding::new(occurrence, origin(&json.origin, file(repo, json)))
    }
}

/// The file that contains the finding. It may be an archive.
fn file(repo: &str, json: &FindingJson) -> BString {
    let path = json.path.bytes();
    let inside = json.inside.as_deref().unwrap_or_default().as_bytes();
    let outer = path.strip_suffix(inside);
    let outer = outer.and_then(|outer| outer.strip_suffix(b"!"));
    path_in(repo, outer.unwrap_or(&path))
}

fn place(half: &HalfJson, inside: Option<Arc<BString>>) -> Place {
    Place {
        start: Location {
            line: half.line,
            column: half.column,
        },
        end: Location {
            line: half.end_line,
            column: half.end_column.unwrap_or(half.column),
        },
        frame: Frame::default(),
        encoding: half.encoding.clone().map(Into::into),
        inside,
    }
}

fn secret(half: &HalfJson) -> Secret {
    Secret::of_mask(half.secret.clone())
}

/// The fingerprint to judge by, and the one to show. That of a place is not one of a value: by it,
/// an entry would allow each value that is there later.
fn fingerprints(json: &FindingJson) -> (Fingerprint, PublicFingerprint) {
    let of = match json.fingerprint_of.as_deref() {
        None => FingerprintOf::Value,
        Some(word) if word == FingerprintOf::SaltedValue.word() => FingerprintOf::SaltedValue,
        Some(_) => FingerprintOf::Place,
    };
    let unknown = Fingerprint::new(&json.rule, json.fingerprint.as_bytes());
    let read = Fingerprint::parse(&json.fingerprint).unwrap_or(unknown);
    let digits = WrittenFingerprint::from(read);
    match of {
        FingerprintOf::Place => (unknown, PublicFingerprint { digits, of }),
        _ => (read, PublicFingerprint { digits, of }),
    }
}

/// The origin of a finding. What is not a file of a commit is named by its path alone.
fn origin(json: &OriginJson, path: BString) -> Origin {
    let commit = json.commit.clone().map(|id| {
        let time = json.date.parse::<jiff::Timestamp>();
        Arc::new(CommitInfo {
            time: time.map_or(0, jiff::Timestamp::as_second),
            id,
            author: json.author.as_str().into(),
            subject: json.subject.as_str().into(),
        })
    });
    match (json.kind.as_str(), commit) {
        ("name", commit) => Origin::Name { path, commit },
        (_, Some(commit)) => Origin::Commit {
            commit,
            path,
            id: json.id.clone().unwrap_or_default(),
        },
        (_, None) => Origin::Repository { place: path },
    }
}

fn history(repo: &str, json: &FindingJson) -> History {
    let known = json.history.as_ref();
    let place = RepositoryPlace {
        repository: repo.to_owned(),
        path: json.path.bytes(),
        line: json.half.line,
        column: json.half.column,
        exposure: known.map(|history| history.exposure),
        in_head: known.is_some_and(|history| history.in_head),
    };
    History {
        exposure: place.exposure.unwrap_or(Exposure::Local),
        in_head: place.in_head,
        last: None,
        reached_from: Vec::new(),
        places: Vec::new(),
        elsewhere: Vec::new(),
        repositories: vec![place],
    }
}

/// The files in which the audit saw the secret, each with the path in it if it is an archive.
pub(super) fn files(repo: &str, json: &FindingJson) -> Vec<(BString, Option<Arc<BString>>)> {
    let inside = |inside: Option<&str>| inside.map(|inside| Arc::new(inside.into()));
    let mut files = vec![(file(repo, json), inside(json.inside.as_deref()))];
    for place in json.history.iter().flat_map(|history| &history.places) {
        let paths = place
            .paths
            .iter()
            .map(|path| path_in(repo, path.as_bytes()));
        files.extend(paths.map(|path| (path, inside(place.inside.as_deref()))));
    }
    files
}

impl From<AllowedByJson> for AllowedBy {
    fn from(by: AllowedByJson) -> Self {
        match by {
            AllowedByJson::Entry {
                file,
                number,
                reason,
            } => Self::Entry {
                file,
                number,
                reason,
            },
            AllowedByJson::Marker { word, reason } => Self::Marker { word, reason },
            AllowedByJson::Baseline { reason, owner } => Self::Baseline { reason, owner },
        }
    }
}
