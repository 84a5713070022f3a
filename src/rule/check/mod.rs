//! Checks: what a pattern cannot say about a candidate, said in code and named in a rule's `checks`.

mod aws;
mod crc;
mod login;
mod payload;
mod pem;
mod shape;
mod tool;

pub(crate) use tool::decode_base64;

use crate::text::Span;

use super::Confidence;

/// A stretch of bytes that matched a rule's pattern, with the text it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'t> {
    /// The text around it. May be decoded from something else.
    pub text: &'t [u8],
    /// Where in `text` the secret stands.
    pub span: Span,
}

impl<'t> Candidate<'t> {
    /// The candidate's own bytes.
    #[must_use]
    pub fn secret(&self) -> &'t [u8] {
        self.span.of(self.text)
    }

    /// Up to `reach` bytes that stand right before it.
    #[must_use]
    pub fn before(&self, reach: usize) -> &'t [u8] {
        Span::new(self.span.start.saturating_sub(reach), self.span.start).of(self.text)
    }

    /// Up to `reach` bytes that stand right after it.
    #[must_use]
    pub fn after(&self, reach: usize) -> &'t [u8] {
        Span::new(self.span.end, self.text.len().min(self.span.end.saturating_add(reach))).of(self.text)
    }
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not a secret, and why, in a few words.
    Reject(&'static str),
    /// Nothing against it; the rule's confidence stands.
    Accept,
    /// It is one, this sure. A later check that grades wins over an earlier one.
    Grade(Confidence),
}

impl Verdict {
    /// Accepts where `holds`, and otherwise rejects for `reason`.
    #[must_use]
    pub(crate) fn accept_if(holds: bool, reason: &'static str) -> Self {
        if holds { Self::Accept } else { Self::Reject(reason) }
    }
}

/// Something a check learned about a secret that is worth reporting, such as the account it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// What it is, in `snake_case`.
    pub key: &'static str,
    /// Its value. Never a part of the secret that is secret.
    pub value: String,
}

impl Detail {
    /// A detail.
    #[must_use]
    pub fn new(key: &'static str, value: impl Into<String>) -> Self {
        Self { key, value: value.into() }
    }
}

/// A named check.
#[derive(Debug)]
pub struct Check {
    /// The name that rules use, in kebab-case.
    pub name: &'static str,
    /// What it demands, in one sentence.
    pub about: &'static str,
    /// The check itself; what it learns goes into the list.
    pub run: fn(&Candidate<'_>, &mut Vec<Detail>) -> Verdict,
}

/// Every check there is.
pub static CHECKS: &[Check] = &[
    Check {
        name: "placeholder",
        about: "is not an obvious dummy: no EXAMPLE, no xxxx, no 1234567890",
        run: shape::placeholder,
    },
    Check { name: "boundary", about: "does not begin or end inside a longer word", run: shape::boundary },
    Check {
        name: "aws-access-key-id",
        about: "is an access key id: base32 body, account number below 10^12, not inside base64",
        run: aws::id::access_key_id,
    },
    Check {
        name: "aws-secret-access-key",
        about: "is built like 30 random bytes in base64, and does not stand where something else does",
        run: aws::secret::secret_access_key,
    },
    Check {
        name: "aws-session-token",
        about: "decodes to the header of a session token, or is long base64 under a token's name",
        run: aws::token::session_token,
    },
    Check {
        name: "aws-bearer-key",
        about: "decodes to a user and an account number, or to a presigned request",
        run: aws::token::bearer_key,
    },
    Check {
        name: "aws-legacy-access-key-id",
        about: "is 20 random upper-case letters and digits, and no id of another kind",
        run: aws::id::legacy_access_key_id,
    },
    Check { name: "aws-eks-token", about: "decodes to a presigned request to STS", run: aws::token::eks_token },
    Check {
        name: "aws-cognito-client-secret",
        about: "stands under the name of a client secret, with Cognito near it",
        run: aws::context::cognito_client_secret,
    },
    Check {
        name: "aws-api-gateway-key",
        about: "is random, with a host of execute-api near it",
        run: aws::context::api_gateway_key,
    },
    Check {
        name: "aws-console-password",
        about: "has three kinds of characters, as generated passwords do",
        run: aws::context::console_password,
    },
    Check {
        name: "aws-ses-smtp-password",
        about: "has the version byte of an SES SMTP password and stands near a word of SMTP",
        run: aws::context::ses_smtp_password,
    },
    Check {
        name: "crc32-base62",
        about: "graded by the CRC-32 in base 62 at its end, as GitHub and npm write it",
        run: crc::base62,
    },
    Check { name: "crc32-gitlab", about: "graded by the CRC-32 in base 36 of a routable token", run: crc::gitlab },
    Check { name: "crc32-atlassian", about: "graded by the CRC-32 in upper-case hex at its end", run: crc::atlassian },
    Check {
        name: "crc32-grafana",
        about: "graded by the CRC-32 in hex at its end, lowest byte first",
        run: crc::grafana,
    },
    Check {
        name: "crc32-hex",
        about: "graded by the CRC-32 in hex at its end, of what stands after the prefix",
        run: crc::hex,
    },
    Check { name: "crc32-confluent", about: "raised by a right CRC-32 in base64 at its end", run: crc::confluent },
    Check { name: "bech32-age", about: "graded by the bech32 checksum of an age key", run: crc::age },
    Check {
        name: "private-key",
        about: "holds the body of a private key, graded by what it decodes to",
        run: pem::private_key,
    },
    Check { name: "putty-key", about: "holds the private lines of a PuTTY key", run: pem::putty },
    Check { name: "pypi-macaroon", about: "graded by the location in its macaroon", run: payload::pypi },
    Check { name: "jwt", about: "decodes to a header with an algorithm and to claims", run: payload::jwt },
    Check { name: "discord-bot", about: "holds the number of a bot", run: payload::discord },
    Check { name: "azure-key", about: "is random bytes, and not the key of an emulator", run: payload::azure_key },
    Check { name: "docker-auth", about: "decodes to a name and a password", run: payload::docker_auth },
    Check { name: "numbered-bytes", about: "graded by the number that it decodes to", run: payload::numbered_bytes },
    Check {
        name: "url-password",
        about: "is a literal password, no dummy, and not for a host of documentation",
        run: login::url_password,
    },
];

/// Shannon entropy of `bytes`, in bits per byte.
#[must_use]
pub fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "candidates are far shorter than 2^52 bytes")]
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
