//! Tests of the policy as a whole.

use jiff::civil::date;

use super::*;
use crate::finding::{Allowed, Finding, Place, RuleInfo, frame::Frame};
use crate::secret::{Fingerprint, Salt, Secret};
use crate::text::Location;

fn nothing() -> Nearby {
    Nearby::default()
}

fn marked() -> Nearby {
    Nearby {
        line: MarkerText::new(b"x # keysieve:allow"),
        before: MarkerText::default(),
    }
}

/// A lone access key id.
pub(super) fn occurrence() -> Occurrence {
    let secret = ["AKIA", "QYLPMN5HHHFPZAM2"].concat();
    let start = Location { line: 2, column: 8 };
    Occurrence {
        rule: RuleInfo {
            id: "aws-access-token".into(),
            description: "AWS access key id".into(),
            help: None,
            guessable: false,
        },
        confidence: Confidence::Medium,
        place: Place {
            start,
            end: Location {
                line: 2,
                column: 28,
            },
            frame: Frame::default(),
            encoding: None,
            inside: None,
        },
        fingerprint: Fingerprint::new("aws-access-token", secret.as_bytes()),
        secret: Secret::new(secret),
        details: Vec::new(),
        partner: None,
    }
}

/// The same in `src/a.py`.
fn finding() -> Finding {
    let path = "src/a.py".into();
    Finding::new(occurrence(), Origin::File { path })
}

fn judge(policy: &Policy, nearby: &Nearby) -> Judgement {
    let origin = finding().origin;
    policy.judge(&occurrence(), &policy.path_of(&origin), nearby)
}

fn policy(config: &str, today: Date) -> Policy {
    let rules = RuleSet::builtin().unwrap();
    let config = Config::parse(Path::new("x"), config).unwrap();
    Policy::new(Confidence::Low, Confidence::Medium, &rules)
        .with_entries(config, &rules, today)
        .unwrap()
}

fn is_shared_between_threads<T: Send + Sync>(_: &T) {}

#[test]
fn confidence_decides_what_is_reported_and_what_blocks() {
    let mut policy = policy("", date(2026, 1, 1));
    is_shared_between_threads(&policy);
    assert_eq!(
        judge(&policy, &nothing()),
        Judgement::Report { blocks: true }
    );
    policy.block = Confidence::High;
    assert_eq!(
        judge(&policy, &nothing()),
        Judgement::Report { blocks: false }
    );
    policy.report = Confidence::High;
    assert_eq!(judge(&policy, &marked()), Judgement::Ignore);
}

#[test]
fn an_entry_applies_through_its_last_day() {
    let text = "[[allow]]\nrule = \"aws-access-token\"\nreason = \"r\"\nuntil = 2026-03-31\n";
    let by = AllowedBy::Entry {
        file: None,
        number: 1,
        reason: "r".to_owned(),
    };
    let last = policy(text, date(2026, 3, 31));
    assert_eq!(judge(&last, &nothing()), Judgement::Allow(by));
    let after = policy(text, date(2026, 4, 1));
    assert_eq!(
        judge(&after, &nothing()),
        Judgement::Report { blocks: true }
    );
    let expired = Unused {
        file: None,
        list: List::Config,
        number: 1,
        reason: "r".to_owned(),
        expired: Some(date(2026, 3, 31)),
    };
    assert_eq!(after.unused(&Outcome::default()), [expired]);
}

#[test]
fn the_first_matching_entry_applies_and_unused_ones_are_listed() {
    let text = "[[allow]]\npath = \"docs/\"\nreason = \"a\"\n\
                [[allow]]\npath = \"src/\"\nreason = \"b\"\n\
                [[allow]]\nrule = \"aws-access-token\"\nreason = \"c\"\n";
    let policy = policy(text, date(2026, 1, 1));
    let Judgement::Allow(by) = judge(&policy, &marked()) else {
        panic!("allowed")
    };
    assert_eq!(
        by,
        AllowedBy::Entry {
            file: None,
            number: 2,
            reason: "b".to_owned()
        }
    );
    let allowed = vec![Allowed {
        finding: finding(),
        by,
    }];
    let unused = policy.unused(&Outcome {
        allowed,
        ..Outcome::default()
    });
    assert_eq!(
        unused.iter().map(|entry| entry.number).collect::<Vec<_>>(),
        [1, 3]
    );
}

#[test]
fn paths_of_entries_are_relative_to_the_root() {
    let text = "[[allow]]\npath = \"/deep/src/\"\nreason = \"r\"\n";
    let from = |start: &str| {
        policy(text, date(2026, 1, 1)).with_paths_from(Path::new(start), Path::new("/repo"))
    };
    assert!(matches!(
        judge(&from("/repo/deep"), &nothing()),
        Judgement::Allow(_)
    ));
    assert!(matches!(
        judge(&from("/repo"), &nothing()),
        Judgement::Report { .. }
    ));
}

#[test]
fn the_baseline_applies_last_and_through_its_last_day() {
    let found = finding();
    let seen = SeenSecret {
        fingerprint: found.fingerprint,
        rule: String::new(),
        path: String::new(),
        wanted: true,
    };
    let metadata = EntryMetadata {
        owner: Some("ops".to_owned()),
        until: Some(date(2026, 3, 31)),
        ..EntryMetadata::default()
    };
    let policy = |today| {
        let empty = Baseline::new(Path::new("b"), Salt::random().unwrap());
        let baseline = empty
            .updated(std::slice::from_ref(&seen), &metadata, |_| true)
            .baseline;
        policy("", today).with_baseline(baseline, today)
    };
    let (last, after) = (policy(date(2026, 3, 31)), policy(date(2026, 4, 1)));
    let by = AllowedBy::Baseline {
        reason: None,
        owner: Some("ops".to_owned()),
    };
    assert_eq!(judge(&last, &nothing()), Judgement::Allow(by));
    assert!(matches!(
        judge(&last, &marked()),
        Judgement::Allow(AllowedBy::Marker { .. })
    ));
    assert_eq!(
        judge(&after, &nothing()),
        Judgement::Report { blocks: true }
    );
    let outcome = Outcome {
        findings: vec![found],
        ..Outcome::default()
    };
    assert_eq!(after.unused(&outcome)[0].list, List::Baseline);
    assert_eq!(after.unused(&Outcome::default()), []);
    assert_eq!(last.unused(&outcome), []);
}

#[test]
fn an_entry_for_a_rule_that_does_not_exist_is_an_error() {
    let rules = RuleSet::builtin().unwrap();
    let config =
        Config::parse(Path::new("x"), "[[allow]]\nrule = \"no\"\nreason = \"r\"\n").unwrap();
    let policy = Policy::new(Confidence::Low, Confidence::Medium, &rules);
    assert!(
        policy
            .with_entries(config, &rules, date(2026, 1, 1))
            .is_err()
    );
}
