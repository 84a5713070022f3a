//! Recognizes files that a tool encrypted, for the `[[encrypted]]` entries of a policy: by their
//! content, and not by their name. `docs/configuration.md` names the source of each format.

use bstr::ByteSlice as _;

use super::ciphertext::is_rails_message;
use super::tool::{Lazy, decode_base64, is_base64};

/// A value of SOPS.
macro_rules! sops_value {
    () => {
        concat!(
            r"ENC\[AES256_GCM,data:[a-z0-9+/]+=*,iv:[a-z0-9+/]{16,}=*,",
            r"tag:[a-z0-9+/]{22}==,type:[a-z]+\]"
        )
    };
}

static SOPS_VALUE: Lazy = Lazy::new(sops_value!());
/// The authentication code in the metadata of SOPS.
static SOPS_MAC: Lazy = Lazy::new(concat!(
    r#"(?m)(?:^|[\s"'{,])(?:sops_)?mac["']?[ \t]*[:=][ \t]*["']?"#,
    sops_value!()
));

static SEALED_KIND: Lazy = Lazy::new(concat!(
    r#"(?m)^kind:[ \t]*["']?SealedSecret["']?[ \t]*\r?$|"#,
    r#"\A\s*\{(?s:.*?)"kind"\s*:\s*"SealedSecret""#
));
static SEALED_VALUES: Lazy = Lazy::new(r#"^\s*["']?encryptedData["']?\s*:\s*\{?\s*$"#);
/// A value of a sealed secret: the length of an encrypted key, in two bytes, the key, and more.
static SEALED_VALUE: Lazy =
    Lazy::new(r#"^\s*["']?[\w.-]+["']?\s*:\s*["']?A[gQ][a-z0-9+/]{300,}=*["']?,?\s*$"#);
/// What separates the documents of a YAML file.
static DOCUMENT: Lazy = Lazy::new(r"(?m)^---(?:[ \t].*)?\r?$");

/// Ciphertext that is shorter, in bytes, can be text by chance.
const MIN_RANDOM: usize = 24;

/// Whether `content`, all of a file as git stores it, is what a known tool encrypted. A file
/// without content is, since there is nothing to encrypt.
#[must_use]
pub fn is_encrypted(content: &[u8]) -> bool {
    let text = content.trim_ascii();
    text.is_empty()
        || is_binary(content)
        || is_block(text, "AGE ENCRYPTED FILE", |start| start.starts_with(AGE))
        || is_block(text, "PGP MESSAGE", begins_with_session_key)
        || start_of_base64(text).starts_with(SALTED)
        || is_ansible_vault(text)
        || is_rails_credentials(text)
        || is_sops(text)
        || is_sealed_secrets(text)
}

const AGE: &[u8] = b"age-encryption.org/v1";
const SALTED: &[u8] = b"Salted__";

/// Whether it is a binary file of age, git-crypt, OpenPGP or OpenSSL, and what follows the header
/// is not text.
fn is_binary(content: &[u8]) -> bool {
    let payload = content
        .strip_prefix(b"\0GITCRYPT\0")
        .or_else(|| content.strip_prefix(SALTED))
        .or_else(|| age_payload(content))
        .or_else(|| begins_with_session_key(content).then_some(content));
    payload.is_some_and(|bytes| bytes.len() < MIN_RANDOM || bytes.to_str().is_err())
}

/// What follows the header of age, which ends with its authentication code.
fn age_payload(content: &[u8]) -> Option<&[u8]> {
    const MAC: &[u8] = b"\n--- ";
    const MAC_LINE: usize = MAC.len() + 43 + 1;
    let header = content.strip_prefix(AGE)?;
    let header = header.strip_prefix(b"\n-> ")?;
    header.get(header.find(MAC)? + MAC_LINE..)
}

/// Whether a message of OpenPGP begins with a session key that is encrypted, for a recipient or
/// with a password. What is only signed or compressed does not.
fn begins_with_session_key(message: &[u8]) -> bool {
    let [head, rest @ ..] = message else {
        return false;
    };
    let (kind, lengths) = match (head, rest.first()) {
        (0xc0.., Some(..192)) => (head & 0x3f, 1),
        (0xc0.., Some(..224)) => (head & 0x3f, 2),
        (0x80..0xc0, _) => (head >> 2 & 0xf, 1 << (head & 3)),
        _ => return false,
    };
    match (kind, rest.get(lengths)) {
        (1, Some(version)) => matches!(version, 3 | 6),
        (3, Some(version)) => matches!(version, 4..=6),
        _ => false,
    }
}

/// Whether all of `text` is one armoured block, and what it begins with, decoded, `is_right`.
fn is_block(text: &[u8], label: &str, is_right: impl Fn(&[u8]) -> bool) -> bool {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let body = text.strip_prefix(begin.as_bytes());
    let Some(body) = body.and_then(|body| body.strip_suffix(end.as_bytes())) else {
        return false;
    };
    // Those of OpenPGP have headers, such as `Version: 1`.
    let is_header = |line: &&[u8]| line.trim_ascii().is_empty() || line.contains_str(": ");
    let headers = body.lines_with_terminator().take_while(is_header);
    let headers: usize = headers.map(<[u8]>::len).sum();
    is_right(&start_of_base64(&body[headers..]))
}

/// What the base64 of `text` begins with, decoded; empty if there is anything else in it.
fn start_of_base64(text: &[u8]) -> Vec<u8> {
    let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    if !text.iter().all(|byte| is_base64(byte) || is_line_end(byte)) {
        return Vec::new();
    }
    let digits = text.iter().filter(|byte| !is_line_end(byte));
    decode_base64(&digits.take(28).copied().collect::<Vec<_>>())
}

fn is_ansible_vault(text: &[u8]) -> bool {
    let lines = text.split_once_str("\n");
    lines.is_some_and(|(head, body)| {
        head.starts_with(b"$ANSIBLE_VAULT;")
            && body
                .iter()
                .all(|byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace())
    })
}

fn is_rails_credentials(text: &[u8]) -> bool {
    const VECTOR_AND_TAG: usize = "--".len() + 16 + "--".len() + 24;
    let data = text.len().saturating_sub(VECTOR_AND_TAG);
    data > 0 && text[..data].iter().all(is_base64) && is_rails_message(&text[data..])
}

/// Whether a value and the authentication code of the metadata are SOPS's. SOPS leaves keys, and
/// the values that its user excludes, as they are.
fn is_sops(text: &[u8]) -> bool {
    if text.find("ENC[AES256_GCM,").is_none() {
        return false;
    }
    let text = without_comments(text);
    // The code is a value too.
    SOPS_VALUE.regex().find_iter(&text).take(2).count() == 2 && SOPS_MAC.found_in(&text)
}

/// Whether every document is a sealed secret.
fn is_sealed_secrets(text: &[u8]) -> bool {
    if text.find("SealedSecret").is_none() {
        return false;
    }
    let text = without_comments(text);
    let documents = DOCUMENT.regex().split(&text);
    let documents = documents.filter(|text| !text.trim_ascii().is_empty());
    let are_sealed =
        documents.map(|text| SEALED_KIND.found_in(text) && has_only_sealed_values(text));
    // A file may have nothing but comments.
    are_sealed.reduce(|one, other| one && other) == Some(true)
}

/// Whether a document has `encryptedData`, and each value in it is encrypted.
fn has_only_sealed_values(document: &[u8]) -> bool {
    let indent = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    let lines = document
        .lines()
        .filter(|line| !line.trim_ascii().is_empty());
    let mut lines = lines.skip_while(|line| !SEALED_VALUES.found_in(line));
    let Some(head) = lines.next() else {
        return false;
    };
    let values = lines.take_while(|line| indent(line) > indent(head));
    let are_sealed = values.map(|line| SEALED_VALUE.found_in(line));
    are_sealed.reduce(|one, other| one && other) == Some(true)
}

/// The text without the comments of YAML, INI files and dotenv files.
fn without_comments(text: &[u8]) -> Vec<u8> {
    let lines = text.lines().map(|line| {
        let is_comment = |at: &usize| line[..*at].last().is_none_or(u8::is_ascii_whitespace);
        let comment = memchr::memchr_iter(b'#', line).find(is_comment);
        let line = &line[..comment.unwrap_or(line.len())];
        match line.trim_ascii_start() {
            [b';', ..] | [b'/', b'/', ..] => b"",
            _ => line,
        }
    });
    bstr::join("\n", lines)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Bytes that are not text.
    fn random(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 151 + 200) as u8 | 0x80).collect()
    }

    fn base64(len: usize) -> String {
        STANDARD.encode(random(len))
    }

    fn armoured(label: &str, headers: &str, content: &[u8]) -> Vec<u8> {
        let body = STANDARD.encode(content);
        let lines: Vec<_> = body.as_bytes().chunks(64).collect();
        let body = lines.join(&b"\n"[..]);
        let body = body.to_str().unwrap();
        format!("-----BEGIN {label}-----\n{headers}{body}\n-----END {label}-----\n").into()
    }

    fn age() -> Vec<u8> {
        let mac = &base64(32)[..43];
        let header = format!("age-encryption.org/v1\n-> X25519 {mac}\n{mac}\n--- {mac}\n");
        [header.as_bytes(), &random(60)].concat()
    }

    fn sops(kind: &str) -> String {
        let (data, iv, tag) = (base64(9), base64(32), base64(16));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
    }

    fn sealed() -> String {
        let value = STANDARD.encode([&[2, 0][..], &random(600)].concat());
        format!(
            "# by hand\n---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  \
             name: a\nspec:\n  encryptedData:\n    password: {value}\n    b: {value}\n"
        )
    }

    /// Files by how a report of a test names them.
    fn files() -> Vec<(&'static str, Vec<u8>)> {
        let (value, mac) = (sops("int"), sops("str"));
        let vault = "6".repeat(80);
        let salted = [b"Salted__", &random(40)[..]].concat();
        let session_key = [&[0x85, 0x01, 0x0c, 3][..], &random(300)].concat();
        let password = [&[0xc3, 13, 4, 9][..], &random(100)].concat();
        let sealed_json = format!(
            "{{\n  \"kind\": \"SealedSecret\",\n  \"spec\": {{\n    \"encryptedData\": {{\n      \
             \"foo\": \"{}\"\n    }}\n  }}\n}}\n",
            STANDARD.encode([&[2, 0][..], &random(600)].concat())
        );
        vec![
            ("empty", Vec::new()),
            ("line end", b"\n".into()),
            (
                "SOPS, YAML",
                format!("# x\na: {value}\nsops:\n    mac: {mac}\n").into(),
            ),
            (
                "SOPS, JSON",
                format!("{{\"a\": \"{value}\", \"sops\": {{\"mac\":\"{mac}\"}}}}").into(),
            ),
            (
                "SOPS, env",
                format!("A={value}\r\nsops_mac={mac}\r\n").into(),
            ),
            (
                "SOPS, INI",
                format!("[a]\nb = {value}\n[sops]\nmac = {mac}\n").into(),
            ),
            ("age", age()),
            ("age, armour", armoured("AGE ENCRYPTED FILE", "", &age())),
            (
                "Ansible",
                format!("$ANSIBLE_VAULT;1.1;AES256\n{vault}\n{vault}\n36\n").into(),
            ),
            ("git-crypt", [b"\0GITCRYPT\0", &random(50)[..]].concat()),
            ("sealed", sealed().into()),
            ("sealed, two", (sealed() + &sealed()).into()),
            ("sealed, JSON", sealed_json.into()),
            (
                "Rails",
                format!("{}--{}--{}", base64(99), base64(12), base64(16)).into(),
            ),
            ("OpenPGP", armoured("PGP MESSAGE", "", &session_key)),
            (
                "OpenPGP, header",
                armoured("PGP MESSAGE", "Version: 1\n\n", &password),
            ),
            ("OpenPGP, binary", session_key),
            ("OpenPGP, password", password),
            ("OpenSSL", salted.clone()),
            ("OpenSSL, base64", STANDARD.encode(salted).into()),
        ]
    }

    #[test]
    fn each_tool_is_recognized() {
        for (name, content) in files() {
            assert!(is_encrypted(&content), "{name}");
        }
    }

    #[test]
    fn text_around_ciphertext_is_plain() {
        // What precedes or follows values of SOPS, and comments, are part of such files.
        for (name, content) in files() {
            let before = [b"password: hunter2\n", &content[..]].concat();
            let after = [&content[..], b"\n---\npassword: hunter2\n"].concat();
            let is_partial = name.starts_with("SOPS");
            let is_binary = content.to_str().is_err();
            assert!(is_partial || !is_encrypted(&before), "{name}, before");
            assert!(
                is_partial || is_binary || !is_encrypted(&after),
                "{name}, after"
            );
        }
    }

    #[test]
    fn a_marker_does_not_make_text_ciphertext() {
        let (value, mac) = (sops("str"), sops("str"));
        let signed = [&[0xa3, 1][..], &random(300)].concat();
        let vault = "6".repeat(80);
        for text in [
            "password: hunter2\n".to_owned(),
            format!("# a: {value}\n# mac: {mac}\npassword: hunter2\n"),
            format!("#{value}\npassword: hunter2 # {value}\nsops:\n  mac: {mac}\n"),
            format!("; a = {value}\n// b = {value}\n[sops]\nmac = {mac}\n"),
            format!("a: {value}\nb: {value}\nhmac: {mac}\n"),
            "a: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops:\n  mac: ENC[AES256_GCM]\n".into(),
            format!("sops:\n  mac: {mac}\n"),
            format!("a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {vault}\n"),
            "$ANSIBLE_VAULT;1.1;AES256\npassword: hunter2\n".into(),
            "$ANSIBLE_VAULT;1.1;AES256".into(),
            "\0GITCRYPT\0password: hunter2 and more of it".into(),
            "Salted__password: hunter2 and more of it".into(),
            "U2FsdGVkX1 password hunter2".into(),
            "age-encryption.org/v1\npassword: hunter2\n".into(),
            format!(
                "age-encryption.org/v1\n-> X25519 x\n--- {}\n{}",
                &base64(32)[..43],
                vault
            ),
            "-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n-----END AGE ENCRYPTED FILE-----\n"
                .into(),
            "-----BEGIN PGP MESSAGE-----\n\nhunter2\n-----END PGP MESSAGE-----\n".into(),
            String::from_utf8(armoured("PGP MESSAGE", "", &signed)).unwrap(),
            "# SealedSecret\n# password: hunter2\n".into(),
            "kind: SealedSecret\nspec:\n  encryptedData:\n    password: hunter2\n".into(),
            sealed().replace("\nkind", "\n# kind"),
            sealed().replace(": Ag", ": hunter2-"),
            sealed() + "    c: hunter2\n",
            sealed() + "\n    c: >\n      hunter2\n",
            format!("{}--{}--hunter2", base64(99), base64(12)),
        ] {
            assert!(!is_encrypted(text.as_bytes()), "{text:?}");
        }
    }
}
