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

/// The task that writes. If it is dropped at work, or before it began, entries that wait for it get an error, and the next
/// one starts another.
struct Writer {
    store: Store,
    /// Nothing waited any more; another writer may have started since.
    has_ended: bool,
}

impl Writer {
    /// Writes batches until no entry waits.
    async fn write(&mut self) {
        while let Some(batch) = self.store.inner.batches.next() {
            // On the heap: a task that is spawned is copied, and this is large.
            Box::pin(self.store.write_and_answer(batch)).await;
        }
        self.has_ended = true;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.has_ended {
            *self.store.inner.batches.lock() = Waiting::default();
        }
    }
}

impl Store {
    /// Stores an entry, together with others that arrive at the same time.
    pub(super) async fn put_in_batch(&self, entry: Arc<dyn BatchEntry>) -> Result<(), Fault> {
        let (sender, receiver) = oneshot::channel();
        if self.inner.batches.add(WaitingEntry { entry, sender }) {
            let mut writer = Writer {
                store: self.clone(),
                has_ended: false,
            };
            // A separate task: a caller that stops waiting must not cancel the entries of others.
            tokio::spawn(async move { writer.write().await });
        }
        let deadline = self.inner.timeouts.operation;
        match within(deadline, receiver).await {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Fault::Away("the write was abandoned".to_owned())),
            None => Err(Fault::Away(format!("no answer within {deadline:?}"))),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> WaitingEntry {
        struct Nothing;
        impl BatchEntry for Nothing {
            fn put<'a>(
                &'a self,
                _session: &'a mut Session,
            ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
                Box::pin(async { Ok(()) })
            }
        }
        WaitingEntry {
            entry: Arc::new(Nothing),
            sender: oneshot::channel().0,
        }
    }

    #[test]
    fn one_writer_is_started_for_all_entries_that_wait_and_another_when_it_has_ended() {
        let batches = Batches::default();
        assert!(batches.add(waiting()));
        for _ in 0..MOST {
            assert!(!batches.add(waiting()));
        }
        assert_eq!(batches.next().unwrap().len(), MOST);
        assert!(!batches.add(waiting()), "the writer is at work");
        assert_eq!(batches.next().unwrap().len(), 2);
        assert!(batches.next().is_none());
        assert!(batches.add(waiting()));
    }
}
