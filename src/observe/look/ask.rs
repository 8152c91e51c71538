//! Many questions to one agent side by side; a value that it cannot give spoils itself and no other.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::Semaphore;

use crate::observe::rows::Known;
use crate::transport::snmp::{Column, Oid, Session, SnmpError, Value};

/// How many cells of a column an agent may refuse until the rest of that column is not asked for any more.
const PATIENCE: u32 = 8;

/// One request in so many is left to walks.
const WALKS_SHARE: usize = 6;

/// How many requests may stay without an answer, each sent several times, until the agent counts as gone.
const SILENCES: u32 = 3;

/// One agent for as long as a look takes.
pub(super) struct Asker {
    session: Session,
    lanes: usize,
    /// For values by name: of the requests that the session lets be under way, a few are left to walks, of which each request has to
    /// wait for the one before. Behind a long queue they would end last, and the other lanes would be idle by then.
    turns: Semaphore,
    /// By column: how often it was refused, and the last words.
    refused: Mutex<BTreeMap<Oid, (u32, String)>>,
    /// How many requests had no answer, and the last of these errors.
    silences: Mutex<(u32, Option<SnmpError>)>,
}

impl Asker {
    pub(super) fn new(session: Session, lanes: usize) -> Self {
        Self {
            session,
            lanes: lanes.max(1),
            turns: Semaphore::new((lanes - lanes / WALKS_SHARE).clamp(1, Semaphore::MAX_PERMITS)),
            refused: Mutex::new(BTreeMap::new()),
            silences: Mutex::default(),
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns each value, or why the agent does not give it.
    ///
    /// # Errors
    ///
    /// Fails when the agent is not to be reached, or is another one.
    pub(super) async fn get(&self, names: &[Oid]) -> Result<Vec<Known<Value>>, SnmpError> {
        let mut values: Vec<Option<Known<Value>>> = vec![None; names.len()];
        let mut waiting: Vec<Vec<usize>> = vec![(0..names.len()).collect()];
        while let Some(mut places) = waiting.pop() {
            places.retain(
                |place| match names.get(*place).and_then(|name| self.hopeless(name)) {
                    Some(reason) => {
                        put(&mut values, *place, Err(reason));
                        false
                    }
                    None => true,
                },
            );
            if places.is_empty() {
                continue;
            }
            let asked: Vec<Oid> = places
                .iter()
                .filter_map(|place| names.get(*place).cloned())
                .collect();
            let turn = self.turns.acquire().await;
            self.is_gone()?;
            let answers = self.session.get(&asked).await;
            drop(turn);
            let error = match answers {
                Ok(answers) => {
                    for (place, answer) in places.iter().zip(answers) {
                        put(&mut values, *place, Ok(answer));
                    }
                    continue;
                }
                Err(error) => error,
            };
            match &error {
                SnmpError::Agent { name, .. } | SnmpError::TooLarge { name, .. } => {
                    let reason = error.to_string();
                    self.note_refused(name, &reason);
                    let guilty = places
                        .iter()
                        .position(|place| names.get(*place) == Some(name));
                    let guilty = places.remove(guilty.unwrap_or(0));
                    put(&mut values, guilty, Err(reason));
                    waiting.push(places);
                }
                SnmpError::Malformed { .. } if places.len() > 1 => {
                    let half = places.split_off(places.len() / 2);
                    waiting.extend([places, half]);
                }
                SnmpError::Malformed { .. } => {
                    for place in places {
                        put(&mut values, place, Err(error.to_string()));
                    }
                }
                _ => return Err(self.silent(error)),
            }
        }
        let unasked = || Err("it was not requested".to_owned());
        Ok(values
            .into_iter()
            .map(|value| value.unwrap_or_else(unasked))
            .collect())
    }

    /// Returns whole columns.
    ///
    /// # Errors
    ///
    /// Fails when one of them cannot be had.
    pub(super) async fn columns(&self, columns: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        self.is_gone()?;
        let columns = self.session.columns(columns).await;
        columns.map_err(|error| self.silent(error))
    }

    /// Returns whole columns of a table whose rows have numbers, most of them not above `highest`.
    ///
    /// # Errors
    ///
    /// As `columns`.
    pub(super) async fn numbered(
        &self,
        columns: &[Oid],
        highest: u32,
    ) -> Result<Vec<Column>, SnmpError> {
        self.is_gone()?;
        let columns = self.session.numbered(columns, highest).await;
        columns.map_err(|error| self.silent(error))
    }

    /// Does many things side by side, not more than the agent is asked at once; the answers come in the order of the things.
    pub(super) async fn side_by_side<T, R, F>(
        &self,
        things: Vec<T>,
        work: impl Fn(T) -> F,
    ) -> Vec<R>
    where
        F: Future<Output = R>,
    {
        let count = things.len();
        let waiting = Mutex::new(things.into_iter().enumerate());
        let done: Mutex<Vec<Option<R>>> = Mutex::new((0..count).map(|_| None).collect());
        let lane = || async {
            loop {
                let Some((place, thing)) = lock(&waiting).next() else {
                    return;
                };
                let result = work(thing).await;
                if let Some(slot) = lock(&done).get_mut(place) {
                    *slot = Some(result);
                }
            }
        };
        all((0..self.lanes.min(count)).map(|_| lane())).await;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.into_iter().flatten().collect()
    }

    /// Does many things side by side until one fails; the rest is not begun then.
    pub(super) async fn all_or_none<T, R, F>(
        &self,
        things: Vec<T>,
        work: impl Fn(T) -> F,
    ) -> Result<Vec<R>, SnmpError>
    where
        F: Future<Output = Result<R, SnmpError>>,
    {
        let failure: Mutex<Option<SnmpError>> = Mutex::new(None);
        let results = self.side_by_side(things, |thing| async {
            if lock(&failure).is_some() {
                return None;
            }
            match work(thing).await {
                Ok(result) => Some(result),
                Err(error) => {
                    lock(&failure).get_or_insert(error);
                    None
                }
            }
        });
        let results = results.await;
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(results.into_iter().flatten().collect()),
        }
    }

    fn is_gone(&self) -> Result<(), SnmpError> {
        match &*lock(&self.silences) {
            (SILENCES.., Some(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Counts an error that is a silence.
    fn silent(&self, error: SnmpError) -> SnmpError {
        if matches!(error, SnmpError::Timeout { .. }) {
            let mut silences = lock(&self.silences);
            silences.0 += 1;
            silences.1 = Some(error.clone());
        }
        error
    }

    fn note_refused(&self, name: &Oid, reason: &str) {
        let mut refused = lock(&self.refused);
        let entry = refused.entry(column_of(name)).or_default();
        entry.0 += 1;
        reason.clone_into(&mut entry.1);
    }

    /// Returns why a name is not worth asking for.
    fn hopeless(&self, name: &Oid) -> Option<String> {
        let refused = lock(&self.refused);
        let (count, last) = refused.get(&column_of(name))?;
        (*count >= PATIENCE).then(|| format!("other cells of this column were refused: {last}"))
    }
}

/// Returns the column of a cell that has one number for its index, as the tables that are read cell by cell have.
fn column_of(name: &Oid) -> Oid {
    let arcs = name.arcs();
    Oid::new(arcs.split_last().map_or(arcs, |(_, column)| column))
}

fn put(values: &mut [Option<Known<Value>>], place: usize, value: Known<Value>) {
    if let Some(slot) = values.get_mut(place) {
        *slot = Some(value);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs futures side by side within this task until all are done.
async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut running: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        running.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}
