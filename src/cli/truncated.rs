//! Ends the program with exit status 2 when a file is truncated while it is mapped into memory, as
//! packs are: the system then sends SIGBUS, whose default action is to kill the program.
//!
//! A signal handler is the only way to notice it, and no safe interface lets one write a message.

#![expect(
    unsafe_code,
    reason = "a handler that writes and exits is registered with libc only"
)]

use std::ffi::c_int;

/// Exits with 2 from now on where the program would be killed.
pub(super) fn exit_with_2() {
    let handler: extern "C" fn(c_int) = on_sigbus;
    // SAFETY: the handler calls nothing but `write` and `_exit`, which are async-signal-safe.
    unsafe { libc::signal(libc::SIGBUS, handler as libc::sighandler_t) };
}

extern "C" fn on_sigbus(_: c_int) {
    const MESSAGE: &[u8] =
        b"keysieve: a file was truncated while it was read; results are incomplete\n";
    // SAFETY: the buffer and its length are those of a constant.
    unsafe { libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len()) };
    // SAFETY: it ends the process, without running anything else.
    unsafe { libc::_exit(2) };
}
