//! Simulates observations from an earlier commit, for plans between two commits without any device.

use std::collections::BTreeMap;

use super::{FingerprintedObservation, Fleet, LookResults};
use crate::inventory::{DeviceObject, Inventory};
use crate::model::{
    ConfigSource, DeviceConfig, DeviceName, DeviceState, Identity, Observation, Part, Slot,
};
use crate::plan::Ledger;

/// Returns observations of devices as if `before` had just been applied to those in `names`.
///
/// A device that `before` does not have is observed as empty, so all of its objects are new.
pub fn as_if_applied(
    fleet: &Fleet<'_>,
    before: &super::Applied<'_>,
    names: &[DeviceName],
) -> LookResults {
    let mut sightings = LookResults::new();
    for name in names {
        let config = before.device(name).map(|device| match device.state {
            DeviceState::Preprovision => DeviceConfig::default(),
            DeviceState::Managed
            | DeviceState::Observe
            | DeviceState::Locked
            | DeviceState::Retired => device.config.clone(),
        });
        let object = fleet.inventory.device(name.as_str());
        let observation = observation(name, config.unwrap_or_default(), object, fleet.inventory);
        sightings.insert(name.clone(), Ok(FingerprintedObservation::of(observation)));
    }
    sightings
}

/// Returns an observation of a device as if it were exactly as last verified, for a device that does not answer.
pub(super) fn as_if_verified(
    fleet: &Fleet<'_>,
    name: &DeviceName,
    ledger: &Ledger,
) -> FingerprintedObservation {
    let object = fleet.inventory.device(name.as_str());
    let observation = observation(name, ledger.verified.clone(), object, fleet.inventory);
    FingerprintedObservation::of(observation)
}

fn observation(
    name: &DeviceName,
    mut config: DeviceConfig,
    object: Option<&DeviceObject>,
    inventory: &Inventory,
) -> Observation {
    // The device's built-in profile has the first number.
    number(
        config
            .profiles
            .values_mut()
            .map(|profile| &mut profile.slot),
        2,
    );
    number(
        config
            .endpoints
            .values_mut()
            .map(|endpoint| &mut endpoint.slot),
        1,
    );
    number(
        config
            .subscribers
            .values_mut()
            .map(|subscriber| &mut subscriber.slot),
        1,
    );
    let mut observation = Observation::of(name.clone());
    observation.identity = Identity {
        model: object.and_then(|object| object.text.model),
        serial: object.and_then(|object| object.text.serial.clone()),
        mac: object.and_then(|object| object.text.mac),
        ..Identity::default()
    };
    observation.management_vlan = Some(
        object
            .and_then(|object| object.text.management_vlan)
            .unwrap_or(inventory.defaults().management_vlan),
    );
    observation.config = config;
    let sources = Part::ALL.into_iter().map(|part| (part, ConfigSource::Snmp));
    observation.sources = sources.collect::<BTreeMap<_, _>>();
    observation
}

fn number<'a>(slots: impl Iterator<Item = &'a mut Option<Slot>>, first: u16) {
    for (slot, number) in slots.zip(first..) {
        *slot = Some(Slot(number));
    }
}
