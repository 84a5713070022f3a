//! Defines the JSON of paths, which need not be text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::text::printable;

/// A path. If it is not UTF-8, its bytes follow as base64.
#[derive(Serialize)]
pub(super) struct PathJson {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
}

/// The JSON of a path whose secrets are masked.
pub(super) fn path(bytes: &[u8]) -> PathJson {
    match std::str::from_utf8(bytes) {
        Ok(path) => PathJson {
            path: path.to_owned(),
            path_base64: None,
        },
        Err(_) => PathJson {
            path: printable(bytes),
            path_base64: Some(STANDARD.encode(bytes)),
        },
    }
}
