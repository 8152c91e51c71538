//! `gamctl observe --probe`: asks each device once who it is and how it is in short.

use serde::Serialize;

use super::invocation::Selected;
use super::progress::Bar;
use crate::inventory::Inventory;
use crate::model::{DeviceName, MacAddress, Probe, Serial};
use crate::plan::Unobservable;
use crate::reconcile::{Accesses, Probes, probe_all};
use crate::report::probed;

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ProbedDocument<'a> {
    probes: Vec<Probed<'a>>,
    unobservable: Vec<Unobservable>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Probed<'a> {
    device: &'a DeviceName,
    #[serde(flatten)]
    probe: &'a Probe,
}

/// Probes the devices with their accesses.
pub(super) fn ask(accesses: Accesses, selected: &Selected<'_>) -> anyhow::Result<Probes> {
    let names = accesses.keys().map(ToString::to_string);
    let bar = Bar::new(names, "Probing", "devices", selected.terminal());
    let asked = probe_all(accesses, |device| bar.step(device.as_str()));
    let probes = selected.invocation.wait(asked)?;
    bar.end();
    Ok(probes)
}

pub(super) fn document(probes: &Probes) -> ProbedDocument<'_> {
    let mut document = ProbedDocument {
        probes: Vec::new(),
        unobservable: Vec::new(),
    };
    for (device, probe) in probes {
        match probe {
            Ok(probe) => document.probes.push(Probed { device, probe }),
            Err(reason) => document.unobservable.push(Unobservable {
                device: device.clone(),
                reason: reason.clone(),
            }),
        }
    }
    document
}

pub(super) fn text(probes: &Probes, inventory: &Inventory, selected: &Selected<'_>) -> String {
    let answers = probes.iter().map(|(device, probe)| {
        let probe = probe.as_ref().map_err(ToString::to_string);
        (device, probe)
    });
    let remark = |device: &DeviceName, probe: &Probe| remark(inventory, device, probe);
    probed(answers, remark, selected.terminal().paint)
}

/// Returns a remark if another device answers than the one in the inventory, or none that is a GAM.
fn remark(inventory: &Inventory, device: &DeviceName, probe: &Probe) -> Option<String> {
    let not_a_gam = probe.model.is_none().then(|| "not a known GAM".to_owned());
    let other = identity_remark(inventory, device, probe.serial.as_ref(), probe.mac);
    let parts: Vec<String> = not_a_gam.into_iter().chain(other).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Returns a remark if the device that answers has another serial number or address than the inventory pins.
pub(super) fn identity_remark(
    inventory: &Inventory,
    device: &DeviceName,
    serial: Option<&Serial>,
    mac: Option<MacAddress>,
) -> Option<String> {
    let text = &inventory.device(device.as_str())?.text;
    let mut parts = Vec::new();
    if let (Some(pinned), Some(found)) = (&text.serial, serial)
        && pinned != found
    {
        parts.push(format!("the inventory pins serial {pinned}"));
    }
    if let (Some(pinned), Some(found)) = (text.mac, mac)
        && pinned != found
    {
        parts.push(format!("the inventory pins MAC {pinned}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
