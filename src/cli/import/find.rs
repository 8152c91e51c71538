//! Looks for an import: at addresses and ranges, at devices by name, or in files.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::ImportArguments;
use super::range::{Meant, meant};
use crate::cli::clock;
use crate::cli::looking::all_from_files;
use crate::cli::observe::known;
use crate::cli::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::Inventory;
use crate::model::{Address, CredentialsName, DeviceName, HostKey};
use crate::observe::{self, CommandLine, LookError, Target};
use crate::reconcile::import::Found;
use crate::reconcile::{Opening, chain, opening, opening_of};
use crate::secrets::Secrets;
use crate::transport::snmp::Tuning;
use crate::transport::ssh::host_key_of;

/// How many addresses are asked at once: a network of 254 with few devices takes some seconds.
const AT_ONCE: usize = 64;

/// Where most addresses are nobody's, nobody waits long for one.
const IN_A_RANGE: Tuning = Tuning {
    timeout: Duration::from_millis(1000),
    retries: 1,
    rows: 48,
    in_flight: 24,
};

/// How long a host key may take; old firmware computes for seconds.
const FOR_A_KEY: Duration = Duration::from_secs(15);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub(super) found: Vec<Found>,
    /// Devices that were named and could not be looked at.
    pub(super) unobservable: Vec<Unobservable>,
    /// Addresses of ranges where nobody answered.
    pub(super) silent: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Unobservable {
    pub(super) device: String,
    pub(super) reason: String,
}

/// Whom to look at.
struct Wanted {
    opening: Opening,
    address: Address,
    known: Option<DeviceName>,
    credentials: CredentialsName,
    tuning: Tuning,
    is_in_range: bool,
    accepts_host_keys: bool,
}

/// Returns the looks in files.
pub(super) fn recorded(files: &[PathBuf], inventory: &Inventory) -> anyhow::Result<Finds> {
    let looks = all_from_files(files)?;
    let found = looks.into_iter().map(|observation| {
        let device = inventory.device(observation.device.as_str());
        Found {
            known: device.map(|device| device.id.clone()),
            address: None,
            credentials: None,
            host_key: None,
            observation,
        }
    });
    Ok(Finds {
        found: found.collect(),
        ..Finds::default()
    })
}

/// Looks at everything that was named.
pub(super) fn look(
    arguments: &ImportArguments,
    inventory: &Inventory,
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Finds> {
    let wanted = wanted(arguments, inventory, settings)?;
    terminal.detail(&format!("Looking at {} addresses.", wanted.len()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads that look at devices")?;
    Ok(runtime.block_on(look_at(wanted)))
}

fn wanted(
    arguments: &ImportArguments,
    inventory: &Inventory,
    settings: &Settings,
) -> anyhow::Result<Vec<Wanted>> {
    let secrets = Secrets::of(settings.secrets.clone());
    let credentials = CredentialsName::new(&arguments.credentials)?;
    let at = |address: Address, is_in_range: bool| -> anyhow::Result<Wanted> {
        Ok(Wanted {
            opening: opening_of(inventory, address, &credentials, None, &secrets)?,
            address,
            known: None,
            credentials: credentials.clone(),
            tuning: if is_in_range {
                IN_A_RANGE
            } else {
                observe::tuning()
            },
            is_in_range,
            accepts_host_keys: arguments.accept_host_keys,
        })
    };
    let mut wanted = Vec::new();
    for text in &arguments.devices {
        match meant(text)? {
            Meant::One(address) => wanted.push(at(address, false)?),
            Meant::Range(addresses) => {
                for address in addresses {
                    wanted.push(at(address, true)?);
                }
            }
            Meant::Name(name) => {
                known(inventory, &name)?;
                let device = inventory.device(&name).context("it was there before")?;
                let address = device.text.address;
                let address = address.with_context(|| format!("`{name}` has no address"))?;
                wanted.push(Wanted {
                    opening: opening(inventory, device, &secrets)?,
                    address,
                    known: Some(device.id.clone()),
                    credentials: credentials.clone(),
                    tuning: observe::tuning(),
                    is_in_range: false,
                    accepts_host_keys: false,
                });
            }
        }
    }
    Ok(wanted)
}

async fn look_at(wanted: Vec<Wanted>) -> Finds {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (number, one) in wanted.into_iter().enumerate() {
        let places = Arc::clone(&places);
        tasks.spawn(async move {
            let _place = places.acquire().await.ok();
            (number, one_look(&one).await, one)
        });
    }
    let mut looks = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        looks.extend(ended);
    }
    // In the order in which they were asked for, whoever answered first.
    looks.sort_by_key(|(number, ..)| *number);
    let mut finds = Finds::default();
    for (_, result, one) in looks {
        match result {
            Ok(found) => finds.found.push(found),
            // What is in a range and no GAM, is none of our business.
            Err(
                LookError::Unreachable { .. }
                | LookError::NotAGam { .. }
                | LookError::NotAllowed { .. },
            ) if one.is_in_range => {
                finds.silent += 1;
            }
            Err(error) => finds.unobservable.push(Unobservable {
                device: one
                    .known
                    .map_or_else(|| one.address.to_string(), |name| name.to_string()),
                reason: chain(&error),
            }),
        }
    }
    finds
}

async fn one_look(wanted: &Wanted) -> Result<Found, LookError> {
    // Until it says its name it is called by its address.
    let name = wanted.address.ip.to_string().replace(':', "-");
    let nobody = DeviceName::new(&name).or_else(|_| DeviceName::new("unnamed"));
    let device = wanted.known.clone().or(nobody.ok());
    let device = device.unwrap_or_else(|| unreachable!("a word is a name"));
    let host_key = match wanted.accepts_host_keys {
        true => shown_key(wanted).await,
        false => None,
    };
    let mut command_line = wanted.opening.command_line.clone();
    if let CommandLine::Login(login, _) = &mut command_line
        && login.host_key.is_none()
    {
        login.host_key.clone_from(&host_key);
    }
    let target = Target {
        device: &device,
        address: wanted.opening.snmp,
        access: &wanted.opening.access,
        tuning: wanted.tuning,
        command_line,
        clock: clock::seconds,
    };
    let observation = observe::look(&target).await?;
    Ok(Found {
        observation,
        known: wanted.known.clone(),
        address: Some(wanted.address),
        credentials: Some(wanted.credentials.clone()),
        host_key,
    })
}

async fn shown_key(wanted: &Wanted) -> Option<HostKey> {
    let legacy = match &wanted.opening.command_line {
        CommandLine::Login(login, _) => login.legacy_algorithms,
        CommandLine::None(_) => false,
    };
    let address = SocketAddr::new(wanted.address.ip, wanted.address.ssh_port);
    host_key_of(address, legacy, None, FOR_A_KEY).await.ok()
}
