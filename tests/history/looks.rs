//! Tests that looks are stored once by content, as a difference if shorter, and read back exactly.

use gamctl::model::{
    EndpointHealth, EndpointState, Fingerprint, MacAddress, Observation, Part, PortNumber, Unread,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::sample::{device, look};
use super::{Bed, on_both};
use crate::properties::{looks, tried};

on_both!(
    a_look_that_found_the_same_adds_no_row,
    a_device_that_is_again_as_it_was_adds_no_row,
    any_looks_come_back_exactly,
    a_small_change_is_stored_as_one,
    an_endpoint_is_heard_since_the_first_look_on_the_same_port,
    looks_of_many_processes_are_counted_once,
);

async fn a_look_that_found_the_same_adds_no_row(bed: Bed) {
    let mut seen = look(&device("oak"), "oak");
    assert_eq!(bed.store.last_look(&seen.device).await.unwrap(), None);
    assert_eq!(bed.store.keep_look(&seen).await.unwrap(), 1);
    let rows = "select count(*) from look";
    seen.taken_at += 60;
    seen.identity.uptime_seconds = Some(77);
    seen.health.cpu_percent = Some(90);
    assert_eq!(bed.store.keep_look(&seen).await.unwrap(), 1);
    assert_eq!(bed.number(rows).await, 1);
    // What people may want to know is a change, also where no plan depends on it.
    seen.identity.firmware = Some("1.8.3".to_owned());
    assert_eq!(bed.store.keep_look(&seen).await.unwrap(), 2);
    assert_eq!(bed.number(rows).await, 2);
}

async fn an_endpoint_is_heard_since_the_first_look_on_the_same_port(bed: Bed) {
    let oak = device("oak");
    let mac: MacAddress = "00:0e:d8:00:00:07".parse().unwrap();
    let start = look(&oak, "one").taken_at;
    // Seconds after the first look, the port, and since when it is heard there in how many looks.
    for (later, hostname, port, since) in [
        (0, "one", Some(7), Some((0, 1))),
        (60, "one", Some(7), Some((0, 2))),
        // The same look once more.
        (60, "one", Some(7), Some((0, 2))),
        // Another configuration, on the same port.
        (120, "other", Some(7), Some((0, 3))),
        (180, "other", Some(8), Some((180, 1))),
        (240, "other", None, None),
        (300, "other", Some(8), Some((300, 1))),
    ] {
        let mut seen = look(&oak, hostname);
        seen.taken_at = start + later;
        if let Some(port) = port {
            let heard = EndpointHealth {
                state: Some(EndpointState::Unknown),
                port: PortNumber::new(port).ok(),
                ..EndpointHealth::default()
            };
            seen.health.endpoints.insert(mac, heard);
        }
        bed.store.keep_look(&seen).await.unwrap();
        let last = bed.store.last_look_and_heard(&oak).await.unwrap();
        let (_, heard) = last.unwrap();
        let found = heard
            .get(&mac)
            .map(|heard| (heard.first - start, heard.looks));
        assert_eq!(found, since, "{later}");
    }
}

async fn a_device_that_is_again_as_it_was_adds_no_row(bed: Bed) {
    let oak = device("oak");
    let (one, other) = (look(&oak, "one"), look(&oak, "other"));
    for (seen, sequence) in [(&one, 1), (&other, 2), (&one, 1), (&other, 2)] {
        assert_eq!(bed.store.keep_look(seen).await.unwrap(), sequence);
        let last = bed.store.last_look(&oak).await.unwrap().unwrap();
        assert_eq!(last.config, seen.config);
        assert_eq!(last.sequence, sequence);
    }
    assert_eq!(bed.number("select count(*) from look").await, 2);
    let found = bed
        .store
        .look_of(&oak, &Fingerprint::of(&one))
        .await
        .unwrap();
    assert_eq!(found.unwrap().config, one.config);
    let never = look(&oak, "never");
    let found = bed.store.look_of(&oak, &Fingerprint::of(&never)).await;
    assert_eq!(found.unwrap(), None);
    let elsewhere = bed
        .store
        .look_of(&device("elm"), &Fingerprint::of(&one))
        .await;
    assert_eq!(elsewhere.unwrap(), None);
}

/// Returns looks with texts that only a broken device would send.
fn strange() -> impl Strategy<Value = Vec<Observation>> {
    let reasons = prop::collection::vec("[\\x00-\\x7f\u{f8ff}\u{10ffff}]{0,12}", 8);
    (looks(30), reasons).prop_map(|(mut looks, reasons)| {
        for (look, reason) in looks.iter_mut().zip(reasons) {
            look.unread.push(Unread {
                part: Part::Ports,
                number: Some(3),
                field: None,
                reason,
            });
        }
        looks
    })
}

async fn any_looks_come_back_exactly(bed: Bed) {
    let mut runner = TestRunner::new(tried(12));
    let runtime = tokio::runtime::Handle::current();
    let counter = std::cell::Cell::new(0);
    let tried = runner.run(&strange(), |looks| {
        counter.set(counter.get() + 1);
        let name = device(&format!("oak-{}", counter.get()));
        let done =
            tokio::task::block_in_place(|| runtime.block_on(back_exactly(&bed, name, looks)));
        done.map_err(TestCaseError::fail)
    });
    tried.unwrap();
}

async fn back_exactly(
    bed: &Bed,
    device: gamctl::model::DeviceName,
    looks: Vec<Observation>,
) -> Result<(), String> {
    let mut first: Vec<Observation> = Vec::new();
    for mut look in looks {
        look.device = device.clone();
        let sequence = bed.store.keep_look(&look).await.unwrap();
        look.sequence = sequence;
        if first.iter().all(|one| one.sequence != sequence) {
            first.push(look.clone());
        }
        let last = bed.store.last_look(&device).await.unwrap();
        if last.as_ref() != Some(&look) {
            return Err(format!("{last:?}\nis not\n{look:?}"));
        }
    }
    for look in &first {
        let found = bed.store.look_of(&device, &Fingerprint::of(look)).await;
        let found = found.unwrap().unwrap();
        if Fingerprint::of(&found) != Fingerprint::of(look) {
            return Err(format!("{found:?}\nis not\n{look:?}"));
        }
    }
    Ok(())
}

async fn a_small_change_is_stored_as_one(bed: Bed) {
    let oak = device("oak");
    let mut seen = look(&oak, "oak");
    for number in 0..300_u16 {
        seen.unclear.push(gamctl::model::Unclear {
            part: Part::Subscribers,
            slot: gamctl::model::Slot(number),
            name: Some(format!("subscriber-{number}")),
            mac: None,
            port: None,
            uses_endpoint: None,
            uses_profile: None,
            vlans: Default::default(),
            reason: "a value that nobody knows".to_owned(),
        });
    }
    bed.store.keep_look(&seen).await.unwrap();
    for number in 0..50 {
        seen.config.system.hostname = Some(format!("oak-{number}").parse().unwrap());
        bed.store.keep_look(&seen).await.unwrap();
    }
    let whole = bed
        .number("select count(*) from look where base is null")
        .await;
    assert_eq!(
        (bed.number("select count(*) from look").await, whole),
        (51, 3)
    );
    let longest = "select cast(max(length(cast(content as text))) as bigint) from look where base is not null";
    assert!(bed.number(longest).await < 200);
    let last = bed.store.last_look(&oak).await.unwrap().unwrap();
    assert_eq!((last.unclear, last.config), (seen.unclear, seen.config));
}

async fn looks_of_many_processes_are_counted_once(bed: Bed) {
    let stores = [bed.another().await, bed.another().await];
    let kept = (0..40).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let seen = look(&device("oak"), &format!("oak-{}", number % 10));
            loop {
                match store.keep_look(&seen).await {
                    Ok(sequence) => return sequence,
                    // Another task stored another look at the same moment.
                    Err(why) => assert!(why.is_away(), "{why}"),
                }
            }
        })
    });
    let kept: Vec<_> = kept.collect();
    for kept in kept {
        kept.await.unwrap();
    }
    assert_eq!(bed.number("select count(*) from look").await, 10);
}
