//! Tests that values are masked in every encoding, in names, prose and lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;

use super::*;
use crate::blob::Origin;
use crate::finding::frame::{Frame, HiddenSpans};
use crate::finding::history::{Exposure, History, RootRef};
use crate::finding::{Finding, Place};
use crate::git::RootKind;
use crate::report::samples::{outcome, pair, rule, secrets};
use crate::text::LineIndex;

fn masked(text: impl AsRef<[u8]>) -> String {
    String::from_utf8(ValueMask::new(&outcome()).text(text.as_ref()).into_owned()).unwrap()
}

#[test]
fn values_are_masked_in_every_encoding() {
    for value in &secrets()[..2] {
        assert_eq!(
            masked(format!("a/{value}/b")),
            format!("a/{}{}/b", &value[..4], "********")
        );
        let percent: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(masked(format!("a?k={percent}&b")), "a?k=********&b");
        let hex = percent.replace('%', "");
        assert_eq!(
            masked(format!("a/{hex}/b-{}", hex.to_uppercase())),
            "a/********/b-********"
        );
        for around in ["", "x", "xy"] {
            let encoded = STANDARD.encode(format!("{around}{value} and more"));
            for form in [encoded.clone(), encoded.replace('+', "-").replace('/', "_")] {
                let shown = masked(format!("a {form} b"));
                assert!(
                    shown.starts_with("a ")
                        && shown.ends_with(" b")
                        && shown.contains(mask::HIDDEN),
                    "{shown}"
                );
                assert!(!shown.contains(&form[4..form.len() - 20]), "{shown}");
            }
        }
    }
}

/// Masks `text` for an outcome with a finding of `secret` at `origin`.
fn masked_of(secret: &str, origin: Origin, history: Option<History>, text: &str) -> String {
    let found = Finding {
        secret: Secret::new(secret),
        partner: None,
        origin,
        history: history.map(Box::new),
        ..pair()
    };
    let outcome = Outcome {
        findings: vec![found],
        ..Outcome::default()
    };
    String::from_utf8(ValueMask::new(&outcome).text(text.as_bytes()).into_owned()).unwrap()
}

#[test]
fn a_very_short_value_is_masked_if_a_name_contains_it() {
    let short = "h7";
    let text = format!("refs/heads/{short}");
    let hidden = "refs/heads/********";
    let repository = |place: &str| Origin::Repository {
        place: place.into(),
    };
    let tag = |name: &str| Origin::TagText {
        name: name.into(),
        id: String::new(),
    };
    let name = Origin::Name {
        path: text.as_str().into(),
        commit: None,
    };
    for origin in [
        repository(&text),
        repository("reflog of h7"),
        tag("v1-h7"),
        name,
    ] {
        assert_eq!(masked_of(short, origin, None, &text), hidden);
    }
    for origin in [repository("refs/heads/main"), tag("xh7"), Origin::Stdin] {
        assert_eq!(masked_of(short, origin, None, &text), text);
    }
    let reached = RootRef {
        kind: RootKind::Branch,
        name: short.into(),
    };
    let history = |reached_from: Vec<RootRef>, elsewhere: &[&str]| History {
        exposure: Exposure::Local,
        in_head: true,
        last: None,
        reached_from,
        places: Vec::new(),
        elsewhere: elsewhere.iter().map(|&place| place.into()).collect(),
        repositories: Vec::new(),
    };
    let file = || Origin::File { path: "a".into() };
    assert_eq!(
        masked_of(short, file(), Some(history(vec![reached], &[])), &text),
        hidden
    );
    assert_eq!(
        masked_of(short, file(), Some(history(Vec::new(), &[&text])), &text),
        hidden
    );
    assert_eq!(
        masked_of(short, file(), Some(history(Vec::new(), &[])), &text),
        text
    );
}

#[test]
fn an_encoded_value_in_a_name_is_masked_everywhere() {
    let written = "AK+IA+QYLP";
    let file = || Origin::Name {
        path: "dir/é-AK+IA+QYLP.txt".into(),
        commit: None,
    };
    let branch = Origin::Repository {
        place: "submodule lib: refs/heads/AK+IA+QYLP".into(),
    };
    for (origin, searched) in [(file(), 4), (file(), 0), (branch, 15)] {
        let path = origin.path().to_string();
        let name = &path[searched..];
        let at = name.find(written).unwrap();
        let (span, index) = (
            Span::new(at, at + written.len()),
            LineIndex::new(name.as_bytes()),
        );
        let found = Finding {
            rule: rule("r", "a rule"),
            origin,
            place: Place {
                start: index.locate(span.start),
                end: index.locate(span.end),
                frame: Frame::new(name.as_bytes(), &index, span, &HiddenSpans::new(vec![span])),
                encoding: Some("joined".into()),
                inside: None,
            },
            secret: Secret::new("AKIAQYLP"),
            ..pair()
        };
        let outcome = Outcome {
            findings: vec![found],
            ..Outcome::default()
        };
        let mask = ValueMask::new(&outcome);
        for text in [path.clone(), format!("../{path}/inner")] {
            let hidden = text.replace(written, "********");
            assert_eq!(mask.text(text.as_bytes()).to_str_lossy(), hidden);
        }
    }
}

#[test]
fn the_rest_of_a_long_value_is_masked_with_its_beginning() {
    let key = &secrets()[2];
    assert!(!masked(format!("x {key} y")).contains(&key[60..80]));
}

#[test]
fn other_text_is_not_changed() {
    let outcome = outcome();
    let mask = ValueMask::new(&outcome);
    for text in [&b"src/main.rs"[..], b"100%", b"%zz%4", b"", b"\xff"] {
        assert!(matches!(mask.text(text), Cow::Borrowed(same) if same == text));
    }
}

#[test]
fn prose_masks_unknown_words_that_look_like_secrets() {
    let outcome = outcome();
    let other = ["Zm9vYmFy", "YmF6cXV4MTIzNDU2"].concat();
    let text = format!("use {other} for now");
    let shown = ValueMask::new(&outcome).prose(text.as_bytes()).into_owned();
    assert_eq!(
        String::from_utf8(shown).unwrap(),
        format!("use Zm9v{} for now", "********")
    );
    assert_eq!(&*ValueMask::none().prose(text.as_bytes()), text.as_bytes());
}

#[test]
fn a_short_value_is_masked_where_it_is_a_word() {
    let file = || Origin::File { path: "a".into() };
    for (text, hidden) in [
        ("use hun7er2 now", "use ******** now"),
        ("hun7er2", "********"),
        ("a%2fhun7er2", "a%2f********"),
        ("xhun7er2 hun7er22", "xhun7er2 hun7er22"),
    ] {
        let shown = masked_of("hun7er2", file(), None, text);
        assert_eq!(shown, hidden);
    }
}

#[test]
fn the_mask_of_a_line_has_one_length_and_moves_its_mark() {
    let outcome = outcome();
    let mask = ValueMask::new(&outcome);
    let value = &secrets()[1];
    let line = FrameLine {
        number: 7,
        text: format!("é = {value} é = {value}; here"),
        mark: Some((2 * value.len() + 11, 2 * value.len() + 15)),
    };
    let shown = mask.line(&line);
    assert_eq!(shown.text, "é = ******** é = ********; here");
    assert_eq!((shown.number, shown.mark), (7, Some((27, 31))));
    let clean = FrameLine {
        text: "clean".to_owned(),
        ..line.clone()
    };
    assert!(matches!(mask.line(&clean), Cow::Borrowed(_)));
}
