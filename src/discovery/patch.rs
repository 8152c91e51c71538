//! Writes the devices that a sweep found and the inventory lacks, as TOML.

use std::collections::BTreeSet;

use super::{Comparison, KnownDevice, Seen, Verdict};
use crate::model::DeviceName;

/// Returns tables for new devices and changed lines for those that moved; empty if there is nothing to add.
///
/// A new device starts in state `observe`: gamctl looks, and does not write before a person changes the state.
pub fn patch(devices: &[KnownDevice], comparison: &Comparison) -> String {
    let mut taken: BTreeSet<String> = devices
        .iter()
        .map(|device| device.name.to_string())
        .collect();
    let mut text = String::new();
    for seen in &comparison.seen {
        match &seen.verdict {
            Verdict::New => text.push_str(&added(seen, &mut taken)),
            Verdict::Moved { device, from } => text.push_str(&moved(seen, device, from.is_some())),
            Verdict::Known { .. }
            | Verdict::Wrong { .. }
            | Verdict::Again { .. }
            | Verdict::Other { .. }
            | Verdict::Closed { .. } => {}
        }
    }
    text
}

fn added(seen: &Seen, taken: &mut BTreeSet<String>) -> String {
    let identity = &seen.identity;
    let name = name(seen, taken);
    let mut text = format!("\n[device.{}]\n", key(&name));
    taken.insert(name);
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = \"{value}\"\n"));
    if let Some(model) = identity.model {
        line("model", model.as_str());
    }
    line("address", &seen.address.to_string());
    line("state", "observe");
    if let Some(credentials) = seen
        .credentials
        .as_deref()
        .filter(|name| *name != "default")
    {
        line("credentials", credentials);
    }
    if let Some(serial) = &identity.serial {
        line("serial", serial.as_str());
    }
    if let Some(mac) = identity.mac {
        line("mac", &mac.to_string());
    }
    text
}

fn moved(seen: &Seen, device: &DeviceName, is_installed: bool) -> String {
    let address = seen.address;
    let state = if is_installed {
        ""
    } else {
        "# and no longer: state = \"preprovision\"\n"
    };
    format!(
        "\n# Change in what is there:\n[device.{}]\naddress = \"{address}\"\n{state}",
        key(device.as_str())
    )
}

/// Returns a name that is free: the one that the device has, else one made of its serial number or address.
fn name(seen: &Seen, taken: &BTreeSet<String>) -> String {
    let identity = &seen.identity;
    let own = identity.name.clone();
    let serial = identity
        .serial
        .as_ref()
        .map(|serial| format!("gam-{serial}"));
    let address = format!("gam-{}", seen.address.ip).replace(':', "-");
    let candidates = own.into_iter().chain(serial).chain([address.clone()]);
    let mut good = candidates
        .filter(|name| DeviceName::new(name).is_ok() && !taken.contains(name))
        .take(1);
    good.next().unwrap_or_else(|| {
        let mut numbered = (2..).map(|number| format!("{address}-{number}"));
        numbered
            .find(|name| !taken.contains(name))
            .unwrap_or(address)
    })
}

fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GamModel, Identity, Serial};

    fn seen(last: u8, name: &str, verdict: Verdict) -> Seen {
        Seen {
            address: format!("10.20.0.{last}").parse().unwrap(),
            credentials: Some("default".to_owned()),
            identity: Identity {
                product: Some(18),
                model: Some(GamModel::Gam4Cx),
                name: Some(name.to_owned()),
                serial: Serial::new(&format!("S{last}")).ok(),
                ..Identity::default()
            },
            verdict,
        }
    }

    #[test]
    fn new_devices_get_tables_of_their_own_and_names_that_are_free() {
        let comparison = Comparison {
            seen: vec![
                seen(1, "maple", Verdict::New),
                seen(2, "maple", Verdict::New),
                seen(3, "a\"]\nx = 1", Verdict::New),
                seen(4, "dot.ted", Verdict::New),
                seen(
                    5,
                    "x",
                    Verdict::Moved {
                        device: DeviceName::new("birch").unwrap(),
                        from: None,
                    },
                ),
            ],
            missing: Vec::new(),
        };
        let text = patch(&[], &comparison);
        let parsed: toml::Table = toml::from_str(&text).unwrap();
        let devices = parsed["device"].as_table().unwrap();
        let names: Vec<&str> = devices.keys().map(String::as_str).collect();
        assert_eq!(names, ["birch", "dot.ted", "gam-S2", "gam-S3", "maple"]);
        assert_eq!(devices["maple"]["state"].as_str(), Some("observe"));
        assert_eq!(devices["birch"]["address"].as_str(), Some("10.20.0.5"));
        assert_eq!(patch(&[], &Comparison::default()), "");
    }
}
