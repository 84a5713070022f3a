//! Checks for AWS credentials. Formats: IAM User Guide, "IAM identifiers"; the rest is named where it is used.

pub mod context;
pub mod id;
pub mod secret;
pub mod token;
