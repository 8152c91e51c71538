//! A file for entries while the store is unreachable: each is durable, and replayed later.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::stored::{Audit, Lease, NewLedger, RunId};
use super::{Store, StoreError};
use crate::apply::{DeviceOutcome, Entry};
use crate::crash;

/// The largest size of a journal: a store unreachable for longer needs an operator.
const MOST_BYTES: u64 = 1 << 28;

/// The largest size of an entry; a larger length in a damaged file is rejected.
const MOST_ENTRY: usize = 64 << 20;

/// The version of new entries.
const VERSION: u64 = 1;

fn first_version() -> u64 {
    1
}

/// The length and the checksum before each entry.
const HEAD: usize = 4 + 32;

/// Entries that the store does not have yet.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
    /// The end of this process's last entry: a file of that size has no torn tail.
    known_end: Arc<Mutex<Option<u64>>>,
}

/// The reason that the journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("failed to write the journal {path}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("failed to read the journal {path}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "the disk of the journal {path} is full: {because}; free some space, then run it again"
    )]
    DiskFull { path: PathBuf, because: String },
    #[error(
        "the journal {path} is full: it has {limit} bytes of entries that the store lacks; make the store reachable, then run `gamctl apply`"
    )]
    Full { path: PathBuf, limit: u64 },
    #[error(
        "the journal {path} has an entry at byte {at} that this gamctl cannot read: use the one that wrote it, or move the file away"
    )]
    Foreign { path: PathBuf, at: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "report the entries that the store rejected"]
pub struct Replayed {
    pub entries: usize,
    /// Entries that the store rejected, each with the reason; they are in its audit log.
    pub rejected: Vec<String>,
    /// The last entry was incomplete: it was never reported as durable.
    pub is_torn: bool,
}

/// One entry in its written form.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct JournalEntry {
    /// The version of this form; left out by the first gamctl.
    #[serde(default = "first_version")]
    version: u64,
    run: RunId,
    lease: Lease,
    number: u32,
    #[serde(flatten)]
    what: JournalRecord,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum JournalRecord {
    Recorded {
        content: Entry,
    },
    Finished {
        outcome: DeviceOutcome,
        ledger: Option<Box<NewLedger>>,
    },
}

/// The readable part of a journal.
struct ReadableJournal {
    /// Each with its end offset.
    entries: Vec<(Vec<u8>, u64)>,
    /// An incomplete entry follows.
    is_torn: bool,
}

impl Journal {
    /// Returns the journal in a file, which may not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            known_end: Arc::default(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether it has no entries.
    pub fn is_empty(&self) -> bool {
        fs::metadata(&self.path).map_or(true, |file| file.len() == 0)
    }

    /// Stores an entry as `Store::record` would; it is durable when this returns.
    pub async fn record(
        &self,
        run: RunId,
        lease: &Lease,
        number: u32,
        entry: &Entry,
    ) -> Result<(), JournalError> {
        let what = JournalRecord::Recorded {
            content: entry.clone(),
        };
        self.append(run, lease, number, what).await
    }

    /// Stores an outcome as `Store::finish` would; it is durable when this returns.
    pub async fn finish(
        &self,
        run: RunId,
        lease: &Lease,
        number: u32,
        outcome: &DeviceOutcome,
        ledger: Option<&NewLedger>,
    ) -> Result<(), JournalError> {
        let what = JournalRecord::Finished {
            outcome: outcome.clone(),
            ledger: ledger.map(|ledger| Box::new(ledger.clone())),
        };
        self.append(run, lease, number, what).await
    }

    async fn append(
        &self,
        run: RunId,
        lease: &Lease,
        number: u32,
        what: JournalRecord,
    ) -> Result<(), JournalError> {
        let written = JournalEntry {
            version: VERSION,
            run,
            lease: lease.clone(),
            number,
            what,
        };
        crash::point("journal-before");
        self.aside(move |journal| journal.append_now(&written))
            .await?;
        crash::point("journal-after");
        Ok(())
    }

    /// Runs blocking work on a separate thread, so that no task waits for the disk or another process.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let journal = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&journal)).await;
        done.unwrap_or_else(|why| {
            Err(JournalError::Unwritable {
                path: self.path.clone(),
                source: io::Error::other(why),
            })
        })
    }

    fn append_now(&self, written: &JournalEntry) -> Result<(), JournalError> {
        let unwritable = |source: io::Error| match source.kind() {
            io::ErrorKind::StorageFull => JournalError::DiskFull {
                path: self.path.clone(),
                because: source.to_string(),
            },
            _ => JournalError::Unwritable {
                path: self.path.clone(),
                source,
            },
        };
        let body = serde_json::to_vec(written).map_err(io::Error::from);
        let framed = body.and_then(|body| framed(&body)).map_err(unwritable)?;
        let mut file = self.open().map_err(unwritable)?;
        // A torn tail would hide the entries written after it.
        let mut known_end = self
            .known_end
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let length = file.metadata().map_err(unwritable)?.len();
        let end = match *known_end {
            Some(end) if end == length => end,
            _ => self
                .whole(&mut file)?
                .entries
                .last()
                .map_or(0, |(_, end)| *end),
        };
        let size = u64::try_from(framed.len()).unwrap_or(u64::MAX);
        if end.saturating_add(size) > MOST_BYTES {
            return Err(JournalError::Full {
                path: self.path.clone(),
                limit: MOST_BYTES,
            });
        }
        let mut write = || {
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&framed)?;
            file.sync_all()
        };
        *known_end = None;
        write().map_err(unwritable)?;
        *known_end = Some(end.saturating_add(size));
        Ok(())
    }

    /// Replays all entries into the store and empties the journal. Entries that the store has already are not doubled.
    ///
    /// An entry that the store rejects for good, such as one of a device that another process took over, becomes an
    /// audit entry with all of its content.
    ///
    /// # Errors
    ///
    /// If the store is unreachable again, the journal is left unchanged.
    pub async fn replay(&self, store: &Store, who: &str) -> Result<Replayed, JournalError> {
        if self.is_empty() {
            return Ok(Replayed::default());
        }
        // The lock keeps other processes from writing until all of it is in the store.
        let (file, whole) = self.aside(Self::read).await?;
        let mut replayed = Replayed {
            is_torn: whole.is_torn,
            ..Replayed::default()
        };
        crash::point("replay-before");
        let mut at = 0;
        for (body, end) in &whole.entries {
            let written: JournalEntry =
                serde_json::from_slice(body).map_err(|_| JournalError::Foreign {
                    path: self.path.clone(),
                    at,
                })?;
            if written.version > VERSION {
                let path = self.path.clone();
                return Err(JournalError::Foreign { path, at });
            }
            at = *end;
            replayed.entries += 1;
            if let Err(why) = put(store, &written).await {
                if why.is_away() {
                    return Err(why.into());
                }
                let what = keep_aside(store, who, &written, &why).await?;
                replayed.rejected.push(what);
            }
        }
        crash::point("replay-after");
        let emptied = file.set_len(0).and_then(|()| file.sync_all());
        emptied.map_err(|source| JournalError::Unwritable {
            path: self.path.clone(),
            source,
        })?;
        Ok(replayed)
    }

    fn read(&self) -> Result<(File, ReadableJournal), JournalError> {
        let mut file = self.open().map_err(|source| JournalError::Unreadable {
            path: self.path.clone(),
            source,
        })?;
        let whole = self.whole(&mut file)?;
        Ok((file, whole))
    }

    /// Opens and locks the file: another process of the same state directory waits.
    fn open(&self) -> io::Result<File> {
        let folder = self.path.parent();
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
        }
        let is_new = !self.path.exists();
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file = options.open(&self.path)?;
        file.lock()?;
        if is_new && let Some(folder) = folder {
            // The name of a new file is durable only when its folder is synced.
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            File::open(folder)?.sync_all()?;
        }
        Ok(file)
    }

    fn whole(&self, file: &mut File) -> Result<ReadableJournal, JournalError> {
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| {
            let mut limited = io::Read::by_ref(file).take(MOST_BYTES);
            limited.read_to_end(&mut bytes)
        });
        read.map_err(|source| JournalError::Unreadable {
            path: self.path.clone(),
            source,
        })?;
        let mut entries = Vec::new();
        let mut rest: &[u8] = &bytes;
        let mut end = 0;
        while let Some((body, after)) = first(rest) {
            end += u64::try_from(rest.len() - after.len()).unwrap_or_default();
            entries.push((body.to_vec(), end));
            rest = after;
        }
        Ok(ReadableJournal {
            entries,
            is_torn: !rest.is_empty(),
        })
    }
}

fn framed(body: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(body.len()).ok();
    let length = length.filter(|_| body.len() <= MOST_ENTRY);
    let length = length.ok_or_else(|| io::Error::other("an entry is too large"))?;
    let mut framed = Vec::with_capacity(HEAD + body.len());
    framed.extend_from_slice(&length.to_le_bytes());
    framed.extend_from_slice(&Sha256::digest(body));
    framed.extend_from_slice(body);
    Ok(framed)
}

/// Returns the first entry of a journal and the rest, or `None` if it is incomplete.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (checksum, rest) = rest.split_first_chunk::<32>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (body, rest) = rest.split_at_checked(length)?;
    let is_whole = length <= MOST_ENTRY && Sha256::digest(body).as_slice() == checksum.as_slice();
    is_whole.then_some((body, rest))
}

async fn put(store: &Store, written: &JournalEntry) -> Result<(), StoreError> {
    let JournalEntry {
        version: _,
        run,
        lease,
        number,
        what,
    } = written;
    match what {
        JournalRecord::Recorded { content } => store.record(*run, lease, *number, content).await,
        JournalRecord::Finished { outcome, ledger } => {
            let ledger = ledger.as_deref();
            store.finish(*run, lease, *number, outcome, ledger).await
        }
    }
}

/// Keeps an entry that the store rejected in its audit log: preserved, but not applied.
async fn keep_aside(
    store: &Store,
    who: &str,
    written: &JournalEntry,
    why: &StoreError,
) -> Result<String, StoreError> {
    let content = serde_json::to_string(written).unwrap_or_default();
    let what = format!(
        "entry {} of {} in run {} was written while the store was unreachable, and was rejected: {why}",
        written.number, written.lease.device, written.run.0
    );
    let audit = Audit {
        who: who.to_owned(),
        verb: "replay".to_owned(),
        subject: Some(written.lease.device.to_string()),
        is_refused: true,
        what: format!("{what}; it was {content}"),
        objects: None,
        run: Some(written.run),
    };
    store.audit(&audit).await?;
    Ok(what)
}
