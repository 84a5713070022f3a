//! Checks session tokens and bearer keys by what they decode to.

use super::super::shape::is_placeholder;
use super::super::{Candidate, Detail, Verdict, entropy};
use super::{Lazy, decode_base64, id};
use crate::rule::Confidence;

/// The name of a session token right before the value.
static TOKEN_NAME: Lazy = Lazy::new(right_before!(
    r"(?:session[_\-. ]?token|security[_\-. ]?token)[a-z0-9_.\- ]{0,24}"
));

/// The shortest token that is accepted without its header, in characters.
const MIN_NAMED: usize = 100;

/// Checks a session token: base64 of a type byte, the tag 0x0A, a length and one of three words;
/// or, without that header, long mixed base64 after a token's name.
///
/// The layout is that of a protobuf record; see "Revealing the inner structure of AWS session
/// tokens" (T. Be'ery).
pub(in super::super) fn session_token(
    candidate: &Candidate<'_>,
    details: &mut Vec<Detail>,
) -> Verdict {
    let token = candidate.secret();
    if memchr::memmem::find(token, b"EXAMPLE").is_some() {
        return Verdict::Reject("a published example");
    }
    if has_header(token) {
        if let Some(account) = account_in(&decode_base64(token)) {
            details.push(Detail::new("account", account));
        }
        return Verdict::Accept;
    }
    if is_mixed(token) && TOKEN_NAME.found_in(candidate.before(120)) {
        return Verdict::Accept;
    }
    Verdict::Reject("no header of a session token")
}

/// Whether base64 may be a session token in some context.
pub(in super::super) fn could_be(token: &[u8]) -> bool {
    has_header(token) || is_mixed(token)
}

/// Whether a token without a header is long and random enough.
fn is_mixed(token: &[u8]) -> bool {
    let digits = token.iter().any(u8::is_ascii_digit);
    token.len() >= MIN_NAMED && digits && entropy(token) > 4.5 && !is_placeholder(token)
}

fn has_header(token: &[u8]) -> bool {
    let head = decode_base64(token.get(..20).unwrap_or_default());
    match head.as_slice() {
        [_, 0x0A, len, rest @ ..] => {
            let word = rest.get(..usize::from(*len)).unwrap_or_default();
            matches!(word, b"origin_ec" | b"er/aws" | b"aws")
        }
        _ => false,
    }
}

/// The first twelve digits in a row: an account number.
fn account_in(decoded: &[u8]) -> Option<String> {
    let mut words = decoded.split(|b| !b.is_ascii_digit());
    let number = words.find(|word| word.len() == 12)?;
    Some(String::from_utf8_lossy(number).into_owned())
}

/// Checks a key of Bedrock or of the Claude Platform on AWS: after its prefix, base64 of
/// `user-at-account:secret` for a long-term key, of a presigned request for a short-term one.
pub(in super::super) fn bearer_key(
    candidate: &Candidate<'_>,
    details: &mut Vec<Detail>,
) -> Verdict {
    const PREFIXES: [&[u8]; 4] = [
        b"ABSK",
        b"AEAA",
        b"bedrock-api-key-",
        b"aws-external-anthropic-api-key-",
    ];
    let key = candidate.secret();
    let Some(body) = PREFIXES.iter().find_map(|prefix| key.strip_prefix(*prefix)) else {
        return Verdict::Reject("no known prefix");
    };
    let decoded = decode_base64(body);
    if let Some(account) = account_after_at(&decoded) {
        details.push(Detail::new("account", account));
        return Verdict::Grade(Confidence::Certain);
    }
    const CREDENTIAL: &[u8] = b"X-Amz-Credential=";
    if let Some(at) = memchr::memmem::find(&decoded, CREDENTIAL) {
        let start = at + CREDENTIAL.len();
        if let Some(number) = decoded.get(start..start + 20).and_then(id::account) {
            details.push(Detail::new("account", format!("{number:012}")));
        }
        return Verdict::Grade(Confidence::Certain);
    }
    if is_placeholder(body) || entropy(body) < 4.0 {
        return Verdict::Reject("a placeholder");
    }
    Verdict::Grade(Confidence::Low)
}

/// The account in `…-at-123456789012:…`.
fn account_after_at(decoded: &[u8]) -> Option<String> {
    memchr::memmem::find_iter(decoded, b"-at-").find_map(|at| {
        let rest = &decoded[at + 4..];
        let (number, after) = rest.split_at_checked(12)?;
        let fits = number.iter().all(u8::is_ascii_digit) && after.first() == Some(&b':');
        fits.then(|| String::from_utf8_lossy(number).into_owned())
    })
}

/// Checks the bearer token of an EKS cluster: base64url of a presigned request to STS.
pub(in super::super) fn eks_token(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let body = candidate
        .secret()
        .strip_prefix(b"k8s-aws-v1.")
        .unwrap_or_default();
    if decode_base64(body).starts_with(b"https://sts.") {
        Verdict::Grade(Confidence::Certain)
    } else {
        Verdict::Reject("no presigned request to STS")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::super::STANDARD;
    use super::*;
    use crate::text::Span;

    fn check_secret(
        check: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
        before: &str,
        secret: &str,
    ) -> (Verdict, Vec<Detail>) {
        let text = format!("{before}{secret}");
        let span = Span::new(before.len(), text.len());
        let mut details = Vec::new();
        (
            check(&Candidate::new(text.as_bytes(), span), &mut details),
            details,
        )
    }

    #[test]
    fn session_tokens_are_recognized_by_their_header() {
        for head in [
            &b"\x21\x0a\x09origin_ec"[..],
            b"\x17\x0a\x06er/aws",
            b"\x01\x0a\x03aws",
            b"\x02\x0a\x09origin_ec",
        ] {
            let mut bytes = head.to_vec();
            bytes.extend(b"\x10\x05\x1a\x0c609629065308\x22");
            bytes.extend((0..60_u8).map(|n| n.wrapping_mul(37)));
            let (verdict, details) = check_secret(session_token, "", &STANDARD.encode(&bytes));
            assert_eq!(verdict, Verdict::Accept);
            assert_eq!(details, [Detail::new("account", "609629065308")]);
        }
        let other = STANDARD.encode((0..120_u8).map(|n| n.wrapping_mul(91)).collect::<Vec<_>>());
        assert!(matches!(
            check_secret(session_token, "x = ", &other).0,
            Verdict::Reject(_)
        ));
        assert_eq!(
            check_secret(session_token, "AWS_SESSION_TOKEN=", &other).0,
            Verdict::Accept
        );
        assert_eq!(
            check_secret(session_token, "\"SessionToken\": \"", &other).0,
            Verdict::Accept
        );
    }

    #[test]
    fn bearer_keys_are_recognized_by_their_payload() {
        let body =
            STANDARD.encode("BedrockAPIKey-ab12+1-at-609629065308:c2VjcmV0IGJ5dGVzIGdvIGhlcmU=");
        let (verdict, details) = check_secret(bearer_key, "", &format!("ABSK{body}"));
        assert_eq!(verdict, Verdict::Grade(Confidence::Certain));
        assert_eq!(details, [Detail::new("account", "609629065308")]);
        let url = "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=";
        let body = STANDARD.encode(format!("{url}{}%2F20250101", super::super::samples::id()));
        let (verdict, details) = check_secret(bearer_key, "", &format!("bedrock-api-key-{body}"));
        assert_eq!(verdict, Verdict::Grade(Confidence::Certain));
        assert_eq!(details, [Detail::new("account", "609629065308")]);
        let random = "k3J9sLq0PzXv2NnT7bWm4RcYd8HfGaUe6";
        assert_eq!(
            check_secret(bearer_key, "", &format!("ABSK{random}")).0,
            Verdict::Grade(Confidence::Low)
        );
        assert!(matches!(
            check_secret(bearer_key, "", "ABSKaaaaaaaaaaaaaaaa").0,
            Verdict::Reject(_)
        ));
    }

    #[test]
    fn patterns_compile() {
        assert!(TOKEN_NAME.found_in(b"x-amz-security-token: "));
    }
}
