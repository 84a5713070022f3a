//! Writes the configuration of git-secrets: `--add`, `--add-provider` and `--register-aws`.

use std::io::Write as _;

use bstr::{BString, ByteSlice as _, ByteVec as _};

use super::failure::Failure;
use super::git::configuration;
use super::patterns::{AWS_PROVIDER, escape};
use super::words::{Words, first};

/// Adds a pattern, or an allowed one.
pub(super) fn pattern(words: &Words) -> Result<(), Failure> {
    let key = if words.is_allowed {
        "secrets.allowed"
    } else {
        "secrets.patterns"
    };
    let value = Vec::from_os_str_lossy(first(&words.rest)).into_owned();
    add(key, &value, words)
}

/// Adds a provider.
pub(super) fn provider(words: &Words) -> Result<(), Failure> {
    let command = words.rest.iter().map(|word| Vec::from_os_str_lossy(word));
    let command = bstr::join(" ", command);
    add("secrets.providers", &command, words)
}

/// Adds a value. One that is part of a value which is there already is not added, and fails.
fn add(key: &str, value: &[u8], words: &Words) -> Result<(), Failure> {
    let value = if words.is_literal {
        escape(value.iter().copied(), b"\\.|$(){}?+*^")
    } else {
        value.to_vec()
    };
    let values = configuration(words.is_global)
        .arg("--get-all")
        .arg(key)
        .output(b"")?;
    let mut parts = value.split_str("\n");
    if parts.any(|part| values.stdout.lines().any(|line| line.contains_str(part))) {
        return Err(Failure::status(1));
    }
    let add = configuration(words.is_global).arg("--add").arg(key);
    add.arg(value.to_os_str_lossy()).show()
}

/// Adds the patterns for AWS. Like the original it ends with 0, also if git cannot write, and says
/// `OK` only if the last of its values is new.
pub(super) fn register_aws(is_global: bool) -> Result<(), Failure> {
    let words = Words {
        is_global,
        ..Words::default()
    };
    let mut last = Ok(());
    for (key, value) in aws() {
        last = add(key, &value, &words);
    }
    if last.is_ok() {
        writeln!(std::io::stdout(), "OK")?;
    }
    Ok(())
}

/// What `--register-aws` adds: the provider; patterns for ids of keys, keys of Amazon Bedrock,
/// secret access keys and account ids; and the two keys of AWS's documentation, which are allowed.
fn aws() -> Vec<(&'static str, BString)> {
    let quote = "(\"|')?";
    let aws = "(AWS|aws|Aws)?_?";
    let connect = "\\s*(:|=>|=)\\s*";
    let secret = "(SECRET|secret|Secret)?_?(ACCESS|access|Access)?_?(KEY|key|Key)";
    let account = "(ACCOUNT|account|Account)_?(ID|id|Id)?";
    let assigned = |name: &str, value: &str| {
        format!("{quote}{aws}{name}{quote}{connect}{quote}{value}{quote}")
    };
    let patterns = [
        "(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}".to_owned(),
        "ABSK[A-Za-z0-9+/]{109,}=*".to_owned(),
        concat!("bedrock-api-key-", "YmVkcm9jay5hbWF6b25hd3MuY29t").to_owned(),
        assigned(secret, "[A-Za-z0-9/\\+=]{40}"),
        assigned(account, "[0-9]{4}\\-?[0-9]{4}\\-?[0-9]{4}"),
    ];
    let allowed = [
        concat!("AKIA", "IOSFODNN7", "EXAMPLE"),
        concat!("wJalrXUtnFEMI", "/K7MDENG", "/bPxRfiCYEXAMPLEKEY"),
    ];
    let mut values = vec![("secrets.providers", AWS_PROVIDER.into())];
    values.extend(patterns.map(|pattern| ("secrets.patterns", pattern.into())));
    values.extend(allowed.map(|text| ("secrets.allowed", text.into())));
    values
}
