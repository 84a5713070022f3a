//! The integration tests, one binary.

mod hook;
