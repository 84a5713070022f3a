//! The program when it is called as git-secrets: next to the original, which is written in bash,
//! and by itself.

mod beyond;
mod expressions;
mod groups;
pub(crate) mod session;
mod side_by_side;
