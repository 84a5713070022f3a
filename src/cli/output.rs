//! x
use super::fault::Fault;
use super::settings::Settings;
use clap::Args;
use keysieve::conduct::Progress;
use keysieve::finding::Outcome;
/// x
#[derive(Args, Debug, Default)]
pub(crate) struct OutputArgs {}
pub(crate) struct Output;
impl Output {
    pub(crate) fn new(_: &OutputArgs, _: &Settings) -> Result<Self, Fault> {
        Ok(Self)
    }
    pub(crate) fn watch<T>(&self, f: impl FnOnce(&Progress) -> T) -> T {
        f(&Progress::default())
    }
    pub(crate) fn write(&self, o: &Outcome) -> Result<(), Fault> {
        for f in &o.findings {
            println!(
                "{} {} {}:{}:{} {} {:?}",
                f.confidence,
                f.rule.id,
                keysieve::text::printable(f.origin.path()),
                f.place.start.line,
                f.place.start.column,
                f.secret,
                f.details
            );
        }
        for s in &o.skipped {
            println!("skip {} {}", s.path, s.reason);
        }
        println!("{:?}", o.totals);
        Ok(())
    }
}
