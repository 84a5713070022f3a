//! Unpacks any bytes as a cpio archive.
#![no_main]

keysieve_fuzz::container!([b"070701", b"070702", b"070707", b"\xc7\x71", b"\x71\xc7"]);
