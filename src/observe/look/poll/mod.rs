//! Polls a device: how it and its lines are doing, in few requests and without its configuration.
//!
//! `read` reads cells and columns, `part` the parts of a poll. The decoding is in `decode::poll` and `decode::line`.

mod part;
mod read;

use std::net::SocketAddr;
use std::time::Instant;

use part::Parts;

use super::ask::Asker;
use super::identity;
use super::{AttemptError, TRIES, kind_of};
use crate::model::{CounterClock, DeviceName, GamModel, MacAddress, Poll, PollDepth, PortNumber};
use crate::observe::LookError;
use crate::observe::decode::{Facts, Grid, Row, facts, other_interfaces, poll_of};
use crate::observe::mib::{Object, port, system, sysutil};
use crate::transport::snmp::{Access, Counters, Oid, Session, SnmpError, SnmpOptions, Turns};

/// The device to poll, with its access.
#[derive(Debug, Clone)]
pub struct PollTarget<'a> {
    pub device: &'a DeviceName,
    pub address: SocketAddr,
    pub access: &'a Access,
    pub snmp_options: SnmpOptions,
    /// The known speed of the device; looks and polls of the same device share it.
    pub turns: Turns,
    /// The present time, in milliseconds since 1970.
    pub clock: fn() -> u64,
}

/// The part of a device that is polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollScope {
    Depth(PollDepth),
    /// The minute part, with the counters of uplinks and ports and who is heard on each port.
    Interfaces,
    /// One port, with the lines that are heard on it and these.
    Port {
        port: PortNumber,
        expected: Vec<MacAddress>,
    },
}

/// Returns the options for a poll. Devices ask their endpoints behind the scenes, so a poll has few requests in flight.
pub fn poll_options() -> SnmpOptions {
    SnmpOptions {
        rows: 64,
        in_flight: 4,
        ..SnmpOptions::default()
    }
}

/// The first request: who answers, and how it is in short.
const OPENING: [&Object; 8] = [
    &system::OBJECT_ID,
    &system::UP_TIME,
    &system::NAME,
    &system::ENGINE_BOOTS,
    &sysutil::BOARD_MAC,
    &sysutil::BOARD_SERIAL,
    &sysutil::CPU_10_SECONDS,
    &sysutil::UPTIME,
];

/// The row of the LED: unit 1.
const UNIT: [u32; 1] = [1];

/// The last request, beside the interfaces: whether the same device still runs.
const CLOSING: [&Object; 5] = [
    &system::OBJECT_ID,
    &system::UP_TIME,
    &system::ENGINE_BOOTS,
    &sysutil::BOARD_MAC,
    &sysutil::BOARD_SERIAL,
];

/// The columns of the interfaces that may be uplinks: which they are, and how they are.
const INTERFACES: [&Object; 5] = [
    &port::FORCED_SPEED,
    &port::MEDIA,
    &port::ISOLATION,
    &port::LINK,
    &port::SPEED,
];

const MODULES: [&Object; 5] = [
    &port::SFP_TYPE,
    &port::SFP_VENDOR,
    &port::SFP_PART,
    &port::SFP_REVISION,
    &port::SFP_SERIAL,
];

/// Polls a device, and also returns the network counters.
///
/// # Errors
///
/// Fails if there is no answer, if the device is not a GAM, or if it keeps restarting. Everything else is unread in the poll.
pub async fn poll(
    target: &PollTarget<'_>,
    scope: &PollScope,
) -> Result<(Poll, Counters), LookError> {
    for _ in 0..TRIES {
        // On the heap, as a look.
        match Box::pin(once(target, scope)).await {
            Ok(polled) => return Ok(polled),
            Err(AttemptError::RestartedOrReplaced) => {}
            Err(AttemptError::Error(error)) => return Err(error),
        }
    }
    Err(LookError::Restarting {
        device: target.device.clone(),
        tries: TRIES,
    })
}

async fn once(
    target: &PollTarget<'_>,
    scope: &PollScope,
) -> Result<(Poll, Counters), AttemptError> {
    let failed = |error: SnmpError| match error {
        SnmpError::Rebooted { .. } | SnmpError::EngineReplaced { .. } => {
            AttemptError::RestartedOrReplaced
        }
        error => AttemptError::Error(LookError::of(target.device, error)),
    };
    let session = Session::open_with(
        target.address,
        target.access,
        target.snmp_options,
        &target.turns,
    );
    let session = session.await;
    let asker = Asker::new(session.map_err(failed)?, target.snmp_options.in_flight);
    let (opening, facts) = open(&asker).await.map_err(failed)?;
    let began = Instant::now();
    let clock = CounterClock {
        uptime_hundredths: facts.uptime,
        boots: facts.boots,
        at_millis: (target.clock)(),
    };
    let model = kind_of(target.device, &facts).map_err(AttemptError::Error)?;
    let parts = Parts::of(scope);
    let grids = Box::pin(part::read(&asker, model, scope, &parts));
    let mut grids = grids.await.map_err(failed)?;
    // Last: a restart or a replaced device during any earlier read makes the whole poll worthless.
    let (now, interfaces) = close(&asker, model, parts.modules).await.map_err(failed)?;
    if identity::difference(&facts, &now, began.elapsed()).is_some() {
        return Err(AttemptError::RestartedOrReplaced);
    }
    grids.interfaces = Some(Ok(interfaces));
    let mut poll = poll_of(&grids, &opening, facts.identity, model);
    poll.clock = clock;
    poll.depth = match scope {
        PollScope::Depth(depth) => *depth,
        PollScope::Interfaces | PollScope::Port { .. } => PollDepth::Minute,
    };
    poll.port = match scope {
        PollScope::Port { port, .. } => Some(*port),
        PollScope::Depth(_) | PollScope::Interfaces => None,
    };
    Ok((poll, asker.session().counters()))
}

async fn open(asker: &Asker) -> Result<(Row, Facts), SnmpError> {
    let mut names: Vec<Oid> = OPENING.iter().map(|object| object.single()).collect();
    names.push(sysutil::LED.at(&UNIT));
    let mut row = Row::default();
    let objects = OPENING.into_iter().chain([&sysutil::LED]);
    for (object, value) in objects.zip(asker.get(&names).await?) {
        row.set(object, value);
    }
    let facts = facts(&row, &[]);
    Ok((row, facts))
}

/// Reads the identity again, and the interfaces after the G.hn ports.
async fn close(
    asker: &Asker,
    model: GamModel,
    has_modules: bool,
) -> Result<(Facts, Grid), SnmpError> {
    let mut columns = INTERFACES.to_vec();
    if has_modules {
        columns.extend(MODULES);
    }
    let mut names: Vec<Oid> = CLOSING.iter().map(|object| object.single()).collect();
    let interfaces = other_interfaces(model);
    for interface in &interfaces {
        names.extend(columns.iter().map(|object| object.at(&[*interface])));
    }
    let mut values = asker.get(&names).await?.into_iter();
    let mut row = Row::default();
    for (object, value) in CLOSING.into_iter().zip(values.by_ref()) {
        row.set(object, value);
    }
    let mut grid = Grid::default();
    for interface in interfaces {
        read::put_row(&mut grid, &columns, &[interface], values.by_ref());
    }
    Ok((facts(&row, &[]), grid))
}
