//! Judges values of any provider, which have no format of their own, by their name and content.

mod context;
mod filter;
mod identity;
mod name;
mod value;

use super::dummy::without_substitutes;
use super::login::{host, is_example};
use super::shape::Classes;
use super::wordy::is_wordy;
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;
use context::{is_in_message, wrong_syntax};
use filter::{NO_LITERAL, NO_PASSWORD, NO_RANDOM_VALUE, Value};
use identity::is_uuid;
use value::{encodes_text, has_common_word, is_hex, is_template};

/// Checks a random value under the name of a key, token or secret.
pub(super) fn secret(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let Some(name) = candidate
        .name
        .map(|name| name.of(candidate.text))
        .filter(|name| name::is_of_secret(name))
    else {
        return Verdict::Reject("not the name of a secret");
    };
    if let Some(reason) = wrong_syntax(candidate) {
        return Verdict::Reject(reason);
    }
    let is_bare_key = name.eq_ignore_ascii_case(b"key");
    match judge_secret(candidate.secret(), name) {
        Verdict::Grade(Confidence::Low) if is_bare_key => {
            Verdict::Reject("the name is that of any key")
        }
        Verdict::Grade(_) if is_bare_key => Verdict::Grade(Confidence::Low),
        verdict => verdict,
    }
}

/// Checks a random value in a place for tokens, such as a header.
pub(super) fn token(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    if candidate.secret().starts_with(b"eyJ") {
        return Verdict::Reject("a JSON web token, which has a rule of its own");
    }
    judge_secret(candidate.secret(), b"")
}

/// Checks a token that is the user in `https://token@host`.
pub(super) fn url_token(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let host = host(candidate.after(160));
    if is_template(&host) || is_example(&host) {
        return Verdict::Reject("an example host");
    }
    // A browser or an app sends it with its reports.
    let is_public = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if candidate.secret().len() == 32 && candidate.secret().iter().all(is_public) {
        return Verdict::Reject("the public key of a Sentry project");
    }
    details.push(Detail::new("host", host.as_ref()));
    token(candidate, details)
}

/// Judges a random value by its own bytes and its name, which may be unknown.
fn judge_secret(secret: &[u8], name: &[u8]) -> Verdict {
    let value = Value {
        bytes: secret,
        name,
    };
    let reason = value.rejected_by(&NO_LITERAL);
    if let Some(reason) = reason.or_else(|| value.rejected_by(&NO_RANDOM_VALUE)) {
        return Verdict::Reject(reason);
    }
    let classes = Classes::of(secret);
    // A digest and a UUID identify things more often than they protect them.
    let is_sure = secret.len() >= MIN_SURE
        && !is_uuid(secret)
        && !is_hex(secret)
        && classes.digits * 16 >= secret.len()
        && entropy(secret) >= SURE_ENTROPY
        && !encodes_text(secret);
    Verdict::Grade(if is_sure {
        Confidence::Medium
    } else {
        Confidence::Low
    })
}

/// The entropy and the length from which a value is random beyond doubt.
const SURE_ENTROPY: f64 = 3.6;
const MIN_SURE: usize = 20;

/// Checks a password that people may have chosen.
pub(super) fn password(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let Some(name) = candidate.name.map(|name| name.of(candidate.text)) else {
        return Verdict::Reject("not the name of a password");
    };
    if !name::is_of_password(name) {
        return Verdict::Reject("not the name of a password");
    }
    if is_in_message(candidate) {
        return Verdict::Reject("part of a message");
    }
    if let Some(reason) = wrong_syntax(candidate) {
        return Verdict::Reject(reason);
    }
    judge_password(candidate.secret(), name)
}

/// Checks a password in a place for one, such as a command line.
pub(super) fn plain_password(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    judge_password(candidate.secret(), b"")
}

/// Judges a password by its own bytes and its name, which may be unknown.
pub(super) fn judge_password(secret: &[u8], name: &[u8]) -> Verdict {
    let value = Value {
        bytes: secret,
        name,
    };
    let reason = value.rejected_by(&NO_LITERAL);
    if let Some(reason) = reason.or_else(|| value.rejected_by(&NO_PASSWORD)) {
        return Verdict::Reject(reason);
    }
    let classes = Classes::of(secret);
    let plain = without_substitutes(secret);
    let is_sure = secret.len() >= 8
        && classes.count() >= 3
        && !is_wordy(&plain)
        && !has_common_word(&plain)
        // A hash, as crypt(5) writes it, does not open anything by itself.
        && !secret.starts_with(b"$")
        && !encodes_text(secret);
    Verdict::Grade(if is_sure {
        Confidence::Medium
    } else {
        Confidence::Low
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn verdict(
        check: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
        name: &str,
        value: &str,
    ) -> Verdict {
        let text = format!("{name} = \"{value}\"");
        let start = name.len() + 4;
        let candidate = Candidate {
            name: Some(Span::new(0, name.len())),
            ..Candidate::new(text.as_bytes(), Span::new(start, start + value.len()))
        };
        check(&candidate, &mut Vec::new())
    }

    #[test]
    fn random_values_under_names_of_secrets_are_graded() {
        let random = ["kP3v8Qz1", "Xy7Lm2Nw9Rt5"].concat();
        let digest = ["5f0c93e1b7a24d68", "9e03c7f1a6b85d24"].concat();
        let uuid = ["7d9f2c4e-1b3a", "-4c5d-8e6f-a0b1c2d3e4f5"].concat();
        for (name, value, grade) in [
            ("apiKey", &random, Confidence::Medium),
            ("AUTH_TOKEN_PROD", &random, Confidence::Medium),
            ("client-secret", &digest, Confidence::Low),
            ("token", &uuid, Confidence::Low),
        ] {
            assert_eq!(
                verdict(secret, name, value),
                Verdict::Grade(grade),
                "{name}"
            );
        }
        for name in ["publicKey", "key_id", "cacheKey", "token_type", "name"] {
            let verdict = verdict(secret, name, &random);
            assert!(matches!(verdict, Verdict::Reject(_)), "{name}: {verdict:?}");
        }
        for value in [
            "getAccessTokenFromRequest2",
            "process.env.API_KEY_2",
            "my-super-secret-key-1",
            "${SECRET_KEY_OF_APP_1}",
            "1234567890abcdef1234",
            "config/keys/app1.pem",
            "microsoftOAuth2Api",
            "_client.SyncX509WorkloadIdentityAuth",
            "module.auth.identity.v2:Token",
            "a0b1c2d3e4f5a6b7c8d9e0f1",
            "UUID=5f0c93e1-b7a24d68",
            "MyN3wS3cur3P@ssw0rd",
            "3006.0+0na.5b18e86",
            "aHR0cHM6Ly9hcGkuYWNtZS5pby92MS9sb2dpbg==",
            "AAAAC3NzaC1lZDI1NTE5AAAAIK7tXq2ZpL9w",
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6",
            "Ed25519PrivateKey",
        ] {
            let verdict = verdict(secret, "apiKey", value);
            assert!(
                matches!(verdict, Verdict::Reject(_)),
                "{value}: {verdict:?}"
            );
        }
    }

    #[test]
    fn base64_and_hex_of_every_kind_are_found() {
        for value in [
            ["9gLEsVqULUHl", "bRwPgJ8pXQ=="],
            ["/g3tbN614npz", "ZPfZJp7ckxr11kE="],
            ["926797de0b920ececae0", "ca49be4929ff442cee89"],
            ["utzeJtDQTx", "exRigQzRDV"],
            ["z2fshmi19so", "n24oty9n1a4"],
        ] {
            let verdict = verdict(secret, "client_secret", &value.concat());
            assert!(
                matches!(verdict, Verdict::Grade(_)),
                "{value:?}: {verdict:?}"
            );
        }
    }

    #[test]
    fn passwords_are_graded_by_how_they_look() {
        for (value, grade) in [
            (["Xq7!", "mPz2w"].concat(), Confidence::Medium),
            (["blue", "tiger77"].concat(), Confidence::Low),
            (["4505", "Tiger$"].concat(), Confidence::Low),
            (["rgCW", "kinP"].concat(), Confidence::Low),
            (["$1$0P70", "xKPq$4jt5/10cB"].concat(), Confidence::Low),
        ] {
            assert_eq!(
                verdict(password, "db_password", &value),
                Verdict::Grade(grade),
                "{value}"
            );
        }
        for value in [
            "password",
            "changeme",
            "butterfly",
            "${DB_PASSWORD}",
            "<password>",
            "getPassword()",
            "123456",
            "0x018C",
            "LVDS_QUIRK_PWD2",
            "test1234",
            "Sup3rS3cr3tP@ssw0rd",
            "%3A%40c",
            "bXlfcGFzc3dvcmQ=",
            "Pa$word7x",
        ] {
            let verdict = verdict(password, "DB_PASS", value);
            assert!(
                matches!(verdict, Verdict::Reject(_)),
                "{value}: {verdict:?}"
            );
        }
    }
}
