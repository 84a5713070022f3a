//! Makes text safe to print: masked, escaped, and worded once for all formats.

pub(in crate::report) mod escaping;
pub(in crate::report) mod log_text;
pub(in crate::report) mod markup;
pub(in crate::report) mod notes;
pub(in crate::report) mod redactor;
pub(in crate::report) mod shell;
pub(in crate::report) mod value_mask;
pub(in crate::report) mod words;
