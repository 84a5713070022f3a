//! Recognizes ciphertext by a syntax that nothing else has, for the checks of random values.

use super::tool::is_base64;

/// Whether `after`, what follows base64, makes that a message that Rails encrypted: `--`, the
/// initialization vector and `--`, the tag of AES-GCM, 12 and 16 bytes.
pub(super) fn is_rails_message(after: &[u8]) -> bool {
    const PARTS: [usize; 2] = [16, 24];
    let mut rest = after;
    PARTS.iter().all(|&len| {
        let part = rest.strip_prefix(b"--").unwrap_or_default();
        rest = part.get(len..).unwrap_or_default();
        part.len() >= len && part[..len].iter().all(is_base64)
    }) && !rest.first().is_some_and(is_base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_vector_and_a_tag_make_a_message() {
        let (vector, tag) = ("v".repeat(16), format!("{}==", "t".repeat(22)));
        for (after, expected) in [
            (format!("--{vector}--{tag}"), true),
            (format!("--{vector}--{tag}\n"), true),
            (format!("--{vector}--{tag}x"), false),
            (format!("--{vector}{tag}"), false),
            (format!("--{vector}--"), false),
            (format!("-{vector}--{tag}"), false),
            ("--".to_owned(), false),
        ] {
            assert_eq!(is_rails_message(after.as_bytes()), expected, "{after}");
        }
    }
}
