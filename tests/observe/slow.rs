//! Tests looks at slow agents: none is given more requests than it can hold, and what was learned is remembered.

use std::time::Duration;

use gamctl::model::{DeviceName, GamModel};
use gamctl::observe::{CommandLine, Target, look_and_count, snmp_options};
use gamctl::simulator::gam::{Build, FirmwareProfile};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::snmp::{Counters, Turns};

use super::device::{Dice, expected, random};

/// Returns a twin whose agent computes one answer at a time, and the configuration that a look must find.
async fn slow(each: Duration) -> (Twin, gamctl::model::DeviceConfig) {
    let (hardware, configuration) = random(&mut Dice::new(3), GamModel::Gam4Cx, 24);
    let truth = expected(&configuration);
    let mut settings = TwinSettings::new(Build {
        hardware,
        firmware: FirmwareProfile::default(),
        seed: 3,
        configuration: Some(configuration),
    });
    settings.latency.snmp_cpu = each;
    (Twin::start(settings).await.unwrap(), truth)
}

async fn look(twin: &Twin, truth: &gamctl::model::DeviceConfig, turns: &Turns) -> Counters {
    let device = DeviceName::new("oak").unwrap();
    let target = Target {
        device: &device,
        address: twin.snmp_address(),
        access: &super::public(),
        snmp_options: snmp_options(),
        turns: turns.clone(),
        command_line: CommandLine::None("there is no login".to_owned()),
        clock: || 0,
    };
    let (observation, counters) = look_and_count(&target).await.unwrap();
    assert_eq!(observation.config, *truth);
    counters
}

fn dropped(twin: &Twin) -> u64 {
    twin.state(|state| state.counts.dropped)
}

#[tokio::test]
async fn a_slow_agent_drops_nothing_in_a_whole_look_and_in_the_next() {
    let (twin, truth) = slow(Duration::from_millis(30)).await;
    let turns = Turns::default();
    for _ in 0..2 {
        let counters = look(&twin, &truth, &turns).await;
        assert!(counters.requests > 20, "{counters:?}");
        assert_eq!(dropped(&twin), 0, "{counters:?}");
        // It answers one at a time: there is no use for more.
        assert!(turns.limit() <= 8, "{}", turns.limit());
    }
}

/// What the limit is for: this is what happened before there was one.
#[tokio::test]
async fn a_fixed_number_of_requests_in_flight_is_too_many_for_a_slow_agent() {
    let (twin, truth) = slow(Duration::from_millis(30)).await;
    let counters = look(&twin, &truth, &Turns::fixed()).await;
    assert!(dropped(&twin) > 0, "{counters:?}");
}
