//! Judges values of any provider, which have no format of their own, by their name and content.

mod dummy;
mod name;
mod value;

use super::aws::id::has_form_of_id;
use super::login::{host, is_dummy, is_example};
use super::published::is_of_emulator;
use super::shape::{Classes, is_placeholder, longest_repeat};
use super::tool::decode_base64;
use super::wordy::{has_random_case, is_camel_case, is_wordy};
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;
use dummy::is_made_of_dummies;
use value::{
    encodes_text, has_common_word, is_assignment, is_hex_number, is_identifier, is_public_key,
    is_reference, is_symbol, is_template, is_uuid, is_version, is_walk, without_substitutes,
};

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
    if let Some(reason) = no_literal(secret).or_else(|| no_random_value(secret, name)) {
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

/// Why a literal is not a random value that is secret.
fn no_random_value(secret: &[u8], name: &[u8]) -> Option<&'static str> {
    let classes = Classes::of(secret);
    let has_mix = classes.digits > 0 && classes.letters() > 0 || has_random_case(secret);
    // A third of digits between letters is more than identifiers have.
    let has_digits_between =
        classes.others == 0 && classes.digits * 3 > secret.len() || is_hex(secret);
    if has_form_of_id(secret) {
        Some("an AWS id, which has a rule of its own")
    } else if !has_mix || entropy(secret) < MIN_ENTROPY {
        Some("not random enough")
    } else if !has_digits_between && !is_uuid(secret) && is_wordy(secret) || is_camel_case(secret) {
        Some("made of words")
    } else if is_made_of_dummies(secret, name) {
        Some("an obvious placeholder")
    } else if is_hex(secret) && name::is_of_salt(name) {
        Some("a salt is no secret")
    } else if is_public_key(secret) {
        Some("a public key")
    } else if is_of_emulator(secret) {
        Some("the key of an emulator")
    } else {
        is_assignment(secret).then_some("an assignment to another name")
    }
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

/// The least entropy of a random value of 16 characters, in bits per character.
const MIN_ENTROPY: f64 = 2.9;
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
    if let Some(reason) = no_literal(secret) {
        return Verdict::Reject(reason);
    }
    let text = String::from_utf8_lossy(secret);
    if is_dummy("", &text) || name.eq_ignore_ascii_case(secret) || is_made_of_dummies(secret, name)
    {
        return Verdict::Reject("an obvious placeholder");
    }
    let classes = Classes::of(secret);
    let plain = without_substitutes(secret);
    if classes.letters() == 0 && classes.digits < 8 {
        return Verdict::Reject("a number");
    }
    let is_plain = classes.digits == 0 && classes.others == 0;
    if is_plain && !has_random_case(secret)
        || classes.digits == 0 && is_wordy(secret)
        || is_identifier(secret)
    {
        return Verdict::Reject("made of words");
    }
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

/// Why the text around a value says that nothing is assigned to its name.
fn wrong_syntax(candidate: &Candidate<'_>) -> Option<&'static str> {
    let name = candidate.name?;
    let after_name = &candidate.text[name.end..];
    let word = name
        .of(candidate.text)
        .rsplit(|byte| b"._:".contains(byte))
        .next();
    if word == Some(b"pass") && after_name.starts_with(b"(") {
        Some("a function that lets something pass")
    } else if is_in_arn(candidate.text, name.start) {
        Some("part of an ARN")
    } else {
        is_expression(candidate).then_some("a type or a variable")
    }
}

/// Whether the name is a part of an ARN: `arn:aws:secretsmanager:eu-west-1:1:secret:app-aB3xYz`.
fn is_in_arn(text: &[u8], name: usize) -> bool {
    let before = &text[name.saturating_sub(100)..name];
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b":-_/*".contains(byte);
    let len = before.iter().rev().take_while(is_part).count();
    before[before.len() - len..].starts_with(b"arn:")
}

/// Whether the value is an identifier without quotes that ends a statement: `password: Text256;`.
fn is_expression(candidate: &Candidate<'_>) -> bool {
    let value = candidate.secret();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    candidate.before(1) == b" "
        && value[0].is_ascii_alphabetic()
        && value.iter().all(is_part)
        && matches!(candidate.after(2), [b';'] | [b';', b'\n' | b'\r'])
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
    let escapes = value.iter().filter(|&&byte| byte == b'%').count();
    if is_placeholder(value) || longest_repeat(value) >= 5 || is_walk(value) {
        Some("an obvious placeholder")
    } else if is_template(&text) || text.starts_with(['!', '@']) {
        Some("a template")
    } else if is_version(value) || is_hex_number(value) || value.len() < 6 + 2 * escapes {
        Some("a number, or too short")
    } else if is_symbol(value) {
        Some("an identifier")
    } else if is_reference(&text) {
        Some("a reference to something else")
    } else {
        encodes_no_secret(value).then_some("base64 of a text")
    }
}

/// Whether `value` is base64 of a text that is no secret.
fn encodes_no_secret(value: &[u8]) -> bool {
    let text = decode_base64(value);
    encodes_text(value) && !text.starts_with(b"Salted__") && {
        let is_prose = Classes::of(&text).digits == 0 && is_wordy(&text);
        is_prose || no_literal(&text).is_some() || is_made_of_dummies(&text, b"")
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
    fn the_text_around_a_value_says_that_it_is_not_assigned() {
        for (text, name, value) in [
            ("password: TextMaxLen256;\n", "password", "TextMaxLen256"),
            ("x.pass(\"g;x=1/y\")", "x.pass", "g;x=1/y"),
            ("arn:aws:s:eu:1:secret:app-aB3xYz", "secret", "app-aB3xYz"),
        ] {
            let find = |part: &str| {
                let start = text.find(part).unwrap();
                Span::new(start, start + part.len())
            };
            let candidate = Candidate {
                name: Some(find(name)),
                ..Candidate::new(text.as_bytes(), find(value))
            };
            assert!(wrong_syntax(&candidate).is_some(), "{text}");
        }
        let text = "pwd=TextMaxLen256;uid=sa";
        let candidate = Candidate {
            name: Some(Span::new(0, 3)),
            ..Candidate::new(text.as_bytes(), Span::new(4, 17))
        };
        assert_eq!(wrong_syntax(&candidate), None);
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
