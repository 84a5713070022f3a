//! Runs `--scan`: over the files that the user names as `grep` does it, over tracked files as `git
//! grep` does it.

use std::path::Path;

use bstr::BStr;
use keysieve::git;
use keysieve::scan::lines::Extent;

use super::aws::AwsRules;
use super::failure::Failure;
use super::inputs::{self, Content, Input};
use super::lines::{self, Search};
use super::patterns::Configuration;
use super::words::Words;

/// Scans files.
pub(super) fn scan(words: &Words) -> Result<(), Failure> {
    let configuration = Configuration::read()?;
    if words.rest.is_empty() || !words.scope.is_default() {
        return in_git(&configuration, || inputs::tracked(words.scope, &words.rest));
    }
    files(&configuration, || inputs::named(words))
}

/// Scans inputs as `grep` does it.
pub(super) fn files(
    configuration: &Configuration,
    list: impl FnOnce() -> Result<Vec<Input>, Failure>,
) -> Result<(), Failure> {
    let Some(patterns) = configuration.patterns().for_grep()? else {
        return Ok(());
    };
    let search = Search {
        patterns: &patterns,
        aws: configuration.has_aws().then(AwsRules::new).transpose()?,
        repo: None,
    };
    lines::scan(&list()?, &search, configuration)
}

/// Scans inputs as `git grep` does it.
pub(super) fn in_git(
    configuration: &Configuration,
    list: impl FnOnce() -> Result<Vec<Input>, Failure>,
) -> Result<(), Failure> {
    let patterns = configuration.patterns().for_git_grep(Extent::Word)?;
    let Some(patterns) = patterns else {
        return Ok(());
    };
    let mut inputs = list()?;
    for input in &mut inputs {
        input.name = lines::quoted(BStr::new(&input.name), configuration.quotes_names);
    }
    let needs_objects = inputs
        .iter()
        .any(|input| matches!(input.content, Content::Blob(_)));
    let search = Search {
        patterns: &patterns,
        aws: configuration.has_aws().then(AwsRules::new).transpose()?,
        repo: needs_objects
            .then(|| git::discover(Path::new(".")))
            .transpose()?,
    };
    lines::scan(&inputs, &search, configuration)
}
