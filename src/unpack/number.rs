//! Reads the numbers in the headers of containers.

/// The number that `field` spells in ASCII digits of a `radix`, after spaces and before the first
/// space or zero byte. `None` if there are no digits, or anything else.
pub(super) fn ascii(field: &[u8], radix: u32) -> Option<u64> {
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, b' ' | 0));
    let digits = &digits[..end.unwrap_or(digits.len())];
    // `from_str_radix` accepts a sign.
    if digits.first() == Some(&b'+') {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

/// The little-endian number of `N` bytes at `at`.
pub(super) fn little<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field: &[u8; N] = bytes.get(at..)?.first_chunk()?;
    Some(
        field
            .iter()
            .rev()
            .fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    )
}

/// The big-endian number of `N` bytes at `at`.
pub(super) fn big<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field: &[u8; N] = bytes.get(at..)?.first_chunk()?;
    Some(
        field
            .iter()
            .fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    )
}

/// `number` as an index; the largest one if it is no index on this machine.
pub(super) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// `bytes` in KiB.
pub(super) fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX)
}

/// `field` up to its first zero byte.
pub(super) fn until_zero(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}
