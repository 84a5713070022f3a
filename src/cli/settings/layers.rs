//! Collects the configuration files of a run: the repository's, those that are named, and the
//! user's own.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use keysieve::policy::{Config, ConfigError, PolicyFiles, load_layers};

use super::{IMPORT, SettingsArgs, not_found};
use crate::cli::error::CliError;

/// A configuration file.
pub(super) struct Layer {
    pub(super) config: Config,
    /// Whether the user names it: it may name files outside of the repository.
    pub(super) is_named: bool,
}

impl SettingsArgs {
    /// The configuration files that apply to `files`, without the user's own: the strongest first.
    pub(super) fn layers(&self, files: &PolicyFiles) -> Result<Vec<Layer>, CliError> {
        if self.no_config {
            return Ok(Vec::new());
        }
        let layer = |is_named| move |config| Layer { config, is_named };
        let Some(file) = &self.config else {
            return Ok(files.configs()?.into_iter().map(layer(false)).collect());
        };
        let Some(file) = added(file) else {
            return Ok(load_named(file)?.into_iter().map(layer(true)).collect());
        };
        // Reports name no file for the entries of the repository's own.
        let named = load_named(&file)?.into_iter().map(|config| {
            let name = config.file.clone();
            config.into_layer(&name)
        });
        let own = files.configs()?.into_iter().map(layer(false));
        Ok(named.map(layer(true)).chain(own).collect())
    }

    /// The user's own configuration file and what it extends, weaker than all others.
    pub(super) fn user_layers(&self) -> Result<Vec<Layer>, CliError> {
        if self.no_config {
            return Ok(Vec::new());
        }
        let is_named = true;
        let configs = user_configs()?.into_iter();
        Ok(configs.map(|config| Layer { config, is_named }).collect())
    }

    /// The file that is named in place of the repository's, or with `+` in addition to it.
    pub(crate) fn named_config(&self) -> Option<&Path> {
        self.config.as_deref().filter(|_| !self.no_config)
    }

    /// The file whose entries reports show without a file.
    pub(super) fn main_file(&self, layers: &[Layer]) -> Option<String> {
        let is_replaced = self.config.as_deref().is_some_and(replaces);
        let main = layers.iter().find(|layer| is_replaced || !layer.is_named);
        main.map(|layer| layer.config.file.clone())
    }
}

/// Whether a file that is named takes the place of the repository's, and is not added to it.
pub(crate) fn replaces(file: &Path) -> bool {
    added(file).is_none()
}

/// The file that `+FILE` names.
fn added(file: &Path) -> Option<PathBuf> {
    let name = file.to_str()?.strip_prefix('+')?;
    Some(name.into())
}

fn load_named(file: &Path) -> Result<Vec<Config>, CliError> {
    let configs = load_layers(file).map_err(|error| {
        let may_be_other = matches!(error, ConfigError::Syntax { .. });
        let error = CliError::from(error);
        if may_be_other {
            error.help(IMPORT)
        } else {
            error
        }
    })?;
    if configs.is_empty() {
        return Err(not_found(file).help("--config or KEYSIEVE_CONFIG names it"));
    }
    Ok(configs)
}

/// The user's own configuration, for all repositories. Reports name it without the home directory,
/// so that they are the same for every user.
fn user_configs() -> Result<Vec<Config>, CliError> {
    let Ok(folders) = etcetera::choose_base_strategy() else {
        return Ok(Vec::new());
    };
    let file = folders.config_dir().join("keysieve/config.toml");
    if !file.is_absolute() {
        return Ok(Vec::new());
    }
    let home = folders.home_dir();
    let named = |config: Config| {
        let path = Path::new(&config.file);
        let name = match path.strip_prefix(home) {
            Ok(path) => format!("~/{}", path.display()),
            Err(_) => config.file.clone(),
        };
        config.into_layer(&name)
    };
    Ok(load_layers(&file)?.into_iter().map(named).collect())
}
