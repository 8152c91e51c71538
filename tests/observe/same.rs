//! Tests looks at an unchanging device: the observation equals its configuration in every field.

use gamctl::model::{ConfigSource, GamModel, Part};

use super::device::{Dice, expected, random, random_in_any_range, twin_of, usual};
use super::look_at;

#[tokio::test]
async fn a_look_returns_what_the_device_is_configured_as() {
    let (hardware, configuration) = usual();
    let intended = expected(&configuration);
    let twin = twin_of(hardware, configuration).await;
    let observation = look_at(&twin).await.unwrap();
    assert_eq!(observation.unread, []);
    assert_eq!(observation.unclear, []);
    assert_eq!(observation.config, intended);
    assert_eq!(observation.health.unread, [""; 0]);
    for part in Part::ALL {
        assert_eq!(observation.sources[&part], ConfigSource::Snmp);
    }
    let identity = observation.identity;
    assert_eq!(identity.model, Some(GamModel::Gam4Cx));
    assert_eq!(identity.serial.unwrap().as_str(), twin.serial());
    assert_eq!(identity.firmware.unwrap(), "GAM-4/8-C_v1.8.0");
    assert_eq!(identity.mac, Some(twin.gam(|gam| gam.hardware().mac)));
    assert_eq!(observation.taken_at, 1_795_000_000);
}

#[tokio::test]
async fn every_configuration_is_observed_unchanged() {
    for (number, model) in GamModel::ALL.into_iter().enumerate() {
        let mut dice = Dice::new(number as u64);
        let count = model.endpoint_capacity().min(40);
        let (hardware, configuration) = random_in_any_range(&mut dice, model, count);
        let intended = expected(&configuration);
        let twin = twin_of(hardware, configuration).await;
        let observation = look_at(&twin).await.unwrap();
        assert_eq!(observation.config, intended, "{model}, seed {number}");
        assert_eq!((observation.unread, observation.unclear), (vec![], vec![]));
    }
}

#[tokio::test]
async fn the_largest_device_is_read_in_five_hundred_requests() {
    let mut dice = Dice::new(1);
    let (hardware, configuration) = random(&mut dice, GamModel::Gam24C, 384);
    let intended = expected(&configuration);
    let twin = twin_of(hardware, configuration).await;
    let device = gamctl::model::DeviceName::new("oak").unwrap();
    let access = super::public();
    let target = gamctl::observe::Target {
        device: &device,
        address: twin.snmp_address(),
        access: &access,
        snmp_options: gamctl::observe::snmp_options(),
        turns: gamctl::transport::snmp::Turns::default(),
        command_line: gamctl::observe::CommandLine::None(String::new()),
        clock: || 0,
    };
    let (observation, counters) = gamctl::observe::look_and_count(&target).await.unwrap();
    assert_eq!(observation.config, intended);
    assert!(counters.requests <= 520, "{counters:?}");
}
