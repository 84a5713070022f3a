//! Unpacks any bytes as a git bundle.
#![no_main]

keysieve_fuzz::container!([b"# v2 git bundle\n", b"# v3 git bundle\n"]);
