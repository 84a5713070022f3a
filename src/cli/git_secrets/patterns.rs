//! Reads the patterns of git-secrets from git's configuration and from providers, the commands
//! that the configuration names.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use bstr::{BStr, BString, ByteSlice as _};
use keysieve::rule::posix::Translated;
use keysieve::scan::lines::{Extent, LinePatterns};

use super::NAME;
use super::failure::Failure;
use super::git::configuration;

/// The words of the provider that `--register-aws` adds.
pub(super) const AWS_PROVIDER: &str = "git secrets --aws-provider";

/// Git's exit status for a pattern that it cannot use.
const FATAL: u8 = 128;

/// What the configuration says, in all of its scopes.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    patterns: Vec<BString>,
    providers: Vec<BString>,
    pub(super) allowed: Vec<BString>,
    /// Whether git quotes names that are not ASCII.
    pub(super) quotes_names: bool,
}

impl Configuration {
    /// Reads it.
    pub(super) fn read() -> Result<Self, Failure> {
        let keys = "^(secrets\\.(patterns|providers|allowed)|core\\.quotepath)$";
        let output = configuration(false)
            .arg("--null")
            .arg("--get-regexp")
            .arg(keys);
        let output = output.output(b"")?;
        let mut read = Self {
            quotes_names: true,
            ..Self::default()
        };
        // Git exits with 1 if no key is set.
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(Failure::incomplete("git's configuration cannot be read"));
        }
        for entry in output.stdout.split_str("\0") {
            let (key, value) = entry.split_once_str("\n").unwrap_or((entry, b""));
            let lines = value.split_str("\n").map(BString::from);
            match key {
                b"secrets.patterns" => read.patterns.extend(lines),
                b"secrets.providers" => read.providers.extend(lines),
                b"secrets.allowed" => read.allowed.extend(lines),
                b"core.quotepath" => {
                    let value = value.to_ascii_lowercase();
                    let is_off = matches!(&*value, b"false" | b"no" | b"off" | b"0");
                    read.quotes_names = !is_off;
                }
                _ => {}
            }
        }
        Ok(read)
    }

    /// What the configuration says, as `git config --get-regexp` prints it.
    pub(super) fn lines(&self) -> String {
        let keys = [
            ("patterns", &self.patterns),
            ("allowed", &self.allowed),
            ("providers", &self.providers),
        ];
        let values = keys
            .iter()
            .flat_map(|(key, values)| values.iter().map(move |value| (key, value)));
        let filled = values.filter(|(_, value)| !value.trim().is_empty());
        filled
            .map(|(key, value)| format!("secrets.{key} {value}\n"))
            .collect()
    }

    /// All patterns: those of the configuration, then those of the providers.
    pub(super) fn patterns(&self) -> Patterns {
        let own = self.patterns.iter().map(|text| (text.clone(), None));
        let mut all: Vec<_> = own.collect();
        for provider in &self.providers {
            let provided = provided(provider.as_bstr());
            // An empty result would match everything.
            if provided.iter().any(|pattern| !pattern.is_empty()) {
                let named = |text| (text, Some(provider.clone()));
                all.extend(provided.into_iter().map(named));
            }
        }
        Patterns(all)
    }

    /// Whether AWS is registered, so that the built-in rules for AWS take part.
    pub(super) fn has_aws(&self) -> bool {
        self.providers
            .iter()
            .any(|provider| provider.trim() == AWS_PROVIDER.as_bytes())
    }
}

/// Patterns, each with its provider, if it has one.
#[derive(Debug)]
pub(super) struct Patterns(Vec<(BString, Option<BString>)>);

impl Patterns {
    /// As `grep` takes them: each line is a pattern. `None` if there are none.
    pub(super) fn for_grep(&self) -> Result<Option<LinePatterns>, Failure> {
        if self.0.iter().all(|(text, _)| text.is_empty()) {
            return Ok(None);
        }
        Ok(Some(
            self.compile(|text| Some(text.to_vec()), Extent::Word)?,
        ))
    }

    /// As they are given to `git grep`: each word is a pattern. `None` if there are none.
    pub(super) fn for_git_grep(&self, extent: Extent) -> Result<Option<LinePatterns>, Failure> {
        if self.0.iter().all(|(text, _)| text.trim().is_empty()) {
            return Ok(None);
        }
        let words = |text: &[u8]| (!text.trim().is_empty()).then(|| bstr::join("|", text.fields()));
        let compiled = self.compile(words, extent).map_err(|failure| Failure {
            status: FATAL,
            ..failure
        });
        Ok(Some(compiled?))
    }

    fn compile(
        &self,
        change: impl Fn(&[u8]) -> Option<Vec<u8>>,
        extent: Extent,
    ) -> Result<LinePatterns, Failure> {
        let mut translated = Vec::new();
        for (text, provider) in &self.0 {
            let Some(text) = change(text) else {
                continue;
            };
            let pattern = Translated::new(&text);
            // What a provider prints may be the secret itself.
            translated.push(pattern.map_err(|error| match provider {
                Some(provider) => {
                    Failure::incomplete(format!("a pattern of the provider '{provider}': {error}"))
                }
                None => Failure::incomplete(format!("the pattern '{}': {error}", text.as_bstr())),
            })?);
        }
        compile(&translated, extent)
    }
}

/// Compiles patterns that were translated.
pub(super) fn compile(patterns: &[Translated], extent: Extent) -> Result<LinePatterns, Failure> {
    LinePatterns::new(patterns, extent)
        .ok_or_else(|| Failure::incomplete("the patterns are too large"))
}

/// The patterns that a provider prints, one on each line.
fn provided(provider: &BStr) -> Vec<BString> {
    let words: Vec<_> = provider
        .fields()
        .map(|word| word.to_os_str_lossy())
        .collect();
    let Some((program, args)) = words.split_first() else {
        return Vec::new();
    };
    let output = if provider.starts_with(AWS_PROVIDER.as_bytes()) && args.len() <= 3 {
        Ok(aws_credentials(args.get(2).map(AsRef::as_ref)))
    } else {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        command.output().map(|output| output.stdout)
    };
    match output {
        Ok(text) => {
            let text = text.replace("\r", "");
            let text = text.trim_end_with(|last| last == '\n');
            text.split_str("\n").map(BString::from).collect()
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{NAME}: the provider '{provider}': {error}");
            Vec::new()
        }
    }
}

/// Prints the keys of an AWS credentials file as patterns, for `--aws-provider`.
pub(super) fn print_aws_credentials(file: Option<&OsString>) -> Result<(), Failure> {
    Ok(io::stdout().write_all(&aws_credentials(file.map(OsString::as_os_str)))?)
}

/// The keys of an AWS credentials file, each as a pattern that matches it literally; nothing if
/// there is no such file.
fn aws_credentials(file: Option<&OsStr>) -> Vec<u8> {
    let default = || env::var_os("HOME").map(|home| Path::new(&home).join(".aws/credentials"));
    let file = file.filter(|file| !file.is_empty()).map(PathBuf::from);
    let text = file.or_else(default).and_then(|file| fs::read(file).ok());
    let mut keys = Vec::new();
    for line in text.unwrap_or_default().lines() {
        if line.contains_str("aws_access_key_id") || line.contains_str("aws_secret_access_key") {
            let value = line.split_str("=").nth(1).unwrap_or_default();
            let value = value.iter().copied().filter(|byte| !b" \"".contains(byte));
            keys.extend(escape(value, b"]\\.|$(){}?+*^"));
            keys.push(b'\n');
        }
    }
    keys
}

/// Puts a backslash before each of these characters.
pub(super) fn escape(text: impl Iterator<Item = u8>, special: &[u8]) -> Vec<u8> {
    let escaped = text.flat_map(|byte| {
        let backslash = special.contains(&byte).then_some(b'\\');
        backslash.into_iter().chain([byte])
    });
    escaped.collect()
}
