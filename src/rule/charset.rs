//! Defines the charset run: which bytes are part of one, and how long it must be. The build script,
//! the rules and the scanner share this file.

/// The shortest charset run that the scanner finds, in bytes. It searches 32 bytes at a time,
/// and two of them that end a run have at most 30 between them.
pub(crate) const MIN_RUN: usize = 31;

/// The shortest stretch of `[A-Za-z0-9+/]` that a rule may have as its trigger, in bytes.
pub(crate) const MIN_BASE64_RUN: usize = 40;

/// A byte of `[A-Za-z0-9+/]`.
pub(crate) const BASE64: u8 = 1;
/// A byte that may begin or end an escape for one of those: `\/`, `%2F`, `&#x2F;`.
pub(crate) const ESCAPE: u8 = 2;
/// Any other byte of a charset run: `_ - . =`.
pub(crate) const OTHER: u8 = 4;

/// The class of each byte; 0 for a byte that ends a charset run.
pub(crate) static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'+' | b'/' => BASE64,
            b'\\' | b'%' | b'&' | b'#' | b';' => ESCAPE,
            b'_' | b'-' | b'.' | b'=' => OTHER,
            _ if byte.is_ascii_alphanumeric() => BASE64,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Whether `byte` can be part of a charset run.
pub(crate) const fn is_run_byte(byte: u8) -> bool {
    CLASS[byte as usize] != 0
}
