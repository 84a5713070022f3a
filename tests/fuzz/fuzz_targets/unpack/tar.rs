//! Unpacks any bytes as a tar archive, with valid checksums in most headers.
#![no_main]

const BLOCK: usize = 512;

/// Writes checksums as in `src/unpack/samples.rs`, into the first block and all that say that they
/// are headers. A block keeps its checksum if its last byte, which is padding, is not zero.
fn mend(archive: &mut [u8]) {
    let (blocks, _) = archive.as_chunks_mut::<BLOCK>();
    for (at, block) in blocks.iter_mut().enumerate() {
        if (at == 0 || &block[257..262] == b"ustar") && block[BLOCK - 1] == 0 {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
    }
}

keysieve_fuzz::container!([b""], mend);
