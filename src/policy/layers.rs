//! Reads a configuration file and those that it extends, for everyone who needs the policy of a
//! repository.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::config::Config;
use super::error::{ConfigError, ExtendsProblem};
use crate::text::printable_path;

/// How many files may extend each other in a row.
const MAX_DEPTH: usize = 8;

/// How many files there may be. Each is read once, so a change cannot make reading its policy take
/// forever.
const MAX_FILES: usize = 64;

/// How the files of one origin are read.
pub(super) trait Layers {
    /// The file at `path`; `None` if it does not exist.
    fn read(&self, path: &Path) -> Result<Option<Config>, ConfigError>;

    /// Whether a file may be extended.
    fn may_extend(&self, path: &Path) -> bool;

    /// How reports name the file at `path`.
    fn name(&self, path: &Path) -> String {
        printable_path(path)
    }
}

/// The configuration at `path` and all that it extends, the strongest first: what a file sets wins
/// over what it extends. Empty if the file does not exist.
pub(super) fn read(layers: &impl Layers, path: &Path) -> Result<Vec<Config>, ConfigError> {
    let mut reader = Reader {
        layers,
        chain: Vec::new(),
        seen: HashSet::from([path.to_path_buf()]),
        configs: Vec::new(),
    };
    if let Some(config) = layers.read(path)? {
        reader.add(path, config)?;
    }
    Ok(reader.configs)
}

struct Reader<'l, L> {
    layers: &'l L,
    /// The files from the first one to the one that is read, each of which extends the next.
    chain: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
    /// What was read, the strongest first.
    configs: Vec<Config>,
}

impl<L: Layers> Reader<'_, L> {
    /// Adds `config`, the file at `path`, and what it extends.
    fn add(&mut self, path: &Path, config: Config) -> Result<(), ConfigError> {
        let (extends, file) = (config.extends.clone(), config.file.clone());
        self.configs.push(config);
        self.chain.push(path.to_path_buf());
        // The last one that is named is stronger than those before.
        for path in extends.iter().rev() {
            let failed = |problem| ConfigError::Extends {
                file: file.clone(),
                extends: printable_path(path),
                problem,
            };
            if let Some(problem) = self.problem_of(path) {
                return Err(failed(problem));
            }
            // If several files extend one, it is as strong as the strongest of them makes it.
            if !self.seen.insert(path.clone()) {
                continue;
            }
            let config = self.layers.read(path)?;
            let config = config.ok_or_else(|| failed(ExtendsProblem::Missing))?;
            self.add(path, config.into_layer(&self.layers.name(path)))?;
        }
        self.chain.pop();
        Ok(())
    }

    /// Why the last file of the chain cannot extend the one at `path`.
    fn problem_of(&self, path: &Path) -> Option<ExtendsProblem> {
        if !self.layers.may_extend(path) {
            return Some(ExtendsProblem::Outside);
        }
        if let Some(at) = self.chain.iter().position(|file| file == path) {
            let files = self.chain[at..].iter().map(PathBuf::as_path).chain([path]);
            let names: Vec<_> = files.map(|file| self.layers.name(file)).collect();
            return Some(ExtendsProblem::Cycle(names.join(" -> ")));
        }
        if self.chain.len() > MAX_DEPTH {
            return Some(ExtendsProblem::TooDeep(MAX_DEPTH));
        }
        (self.seen.len() > MAX_FILES).then_some(ExtendsProblem::TooMany(MAX_FILES))
    }
}

/// Reads a configuration file that the user names, and those that it extends: the strongest first.
/// Empty if it does not exist.
///
/// # Errors
/// If one of them cannot be read, or is not valid.
pub fn load_layers(path: &Path) -> Result<Vec<Config>, ConfigError> {
    read(&Named, path)
}

/// Files that the user names: they may extend any file.
struct Named;

impl Layers for Named {
    fn read(&self, path: &Path) -> Result<Option<Config>, ConfigError> {
        Config::load(path)
    }

    fn may_extend(&self, _: &Path) -> bool {
        true
    }
}
