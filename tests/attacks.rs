//! Attacks on the promises of the program: each test is one, and its documentation says which.

mod fingerprints;
