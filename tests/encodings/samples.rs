//! Generates the secrets that are encoded: a pair of AWS, a token with a checksum, a private key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::keys::{Chance, access_key_id, secret_access_key};

/// A secret, and how a scan reports it.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    rule: &'static str,
    /// What a file has of it: names and values.
    pub(crate) values: Vec<(&'static str, String)>,
}

/// The three secrets.
pub(crate) fn samples() -> [Sample; 3] {
    let pair = vec![
        ("aws_access_key_id", access_key_id(1)),
        ("aws_secret_access_key", secret_access_key(1)),
    ];
    let all = [
        ("AWS pair", "aws-access-key-pair", pair),
        ("token", "github-pat", vec![("client", token(1))]),
        ("private key", "private-key", vec![("identity", pem())]),
    ];
    all.map(|(name, rule, values)| Sample { name, rule, values })
}

impl Sample {
    /// A configuration file with the values.
    pub(crate) fn file(&self) -> String {
        match &self.values[..] {
            [(_, value)] if value.contains('\n') => value.clone(),
            _ => format!(
                "# configuration\n{}",
                self.each(|name, value| format!("{name} = {value}\n"))
            ),
        }
    }

    /// What `line` writes for each value.
    pub(crate) fn each(&self, line: impl Fn(&str, &str) -> String) -> String {
        let values = self.values.iter();
        values.map(|(name, value)| line(name, value)).collect()
    }

    /// Whether `finding` is this secret, with all of its proof.
    pub(crate) fn is_found(&self, finding: &Value) -> bool {
        let (_, secret) = self.values.last().unwrap();
        finding["rule"] == self.rule
            && finding["confidence"] == "certain"
            && (secret.contains('\n') || finding["secret"] == **secret)
    }
}

/// A GitHub token, whose last six characters are the CRC-32 of those before them.
pub(crate) fn token(seed: u64) -> String {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let random = Chance::new(seed, "token with a checksum").text(BASE62, 30);
    let mut sum = crc32fast::hash(random.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[sum as usize % 62];
        sum /= 62;
    }
    format!("gh{}_{random}{}", 'p', String::from_utf8_lossy(&digits))
}

/// A private key in the format of OpenSSH, whose numbers are random.
fn pem() -> String {
    let mut chance = Chance::new(1, "private key");
    let mut random =
        |len: usize| -> Vec<u8> { (0..len).map(|_| chance.below(256) as u8).collect() };
    let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let (public, check) = (random(279), random(4));
    let private = [&check[..], &check, &random(900)].concat();
    let key = [
        &b"openssh-key-v1\0"[..],
        &field(b"none"),
        &field(b"none"),
        &field(b""),
        &[0, 0, 0, 1],
        &field(&public),
        &field(&private),
    ];
    let lines = lines_of(&STANDARD.encode(key.concat()), 70).join("\n");
    let label = ["OPENSSH PRI", "VATE KEY-----"].concat();
    format!("-----BEGIN {label}\n{lines}\n-----END {label}\n")
}

/// `text` in lines of this many characters.
pub(crate) fn lines_of(text: &str, width: usize) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    text.chunks(width)
        .map(|line| line.iter().collect())
        .collect()
}
