//! Access key ids by themselves: prefixes, adjacent characters, and the account that they contain.

use super::{
    ID, each_holds, each_is_a_pair, fill, filled, none_above, scan_all, scan_one, scan_stdin,
};
use crate::support::keys::{access_key_id, account_of};

#[test]
fn every_prefix_of_a_credential_is_found_with_its_account() {
    let body = &access_key_id(1)[4..];
    let ids: Vec<String> = ["AKIA", "ASIA", "ABIA", "ACCA"]
        .iter()
        .map(|prefix| format!("{prefix}{body}"))
        .collect();
    for (id, found) in ids.iter().zip(scan_all(&ids)) {
        assert_eq!(found.len(), 1, "{id}");
        assert_eq!(found[0]["rule"], ID);
        assert_eq!(found[0]["confidence"], "medium");
        assert_eq!(found[0]["secret"], **id);
        assert_eq!(found[0]["details"]["account"], *account_of(id));
    }
}

#[test]
fn ids_that_are_not_credentials_are_not_reported() {
    let body = &access_key_id(1)[4..];
    let prefixes = [
        "APKA", "ASCA", "AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ANVA", "LKIA", "LSIA",
    ];
    none_above("none", &prefixes.map(|prefix| format!("{prefix}{body}")));
    none_above(
        "none",
        &prefixes.map(|prefix| format!("aws_access_key_id = {prefix}{body}")),
    );
    none_above(
        "none",
        &["AIDA", "AROA"].map(|prefix| format!("{prefix}{body}Q")),
    );
}

#[test]
fn escapes_and_separators_around_an_id_are_not_part_of_it() {
    each_holds(
        ID,
        "medium",
        &access_key_id(1),
        &filled(&[
            r#""text\n{ID}\n""#,
            r"\t{ID}\t",
            r"\r{ID}\r\n",
            r#"\"{ID}\""#,
            r"\u003d{ID}\u0026",
            r"\u{3d}{ID}\u{26}",
            r"\x3d{ID}\x26",
            r"\\n{ID}\\n",
            "%3D{ID}%26",
            "%0a{ID}%0A",
            "\u{1b}[32m{ID}\u{1b}[0m",
            "\u{1b}[1;31m{ID}\u{1b}[m",
            "\u{1b}[K{ID}",
            "key_{ID}_old",
            "key-{ID}-old",
            "__{ID}__",
            "user.{ID}.key",
            "é{ID}é",
            "&quot;{ID}&quot;",
            "({ID})",
            "{{ID}}",
            "${ID}",
            "|{ID}|",
            "/{ID}/",
            "={ID}",
            "{ID}",
        ]),
    );
}

/// An id is a segment of a path with another random segment, so that it looks like base64.
#[test]
fn an_id_between_slashes_is_found() {
    let segment = ["cMawh2SdLaGQUS", "tC3r5LC58F"].concat();
    let texts = [
        "https://h/users/{ID}/sessions/SEGMENT",
        "https://s3.example.com/{ID}/SEGMENT/object",
        "SEGMENT/{ID}",
        "SEGMENT/{ID}/SEGMENT",
        "{ID}/SEGMENT+SEGMENT",
    ];
    let texts = texts.map(|text| text.replace("SEGMENT", &segment));
    let texts = texts.each_ref().map(String::as_str);
    each_holds(ID, "medium", &access_key_id(1), &filled(&texts));
}

/// The secret follows its id in a path, in a charset run that is longer than a secret.
#[test]
fn a_pair_between_slashes_is_found() {
    each_is_a_pair(&filled(&[
        "{ID}/{KEY}",
        "{ID}/{KEY}/us-east-1",
        "aws/{ID}/{KEY}/prod",
        "aws: {ID}/{KEY}/us-east-1/s3",
        "+{ID}/{KEY}/us-east-1",
        "https://h/connect?aws={ID}+{KEY}+us-east-1",
        r#""{ID}\/{KEY}\/us-east-1""#,
    ]));
}

#[test]
fn an_id_inside_a_longer_word_or_base64_is_not_reported() {
    none_above(
        "none",
        &filled(&[
            "x{ID}",
            "X{ID}",
            "9{ID}",
            "{ID}7",
            "{ID}x",
            "wB2/q9+Zt4{ID}/x7Kd+pQ2Lm8sRv1",
            "QmFzZTY0IHRleHQ+{ID}+aGF0IGdvZXMgb24",
        ]),
    );
}

#[test]
fn ids_of_the_old_generation_have_no_account() {
    for letter in ["A", "I", "J", "P"] {
        let id = ["AK", "IA", letter, &access_key_id(3)[5..]].concat();
        let found = scan_one(&id);
        assert_eq!(
            (found.len(), &found[0]["details"]["account"]),
            (1, &serde_json::Value::Null),
            "{id}"
        );
    }
}

#[test]
fn published_ids_contain_the_accounts_that_were_published_with_them() {
    let published = [
        [
            ["ASIAY34FZKB", "OKMUTVV7A"].concat(),
            "609629065308".to_owned(),
        ],
        [
            ["AKIASP2TPHJ", "SQH3FJRUX"].concat(),
            "171436882533".to_owned(),
        ],
        [
            ["AKIAZAVB57H", "55F3T4BKH"].concat(),
            "619888638459".to_owned(),
        ],
    ];
    for [id, account] in published {
        assert_eq!(scan_one(&id)[0]["details"]["account"], account, "{id}");
    }
}

#[test]
fn an_id_with_an_impossible_account_is_not_reported() {
    // All ones: 40 bits of account number, 1,099,511,627,775.
    none_above("none", &[["AKIA7777", "7777QRSTUVAB"].concat()]);
}

#[test]
fn an_id_outside_of_base32_needs_a_name() {
    let odd = ["AKIA", "1Q8DHB09ZTRW", "KLMV"].concat();
    assert!(scan_one(&odd).is_empty());
    for name in [
        "aws_access_key_id = ",
        "AccessKeyId: ",
        "\"accessKeyId\":\"",
        "s3_key=",
    ] {
        assert_eq!(scan_one(format!("{name}{odd}")).len(), 1, "{name}");
    }
}

#[test]
fn an_id_without_a_prefix_is_found_after_a_name() {
    let id = ["0PN5J17HBG", "ZHT7JJ3X82"].concat();
    none_above("none", std::slice::from_ref(&id));
    let named = [
        "aws_access_key_id = ",
        "AWS_ACCESS_KEY=",
        "accessKeyId: '",
        "AWSAccessKeyId=",
        "Access key ID,",
    ];
    let texts: Vec<_> = named
        .iter()
        .map(|name| format!("{name}{id}").into_bytes())
        .collect();
    each_holds("aws-legacy-access-key-id", "medium", &id, &texts);
}

#[test]
fn a_canary_is_labelled_and_still_blocks() {
    let canaries = [
        ["AKIAQYLPMN5", "HHHFPZAM2"],
        ["AKIAXYZDQCE", "N4B6JSJQI"],
        ["AKIAYVP4CIP", "PH5TNP3SW"],
        ["AKIA2OGYBAH", "6STMMNXNN"],
        ["AKIA6ODU5DH", "T7VPXGCE4"],
    ];
    for canary in canaries {
        let ran = scan_stdin(canary.concat(), &["-f", "json"]);
        ran.has_status(1);
        assert!(
            ran.json()["findings"][0]["details"]["canary"].is_string(),
            "{canary:?}"
        );
    }
    scan_stdin(canaries[0].concat(), &[])
        .has_status(1)
        .says("canary")
        .says("052310077262");
}

#[test]
fn a_real_account_is_no_canary() {
    assert!(scan_one(access_key_id(1))[0]["details"]["canary"].is_null());
}

#[test]
fn the_id_of_a_signed_request_is_low() {
    let signature = "f3a1".repeat(8) + &"0b9c7d2e".repeat(4);
    let texts = [
        "https://b.s3.amazonaws.com/k?X-Amz-Credential={ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=SIG",
        "https://b.s3.amazonaws.com/k?AWSAccessKeyId={ID}&Signature=abcdef%3D&Expires=1175139620",
        "Authorization: AWS4-HMAC-SHA256 Credential={ID}/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, \
         Signature=SIG",
    ];
    none_above(
        "low",
        &texts.map(|text| fill(text).replace("SIG", &signature)),
    );
}
