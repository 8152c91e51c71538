//! Runs one task per device, a limited number at once; a failing task delays no other.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::{Accesses, DeviceAccess};
use crate::model::{DeviceName, NotObserved};

/// A task that ended in a panic, a bug in gamctl, with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked(pub String);

/// Runs one task for each key and returns all results; `seen` is called for each as it comes in.
///
/// A task that panics is a result like any other: no key is missing from the results.
pub async fn ask_many<K, Q, A, F>(
    questions: impl IntoIterator<Item = (K, Q)>,
    at_once: usize,
    ask: impl Fn(K, Q) -> F,
    mut seen: impl FnMut(&K, &Result<A, Panicked>),
) -> BTreeMap<K, Result<A, Panicked>>
where
    K: Ord + Clone,
    F: Future<Output = A> + Send + 'static,
    A: Send + 'static,
{
    let permits = Arc::new(Semaphore::new(at_once.max(1)));
    let mut tasks = JoinSet::new();
    let mut running = BTreeMap::new();
    for (key, question) in questions {
        let permits = Arc::clone(&permits);
        let asking = ask(key.clone(), question);
        let asked = async move {
            // The semaphore is never closed; without a permit the task would only start early.
            let _permit = permits.acquire().await.ok();
            asking.await
        };
        let task = tasks.spawn(asked.in_current_span());
        running.insert(task.id(), key);
    }
    let mut answers = BTreeMap::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, answer) = match ended {
            Ok((id, answer)) => (id, Ok(answer)),
            Err(error) => (error.id(), Err(Panicked(panic_text(error)))),
        };
        if let Some(key) = running.remove(&id) {
            seen(&key, &answer);
            answers.insert(key, answer);
        }
    }
    answers
}

/// Asks every device whose access is complete; the others have the reason in place of an answer. `seen` is called for each as
/// it comes in.
pub(super) async fn ask_accessible<A, E, F>(
    devices: Accesses,
    at_once: usize,
    ask: impl Fn(DeviceName, DeviceAccess) -> F,
    mut seen: impl FnMut(&DeviceName),
) -> BTreeMap<DeviceName, Result<A, E>>
where
    E: From<NotObserved> + Send + 'static,
    F: Future<Output = Result<A, E>> + Send + 'static,
    A: Send + 'static,
{
    let mut answers = BTreeMap::new();
    let mut accessible = Vec::new();
    for (device, access) in devices {
        match access {
            Ok(access) => accessible.push((device, access)),
            Err(why) => {
                seen(&device);
                answers.insert(device, Err(E::from(why)));
            }
        }
    }
    let asked = ask_many(accessible, at_once, ask, |device, _| seen(device)).await;
    answers.extend(asked.into_iter().map(|(device, answer)| {
        let panicked = |Panicked(error)| Err(E::from(NotObserved::Panicked { error }));
        (device, answer.unwrap_or_else(panicked))
    }));
    answers
}

fn panic_text(error: tokio::task::JoinError) -> String {
    if !error.is_panic() {
        return error.to_string();
    }
    let panic = error.into_panic();
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_that_panics_has_an_answer_and_delays_no_other() {
        let mut seen = Vec::new();
        let answers = ask_many(
            [("a", 1), ("b", 0), ("c", 3)],
            1,
            |_, number: u32| async move {
                assert!(number > 0, "it is zero");
                number
            },
            |key, answer| seen.push((*key, answer.is_ok())),
        )
        .await;
        assert_eq!(answers.len(), 3);
        assert_eq!(answers["a"], Ok(1));
        assert_eq!(answers["b"], Err(Panicked("it is zero".to_owned())));
        seen.sort_unstable();
        assert_eq!(seen, [("a", true), ("b", false), ("c", true)]);
    }
}
