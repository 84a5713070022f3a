//! The `keysieve` program: everything is in `cli`.

fn main() {}
