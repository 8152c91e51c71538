//! Reads single values and whole table columns from an SNMP agent, the interface for `observe`.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;

use super::access::{Access, SnmpOptions};
use super::ber::Malformed;
use super::counters::Counters;
use super::error::SnmpError;
use super::exchange::{Agent, Answer};
use super::link::lock;
use super::pdu::{self, Kind};
use super::turns::Turns;
use super::value::{Cell, Column, Oid, Value};
use super::walk::{Step, Stuck, WIDEST, Walk};

/// The highest number of values in one GET: this many numbers fit an Ethernet frame. Callers split requests for longer
/// values.
const MOST_VALUES: usize = 48;

/// The number of cells after which a column is considered endless.
const MOST_CELLS: usize = 100_000;

/// The number of requests for columns together, after which a table is a long one. Three answers hold some twenty rows, and
/// one at a time the hundreds of alarms of a building without power would take a full second at a distance of 20 ms.
const MOST_TOGETHER: usize = 3;

/// A connection to one agent for the duration of a look.
#[derive(Debug)]
pub struct Session {
    agent: Agent,
}

impl Session {
    /// Opens a socket; over SNMP 2c nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Fails if no socket can be opened, or if the discovery of an SNMP 3 agent fails.
    pub async fn open(
        address: SocketAddr,
        access: &Access,
        options: SnmpOptions,
    ) -> Result<Self, SnmpError> {
        Self::open_with(address, access, options, &Turns::default()).await
    }

    /// Opens a socket to a device whose speed is known from earlier sessions with the same turns.
    ///
    /// # Errors
    ///
    /// As `open`.
    pub async fn open_with(
        address: SocketAddr,
        access: &Access,
        options: SnmpOptions,
        turns: &Turns,
    ) -> Result<Self, SnmpError> {
        let agent = Agent::meet(address, access, options, turns.clone()).await?;
        Ok(Self { agent })
    }

    /// Returns the values of these names, in their order. A missing object is an exception value, not an error.
    ///
    /// # Errors
    ///
    /// Fails if one of them cannot be read.
    pub async fn get(&self, names: &[Oid]) -> Result<Vec<Value>, SnmpError> {
        let mut values = Vec::with_capacity(names.len());
        let mut most = MOST_VALUES;
        let mut rest = names;
        while !rest.is_empty() {
            let (some, others) = rest.split_at(most.min(rest.len()));
            let answer = self.agent.ask(Kind::Get, some).await?;
            match answer.head.status {
                0 => {
                    self.take_values(some, &answer, &mut values)?;
                    rest = others;
                }
                pdu::TOO_BIG | pdu::GENERIC_ERROR if some.len() > 1 => most = some.len() / 2,
                _ => return Err(self.refused(some, &answer)),
            }
        }
        Ok(values)
    }

    /// Returns single values and the first rows of a column, in one request: `names` are those of scalars without their
    /// `.0`, or of columns with one row.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer, or an invalid one.
    pub async fn first_rows(
        &self,
        names: &[Oid],
        column: &Oid,
        rows: u32,
    ) -> Result<FirstRows, SnmpError> {
        let singles = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let asked = [names, std::slice::from_ref(column)].concat();
        let answer = self.agent.ask(Kind::Bulk { singles, rows }, &asked).await?;
        if answer.head.status != 0 {
            return Err(self.refused(&asked, &answer));
        }
        let spoilt = |why: Malformed| self.agent.malformed(&asked, why);
        let mut bindings = answer.bindings();
        let mut first = FirstRows::default();
        for name in names {
            let Some((found, content)) = bindings.next().map_err(spoilt)? else {
                return Err(spoilt(Malformed(format!("{name} is missing"))));
            };
            let is_it = name.index_of(&Oid::new(found)).is_some();
            let value = Some(content.into_value());
            first
                .singles
                .push(value.filter(|value| is_it && *value != Value::EndOfMibView));
        }
        let mut last = column.clone();
        while let Some((found, content)) = bindings.next().map_err(spoilt)? {
            let found = Oid::new(found);
            let value = content.into_value();
            let Some(index) = column.index_of(&found) else {
                first.is_whole = true;
                break;
            };
            if value == Value::EndOfMibView {
                first.is_whole = true;
                break;
            }
            if found <= last {
                return Err(spoilt(Malformed(format!("{found} is not after {last}"))));
            }
            first.cells.push(Cell {
                index: index.to_vec(),
                value,
            });
            last = found;
        }
        Ok(first)
    }

    /// Returns the name that follows each of these, whatever it belongs to; `None` at the end of all objects.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer for one of them, or an invalid one.
    pub async fn following(&self, names: &[Oid]) -> Result<Vec<Option<Oid>>, SnmpError> {
        let mut found = Vec::with_capacity(names.len());
        let mut most = MOST_VALUES;
        let kind = Kind::Bulk {
            singles: 0,
            rows: 1,
        };
        while let Some(rest) = names.get(found.len()..).filter(|rest| !rest.is_empty()) {
            let (some, _) = rest.split_at(most.min(rest.len()));
            let answer = self.agent.ask(kind, some).await?;
            match answer.head.status {
                0 => self.take_following(some, &answer, &mut found)?,
                pdu::TOO_BIG | pdu::GENERIC_ERROR if some.len() > 1 => most = some.len() / 2,
                _ => return Err(self.refused(some, &answer)),
            }
        }
        Ok(found)
    }

    /// Walks each of these columns to its end.
    ///
    /// # Errors
    ///
    /// Fails if one of them cannot be read completely. Over SNMP 3 it also fails if the agent was replaced or rebooted
    /// meanwhile.
    pub async fn columns(&self, roots: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        self.undisturbed(self.walk_all(roots)).await
    }

    /// Walks each of these columns of a table with numbered rows, mostly without gaps and not above `highest`. The
    /// column is read at several positions at once. The result is complete in any case; other tables are only slower.
    ///
    /// # Errors
    ///
    /// As `columns`.
    pub async fn numbered(&self, roots: &[Oid], highest: u32) -> Result<Vec<Column>, SnmpError> {
        self.undisturbed(side_by_side(
            roots.iter().map(|root| self.walk_divided(root, highest)),
        ))
        .await
    }

    /// Walks these columns of one table in the same requests, one request after the other: the fewest requests for a short
    /// table. The columns of a long one continue in parallel.
    ///
    /// # Errors
    ///
    /// As `columns`.
    pub async fn together(&self, roots: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        self.undisturbed(self.walk_short(roots)).await
    }

    async fn undisturbed(
        &self,
        walks: impl Future<Output = Result<Vec<Column>, SnmpError>>,
    ) -> Result<Vec<Column>, SnmpError> {
        let before = self.agent.engine_changes();
        let columns = walks.await?;
        let agent = self.agent.address;
        match (before, self.agent.engine_changes()) {
            (Some(before), Some(after)) if before.replaced != after.replaced => {
                Err(SnmpError::EngineReplaced { agent })
            }
            (Some(before), Some(after)) if before.rebooted != after.rebooted => {
                Err(SnmpError::Rebooted { agent })
            }
            _ => Ok(columns),
        }
    }

    async fn walk_all(&self, roots: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        let groups = groups(roots, self.agent.options.in_flight);
        let waiting = Mutex::new(groups.iter());
        let done: Mutex<Vec<Option<Column>>> = Mutex::new(roots.iter().map(|_| None).collect());
        let worker = || async {
            loop {
                let Some(places) = lock(&waiting).next() else {
                    return Ok(());
                };
                let roots: Vec<Oid> = places
                    .iter()
                    .filter_map(|at| roots.get(*at))
                    .cloned()
                    .collect();
                let columns = self.walk(&roots).await?;
                let mut done = lock(&done);
                for (place, column) in places.iter().zip(columns) {
                    if let Some(slot) = done.get_mut(*place) {
                        *slot = Some(column);
                    }
                }
            }
        };
        let in_flight = self.agent.options.in_flight.clamp(1, groups.len().max(1));
        all((0..in_flight).map(|_| worker())).await?;
        let done = done.into_inner().unwrap_or_default();
        Ok(done.into_iter().flatten().collect())
    }

    pub fn counters(&self) -> Counters {
        self.agent.link.tally.read()
    }

    async fn walk(&self, roots: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        let walk = Walk::new(roots, self.agent.options.rows, MOST_CELLS);
        self.to_the_end(walk).await
    }

    async fn walk_short(&self, roots: &[Oid]) -> Result<Vec<Column>, SnmpError> {
        let mut walk = Walk::new(roots, self.agent.options.rows, MOST_CELLS);
        for _ in 0..MOST_TOGETHER {
            match walk.step() {
                Some(step) => self.take_step(&mut walk, &step).await?,
                None => break,
            }
        }
        let columns = walk.apart().into_iter();
        let columns = side_by_side(columns.map(|column| self.to_the_end(column))).await?;
        Ok(columns.into_iter().flatten().collect())
    }

    /// Walks a column: everything after the first answer is read in parallel pieces.
    async fn walk_divided(&self, root: &Oid, highest: u32) -> Result<Column, SnmpError> {
        let rows = self.agent.options.rows;
        let mut walk = Walk::new(std::slice::from_ref(root), rows, MOST_CELLS);
        if let Some(step) = walk.step() {
            self.take_step(&mut walk, &step).await?;
        }
        let pieces = walk.divided(highest).into_iter();
        let pieces = side_by_side(pieces.map(|piece| self.to_the_end(piece))).await?;
        let columns = [walk.finish()].into_iter().chain(pieces).flatten();
        let cells: Vec<Cell> = columns.flat_map(|column| column.cells).collect();
        if cells.len() > MOST_CELLS {
            return Err(SnmpError::Endless {
                agent: self.agent.address,
                column: root.clone(),
                limit: MOST_CELLS,
            });
        }
        let oid = root.clone();
        Ok(Column { oid, cells })
    }

    async fn to_the_end(&self, mut walk: Walk) -> Result<Vec<Column>, SnmpError> {
        while let Some(step) = walk.step() {
            self.take_step(&mut walk, &step).await?;
        }
        Ok(walk.finish())
    }

    async fn take_step(&self, walk: &mut Walk, step: &Step) -> Result<(), SnmpError> {
        let kind = Kind::Bulk {
            singles: 0,
            rows: step.rows,
        };
        let answer = self.agent.ask(kind, &step.names).await?;
        match answer.head.status {
            0 => {
                let taken = walk.take(step, answer.bindings());
                taken.map_err(|stuck| self.stuck(step, stuck))
            }
            pdu::TOO_BIG | pdu::GENERIC_ERROR if walk.ask_less() => Ok(()),
            _ => Err(self.refused(&step.names, &answer)),
        }
    }

    /// Adds the names of an answer, which may have fewer than were asked for.
    fn take_following(
        &self,
        names: &[Oid],
        answer: &Answer,
        found: &mut Vec<Option<Oid>>,
    ) -> Result<(), SnmpError> {
        let spoilt = |why: Malformed| self.agent.malformed(names, why);
        let (mut bindings, before) = (answer.bindings(), found.len());
        let mut asked = names.iter();
        while let Some((name, content)) = bindings.next().map_err(spoilt)? {
            let (name, value) = (Oid::new(name), content.into_value());
            let Some(after) = asked.next() else {
                return Err(spoilt(Malformed(format!("{name} was not requested"))));
            };
            if value == Value::EndOfMibView {
                found.push(None);
            } else if name > *after {
                found.push(Some(name));
            } else {
                return Err(spoilt(Malformed(format!("{name} is not after {after}"))));
            }
        }
        if found.len() == before {
            return Err(spoilt(Malformed::new("it has no values")));
        }
        Ok(())
    }

    fn take_values(
        &self,
        names: &[Oid],
        answer: &Answer,
        values: &mut Vec<Value>,
    ) -> Result<(), SnmpError> {
        let spoilt = |why: Malformed| self.agent.malformed(names, why);
        let mut bindings = answer.bindings();
        let mut expected = names.iter();
        while let Some((name, content)) = bindings.next().map_err(spoilt)? {
            match expected.next() {
                Some(asked) if asked.arcs() == name => values.push(content.into_value()),
                _ => {
                    let name = Oid::new(name);
                    return Err(spoilt(Malformed(format!("{name} was not requested"))));
                }
            }
        }
        match expected.next() {
            None => Ok(()),
            Some(name) => Err(spoilt(Malformed(format!("{name} is missing")))),
        }
    }

    fn refused(&self, names: &[Oid], answer: &Answer) -> SnmpError {
        let agent = self.agent.address;
        let about = usize::try_from(answer.head.index).unwrap_or_default();
        let name = names.get(about.saturating_sub(1)).or_else(|| names.first());
        let name = name.cloned().unwrap_or_else(|| Oid::new([]));
        if answer.head.status == pdu::TOO_BIG {
            return SnmpError::TooLarge { agent, name };
        }
        SnmpError::Agent {
            agent,
            status: pdu::status_name(answer.head.status),
            name,
        }
    }

    fn stuck(&self, step: &Step, stuck: Stuck) -> SnmpError {
        let agent = self.agent.address;
        match stuck {
            Stuck::NotIncreasing { column, after, got } => SnmpError::NotIncreasing {
                agent,
                column,
                after,
                got,
            },
            Stuck::Endless { column } => SnmpError::Endless {
                agent,
                column,
                limit: MOST_CELLS,
            },
            Stuck::Malformed(why) => self.agent.malformed(&step.names, why),
        }
    }
}

/// The answer to one request for single values and the first rows of a column.
#[derive(Debug, Default)]
pub struct FirstRows {
    /// In the order of the names; `None` where the agent has no such value.
    pub singles: Vec<Option<Value>>,
    pub cells: Vec<Cell>,
    /// Whether the column ends with these cells.
    pub is_whole: bool,
}

/// Divides columns among requests: columns of one table stay together, with enough groups for all requests in flight.
fn groups(roots: &[Oid], in_flight: usize) -> Vec<Vec<usize>> {
    let widest = roots.len().div_ceil(in_flight.max(1)).clamp(1, WIDEST);
    let table = |place: &usize| {
        let arcs = roots.get(*place).map_or(&[][..], Oid::arcs);
        arcs.split_last().map_or(&[][..], |(_, table)| table)
    };
    let mut places: Vec<usize> = (0..roots.len()).collect();
    places.sort_by(|a, b| table(a).cmp(table(b)));
    places
        .chunk_by(|a, b| table(a) == table(b))
        .flat_map(|table| table.chunks(widest))
        .map(<[usize]>::to_vec)
        .collect()
}

/// Runs futures concurrently within this task until all are done or one fails; returns the results in the order of the
/// futures.
async fn side_by_side<T, F>(futures: impl Iterator<Item = F>) -> Result<Vec<T>, SnmpError>
where
    F: Future<Output = Result<T, SnmpError>>,
{
    let done: Mutex<Vec<(usize, T)>> = Mutex::default();
    let filed = |(place, future): (usize, F)| {
        let done = &done;
        async move {
            let result = future.await?;
            lock(done).push((place, result));
            Ok(())
        }
    };
    all(futures.enumerate().map(filed)).await?;
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Runs futures concurrently within this task until all are done or one fails.
async fn all<F>(futures: impl Iterator<Item = F>) -> Result<(), SnmpError>
where
    F: Future<Output = Result<(), SnmpError>>,
{
    let mut running: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        let mut failure = None;
        running.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(done) => {
                failure = failure.take().or(done.err());
                false
            }
        });
        match failure {
            Some(error) => Poll::Ready(Err(error)),
            None if running.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}
