//! Parses the command line of git-secrets: git itself parses it, as it does for the original, so
//! that abbreviations and errors are the same.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use bstr::{BString, ByteSlice as _};

use super::failure::Failure;
use super::git::git;

/// The exit status of a usage error of git, and of a request for help.
pub(super) const USAGE: u8 = 129;

/// The command lines and options, in the format of `git rev-parse --parseopt`.
const OPTIONS: &str = "\
git secrets --scan [-r|--recursive] [--cached] [--no-index] [--untracked] [<files>...]
git secrets --scan-history
git secrets --install [-f|--force] [<target-directory>]
git secrets --list [--global]
git secrets --add [-a|--allowed] [-l|--literal] [--global] <pattern>
git secrets --add-provider [--global] <command> [arguments...]
git secrets --register-aws [--global]
git secrets --aws-provider [<credentials-file>]
--
scan search files, or all tracked files, for the patterns
scan-history search every commit that changes a line with a pattern
install write the hooks of a repository or of a template directory
list show the configuration
add add a pattern
add-provider add a command that prints patterns, one on each line
aws-provider print the keys of an AWS credentials file as patterns
register-aws add the patterns for AWS keys, and the keys in ~/.aws/credentials
r,recursive with --scan: also search the files in directories
cached with --scan: search what is staged
no-index with --scan: search all files in the directory, without git
untracked with --scan: also search files that are not tracked
f,force with --install: replace hooks that exist
l,literal with --add: the pattern is plain text
a,allowed with --add: lines with the pattern are allowed
global use the configuration of the user
commit_msg_hook* run by the hook commit-msg
pre_commit_hook* run by the hook pre-commit
prepare_commit_msg_hook* run by the hook prepare-commit-msg";

/// A parsed command line.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The first option, which names the command; `--` if there is no option.
    pub(super) command: String,
    pub(super) is_forced: bool,
    pub(super) is_recursive: bool,
    pub(super) is_literal: bool,
    pub(super) is_allowed: bool,
    pub(super) is_global: bool,
    /// What a scan searches instead of the tracked files.
    pub(super) scope: Scope,
    /// The arguments that are not options.
    pub(super) rest: Vec<OsString>,
}

/// What a scan searches instead of the tracked files; these options add up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope {
    pub(super) is_cached: bool,
    pub(super) is_without_index: bool,
    pub(super) has_untracked: bool,
}

impl Scope {
    pub(super) fn is_default(self) -> bool {
        !(self.is_cached || self.is_without_index || self.has_untracked)
    }
}

/// Parses the command line.
pub(super) fn parse(args: Vec<OsString>) -> Result<Words, Failure> {
    let normal = normalize(args)?;
    let mut normal = normal.into_iter().skip_while(|word| word == "set").skip(1);
    let mut words = Words {
        command: normal.next().unwrap_or_default().to_string(),
        ..Words::default()
    };
    if words.command != "--" {
        for option in normal.by_ref().take_while(|word| word != "--") {
            words.set(&option)?;
        }
    }
    words.rest = normal
        .map(|word| word.to_os_str_lossy().into_owned())
        .collect();
    if words.is_recursive && !words.scope.is_default() {
        return Err(Failure::refused(
            "-r|--recursive cannot be supplied with --cached, --no-index, or --untracked",
        ));
    }
    Ok(words)
}

/// Lets git expand abbreviations and put options first: `set -- --scan -r -- 'a file'`.
fn normalize(args: Vec<OsString>) -> Result<Vec<BString>, Failure> {
    let output = git(["rev-parse", "--parseopt", "--"]
        .map(OsString::from)
        .into_iter()
        .chain(args))
    .output(OPTIONS.as_bytes())?;
    let text = output.stdout.as_slice();
    if !output.status.success() {
        // The usage comes as a shell command that prints it.
        let usage = text.strip_prefix(b"cat <<\\EOF\n").unwrap_or(text);
        let usage = usage.strip_suffix(b"EOF\n").unwrap_or(usage);
        let _ = std::io::stdout().write_all(usage);
        return Err(Failure::status(USAGE));
    }
    Ok(unquote(text))
}

/// Prints how git-secrets is called.
pub(super) fn print_usage() -> Result<(), Failure> {
    match normalize(vec![OsString::from("-h")]) {
        Err(failure) if failure.status != USAGE => Err(failure),
        _ => Ok(()),
    }
}

/// The words of a shell command as git quotes it: in single quotes, with `'` and `!` outside of
/// them after a backslash.
fn unquote(text: &[u8]) -> Vec<BString> {
    let mut words = vec![BString::default()];
    let (mut is_quoted, mut is_escaped) = (false, false);
    for &byte in text.trim_end() {
        match (byte, words.last_mut()) {
            (b'\'', _) if !is_escaped => is_quoted = !is_quoted,
            (b'\\', _) if !is_quoted && !is_escaped => {
                is_escaped = true;
                continue;
            }
            (b' ', _) if !is_quoted && !is_escaped => words.push(BString::default()),
            (_, Some(word)) => word.push(byte),
            (_, None) => {}
        }
        is_escaped = false;
    }
    words
}

impl Words {
    /// Applies an option. One that belongs to another command is refused; other commands are
    /// ignored.
    fn set(&mut self, option: &BString) -> Result<(), Failure> {
        let (flag, command, name) = match option.as_slice() {
            b"-f" => (&mut self.is_forced, "--install", "-f|--force"),
            b"-r" => (&mut self.is_recursive, "--scan", "-r|--recursive"),
            b"-a" => (&mut self.is_allowed, "--add", "-a|--allowed"),
            b"-l" => (&mut self.is_literal, "--add", "-l|--literal"),
            b"--cached" => (&mut self.scope.is_cached, "--scan", "--cached"),
            b"--no-index" => (&mut self.scope.is_without_index, "--scan", "--no-index"),
            b"--untracked" => (&mut self.scope.has_untracked, "--scan", "--untracked"),
            b"--global" => {
                self.is_global = true;
                return Ok(());
            }
            _ => return Ok(()),
        };
        if self.command != command {
            return Err(Failure::refused(format!(
                "{name} can only be supplied with the {command} subcommand"
            )));
        }
        *flag = true;
        Ok(())
    }
}

/// The first file or pattern, or nothing.
pub(super) fn first(rest: &[OsString]) -> &OsStr {
    rest.first().map_or(OsStr::new(""), OsString::as_os_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_quotes_is_unquoted() {
        let quoted = br"set -- --scan -- 'a b' 'it'\''s'\!'' '\n' ''";
        let words = unquote(quoted);
        assert_eq!(
            words,
            ["set", "--", "--scan", "--", "a b", "it's!", "\\n", ""]
        );
    }
}
