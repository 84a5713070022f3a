//! x
use crate::rule::check::{Candidate, Detail, Verdict};
/// x
pub fn session_token(_: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    Verdict::Accept
}
/// x
pub fn bearer_key(_: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    Verdict::Accept
}
