//! Outcomes for the tests of reports: one with everything in it, and one that means harm.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::date;

use crate::blob::{CommitInfo, Origin, Skip, SkipReason};
use crate::finding::frame::{Frame, HiddenSpans};
use crate::finding::{
    Allowed, AllowedBy, Change, Finding, List, Outcome, Partner, Place, PolicyChange, RuleInfo,
    Totals, Unused,
};
use crate::report::api::Options;
use crate::report::formats::format;
use crate::rule::{Confidence, Detail};
use crate::secret::{Fingerprint, PublicFingerprint, Secret};
use crate::text::{LineIndex, Span};

/// What `outcome` looks like in the format `name`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "tests build their options in place"
)]
pub(super) fn render(name: &str, outcome: &Outcome, options: Options) -> String {
    let mut out = Vec::new();
    (format(name).expect("a format").write)(&options, outcome, &mut out).expect("written");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// The values in [`outcome`].
pub(super) fn secrets() -> Vec<String> {
    let key: String = (0..6)
        .map(|n| format!("MIIEpAIBAAKCAQEA{n}abcdefghijklmnop+/\n"))
        .collect();
    vec![
        ["q8/Zr+", "3xYvTn0WmKc5LsJd7HfBgPeU2aRi4XoQtE"].concat(),
        ["AKIA", "QYLPMN5HHHFPZAM2"].concat(),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{key}-----END RSA PRIVATE KEY-----"),
        ["ghp_", "Zx8Kq2Lm5Nv7Bc4Jd6Hf9Gs3Ta1Yw0ErUiOp"].concat(),
    ]
}

/// A commit whose author and subject hold secrets themselves.
pub(super) fn commit() -> CommitInfo {
    let all = secrets();
    CommitInfo {
        time: 1_772_323_200,
        id: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
        author: format!("A U Thor <{}@example.com>", all[3]).into(),
        subject: format!("use {} for now", all[0]).into(),
    }
}

/// A rule with an id and a description.
pub(super) fn rule(id: &str, description: &str) -> RuleInfo {
    RuleInfo {
        id: id.into(),
        description: description.to_owned().into(),
        help: None,
        guessable: false,
    }
}

/// The place of `secret` in `text`, which begins at line `first` of its file.
fn place(text: &str, secrets: &[&str], first: usize) -> Place {
    let text = "\n".repeat(first - 1) + text;
    let at = |secret: &str| {
        text.find(secret)
            .map(|at| Span::new(at, at + secret.len()))
            .expect("it is there")
    };
    let spans: Vec<_> = secrets.iter().map(|secret| at(secret)).collect();
    let index = LineIndex::new(text.as_bytes());
    let frame = Frame::new(
        text.as_bytes(),
        &index,
        spans[0],
        &HiddenSpans::new(spans.clone()),
    );
    Place {
        start: index.locate(spans[0].start),
        end: index.locate(spans[0].end),
        frame,
        encoding: None,
        inside: None,
    }
}

fn finding(rule: RuleInfo, confidence: Confidence, secret: &str, place: Place) -> Finding {
    let fingerprint = Fingerprint::new(&rule.id, secret.as_bytes());
    Finding {
        fingerprint,
        public_fingerprint: PublicFingerprint::of_value(fingerprint),
        rule,
        confidence,
        origin: Origin::File {
            path: "deploy/key.pem".into(),
        },
        place,
        secret: Secret::new(secret),
        details: Vec::new(),
        partner: None,
        blocking: true,
        history: None,
    }
}

/// A pair that is staged.
pub(super) fn pair() -> Finding {
    let (secret, id) = (&secrets()[0], &secrets()[1]);
    let text = format!("key_id = \"{id}\"\nsecret = \"{secret}\"\nregion = \"eu-west-1\"\n");
    let partner = Partner {
        rule: rule("aws-access-token", "AWS access key id"),
        place: place(&text, &[id, secret], 11),
        secret: Secret::new(id.as_str()),
    };
    let id_of_blob = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned();
    let help = Some("Deactivate it in IAM before anything else.".into());
    let rule = RuleInfo {
        help,
        ..rule(
            "aws-credentials",
            "AWS access key id with its secret access key",
        )
    };
    Finding {
        origin: Origin::Staged {
            path: "src/config.py".into(),
            id: id_of_blob,
        },
        details: vec![Detail::new("account", "123456789012")],
        partner: Some(partner),
        ..finding(
            rule,
            Confidence::Certain,
            secret,
            place(&text, &[secret, id], 11),
        )
    }
}

/// Findings of three kinds, one of them allowed; skips of both kinds; entries that allow nothing
/// pass.
pub(super) fn outcome() -> Outcome {
    let all = secrets();
    let pem = finding(
        rule("private-key", "Private key"),
        Confidence::High,
        &all[2],
        place(&all[2], &[&all[2]], 1),
    );
    let name = format!("old/{}.txt", all[1]);
    let in_name = Finding {
        origin: Origin::Name {
            path: name.as_str().into(),
            commit: None,
        },
        blocking: false,
        history: None,
        ..finding(
            rule("aws-access-token", "AWS access key id"),
            Confidence::Medium,
            &all[1],
            place(&name, &[&all[1]], 1),
        )
    };
    let token = format!("token = {}", all[3]);
    let token = finding(
        rule("github-pat", "GitHub token"),
        Confidence::Medium,
        &all[3],
        place(&token, &[&all[3]], 7),
    );
    let skip = |path: &str, reason| Skip {
        path: path.into(),
        reason,
    };
    Outcome {
        findings: vec![pair(), pem, in_name],
        allowed: allowed_twice(&token),
        unused: unused_entries(),
        skipped: vec![
            skip("vendor/lib", SkipReason::Submodule),
            skip(
                &name,
                SkipReason::Unreadable("permission denied".to_owned()),
            ),
        ],
        totals: Totals {
            blobs: 20,
            bytes: 1_258_291,
            left_out: 3,
            ..Totals::default()
        },
        policy_changes: vec![PolicyChange {
            path: ".keysieve.toml".into(),
            what: Change::Changed,
        }],
    }
}

/// The same finding, allowed by a marker and by the baseline.
fn allowed_twice(finding: &Finding) -> Vec<Allowed> {
    let marker = AllowedBy::Marker {
        word: "gitleaks:allow".to_owned(),
        reason: Some("a fixture".to_owned()),
    };
    let baseline = AllowedBy::Baseline {
        reason: None,
        owner: Some("platform".to_owned()),
    };
    let allowed = |by| Allowed {
        finding: finding.clone(),
        by,
    };
    vec![allowed(marker), allowed(baseline)]
}

fn unused_entries() -> Vec<Unused> {
    let unused = |list, number, reason: &str, expired| Unused {
        list,
        file: None,
        number,
        reason: reason.to_owned(),
        expired,
    };
    vec![
        unused(List::Config, 4, "old", Some(date(2026, 3, 31))),
        unused(List::Config, 5, "gone", None),
        unused(List::Baseline, 7, "inherited", Some(date(2026, 4, 30))),
    ]
}

/// A finding of this origin that a marker lets pass, and nothing else.
pub(super) fn marked(origin: &Origin) -> Outcome {
    let allowed = outcome().allowed.into_iter().map(|allowed| Allowed {
        finding: Finding {
            origin: origin.clone(),
            ..allowed.finding
        },
        by: allowed.by,
    });
    Outcome {
        allowed: allowed.collect(),
        ..Outcome::default()
    }
}

/// Names and values that would move the cursor, hide text or forge a line.
pub(super) fn hostile() -> Outcome {
    let text = "evil\n\u{1b}[2J\u{202e}\u{9b}\u{7f}";
    let mut path = b"a\xff".to_vec();
    path.extend_from_slice(b"\nevil\r\x1b[31m");
    let mut found = pair();
    found.origin = Origin::Staged {
        path: path.into(),
        id: String::new(),
    };
    found.secret = Secret::new(&b"\xff\x1b[2Jbinary"[..]);
    found.details = vec![Detail::new("user", text)];
    found.rule.help = Some(text.into());
    let by = AllowedBy::Entry {
        file: None,
        number: 1,
        reason: text.to_owned(),
    };
    let allowed = Finding {
        origin: Origin::File { path: text.into() },
        ..pair()
    };
    Outcome {
        findings: vec![found],
        allowed: vec![Allowed {
            finding: allowed,
            by,
        }],
        unused: vec![Unused {
            list: List::Config,
            file: None,
            number: 2,
            reason: text.to_owned(),
            expired: None,
        }],
        skipped: vec![
            Skip {
                path: text.into(),
                reason: SkipReason::Unreadable(text.to_owned()),
            },
            Skip {
                path: text.into(),
                reason: SkipReason::Submodule,
            },
        ],
        totals: Totals::default(),
        policy_changes: vec![PolicyChange {
            path: text.into(),
            what: Change::Added,
        }],
    }
}

/// Findings of history: in a commit's file, its own text, a tag, the name of a ref and the name of
/// a file.
pub(super) fn history() -> Outcome {
    let all = secrets();
    let commit = Arc::new(commit());
    let id = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned();
    let origins = [
        Origin::Commit {
            commit: commit.clone(),
            path: "old.py".into(),
            id: id.clone(),
        },
        Origin::CommitText {
            commit: commit.clone(),
        },
        Origin::TagText {
            name: format!("v1-{}", all[1]).into(),
            id,
        },
        Origin::Repository {
            place: format!("refs/heads/{}", STANDARD.encode(&all[0])).into(),
        },
        Origin::Name {
            path: format!("k/{}", all[3]).into(),
            commit: Some(commit),
        },
    ];
    let mut findings: Vec<_> = origins
        .into_iter()
        .map(|origin| Finding { origin, ..pair() })
        .collect();
    findings[4].secret = Secret::new(all[3].as_str());
    let by = AllowedBy::Entry {
        file: None,
        number: 1,
        reason: format!("known: {}", all[1]),
    };
    let percent = all[0].replace('/', "%2F").replace('+', "%2B");
    let skip = Skip {
        path: format!("a?{percent}").into(),
        reason: SkipReason::Unreadable(all[1].clone()),
    };
    Outcome {
        allowed: vec![Allowed {
            finding: findings[4].clone(),
            by,
        }],
        unused: vec![Unused {
            list: List::Config,
            file: None,
            number: 2,
            reason: all[0].clone(),
            expired: None,
        }],
        findings,
        skipped: vec![skip],
        totals: Totals {
            blobs: 5,
            bytes: 4096,
            ..Totals::default()
        },
        policy_changes: vec![PolicyChange {
            path: all[1].as_str().into(),
            what: Change::Removed,
        }],
    }
}
