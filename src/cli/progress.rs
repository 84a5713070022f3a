//! Draws a progress bar on standard error while a scan runs.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use keysieve::engine::Progress;
use keysieve::report;

/// How long a scan runs before a progress bar appears.
const PROGRESS_DELAY: Duration = Duration::from_millis(500);

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Draws until the sender is dropped.
pub(super) fn draw(progress: &Progress, waiting: &mpsc::Receiver<()>) {
    if waiting.recv_timeout(PROGRESS_DELAY) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let expected = progress.expected.load(Ordering::Relaxed);
    let (bar, template) = match expected {
        0 => (ProgressBar::new_spinner(), "{spinner} {msg} [{elapsed}]"),
        known => (
            ProgressBar::new(known),
            "{bar:32} {percent}% {msg} [{elapsed}, {eta} left]",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while waiting.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let done = progress.blobs.load(Ordering::Relaxed);
        let bytes = report::size(progress.bytes.load(Ordering::Relaxed));
        let found = match progress.found.load(Ordering::Relaxed) {
            0 => String::new(),
            found => format!(", {} found", HumanCount(found)),
        };
        let unit = if expected > 0 { "objects" } else { "blobs" };
        bar.set_message(format!(
            "scanned {} {unit}, {bytes}{found}",
            HumanCount(done)
        ));
        bar.set_position(done.min(expected));
        bar.tick();
    }
    bar.finish_and_clear();
}
