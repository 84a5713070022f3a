//! Unpacks any bytes as a PNG image.
#![no_main]

keysieve_fuzz::container!([b"\x89PNG\r\n\x1a\n"]);
