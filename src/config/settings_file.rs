//! Reads the file `gamctl.toml`, and refuses what a file that was found must not name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::inside::{entries_are_inside, is_inside};
use super::{
    ApplySettings, BackupSettings, GitSettings, ServeSettings, SyncSettings, TelemetrySettings,
};
use crate::secrets::{Secret, SecretCommand, SecretError};

/// The reason that the settings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("failed to read the settings {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the settings {path} are larger than {limit} bytes; check that it is the right file")]
    TooLarge { path: PathBuf, limit: u64 },
    #[error(
        "`{key}` in {path} is outside of the inventory; if you wrote these settings, use `--config {path}`"
    )]
    Outside { path: PathBuf, key: &'static str },
    #[error("{path} is a link to outside its folder; if you created it, use `--config {path}`")]
    LinkedSettings { path: PathBuf },
    #[error("failed to read a credential of this service")]
    Credential(#[source] SecretError),
    #[error("{path}:{line}: {message}")]
    Invalid {
        path: PathBuf,
        line: usize,
        message: String,
    },
}

/// The file in its written form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    pub(super) inventory: Option<WrittenInventory>,
    pub(super) secrets: Option<WrittenSecrets>,
    pub(super) store: Option<StoreTable>,
    pub(super) apply: Option<ApplySettings>,
    pub(super) backup: Option<BackupSettings>,
    pub(super) git: Option<GitSettings>,
    pub(super) serve: Option<ServeSettings>,
    pub(super) sync: Option<SyncSettings>,
    pub(super) telemetry: Option<TelemetrySettings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenInventory {
    pub(super) path: Option<PathBuf>,
    pub(super) branch: Option<String>,
}

/// The URL is read as a secret at once: it may contain a password.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct StoreTable {
    #[serde(deserialize_with = "as_secret")]
    pub(super) url: Option<Secret>,
    pub(super) state: Option<PathBuf>,
}

fn as_secret<'de, D: Deserializer<'de>>(written: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(written)?;
    Ok(Some(Secret::new(text.into_bytes())))
}

impl std::fmt::Debug for StoreTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoreTable")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenSecrets {
    pub(super) directory: Option<PathBuf>,
    pub(super) identity: Option<PathBuf>,
    pub(super) command: Option<SecretCommand>,
}

/// Far larger than any settings.
const MAX_BYTES: u64 = 1 << 20;

/// The way in which settings were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The operator named the file.
    Named,
    /// It is in the current folder or in the inventory: the author of the inventory may have written it.
    Found,
}

/// Returns whether there is a file, or a link to one, even a dangling link.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

impl SettingsFile {
    /// Returns the first setting that leads out of the folder of the settings.
    fn outside(&self, folder: &Path) -> Option<&'static str> {
        let leads_out =
            |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| !is_inside(folder, path));
        let inventory = self.inventory.as_ref();
        if inventory.is_some_and(|inventory| leads_out(&inventory.path)) {
            return Some("[inventory] path");
        }
        if let Some(secrets) = &self.secrets {
            if leads_out(&secrets.directory) {
                return Some("[secrets] directory");
            }
            if leads_out(&secrets.identity) {
                return Some("[secrets] identity");
            }
        }
        if self
            .backup
            .as_ref()
            .is_some_and(|backup| leads_out(&backup.repository))
        {
            return Some("[backup] repository");
        }
        let store = self.store.as_ref()?;
        if let Some(state) = &store.state
            && !(is_inside(folder, state) && entries_are_inside(folder, state, ""))
        {
            return Some("[store] state");
        }
        let url = store.url.as_ref()?;
        // The password in it, and other Postgres variables of the environment, would go to a server that the inventory
        // chose.
        let path = std::str::from_utf8(url.reveal()).ok();
        let path = path.and_then(|url| url.strip_prefix("sqlite://"));
        // A path in a URL is relative to the current folder.
        let is_here = folder == Path::new("");
        let is_ours = path.map(Path::new).is_some_and(|path| {
            let parent = path.parent().unwrap_or(Path::new(""));
            let name = path.file_name().and_then(|name| name.to_str());
            is_here
                && is_inside(folder, path)
                && name.is_some_and(|name| entries_are_inside(folder, parent, name))
        });
        (!is_ours).then_some("[store] url")
    }
}

pub(super) fn read(path: &Path, origin: Origin) -> Result<SettingsFile, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    let name = Path::new(path.file_name().unwrap_or_default());
    if origin == Origin::Found && !is_inside(path.parent().unwrap_or(Path::new("")), name) {
        return Err(SettingsError::LinkedSettings {
            path: path.to_path_buf(),
        });
    }
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(SettingsError::TooLarge {
            path: path.to_path_buf(),
            limit: MAX_BYTES,
        });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let written: Result<SettingsFile, toml::de::Error> = toml::from_str(&text);
    let mut written = written.map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        SettingsError::Invalid {
            path: path.to_path_buf(),
            line: before.matches('\n').count() + 1,
            message: error.message().to_owned(),
        }
    })?;
    // A path in the file is relative to the folder of the file.
    let folder = path.parent().unwrap_or(Path::new(""));
    if origin == Origin::Found
        && let Some(key) = written.outside(folder)
    {
        return Err(SettingsError::Outside {
            path: path.to_path_buf(),
            key,
        });
    }
    if let Some(inventory) = &mut written.inventory {
        inventory.path = inventory.path.take().map(|inner| folder.join(inner));
    }
    if let Some(store) = &mut written.store {
        store.state = store.state.take().map(|inner| folder.join(inner));
    }
    if let Some(backup) = &mut written.backup {
        backup.repository = backup.repository.take().map(|inner| folder.join(inner));
    }
    if let Some(git) = &mut written.git {
        git.resolve(folder);
    }
    if let Some(secrets) = &mut written.secrets {
        secrets.directory = secrets.directory.take().map(|inner| folder.join(inner));
        secrets.identity = secrets.identity.take().map(|inner| folder.join(inner));
        if let Some(command) = &mut secrets.command {
            command.resolve(folder);
        }
    }
    Ok(written)
}
