//! `keysieve generate`: prints shell completions and the man page.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use keysieve::finding::Status;
use keysieve::text::printable_path;

use super::error::CliError;

/// Arguments of `keysieve generate`.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    #[command(subcommand)]
    output: Output,
}

#[derive(Subcommand, Debug)]
enum Output {
    /// Print completions for a shell, to source or to put into its completion folder
    #[command(after_long_help = "Examples:
  keysieve generate completions bash > ~/.local/share/bash-completion/completions/keysieve
  keysieve generate completions zsh > ~/.zfunc/_keysieve
  keysieve generate completions fish > ~/.config/fish/completions/keysieve.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page, in roff
    #[command(after_long_help = "Examples:
  keysieve generate man > keysieve.1
  keysieve generate man --dir ~/.local/share/man/man1")]
    Man {
        /// Write one page for each command into this folder instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl GenerateArgs {
    pub(crate) fn run(self, mut command: clap::Command) -> Result<Status, CliError> {
        let mut text = Vec::new();
        match self.output {
            Output::Completions { shell } => {
                clap_complete::generate(shell, &mut command, "keysieve", &mut text);
            }
            Output::Man { dir: None } => manual(command, &mut text)?,
            Output::Man { dir: Some(dir) } => {
                let failed = |error| {
                    let dir = printable_path(&dir);
                    CliError::new(format!("{dir}: the man pages cannot be written: {error}"))
                };
                fs::create_dir_all(&dir).map_err(failed)?;
                clap_mangen::generate_to(command, &dir).map_err(failed)?;
            }
        }
        io::stdout().write_all(&text)?;
        Ok(Status::Clean)
    }
}

/// Writes one page for the program and all its commands.
fn manual(mut command: clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    sections("keysieve", &command, out)
}

/// Writes a section for each subcommand of `command`, and for theirs.
fn sections(parent: &str, command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    for part in command
        .get_subcommands()
        .filter(|part| part.get_name() != "help")
    {
        let name = format!("{parent} {}", part.get_name());
        writeln!(out, ".SH \"{}\"", name.to_uppercase())?;
        let page = clap_mangen::Man::new(part.clone());
        page.render_synopsis_section(out)?;
        page.render_description_section(out)?;
        page.render_options_section(out)?;
        sections(&name, part, out)?;
    }
    Ok(())
}
