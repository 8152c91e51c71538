//! Finds and opens an inventory's store: from the settings, else SQLite in its state directory.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::StoreWithJournal;
use crate::config::StoreSettings;
use crate::history::{
    JournalError, Replayed, Store, StoreError, StoreUrl, StoreUrlError, Timeouts,
};

/// The location of an inventory's store.
#[derive(Debug, Clone)]
pub struct StoreLocation {
    pub url: StoreUrl,
    /// The folder of the journal, and of the store that needs no server.
    pub state: PathBuf,
}

/// The reason that no store can be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreLocationError {
    #[error("no state directory; set `state` under `[store]` in gamctl.toml, or GAMCTL_STATE")]
    NoState,
    #[error("`url` under `[store]` is not UTF-8")]
    NotText,
    #[error("invalid `url` under `[store]`")]
    Url(#[from] StoreUrlError),
    #[error("failed to create the state directory {folder}")]
    State { folder: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl StoreLocationError {
    /// Returns whether the database finds its own file damaged.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_damaged())
    }

    /// Returns whether a disk has no space left.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Store(error) => error.is_full(),
            Self::State { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            Self::NoState | Self::NotText | Self::Url(_) | Self::Journal(_) => false,
        }
    }
}

impl StoreLocation {
    /// Returns the location of the store for the inventory in `folder`.
    ///
    /// Each folder has its own state: objects owned by one inventory are not owned by another.
    pub fn of(settings: &StoreSettings, folder: &Path) -> Result<Self, StoreLocationError> {
        let state = match (&settings.state, &settings.default_state) {
            (Some(state), _) => state.clone(),
            (None, Some(all)) => all.join(own_name(folder)),
            (None, None) => return Err(StoreLocationError::NoState),
        };
        let url = match &settings.url {
            Some(url) => {
                let text = std::str::from_utf8(url.reveal());
                StoreUrl::parse(text.map_err(|_| StoreLocationError::NotText)?)?
            }
            None => StoreUrl::sqlite(state.join("gamctl.db")),
        };
        Ok(Self { url, state })
    }

    /// Returns whether a store exists; a server is assumed to, and so is a file that this user may not see.
    pub fn is_there(&self) -> bool {
        let path = self.url.path();
        path.is_none_or(|path| path.try_exists().unwrap_or(true))
    }

    /// Opens only the store, for callers that only read.
    pub async fn open(&self) -> Result<Store, StoreLocationError> {
        make_private(&self.state).map_err(|source| StoreLocationError::State {
            folder: self.state.clone(),
            source,
        })?;
        Ok(Store::open(&self.url, Timeouts::default()).await?)
    }

    /// Opens an existing store for queries, if it answers in time; changes nothing.
    pub async fn open_to_read(&self, timeouts: Timeouts) -> Result<Store, StoreLocationError> {
        Ok(Store::open_to_read(&self.url, timeouts).await?)
    }

    /// Opens store and journal, and replays the journal.
    pub async fn open_with_journal(
        &self,
        who: &str,
    ) -> Result<(StoreWithJournal, Replayed), StoreLocationError> {
        let store = self.open().await?;
        let store = StoreWithJournal::new(store, &self.state, who.to_owned());
        let replayed = store.replay().await?;
        Ok((store, replayed))
    }
}

/// Returns a name that is unique among inventories on this host: `inventory-1f3a90b2`.
fn own_name(folder: &Path) -> String {
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .take(40)
        .collect();
    let name = if name.is_empty() { "inventory" } else { &name };
    let digits = digest.iter().take(4).map(|octet| format!("{octet:02x}"));
    format!("{name}-{}", digits.collect::<String>())
}

/// Creates a missing folder for its owner only: it stores the names of subscribers.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder)
}
