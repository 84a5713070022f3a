//! Credentials of single AWS services are found.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{each_holds, filled, none_above, scan_one};
use crate::support::keys::{access_key_id, secret_access_key, session_token};

/// Letters and digits without a meaning.
fn letters(count: usize) -> String {
    session_token(7)[16..]
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        .take(count)
        .collect()
}

fn mixed(count: usize) -> String {
    session_token(8)[16..]
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(count)
        .collect()
}

fn hex(count: usize) -> String {
    let bytes = STANDARD.decode(&session_token(9)[16..]).unwrap();
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()[..count]
        .to_owned()
}

/// `text` with `value` in the place of each `§`.
fn with(value: &str, texts: &[&str]) -> Vec<Vec<u8>> {
    texts
        .iter()
        .map(|text| text.replace('§', value).into_bytes())
        .collect()
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The SMTP password that the SES Developer Guide makes from a secret access key.
fn ses_v4(secret: &str, region: &str) -> String {
    let first = format!("AWS4{secret}").into_bytes();
    let steps = ["11111111", region, "ses", "aws4_request", "SendRawEmail"];
    let signature = steps.iter().fold(first, |key, step| hmac(&key, step));
    STANDARD.encode([vec![4], signature].concat())
}

fn ses_v2(secret: &str) -> String {
    STANDARD.encode([vec![2], hmac(secret.as_bytes(), "SendRawEmail")].concat())
}

#[test]
fn smtp_passwords_of_both_versions_are_found() {
    for seed in 1..6 {
        for password in [
            ses_v4(&secret_access_key(seed), "eu-west-3"),
            ses_v2(&secret_access_key(seed)),
        ] {
            let texts = [
                "SMTP_PASSWORD=§",
                "\"ses_smtp_password_v4\": \"§\"",
                "host: email-smtp.us-east-1.amazonaws.com\npass: §\n",
            ];
            each_holds(
                "aws-ses-smtp-password",
                "high",
                &password,
                &with(&password, &texts),
            );
        }
    }
}

#[test]
fn an_smtp_password_needs_smtp_near_it() {
    none_above(
        "none",
        &with(
            &ses_v4(&secret_access_key(1), "eu-west-3"),
            &["PASSWORD=§", "§"],
        ),
    );
}

#[test]
fn marketplace_tokens_are_found() {
    let digits = hex(32);
    let groups = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    let token = ["amzn", ".mws.", &groups.join("-")].concat();
    each_holds(
        "aws-mws-auth-token",
        "high",
        &token,
        &with(&token, &["§", "MWSAuthToken=§&x", "\"§\""]),
    );
}

#[test]
fn login_with_amazon_secrets_are_found() {
    let secret = ["amzn1", ".oa2-cs.v1.", &hex(64)].concat();
    each_holds(
        "aws-lwa-client-secret",
        "high",
        &secret,
        &with(&secret, &["§", "client_secret=§", "\"§\""]),
    );
    for kind in ["Atza", "Atzr"] {
        let token = [kind, "|", &mixed(200)].concat();
        each_holds(
            "aws-lwa-token",
            "high",
            &token,
            &with(&token, &["§", "{\"access_token\":\"§\"}"]),
        );
    }
    none_above(
        "none",
        &[["amzn1", ".application-oa2-client.", &hex(32)].concat()],
    );
}

#[test]
fn passwords_of_git_repositories_are_found() {
    let password =
        STANDARD.encode([secret_access_key(4).as_bytes(), b"x"].concat())[..43].to_owned() + "=";
    let rule = "aws-service-specific-credential";
    let texts = [
        "alice-at-609629065308,§",
        "alice+1-at-609629065308:§",
        "user: bob-at-609629065308\npassword: §\n",
    ];
    each_holds(rule, "high", &password, &with(&password, &texts));
    let escaped = password
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let url = format!(
        "https://alice-at-609629065308:{escaped}@git-codecommit.us-east-1.amazonaws.com/v1/repos/x"
    );
    assert!(
        scan_one(url)
            .iter()
            .any(|finding| finding["confidence"] == "high")
    );
}

#[test]
fn keys_of_app_sync_and_api_gateway_are_found() {
    let key = ["da2", "-", &letters(26)].concat();
    each_holds(
        "aws-appsync-api-key",
        "medium",
        &key,
        &with(&key, &["x-api-key: §", "§", "apiKey: '§',"]),
    );
    let key = mixed(40);
    let host = "https://a1b2c3.execute-api.us-east-1.amazonaws.com/prod";
    let texts = [
        &*format!("curl {host} -H 'x-api-key: §'"),
        &*format!("url = '{host}'\nheaders = {{'x-api-key': '§'}}\n"),
    ];
    each_holds("aws-api-gateway-key", "medium", &key, &with(&key, &texts));
}

#[test]
fn client_secrets_of_cognito_are_found() {
    for count in [51, 52] {
        let secret = letters(count);
        let text = "cognito:\n  user_pool: us-east-1_AbCdEfGhI\n  client_secret: §\n";
        each_holds(
            "aws-cognito-client-secret",
            "high",
            &secret,
            &with(&secret, &[text]),
        );
    }
    none_above(
        "none",
        &[
            "pool = us-east-1_AbCdEfGhI\nidentity = us-east-1:12345678-90ab-4cde-8f01-234567890abc\n",
        ],
    );
}

#[test]
fn tokens_of_the_container_registry_are_found() {
    let payload = STANDARD.encode(format!(
        "{{\"payload\":\"{}\",\"version\":\"2\"}}",
        mixed(200)
    ));
    let token = STANDARD.encode(format!("AWS:{payload}"));
    let text = "{\"auths\":{\"609629065308.dkr.ecr.us-east-1.amazonaws.com\":{\"auth\":\"§\"}}}";
    each_holds(
        "aws-ecr-token",
        "high",
        &token,
        &with(&token, &[text, "§\n"]),
    );
}

#[test]
fn tokens_of_single_sign_on_are_found() {
    for start in ["aoaAAAAA", "aorAAAAA"] {
        let token = [start, &mixed(200)].concat();
        each_holds(
            "aws-sso-token",
            "high",
            &token,
            &with(&token, &["{\"accessToken\": \"§\"}", "§"]),
        );
    }
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"kid":"key-1564028099","alg":"HS384"}"#);
    let secret = format!("{header}.{}.{}", mixed(180), mixed(64));
    let texts = with(&secret, &["{\"clientId\": \"x\", \"clientSecret\": \"§\"}"]);
    each_holds("aws-sso-client-secret", "high", &secret, &texts);
}

#[test]
fn tokens_of_kubernetes_clusters_are_found() {
    let id = access_key_id(6).replacen("AK", "AS", 1);
    let url = format!(
        "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Credential={id}%2F20250101"
    );
    let token = ["k8s", "-aws-v1.", &URL_SAFE_NO_PAD.encode(url)].concat();
    let found = scan_one(format!("token: {token}\n"));
    let proven = found.iter().any(|f| {
        f["rule"] == "aws-eks-token" && f["confidence"] == "certain" && f["secret"] == *token
    });
    assert!(proven, "{found:?}");
}

#[test]
fn passwords_of_console_users_are_found() {
    let password = ["x7!kQ2#", "vLm9$"].concat();
    let link = "https://609629065308.signin.aws.amazon.com/console";
    let texts = [
        format!("User name,Password,Console sign-in URL\nalice,§,{link}\n"),
        format!("\u{feff}User name,Password,Console sign-in URL\r\nalice,§,{link}\r\n"),
        format!(
            "User name,Password,Access key ID,Secret access key,Console login link\nalice,§,,,{link}\n"
        ),
    ];
    let texts: Vec<_> = texts
        .iter()
        .map(|text| text.replace('§', &password).into_bytes())
        .collect();
    each_holds("aws-console-password", "high", &password, &texts);
    none_above(
        "none",
        &filled(&[&format!(
            "User name,Password,Console sign-in URL\nalice,,{link}\n"
        )]),
    );
}

#[test]
fn presigned_requests_are_low() {
    let signature = hex(64);
    let url = "https://b.s3.amazonaws.com/k?X-Amz-Expires=300&X-Amz-Signature=§";
    each_holds(
        "aws-presigned-request",
        "low",
        &signature,
        &with(&signature, &[url]),
    );
}
