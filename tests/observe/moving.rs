//! Tests looks at devices that change or restart meanwhile.

use std::time::Duration;

use gamctl::model::GamModel;
use gamctl::observe::LookError;
use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::gam::Hardware;
use gamctl::simulator::server::Twin;

use gamctl::transport::snmp::SnmpOptions;

use super::device::{Dice, expected, random, twin_of, usual};
use super::judge::{is_whole, lies};
use super::{impatient, look_at, look_with, snmp_options};

/// Waits until this many more requests arrived.
async fn after(twin: &Twin, more: u64) {
    let now = twin.state(|state| state.counts.requests);
    let due = |state: &gamctl::simulator::server::State| state.counts.requests >= now + more;
    twin.wait_until(due, Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn rows_that_appear_in_the_middle_are_all_there_or_not_at_all() {
    for request in 1..40 {
        let (hardware, configuration) = random(&mut Dice::new(5), GamModel::Gam4Cx, 9);
        let before = expected(&configuration);
        let twin = twin_of(hardware, configuration).await;
        let fault = Fault::SnmpRowAppears {
            endpoint: 300,
            subscriber: Some(301),
        };
        twin.set_fault(FaultOrder::from(fault).nth(request));
        let observation = look_at(&twin).await.unwrap();
        let after = expected(&twin.gam(|gam| gam.running().clone()));
        let (old, new) = (lies(&observation, &before), lies(&observation, &after));
        // The endpoint may have come after the endpoints were read, and its subscriber after that.
        assert!(
            old.is_empty() || new.is_empty(),
            "request {request}: {old:?} {new:?}"
        );
    }
}

#[tokio::test]
async fn a_slot_that_got_another_owner_in_the_middle_is_never_a_mixture() {
    for more in (1..50).step_by(2) {
        let (hardware, configuration) = usual();
        let slot = *configuration.subscribers.keys().next().unwrap();
        let before = expected(&configuration);
        let twin = twin_of(hardware, configuration).await;
        // One request at a time, so that the change falls between two about the same row.
        let one_by_one = SnmpOptions {
            in_flight: 1,
            ..snmp_options()
        };
        let looking = look_with(&twin, one_by_one);
        let editing = async {
            after(&twin, more).await;
            twin.edit_line(&format!("no ghn subscriber {slot}"));
            twin.edit_line(&format!(
                "ghn subscriber {slot} name newcomer vid 999 poe force"
            ));
        };
        tokio::pin!(looking);
        let looked = tokio::select! {
            looked = &mut looking => looked,
            () = editing => looking.await,
        };
        let observation = looked.unwrap();
        let after = expected(&twin.gam(|gam| gam.running().clone()));
        let (old, new) = (lies(&observation, &before), lies(&observation, &after));
        assert!(
            old.is_empty() || new.is_empty(),
            "after {more}: {old:?} {new:?}"
        );
        assert!(
            is_whole(&observation),
            "after {more}: {:?}",
            observation.unread
        );
    }
}

#[tokio::test]
async fn a_table_that_never_holds_still_is_unread() {
    let (hardware, configuration) = usual();
    let slot = *configuration.subscribers.keys().next().unwrap();
    let twin = twin_of(hardware, configuration).await;
    let mut count = 0_u32;
    let one_by_one = SnmpOptions {
        in_flight: 1,
        ..snmp_options()
    };
    let looking = look_with(&twin, one_by_one);
    let moving = async {
        loop {
            after(&twin, 1).await;
            count += 1;
            twin.edit_line(&format!("ghn subscriber {slot} name busy-{count}"));
        }
    };
    let looked = tokio::select! {
        looked = looking => looked,
        () = moving => unreachable!("it moves for ever"),
    };
    let observation = looked.unwrap();
    let reason = observation.incomplete(gamctl::model::Part::Subscribers);
    assert!(reason.unwrap().contains("kept changing"), "{reason:?}");
    assert_eq!(observation.incomplete(gamctl::model::Part::Endpoints), None);
}

#[tokio::test]
async fn a_restart_during_a_look_starts_it_again() {
    for more in [2, 4, 8, 12] {
        let (hardware, configuration) = usual();
        let twin = twin_of(hardware, configuration).await;
        let looking = look_at(&twin);
        let restarting = async {
            after(&twin, more).await;
            twin.reboot();
        };
        let (looked, ()) = tokio::join!(looking, restarting);
        // Nothing was saved, so the device came back as delivered; what it was before must not be left.
        let truth = expected(&twin.gam(|gam| gam.running().clone()));
        match looked {
            Ok(observation) => assert_eq!(lies(&observation, &truth), [""; 0], "after {more}"),
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn replaced_hardware_during_a_look_starts_it_again() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let looking = look_at(&twin);
    let swapping = async {
        after(&twin, 6).await;
        twin.change(|gam, now| gam.replace_hardware(Hardware::of(GamModel::Gam4Cx, 99), now));
    };
    let (looked, ()) = tokio::join!(looking, swapping);
    let serial = looked.unwrap().identity.serial.unwrap();
    assert_eq!(serial.as_str(), twin.serial());
}

#[tokio::test]
async fn a_device_that_keeps_restarting_is_an_error() {
    let (hardware, configuration) = usual();
    let twin = twin_of(hardware, configuration).await;
    let looking = look_with(&twin, impatient());
    let restarting = async {
        loop {
            after(&twin, 9).await;
            twin.change(|gam, now| gam.boot(now));
        }
    };
    let looked = tokio::select! {
        looked = looking => looked,
        () = restarting => unreachable!("it goes on for ever"),
    };
    assert!(
        matches!(looked, Err(LookError::Restarting { tries: 3, .. })),
        "{looked:?}"
    );
}
