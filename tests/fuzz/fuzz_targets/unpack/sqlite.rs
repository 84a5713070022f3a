//! Unpacks any bytes as an SQLite database.
#![no_main]

keysieve_fuzz::container!([b"SQLite format 3\0"]);
