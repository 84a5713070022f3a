//! Quotes words for a shell.

use std::fmt::Write as _;

use super::log_text::log_line;
use crate::text::printable;

/// Quotes `path` for a shell: bare, in quotes, or with odd bytes escaped, so that the result is
/// always printable.
pub(in crate::report) fn quoted(path: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/+=:@%,".contains(byte);
    if !path.is_empty() && path.iter().all(is_plain) {
        return String::from_utf8_lossy(path).into_owned();
    }
    if let Ok(text) = std::str::from_utf8(path)
        && log_line(&printable(path)) == text
    {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for &byte in path {
        if byte.is_ascii_graphic() && !b"'\\#".contains(&byte) || byte == b' ' {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_quoted_paths_back() {
        for (path, expected) in [
            (&b"src/a-b.py"[..], "src/a-b.py"),
            (b"a b", "'a b'"),
            (b"$(x)", "'$(x)'"),
            (b"it's", r"'it'\''s'"),
            ("caf\u{e9}".as_bytes(), "'caf\u{e9}'"),
            (b"a\nb'\xff", r"$'a\x0ab\x27\xff'"),
            (b"a##vso[b", r"$'a\x23\x23vso[b'"),
            (b"", "''"),
        ] {
            assert_eq!(quoted(path), expected);
        }
    }
}
