//! `keysieve generate`: shell completions and the man page.

use std::io::{self, Write as _};

use clap::{Args, Subcommand};
use clap_complete::Shell;
use keysieve::finding::Status;

use super::error::CliError;

/// The words of `keysieve generate`.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Completions for a shell, to be sourced or put where it looks for them
    Completions {
        /// The shell
        shell: Shell,
    },
    /// The man page, in roff
    Man,
}

impl GenerateArgs {
    pub(crate) fn run(&self, command: &mut clap::Command) -> Result<Status, CliError> {
        let mut text = Vec::new();
        match self.what {
            What::Completions { shell } => {
                clap_complete::generate(shell, command, "keysieve", &mut text);
            }
            What::Man => manual(command.clone(), &mut text)?,
        }
        io::stdout().write_all(&text)?;
        Ok(Status::Clean)
    }
}

/// One page for the program and all its commands, one after the other.
fn manual(mut command: clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    sections("keysieve", &command, out)
}

/// A section for each command below `command`, and for those below it.
fn sections(above: &str, command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    for part in command
        .get_subcommands()
        .filter(|part| part.get_name() != "help")
    {
        let name = format!("{above} {}", part.get_name());
        writeln!(out, ".SH \"{}\"", name.to_uppercase())?;
        let page = clap_mangen::Man::new(part.clone());
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
        sections(&name, part, out)?;
    }
    Ok(())
}
