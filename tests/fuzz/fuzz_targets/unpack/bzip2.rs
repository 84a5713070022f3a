//! Unpacks any bytes as a bzip2 file.
#![no_main]

keysieve_fuzz::container!([b"BZh91AY&SY", b"BZh11AY&SY", b"BZh9\x17rE8P\x90"]);
