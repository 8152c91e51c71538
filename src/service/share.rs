//! Shares the devices among live instances: each device belongs to the instance with the highest hash of both names.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::DeviceName;

/// Returns the instance that looks at a device, of those that live. An instance more or less moves only its own share.
pub(super) fn owner(device: &DeviceName, instances: &[Uuid]) -> Option<Uuid> {
    let weight = |instance: &Uuid| {
        let mut digest = Sha256::new();
        digest.update(instance.as_bytes());
        digest.update(device.as_str().as_bytes());
        (digest.finalize(), *instance)
    };
    instances.iter().copied().max_by_key(weight)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn devices() -> Vec<DeviceName> {
        let names = (0..10_000).map(|number| format!("gam-{number}"));
        names.map(|name| DeviceName::new(&name).unwrap()).collect()
    }

    fn instances(count: u128) -> Vec<Uuid> {
        (1..=count).map(Uuid::from_u128).collect()
    }

    #[test]
    fn every_device_has_one_owner_and_the_shares_are_even() {
        for count in 2..=8 {
            let instances = instances(count);
            let mut shares: BTreeMap<Uuid, u32> = BTreeMap::new();
            for device in devices() {
                *shares
                    .entry(owner(&device, &instances).unwrap())
                    .or_default() += 1;
            }
            let mean = 10_000.0 / f64::from(u32::try_from(count).unwrap());
            let largest = f64::from(*shares.values().max().unwrap());
            assert!(largest / mean < 1.08, "{count} instances: {shares:?}");
        }
    }

    #[test]
    fn an_instance_that_ends_moves_only_its_own_devices() {
        let four = instances(4);
        let gone = four[1];
        let three: Vec<Uuid> = four.iter().copied().filter(|one| *one != gone).collect();
        for device in devices() {
            let before = owner(&device, &four).unwrap();
            let after = owner(&device, &three).unwrap();
            assert!(before == gone || before == after, "{device} moved");
            assert_ne!(after, gone);
        }
    }

    #[test]
    fn the_order_of_instances_does_not_matter_and_without_any_there_is_no_owner() {
        let mut instances = instances(5);
        let device = DeviceName::new("maple-a").unwrap();
        let first = owner(&device, &instances);
        instances.reverse();
        assert_eq!(owner(&device, &instances), first);
        assert_eq!(owner(&device, &[]), None);
    }
}
