//! Tests looks under every SNMP fault: correct, or reported as unread, or a named error.

use std::time::Duration;

use gamctl::model::{DeviceConfig, Observation, Part};
use gamctl::observe::LookError;
use gamctl::simulator::fault::Fault;
use gamctl::simulator::server::Twin;
use gamctl::simulator::snmp::Oid;
use gamctl::transport::snmp::SnmpOptions;

use super::device::{Dice, expected, random, twin_of};
use super::judge::{MODEL, is_whole, lies};
use super::{impatient, look_at, look_with, snmp_options};

const GAM: &[u32] = &[1, 3, 6, 1, 4, 1, 20095, 2001];

/// Entries of configuration tables, with columns that a look reads.
const TABLES: &[(&[u32], &[u32], u32)] = &[
    (&[143, 1, 2, 10, 1], &[30, 50], 1_000_001),
    (&[143, 1, 2, 20, 1], &[10, 20, 30, 50, 55], 2),
    (&[143, 1, 2, 30, 1], &[30, 40, 50, 60], 1),
    (
        &[143, 1, 2, 40, 1],
        &[
            10, 30, 40, 50, 70, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 220,
        ],
        2,
    ),
    (
        &[13, 1, 2, 2, 1, 1],
        &[2, 3, 4, 6, 7, 8, 9, 10, 15, 16, 17, 18],
        1_000_005,
    ),
    (&[11, 1, 2, 1, 1], &[2], 1_000_002),
];

/// Entries of health tables: faults there must not affect the configuration.
const HEALTH: &[(&[u32], &[u32])] = &[
    (&[11, 1, 3, 1, 1], &[2, 5]),
    (&[24, 1, 3, 7, 1], &[2, 3]),
    (&[24, 1, 3, 6, 1], &[2, 5]),
    (&[24, 1, 3, 8, 1], &[2]),
    (&[143, 1, 3, 30, 10, 1], &[40, 90, 110]),
    (&[143, 1, 3, 30, 20, 1], &[70, 110, 120, 150, 160]),
    (&[145, 1, 3, 1, 1], &[4, 5, 10, 11, 12]),
];

fn below(parts: &[&[u32]]) -> Oid {
    Oid::new(&[GAM, &parts.concat()].concat())
}

async fn small() -> (Twin, DeviceConfig) {
    let (hardware, configuration) = random(&mut Dice::new(5), MODEL, 9);
    let truth = expected(&configuration);
    (twin_of(hardware, configuration).await, truth)
}

/// Looks under a fault, and compares the result with the truth.
async fn honest(twin: &Twin, truth: &DeviceConfig, fault: Fault) -> Result<Observation, LookError> {
    honest_with(twin, truth, fault, impatient()).await
}

async fn honest_with(
    twin: &Twin,
    truth: &DeviceConfig,
    fault: Fault,
    snmp_options: SnmpOptions,
) -> Result<Observation, LookError> {
    let said = format!("{fault:?}");
    let id = twin.set_fault(fault);
    let looked = look_with(twin, snmp_options).await;
    twin.clear_fault(id);
    if let Ok(observation) = &looked {
        let lies = lies(observation, truth);
        assert!(
            lies.is_empty(),
            "{said}: {lies:#?}\n{:#?}",
            observation.unread
        );
    }
    looked
}

/// Returns all faults of a column.
fn troubles(entry: &[u32], column: u32, row: u32) -> Vec<Fault> {
    let whole = || below(&[entry, &[column]]);
    let cell = || below(&[entry, &[column, row]]);
    vec![
        Fault::SnmpTruncate { after: cell() },
        Fault::SnmpTruncate { after: whole() },
        Fault::SnmpNonIncreasing { at: whole() },
        Fault::SnmpNonIncreasing { at: cell() },
        Fault::SnmpWrongType { at: whole() },
        Fault::SnmpWrongType { at: cell() },
        Fault::SnmpGenericError { at: whole() },
        Fault::SnmpGenericError { at: cell() },
    ]
}

#[tokio::test]
async fn no_column_of_the_configuration_can_make_a_look_lie() {
    let (twin, truth) = small().await;
    for (entry, columns, row) in TABLES {
        for column in *columns {
            for fault in troubles(entry, *column, *row) {
                let said = format!("{fault:?}");
                // None of them is silence: what does not answer in time is a busy machine.
                let looked = honest_with(&twin, &truth, fault, snmp_options()).await;
                assert!(looked.is_ok(), "{said}: {looked:?}");
            }
        }
    }
    assert!(is_whole(&look_at(&twin).await.unwrap()));
}

#[tokio::test]
async fn health_that_cannot_be_read_spoils_no_configuration() {
    let (twin, truth) = small().await;
    for (entry, columns) in HEALTH {
        for column in *columns {
            let whole = || below(&[entry, &[*column]]);
            // A walk that goes in circles does so in every column behind this one.
            let circle = Fault::SnmpNonIncreasing { at: whole() };
            assert!(honest(&twin, &truth, circle).await.is_ok());
            for fault in [
                Fault::SnmpWrongType { at: whole() },
                Fault::SnmpGenericError { at: whole() },
            ] {
                let said = format!("{fault:?}");
                let observation = honest(&twin, &truth, fault).await.unwrap();
                assert!(is_whole(&observation), "{said}: {:?}", observation.unread);
                let has_alarms = !observation.health.alarms.is_empty();
                assert!(
                    !observation.health.unread.is_empty() || entry[0] == 145 && !has_alarms,
                    "{said}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_table_truncated_before_its_first_row_is_not_read_as_empty() {
    let (twin, truth) = small().await;
    for (after, parts) in [
        (below(&[&[143, 1, 2, 20, 1, 3]]), &[Part::Endpoints][..]),
        (below(&[&[143, 1, 2, 30, 1, 3]]), &[Part::Profiles]),
        (below(&[&[143, 1, 2, 40, 1, 3]]), &[Part::Subscribers]),
        (
            below(&[&[143, 1, 2, 5]]),
            &[
                Part::Ports,
                Part::Profiles,
                Part::Endpoints,
                Part::Subscribers,
            ],
        ),
        (below(&[&[13, 1, 2, 1]]), &[Part::Uplinks]),
    ] {
        let fault = Fault::SnmpTruncate {
            after: after.clone(),
        };
        let observation = honest(&twin, &truth, fault).await.unwrap();
        for part in parts {
            let is_said = observation.unread.iter().any(|unread| unread.part == *part);
            assert!(is_said, "{after:?}: {part:?}");
        }
    }
}

#[tokio::test]
async fn subscribers_without_an_endpoint_are_missed_where_one_column_lacks_them() {
    let (hardware, mut configuration) = random(&mut Dice::new(5), MODEL, 9);
    // Neither the status of endpoints nor another table refers to them.
    for one in configuration.subscribers.values_mut() {
        one.endpoint = None;
    }
    let truth = expected(&configuration);
    let first = u32::from(*configuration.subscribers.keys().next().unwrap());
    let twin = twin_of(hardware, configuration).await;
    // The column that is walked, and the one that it is compared with.
    for column in [10, 100] {
        let fault = Fault::SnmpTruncate {
            after: below(&[&[143, 1, 2, 40, 1, column, first]]),
        };
        let observation = honest(&twin, &truth, fault).await.unwrap();
        let mut unread = observation.unread.iter();
        assert!(
            unread.any(|unread| unread.part == Part::Subscribers),
            "{column}"
        );
    }
    assert!(is_whole(&look_at(&twin).await.unwrap()));
}

#[tokio::test]
async fn a_network_that_is_merely_bad_costs_time_and_nothing_else() {
    let (twin, truth) = small().await;
    for fault in [
        Fault::SnmpLoss { percent: 10 },
        Fault::SnmpDelay { millis: 15 },
        Fault::SnmpDuplicate { copies: 2 },
        Fault::SnmpReorder { among: 3 },
        Fault::SnmpTooBig { above: 7 },
        Fault::SnmpTooBig { above: 1 },
        Fault::SnmpFewRows { rows: 1 },
    ] {
        let said = format!("{fault:?}");
        let id = twin.set_fault(fault);
        let observation = look_at(&twin).await.unwrap();
        twin.clear_fault(id);
        assert!(is_whole(&observation), "{said}: {:?}", observation.unread);
        assert_eq!(observation.config, truth, "{said}");
    }
}

#[tokio::test]
async fn a_silent_device_is_unreachable() {
    let (twin, truth) = small().await;
    for fault in [Fault::SnmpSilence {}, Fault::SnmpWrongSourcePort {}] {
        let looked = honest(&twin, &truth, fault).await;
        assert!(
            matches!(looked, Err(LookError::Unreachable { .. })),
            "{looked:?}"
        );
    }
    // Each answer comes with the request after it.
    let looked = honest(&twin, &truth, Fault::SnmpLate {}).await;
    if let Err(error) = looked {
        assert!(matches!(error, LookError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_device_that_falls_silent_in_the_middle_is_not_half_read() {
    let (twin, truth) = small().await;
    for after in [1, 2, 5, 9, 14] {
        let requests = twin.state(|state| state.counts.requests);
        let looking = look_with(&twin, impatient());
        let silence = async {
            let due = |state: &gamctl::simulator::server::State| {
                state.counts.requests >= requests + after
            };
            twin.wait_until(due, Duration::from_secs(10)).await.unwrap();
            twin.set_fault(Fault::SnmpSilence {})
        };
        let (looked, _fault) = tokio::join!(looking, silence);
        twin.clear_faults();
        match looked {
            Ok(observation) => assert_eq!(lies(&observation, &truth), [""; 0]),
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_device_that_is_not_a_gam_is_an_error() {
    let (twin, truth) = small().await;
    let at = Oid::new(&[1, 3, 6, 1, 2, 1, 1, 2]);
    let looked = honest(&twin, &truth, Fault::SnmpWrongType { at: at.clone() }).await;
    assert!(
        matches!(looked, Err(LookError::NotAGam { .. })),
        "{looked:?}"
    );
    let looked = honest(&twin, &truth, Fault::SnmpGenericError { at }).await;
    assert!(
        matches!(looked, Err(LookError::NotAGam { .. })),
        "{looked:?}"
    );
}
