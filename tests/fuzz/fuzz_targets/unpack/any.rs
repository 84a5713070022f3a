//! Unpacks any bytes, with any containers in each other.
#![no_main]

keysieve_fuzz::container!([b""]);
