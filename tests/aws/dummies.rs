//! Dummies of documentation, emulators and tests are never reported, and hide no real key next to
//! them.

use super::{PAIR, fill, none_above, scan_all, scan_one};
use crate::support::keys::{access_key_id, secret_access_key};

fn example_id() -> String {
    ["AKIAIOSFODNN7", "EXAMPLE"].concat()
}

fn example_secret() -> String {
    ["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"].concat()
}

/// Each value by itself and after the names of both halves.
fn everywhere(values: &[String]) -> Vec<String> {
    let places = [
        "§",
        "aws_access_key_id = §",
        "aws_secret_access_key = §",
        "\"AccessKeyId\": \"§\", \"x\": 1",
    ];
    values
        .iter()
        .flat_map(|value| places.map(|place| place.replace('§', value)))
        .collect()
}

#[test]
fn published_ids_are_not_reported() {
    let ids = [
        ["AKIAIOSFODNN7", "EXAMPLE"],
        ["ASIAIOSFODNN7", "EXAMPLE"],
        ["AKIAI44QH8DHB", "EXAMPLE"],
        ["AKIA111111111", "EXAMPLE"],
        ["AKIA222222222", "EXAMPLE"],
        ["AKIAQ3RT5WZKM", "EXAMPLE"],
        ["ASIAQ3RT5WZKM", "EXAMPLE"],
    ];
    none_above("none", &everywhere(&ids.map(|pieces| pieces.concat())));
}

#[test]
fn published_secrets_are_not_reported() {
    let secrets = [
        ["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYEXAMPLEKEY"],
        ["wJalrXUtnFEMI/K7MDENG", "+bPxRfiCYEXAMPLEKEY"],
        ["je7MtGbClwBF/2Zp9Utk/", "h3yCo8nvbEXAMPLEKEY"],
        ["nNYiytVbZPQUQ5Yaxu2jX", "nimvw3rrszlaEXAMPLE"],
        ["94afd1f2e64d908bc90db", "ca0035a5b567EXAMPLE"],
    ];
    none_above("none", &everywhere(&secrets.map(|pieces| pieces.concat())));
    let any = secret_access_key(3);
    none_above(
        "none",
        &everywhere(&[
            any[..33].to_owned() + "EXAMPLE",
            any[..30].to_owned() + "EXAMPLEKEY",
        ]),
    );
}

#[test]
fn published_tokens_are_not_reported() {
    let tail = "H4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/LTo6UDdyJwOOvEVPvLXCrrrUtdnniCEXAMPLE/IvU1dYUg2";
    let tokens = [
        ["AQoEX", "AMPLE", tail].concat(),
        ["AQoDYXdzEPT//////////wEX", "AMPLE", tail].concat(),
    ];
    none_above(
        "none",
        &tokens
            .clone()
            .map(|token| format!("AWS_SESSION_TOKEN={token}")),
    );
    none_above("none", &tokens);
}

#[test]
fn keys_of_emulators_are_not_reported() {
    let values = [
        "test",
        "000000000000",
        "000000000002",
        "__internal_call__",
        "testing",
        "foobar_key",
        "foobar_secret",
    ];
    let more = [
        "mock_access_key",
        "minioadmin",
        "minio123",
        "dummy",
        "fakeMyKeyId",
        "fakeSecretAccessKey",
    ];
    none_above(
        "none",
        &everywhere(
            &values
                .iter()
                .chain(&more)
                .map(|value| (*value).to_owned())
                .collect::<Vec<_>>(),
        ),
    );
    let ids = [
        ["LSIAQAAAAAAVN", "CBMPNSG"],
        ["AKIAQAAAAAAAG", "MKEM7X5"],
        ["ASIAQAAAAAAAG", "MKEM7X5"],
    ];
    none_above("none", &everywhere(&ids.map(|pieces| pieces.concat())));
}

#[test]
fn keys_of_documentation_accounts_are_not_reported() {
    let starts = [
        "QAAAAAAAC",
        "RZPUZDIKC",
        "RTX3GSDSS",
        "WO645SY5C",
        "RTXV5AHDS",
        "THPL2AOHC",
        "6RVFFB77S",
        "QFX64DQ7C",
    ];
    none_above(
        "none",
        &everywhere(&starts.map(|start| ["AK", "IA", start, "MV4XKWB"].concat())),
    );
}

#[test]
fn placeholders_are_not_reported() {
    let ids = [
        "AKIAXXXXXXXXXXXXXXXX",
        "AKIAZZZZZZZZZZZZZZZZ",
        "AKIATESTTESTTESTTEST",
        "AKIADEADBEEFDEADBEEF",
        "AKIA1234567890ABCDEF",
        "AKIAABCDEFGHIJKLMNOP",
        "AKIAQ3RTFAKE5WZKM2PV",
        "AKIAQ3RTDUMMYWZKM2PV",
        "AKIAQ3RTSAMPLEZKM2PV",
    ];
    let ids = ids.map(str::to_owned);
    let words = [
        "YOUR_ACCESS_KEY",
        "YOUR_SECRET_ACCESS_KEY",
        "<your-secret-key>",
        "${AWS_SECRET_ACCESS_KEY}",
        "{{ secret }}",
    ];
    let more = [
        "changeme",
        "REPLACE_ME",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "****************************************",
    ];
    let words = words.iter().chain(&more).map(|word| (*word).to_owned());
    let fakes = [
        "FakeValues99".to_owned() + &"FakeValues99".repeat(3)[..28],
        "a".repeat(40),
        "0123456789".repeat(4),
    ];
    none_above(
        "none",
        &everywhere(
            &ids.into_iter()
                .chain(words)
                .chain(fakes)
                .collect::<Vec<_>>(),
        ),
    );
}

#[test]
fn an_example_hides_no_key_on_its_line() {
    let (id, key) = (access_key_id(1), secret_access_key(1));
    let texts = [
        format!("{} {id}", example_id()),
        format!("{id} {}", example_id()),
        format!(
            "# not {} but\naws_access_key_id = {id} # was {}",
            example_id(),
            example_id()
        ),
        format!("keys = [\"{}\", \"{id}\"]", example_id()),
    ];
    for (text, found) in texts.iter().zip(scan_all(&texts)) {
        assert_eq!(
            (found.len(), &found[0]["secret"]),
            (1, &id.clone().into()),
            "{text}"
        );
    }
    let found = scan_one(format!(
        "aws_secret_access_key = {} # {key}\n",
        example_secret()
    ));
    assert_eq!(found[0]["secret"], *key);
}

#[test]
fn an_example_is_never_half_of_a_pair() {
    let found = scan_one(format!(
        "{}\n{}\n\n{}",
        example_id(),
        secret_access_key(1),
        access_key_id(1)
    ));
    assert_eq!((found.len(), &found[0]["rule"]), (1, &PAIR.into()));
    assert_eq!(found[0]["partner"]["secret"], *access_key_id(1));
    let found = scan_one(fill(&format!(
        "aws_access_key_id = {}\naws_secret_access_key = {{KEY}}\n",
        example_id()
    )));
    assert_eq!((found.len(), &found[0]["confidence"]), (1, &"high".into()));
}
