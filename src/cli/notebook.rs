//! The store as `plan` uses it: a plan is made without it where it cannot be asked, and says so.

use std::path::Path;

use tokio::runtime::Runtime;

use super::readings::Remembered;
use super::store::place;
use super::terminal::Terminal;
use crate::config::Settings;
use crate::history::{Store, StoreError};
use crate::reconcile::Sightings;
use crate::report::{read_plan, visible};

/// A store that may be missing.
pub(super) struct Notebook {
    open: Option<(Runtime, Store)>,
}

impl Notebook {
    pub(super) fn closed() -> Self {
        Self { open: None }
    }

    /// Opens the store of an inventory where there is one; `is_to_keep` makes one.
    pub(super) fn open(
        settings: &Settings,
        folder: &Path,
        is_to_keep: bool,
        terminal: &Terminal,
    ) -> Self {
        match Self::try_open(settings, folder, is_to_keep) {
            Ok(open) => Self { open },
            Err(error) => {
                terminal.say(&format!(
                    "note: the store cannot be asked, so nothing is known to be ours: {}\n",
                    visible(&format!("{error:#}"))
                ));
                Self::closed()
            }
        }
    }

    fn try_open(
        settings: &Settings,
        folder: &Path,
        is_to_keep: bool,
    ) -> anyhow::Result<Option<(Runtime, Store)>> {
        let place = match place(settings, folder) {
            Ok(place) => place,
            // Who never named a place has nothing there.
            Err(_) if !is_to_keep => return Ok(None),
            Err(error) => return Err(error),
        };
        if !place.is_there() && !is_to_keep {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .worker_threads(1)
            .build()?;
        let store = runtime.block_on(place.open())?;
        Ok(Some((runtime, store)))
    }

    /// Returns what the store knows.
    pub(super) fn remembered(&self, terminal: &Terminal) -> Option<Remembered> {
        let (runtime, store) = self.open.as_ref()?;
        match runtime.block_on(remembered(store)) {
            Ok(remembered) => Some(remembered),
            Err(error) => {
                terminal.say(&format!(
                    "note: the store does not answer, so nothing is known to be ours: {error}\n"
                ));
                None
            }
        }
    }

    /// Keeps a plan that was written to a file, and the looks that it was made from, for whoever applies it.
    pub(super) fn keep(&self, text: &str, sightings: &Sightings, terminal: &Terminal) {
        let Some((runtime, store)) = &self.open else {
            return;
        };
        let kept = runtime.block_on(async {
            let document = serde_json::from_str(text);
            if let (Ok((id, _)), Ok(document)) = (read_plan(text.as_bytes()), document) {
                store.keep_plan(&id, &document).await?;
            }
            for sighting in sightings.values().flatten() {
                store.keep_look(sighting.observation()).await?;
            }
            Ok::<(), StoreError>(())
        });
        if let Err(error) = kept {
            terminal.say(&format!(
                "note: the store does not know of this plan, so nothing will tell how old it is: {error}\n"
            ));
        }
    }
}

/// Returns what a store knows of devices.
pub(super) async fn remembered(store: &Store) -> Result<Remembered, StoreError> {
    Ok(Remembered {
        ledgers: store.ledgers().await?,
        applied: store.applied_commit().await?,
    })
}
