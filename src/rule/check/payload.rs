//! Checks tokens by what they decode to: macaroons, JSON web tokens and keys, account keys, logins.

use serde_json::Value;

use super::published::{grade_published, is_of_emulator};
use super::shape::is_placeholder;
use super::tool::{Lazy, decode_base32, decode_base64};
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;

/// Checks an API token of PyPI: a macaroon of version 2 whose location is the index that issued it.
pub(super) fn pypi(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let body = candidate
        .secret()
        .strip_prefix(b"pypi-")
        .unwrap_or_default();
    let decoded = decode_base64(body);
    let location = match decoded.as_slice() {
        [2, 1, len, rest @ ..] => rest.get(..usize::from(*len)).unwrap_or_default(),
        _ => &[],
    };
    if is_placeholder(body) {
        return Verdict::Reject("an obvious placeholder");
    }
    if matches!(location, b"pypi.org" | b"test.pypi.org") {
        Verdict::Grade(Confidence::Certain)
    } else {
        Verdict::Grade(Confidence::Medium)
    }
}

/// Checks a JSON web token (RFC 7519): a header that names an algorithm and claims that are an
/// object.
///
/// Most of those in a repository are samples or have expired. But the service role key of a
/// Supabase project is certain, and the public key of the project is not a secret.
pub(super) fn jwt(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let mut parts = candidate.secret().split(|&b| b == b'.');
    let mut object = || match serde_json::from_slice::<Value>(&decode_base64(parts.next()?)) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    let (Some(header), Some(claims)) = (object(), object()) else {
        return Verdict::Reject("not two JSON objects");
    };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else {
        return Verdict::Reject("no algorithm in its header");
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("sub") == Some("1234567890") || text("name") == Some("John Doe") || algorithm == "none"
    {
        return Verdict::Reject("a published example");
    }
    for (key, name) in [("issuer", "iss"), ("role", "role")] {
        details.extend(text(name).map(|value| Detail::new(key, value)));
    }
    match (text("iss"), text("role")) {
        // The same for every developer: for the emulator on their own machine.
        (Some("supabase-demo"), _) => Verdict::Reject("a key of the local emulator"),
        (Some("supabase"), Some("service_role")) => Verdict::Grade(Confidence::Certain),
        (Some("supabase"), Some("anon")) => Verdict::Reject("public by design"),
        _ => Verdict::Accept,
    }
}

/// How far the members of a JSON web key are from each other, in bytes: five of the eight members
/// of an RSA key with 8,192 bits have 700 characters.
const JWK_REACH: usize = 4096;

static JWK_TYPE: Lazy = Lazy::new(r#"\bkty\\?["']?\s*[:=]\s*\\?["'](EC|OKP|RSA|oct)\b"#);

/// Checks the member `d` or `k` of a JSON web key (RFC 7517; RFC 7518, section 6; RFC 8037): the
/// key's type is in the same object, and the value has a length of that type.
pub(super) fn jwk(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let before = candidate.before(JWK_REACH);
    let before = memchr::memrchr(b'{', before).map_or(&[][..], |at| &before[at..]);
    let after = candidate.after(JWK_REACH);
    let after = &after[..memchr::memchr(b'}', after).unwrap_or(0)];
    let mut parts = [before, after].into_iter();
    let Some(kind) = parts.find_map(|part| JWK_TYPE.regex().captures(part)?.get(1)) else {
        return Verdict::Reject("no type of a key in the same object");
    };
    let member = before.iter().rfind(|byte| byte.is_ascii_alphabetic());
    let key = decode_base64(candidate.secret());
    let fits = match (member, kind.as_bytes()) {
        (Some(b'k'), b"oct") => key.len() >= 16,
        (Some(b'd'), b"EC" | b"OKP") => matches!(key.len(), 32 | 48 | 56 | 57 | 66),
        (Some(b'd'), b"RSA") => key.len() >= 64,
        _ => false,
    };
    if !fits || is_placeholder(candidate.secret()) || entropy(candidate.secret()) < 3.5 {
        return Verdict::Reject("not a private member, or not of the length of its type");
    }
    let kind = String::from_utf8_lossy(kind.as_bytes());
    details.push(Detail::new("key_type", kind));
    grade_published(&key, details).unwrap_or(Verdict::Accept)
}

/// Checks the seed of one-time passwords: base32 (RFC 4226, RFC 6238) of random bytes. The seeds of
/// documentation are texts.
pub(super) fn otp_seed(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let seed = candidate.secret();
    let bare = seed.split(|&byte| byte == b'=').next().unwrap_or_default();
    if bare.iter().all(u8::is_ascii_lowercase) {
        return Verdict::Reject("made of words");
    }
    let decoded = decode_base32(&bare.to_ascii_uppercase()).unwrap_or_default();
    let is_text = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if is_text(&decoded) || decoded.starts_with(b"Hello!") {
        return Verdict::Reject("base32 of a text");
    }
    Verdict::Accept
}

/// Checks a bot token of Discord: its first part is base64 of the bot's id, a snowflake of 17
/// digits or more.
pub(super) fn discord(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let token = candidate.secret();
    let first = token.split(|&b| b == b'.').next().unwrap_or_default();
    let number = decode_base64(first);
    if !(17..=20).contains(&number.len())
        || !number.iter().all(u8::is_ascii_digit)
        || is_placeholder(token)
    {
        return Verdict::Reject("contains no id of a bot");
    }
    details.push(Detail::new("bot", String::from_utf8_lossy(&number)));
    Verdict::Grade(Confidence::Certain)
}

/// Checks a key of an Azure account: base64 of 32 or 64 random bytes, and not the key of every
/// emulator.
pub(super) fn azure_key(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let key = candidate.secret();
    if is_of_emulator(key) {
        return Verdict::Reject("the key of the emulator");
    }
    let decoded = decode_base64(key);
    let printable = decoded
        .iter()
        .filter(|b| b.is_ascii_graphic() || **b == b' ')
        .count();
    if entropy(key) < 4.2 || is_placeholder(key) || printable * 4 > decoded.len() * 3 {
        return Verdict::Reject("not random bytes");
    }
    Verdict::Accept
}

/// Checks what docker stores for a registry: base64 of a name and a password.
pub(super) fn docker_auth(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let decoded = decode_base64(candidate.secret());
    let text = std::str::from_utf8(&decoded).unwrap_or_default();
    let Some((user, password)) = text.split_once(':') else {
        return Verdict::Reject("contains no name and password");
    };
    let readable = text.bytes().all(|b| b.is_ascii_graphic());
    if !readable || user.is_empty() || super::login::is_dummy(user, password) {
        return Verdict::Reject("a placeholder");
    }
    details.push(Detail::new("user", user));
    Verdict::Grade(if entropy(password.as_bytes()) >= 3.0 {
        Confidence::High
    } else {
        Confidence::Medium
    })
}

/// Checks base64 of a password, or of a user and a password.
pub(super) fn base64_password(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let decoded = decode_base64(candidate.secret());
    if decoded.is_empty() || !decoded.iter().all(u8::is_ascii_graphic) {
        return Verdict::Reject("does not decode to a password");
    }
    let text = String::from_utf8_lossy(&decoded);
    let (user, password) = text.split_once(':').unwrap_or(("", &text));
    if super::login::is_dummy(user, password) {
        return Verdict::Reject("a placeholder");
    }
    super::generic::judge_password(password.as_bytes(), b"")
}

/// Checks an access token of Bitbucket or Jira Data Center: base64 of a number, a colon and random
/// bytes.
pub(super) fn numbered_bytes(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let token = candidate.secret();
    let decoded = decode_base64(token.strip_prefix(b"BBDC-").unwrap_or(token));
    let digits = decoded.iter().take_while(|b| b.is_ascii_digit()).count();
    if (8..=14).contains(&digits) && decoded.get(digits) == Some(&b':') {
        Verdict::Grade(Confidence::Certain)
    } else {
        Verdict::Grade(Confidence::Medium)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    type Run = fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict;

    fn verdict(run: Run, text: &str) -> Verdict {
        run(
            &Candidate::new(text.as_bytes(), Span::new(0, text.len())),
            &mut Vec::new(),
        )
    }

    fn encode(text: &str) -> String {
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text)
    }

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.k3jH8sLqP0zXv2NnT7bWm4RcYd8HfGaUe6Kp1Oi5Zx9",
            encode(header),
            encode(claims)
        )
    }

    #[test]
    fn web_tokens_are_checked_by_their_claims() {
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        assert_eq!(
            verdict(jwt, &token(header, r#"{"sub":"u-1"}"#)),
            Verdict::Accept
        );
        let certain = Verdict::Grade(Confidence::Certain);
        assert_eq!(
            verdict(
                jwt,
                &token(header, r#"{"iss":"supabase","role":"service_role"}"#)
            ),
            certain
        );
        for (header, claims) in [
            (header, r#"{"sub":"1234567890"}"#),
            (header, r#"{"iss":"supabase","role":"anon"}"#),
            (r#"{"typ":"JWT"}"#, "{}"),
            (r#"{"alg":"none"}"#, "{}"),
            (header, "[]"),
        ] {
            assert!(
                matches!(verdict(jwt, &token(header, claims)), Verdict::Reject(_)),
                "{header} {claims}"
            );
        }
    }

    #[test]
    fn macaroons_bot_ids_and_logins_are_decoded() {
        let certain = Verdict::Grade(Confidence::Certain);
        let macaroon = format!(
            "pypi-{}",
            encode("\x02\x01\x08pypi.org\x02\x24d41c0f7a-9b3e")
        );
        assert_eq!(verdict(pypi, &macaroon), certain);
        assert_eq!(
            verdict(pypi, "pypi-AgEIcHlwaS5vcnk"),
            Verdict::Grade(Confidence::Medium)
        );
        let bot = format!(
            "{}.GhJkLm.k3jH8sLqP0zXv2NnT7bWm4RcYd8HfGaUe6Kp1O",
            encode("184726350918273645")
        );
        assert_eq!(verdict(discord, &bot), certain);
        assert!(matches!(
            verdict(discord, "MTExample.GhJkLm.k3jH8sLq"),
            Verdict::Reject(_)
        ));
        assert_eq!(
            verdict(docker_auth, &encode("ci:k3jH8sLqP0zX")),
            Verdict::Grade(Confidence::High)
        );
        assert!(matches!(
            verdict(docker_auth, &encode("user:password")),
            Verdict::Reject(_)
        ));
        assert_eq!(
            verdict(numbered_bytes, &format!("BBDC-{}", encode("346692080:abc"))),
            certain
        );
    }

    #[test]
    fn keys_of_emulators_are_rejected() {
        let known = [
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1",
            "OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
        ];
        assert!(matches!(
            verdict(azure_key, &known.concat()),
            Verdict::Reject(_)
        ));
    }
}
