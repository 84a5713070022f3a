//! Unpacks any bytes as a zstd file.
#![no_main]

keysieve_fuzz::container!([b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]);
