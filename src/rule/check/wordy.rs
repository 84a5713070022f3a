//! Judges whether the letters of a value follow each other as in words, or at random.

use super::pairs::{RARITY, SCALE};

/// The mean rarity, in bits, below which the letter pairs of a value are those of words. Of random
/// values of 40 letters and digits 1 in 10,000 is below it, of those of 20 about 1 in 100.
const WORDS: f64 = 4.35;

/// Fewer pairs say nothing.
const MIN_PAIRS: u32 = 5;

/// Whether the letters of `value` follow each other as in words.
pub(super) fn is_wordy(value: &[u8]) -> bool {
    is_as_rare_as(value, WORDS)
}

/// Whether the mean rarity of the letter pairs of `value` is below `limit`, in bits.
fn is_as_rare_as(value: &[u8], limit: f64) -> bool {
    let (mut sum, mut pairs) = (0, 0);
    for pair in value.windows(2) {
        if pair.iter().all(u8::is_ascii_alphabetic) {
            let [first, second] = [pair[0], pair[1]].map(|byte| usize::from((byte | 0x20) - b'a'));
            sum += u32::from(RARITY[first][second]);
            pairs += 1;
        }
    }
    let is_long_enough = pairs >= MIN_PAIRS && pairs as usize * 4 >= value.len();
    is_long_enough && f64::from(sum) < limit * f64::from(pairs * SCALE)
}

/// Whether `value` is an identifier in camel case, such as `jiraServerOAuth2Api`: words of 3.6
/// letters or more on average, and few digits. Of random values of 16 letters and digits 3 in
/// 10,000 are so, of those of 40 not one in 100,000.
pub(super) fn is_camel_case(value: &[u8]) -> bool {
    const PAIRS: f64 = 4.6;
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let begins_word = |pair: &&[u8]| {
        !pair[0].is_ascii_uppercase() && pair[1].is_ascii_uppercase()
            || !pair[0].is_ascii_digit() && pair[1].is_ascii_digit()
    };
    let words = 1 + value.windows(2).filter(begins_word).count();
    value.iter().any(u8::is_ascii_uppercase)
        && value.iter().all(u8::is_ascii_alphanumeric)
        && digits * 8 <= value.len()
        && words * 18 <= value.len() * 5
        && is_as_rare_as(value, PAIRS)
}

/// The mean rarity, in bits, from which letters alone are random. Of 12 random letters four of five
/// are above it, of the words of 12 letters and more in Python and JavaScript packages 4 in 1,000.
const RANDOM_LETTERS: f64 = 5.5;

/// Whether `value` is 12 letters or more of one case that follow each other at random.
pub(super) fn has_random_letters(value: &[u8]) -> bool {
    let of_one_case =
        value.iter().all(u8::is_ascii_lowercase) || value.iter().all(u8::is_ascii_uppercase);
    value.len() >= 12 && of_one_case && !is_as_rare_as(value, RANDOM_LETTERS)
}

/// The mean rarity, in bits, below which letters may be an identifier of short words. Of random
/// values of 16 letters 1 in 100 is below it.
const SHORT_WORDS: f64 = 4.75;

/// Whether `value` has letters of both cases in no order.
pub(super) fn has_random_case(value: &[u8]) -> bool {
    let is_change = |pair: &&[u8]| {
        pair.iter().all(u8::is_ascii_alphabetic)
            && pair[0].is_ascii_lowercase() != pair[1].is_ascii_lowercase()
    };
    value.len() >= 8
        && value.windows(2).filter(is_change).count() * 3 >= value.len()
        && !is_as_rare_as(value, SHORT_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinguished_from_random_letters() {
        for words in [
            "passwordForTheDatabase",
            "correct_horse_battery",
            "AuthenticationTokenExpired",
            "kubernetes_service_account",
        ] {
            assert!(is_wordy(words.as_bytes()), "{words}");
        }
        for random in ["xkcdzqvwplmrtzb", "kP3vQzXyLmNwRtBcDf", "7h2k"] {
            assert!(!is_wordy(random.as_bytes()), "{random}");
        }
    }

    #[test]
    fn identifiers_are_distinguished_from_random_values() {
        for identifier in [
            "jiraServerOAuth2Api",
            "confluenceCloudOAuth2Api",
            "ipV6IPsecUnauthPerIPRateLimitBytesPerSec",
        ] {
            assert!(is_camel_case(identifier.as_bytes()), "{identifier}");
        }
        for random in [
            "kP3vQzXyLmNwRtBcDf",
            "utzeJtDQTxexRigQzRDV",
            "butterfly2024",
        ] {
            assert!(!is_camel_case(random.as_bytes()), "{random}");
        }
        for letters in ["qzxkvbwtmhjs", "QZXKVBWTMHJS"] {
            assert!(has_random_letters(letters.as_bytes()), "{letters}");
        }
        for words in [
            "certificates",
            "GITHUBWORKFLOW",
            "wachtwoordenlijst",
            "qzxkvb",
            "QzxKvbwtmhjs",
        ] {
            assert!(!has_random_letters(words.as_bytes()), "{words}");
        }
        assert!(has_random_case(b"rgCWkinPzQtL") && !has_random_case(b"isAuthKeySaeExtPlus"));
    }
}
