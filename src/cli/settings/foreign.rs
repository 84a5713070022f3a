//! Mentions a file of another scanner that is not read, to users who expect that it is.

use std::io::Write as _;
use std::sync::Once;

use keysieve::policy::PolicyFiles;

/// Writes a line to standard error, once, if `files` have a policy of another tool and none of
/// ours. Reports go to standard output, so it changes none.
pub(super) fn mention(files: &PolicyFiles) {
    static MENTIONED: Once = Once::new();
    let Some(name) = files.unread() else {
        return;
    };
    MENTIONED.call_once(|| {
        // If standard error is closed, the scan is still right.
        let _ = writeln!(
            std::io::stderr(),
            "note: {name} is not read; 'keysieve import' carries it over"
        );
    });
}
