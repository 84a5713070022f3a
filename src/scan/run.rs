//! Finds long runs of base64 characters: the prefilter for secrets that stand under no keyword.

/// A byte of `[A-Za-z0-9+/]`.
const BASE64: u8 = 1;
/// A byte that may begin or end an escape for one of those: `\/`, `%2F`, `&#x2F;`.
const ESCAPE: u8 = 2;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "i is below 256")]
        let byte = i as u8;
        table[i] = match byte {
            b'+' | b'/' => BASE64,
            b'\\' | b'%' | b'&' | b'#' | b';' => ESCAPE,
            _ if byte.is_ascii_alphanumeric() => BASE64,
            _ => 0,
        };
        i += 1;
    }
    table
};

/// Whether `byte` is of the alphabet of base64 (RFC 4648, section 4), the padding left out.
#[must_use]
pub(super) fn is_base64(byte: u8) -> bool {
    CLASS[usize::from(byte)] == BASE64
}

/// Calls `found` with the start and end of every maximal run of at least `min` bytes that are base64 or may belong to an escape.
///
/// A run of `min` bytes covers every `min`-th position, so only those are looked at, walking back from each until a
/// byte that ends the run: most bytes of ordinary text are never read.
pub(super) fn long_runs(text: &[u8], min: usize, mut found: impl FnMut(usize, usize)) {
    let mut low = 0;
    let mut probe = min - 1;
    while probe < text.len() {
        match text[low..=probe].iter().rposition(|&byte| CLASS[usize::from(byte)] == 0) {
            Some(stop) => {
                low += stop + 1;
                probe = low + min - 1;
            }
            None => {
                let rest = &text[probe + 1..];
                let more = rest.iter().position(|&byte| CLASS[usize::from(byte)] == 0).unwrap_or(rest.len());
                let end = probe + 1 + more;
                found(low, end);
                low = end + 1;
                probe = low + min - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by looking at every byte.
    fn plain(text: &[u8], min: usize) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 0..=text.len() {
            if at == text.len() || CLASS[usize::from(text[at])] == 0 {
                if at - start >= min {
                    runs.push((start, at));
                }
                start = at + 1;
            }
        }
        runs
    }

    #[test]
    fn agrees_with_looking_at_every_byte() {
        let mut state = 1_u32;
        for round in 0..400 {
            let mut text = Vec::new();
            for _ in 0..600 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let stops = [b' ', b'"', b'\n', 0];
                let stop = state >> 24 < 3 + round % 20;
                text.push(if stop {
                    stops[(state >> 20) as usize % 4]
                } else {
                    b"aZ9+/\\%;"[(state >> 16) as usize % 8]
                });
            }
            let mut runs = Vec::new();
            long_runs(&text, 40, |start, end| runs.push((start, end)));
            assert_eq!(runs, plain(&text, 40));
        }
    }

    #[test]
    fn runs_at_the_edges_and_of_exact_length() {
        for (before, len, after) in [("", 40, ""), (" ", 40, ""), ("", 40, " "), ("x y ", 41, "=")] {
            let text = format!("{before}{}{after}", "k".repeat(len));
            let mut runs = Vec::new();
            long_runs(text.as_bytes(), 40, |start, end| runs.push((start, end)));
            assert_eq!(runs, [(before.len(), before.len() + len)]);
        }
        long_runs(&[b'k'; 39], 40, |_, _| panic!("39 bytes are no run of 40"));
        long_runs(b"", 40, |_, _| panic!("nothing is no run"));
    }
}
