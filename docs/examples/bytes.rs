//! Scans standard input, for people who want to see the library at work: each finding is a line.
//!
//! ```sh
//! cargo run --example bytes < .env
//! ```

use std::error::Error;
use std::io::{self, Read as _};
use std::process::ExitCode;

use keysieve::Keysieve;

fn main() -> ExitCode {
    // 2 says that the scan was not completed, as with the program.
    scan().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn scan() -> Result<ExitCode, Box<dyn Error>> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let outcome = Keysieve::builtin()?.scan_bytes("stdin", &bytes)?;
    for finding in &outcome.findings {
        // The secret is masked: `Secret` has no `Display` that shows it.
        println!(
            "{}:{}: {} {} {}",
            finding.place.start.line,
            finding.place.start.column,
            finding.confidence,
            finding.rule.id,
            finding.secret
        );
    }
    Ok(ExitCode::from(outcome.status() as u8))
}
