//! Unpacks any bytes as a PDF document.
#![no_main]

keysieve_fuzz::container!([b"%PDF-1."]);
