//! Entries of many devices in one transaction of SQLite: each transaction waits for the disk once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use super::Store;
use super::deadline::within;
use super::error::Fault;
use super::record::Prepared;
use super::session::Session;

/// Entries that wait for their turn to be written.
#[derive(Default)]
pub(super) struct Batches {
    waiting: Mutex<Vec<Waiting>>,
    /// Whoever has it writes all that waits.
    turn: Turn<()>,
}

struct Waiting {
    entry: Arc<Prepared>,
    tell: oneshot::Sender<Result<(), Fault>>,
}

/// So many in one transaction; who comes in later waits for no more than these.
const MOST: usize = 200;

impl Batches {
    fn add(&self, waiting: Waiting) {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(waiting);
    }

    /// Returns the entries that waited longest.
    fn next(&self) -> Vec<Waiting> {
        let mut all = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let most = all.len().min(MOST);
        all.drain(..most).collect()
    }
}

impl Store {
    /// Puts an entry in, together with those that come at the same time.
    pub(super) async fn put_in_batch(&self, entry: Arc<Prepared>) -> Result<(), Fault> {
        let (tell, told) = oneshot::channel();
        self.inner.batches.add(Waiting { entry, tell });
        let store = self.clone();
        // A task of its own: whoever gives up waiting must not take the entries of others along.
        tokio::spawn(async move { store.write_waiting().await });
        let deadline = self.inner.timeouts.operation;
        match within(deadline, told).await {
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(Fault::Away("the write was abandoned".to_owned())),
            None => Err(Fault::Away(format!("no answer within {deadline:?}"))),
        }
    }

    async fn write_waiting(&self) {
        let batches = &self.inner.batches;
        let _turn = batches.turn.lock().await;
        let batch = batches.next();
        if batch.is_empty() {
            return;
        }
        let deadline = self.inner.timeouts.operation;
        let writing = within(deadline, self.write_batch(&batch));
        let done = writing
            .await
            .unwrap_or_else(|| Err(Fault::Away(format!("no answer within {deadline:?}"))));
        match done {
            Ok(each) => {
                for (Waiting { tell, .. }, done) in batch.into_iter().zip(each) {
                    // Nobody may wait for it any more.
                    let _told = tell.send(done);
                }
            }
            Err(fault) => {
                for Waiting { tell, .. } in batch {
                    let _told = tell.send(Err(fault.clone()));
                }
            }
        }
    }

    /// Writes a batch and returns what became of each entry; nothing of it is there unless this returns them.
    async fn write_batch(&self, batch: &[Waiting]) -> Result<Vec<Result<(), Fault>>, Fault> {
        let mut session = self.write().await?;
        let mut each = Vec::with_capacity(batch.len());
        for Waiting { entry, .. } in batch {
            session.execute("savepoint entry", &[]).await?;
            let put = entry.put(&mut session).await;
            // On a full disk SQLite has ended the whole transaction: nothing is left to go back to.
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
