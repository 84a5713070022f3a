//! Generates fake AWS credentials from a seed at run time, so that the sources hold nothing that a
//! scanner could find.

mod chance;

pub(crate) use chance::Chance;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Words of dummy keys: a key that contains one by accident would not be reported.
const DUMMY_WORDS: [&str; 7] = ["EXAMPLE", "TEST", "FAKE", "DUMMY", "SAMPLE", "MOCK", "XXXX"];

/// A long-term access key id whose account number can be decoded.
pub(crate) fn access_key_id(seed: u64) -> String {
    let mut chance = Chance::new(seed, "id");
    loop {
        let body = chance.text(BASE32, 16);
        let id = ["AK", "IA", &body].concat();
        if is_plausible_id(&id) {
            return id;
        }
    }
}

/// A line that contains such an id.
pub(crate) fn seeded_id_line(seed: u64) -> String {
    format!("id = {}\n", access_key_id(seed))
}

/// A secret access key that passes every check for randomness and has at least one `/` or `+`.
pub(crate) fn secret_access_key(seed: u64) -> String {
    let mut chance = Chance::new(seed, "secret");
    loop {
        let key = chance.text(BASE64, 40);
        if key.contains(['/', '+']) && is_plausible_secret(&key) {
            return key;
        }
    }
}

/// A session token as STS issues them today, 400 characters long.
pub(crate) fn session_token(seed: u64) -> String {
    let header = ["IQoJb3", "JpZ2lu", "X2Vj"].concat();
    header + &Chance::new(seed, "token").text(BASE64, 384)
}

/// The account, twelve digits, that is encoded in an access key id.
pub(crate) fn account_of(id: &str) -> String {
    format!("{:012}", account_number(id))
}

/// Lines without a key, so that git detects a renamed file as similar.
pub(crate) fn filler() -> String {
    (1..=30)
        .map(|number| format!("line number {number} of thirty\n"))
        .collect()
}

/// Decodes five bits per character: after the prefix one bit of generation, 40 bits of account
/// number, and opaque bits.
fn account_number(id: &str) -> u64 {
    let value = |byte: u8| {
        BASE32
            .iter()
            .position(|&b| b == byte)
            .expect("a base32 character") as u64
    };
    let bits = id
        .bytes()
        .skip(4)
        .take(9)
        .fold(0, |bits, byte| bits << 5 | value(byte));
    // 45 bits: the generation on top, four bits of the opaque part at the bottom.
    bits >> 4 & ((1 << 40) - 1)
}

fn is_plausible_id(id: &str) -> bool {
    let body = &id[4..];
    let new_generation = matches!(body.as_bytes()[0], b'Q'..=b'Z' | b'2'..=b'7');
    new_generation
        && account_number(id) < 1_000_000_000_000
        && entropy(body.as_bytes()) >= 2.9
        && body.bytes().any(|byte| byte.is_ascii_digit())
        && !DUMMY_WORDS.iter().any(|word| body.contains(word))
}

/// Whether a key passes every check that separates random bytes in base64 from hashes,
/// identifiers, paths and encoded text.
fn is_plausible_secret(key: &str) -> bool {
    let bytes = key.as_bytes();
    let has = |class: fn(&u8) -> bool| bytes.iter().any(class);
    let classes =
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let changes = bytes
        .windows(2)
        .filter(|pair| class(pair[0]) != class(pair[1]))
        .count();
    let printable = base64_bytes(bytes)
        .into_iter()
        .filter(|byte| matches!(byte, b' '..=b'~'))
        .count();
    let upper = key.to_ascii_uppercase();
    classes
        && entropy(bytes) >= 4.2
        && changes >= 15
        && wordlike_letters(bytes) <= 20
        && printable <= 20
        && bytes.chunk_by(|a, b| a == b).all(|run| run.len() < 4)
        && !DUMMY_WORDS.iter().any(|word| upper.contains(word))
}

fn class(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

/// The number of letters in runs of three or more small letters, and of the capitals before them.
fn wordlike_letters(bytes: &[u8]) -> usize {
    let mut total = 0;
    let mut start = 0;
    for run in bytes.chunk_by(|a, b| class(*a) == class(*b)) {
        if run[0].is_ascii_lowercase() && run.len() >= 3 {
            total += run.len() + usize::from(start > 0 && bytes[start - 1].is_ascii_uppercase());
        }
        start += run.len();
    }
    total
}

fn base64_bytes(text: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| {
        BASE64
            .iter()
            .position(|b| b == byte)
            .expect("a base64 character") as u32
    };
    let quads = text
        .chunks_exact(4)
        .map(|quad| quad.iter().fold(0, |bits, byte| bits << 6 | value(byte)));
    quads
        .flat_map(|bits| bits.to_be_bytes().into_iter().skip(1))
        .collect()
}

/// Bits per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(bytes.len()).expect("a short text"));
    let share = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / total);
    share.map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_key_and_another_seed_another() {
        assert_eq!(access_key_id(7), access_key_id(7));
        assert_ne!(access_key_id(7), access_key_id(8));
        assert_ne!(secret_access_key(7), secret_access_key(8));
        assert_ne!(session_token(7), session_token(8));
    }

    #[test]
    fn lengths_are_those_of_real_keys() {
        for seed in 0..200 {
            assert_eq!(access_key_id(seed).len(), 20);
            assert_eq!(secret_access_key(seed).len(), 40);
            assert_eq!(session_token(seed).len(), 400);
            assert_eq!(account_of(&access_key_id(seed)).len(), 12);
        }
    }

    #[test]
    fn accounts_are_decoded_as_published() {
        let published = [
            ["ASIA", "Y34FZKBOKMUTVV7A", "609629065308"],
            ["AKIA", "SP2TPHJSQH3FJRUX", "171436882533"],
        ];
        for [prefix, body, account] in published {
            assert_eq!(account_of(&[prefix, body].concat()), account);
        }
    }

    #[test]
    fn words_and_encoded_text_are_not_plausible_secrets() {
        assert!(!is_plausible_secret(
            "AwsEc2LaunchTemplateDataPlacementDetails"
        ));
        assert!(!is_plausible_secret(
            "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVy"
        ));
        assert_eq!(base64_bytes(b"VGhlIHF1"), b"The qu");
        assert_eq!(wordlike_letters(b"xAbcdEFghi2jk"), 8);
    }
}
