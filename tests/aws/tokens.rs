//! Session tokens and bearer keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{TOKEN, each_holds, fill, filled, none_above, scan_one};
use crate::support::keys::{access_key_id, account_of, secret_access_key, session_token};

/// A token with this header, random after it.
fn token(header: &[u8]) -> String {
    let mut bytes = header.to_vec();
    bytes.extend(STANDARD.decode(&session_token(5)[16..]).unwrap());
    STANDARD.encode(bytes)
}

#[test]
fn a_token_with_a_known_header_needs_no_name() {
    let headers: [&[u8]; 6] = [
        b"\x21\x0a\x09origin_ec",
        b"\x17\x0a\x06er/aws",
        b"\x15\x0a\x06er/aws",
        b"\x15\x0a\x03aws",
        b"\x01\x0a\x03aws",
        b"\x02\x0a\x09origin_ec",
    ];
    let starts = [
        "IQoJb3JpZ2luX2Vj",
        "FwoGZXIvYXdz",
        "FQoGZXIvYXdz",
        "FQoDYXdz",
        "AQoDYXdz",
        "AgoJb3JpZ2luX2Vj",
    ];
    for (header, start) in headers.into_iter().zip(starts) {
        let token = token(header);
        assert!(token.starts_with(start));
        let texts = ["§", "x=§\n", "\"§\"", "<Token>§</Token>", "a §, b"]
            .map(|text| text.replace('§', &token).into_bytes());
        each_holds(TOKEN, "medium", &token, &texts);
    }
}

#[test]
fn a_token_is_found_after_every_name() {
    each_holds(
        TOKEN,
        "medium",
        &session_token(1),
        &filled(&[
            "AWS_SESSION_TOKEN={TOKEN}",
            "export AWS_SECURITY_TOKEN=\"{TOKEN}\"",
            "aws_session_token = {TOKEN}\n",
            "\"SessionToken\": \"{TOKEN}\"",
            "x-amz-security-token: {TOKEN}\r\n",
            "  \"Token\" : \"{TOKEN}\",",
            "<SessionToken>{TOKEN}</SessionToken>",
        ]),
    );
}

#[test]
fn a_token_is_found_in_a_url() {
    let escaped = session_token(1).replace('+', "%2B").replace('/', "%2F");
    assert_ne!(escaped, session_token(1));
    let url =
        format!("https://b.s3.amazonaws.com/k?X-Amz-Security-Token={escaped}&X-Amz-Expires=300");
    each_holds(TOKEN, "medium", &session_token(1), &[url.into_bytes()]);
}

#[test]
fn a_token_without_a_header_needs_a_name() {
    let plain = session_token(1)[16..].to_owned();
    none_above("none", std::slice::from_ref(&plain));
    each_holds(
        TOKEN,
        "medium",
        &plain,
        &[format!("aws_session_token = {plain}\n").into_bytes()],
    );
}

#[test]
fn the_account_in_a_token_is_reported() {
    let token = token(b"\x21\x0a\x09origin_ec\x10\x05\x1a\x0c609629065308\x22");
    assert_eq!(scan_one(token)[0]["details"]["account"], "609629065308");
}

#[test]
fn all_three_parts_are_a_pair_and_a_token() {
    let text = fill(
        "aws_access_key_id = {ID}\naws_secret_access_key = {KEY}\naws_session_token = {TOKEN}\n",
    );
    let rules: Vec<_> = scan_one(text)
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, [super::PAIR, TOKEN]);
}

#[track_caller]
fn bearer_key_is_proven(rule: &str, key: &str, account: &str) {
    for text in [
        "§",
        "AWS_BEARER_TOKEN_BEDROCK=§\n",
        "Authorization: Bearer §\r\n",
        "{\"key\":\"§\"}",
    ] {
        let found = scan_one(text.replace('§', key));
        let found: Vec<_> = found
            .iter()
            .filter(|finding| finding["rule"] == rule)
            .collect();
        assert_eq!(found.len(), 1, "{text}: {key}");
        assert_eq!(
            (&found[0]["confidence"], &found[0]["secret"]),
            (&"certain".into(), &key.into())
        );
        assert_eq!(found[0]["details"]["account"], account);
    }
}

fn long_term(user: &str) -> String {
    STANDARD.encode(format!("{user}-at-609629065308:{}", secret_access_key(9)))
}

fn presigned(host: &str) -> String {
    let id = access_key_id(4).replacen("AK", "AS", 1);
    let request = "/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=";
    STANDARD.encode(format!(
        "{host}{request}{id}%2F20250101%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Expires=43200"
    ))
}

#[test]
fn bedrock_keys_are_proven_by_their_payload() {
    for user in ["BedrockAPIKey-ab12", "BedrockAPIKey-ab12+1", "build-robot"] {
        bearer_key_is_proven(
            "aws-bedrock-api-key",
            &["AB", "SK", &long_term(user)].concat(),
            "609629065308",
        );
    }
    let key = ["bedrock", "-api-key-", &presigned("bedrock.amazonaws.com")].concat();
    bearer_key_is_proven("aws-bedrock-api-key", &key, &account_of(&access_key_id(4)));
}

#[test]
fn keys_of_the_claude_platform_are_proven_by_their_payload() {
    let key = ["AE", "AA", &long_term("AeaApiKey-ab12cd34")].concat();
    bearer_key_is_proven("aws-claude-platform-api-key", &key, "609629065308");
    let key = [
        "aws-external",
        "-anthropic-api-key-",
        &presigned("aws-external-anthropic.us-east-1.amazonaws.com"),
    ]
    .concat();
    bearer_key_is_proven(
        "aws-claude-platform-api-key",
        &key,
        &account_of(&access_key_id(4)),
    );
}
