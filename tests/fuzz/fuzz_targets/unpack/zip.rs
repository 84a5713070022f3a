//! Unpacks any bytes as a zip archive.
#![no_main]

keysieve_fuzz::container!([
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x07\x08PK\x03\x04",
    b"PK00PK\x03\x04"
]);
