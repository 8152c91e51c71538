//! Tests the guarantees of the loop that the queue gives, one by one.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{DueTimes, Limits, Next, Outcome, Priority, Queue, ReadKind, backoff};
use super::{MINUTE, NOW, SECOND, device, insert, look_at, site, start_all};

const FAR: u64 = NOW + 60 * MINUTE;

fn queue() -> Queue {
    Queue::new(Limits::default())
}

#[test]
fn a_device_is_never_read_twice_at_once() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Completed, NOW);
    assert_eq!(start_all(&mut queue, NOW), [device(1)]);
    queue.push(&device(1), ReadKind::Look, Priority::Person, NOW);
    insert(&mut queue, 1, Some(1), Outcome::Completed, NOW);
    assert_eq!(queue.next(NOW), Next::Idle);
    queue.remove(&device(1));
    insert(&mut queue, 1, Some(2), Outcome::Completed, NOW);
    assert_eq!(queue.next(NOW), Next::Idle);
    queue.ended(&device(1), Outcome::Completed, look_at(NOW));
    assert_eq!(start_all(&mut queue, NOW), [device(1)]);
}

#[test]
fn a_device_that_is_removed_during_a_read_keeps_its_slot_until_the_end() {
    let mut queue = Queue::new(Limits {
        slots: 1,
        slots_per_site: 1,
    });
    insert(&mut queue, 1, Some(1), Outcome::Completed, NOW);
    insert(&mut queue, 2, Some(1), Outcome::Completed, NOW + 1);
    assert_eq!(start_all(&mut queue, NOW + 1), [device(1)]);
    queue.remove(&device(1));
    assert_eq!(queue.counts().devices, 1);
    assert!(!queue.push(&device(1), ReadKind::Look, Priority::Person, NOW));
    assert_eq!(queue.next(NOW + 1), Next::Idle);
    queue.ended(&device(1), Outcome::Completed, look_at(NOW));
    assert_eq!(start_all(&mut queue, NOW + 1), [device(2)]);
}

#[test]
fn a_trigger_during_a_look_causes_exactly_one_more_look() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Completed, NOW);
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    queue.push(&device(1), ReadKind::Look, Priority::Restarted, NOW + 1);
    queue.ended(&device(1), Outcome::Completed, look_at(FAR));
    let expected = Next::Start {
        device: device(1),
        kind: ReadKind::Look,
        priority: Priority::Restarted,
        late_by: 4,
    };
    assert_eq!(queue.next(NOW + 5), expected);
    queue.ended(&device(1), Outcome::Completed, look_at(FAR));
    assert_eq!(queue.next(NOW + 6), Next::WaitUntil(FAR));
}

#[test]
fn a_trigger_for_later_outlives_a_read_that_ends_before() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Completed, NOW);
    queue.push(
        &device(1),
        ReadKind::Poll,
        Priority::Person,
        NOW + 15 * SECOND,
    );
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    queue.ended(&device(1), Outcome::Completed, look_at(FAR));
    assert_eq!(queue.next(NOW), Next::WaitUntil(NOW + 15 * SECOND));
}

#[test]
fn the_higher_priority_goes_first_and_then_the_earlier_due_time() {
    let mut queue = queue();
    for number in 0..6 {
        insert(&mut queue, number, None, Outcome::Completed, FAR);
    }
    insert(&mut queue, 6, None, Outcome::Completed, NOW - 9);
    insert(&mut queue, 7, None, Outcome::Failed, NOW - 99);
    assert_eq!(queue.next(NOW - 100), Next::WaitUntil(NOW - 99));
    for (number, priority, at) in [
        (0, Priority::Verify, NOW),
        (1, Priority::Commit, NOW),
        (2, Priority::Restarted, NOW),
        (3, Priority::Person, NOW),
        (4, Priority::Person, NOW - 1),
    ] {
        queue.push(&device(number), ReadKind::Probe, priority, at);
    }
    let expected = [4, 3, 1, 2, 0, 6, 7].map(device);
    assert_eq!(start_all(&mut queue, NOW), expected);
}

#[test]
fn a_full_site_does_not_delay_the_others() {
    let mut queue = queue();
    for number in 0..50 {
        insert(&mut queue, number, Some(1), Outcome::Completed, NOW);
    }
    insert(&mut queue, 50, Some(2), Outcome::Completed, NOW + 5);
    insert(&mut queue, 51, None, Outcome::Completed, NOW + 6);
    insert(&mut queue, 52, None, Outcome::Completed, NOW + 7);
    insert(&mut queue, 53, None, Outcome::Completed, NOW + 8);
    let started = start_all(&mut queue, NOW + 8);
    assert_eq!(started.len(), 6);
    assert_eq!(started[2..], [50, 51, 52, 53].map(device));
    queue.ended(&started[0], Outcome::Completed, look_at(FAR));
    assert_eq!(start_all(&mut queue, NOW + 9).len(), 1);
}

#[test]
fn a_device_that_changes_its_site_during_a_read_frees_the_slot_of_the_former_site() {
    let mut queue = Queue::new(Limits {
        slots: 9,
        slots_per_site: 1,
    });
    insert(&mut queue, 1, Some(1), Outcome::Completed, NOW);
    insert(&mut queue, 2, Some(1), Outcome::Completed, NOW);
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    insert(&mut queue, 1, Some(2), Outcome::Completed, FAR);
    insert(&mut queue, 3, Some(2), Outcome::Completed, NOW);
    assert_eq!(start_all(&mut queue, NOW), [device(3)]);
    queue.ended(&device(1), Outcome::Completed, look_at(FAR));
    assert_eq!(start_all(&mut queue, NOW), [device(2)]);
}

#[test]
fn failing_devices_use_a_tenth_of_the_slots_whatever_their_priority() {
    let mut queue = queue();
    for number in 0..300 {
        insert(&mut queue, number, None, Outcome::Failed, NOW);
        queue.push(&device(number), ReadKind::Look, Priority::Person, NOW);
    }
    assert_eq!(start_all(&mut queue, NOW).len(), 20);
    for number in 300..600 {
        insert(&mut queue, number, None, Outcome::Completed, NOW);
    }
    assert_eq!(start_all(&mut queue, NOW).len(), 180);
    let counts = queue.counts();
    assert_eq!((counts.in_progress, counts.failing_in_progress), (200, 20));
    assert_eq!(counts.waiting, [280, 0, 0, 0, 120, 0]);
    assert_eq!(queue.next(NOW), Next::Idle);
}

#[test]
fn every_twentieth_start_goes_to_the_device_that_has_been_due_longest_for_a_minute() {
    for (waited, place) in [(MINUTE, 19), (MINUTE - 1, 50)] {
        let mut queue = queue();
        insert(&mut queue, 0, None, Outcome::Failed, NOW);
        for number in 1..=50 {
            insert(&mut queue, number, None, Outcome::Completed, FAR);
            queue.push(&device(number), ReadKind::Look, Priority::Person, NOW);
        }
        let started = start_all(&mut queue, NOW + waited);
        assert_eq!(started[place], device(0));
    }
}

#[test]
fn one_dead_device_leaves_a_slot_of_its_site_to_the_others() {
    let mut queue = queue();
    for number in 0..5 {
        insert(&mut queue, number, Some(1), Outcome::Failed, NOW);
    }
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    insert(&mut queue, 5, Some(1), Outcome::Completed, NOW);
    assert_eq!(start_all(&mut queue, NOW), [device(5)]);
}

#[test]
fn a_failing_device_that_answers_is_a_healthy_one_again() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Failed, NOW);
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    assert_eq!(queue.counts().failing_in_progress, 1);
    queue.ended(&device(1), Outcome::Completed, look_at(NOW + 1));
    assert_eq!(start_all(&mut queue, NOW + 1).len(), 1);
    assert_eq!(queue.counts().failing_in_progress, 0);
}

#[test]
fn a_clock_that_is_set_back_by_a_day_delays_no_read() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Completed, NOW + MINUTE);
    assert_eq!(queue.next(NOW), Next::WaitUntil(NOW + MINUTE));
    let back = NOW - 24 * 60 * MINUTE;
    assert_eq!(queue.next(back), Next::WaitUntil(back + MINUTE));
    let due = queue.due(&device(1), ReadKind::Look).unwrap();
    assert_eq!(due.at, back + MINUTE);
    assert_eq!(start_all(&mut queue, back + MINUTE), [device(1)]);
    queue.ended(&device(1), Outcome::Completed, look_at(back + 2 * MINUTE));
    assert_eq!(
        queue.next(back + MINUTE),
        Next::WaitUntil(back + 2 * MINUTE)
    );
}

#[test]
fn a_clock_that_is_set_forward_by_a_day_starts_no_more_than_the_limits_allow() {
    let mut queue = queue();
    for number in 0..1_000 {
        insert(
            &mut queue,
            number,
            Some(number % 10),
            Outcome::Completed,
            FAR,
        );
    }
    assert_eq!(queue.next(NOW), Next::WaitUntil(FAR));
    let later = NOW + 24 * 60 * MINUTE;
    assert_eq!(start_all(&mut queue, later).len(), 20);
    assert_eq!(queue.counts().lag.look, later - FAR);
}

#[test]
fn pages_see_when_a_device_is_due_and_what_is_in_progress() {
    let mut queue = queue();
    insert(&mut queue, 1, None, Outcome::Completed, FAR);
    queue.push(&device(1), ReadKind::Poll, Priority::Person, NOW);
    assert_eq!(queue.in_progress(&device(1)), None);
    assert_eq!(start_all(&mut queue, NOW).len(), 1);
    assert_eq!(queue.in_progress(&device(1)), Some(ReadKind::Poll));
    let due = queue.due(&device(1), ReadKind::Look).unwrap();
    assert_eq!((due.at, due.priority), (FAR, Priority::Scheduled));
    assert_eq!(queue.due(&device(2), ReadKind::Look), None);
}

/// Reads a site's worth of devices for an hour in virtual time: each once a minute, in one second, or in 15 s if it is
/// dead. Returns the reads of healthy devices.
fn healthy_reads(dead: usize) -> usize {
    const DEVICES: usize = 1_000;
    const SITES: usize = 12;
    let mut queue = queue();
    for number in 0..DEVICES {
        let at = NOW + u64::try_from(number).unwrap() * 60;
        insert(
            &mut queue,
            number,
            Some(number % SITES),
            Outcome::Completed,
            at,
        );
    }
    let mut ends = BTreeSet::new();
    let mut failures = vec![0; DEVICES];
    let (mut now, mut reads) = (NOW, 0);
    while now < NOW + 60 * MINUTE {
        let wake = match queue.next(now) {
            Next::Start { device, .. } => {
                let number: usize = device
                    .as_str()
                    .strip_prefix("gam-")
                    .unwrap()
                    .parse()
                    .unwrap();
                // The dead ones are spread over all sites.
                let takes = if number < dead { 15 * SECOND } else { SECOND };
                ends.insert((now + takes, number));
                continue;
            }
            Next::WaitUntil(at) => at,
            Next::Idle => u64::MAX,
        };
        let end = ends.first().map_or(u64::MAX, |(end, _)| *end);
        now = wake.min(end);
        while let Some(&(end, number)) = ends.first().filter(|(end, _)| *end <= now) {
            ends.remove(&(end, number));
            let (outcome, wait) = if number < dead {
                failures[number] += 1;
                (Outcome::Failed, backoff(failures[number]))
            } else {
                reads += 1;
                (Outcome::Completed, MINUTE)
            };
            queue.ended(&device(number), outcome, look_at(now + wait));
        }
    }
    reads
}

#[test]
fn ten_percent_of_dead_devices_delay_the_healthy_ones_by_less_than_five_percent() {
    let (all, most) = (healthy_reads(0), healthy_reads(100));
    // A tenth of the devices is dead; the others keep 95 % of their reads.
    assert!(most * 100 >= all * 90 / 100 * 95, "{most} of {all}");
}

proptest! {
    #[test]
    fn any_burst_of_triggers_during_a_read_causes_exactly_one_more_read(
        burst in vec((select(ReadKind::ALL.to_vec()), select(Priority::ALL[..5].to_vec()), 0..1_000_u64), 1..20),
        during in select(ReadKind::ALL.to_vec()),
    ) {
        let mut queue = queue();
        let mut times = DueTimes::default();
        *times.get_mut(during) = Some(NOW);
        queue.insert(device(1), Some(site(1)), Outcome::Completed, times);
        prop_assert_eq!(start_all(&mut queue, NOW).len(), 1);
        for (kind, priority, after) in &burst {
            queue.push(&device(1), *kind, *priority, NOW + after);
        }
        queue.ended(&device(1), Outcome::Completed, look_at(FAR));
        let widest = burst.iter().map(|(kind, _, _)| *kind).max().unwrap();
        let highest = burst.iter().map(|(_, priority, _)| *priority).min().unwrap();
        match queue.next(NOW + SECOND) {
            Next::Start { kind, priority, .. } => {
                prop_assert_eq!(kind, widest);
                prop_assert_eq!(priority, highest);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        queue.ended(&device(1), Outcome::Completed, look_at(FAR));
        prop_assert_eq!(queue.next(NOW + SECOND), Next::WaitUntil(FAR));
    }

    #[test]
    fn no_device_starves_while_persons_push_all_the_others(
        count in 2..30_usize,
        slots in 1..5_usize,
        is_failing in any::<bool>(),
    ) {
        let mut queue = Queue::new(Limits { slots, slots_per_site: 2 });
        for number in 1..count {
            insert(&mut queue, number, None, Outcome::Completed, NOW);
        }
        let last = if is_failing { Outcome::Failed } else { Outcome::Completed };
        insert(&mut queue, 0, None, last, NOW + 1);
        let mut now = NOW + 2 * MINUTE;
        // At worst each of the others is older, and every 20th start goes to the oldest.
        let has_started = (0..20 * count).any(|_| {
            for number in 1..count {
                queue.push(&device(number), ReadKind::Look, Priority::Person, now);
            }
            let started = start_all(&mut queue, now);
            now += 10;
            for one in &started {
                queue.ended(one, Outcome::Completed, look_at(now));
            }
            started.contains(&device(0))
        });
        prop_assert!(has_started);
    }

    #[test]
    fn every_due_device_is_started_once_slots_are_free(
        fleet in vec((proptest::option::of(0..5_usize), any::<bool>(), 0..MINUTE), 1..80),
    ) {
        let mut queue = Queue::new(Limits { slots: 10, slots_per_site: 2 });
        for (number, (site, is_failing, after)) in fleet.iter().enumerate() {
            let last = if *is_failing { Outcome::Failed } else { Outcome::Completed };
            insert(&mut queue, number, *site, last, NOW + after);
        }
        let mut calls = 0;
        let mut running: Vec<_> = Vec::new();
        for _ in 0..fleet.len() {
            running.extend(start_all(&mut queue, NOW + MINUTE));
            if running.is_empty() {
                break;
            }
            let ended = running.remove(0);
            calls += 1;
            queue.ended(&ended, Outcome::Completed, DueTimes::default());
        }
        prop_assert_eq!(calls, fleet.len());
        prop_assert_eq!(queue.next(NOW + MINUTE), Next::Idle);
    }
}
