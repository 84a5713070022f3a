//! Text that is safe to show: masked, escaped, and worded once for all formats.

pub(in crate::report) mod escaping;
pub(in crate::report) mod facts;
pub(in crate::report) mod markup;
pub(in crate::report) mod mask;
pub(in crate::report) mod words;
