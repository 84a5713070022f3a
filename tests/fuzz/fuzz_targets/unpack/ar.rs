//! Unpacks any bytes as an ar archive.
#![no_main]

keysieve_fuzz::container!([b"!<arch>\n"]);
