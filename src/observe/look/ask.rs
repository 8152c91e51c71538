//! Sends many requests to one agent in parallel; a value that fails affects no other.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::observe::rows::Known;
use crate::transport::snmp::{Column, Oid, Session, SnmpError, Value};

/// Refused cells of a column after which its other cells are not requested.
const MOST_REFUSALS: u32 = 8;

/// One agent for the duration of a look.
pub(super) struct Asker {
    session: Session,
    in_flight: usize,
    /// By column: the number of refusals, and the last error.
    refused: Mutex<BTreeMap<Oid, (u32, String)>>,
}

impl Asker {
    pub(super) fn new(session: Session, in_flight: usize) -> Self {
        Self {
            session,
            in_flight: in_flight.max(1),
            refused: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns each value, or the reason why the agent does not return it.
    ///
    /// # Errors
    ///
    /// Fails if the agent is unreachable or was replaced.
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
            let error = match self.session.get(&asked).await {
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
                _ => return Err(error),
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
    /// Fails if one of them cannot be read.
    pub(super) async fn columns(&self, columns: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        self.session.columns(columns).await
    }

    /// Returns whole columns of one table, with the fewest requests.
    ///
    /// # Errors
    ///
    /// As `columns`.
    pub(super) async fn together(&self, columns: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        self.session.together(columns).await
    }

    /// Returns whole columns of a table with numbered rows, mostly not above `highest`.
    ///
    /// # Errors
    ///
    /// As `columns`.
    pub(super) async fn numbered(
        &self,
        columns: &[Oid],
        highest: u32,
    ) -> Result<Vec<Column>, SnmpError> {
        self.session.numbered(columns, highest).await
    }

    /// Returns the name that follows each of these; `None` at the end of all objects.
    ///
    /// # Errors
    ///
    /// Fails if one of them cannot be asked.
    pub(super) async fn following(&self, names: &[Oid]) -> Result<Vec<Option<Oid>>, SnmpError> {
        self.session.following(names).await
    }

    /// Runs many operations in parallel, up to the limit of requests; returns the results in the order of the
    /// operations.
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
        let worker = || async {
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
        all((0..self.in_flight.min(count)).map(|_| worker())).await;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.into_iter().flatten().collect()
    }

    /// Runs many operations in parallel until one fails; the others are not started then.
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

    fn note_refused(&self, name: &Oid, reason: &str) {
        let mut refused = lock(&self.refused);
        let entry = refused.entry(column_of(name)).or_default();
        entry.0 += 1;
        reason.clone_into(&mut entry.1);
    }

    /// Returns the reason why a name is not worth requesting.
    fn hopeless(&self, name: &Oid) -> Option<String> {
        let refused = lock(&self.refused);
        let (count, last) = refused.get(&column_of(name))?;
        (*count >= MOST_REFUSALS)
            .then(|| format!("other cells of this column were refused: {last}"))
    }
}

/// Returns the column of a cell with one number as its index, as in all tables read cell by cell.
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

/// Runs futures concurrently within this task until all are done.
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
