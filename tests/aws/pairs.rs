//! An id and its secret are one finding, at any distance.

use serde_json::Value;

use super::{ID, PAIR, SECRET, each_is_a_pair, fill, filled, scan_one};
use crate::support::keys::{access_key_id, account_of, secret_access_key};

fn lines(count: usize) -> String {
    (0..count)
        .map(|number| format!("let constant_{number} = {number};\n"))
        .collect()
}

/// The ids and secrets of the pairs, in order.
fn joined(found: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pairs = found.iter().filter(|finding| finding["rule"] == PAIR);
    pairs
        .map(|finding| {
            (
                text(&finding["partner"]["secret"]),
                text(&finding["secret"]),
            )
        })
        .collect()
}

#[test]
fn a_half_in_two_literals_ends_where_its_last_literal_does() {
    let key = secret_access_key(1);
    let (first, rest) = key.split_at(20);
    let text =
        format!("aws_access_key_id = {{ID}}\naws_secret_access_key = \"{first}\" + \"{rest}\"\n");
    let found = scan_one(fill(&text));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["rule"], PAIR);
    assert_eq!(
        (found[0]["column"].as_u64(), found[0]["end_column"].as_u64()),
        (Some(26), Some(71))
    );
}

#[test]
fn a_pair_names_both_places_and_the_account() {
    let found = scan_one(fill(
        "[default]\naws_access_key_id = {ID}\naws_secret_access_key = {KEY}\n",
    ));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0]["line"].as_u64(), found[0]["column"].as_u64()),
        (Some(3), Some(25))
    );
    assert_eq!(found[0]["end_column"], 65);
    assert_eq!(found[0]["partner"]["rule"], ID);
    assert_eq!(
        (
            found[0]["partner"]["line"].as_u64(),
            found[0]["partner"]["column"].as_u64()
        ),
        (Some(2), Some(21))
    );
    assert_eq!(
        found[0]["details"]["account"],
        *account_of(&access_key_id(1))
    );
}

#[test]
fn a_pair_is_found_at_any_distance() {
    let apart = |count| format!("ID = '{{ID}}'\n{}SECRET = '{{KEY}}'\n", lines(count));
    each_is_a_pair(&filled(&[
        &apart(0),
        &apart(1),
        &apart(6),
        &apart(100),
        &apart(5000),
    ]));
}

#[test]
fn the_secret_may_come_first() {
    each_is_a_pair(&filled(&[
        "{KEY} {ID}",
        "secret: {KEY}\nid: {ID}\n",
        &format!("{{KEY}}\n{}{{ID}}", lines(50)),
    ]));
}

#[test]
fn a_bare_secret_and_an_id_are_a_pair() {
    each_is_a_pair(&filled(&[
        "{ID} {KEY}",
        "{ID}\n{KEY}",
        "{ID}:{KEY}",
        "{ID},{KEY}",
        "\"{ID}\", \"{KEY}\"",
    ]));
}

#[test]
fn several_pairs_in_one_file_are_joined_correctly() {
    let pairs: Vec<_> = (10..20)
        .map(|seed| (access_key_id(seed), secret_access_key(seed)))
        .collect();
    let ini: String = pairs
        .iter()
        .map(|(id, key)| format!("[p]\naws_access_key_id={id}\naws_secret_access_key={key}\n"))
        .collect();
    assert_eq!(joined(&scan_one(ini)), pairs);
    let csv: String = pairs
        .iter()
        .map(|(id, key)| format!("{id},{key}\r\n"))
        .collect();
    assert_eq!(joined(&scan_one(csv)), pairs);
    let spaced: String = pairs
        .iter()
        .map(|(id, key)| format!("{id}\n{}{key}\n{}", lines(20), lines(30)))
        .collect();
    assert_eq!(joined(&scan_one(spaced)), pairs);
}

#[test]
fn the_nearer_of_two_ids_is_paired_with_the_secret() {
    let found = scan_one(fill("old = {ID2}\n\n\n\nid = {ID}\nsecret = {KEY}\n"));
    assert_eq!(joined(&found), [(access_key_id(1), secret_access_key(1))]);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0]["rule"], &found[0]["secret"]),
        (&ID.into(), &access_key_id(2).into())
    );
}

#[test]
fn one_of_two_secrets_is_paired_with_an_id() {
    let found = scan_one(fill(
        "id = {ID}\nsecret = {KEY}\n\n\n\nother secret = {KEY2}\n",
    ));
    assert_eq!(joined(&found), [(access_key_id(1), secret_access_key(1))]);
    assert_eq!(
        (&found[1]["rule"], &found[1]["confidence"]),
        (&SECRET.into(), &"high".into())
    );
}

#[test]
fn half_of_a_pair_is_found() {
    assert_eq!(
        scan_one(fill("aws_access_key_id = {ID}"))[0]["confidence"],
        "medium"
    );
    assert_eq!(
        scan_one(fill("aws_secret_access_key = {KEY}"))[0]["confidence"],
        "high"
    );
}

#[test]
fn an_old_id_without_a_prefix_is_paired() {
    let id = ["0PN5J17HBG", "ZHT7JJ3X82"].concat();
    let found = scan_one(fill(&format!(
        "AWS_ACCESS_KEY={id}\nAWS_SECRET_KEY={{KEY}}\n"
    )));
    assert_eq!(
        (found.len(), &found[0]["rule"]),
        (1, &"aws-legacy-access-key-pair".into())
    );
    assert_eq!(found[0]["confidence"], "certain");
}
