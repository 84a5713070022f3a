//! Unpacks any bytes as an lzma file.
#![no_main]

// Nothing is put in front: its header has no magic number.
keysieve_fuzz::container!([b""]);
