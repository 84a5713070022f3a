//! Inflates small streams of gzip and zlib, as manifests of Kubernetes and cloud-init contain them
//! in base64.

use std::io::Read;

use flate2::bufread::{GzDecoder, ZlibDecoder};

/// The most that is inflated of one stream, in bytes.
const MAX_LEN: u64 = 1 << 20;

/// How many times as long as the stream the result is at most.
const MAX_RATIO: u64 = 16;

/// What `stream` contains, if it is one, up to an error in it or to the limits.
pub(super) fn inflate(stream: &[u8]) -> Option<Vec<u8>> {
    match stream {
        [0x1f, 0x8b, 8, ..] => read(GzDecoder::new(stream), stream.len()),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => read(ZlibDecoder::new(stream), stream.len()),
        _ => None,
    }
}

fn read(decoder: impl Read, len: usize) -> Option<Vec<u8>> {
    let limit = MAX_LEN.min(MAX_RATIO.saturating_mul(len as u64));
    let mut text = Vec::new();
    // What precedes an error is text too.
    let _ = decoder.take(limit).read_to_end(&mut text);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn streams_are_inflated_up_to_an_error_and_to_the_limits() {
        let text = b"some text, and more text".repeat(4);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(inflate(&gzip), Some(text.clone()));
        let cut = inflate(&gzip[..gzip.len() - 10]).expect("a part");
        assert!(text.starts_with(&cut));
        assert_eq!(inflate(&text), None);
        for (len, least) in [(1 << 14, 16), (1 << 26, 1000)] {
            let mut bomb = ZlibEncoder::new(Vec::new(), Compression::best());
            bomb.write_all(&vec![b'a'; len]).unwrap();
            let bomb = bomb.finish().unwrap();
            let inflated = inflate(&bomb).expect("a part").len();
            assert!(
                inflated <= bomb.len() * 16 && inflated <= 1 << 20,
                "{inflated}"
            );
            assert!(inflated >= least);
        }
    }
}
