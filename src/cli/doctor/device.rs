//! Reports whether devices answer, are the pinned ones, and accept our login.

use crate::cli::invocation::Selected;
use crate::cli::progress::Bar;
use crate::inventory::Inventory;
use crate::model::{DeviceName, DeviceState, Identity, NotObserved, Serial};
use crate::reconcile::run::{Reconciler, Watcher};
use crate::reconcile::{AccessCheck, DeliveredCommunity, LoginProblem, check_access};
use crate::report::{Check, Level};

/// Checks all devices, many at once; returns the results by name.
pub(super) fn devices(
    inventory: &Inventory,
    names: &[DeviceName],
    reconciler: &Reconciler,
    selected: &Selected<'_>,
    watcher: &Watcher,
    delivered: DeliveredCommunity,
) -> anyhow::Result<Vec<Check>> {
    let accesses = reconciler.accesses(inventory, names, watcher);
    let names = accesses.keys().map(ToString::to_string);
    let bar = Bar::new(names, "Asking", "devices", selected.terminal());
    let asked = check_access(accesses, delivered, |device| bar.step(device.as_str()));
    let checked = selected.invocation.wait(asked)?;
    bar.end();
    let checks = checked.into_iter().map(|(device, checked)| {
        let text = inventory.device(device.as_str()).map(|device| &device.text);
        let pins = Pins {
            serial: text.and_then(|text| text.serial.as_ref()),
            is_written: text.is_none_or(|text| {
                let state = text.state.unwrap_or(DeviceState::Managed);
                state.is_written()
            }),
        };
        of_device(device.as_str(), checked, pins)
    });
    Ok(checks.flatten().collect())
}

/// The pins and the state of a device in the inventory.
#[derive(Clone, Copy)]
struct Pins<'a> {
    serial: Option<&'a Serial>,
    /// Whether `apply` writes to it.
    is_written: bool,
}

fn of_device(area: &str, checked: Result<AccessCheck, NotObserved>, pins: Pins<'_>) -> Vec<Check> {
    let checked = match checked {
        Ok(checked) => checked,
        // The secret itself is reported once, under `secrets`.
        Err(NotObserved::NoSecret { .. }) => {
            let what = "not asked: one of its secrets has no value";
            return vec![Check::of(area, Level::Problem, what, "see `secrets`")];
        }
        Err(why) => {
            let next = "complete it in the inventory, or see `gamctl secret check`";
            return vec![Check::of(area, Level::Problem, why.to_string(), next)];
        }
    };
    let mut found = Vec::new();
    let mut well = Vec::new();
    match &checked.snmp {
        Ok(identity) => {
            found.extend(identified(area, identity, pins.serial));
            found.extend(factory_new(area, identity, &checked.ssh, pins.serial));
            well.extend(identity.model.map(|model| model.to_string()));
            let firmware = identity.firmware.as_ref();
            well.extend(firmware.map(|firmware| format!("firmware {firmware}")));
        }
        Err(why) => {
            let next = "check its address and credentials in the inventory";
            found.push(Check::of(area, Level::Unreachable, why.to_string(), next));
        }
    }
    found.extend(as_delivered(area, checked.answers_as_delivered));
    match checked.ssh {
        Ok(()) => well.push("accepts our login".to_owned()),
        Err(problem) => found.push(login(area, problem, pins.is_written)),
    }
    if found.is_empty() {
        found.push(Check::ok(area, well.join(", ")));
    }
    found
}

/// Warns of a device that answers to the community `private`.
fn as_delivered(area: &str, answers: Option<Result<bool, String>>) -> Option<Check> {
    match answers? {
        Ok(false) => None,
        Ok(true) => Some(Check::of(
            area,
            Level::Warning,
            "it answers to the SNMP community `private`, which can write as delivered: anyone who reaches its agent can change it",
            "replace the community on the device; see \"Close the community private\" in docs/operating.md",
        )),
        Err(error) => Some(Check::of(
            area,
            Level::Warning,
            format!("unknown whether it answers to the SNMP community `private`: {error}"),
            "repeat `gamctl doctor --probe-private` when it is reachable",
        )),
    }
}

/// Names a device that looks as delivered although the inventory pins another one at its address.
fn factory_new(
    area: &str,
    identity: &Identity,
    ssh: &Result<(), LoginProblem>,
    pinned: Option<&Serial>,
) -> Option<Check> {
    let is_other = identity
        .serial
        .as_ref()
        .zip(pinned)
        .is_some_and(|(has, pinned)| has != pinned);
    let has_other_key = matches!(ssh, Err(LoginProblem::HostKeyChanged { .. }));
    let model = identity.model.map(|model| model.to_string());
    let has_factory_name = model.is_some() && identity.name == model;
    (has_factory_name && (is_other || has_other_key)).then(|| {
        Check::of(
            area,
            Level::Problem,
            "it looks factory-new: its host name is that of its model, and it is not the device that was pinned",
            format!(
                "if it was replaced or reset: correct `serial` and `mac`, set its password, `gamctl trust {area} --pin --replace`, \
                 then `gamctl apply`; see \"A GAM was replaced\" in docs/operating.md"
            ),
        )
    })
}

/// Returns the problems with the identity of the device that answers.
fn identified(area: &str, identity: &Identity, pinned: Option<&Serial>) -> Vec<Check> {
    let mut found = Vec::new();
    match (&identity.serial, pinned) {
        (Some(answered), Some(pinned)) if answered != pinned => found.push(Check::of(
            area,
            Level::Problem,
            format!("another device answers: serial number {answered} instead of the pinned {pinned}"),
            "gamctl writes nothing to it; if the hardware was replaced, correct `serial` in the inventory",
        )),
        (_, None) => found.push(Check::of(
            area,
            Level::Warning,
            "no serial number is pinned, so another device at its address would not be noticed",
            "write `serial` into the inventory, as `gamctl discover` shows it",
        )),
        (_, Some(_)) => {}
    }
    if identity.model.is_none() {
        let what = "the device that answers is not a known GAM";
        found.push(Check::of(area, Level::Problem, what, "check its address"));
    }
    found
}

fn login(area: &str, problem: LoginProblem, is_written: bool) -> Check {
    match problem {
        LoginProblem::NoLogin { why } => Check::of(
            area,
            Level::Problem,
            why,
            "complete its credentials, or see `gamctl secret check`",
        ),
        LoginProblem::NotPinned => Check::of(
            area,
            match is_written {
                true => Level::Problem,
                false => Level::Warning,
            },
            match is_written {
                true => {
                    "no SSH host key is pinned, so no login is tried and nothing can be applied"
                }
                false => "no SSH host key is pinned, so no login is tried",
            },
            format!(
                "`gamctl trust {area}` shows its key; compare, then `gamctl trust {area} --pin`"
            ),
        ),
        LoginProblem::HostKeyChanged { error } => Check::of(
            area,
            Level::Problem,
            error,
            format!(
                "find out why its key changed; `gamctl trust {area}` shows both keys, and `gamctl trust {area} --pin --replace` \
                 pins the new one"
            ),
        ),
        LoginProblem::NotReached { error } => Check::of(
            area,
            Level::Unreachable,
            error,
            "check that SSH is enabled, reachable from here, and has a free session",
        ),
        LoginProblem::Rejected { error } => Check::of(
            area,
            Level::Problem,
            error,
            "check user and password; `gamctl secret list` shows the source of the password",
        ),
    }
}
