//! Writes secrets in encodings, each in a file in which it occurs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

use super::Form;
use super::samples::{Sample, lines_of};
use crate::support::archive::{gzip, zlib};

/// Encodings, from the most common one on.
#[rustfmt::skip]
pub(super) const ENCODINGS: &[Form] = &[
    Form { name: "base64", write: |s| kubernetes(&base64(s.file())) },
    Form { name: "base64, after one byte", write: |s| in_json(&base64(format!("x{}", s.file()))) },
    Form { name: "base64, after two bytes", write: |s| in_json(&base64(format!("xy{}", s.file()))) },
    Form { name: "base64, after bytes that are no text", write: |s| in_json(&base64(binary(s))) },
    Form { name: "base64, lines with CRLF", write: |s| mime(&base64(s.file())) },
    Form { name: "base64, indented lines", write: |s| in_yaml(&lines_of(&base64(s.file()), 64).join("\n      ")) },
    Form { name: "base64, lines folded into one", write: |s| kubernetes(&lines_of(&base64(s.file()), 76).join(" ")) },
    Form { name: "base64, lines of a patch", write: |s| patch(&base64(s.file())) },
    Form { name: "base64, lines in a comment", write: |s| comment(&base64(s.file())) },
    Form { name: "base64, lines of a JSON string", write: |s| in_json(&lines_of(&base64(s.file()), 76).join("\n")) },
    Form { name: "base64, literals that are joined", write: |s| joined(&base64(s.file())) },
    Form { name: "base64, elements of an array", write: |s| array(&base64(s.file())) },
    Form { name: "base64, URL-safe", write: |s| in_url(&URL_SAFE_NO_PAD.encode(signs(s))) },
    Form { name: "base64, URL-safe with padding", write: |s| in_url(&URL_SAFE.encode(signs(s))) },
    Form { name: "base64, percent-encoded", write: |s| in_url(&percent(&base64(signs(s)), |c| !c.is_ascii_alphanumeric())) },
    Form { name: "base64, claims of a JSON web token", write: json_web_token },
    Form { name: "base64, data URL", write: |s| format!("<a href=\"data:text/plain;base64,{}\">", base64(s.file())).into_bytes() },
    Form { name: "base64 of base64", write: |s| kubernetes(&base64(base64(s.file()))) },
    Form { name: "base64 of lines of base64", write: |s| kubernetes(&base64(mime(&base64(s.file())))) },
    Form { name: "base64 of UTF-16", write: |s| format!("powershell -EncodedCommand {}\r\n", base64(utf_16(s, u16::to_le_bytes))).into_bytes() },
    Form { name: "gzip in base64", write: |s| compressed(&s.file()) },
    Form { name: "gzip in lines of base64", write: |s| cloud_init(&lines_of(&base64(gzip(s.file().as_bytes())), 76).join("\n      ")) },
    Form { name: "gzip in base64 of base64", write: |s| kubernetes(&base64(base64(gzip(&in_json(&s.file()))))) },
    Form { name: "zlib in base64", write: |s| in_json(&base64(zlib(s.file().as_bytes()))) },
    Form { name: "zlib in base64, URL-safe", write: |s| in_url(&URL_SAFE.encode(zlib(s.file().as_bytes()))) },
    Form { name: "base32", write: |s| in_json(&base32(s.file().as_bytes())) },
    Form { name: "hex", write: |s| in_json(&hex(s)) },
    Form { name: "hex, upper case", write: |s| in_json(&hex(s).to_uppercase()) },
    Form { name: "hex, lines", write: |s| lines_of(&hex(s), 60).join("\n").into_bytes() },
    Form { name: "hex after \\x", write: |s| format!("INSERT INTO t VALUES ('\\x{}');\n", hex(s)).into_bytes() },
    Form { name: "hex after 0x", write: |s| format!("INSERT INTO t VALUES (0x{});\n", hex(s).to_uppercase()).into_bytes() },
    Form { name: "hex, pairs after blanks", write: |s| pairs(s, " ") },
    Form { name: "hex, pairs after colons", write: |s| pairs(s, ":") },
    Form { name: "\\x41", write: |s| in_code(s, |byte| format!("\\x{byte:02x}")) },
    Form { name: "\\101", write: |s| in_code(s, |byte| format!("\\{byte:03o}")) },
    Form { name: "\\u0041", write: |s| in_code(s, |byte| format!("\\u{byte:04x}")) },
    Form { name: "\\u{41}", write: |s| in_code(s, |byte| format!("\\u{{{byte:x}}}")) },
    Form { name: "&#65;", write: |s| in_xml(s, |byte| format!("&#{byte};")) },
    Form { name: "&#x41;", write: |s| in_xml(s, |byte| format!("&#x{byte:X};")) },
    Form { name: "%41", write: |s| in_url(&percent(&s.file(), |_| true)) },
    Form { name: "%2F", write: |s| in_url(&percent(&s.file(), |c| !c.is_ascii_alphanumeric())) },
    Form { name: "signs as \\u002f", write: signs_escaped },
    Form { name: "quoted-printable", write: |s| quoted_printable(s, |byte| byte == b'=') },
    Form { name: "quoted-printable, all bytes", write: |s| quoted_printable(s, |byte| byte != b'\n') },
    Form { name: "bytes in decimal", write: |s| format!("key := []byte{{{}}}\n", numbers(s, ", ", |byte| byte.to_string())).into_bytes() },
    Form { name: "bytes in decimal, dense", write: |s| format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", numbers(s, ",", |byte| byte.to_string())).into_bytes() },
    Form { name: "bytes in decimal, a line each", write: |s| format!("[\n    {}\n]\n", numbers(s, ",\n    ", |byte| byte.to_string())).into_bytes() },
    Form { name: "bytes in hex", write: |s| xxd(s) },
    Form { name: "bytes in hex, dense", write: |s| format!("byte[] key = {{{}}};\n", numbers(s, ",", |byte| format!("0x{byte:02X}"))).into_bytes() },
    Form { name: "UTF-16 with a mark", write: |s| [&b"\xff\xfe"[..], &utf_16(s, u16::to_le_bytes)].concat() },
    Form { name: "UTF-16, high byte first", write: |s| utf_16(s, u16::to_be_bytes) },
    Form { name: "UTF-32 with a mark", write: |s| [&b"\xff\xfe\0\0"[..], &utf_32(s, u32::to_le_bytes)].concat() },
    Form { name: "UTF-32, high byte first", write: |s| utf_32(s, u32::to_be_bytes) },
    Form { name: "colour codes of grep", write: grep },
    Form { name: "colour codes of grep, in JSON", write: |s| in_json(&String::from_utf8(grep(s)).unwrap()) },
    Form { name: "colour codes of git diff", write: git_diff },
    Form { name: "zero-width spaces", write: |s| spread(s, "\u{200b}") },
    Form { name: "zero-width joiners", write: |s| spread(s, "\u{200d}") },
    Form { name: "word joiners", write: |s| spread(s, "\u{2060}") },
    Form { name: "byte order marks", write: |s| spread(s, "\u{feff}") },
    Form { name: "soft hyphens", write: |s| spread(s, "\u{ad}") },
    Form { name: "tag characters", write: |s| spread(s, "\u{e0041}") },
    Form { name: "variation selectors", write: |s| spread(s, "\u{fe0f}") },
    Form { name: "zero-width spaces, escaped", write: |s| spread(s, "\\u200b") },
    Form { name: "JSON", write: |s| in_json(&s.file()) },
    Form { name: "JSON in JSON", write: |s| in_json(&String::from_utf8(in_json(&s.file())).unwrap()) },
    Form { name: "JSON in JSON, with \\/", write: |s| String::from_utf8(in_json(&String::from_utf8(in_json(&s.file())).unwrap())).unwrap().replace('/', "\\/").into_bytes() },
];

fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// A secret of Kubernetes.
fn kubernetes(encoded: &str) -> Vec<u8> {
    format!("apiVersion: v1\nkind: Secret\ndata:\n  config: {encoded}\n").into_bytes()
}

fn in_json(text: &str) -> Vec<u8> {
    json!({ "name": "config", "content": text })
        .to_string()
        .into_bytes()
}

fn in_yaml(lines: &str) -> Vec<u8> {
    format!("files:\n  - path: /etc/config\n    content: |\n      {lines}\n").into_bytes()
}

fn cloud_init(lines: &str) -> Vec<u8> {
    let head = "#cloud-config\nwrite_files:\n  - encoding: gz+b64\n    content: |";
    format!("{head}\n      {lines}\n    path: /etc/config\n").into_bytes()
}

fn mime(encoded: &str) -> Vec<u8> {
    let head = "Content-Transfer-Encoding: base64\r\n\r\n";
    format!("{head}{}\r\n", lines_of(encoded, 76).join("\r\n")).into_bytes()
}

fn patch(encoded: &str) -> Vec<u8> {
    let lines = lines_of(encoded, 76).join("\n+");
    format!("--- /dev/null\n+++ b/config.b64\n@@ -0,0 +1,9 @@\n+{lines}\n").into_bytes()
}

fn comment(encoded: &str) -> Vec<u8> {
    let lines = lines_of(encoded, 64).join("\n# ");
    format!("# The file of the old server:\n#\n# {lines}\n").into_bytes()
}

fn joined(encoded: &str) -> Vec<u8> {
    let lines = lines_of(encoded, 60).join("\" +\n        \"");
    format!("    String config = \"{lines}\";\n").into_bytes()
}

fn array(encoded: &str) -> Vec<u8> {
    let lines = lines_of(encoded, 76).join("\\n\",\n    \"");
    format!("{{\n  \"image/x\": [\n    \"{lines}\\n\"\n  ]\n}}\n").into_bytes()
}

fn in_url(encoded: &str) -> Vec<u8> {
    format!("GET https://shop.keysieve.net/import?config={encoded}&n=1 200\n").into_bytes()
}

/// The file after signs whose base64 has `-` and `_`.
fn signs(sample: &Sample) -> String {
    format!("# what? ~~~why~~~ >>>who?? ???>>>>\n{}", sample.file())
}

/// A message of protobuf.
fn binary(sample: &Sample) -> Vec<u8> {
    let text = sample.file();
    [
        &[0x0a, 0x80, 0x02, 0x12, 0x9c, 0x07][..],
        text.as_bytes(),
        &[0x18, 0x96, 0x01],
    ]
    .concat()
}

fn json_web_token(sample: &Sample) -> Vec<u8> {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let head = part(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let claims = part(json!({ "sub": "1", "config": sample.file() }).to_string());
    let signature = URL_SAFE_NO_PAD.encode([7_u8; 32]);
    format!("session: {head}.{claims}.{signature}\n").into_bytes()
}

/// `text` as cloud-init has it.
pub(super) fn compressed(text: &str) -> Vec<u8> {
    cloud_init(&base64(gzip(text.as_bytes())))
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let groups = bytes.chunks(5).map(|group| {
        let mut padded = [0; 8];
        padded[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(padded);
        let digits = (group.len() * 8).div_ceil(5);
        let digit = |at: usize| match at < digits {
            true => char::from(ALPHABET[(bits >> (35 - 5 * at) & 31) as usize]),
            false => '=',
        };
        (0..8).map(digit).collect::<String>()
    });
    groups.collect()
}

fn hex(sample: &Sample) -> String {
    sample
        .file()
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn pairs(sample: &Sample, separator: &str) -> Vec<u8> {
    let pairs: Vec<_> = sample
        .file()
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("payload: {}\n", pairs.join(separator)).into_bytes()
}

fn in_code(sample: &Sample, escape: fn(u8) -> String) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let value: String = value.bytes().map(escape).collect();
        format!("{name} = \"{value}\"\n")
    };
    sample.each(line).into_bytes()
}

fn in_xml(sample: &Sample, escape: fn(u8) -> String) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let value: String = value.bytes().map(escape).collect();
        format!("<{name}>{value}</{name}>\n")
    };
    sample.each(line).into_bytes()
}

fn percent(text: &str, is_escaped: fn(char) -> bool) -> String {
    let each = text.chars().map(|c| match is_escaped(c) {
        true => format!("%{:02X}", u32::from(c)),
        false => c.to_string(),
    });
    each.collect()
}

fn signs_escaped(sample: &Sample) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let each = value
            .chars()
            .map(|c| match c.is_ascii_alphanumeric() || c == ' ' {
                true => c.to_string(),
                false => format!("\\u{:04x}", u32::from(c)),
            });
        format!("{name}=\"{}\"\n", each.collect::<String>())
    };
    sample.each(line).into_bytes()
}

fn quoted_printable(sample: &Sample, is_escaped: fn(u8) -> bool) -> Vec<u8> {
    let mut text = "Content-Transfer-Encoding: quoted-printable\r\n\r\n".to_owned();
    for line in sample.file().lines() {
        let mut width = 0;
        for byte in line.bytes() {
            let next = match is_escaped(byte) {
                true => format!("={byte:02X}"),
                false => char::from(byte).to_string(),
            };
            if width + next.len() > 45 {
                text += "=\r\n";
                width = 0;
            }
            width += next.len();
            text += &next;
        }
        text += "\r\n";
    }
    text.into_bytes()
}

fn numbers(sample: &Sample, separator: &str, number: fn(u8) -> String) -> String {
    let each: Vec<_> = sample.file().bytes().map(number).collect();
    each.join(separator)
}

/// What `xxd -i` writes.
fn xxd(sample: &Sample) -> Vec<u8> {
    let bytes = sample.file().into_bytes();
    let lines = bytes.chunks(12).map(|line| {
        let line: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        line.join(", ")
    });
    let lines: Vec<_> = lines.collect();
    let len = bytes.len();
    format!(
        "unsigned char config[] = {{\n  {}\n}};\nunsigned int config_len = {len};\n",
        lines.join(",\n  ")
    )
    .into_bytes()
}

fn utf_16(sample: &Sample, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    sample.file().encode_utf16().flat_map(unit).collect()
}

fn utf_32(sample: &Sample, unit: fn(u32) -> [u8; 4]) -> Vec<u8> {
    sample
        .file()
        .chars()
        .flat_map(|c| unit(u32::from(c)))
        .collect()
}

/// The output of a search for a part of the value.
fn grep(sample: &Sample) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let (before, rest) = value.split_at(4);
        let (part, after) = rest.split_at(6);
        format!("{name} = {before}\u{1b}[01;31m\u{1b}[K{part}\u{1b}[m\u{1b}[K{after}\n")
    };
    sample.each(line).into_bytes()
}

/// The output of `git diff --color`.
fn git_diff(sample: &Sample) -> Vec<u8> {
    let text = sample.file();
    let lines = text
        .lines()
        .map(|line| format!("\u{1b}[32m+\u{1b}[m\u{1b}[32m{line}\u{1b}[m\n"));
    lines.collect::<String>().into_bytes()
}

/// The values with `mark` after every seven characters.
fn spread(sample: &Sample, mark: &str) -> Vec<u8> {
    let line = |name: &str, value: &str| {
        let lines = value.lines().map(|line| lines_of(line, 7).join(mark));
        format!("{name}: \"{}\"\n", lines.collect::<Vec<_>>().join("\n"))
    };
    sample.each(line).into_bytes()
}
