//! Finds long runs of base64 characters: the prefilter for secrets that stand under no keyword.

#[cfg(target_arch = "x86_64")]
mod avx2;

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

/// The shortest run that may be asked for, in bytes: every run of that length covers a whole block of sixteen.
const MIN: usize = 31;

/// Calls `found` with the start and end of every maximal run of at least `min` bytes, and at least [`MIN`], that are
/// base64 or may belong to an escape.
pub(super) fn long_runs(text: &[u8], min: usize, mut found: impl FnMut(usize, usize)) {
    debug_assert!(min >= MIN, "a run of {min} bytes may lie between two blocks");
    #[cfg(target_arch = "x86_64")]
    {
        let mut done = 0;
        let mut around = |block: usize| {
            if block >= done {
                let in_run = |byte: &&u8| CLASS[usize::from(**byte)] != 0;
                let start = block - text[done..block].iter().rev().take_while(in_run).count();
                let end = block + text[block..].iter().take_while(in_run).count();
                if end - start >= min {
                    found(start, end);
                }
                done = end;
            }
        };
        if avx2::full_blocks(text, &mut around) {
            // What is left is shorter than two blocks: a run that is long enough covers the last block before it or
            // the first one in it.
            let rest = text.len() - text.len() % 32;
            if text.len() - rest >= 16 {
                around(rest);
            }
            return;
        }
    }
    skip_along(text, min, found);
}

/// The same on any processor. A run of `min` bytes covers every `min`-th position, so only those are looked at, walking
/// back from each until a byte that ends the run: most bytes of ordinary text are never read.
fn skip_along(text: &[u8], min: usize, mut found: impl FnMut(usize, usize)) {
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
            text.truncate(600 - (round % 64) as usize);
            let (mut fast, mut portable) = (Vec::new(), Vec::new());
            long_runs(&text, 40, |start, end| fast.push((start, end)));
            skip_along(&text, 40, |start, end| portable.push((start, end)));
            assert_eq!(fast, plain(&text, 40));
            assert_eq!(portable, fast);
        }
    }

    #[test]
    fn every_byte_is_classed_alike_and_runs_are_found_at_every_offset() {
        for byte in 0..=u8::MAX {
            for at in 0..70 {
                let mut text = vec![b' '; at];
                text.extend([b'k'; 39]);
                text.push(byte);
                text.push(b' ');
                let mut runs = Vec::new();
                long_runs(&text, 40, |start, end| runs.push((start, end)));
                assert_eq!(runs, plain(&text, 40), "{byte:#x} at {at}");
            }
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
