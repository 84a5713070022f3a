//! Checksums that providers put into their tokens: a right one proves the token, a wrong one proves nothing.
