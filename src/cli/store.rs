//! Opens the store that a command remembers in: the settings', else SQLite in the state directory of the inventory.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use sha2::{Digest, Sha256};

use super::terminal::Terminal;
use crate::config::Settings;
use crate::history::{Store, StoreUrl, Timeouts};
use crate::reconcile::Archive;
use crate::report::visible;

/// Where an inventory's store is.
#[derive(Debug)]
pub(super) struct Place {
    pub url: StoreUrl,
    /// For the journal, and for the store that needs no server.
    pub state: PathBuf,
}

/// Returns where the store of the inventory in `folder` is.
///
/// Each folder has a state of its own: what is ours on the devices of one inventory is not ours in another.
pub(super) fn place(settings: &Settings, folder: &Path) -> anyhow::Result<Place> {
    let state = match &settings.store.state {
        Some(state) => state.clone(),
        None => {
            let all = settings.store.default_state.as_ref().context(
                "there is nowhere to remember anything: name a folder as `state` under `[store]` in gamctl.toml, or set GAMCTL_STATE",
            )?;
            all.join(own_name(folder))
        }
    };
    let url = match &settings.store.url {
        Some(url) => {
            let text = std::str::from_utf8(url.reveal())
                .map_err(|_| anyhow!("the store's URL is not UTF-8"))?;
            StoreUrl::parse(text).context("`url` under `[store]` cannot be used")?
        }
        None => StoreUrl::sqlite(state.join("gamctl.db")),
    };
    Ok(Place { url, state })
}

/// Returns a name that no other inventory on this machine has: `inventory-1f3a90b2`.
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

impl Place {
    /// Returns whether something was remembered here before; a server is taken to be there.
    pub(super) fn is_there(&self) -> bool {
        self.url.path().is_none_or(Path::exists)
    }

    /// Opens the store alone, for commands that only read.
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        make_private(&self.state)?;
        Ok(Store::open(&self.url, Timeouts::default()).await?)
    }

    /// Opens store and journal, and gives the store what the journal has.
    pub(super) async fn archive(&self, who: &str, terminal: &Terminal) -> anyhow::Result<Archive> {
        let store = self.open().await?;
        let archive = Archive::new(store, &self.state, who.to_owned());
        let replayed = archive.replay().await?;
        if replayed.entries > 0 {
            terminal.say(&format!(
                "The store missed {} while it was away; it has them now.",
                counted_entries(replayed.entries)
            ));
        }
        for rejected in &replayed.rejected {
            terminal.complain(&format!(
                "The store did not take an entry of the journal: {}. It is kept in the audit.",
                visible(rejected)
            ));
        }
        if replayed.is_torn {
            terminal.say("The last entry of the journal was cut off; it was never relied on.");
        }
        Ok(archive)
    }
}

fn counted_entries(entries: usize) -> String {
    match entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }
}

/// Makes the folder where it is missing; nobody else needs to read what subscribers are called.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(folder)
        .with_context(|| format!("failed to make the state directory {}", folder.display()))
}
