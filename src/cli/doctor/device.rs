//! Reports whether devices answer, are the pinned ones, and accept our login.

use crate::cli::invocation::Selected;
use crate::cli::looking::Bar;
use crate::inventory::Inventory;
use crate::model::{DeviceName, Identity, NotObserved, Serial};
use crate::reconcile::run::{Reconciler, Watcher};
use crate::reconcile::{AccessCheck, LoginProblem, check_access};
use crate::report::{Check, Level};

/// Checks all devices, many at once; returns the results by name.
pub(super) fn devices(
    inventory: &Inventory,
    names: &[DeviceName],
    reconciler: &Reconciler,
    selected: &Selected<'_>,
    watcher: &Watcher,
) -> anyhow::Result<Vec<Check>> {
    let accesses = reconciler.accesses(inventory, names, watcher);
    let doing = "Asking {wide_bar} {pos}/{len} devices";
    let bar = Bar::new(accesses.len(), doing, selected.terminal());
    let asked = check_access(accesses, || bar.step());
    let checked = selected.invocation.wait(asked)?;
    bar.end();
    let checks = checked.into_iter().map(|(device, checked)| {
        let object = inventory.device(device.as_str());
        let pinned = object.and_then(|device| device.text.serial.as_ref());
        of_device(device.as_str(), checked, pinned)
    });
    Ok(checks.flatten().collect())
}

fn of_device(
    area: &str,
    checked: Result<AccessCheck, NotObserved>,
    pinned: Option<&Serial>,
) -> Vec<Check> {
    let checked = match checked {
        Ok(checked) => checked,
        Err(why) => {
            let next = "complete it in the inventory, or see `gamctl secret check`";
            return vec![Check::of(area, Level::Problem, why.to_string(), next)];
        }
    };
    let mut found = Vec::new();
    let mut well = Vec::new();
    match &checked.snmp {
        Ok(identity) => {
            found.extend(identified(area, identity, pinned));
            well.extend(identity.model.map(|model| model.to_string()));
            let firmware = identity.firmware.as_ref();
            well.extend(firmware.map(|firmware| format!("firmware {firmware}")));
        }
        Err(why) => {
            let next = "check its address and credentials in the inventory";
            found.push(Check::of(area, Level::Unreachable, why.to_string(), next));
        }
    }
    match checked.ssh {
        Ok(()) => well.push("accepts our login".to_owned()),
        Err(problem) => found.push(login(area, problem)),
    }
    if found.is_empty() {
        found.push(Check::ok(area, well.join(", ")));
    }
    found
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

fn login(area: &str, problem: LoginProblem) -> Check {
    match problem {
        LoginProblem::NoLogin { why } => Check::of(
            area,
            Level::Problem,
            why,
            "complete its credentials, or see `gamctl secret check`",
        ),
        LoginProblem::NotPinned => Check::of(
            area,
            Level::Warning,
            "no SSH host key is pinned, so no login is tried and nothing can be applied",
            "`gamctl trust` shows its key; compare, then `--pin`",
        ),
        LoginProblem::HostKeyChanged { error } => Check::of(
            area,
            Level::Problem,
            error,
            "find out why its key changed; `gamctl trust` shows both keys",
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
