//! Writes what many devices need at once in one SQLite transaction: each transaction waits for the disk.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Store;
use super::deadline::within;
use super::error::Fault;
use super::session::Session;

/// A write that can be in one transaction with others. It may be tried again, and changes nothing if it was made before.
pub(super) trait BatchEntry: Send + Sync {
    /// Stores the entry with its records, unless it exists.
    fn put<'a>(
        &'a self,
        session: &'a mut Session,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;
}

/// Entries that wait to be written.
#[derive(Default)]
pub(super) struct Batches(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    entries: Vec<WaitingEntry>,
    /// Whether a task writes them. There is only one: others would only wait for it, each with all that a write needs.
    has_writer: bool,
}

struct WaitingEntry {
    entry: Arc<dyn BatchEntry>,
    sender: oneshot::Sender<Result<(), Fault>>,
}

/// The most entries in one transaction; a later entry waits for no more than these.
const MOST: usize = 200;

impl Batches {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; returns whether a writer must be started for it.
    fn add(&self, entry: WaitingEntry) -> bool {
        let mut waiting = self.lock();
        waiting.entries.push(entry);
        !std::mem::replace(&mut waiting.has_writer, true)
    }

    /// Returns the entries that waited longest. Without any, the writer has ended.
    fn next(&self) -> Option<Vec<WaitingEntry>> {
        let mut waiting = self.lock();
        let most = waiting.entries.len().min(MOST);
        waiting.has_writer = most > 0;
        (most > 0).then(|| waiting.entries.drain(..most).collect())
    }
}

/// Ends the writer that is dropped at work: entries that wait for it get an error, and the next one starts another writer.
struct Writer<'a> {
    batches: &'a Batches,
    /// Nothing waited any more; another writer may have started since.
    has_ended: bool,
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            *self.batches.lock() = Waiting::default();
        }
    }
}

impl Store {
    /// Stores an entry, together with others that arrive at the same time.
    pub(super) async fn put_in_batch(&self, entry: Arc<dyn BatchEntry>) -> Result<(), Fault> {
        let (sender, receiver) = oneshot::channel();
        if self.inner.batches.add(WaitingEntry { entry, sender }) {
            let store = self.clone();
            // A separate task: a caller that stops waiting must not cancel the entries of others.
            tokio::spawn(async move { store.write_waiting().await });
        }
        let deadline = self.inner.timeouts.operation;
        match within(deadline, receiver).await {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Fault::Away("the write was abandoned".to_owned())),
            None => Err(Fault::Away(format!("no answer within {deadline:?}"))),
        }
    }

    /// Writes batches until no entry waits.
    async fn write_waiting(&self) {
        let mut writer = Writer {
            batches: &self.inner.batches,
            has_ended: false,
        };
        while let Some(batch) = writer.batches.next() {
            // On the heap: a task that is spawned is copied, and this is large.
            Box::pin(self.write_and_answer(batch)).await;
        }
        writer.has_ended = true;
    }

    async fn write_and_answer(&self, batch: Vec<WaitingEntry>) {
        let deadline = self.inner.timeouts.operation;
        let writing = within(deadline, self.write_batch(&batch));
        let done = writing
            .await
            .unwrap_or_else(|| Err(Fault::Away(format!("no answer within {deadline:?}"))));
        match done {
            Ok(each) => {
                for (WaitingEntry { sender, .. }, done) in batch.into_iter().zip(each) {
                    // The caller may have stopped waiting.
                    let _sent = sender.send(done);
                }
            }
            Err(fault) => {
                for WaitingEntry { sender, .. } in batch {
                    let _sent = sender.send(Err(fault.clone()));
                }
            }
        }
    }

    /// Writes a batch and returns the result of each entry; without a return nothing was stored.
    async fn write_batch(&self, batch: &[WaitingEntry]) -> Result<Vec<Result<(), Fault>>, Fault> {
        // Nearly always all can be stored. Savepoints would triple the number of statements.
        match self.write_all(batch).await {
            Ok(()) => Ok(vec![Ok(()); batch.len()]),
            Err(_) => self.write_each(batch).await,
        }
    }

    /// Writes a batch, all or none.
    async fn write_all(&self, batch: &[WaitingEntry]) -> Result<(), Fault> {
        let mut session = self.write().await?;
        for WaitingEntry { entry, .. } in batch {
            entry.put(&mut session).await?;
        }
        session.commit().await
    }

    /// Writes a batch without the entries that cannot be stored.
    async fn write_each(&self, batch: &[WaitingEntry]) -> Result<Vec<Result<(), Fault>>, Fault> {
        let mut session = self.write().await?;
        let mut each = Vec::with_capacity(batch.len());
        for WaitingEntry { entry, .. } in batch {
            session.execute("savepoint entry", &[]).await?;
            let put = entry.put(&mut session).await;
            // On a full disk SQLite has rolled back the whole transaction, so there is no savepoint to return to.
            if let Err(fault @ (Fault::Away(_) | Fault::Lost(_) | Fault::Full(_))) = put {
                return Err(fault);
            }
            if put.is_err() {
                back(&mut session).await?;
            }
            session.execute("release entry", &[]).await?;
            each.push(put);
        }
        session.commit().await?;
        Ok(each)
    }
}

async fn back(session: &mut Session) -> Result<(), Fault> {
    session.execute("rollback to entry", &[]).await?;
    Ok(())
}
