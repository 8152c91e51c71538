//! Looks at a device once: identity, configuration, health, and whether it changed meanwhile.
//!
//! `ask` sends many requests in parallel. `identity` reads the identity. `table` reads a table with unknown rows,
//! `cells` those with known rows. `config` combines them to the configuration, and
//! `command_line` adds missing parts over SSH. `health` reads the health, `startup` the startup-config's file,
//! `ethernet` the Ethernet ports of one endpoint, `alarms` the active alarms. `probe` asks once, `poll` reads how the device is
//! doing; both without a look. `error` has the errors.

mod alarms;
mod ask;
mod cells;
mod command_line;
mod config;
mod error;
mod ethernet;
mod health;
mod identity;
mod poll;
mod probe;
mod startup;
mod table;

use std::net::SocketAddr;
use std::time::Instant;

use ask::Asker;
pub use command_line::{CommandLine, ConfigText, board_address, read_config_text};
pub use error::LookError;
pub use ethernet::look_at_ethernet;
pub use poll::{PollScope, PollTarget, poll, poll_options};
pub use probe::probe;
pub use startup::look_at_startup;

use super::assemble::assemble;
use super::decode::Facts;
use super::mib::system;
use crate::model::{DeviceName, Identity, Observation};
use crate::secrets::Secret;
use crate::transport::snmp::{Access, Counters, Oid, Session, SnmpError, SnmpOptions, Turns};

/// Attempts to read a changing table or a restarting device.
const TRIES: usize = 3;

/// The device to look at, with its access.
pub struct Target<'a> {
    pub device: &'a DeviceName,
    pub address: SocketAddr,
    pub access: &'a Access,
    pub snmp_options: SnmpOptions,
    /// What is known about the speed of the device; looks at the same device share it.
    pub turns: Turns,
    /// For parts that the agent does not have.
    pub command_line: CommandLine,
    /// The present time, in seconds since 1970.
    pub clock: fn() -> u64,
}

impl Target<'_> {
    async fn session(&self) -> Result<Session, SnmpError> {
        Session::open_with(self.address, self.access, self.snmp_options, &self.turns).await
    }
}

/// Identifies the device at an address, which may not be a GAM; also returns its `sysObjectID`.
///
/// # Errors
///
/// Fails if there is no answer, or access is denied.
pub async fn identify(
    address: SocketAddr,
    access: &Access,
    snmp_options: SnmpOptions,
) -> Result<(Identity, Option<Oid>), SnmpError> {
    let asker = Asker::new(
        Session::open(address, access, snmp_options).await?,
        snmp_options.in_flight,
    );
    let facts = identity::ask(&asker, address.ip()).await?.facts;
    Ok((facts.identity, facts.object_id))
}

/// The community that can write to a device as delivered.
const DELIVERED_COMMUNITY: &[u8] = b"private";

/// Returns whether a device answers to the community that writes as delivered. It reads the uptime; nothing is ever written.
/// An agent is silent to a community that it does not know, as is a device that does not answer at all.
pub async fn answers_as_delivered(
    address: SocketAddr,
    snmp_options: SnmpOptions,
) -> Result<bool, SnmpError> {
    let access = Access::V2c {
        community: Secret::new(DELIVERED_COMMUNITY.to_vec()),
    };
    let session = Session::open(address, &access, snmp_options).await?;
    match session.get(&[system::UP_TIME.single()]).await {
        Ok(_) => Ok(true),
        Err(SnmpError::Timeout { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the options for a look. A full device needs some 480 requests, and at a distance of 20 ms these must take
/// half a second. So many in flight are reached only if the device answers them as quickly as one alone.
pub fn snmp_options() -> SnmpOptions {
    SnmpOptions {
        rows: 48,
        in_flight: 32,
        ..SnmpOptions::default()
    }
}

/// Looks at a device.
///
/// # Errors
///
/// Fails if there is no answer, if the device is not a GAM, or if it keeps restarting. Everything else is in the
/// observation's `unread`.
pub async fn look(target: &Target<'_>) -> Result<Observation, LookError> {
    look_and_count(target)
        .await
        .map(|(observation, _)| observation)
}

/// Looks at a device, and also returns the network counters.
///
/// # Errors
///
/// As `look`.
pub async fn look_and_count(target: &Target<'_>) -> Result<(Observation, Counters), LookError> {
    for _ in 0..TRIES {
        // On the heap: it holds a whole look, and callers wait for it deep inside of others.
        match Box::pin(once(target)).await {
            Ok(looked) => return Ok(looked),
            Err(AttemptError::RestartedOrReplaced) => {}
            Err(AttemptError::Error(error)) => return Err(error),
        }
    }
    Err(LookError::Restarting {
        device: target.device.clone(),
        tries: TRIES,
    })
}

/// The reason why one attempt was not enough.
enum AttemptError {
    /// The device restarted or was replaced.
    RestartedOrReplaced,
    Error(LookError),
}

async fn once(target: &Target<'_>) -> Result<(Observation, Counters), AttemptError> {
    let failed = |error: SnmpError| match error {
        SnmpError::Rebooted { .. } | SnmpError::EngineReplaced { .. } => {
            AttemptError::RestartedOrReplaced
        }
        error => AttemptError::Error(LookError::of(target.device, error)),
    };
    let session = target.session().await.map_err(failed)?;
    let asker = Asker::new(session, target.snmp_options.in_flight);
    let began = Instant::now();
    let first = identity::ask(&asker, target.address.ip()).await;
    let first = first.map_err(failed)?;
    let model = kind_of(target.device, &first.facts).map_err(AttemptError::Error)?;
    let (config, (mut health, heard), linked) = tokio::join!(
        Box::pin(config::read(&asker, model)),
        Box::pin(health::read(&asker, &first.row, model)),
        cells::links(&asker, model),
    );
    let mut config = config.map_err(failed)?;
    health::add_links(&mut health, &linked, model, &config.known_uplinks());
    // The status of endpoints is read while the tables are read, so a difference may be a change in between. `confirm`
    // then reads both again.
    config.confirm(&asker, heard).await.map_err(failed)?;
    let running = match config.needs_command_line() {
        true => Some(command_line::read(target, model, &first.facts.identity).await),
        false => None,
    };
    // Last: a restart or a replaced device during any earlier read makes the whole look worthless.
    match identity::changed(&asker, &first.facts, began.elapsed()).await {
        Ok(None) => {}
        Ok(Some(_)) => return Err(AttemptError::RestartedOrReplaced),
        Err(error) => return Err(failed(error)),
    }
    let (rows, sources) = config.rows(&first, model, running.as_ref());
    let mut observation = Observation::of(target.device.clone());
    assemble(&rows, model).put_into(&mut observation);
    observation.sources = sources;
    observation.management_vlan = first.management_vlan.or_else(|| {
        let running = running.as_ref()?.as_ref().ok()?;
        running.management_vlan(target.address.ip())
    });
    if let Some(Ok(running)) = &running {
        observation.unknown_lines.clone_from(&running.unknown_lines);
    }
    observation.sends_names = first.sends_names;
    observation.identity = first.facts.identity;
    std::mem::swap(&mut observation.health, &mut health);
    observation.taken_at = (target.clock)();
    Ok((observation, asker.session().counters()))
}

/// Returns the model of the device.
fn kind_of(device: &DeviceName, facts: &Facts) -> Result<crate::model::GamModel, LookError> {
    let identity = &facts.identity;
    if let Some(model) = identity.model {
        return Ok(model);
    }
    let device = device.clone();
    Err(match (identity.product, &facts.object_id) {
        (Some(product), _) => LookError::UnknownModel { device, product },
        (None, Some(oid)) => LookError::NotAGam {
            device,
            says: format!("its sysObjectID is {oid}"),
        },
        (None, None) => LookError::NotAGam {
            device,
            says: "it has no sysObjectID".to_owned(),
        },
    })
}
