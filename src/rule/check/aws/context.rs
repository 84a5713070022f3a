//! Checks credentials without a format of their own by the words around them.

use super::super::shape::{Classes, is_placeholder, starts_inside_word};
use super::super::{Candidate, Detail, Verdict, entropy};
use super::{Lazy, is_base64, secret};

/// How far from a candidate a word of its context may be, in bytes.
const REACH: usize = 1024;

static SMTP: Lazy = Lazy::new(r"smtp");
static COGNITO: Lazy = Lazy::new(r"cognito");
static CLIENT_SECRET: Lazy = Lazy::new(right_before!(
    r"(?:client|app)[_\-. ]?secret[a-z0-9_.\- ]{0,16}"
));
static API_GATEWAY: Lazy = Lazy::new(r"execute-api");

fn near(candidate: &Candidate<'_>, word: &Lazy) -> bool {
    word.found_in(candidate.before(REACH)) || word.found_in(candidate.after(REACH))
}

/// Checks an SES SMTP password: base64 of a version byte, 4 or 2, and an HMAC-SHA256, so 44
/// characters, the second from a quarter of the alphabet; see the SES Developer Guide,
/// "Obtaining SES SMTP credentials".
pub(in super::super) fn ses_smtp_password(
    candidate: &Candidate<'_>,
    _: &mut Vec<Detail>,
) -> Verdict {
    if !could_be_smtp_password(candidate.secret()) {
        return Verdict::Reject("not a version byte and 32 random bytes");
    }
    if candidate.after(1).iter().any(is_base64) {
        return Verdict::Reject("base64 of more than 33 bytes");
    }
    let before = candidate.before(REACH);
    // A word after it counts if the user name, an access key id, is before it.
    let named =
        SMTP.found_in(before) || (SMTP.found_in(candidate.after(REACH)) && secret::has_id(before));
    Verdict::accept_if(named, "no SMTP near it")
}

/// Whether 44 characters may be an SES SMTP password in some context.
pub(in super::super) fn could_be_smtp_password(password: &[u8]) -> bool {
    let version = matches!(password, [b'B', b'A'..=b'P', ..] | [b'A', b'g'..=b'v', ..]);
    version && entropy(password) >= 4.2 && !is_placeholder(password)
}

/// Checks the client secret of a Cognito app: 51 or 52 lower-case letters and digits after such a
/// name.
pub(in super::super) fn cognito_client_secret(
    candidate: &Candidate<'_>,
    _: &mut Vec<Detail>,
) -> Verdict {
    if !could_be_client_secret(candidate.secret()) || !CLIENT_SECRET.found_in(candidate.before(120))
    {
        return Verdict::Reject("no name of a client secret before it");
    }
    Verdict::accept_if(near(candidate, &COGNITO), "no Cognito near it")
}

/// Whether a run may be an app client secret in some context.
pub(in super::super) fn could_be_client_secret(value: &[u8]) -> bool {
    let plain = value
        .iter()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    plain && !value.iter().all(u8::is_ascii_hexdigit) && entropy(value) >= 4.0
}

/// Checks a key of API Gateway: a host of `execute-api` must be near it.
pub(in super::super) fn api_gateway_key(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let key = candidate.secret();
    let varied = key.iter().any(u8::is_ascii_digit)
        && key.iter().any(u8::is_ascii_alphabetic)
        && entropy(key) >= 3.5;
    if starts_inside_word(candidate) || !varied || is_placeholder(key) {
        return Verdict::Reject("not random enough");
    }
    Verdict::accept_if(
        near(candidate, &API_GATEWAY),
        "no host of API Gateway near it",
    )
}

/// Checks a console password in the CSV that IAM offers for download: it must not be a heading or a
/// placeholder.
pub(in super::super) fn console_password(
    candidate: &Candidate<'_>,
    _: &mut Vec<Detail>,
) -> Verdict {
    let password = candidate.secret();
    Verdict::accept_if(
        Classes::of(password).count() >= 3 && !is_placeholder(password),
        "not a generated password",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn verdict(
        check: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
        before: &str,
        secret: &str,
    ) -> Verdict {
        let text = format!("{before}{secret}");
        let span = Span::new(before.len(), text.len());
        check(&Candidate::new(text.as_bytes(), span), &mut Vec::new())
    }

    #[test]
    fn smtp_passwords_need_version_byte_and_context() {
        let password = ["BE3jH8sLqP0z", "Xv2NnT7bWm4RcYd8Hf", "GaUe6Kp1Oi5Zx9"].concat();
        assert_eq!(password.len(), 44);
        assert_eq!(
            verdict(ses_smtp_password, "SMTP_PASSWORD=", &password),
            Verdict::Accept
        );
        assert!(matches!(
            verdict(ses_smtp_password, "PASSWORD=", &password),
            Verdict::Reject(_)
        ));
        let other = password.replacen("BE", "Bz", 1);
        assert!(matches!(
            verdict(ses_smtp_password, "SMTP_PASSWORD=", &other),
            Verdict::Reject(_)
        ));
    }

    #[test]
    fn cognito_and_api_gateway_need_their_context() {
        let secret = ["1a2b3c4d5e6f7g8h9i0j", "klmnopqrstuvwxyz0z9y8x7w6v5u4t3s"].concat();
        let cognito = "cognito:\n  client_secret: ";
        assert_eq!(
            verdict(cognito_client_secret, cognito, &secret),
            Verdict::Accept
        );
        assert!(matches!(
            verdict(cognito_client_secret, "client_secret: ", &secret),
            Verdict::Reject(_)
        ));
        let key = ["Zx81jK2mNp", "Qr7sTuVw3yAb"].concat();
        let call = "curl https://a.execute-api.us-east-1.amazonaws.com -H 'x-api-key: ";
        assert_eq!(verdict(api_gateway_key, call, &key), Verdict::Accept);
        assert!(matches!(
            verdict(api_gateway_key, "x-api-key: ", &key),
            Verdict::Reject(_)
        ));
    }

    #[test]
    fn patterns_compile() {
        for lazy in [&SMTP, &COGNITO, &CLIENT_SECRET, &API_GATEWAY] {
            lazy.regex();
        }
    }
}
