//! Judges values of any provider, which have no format of their own, by their name and content.

mod name;
mod pairs;
mod value;

use super::aws::id::has_form_of_id;
use super::login::{host, is_dummy, is_example, is_template};
use super::shape::{Classes, is_placeholder, longest_repeat};
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;
use value::{
    encodes_text, has_common_word, is_hex_number, is_identifier, is_reference, is_symbol, is_uuid,
    is_version, is_walk, is_wordy, without_substitutes,
};

/// Checks a random value under the name of a key, token or secret.
pub(super) fn secret(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    let Some(name) = candidate.name.map(|name| name.of(candidate.text)) else {
        return Verdict::Reject("not the name of a secret");
    };
    if !name::is_of_secret(name) {
        return Verdict::Reject("not the name of a secret");
    }
    let secret = candidate.secret();
    let is_hex = secret.iter().all(u8::is_ascii_hexdigit);
    let is_bare_key = name.eq_ignore_ascii_case(b"key");
    match judge_secret(secret) {
        Verdict::Grade(_) if is_hex && name::is_of_salt(name) => {
            Verdict::Reject("a salt is no secret")
        }
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
    judge_secret(candidate.secret())
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

fn judge_secret(secret: &[u8]) -> Verdict {
    if let Some(reason) = no_literal(secret) {
        return Verdict::Reject(reason);
    }
    if has_form_of_id(secret) {
        return Verdict::Reject("an AWS id, which has a rule of its own");
    }
    let classes = Classes::of(secret);
    if classes.digits == 0 || classes.letters() == 0 || entropy(secret) < MIN_ENTROPY {
        return Verdict::Reject("not random enough");
    }
    if is_wordy(secret) {
        return Verdict::Reject("made of words");
    }
    // A digest and a UUID identify things more often than they protect them.
    let is_sure = secret.len() >= MIN_SURE
        && !is_uuid(secret)
        && !secret.iter().all(u8::is_ascii_hexdigit)
        && classes.digits * 16 >= secret.len()
        && entropy(secret) >= SURE_ENTROPY
        && !encodes_text(secret);
    Verdict::Grade(if is_sure {
        Confidence::Medium
    } else {
        Confidence::Low
    })
}

/// The least entropy of a random value of 16 characters, in bits per character.
const MIN_ENTROPY: f64 = 2.9;
/// The entropy and the length from which a value is random beyond doubt.
const SURE_ENTROPY: f64 = 3.6;
const MIN_SURE: usize = 20;

/// Checks a password that people may have chosen, under the name of one.
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
    if name.eq_ignore_ascii_case(candidate.secret()) {
        return Verdict::Reject("an obvious placeholder");
    }
    judge_password(candidate.secret())
}

/// Checks a password in a place for one, such as a command line.
pub(super) fn plain_password(candidate: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    judge_password(candidate.secret())
}

/// Judges a password by its own bytes.
pub(super) fn judge_password(secret: &[u8]) -> Verdict {
    if let Some(reason) = no_literal(secret) {
        return Verdict::Reject(reason);
    }
    if is_dummy("", &String::from_utf8_lossy(secret)) {
        return Verdict::Reject("an obvious placeholder");
    }
    let classes = Classes::of(secret);
    let plain = without_substitutes(secret);
    if classes.letters() == 0 && classes.digits < 8 {
        return Verdict::Reject("a number");
    }
    if classes.digits == 0 && (classes.others == 0 || is_wordy(secret)) || is_identifier(secret) {
        return Verdict::Reject("made of words");
    }
    let is_sure = secret.len() >= 8
        && classes.count() >= 3
        && !is_wordy(&plain)
        && !has_common_word(&plain)
        && !encodes_text(secret);
    Verdict::Grade(if is_sure {
        Confidence::Medium
    } else {
        Confidence::Low
    })
}

/// Whether the name begins a string in which a text follows: `"PASS: all tests"`.
fn is_in_message(candidate: &Candidate<'_>) -> bool {
    let Some(name) = candidate.name else {
        return false;
    };
    let before = name.start.checked_sub(1).map(|at| candidate.text[at]);
    matches!(before, Some(b'"' | b'\'' | b'`')) && candidate.text[name.end..].starts_with(b": ")
}

/// Why a value is not a secret that is written out.
fn no_literal(value: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(value);
    if is_placeholder(value) || longest_repeat(value) >= 5 || is_walk(value) {
        Some("an obvious placeholder")
    } else if is_template(&text) || text.starts_with(['!', '@']) {
        Some("a template")
    } else if is_version(value) || is_hex_number(value) {
        Some("a number")
    } else if is_symbol(value) {
        Some("an identifier")
    } else if is_reference(&text) {
        Some("a reference to something else")
    } else {
        None
    }
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
        let digest = ["0a1b2c3d4e5f6071", "8293a4b5c6d7e8f9"].concat();
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
        ] {
            let verdict = verdict(secret, "apiKey", value);
            assert!(
                matches!(verdict, Verdict::Reject(_)),
                "{value}: {verdict:?}"
            );
        }
    }

    #[test]
    fn passwords_are_graded_by_how_they_look() {
        for (value, grade) in [
            (["Xq7!", "mPz2w"].concat(), Confidence::Medium),
            (["blue", "tiger77"].concat(), Confidence::Low),
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
        ] {
            let verdict = verdict(password, "DB_PASS", value);
            assert!(
                matches!(verdict, Verdict::Reject(_)),
                "{value}: {verdict:?}"
            );
        }
    }
}
