//! x
use super::fault::Fault;
use clap::Args;
use keysieve::finding::Status;
/// x
#[derive(Args, Debug)]
pub(crate) struct RulesArgs {}
impl RulesArgs {
    pub(crate) fn run(self) -> Result<Status, Fault> {
        Ok(Status::Clean)
    }
}
