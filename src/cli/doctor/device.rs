//! Whether devices answer, are the ones they should be, and let us in.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cli::looking::{Bar, chain};
use crate::cli::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::Inventory;
use crate::model::{DeviceName, HostKey, Serial};
use crate::observe::{CommandLine, identify};
use crate::reconcile::{Opening, opening};
use crate::report::{Check, Level};
use crate::secrets::Secrets;
use crate::transport::snmp::Tuning;
use crate::transport::ssh::{Session, SshError};

/// How many devices are asked at once: a login is seconds of a device's and little of ours.
const AT_ONCE: usize = 32;

/// A device that is asked.
struct Question {
    device: DeviceName,
    opening: Result<Opening, String>,
    serial: Option<Serial>,
    host_key: Option<HostKey>,
}

/// Asks all devices, many at a time; what was found is returned by name.
pub(super) fn devices(
    inventory: &Inventory,
    names: &[DeviceName],
    settings: &Settings,
    terminal: &Terminal,
) -> anyhow::Result<Vec<Check>> {
    let secrets = Secrets::of(settings.secrets.clone());
    let questions: Vec<Question> = names
        .iter()
        .filter_map(|name| {
            let device = inventory.device(name.as_str())?;
            let opening = opening(inventory, device, &secrets);
            Some(Question {
                device: name.clone(),
                opening: opening.map_err(|error| chain(&error)),
                serial: device.text.serial.clone(),
                host_key: device.text.host_key.clone(),
            })
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads that ask devices")?;
    let bar = Bar::new(
        questions.len(),
        "Asking {wide_bar} {pos}/{len} devices",
        terminal,
    );
    let found = runtime.block_on(async {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut asking = JoinSet::new();
        for question in questions {
            let places = Arc::clone(&places);
            asking.spawn(async move {
                // It is never closed; without it more would be asked at once, and nothing worse.
                let _place = places.acquire_owned().await;
                (question.device.clone(), ask(question).await)
            });
        }
        let mut found = BTreeMap::new();
        while let Some(joined) = asking.join_next().await {
            let (device, checks) = joined.context("a question did not come to its end")?;
            found.insert(device, checks);
            bar.step();
        }
        anyhow::Ok(found)
    });
    bar.end();
    Ok(found?.into_values().flatten().collect())
}

async fn ask(question: Question) -> Vec<Check> {
    let Question {
        device,
        opening,
        serial,
        host_key,
    } = question;
    let area = device.as_str();
    let opening = match opening {
        Ok(opening) => opening,
        Err(reason) => {
            let next = "complete it in the inventory, or see `gamctl secret check`";
            return vec![Check::of(area, Level::Problem, reason, next)];
        }
    };
    let by_snmp = identify(opening.snmp, &opening.access, Tuning::default());
    let by_ssh = log_in(&opening.command_line, host_key.as_ref());
    let (identified, logged_in) = tokio::join!(by_snmp, by_ssh);
    let mut found = Vec::new();
    let mut well = Vec::new();
    match identified {
        Ok((identity, _)) => {
            let model = identity.model.map_or_else(
                || "no GAM that gamctl knows".to_owned(),
                |model| model.to_string(),
            );
            match (&identity.serial, &serial) {
                (Some(theirs), Some(ours)) if theirs != ours => found.push(Check::of(
                    area,
                    Level::Problem,
                    format!("another box answers: serial number {theirs}, and not {ours}, which is pinned"),
                    "nothing is written to it; where the box was replaced, correct `serial` in the inventory",
                )),
                (_, None) => found.push(Check::of(
                    area,
                    Level::Warning,
                    "no serial number is pinned, so another box at its address would not be noticed",
                    "write `serial` into the inventory, as `gamctl discover` shows it",
                )),
                (_, Some(_)) => {}
            }
            if identity.model.is_none() {
                let next = "check its address";
                found.push(Check::of(
                    area,
                    Level::Problem,
                    format!("{model} answers"),
                    next,
                ));
            }
            let firmware = identity.firmware;
            let firmware = firmware.map(|firmware| format!("firmware {firmware}"));
            well.push(model);
            well.extend(firmware);
        }
        Err(error) => {
            let next = "see whether address and credentials of the inventory are its own";
            found.push(Check::of(area, Level::Unreachable, chain(&error), next));
        }
    }
    match logged_in {
        Ok(()) => well.push("lets us log in".to_owned()),
        Err(check) => found.push(Check {
            area: area.to_owned(),
            ..*check
        }),
    }
    if found.is_empty() {
        found.push(Check::ok(area, well.join(", ")));
    }
    found
}

async fn log_in(command_line: &CommandLine, pinned: Option<&HostKey>) -> Result<(), Box<Check>> {
    let not = |level, what: String, next: &str| Err(Box::new(Check::of("", level, what, next)));
    let (login, patience) = match command_line {
        CommandLine::Login(login, patience) => (login, *patience),
        CommandLine::None(reason) => {
            let next = "complete its credentials, or see `gamctl secret check`";
            return not(Level::Problem, reason.clone(), next);
        }
    };
    if pinned.is_none() {
        let what = "no SSH host key is pinned, so nobody logs in and nothing can be applied";
        let next = "`gamctl trust` shows its key; compare, then `--pin`";
        return not(Level::Warning, what.to_owned(), next);
    }
    match Session::open(login, patience).await {
        Ok(session) => {
            session.close().await;
            Ok(())
        }
        Err(error) => {
            let (level, next) = match &error {
                SshError::HostKeyChanged { .. } | SshError::HostKeyUnknown { .. } => (
                    Level::Problem,
                    "find out why its key has changed; `gamctl trust` tells more",
                ),
                SshError::Connect { .. } | SshError::TimedOut { .. } | SshError::Closed { .. } => (
                    Level::Unreachable,
                    "see whether SSH is on there, reachable from here, and not in use by too many",
                ),
                _ => (
                    Level::Problem,
                    "see whether user and password are those of the device: `gamctl secret list` says where ours come from",
                ),
            };
            not(level, chain(&error), next)
        }
    }
}
