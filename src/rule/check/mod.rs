//! Implements the checks that a pattern cannot express. A rule names them in its `checks`.

mod aws;
mod ciphertext;
mod crc;
mod der;
mod dummy;
mod encrypted;
mod generic;
mod login;
mod pairs;
mod payload;
mod pem;
mod published;
mod shape;
mod tool;
mod wordy;

pub(crate) use aws::id::has_form_of_id;
pub use encrypted::is_encrypted;

use crate::text::Span;

use super::{Confidence, Text};

/// The bytes that matched a rule's pattern, with the text around them.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'t> {
    /// The text, decoded if it was encoded.
    pub text: &'t [u8],
    /// The place of the secret in `text`.
    pub span: Span,
    /// The place of the name that it is assigned to, for rules that look for one.
    pub name: Option<Span>,
    /// Whether that name says whose secret it is.
    pub says_whose: bool,
}

impl<'t> Candidate<'t> {
    /// A candidate whose name is not known.
    #[must_use]
    pub const fn new(text: &'t [u8], span: Span) -> Self {
        Self {
            text,
            span,
            name: None,
            says_whose: false,
        }
    }

    /// The candidate's own bytes.
    #[must_use]
    pub fn secret(&self) -> &'t [u8] {
        self.span.of(self.text)
    }

    /// Up to `reach` bytes right before it.
    #[must_use]
    pub fn before(&self, reach: usize) -> &'t [u8] {
        Span::new(self.span.start.saturating_sub(reach), self.span.start).of(self.text)
    }

    /// Up to `reach` bytes right after it.
    #[must_use]
    pub fn after(&self, reach: usize) -> &'t [u8] {
        Span::new(
            self.span.end,
            self.text.len().min(self.span.end.saturating_add(reach)),
        )
        .of(self.text)
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not a secret, with the reason in a few words.
    Reject(&'static str),
    /// It may be a secret, with the confidence of the rule.
    Accept,
    /// It is a secret, with this confidence. A later grade replaces an earlier one.
    Grade(Confidence),
}

impl Verdict {
    /// Accepts if `holds`, or else rejects for `reason`.
    #[must_use]
    pub(crate) fn accept_if(holds: bool, reason: &'static str) -> Self {
        if holds {
            Self::Accept
        } else {
            Self::Reject(reason)
        }
    }
}

/// A fact about a secret that is worth reporting, such as its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Its name, in `snake_case`.
    pub key: Text,
    /// Its value, which must not reveal the secret.
    pub value: String,
}

impl Detail {
    /// A detail with this name and value.
    #[must_use]
    pub fn new(key: impl Into<Text>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

/// A named check.
#[derive(Debug)]
pub struct Check {
    /// The name in rules, in kebab-case.
    pub name: &'static str,
    /// What it requires, in one sentence.
    pub about: &'static str,
    /// The check itself, which adds what it learns to the list.
    pub run: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
    /// Whether it may accept this value in any context. The prefilter asks this about every long
    /// run of base64, so that it can drop most of them at once.
    pub could_be: fn(&[u8]) -> bool,
}

impl Check {
    /// A check that needs the context of a value.
    const fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
    ) -> Self {
        Self {
            name,
            about,
            run,
            could_be: |_| true,
        }
    }

    /// The same check, which rejects all other values in any context.
    const fn for_values(self, could_be: fn(&[u8]) -> bool) -> Self {
        Self { could_be, ..self }
    }
}

/// All checks.
pub static CHECKS: &[Check] = &[
    Check::new(
        "placeholder",
        "is not an obvious dummy such as EXAMPLE, xxxx or 1234567890",
        shape::placeholder,
    ),
    Check::new(
        "boundary",
        "does not begin or end inside a longer word",
        shape::boundary,
    ),
    Check::new(
        "aws-access-key-id",
        "is an access key id: base32 body, account number below 10^12, not inside base64",
        aws::id::access_key_id,
    ),
    Check::new(
        "aws-secret-access-key",
        "looks like 30 random bytes in base64, and is not in a place for other data",
        aws::secret::secret_access_key,
    )
    .for_values(aws::secret::could_be),
    Check::new(
        "aws-session-token",
        "decodes to the header of a session token, or is long base64 after a token's name",
        aws::token::session_token,
    )
    .for_values(aws::token::could_be),
    Check::new(
        "aws-bearer-key",
        "decodes to a user and an account number, or to a presigned request",
        aws::token::bearer_key,
    ),
    Check::new(
        "aws-legacy-access-key-id",
        "is 20 random upper-case letters and digits, and not an id of another kind",
        aws::id::legacy_access_key_id,
    ),
    Check::new(
        "aws-eks-token",
        "decodes to a presigned request to STS",
        aws::token::eks_token,
    ),
    Check::new(
        "aws-cognito-client-secret",
        "follows the name of a client secret, with Cognito near it",
        aws::context::cognito_client_secret,
    )
    .for_values(aws::context::could_be_client_secret),
    Check::new(
        "aws-api-gateway-key",
        "is random, with a host of execute-api near it",
        aws::context::api_gateway_key,
    ),
    Check::new(
        "aws-console-password",
        "has three kinds of characters, as generated passwords have",
        aws::context::console_password,
    ),
    Check::new(
        "aws-ses-smtp-password",
        "has the version byte of an SES SMTP password, with SMTP near it",
        aws::context::ses_smtp_password,
    )
    .for_values(aws::context::could_be_smtp_password),
    Check::new(
        "crc32-base62",
        "graded by the CRC-32 in base 62 at its end, as GitHub and npm write it",
        crc::base62,
    ),
    Check::new(
        "crc32-gitlab",
        "graded by the CRC-32 in base 36 of a routable token",
        crc::gitlab,
    ),
    Check::new(
        "crc32-atlassian",
        "graded by the CRC-32 in upper-case hex at its end",
        crc::atlassian,
    ),
    Check::new(
        "crc32-grafana",
        "graded by the CRC-32 in hex at its end, lowest byte first",
        crc::grafana,
    ),
    Check::new(
        "crc32-hex",
        "graded by the CRC-32 in hex at its end, of what follows the prefix",
        crc::hex,
    ),
    Check::new(
        "crc32-confluent",
        "raised by a correct CRC-32 in base64 at its end",
        crc::confluent,
    ),
    Check::new(
        "bech32-age",
        "graded by the bech32 checksum of an age key",
        crc::age,
    ),
    Check::new(
        "crc16-nkey",
        "graded by the CRC-16 at its end, as NATS writes it",
        crc::nkey,
    ),
    Check::new(
        "der-key",
        "decodes to a private key whose lengths are right",
        pem::bare_key,
    ),
    Check::new(
        "private-key",
        "contains the body of a private key, graded by what it decodes to",
        pem::private_key,
    ),
    Check::new(
        "putty-key",
        "contains the private lines of a PuTTY key",
        pem::putty,
    ),
    Check::new(
        "pypi-macaroon",
        "graded by the location in its macaroon",
        payload::pypi,
    ),
    Check::new(
        "jwt",
        "decodes to a header with an algorithm and to claims",
        payload::jwt,
    ),
    Check::new(
        "jwk",
        "is the private member of a JSON web key, with the length of its type",
        payload::jwk,
    ),
    Check::new(
        "otp-seed",
        "decodes to random bytes, not to a text",
        payload::otp_seed,
    ),
    Check::new("discord-bot", "contains the id of a bot", payload::discord),
    Check::new(
        "azure-key",
        "is random bytes, and not the key of an emulator",
        payload::azure_key,
    ),
    Check::new(
        "docker-auth",
        "decodes to a name and a password",
        payload::docker_auth,
    ),
    Check::new(
        "numbered-bytes",
        "graded by the number that it decodes to",
        payload::numbered_bytes,
    ),
    Check::new(
        "generic-secret",
        "is a random value, assigned to the name of a key, token or secret",
        generic::secret,
    ),
    Check::new(
        "generic-password",
        "is a literal password, assigned to the name of one",
        generic::password,
    ),
    Check::new(
        "random-token",
        "is a random value, not words, a reference or a JSON web token",
        generic::token,
    ),
    Check::new(
        "plain-password",
        "is a literal password, not a dummy, a variable or a word",
        generic::plain_password,
    ),
    Check::new(
        "base64-password",
        "decodes to a literal password, or to a name and one",
        payload::base64_password,
    ),
    Check::new(
        "url-token",
        "is a random value, not for a host of documentation, and not a public key of Sentry",
        generic::url_token,
    ),
    Check::new(
        "url-password",
        "is a literal password, not a dummy, and not for a host of documentation",
        login::url_password,
    ),
];

/// Shannon entropy of `bytes`, in bits per byte.
#[must_use]
pub fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "candidates are far shorter than 2^52 bytes"
    )]
    let total = bytes.len() as f64;
    let terms = counts.iter().filter(|&&count| count > 0).map(|&count| {
        let p = f64::from(count) / total;
        -p * p.log2()
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_texts() {
        assert!(entropy(b"").abs() < 1e-9);
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
    }
}
