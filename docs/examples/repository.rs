//! Scans a repository, its files and its history, with the policy that it has, for people who write
//! a service around the library.
//!
//! ```sh
//! cargo run --example repository -- ~/src/shop
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, thread};

use keysieve::Keysieve;

fn main() -> ExitCode {
    // 2 says that the scan was not completed, as with the program.
    scan().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn scan() -> Result<ExitCode, Box<dyn Error>> {
    let root = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| ".".into()));
    let mut keysieve = Keysieve::with_policy_of(&root, jiff::Zoned::now().date())?;
    keysieve.jobs = thread::available_parallelism().map_or(1, Into::into);
    let mut outcome = keysieve.scan_directory(&root)?;
    outcome.merge(keysieve.audit(&root)?);
    for finding in &outcome.findings {
        println!("{} {}", finding.rule.id, finding.origin.path());
    }
    for skip in &outcome.skipped {
        eprintln!("not scanned: {}", skip.path);
    }
    Ok(ExitCode::from(outcome.status() as u8))
}
