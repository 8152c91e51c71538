//! Runs the requests of a fleet's control socket.

use std::collections::BTreeSet;

use super::control_protocol::{
    Answer, Listed, Request, Shown, ShownAlarm, ShownEndpoint, ShownFault, ShownLine, ShownState,
    Startup,
};
use super::state::State;
use super::{Fleet, Twin, clock};
use crate::model::{MacAddress, natural_order};
use crate::simulator::commands::{running_config, text_of, write_startup};
use crate::simulator::fault::{ActiveFault, FaultId};
use crate::simulator::gam::{AlarmCondition, Entity, ExpectedPort, Gam, Grade, Wire, World};

/// Runs a request.
pub(super) fn answer(fleet: &Fleet, request: Request) -> Answer {
    let Some(device) = request.device() else {
        let mut listed: Vec<Listed> = fleet.twins().map(|(name, twin)| list(name, twin)).collect();
        listed.sort_by(|left, right| natural_order(&left.name, &right.name));
        return Answer::Twins(listed);
    };
    let Some(twin) = fleet.get(device) else {
        return Answer::Refused(format!(
            "there is no twin `{}`; `gamctl twin ctl list` lists them",
            device.escape_debug()
        ));
    };
    let name = device.to_owned();
    match ask(&name, twin, request) {
        Ok(answer) => answer,
        Err(reason) => Answer::Refused(format!("`{name}`: {reason}")),
    }
}

fn ask(name: &str, twin: &Twin, request: Request) -> Result<Answer, String> {
    Ok(match request {
        Request::List {} => Answer::Done,
        Request::Show { .. } => {
            let mut shown = twin.state(|state| show(name, state));
            shown
                .alarms
                .sort_by(|left, right| natural_order(&left.entity, &right.entity));
            Answer::Twin(Box::new(shown))
        }
        Request::Plug { mac, port, .. } => plug(twin, mac, port)?,
        Request::Unplug { mac, .. } => unplug(twin, mac)?,
        Request::Wire {
            mac, meters, snr, ..
        } => wire(twin, mac, meters, snr)?,
        Request::RaiseAlarm {
            condition,
            entity,
            severity,
            service_affecting,
            ..
        } => {
            let entity = twin.gam(|gam| entity_of(gam, entity.as_deref()));
            let grade = Grade {
                severity,
                service_affecting,
            };
            twin.raise_alarm(condition, entity, grade);
            Answer::Done
        }
        Request::ClearAlarm {
            condition, entity, ..
        } => clear_alarm(twin, condition, entity.as_deref())?,
        Request::SetFault { order, .. } => Answer::Fault(twin.set_fault(order).0),
        Request::ListFaults { .. } => Answer::Faults(twin.faults().iter().map(fault).collect()),
        Request::ClearFaults { id: None, .. } => {
            twin.clear_faults();
            Answer::Done
        }
        Request::ClearFaults { id: Some(id), .. } => {
            if !twin.clear_fault(FaultId(id)) {
                return Err(format!("there is no fault {id}; `fault list` lists them"));
            }
            Answer::Done
        }
        Request::Edit { lines, .. } => edit(twin, &lines)?,
        Request::Save { .. } => {
            check_up(twin)?;
            twin.change(write_startup);
            Answer::Done
        }
        Request::Reboot { .. } => {
            check_up(twin)?;
            twin.reboot();
            Answer::Done
        }
        Request::Configuration { startup, .. } => {
            let text = twin.gam(|gam| match (startup, gam.startup()) {
                (false, _) => Ok(running_config(gam)),
                (true, Some(saved)) => Ok(text_of(gam, &saved.configuration)),
                (true, None) => {
                    Err("nothing is saved; a reboot resets it to factory defaults".to_owned())
                }
            });
            Answer::Configuration(text?)
        }
        Request::Log { .. } => Answer::Log(
            twin.lines()
                .into_iter()
                .map(|line| ShownLine {
                    at: line.at.iso(),
                    session: line.session,
                    line: line.line,
                })
                .collect(),
        ),
    })
}

fn plug(twin: &Twin, mac: MacAddress, port: u8) -> Result<Answer, String> {
    let (model, ports) = twin.gam(|gam| (gam.hardware().model, gam.hardware().ghn_ports()));
    if port == 0 || port > ports {
        return Err(format!(
            "a {model} has no port {port}; its ports are 1 to {ports}"
        ));
    }
    twin.plug(mac, port);
    Ok(Answer::Done)
}

fn unplug(twin: &Twin, mac: MacAddress) -> Result<Answer, String> {
    if !twin.gam(|gam| gam.world().plugged.contains_key(&mac)) {
        return Err(format!(
            "{mac} is not plugged in; `show` lists the endpoints that are"
        ));
    }
    twin.unplug(mac);
    Ok(Answer::Done)
}

fn clear_alarm(
    twin: &Twin,
    condition: AlarmCondition,
    entity: Option<&str>,
) -> Result<Answer, String> {
    let entity = twin.gam(|gam| entity_of(gam, entity));
    let key = (condition, entity.clone());
    if !twin.gam(|gam| gam.alarms().by_hand.contains_key(&key)) {
        return Err(format!(
            "{} on {} was not raised by hand; an alarm of the device itself ends with its cause",
            condition.word(),
            entity.name
        ));
    }
    twin.clear_alarm(condition, entity);
    Ok(Answer::Done)
}

fn wire(
    twin: &Twin,
    mac: MacAddress,
    meters: Option<u32>,
    snr: Option<u32>,
) -> Result<Answer, String> {
    let Some(now) = twin.gam(|gam| gam.world().plugged.get(&mac).map(|one| one.wire)) else {
        return Err(format!(
            "{mac} is not plugged in; `show` lists the endpoints that are"
        ));
    };
    let meters = meters.unwrap_or(now.meters);
    let snr_tenths = snr.map_or(now.snr_tenths, |snr| snr.saturating_mul(10));
    if meters > LONGEST_WIRE || snr_tenths > BEST_SNR {
        return Err(format!(
            "a wire has at most {LONGEST_WIRE} m and {} dB",
            BEST_SNR / 10
        ));
    }
    let changed = Wire::of(meters, snr_tenths, now.asymmetry());
    twin.change(|gam, now| {
        let change = |world: &mut World| {
            if let Some(plugged) = world.plugged.get_mut(&mac) {
                plugged.wire = changed;
            }
        };
        gam.change_world(change, now);
    });
    Ok(Answer::Done)
}

/// A length in meters, and a signal in decibels, above any wire in a building.
const LONGEST_WIRE: u32 = 2000;
const BEST_SNR: u32 = 700;

fn check_up(twin: &Twin) -> Result<(), String> {
    if twin.state(|state| state.is_up) {
        Ok(())
    } else {
        Err("it is booting; ask again in a moment".to_owned())
    }
}

/// Enters lines as a user at another terminal would.
fn edit(twin: &Twin, lines: &[String]) -> Result<Answer, String> {
    check_up(twin)?;
    if let Some(line) = lines.iter().find(|line| line.contains(char::is_control)) {
        return Err(format!(
            "the line `{}` has a key that is not a character",
            line.escape_debug()
        ));
    }
    let prompt = twin.gam(|gam| format!("{}(config)# ", gam.running().hostname));
    // Return ends each line, as on a keyboard, so that a line can lead into a mode for the next.
    let shown = twin.edit_line(&lines.join("\r"));
    let text = from_prompt_to_prompt(&prompt, &shown);
    let is_refused = text.lines().any(|line| line.starts_with("% "));
    Ok(Answer::Session { text, is_refused })
}

/// Returns the output of a session from the prompt of the first line on, without the last prompt.
fn from_prompt_to_prompt(prompt: &str, shown: &str) -> String {
    let text = format!("{prompt}{}", shown.replace('\r', ""));
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.pop();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Returns the entity of an alarm by its printed name.
fn entity_of(gam: &Gam, name: Option<&str>) -> Entity {
    let Some(name) = name else {
        return Entity::system();
    };
    let hardware = gam.hardware();
    let interface = hardware
        .interfaces()
        .find(|interface| interface.name() == name);
    Entity {
        if_index: interface.map_or(0, |interface| hardware.if_index(interface)),
        name: name.into(),
    }
}

fn list(name: &str, twin: &Twin) -> Listed {
    let (ssh, snmp) = (twin.ssh_address(), twin.snmp_address());
    twin.state(|state| {
        let gam = &state.gam;
        Listed {
            name: name.to_owned(),
            model: gam.hardware().model,
            serial: gam.hardware().serial.to_string(),
            ssh,
            snmp,
            is_up: state.is_up,
            endpoints: gam.running().endpoints.len(),
            plugged: gam.world().plugged.len(),
            alarms: gam.alarms().active.len(),
            faults: state.faults.list().len(),
            sessions: state.sessions(),
        }
    })
}

fn show(name: &str, state: &State) -> Shown {
    let gam = &state.gam;
    let startup = match gam.startup() {
        None => Startup::NothingSaved,
        Some(saved) if saved.configuration == *gam.running() => Startup::SameAsRunning,
        Some(_) => Startup::DiffersFromRunning,
    };
    Shown {
        name: name.to_owned(),
        model: gam.hardware().model,
        serial: gam.hardware().serial.to_string(),
        mac: gam.hardware().mac,
        hostname: gam.running().hostname.to_string(),
        firmware: gam.firmware().active.version.to_string(),
        is_up: state.is_up,
        uptime_seconds: gam.uptime(clock::now()).as_secs(),
        boots: gam.boots(),
        sessions: state.sessions(),
        lines: state.counts.lines,
        requests: state.counts.requests,
        dropped: state.counts.dropped,
        revision: gam.revision(),
        startup,
        endpoints: endpoints(gam),
        alarms: gam
            .alarms()
            .active
            .values()
            .map(|alarm| ShownAlarm {
                condition: alarm.condition,
                entity: alarm.entity.name.to_string(),
                severity: alarm.severity,
                service_affecting: alarm.service_affecting,
                since: alarm.occurred.iso(),
                description: alarm.condition.description().to_owned(),
            })
            .collect(),
        faults: state.faults.list().iter().map(fault).collect(),
    }
}

fn endpoints(gam: &Gam) -> Vec<ShownEndpoint> {
    let configured = gam.running().endpoints.values().map(|one| one.mac);
    let macs: BTreeSet<MacAddress> = configured
        .chain(gam.world().plugged.keys().copied())
        .collect();
    let mut shown: Vec<ShownEndpoint> = macs.into_iter().map(|mac| endpoint(gam, mac)).collect();
    // Configured endpoints by number first, then unconfigured ones.
    shown.sort_by_key(|one| (one.id.is_none(), one.id));
    shown
}

fn endpoint(gam: &Gam, mac: MacAddress) -> ShownEndpoint {
    let plugged = gam.world().plugged.get(&mac).map(|plugged| plugged.port);
    let is_heard = gam.heard(mac).is_some();
    let configured = gam.endpoint_by_mac(mac);
    let state = match (configured.map(|(_, one)| one.port), plugged) {
        (_, Some(_)) if !is_heard => ShownState::Unheard,
        (Some(_), None) => ShownState::NotDetected,
        (Some(ExpectedPort::Auto), Some(_)) => ShownState::Ok,
        (Some(ExpectedPort::Port(expected)), Some(port)) if expected == port => ShownState::Ok,
        (Some(_), Some(_)) => ShownState::WrongPort,
        (None, _) => ShownState::UnknownMac,
    };
    let subscriber = configured.and_then(|(id, _)| gam.subscriber_of(id));
    ShownEndpoint {
        id: configured.map(|(id, _)| id),
        mac,
        name: configured.map(|(_, one)| one.name.to_string()),
        expected: configured.map(|(_, one)| match one.port {
            ExpectedPort::Port(port) => port.to_string(),
            ExpectedPort::Auto => "auto".to_owned(),
            ExpectedPort::Unassigned => "unassigned".to_owned(),
        }),
        plugged,
        state,
        subscriber: subscriber.map(|(_, one)| one.name.to_string()),
    }
}

fn fault(planted: &ActiveFault) -> ShownFault {
    ShownFault {
        id: planted.id.0,
        order: planted.order.clone(),
        seen: planted.seen,
        struck: planted.struck,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_shown_from_its_first_prompt_to_its_last_answer() {
        let shown = "hostname x\r\nx(config)# ?\r\n% No.\r\nx(config)# ";
        assert_eq!(
            from_prompt_to_prompt("GAM(config)# ", shown),
            "GAM(config)# hostname x\nx(config)# ?\n% No.\n"
        );
        assert_eq!(from_prompt_to_prompt("GAM(config)# ", ""), "");
    }
}
