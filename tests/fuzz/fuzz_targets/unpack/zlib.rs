//! Unpacks any bytes as a zlib file.
#![no_main]

keysieve_fuzz::container!([b"x\x9c", b"x\x01", b"x\x5e", b"x\xda"]);
