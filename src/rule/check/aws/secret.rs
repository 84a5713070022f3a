//! x
use crate::rule::check::{Candidate, Detail, Verdict};
/// x
pub fn secret_access_key(_: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    Verdict::Accept
}
