//! Divides the devices of a rollout into waves: a few first, then shares of all, then the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{DeviceName, SiteName, natural_order};

/// From this number of devices, the shares of `then` apply. With fewer, a share is one device most of the time, so the waves
/// would only take time.
const SHARES_COUNT_FROM: usize = 10;

/// A share of all devices of the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

/// The settings of `[waves]` in `policy.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveSettings {
    /// Devices of the first wave; 0 counts as 1.
    pub first: u32,
    /// The size of each wave after the first, in percent of all devices. The last wave has the rest.
    pub then: Vec<Percent>,
    /// No gate opens earlier after a wave.
    pub settle: Duration,
}

impl Default for WaveSettings {
    fn default() -> Self {
        Self {
            first: 1,
            then: vec![Percent(5), Percent(25)],
            settle: Duration::from_secs(120),
        }
    }
}

/// A device of a rollout, as far as it decides the device's wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveDevice {
    pub name: DeviceName,
    pub site: Option<SiteName>,
    /// It has the label `canary = "true"`.
    pub is_canary: bool,
    /// Subscribers on the device.
    pub subscribers: usize,
    /// Subscribers that the plan of this device interrupts.
    pub interrupted: usize,
}

/// Returns the devices of each wave, in the order of `devices`; each device is in exactly one wave, and no wave is empty.
///
/// The first wave has the canaries. If there are too few, those with the fewest subscribers follow: first those that have any,
/// because a device without subscribers proves nothing, and of equal ones those with the fewest interruptions. All waves are
/// spread over the sites as far as possible, so that a mistake does not cut off a whole building first. Below 10 devices
/// there are two waves: the first, and the rest.
pub fn waves(devices: &[WaveDevice], settings: &WaveSettings) -> Vec<Vec<DeviceName>> {
    let all = devices.len();
    let mut remaining: Vec<usize> = (0..all).collect();
    let mut waves = Vec::new();
    let mut start = |chosen: Vec<usize>, remaining: &mut Vec<usize>| {
        let chosen: BTreeSet<usize> = chosen.into_iter().collect();
        remaining.retain(|index| !chosen.contains(index));
        let wave = chosen.iter().filter_map(|index| devices.get(*index));
        let wave: Vec<DeviceName> = wave.map(|device| device.name.clone()).collect();
        if !wave.is_empty() {
            waves.push(wave);
        }
    };
    let first = usize::try_from(settings.first).unwrap_or(usize::MAX).max(1);
    start(first_wave(devices, first), &mut remaining);
    if all >= SHARES_COUNT_FROM {
        for percent in &settings.then {
            let size = share(all, *percent);
            start(spread(devices, &remaining, size), &mut remaining);
        }
    }
    let rest = remaining.clone();
    start(rest, &mut remaining);
    waves
}

/// Returns a percentage of all devices, rounded up, and at least one.
fn share(all: usize, Percent(percent): Percent) -> usize {
    let percent = usize::try_from(percent).unwrap_or(usize::MAX);
    all.saturating_mul(percent).div_ceil(100).max(1)
}

fn first_wave(devices: &[WaveDevice], size: usize) -> Vec<usize> {
    let mut sorted: Vec<(usize, &WaveDevice)> = devices.iter().enumerate().collect();
    sorted.sort_by(|(_, left), (_, right)| {
        let smallest = |device: &WaveDevice| (device.subscribers, device.interrupted);
        let by_name = || natural_order(left.name.as_str(), right.name.as_str());
        smallest(left).cmp(&smallest(right)).then_with(by_name)
    });
    let mut chosen = Vec::new();
    for rank in [Rank::Canary, Rank::Served, Rank::Empty] {
        let candidates = sorted.iter().filter(|(_, device)| rank == Rank::of(device));
        let candidates: Vec<usize> = candidates.map(|(index, _)| *index).collect();
        chosen.extend(spread(
            devices,
            &candidates,
            size.saturating_sub(chosen.len()),
        ));
    }
    chosen
}

/// The suitability of a device for the first wave, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Canary,
    Served,
    Empty,
}

impl Rank {
    fn of(device: &WaveDevice) -> Self {
        match (device.is_canary, device.subscribers) {
            (true, _) => Self::Canary,
            (false, 0) => Self::Empty,
            (false, _) => Self::Served,
        }
    }
}

/// Returns up to `size` of the candidates: one of each site in turn, in their order. Devices without a site count as one site.
fn spread(devices: &[WaveDevice], candidates: &[usize], size: usize) -> Vec<usize> {
    let mut of_site: BTreeMap<Option<&SiteName>, usize> = BTreeMap::new();
    let mut turns: Vec<(usize, usize)> = Vec::new();
    for index in candidates {
        let site = devices.get(*index).and_then(|device| device.site.as_ref());
        let turn = of_site.entry(site).or_default();
        turns.push((*turn, *index));
        *turn += 1;
    }
    // A stable sort keeps the order of the candidates within a turn.
    turns.sort_by_key(|(turn, _)| *turn);
    turns
        .into_iter()
        .take(size)
        .map(|(_, index)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn device(name: &str, site: &str, subscribers: usize) -> WaveDevice {
        WaveDevice {
            name: name.parse().unwrap(),
            site: (!site.is_empty()).then(|| site.parse().unwrap()),
            is_canary: false,
            subscribers,
            interrupted: 0,
        }
    }

    fn canary(name: &str, site: &str, subscribers: usize) -> WaveDevice {
        WaveDevice {
            is_canary: true,
            ..device(name, site, subscribers)
        }
    }

    fn names(waves: &[Vec<DeviceName>]) -> Vec<Vec<&str>> {
        waves
            .iter()
            .map(|wave| wave.iter().map(DeviceName::as_str).collect())
            .collect()
    }

    fn first(devices: &[WaveDevice], size: u32) -> Vec<String> {
        let settings = WaveSettings {
            first: size,
            ..WaveSettings::default()
        };
        let waves = waves(devices, &settings);
        waves[0].iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_labelled_canary_goes_first_even_with_many_subscribers() {
        let devices = [device("a", "", 1), canary("b", "", 300), device("c", "", 2)];
        let waves = waves(&devices, &WaveSettings::default());
        assert_eq!(names(&waves), [vec!["b"], vec!["a", "c"]]);
    }

    #[test]
    fn without_a_canary_the_device_with_the_fewest_subscribers_goes_first() {
        assert_eq!(
            first(
                &[device("a", "", 9), device("b", "", 2), device("c", "", 0)],
                1
            ),
            ["b"]
        );
        assert_eq!(first(&[device("a", "", 0), device("b", "", 0)], 1), ["a"]);
        let quieter = WaveDevice {
            interrupted: 1,
            ..device("c", "", 2)
        };
        let noticed = WaveDevice {
            interrupted: 2,
            ..device("b", "", 2)
        };
        assert_eq!(first(&[noticed, quieter], 1), ["c"]);
        assert_eq!(
            first(&[device("gam-10", "", 2), device("gam-9", "", 2)], 1),
            ["gam-9"]
        );
    }

    #[test]
    fn small_devices_fill_a_first_wave_with_too_few_canaries() {
        let devices = [
            device("a", "x", 1),
            canary("b", "x", 8),
            device("c", "x", 2),
            device("d", "y", 3),
            device("e", "z", 0),
        ];
        assert_eq!(
            first(&devices, 3),
            ["a", "b", "d"],
            "one of each site first"
        );
        assert_eq!(first(&devices, 0), ["b"]);
    }

    #[test]
    fn one_device_is_one_wave_and_none_is_no_wave() {
        let settings = WaveSettings::default();
        assert_eq!(names(&waves(&[device("a", "", 3)], &settings)), [vec!["a"]]);
        assert!(waves(&[], &settings).is_empty());
    }

    #[test]
    fn a_hundred_devices_go_in_waves_of_1_5_25_and_69() {
        let devices: Vec<WaveDevice> = (0..100)
            .map(|n| device(&format!("gam-{n}"), "", n))
            .collect();
        let sizes: Vec<usize> = waves(&devices, &WaveSettings::default())
            .iter()
            .map(Vec::len)
            .collect();
        assert_eq!(sizes, [1, 5, 25, 69]);
    }

    prop_compose! {
        fn any_devices()(
            devices in prop::collection::vec((0_usize..5, any::<bool>(), 0_usize..4, 0_usize..3), 0..60)
        ) -> Vec<WaveDevice> {
            let one = |(number, (site, is_canary, subscribers, interrupted))| WaveDevice {
                is_canary,
                interrupted,
                ..device(&format!("gam-{number}"), ["", "a", "b", "c", "d"][site], subscribers)
            };
            devices.into_iter().enumerate().map(one).collect()
        }
    }

    fn any_settings() -> impl Strategy<Value = WaveSettings> {
        (0_u32..8, prop::collection::vec(0_u32..=120, 0..5)).prop_map(|(first, then)| {
            WaveSettings {
                first,
                then: then.into_iter().map(Percent).collect(),
                ..WaveSettings::default()
            }
        })
    }

    proptest! {
        #[test]
        fn each_device_is_in_exactly_one_wave_and_none_is_empty(devices in any_devices(), settings in any_settings()) {
            let waves = waves(&devices, &settings);
            prop_assert!(waves.iter().all(|wave| !wave.is_empty()));
            let mut placed: Vec<DeviceName> = waves.concat();
            placed.sort();
            let mut all: Vec<DeviceName> = devices.iter().map(|device| device.name.clone()).collect();
            all.sort();
            prop_assert_eq!(placed, all);
        }

        #[test]
        fn the_order_of_the_devices_is_kept_within_each_wave(devices in any_devices(), settings in any_settings()) {
            for wave in waves(&devices, &settings) {
                let place = |name: &DeviceName| devices.iter().position(|device| device.name == *name);
                let places: Vec<_> = wave.iter().map(place).collect();
                prop_assert!(places.is_sorted(), "{:?}", wave);
            }
        }

        #[test]
        fn the_sizes_are_those_of_the_settings_until_no_device_is_left(devices in any_devices(), settings in any_settings()) {
            let all = devices.len();
            let mut left = all;
            let mut expected = vec![(settings.first as usize).max(1)];
            if all >= 10 {
                expected.extend(settings.then.iter().map(|Percent(percent)| (all * *percent as usize).div_ceil(100).max(1)));
            }
            expected.push(all);
            let mut sizes = Vec::new();
            for size in expected {
                let size = size.min(left);
                left -= size;
                sizes.push(size);
            }
            sizes.retain(|size| *size > 0);
            let found: Vec<usize> = waves(&devices, &settings).iter().map(Vec::len).collect();
            prop_assert_eq!(found, sizes);
        }

        #[test]
        fn a_later_wave_has_two_devices_of_a_site_only_if_each_waiting_site_has_one(devices in any_devices(), settings in any_settings()) {
            let waves = waves(&devices, &settings);
            let site = |name: &DeviceName| devices.iter().find(|device| device.name == *name).unwrap().site.clone();
            for at in 1..waves.len() {
                let mut counts: BTreeMap<Option<SiteName>, usize> = BTreeMap::new();
                for name in &waves[at] {
                    *counts.entry(site(name)).or_default() += 1;
                }
                let most = counts.values().copied().max().unwrap_or(0);
                for name in waves[at + 1..].iter().flatten() {
                    let here = counts.get(&site(name)).copied().unwrap_or(0);
                    prop_assert!(here + 1 >= most, "{name} waits while another site has {most}");
                }
            }
        }

        #[test]
        fn a_device_without_subscribers_is_not_first_while_another_has_some(devices in any_devices()) {
            let waves = waves(&devices, &WaveSettings::default());
            if let Some(name) = waves.first().and_then(|wave| wave.first()) {
                let first = devices.iter().find(|device| device.name == *name).unwrap();
                let has_canary = devices.iter().any(|device| device.is_canary);
                prop_assert_eq!(first.is_canary, has_canary);
                let is_served = devices.iter().any(|device| device.subscribers > 0);
                prop_assert!(has_canary || !is_served || first.subscribers > 0);
            }
        }
    }
}
