//! Checks private keys as text: PEM and bare base64, OpenSSH, OpenPGP armour and PuTTY, by what
//! they decode to.
//!
//! Formats: RFC 7468 (PEM), OpenSSH's `PROTOCOL.key`, RFC 4880 section 6 (armour) and appendix C of
//! the PuTTY manual.

use super::der::{self, Proof};
use super::published::grade_published;
use super::shape::longest_repeat;
use super::tool::{decode_base64, is_base64};
use super::wordy::is_wordy;
use super::{Candidate, Detail, Verdict, entropy};
use crate::rule::Confidence;

/// The fewest characters of base64 in a key: an Ed25519 key in PKCS#8 takes 64, a bare P-256
/// key 68.
const MIN_BODY: usize = 56;

/// Checks a block with the label of a private key: it must have a body, and what that decodes to
/// decides how sure it is.
pub(super) fn private_key(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let block = candidate.secret();
    let Some((label, rest)) = split_label(block) else {
        return Verdict::Reject("no header of a private key");
    };
    let end = memchr::memmem::rfind(rest, b"-----END")
        .or_else(|| memchr::memmem::rfind(rest, b"---- END"));
    let body = Body::read(&rest[..end.unwrap_or(rest.len())]);
    // A real key may contain a dozen zero bytes in a row: a longer repeat than in other secrets.
    if body.base64.len() < MIN_BODY
        || entropy(&body.base64) < 4.0
        || longest_repeat(&body.base64) >= 24
    {
        return Verdict::Reject("contains no key");
    }
    let decoded = decode_base64(&body.base64);
    let kind = kind_of(label, &decoded);
    details.push(Detail::new("key_type", kind));
    if let Some(published) = grade_published(&decoded, details) {
        return published;
    }
    let says_encrypted = memchr::memmem::find(label, b"ENCRYPTED").is_some();
    let proven = match kind {
        "OpenSSH" => openssh(&decoded),
        "OpenPGP" => openpgp(&decoded, body.crc24.as_deref()),
        _ => der::proof(&decoded),
    };
    if proven == Proof::None && is_wordy(&body.base64) {
        return Verdict::Reject("code that reads or writes keys");
    }
    if end.is_some() && proven == Proof::Partial && is_shortened(&decoded) {
        return Verdict::Reject("shortened for an example");
    }
    let (reason, confidence) = match proven {
        // With the header `Proc-Type: 4,ENCRYPTED` all of the body is encrypted.
        _ if body.encrypted || proven == Proof::Encrypted => return grade_encrypted(details),
        Proof::Whole | Proof::Partial | Proof::Broken if says_encrypted => {
            return grade_encrypted(details);
        }
        Proof::Whole => return Verdict::Grade(Confidence::Certain),
        Proof::Partial => ("it is cut short or damaged", Confidence::High),
        Proof::Broken => ("its parts have wrong lengths", Confidence::Medium),
        Proof::None | Proof::Encrypted => ("it does not decode to a key", Confidence::Low),
    };
    details.push(Detail::new("unreadable", reason));
    Verdict::Grade(confidence)
}

/// Whether `decoded` is less than a quarter of the DER that it says to be. The first quarter of an
/// RSA key is its public half.
fn is_shortened(decoded: &[u8]) -> bool {
    der::header(decoded).is_some_and(|(_, len, rest)| rest.len() * 4 < len)
}

/// How far the lines of a key reach, in bytes: 8,192 bits of RSA are 6,200 characters of base64.
const MAX_TEXT: usize = 12 << 10;

/// Checks base64 that begins like a private key without the lines around it: the lengths in it must
/// be right. The key may continue on the lines that follow.
pub(super) fn bare_key(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let first = candidate.secret();
    let start = decode_base64(&first[..first.len().min(8)]);
    let Some((_, len, rest)) = der::header(&start) else {
        return Verdict::Reject("not DER");
    };
    let needed = ((len + start.len() - rest.len()) * 8).div_ceil(6);
    let mut body = first.to_vec();
    if body.len() < needed {
        body.extend(Body::read(candidate.after(MAX_TEXT)).base64);
    }
    body.truncate(needed);
    let decoded = decode_base64(&body);
    if der::proof(&decoded) != Proof::Whole {
        return Verdict::Reject("its lengths are not those of a private key");
    }
    grade_published(&decoded, details).unwrap_or(Verdict::Grade(Confidence::Certain))
}

/// Checks a key file of PuTTY: it must have private lines, and an encrypted key is less sure.
pub(super) fn putty(candidate: &Candidate<'_>, details: &mut Vec<Detail>) -> Verdict {
    let file = candidate.secret();
    let Some(at) = memchr::memmem::find(file, b"Private-Lines:") else {
        return Verdict::Reject("no private lines");
    };
    let lines = &file[at..];
    let body = &lines[lines
        .iter()
        .position(|b| matches!(b, b'\n' | b'\\'))
        .unwrap_or(lines.len())..];
    if Body::read(body).base64.len() < 32 {
        return Verdict::Reject("contains no key");
    }
    details.push(Detail::new("key_type", "PuTTY"));
    if memchr::memmem::find(file, b"Encryption: none").is_some() {
        return Verdict::Grade(Confidence::High);
    }
    grade_encrypted(details)
}

fn grade_encrypted(details: &mut Vec<Detail>) -> Verdict {
    let text = "protected by a passphrase, as strong as that is";
    details.push(Detail::new("encrypted", text));
    Verdict::Grade(Confidence::Medium)
}

/// The label between `BEGIN ` and the dashes after it, and everything after those.
fn split_label(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = memchr::memmem::find(block, b"BEGIN ")? + 6;
    let len = memchr::memmem::find(&block[start..], b"----")?;
    let rest = &block[start + len..];
    let dashes = rest.iter().take_while(|&&b| b == b'-').count();
    Some((&block[start..start + len], &rest[dashes..]))
}

fn kind_of(label: &[u8], decoded: &[u8]) -> &'static str {
    match label {
        _ if label.starts_with(b"PGP") => "OpenPGP",
        _ if label.starts_with(b"OPENSSH") || decoded.starts_with(b"openssh-key-v1\0") => "OpenSSH",
        _ if label.starts_with(b"RSA") => "RSA",
        _ if label.starts_with(b"EC ") => "EC",
        _ if label.starts_with(b"DSA") => "DSA",
        _ => "PKCS#8",
    }
}

/// The text of a block, without quotes and comment signs.
pub(super) struct Body {
    pub(super) base64: Vec<u8>,
    encrypted: bool,
    crc24: Option<Vec<u8>>,
}

impl Body {
    /// Reads the lines of a block, which may be in a string with `\n`, indented, quoted, commented
    /// out, joined with `+`, or added by a patch. Skips headers such as `Proc-Type:`.
    pub(super) fn read(text: &[u8]) -> Self {
        let mut body = Self {
            base64: Vec::new(),
            encrypted: false,
            crc24: None,
        };
        let text = unescape(text);
        let lines = text.split(|&b| b == b'\n');
        let is_patch = lines
            .clone()
            .skip(1)
            .all(|line| line.is_empty() || line.starts_with(b"+"));
        for line in lines {
            let line = line.strip_prefix(b"+").filter(|_| is_patch).unwrap_or(line);
            let line = after_plus(line);
            let first = line.iter().position(is_base64).unwrap_or(line.len());
            let last = line.iter().rposition(is_base64);
            let mut line = &line[first..last.map_or(first, |last| last + 1)];
            // In `"…" +` the sign belongs to the language, not to the key.
            if let Some(at) = memchr::memchr3(b'"', b'\'', b'`', line) {
                line = &line[..at];
            }
            if line.contains(&b':') {
                body.encrypted |= memchr::memmem::find(line, b"ENCRYPTED").is_some();
            } else if let Some(sum) = line.strip_prefix(b"=").filter(|sum| sum.len() == 4) {
                body.crc24 = Some(decode_base64(sum));
            } else if line != b"+" {
                body.base64
                    .extend(line.iter().filter(|byte| is_base64(byte)));
            }
        }
        body
    }
}

/// The line without a `+` that joins the string in it to the one before.
fn after_plus(line: &[u8]) -> &[u8] {
    let rest = line.trim_ascii_start().strip_prefix(b"+");
    let rest = rest.filter(|rest| matches!(rest.trim_ascii_start(), [b'"' | b'\'' | b'`', ..]));
    rest.unwrap_or(line)
}

/// Decodes line breaks that are escaped once or twice, and `\/`.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let slashes = text[at..].iter().take_while(|&&b| b == b'\\').count();
        match text.get(at + slashes) {
            Some(b'n' | b'r') if slashes > 0 => {
                out.push(b'\n');
                at += slashes + 1;
            }
            _ if slashes > 0 => at += slashes,
            Some(&byte) => {
                out.push(if byte == b'\r' { b'\n' } else { byte });
                at += 1;
            }
            None => break,
        }
    }
    out
}

/// Recognizes the magic, the name of a cipher, which is `none` if the key has no passphrase, and
/// the two equal numbers before the key itself, which OpenSSH compares as well.
fn openssh(bytes: &[u8]) -> Proof {
    let Some(mut rest) = bytes.strip_prefix(b"openssh-key-v1\0") else {
        return Proof::None;
    };
    match field(&mut rest) {
        Some(b"none") => {}
        Some(_) => return Proof::Encrypted,
        None => return Proof::Partial,
    }
    match openssh_key(rest) {
        Some(key) if key.get(..4) == key.get(4..8) => Proof::Whole,
        Some(_) => Proof::Broken,
        None => Proof::Partial,
    }
}

/// The private half, after a key derivation, its options, the count of keys and the public half.
fn openssh_key(mut rest: &[u8]) -> Option<&[u8]> {
    field(&mut rest)?;
    field(&mut rest)?;
    rest = rest.get(4..)?;
    field(&mut rest)?;
    field(&mut rest)
}

/// Takes a string with its length before it off `bytes`.
fn field<'t>(bytes: &mut &'t [u8]) -> Option<&'t [u8]> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
    *bytes = rest;
    Some(field)
}

/// Recognizes a packet of tag 5 (secret key), whose armour ends in a CRC-24 if it is complete.
fn openpgp(bytes: &[u8], crc24: Option<&[u8]>) -> Proof {
    if !matches!(bytes, [0x94..=0x97 | 0xc5, ..]) {
        return Proof::None;
    }
    let sum = bytes.iter().fold(0xb7_04ce_u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 16, |sum, _| {
            let next = sum << 1;
            if next & 0x100_0000 == 0 {
                next
            } else {
                next ^ 0x186_4cfb
            }
        })
    });
    if crc24 == Some(&sum.to_be_bytes()[1..]) {
        Proof::Whole
    } else {
        Proof::Partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn grade(text: &str) -> Verdict {
        private_key(
            &Candidate::new(text.as_bytes(), Span::new(0, text.len())),
            &mut Vec::new(),
        )
    }

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}PRIVATE KEY-----\n{body}\n-----END {label}PRIVATE KEY-----")
    }

    /// An Ed25519 key in PKCS#8 whose 32 bytes count up by 37.
    fn ed25519() -> String {
        let mut der = vec![
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        der.extend((1..=32_u32).map(|n| (n * 37 % 251) as u8));
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der)
    }

    #[test]
    fn a_whole_key_is_certain_in_any_quoting() {
        let key = ed25519();
        let (a, b) = key.split_at(32);
        for body in [
            key.clone(),
            format!("{a}\r\n{b}\r"),
            format!("    {a}\n    {b}"),
            format!("\\n{a}\\n{b}\\n"),
            format!("\\\\n{a}\\\\n{b}\\\\n"),
            format!("\" +\n  \"{a}\\n\" +\n  \"{b}\\n\" +\n  \""),
            format!("# {a}\n# {b}\n#"),
            format!("+{a}\n+{b}\n+"),
            format!("\\r\\n{a}'\n  + '{b}\\r\\n"),
            format!("\\r\\n{}\\r\\n", key.replace('/', "\\/")),
        ] {
            assert_eq!(
                grade(&block("", &body)),
                Verdict::Grade(Confidence::Certain),
                "{body}"
            );
        }
    }

    #[test]
    fn a_cut_encrypted_or_invented_key_is_graded_lower() {
        let key = ed25519();
        assert_eq!(
            grade(&format!("-----BEGIN PRIVATE KEY-----\n{}", &key[..60])),
            Verdict::Grade(Confidence::High)
        );
        let headers = format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{key}");
        assert_eq!(
            grade(&block("RSA ", &headers)),
            Verdict::Grade(Confidence::Medium)
        );
        assert_eq!(
            grade(&block("RSA ", &key.replacen('M', "N", 1))),
            Verdict::Grade(Confidence::Low)
        );
        assert_eq!(
            grade(&block("RSA ", &key.replacen("MC4CAQAw", "MC4CAQAx", 1))),
            Verdict::Grade(Confidence::Medium)
        );
        let shortened = format!("MIIEpAIBAAKCAQEA{}.", &key[key.len() - 44..]);
        let code =
            "';\nout.push(makeHeader(customComment, config));\nout.push(encodeBase64(body));\n";
        let repeat = "A".repeat(64);
        for body in ["...", "", "MIIEpAIBAAKCAQEA...", &repeat, &shortened, code] {
            assert!(
                matches!(grade(&block("RSA ", body)), Verdict::Reject(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn openssh_and_openpgp_keys_are_recognized_by_their_first_bytes() {
        let encode = |bytes: &[u8]| {
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
        };
        let random: Vec<u8> = (1..=60_u32).map(|n| (n * 37 % 251) as u8).collect();
        let field = |text: &[u8]| [&(text.len() as u32).to_be_bytes(), text].concat();
        for (cipher, check, confidence) in [
            ("none", "samesame", Confidence::Certain),
            ("none", "sameelse", Confidence::Medium),
            ("aes256-ctr", "samesame", Confidence::Medium),
        ] {
            let private = field(&[check.as_bytes(), &random].concat());
            let head = [
                b"openssh-key-v1\0",
                &*field(cipher.as_bytes()),
                &field(b"none"),
            ]
            .concat();
            let key = [
                &*head,
                &field(b""),
                &[0, 0, 0, 1],
                &field(b"public"),
                &private,
            ]
            .concat();
            assert_eq!(
                grade(&block("OPENSSH ", &encode(&key))),
                Verdict::Grade(confidence)
            );
        }
        let packet = [&[0x95][..], &random].concat();
        let armour = |sum: &str| {
            let body = encode(&packet);
            let label = "PGP PRIVATE KEY BLOCK-----";
            format!("-----BEGIN {label}\nVersion: x\n\n{body}\n{sum}\n-----END {label}")
        };
        assert_eq!(grade(&armour("=AAAA")), Verdict::Grade(Confidence::High));
        assert_eq!(grade(&armour("")), Verdict::Grade(Confidence::High));
    }
}
