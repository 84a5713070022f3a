//! x
use crate::rule::check::{Candidate, Detail, Verdict};
/// x
pub fn ses_smtp_password(_: &Candidate<'_>, _: &mut Vec<Detail>) -> Verdict {
    Verdict::Accept
}
