//! Unpacks any bytes as a gzip file.
#![no_main]

keysieve_fuzz::container!([b"\x1f\x8b\x08"]);
