//! x
use crate::rule::check::{Candidate, Detail, Verdict};
/// x
pub fn access_key_id(_: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    Verdict::Accept
}
