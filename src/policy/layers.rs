//! Reads a configuration file and those that it extends, for everyone who needs the policy of a
//! repository.

use std::path::{Component, Path, PathBuf};

use super::config::{Config, ConfigError, ExtendsProblem};

/// How many files may extend each other in a row.
const MAX_DEPTH: usize = 8;

/// How the files of one origin are read.
pub(super) trait Layers {
    /// The file at `path`; `None` if it does not exist.
    fn read(&self, path: &Path) -> Result<Option<Config>, ConfigError>;

    /// Whether a file may be extended.
    fn may_extend(&self, path: &Path) -> bool;
}

/// The configuration at `path` and all that it extends, the strongest first: what a file sets wins
/// over what it extends. Empty if the file does not exist.
pub(super) fn read(layers: &impl Layers, path: &Path) -> Result<Vec<Config>, ConfigError> {
    let mut all = Vec::new();
    if let Some(config) = layers.read(path)? {
        add(layers, &mut vec![normal(path)], config, &mut all)?;
    }
    Ok(all)
}

/// Adds `config`, the last of `chain`, and what it extends.
fn add(
    layers: &impl Layers,
    chain: &mut Vec<PathBuf>,
    config: Config,
    all: &mut Vec<Config>,
) -> Result<(), ConfigError> {
    let (extends, file) = (config.extends.clone(), config.file.clone());
    all.push(config);
    // The last one that is named is stronger than those before.
    for path in extends.into_iter().rev() {
        let path = normal(&path);
        let failed = |problem| ConfigError::Extends {
            file: file.clone(),
            extends: crate::text::printable_path(&path),
            problem,
        };
        if !layers.may_extend(&path) {
            return Err(failed(ExtendsProblem::Outside));
        }
        if chain.contains(&path) {
            return Err(failed(ExtendsProblem::Cycle));
        }
        if chain.len() > MAX_DEPTH {
            return Err(failed(ExtendsProblem::TooDeep));
        }
        let config = layers.read(&path)?;
        let config = config.ok_or_else(|| failed(ExtendsProblem::Missing))?;
        chain.push(path);
        let name = config.file.clone();
        add(layers, chain, config.into_layer(&name), all)?;
        chain.pop();
    }
    Ok(())
}

/// `path` without `.` and without `..` after a name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(normal.components().next_back(), Some(Component::Normal(_))) =>
            {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
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
