//! Encoded keys are found.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ID, PAIR, SECRET, each_holds, each_is_a_pair, fill, scan_one};
use crate::support::keys::{access_key_id, secret_access_key};

const INI: &str =
    "[default]\naws_access_key_id = {ID}\naws_secret_access_key = {KEY}\nregion = eu-west-1\n";

/// A secret that contains this character, so that its escape is tested.
fn secret_with(special: char) -> String {
    let mut keys = (1..).map(secret_access_key);
    keys.find(|key| key.contains(special) && !key.starts_with(special))
        .unwrap()
}

#[track_caller]
fn escaped_secret_is_found(special: char, escapes: &[&str], template: &str) {
    let key = secret_with(special);
    let text = |escape: &&str| {
        template
            .replace("{KEY}", &key.replace(special, escape))
            .into_bytes()
    };
    each_holds(
        SECRET,
        "high",
        &key,
        &escapes.iter().map(text).collect::<Vec<_>>(),
    );
}

#[test]
fn secrets_with_json_escapes_are_found() {
    escaped_secret_is_found(
        '/',
        &[r"\/", r"\u002f", r"\u002F"],
        r#"{"SecretAccessKey": "{KEY}"}"#,
    );
    escaped_secret_is_found(
        '+',
        &[r"\u002b", r"\u002B"],
        r#"{"SecretAccessKey": "{KEY}"}"#,
    );
    escaped_secret_is_found('/', &[r"\x2f", r"\x2F"], r#"secretKey = "{KEY}""#);
}

#[test]
fn secrets_with_url_escapes_are_found() {
    escaped_secret_is_found('/', &["%2F", "%2f"], "https://h/?secret_key={KEY}&x=1");
    escaped_secret_is_found('+', &["%2B", "%2b"], "https://h/?secret_key={KEY}&x=1");
}

#[test]
fn secrets_with_entities_are_found() {
    escaped_secret_is_found(
        '/',
        &["&#x2F;", "&#x2f;", "&#47;", "&sol;"],
        "<secretKey>{KEY}</secretKey>",
    );
    escaped_secret_is_found(
        '+',
        &["&#x2B;", "&#43;", "&plus;"],
        "<secretKey>{KEY}</secretKey>",
    );
}

#[test]
fn keys_in_json_within_json_are_found() {
    let inner = fill(r#"{"AccessKeyId": "{ID}", "SecretAccessKey": "{KEY}"}"#);
    let once = serde_json::json!({ "body": inner }).to_string();
    let twice = serde_json::json!({ "log": once }).to_string();
    each_is_a_pair(&[
        once.clone().into_bytes(),
        once.replace('/', r"\/").into_bytes(),
        twice.into_bytes(),
    ]);
}

#[test]
fn keys_in_notebooks_and_http_archives_are_found() {
    let cell = fill("id = \"{ID}\"\nsecret = \"{KEY}\"\n");
    let notebook = serde_json::json!({ "cells": [{ "cell_type": "code", "source": [cell] }] });
    let har = serde_json::json!({ "log": { "entries": [{ "request": { "postData": { "text": cell } } }] } });
    each_is_a_pair(&[
        notebook.to_string().into_bytes(),
        har.to_string().into_bytes(),
    ]);
}

#[test]
fn keys_in_kubernetes_secrets_are_found() {
    for end in ["", "\n"] {
        let (id, key) = (access_key_id(1) + end, secret_access_key(1) + end);
        let (id, key) = (STANDARD.encode(id), STANDARD.encode(key));
        assert_eq!((id.len(), key.len()), (28, 56));
        let both = format!("data:\n  AWS_ACCESS_KEY_ID: {id}\n  AWS_SECRET_ACCESS_KEY: {key}\n");
        each_is_a_pair(&[both.into_bytes()]);
        each_holds(
            ID,
            "medium",
            &access_key_id(1),
            &[format!("data:\n  id: {id}\n").into_bytes()],
        );
        let secret = format!("data:\n  secretKey: {key}\n");
        each_holds(
            SECRET,
            "high",
            &secret_access_key(1),
            &[secret.into_bytes()],
        );
    }
}

#[test]
fn temporary_ids_in_base64_are_found() {
    let id = access_key_id(1).replacen("AK", "AS", 1);
    for before in ["", "x", "xy", "xyz"] {
        let text = STANDARD.encode(format!("{before} {id} after"));
        each_holds(ID, "medium", &id, &[text.into_bytes()]);
    }
}

#[test]
fn keys_in_a_file_in_base64_are_found() {
    let long: String = (0..40)
        .map(|n| format!("# line {n} of a comment\n"))
        .collect::<String>()
        + INI;
    for text in [fill(INI), fill(&long)] {
        let encoded = STANDARD.encode(text);
        let wrapped = |width: usize, end: &str| {
            let lines = encoded
                .as_bytes()
                .chunks(width)
                .map(|line| String::from_utf8_lossy(line).into_owned() + end);
            lines.collect::<String>().into_bytes()
        };
        each_is_a_pair(&[
            encoded.clone().into_bytes(),
            wrapped(76, "\n"),
            wrapped(76, "\r\n"),
            wrapped(64, "\n"),
        ]);
    }
}

#[test]
fn keys_in_base64_within_base64_are_found() {
    let once = STANDARD.encode(fill(INI));
    each_is_a_pair(&[STANDARD
        .encode(format!("{{\"blob\": \"{once}\"}}"))
        .into_bytes()]);
}

#[test]
fn keys_in_utf_16_are_found() {
    let text = fill(INI);
    let encode = |unit: fn(u16) -> [u8; 2], bom: bool| -> Vec<u8> {
        bom.then_some(0xfeff)
            .into_iter()
            .chain(text.encode_utf16())
            .flat_map(unit)
            .collect()
    };
    each_is_a_pair(&[
        encode(u16::to_le_bytes, true),
        encode(u16::to_be_bytes, true),
        encode(u16::to_le_bytes, false),
        encode(u16::to_be_bytes, false),
    ]);
}

#[test]
fn lines_and_columns_in_utf_16_are_those_of_an_editor() {
    let text: Vec<u8> = fill("\u{feff}one\r\nid = {ID}\r\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let found = scan_one(text);
    assert_eq!(
        (found[0]["line"].as_u64(), found[0]["encoding"].as_str()),
        (Some(2), Some("utf-16")),
        "{found:?}"
    );
}

#[test]
fn keys_in_quoted_printable_are_found() {
    let key = secret_access_key(1);
    let (first, rest) = key.split_at(17);
    let head = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    let id = access_key_id(1);
    let body =
        format!("aws_access_key_id=3D{id}\r\naws_secret_access_key=3D{first}=\r\n{rest}\r\n");
    let found = scan_one(format!("{head}{body}"));
    assert!(
        found
            .iter()
            .any(|finding| finding["rule"] == PAIR && finding["secret"] == *key),
        "{found:?}"
    );
}

#[test]
fn keys_in_joined_literals_are_found() {
    let (id, key) = (access_key_id(1), secret_access_key(1));
    for joint in ["\" + \"", "' + '", "\" . \"", "' . '"] {
        let quote = &joint[..1];
        let text = format!("id = {quote}{}{joint}{}{quote};", &id[..4], &id[4..]);
        each_holds(ID, "medium", &id, &[text.into_bytes()]);
        let text = format!(
            "secret = {quote}{}{joint}{}{quote};",
            &key[..20],
            &key[20..]
        );
        each_holds(SECRET, "high", &key, &[text.into_bytes()]);
    }
}

#[test]
fn ids_in_hexadecimal_are_found() {
    let hex = |digits: fn(u8) -> String| {
        access_key_id(1)
            .bytes()
            .map(digits)
            .collect::<String>()
            .into_bytes()
    };
    let texts = [
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
    ];
    each_holds(ID, "medium", &access_key_id(1), &texts);
}

#[test]
fn nul_bytes_around_a_key_hide_nothing() {
    let text = fill("\0\0\u{1}{ID}\0\0{KEY}\0");
    each_is_a_pair(&[text.into_bytes()]);
}
