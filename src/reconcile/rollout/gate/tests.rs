//! Tests gates: every reason, the time at which it pauses, and that nothing unread opens one.

use proptest::prelude::*;

use super::*;

const SAVED: u64 = 1_800_000_000;
const SETTLED: u64 = SAVED + 120;
const PAUSES: u64 = SETTLED + GRACE;

fn mac(number: u8) -> MacAddress {
    format!("00:0e:d8:00:00:{number:02x}").parse().unwrap()
}

fn line(number: u8) -> WaveLine {
    WaveLine {
        port: PortNumber::new(number / 4 + 1).ok(),
        subscriber: format!("apt-{number}").parse().ok(),
    }
}

fn alarm(entity: &str, is_service_affecting: bool) -> ActiveAlarm {
    ActiveAlarm {
        is_service_affecting,
        severity: crate::model::AlarmSeverity::Major,
        entity: entity.to_owned(),
        condition: "los".to_owned(),
        ..ActiveAlarm::default()
    }
}

/// Returns a saved device with so many lines, all up before and after, without any alarm.
fn device(name: &str, lines: u8) -> GateDevice {
    GateDevice {
        name: name.parse().unwrap(),
        progress: WaveProgress::Saved { at: SAVED },
        before: BeforeWave {
            up: Some(
                (0..lines)
                    .map(|number| (mac(number), line(number)))
                    .collect(),
            ),
            alarms: Some(Vec::new()),
        },
        leaving: BTreeSet::new(),
        after: Some(AfterWave {
            read_at: SETTLED,
            is_up: Some((0..lines).map(|number| (mac(number), true)).collect()),
            alarms: Some(Vec::new()),
        }),
    }
}

fn with_down(mut device: GateDevice, down: impl IntoIterator<Item = u8>) -> GateDevice {
    let is_up = device.after.as_mut().unwrap().is_up.as_mut().unwrap();
    is_up.extend(down.into_iter().map(|number| (mac(number), false)));
    device
}

fn wave(devices: Vec<GateDevice>) -> GateFacts {
    GateFacts {
        devices,
        failure_budget: 2,
        settle: Duration::from_secs(120),
    }
}

fn sentence(gate: &Gate) -> String {
    match gate {
        Gate::Open => "open".to_owned(),
        Gate::NotYet { reason, until } => {
            format!("{:?} {reason}", until.map(|until| until - SAVED))
        }
        Gate::Paused { reason } => format!("paused: {reason}"),
    }
}

/// Returns the sentence right after the settle time and the one after the grace.
fn both(facts: &GateFacts) -> [String; 2] {
    [SETTLED, PAUSES].map(|now| sentence(&gate(facts, now)))
}

fn waits_then_pauses(facts: &GateFacts, reason: &str) {
    assert_eq!(
        both(facts),
        [format!("Some(420) {reason}"), format!("paused: {reason}")]
    );
}

#[test]
fn a_gate_opens_when_the_settle_time_is_over_and_not_before() {
    let facts = wave(vec![device("maple-a", 40), device("oak", 0)]);
    assert_eq!(
        sentence(&gate(&facts, SETTLED - 1)),
        "Some(120) the settle time is not over"
    );
    assert_eq!(gate(&facts, SETTLED), Gate::Open);
}

#[test]
fn the_settle_time_begins_when_the_last_device_is_saved() {
    let mut last = device("oak", 0);
    last.progress = WaveProgress::Saved { at: SAVED + 60 };
    let facts = wave(vec![device("maple-a", 1), last]);
    assert_eq!(
        sentence(&gate(&facts, SETTLED)),
        "Some(180) the settle time is not over"
    );
    assert_eq!(
        sentence(&gate(&facts, SETTLED + 60)),
        "Some(480) the lines of 1 device were not read since the settle time: maple-a"
    );
}

#[test]
fn a_device_in_progress_keeps_the_gate_closed_without_an_end() {
    let mut running = device("oak", 3);
    running.progress = WaveProgress::Running;
    let facts = wave(vec![device("maple-a", 1), running]);
    let waits = "None 1 of 2 in the wave is not finished: oak".to_owned();
    assert_eq!(both(&facts), [waits.clone(), waits]);
}

#[test]
fn failures_pause_at_once_when_the_budget_is_used_up() {
    let failed = |name, has_written| GateDevice {
        progress: WaveProgress::Failed {
            at: SAVED,
            has_written,
        },
        ..device(name, 3)
    };
    let within = wave(vec![device("maple-a", 1), failed("oak", true)]);
    assert_eq!(gate(&within, SETTLED), Gate::Open);
    let mut running = device("elm", 3);
    running.progress = WaveProgress::Running;
    let over = wave(vec![running, failed("oak", true), failed("ash", false)]);
    assert_eq!(
        sentence(&gate(&over, SAVED)),
        "paused: 2 devices of the wave failed, and the failure budget is 2: oak, ash"
    );
    let only_failed = wave(vec![failed("oak", false)]);
    assert_eq!(
        sentence(&gate(&only_failed, SETTLED)),
        "paused: no device of the wave was verified and saved: oak"
    );
    assert_eq!(
        sentence(&gate(&wave(Vec::new()), SETTLED)),
        "paused: no device of the wave was started"
    );
    let unread = |has_written| GateDevice {
        after: None,
        ..failed("oak", has_written)
    };
    assert_eq!(
        gate(&wave(vec![device("maple-a", 1), unread(false)]), SETTLED),
        Gate::Open
    );
    assert_ne!(
        gate(&wave(vec![device("maple-a", 1), unread(true)]), SETTLED),
        Gate::Open
    );
}

#[test]
fn too_many_lines_down_on_a_device_wait_for_the_grace_and_then_pause() {
    assert_eq!(
        gate(&wave(vec![with_down(device("maple-a", 40), [3])]), SETTLED),
        Gate::Open
    );
    let facts = wave(vec![
        with_down(device("maple-a", 40), [3, 24, 25]),
        with_down(device("oak", 9), [1, 2]),
    ]);
    waits_then_pauses(
        &facts,
        "3 of 40 lines on maple-a that were up before the wave are down: port 1 apt-3, port 7 apt-24, port 7 apt-25; the \
         same on 1 more device",
    );
    let many = wave(vec![with_down(device("maple-a", 40), 0..8)]);
    waits_then_pauses(
        &many,
        "8 of 40 lines on maple-a that were up before the wave are down: port 1 apt-0, port 1 apt-1, port 1 apt-2, port 1 \
         apt-3, port 2 apt-4 and 3 more",
    );
}

#[test]
fn two_percent_of_the_lines_of_the_wave_may_stay_down() {
    let small = |count: usize, down: usize| {
        let one = |at: usize| with_down(device(&format!("gam-{at}"), 10), (at < down).then_some(0));
        wave((0..count).map(one).collect())
    };
    assert_eq!(gate(&small(20, 4), SETTLED), Gate::Open, "4 of 200");
    waits_then_pauses(
        &small(20, 5),
        "5 of 200 lines that were up before the wave are not up again, and 4 may be down: on gam-0, gam-1, gam-2, gam-3, gam-4",
    );
    assert_eq!(
        gate(&wave(vec![with_down(device("big", 100), [0, 1])]), SETTLED),
        Gate::Open
    );
    assert_ne!(
        gate(&wave(vec![with_down(device("big", 99), [0, 1])]), SETTLED),
        Gate::Open
    );
}

#[test]
fn endpoints_that_the_plan_takes_out_of_service_do_not_count() {
    let mut leaving = with_down(device("maple-a", 5), [0, 1, 2]);
    leaving.leaving = [mac(0), mac(1), mac(2)].into();
    assert_eq!(gate(&wave(vec![leaving]), SETTLED), Gate::Open);
}

#[test]
fn a_line_that_was_not_read_is_not_up() {
    let mut facts = wave(vec![device("maple-a", 5)]);
    let is_up = facts.devices[0]
        .after
        .as_mut()
        .unwrap()
        .is_up
        .as_mut()
        .unwrap();
    is_up.remove(&mac(4));
    is_up.insert(mac(0), false);
    waits_then_pauses(
        &facts,
        "2 of 5 lines on maple-a that were up before the wave are down or unread: port 1 apt-0, port 2 apt-4 (unread)",
    );
}

#[test]
fn a_new_service_affecting_alarm_waits_for_the_grace_and_then_pauses() {
    let mut facts = wave(vec![device("maple-a", 5), device("oak", 1)]);
    let known = alarm("CPE-1", true);
    facts.devices[0].before.alarms = Some(vec![known.clone(), alarm("CPE-2", false)]);
    let after = facts.devices[0].after.as_mut().unwrap();
    after.alarms = Some(vec![known.clone(), alarm("CPE-3", false)]);
    assert_eq!(gate(&facts, SETTLED), Gate::Open);
    let after = facts.devices[0].after.as_mut().unwrap();
    after.alarms = Some(vec![known, alarm("CPE-2", true)]);
    waits_then_pauses(
        &facts,
        "maple-a has a new service-affecting alarm: major los on CPE-2",
    );
}

#[test]
fn readings_that_are_missing_wait_for_the_grace_and_then_pause() {
    let reading = |change: fn(&mut AfterWave)| {
        let mut facts = wave(vec![device("maple-a", 5), device("oak", 1)]);
        change(facts.devices[0].after.as_mut().unwrap());
        facts
    };
    let lines = "the lines of 1 device were not read since the settle time: maple-a";
    waits_then_pauses(&reading(|after| after.is_up = None), lines);
    waits_then_pauses(&reading(|after| after.read_at = SETTLED - 1), lines);
    waits_then_pauses(
        &reading(|after| after.alarms = None),
        "the alarms of 1 device were not read since the settle time: maple-a",
    );
    let mut without = wave(vec![device("maple-a", 0)]);
    without.devices[0].after.as_mut().unwrap().is_up = None;
    assert_eq!(
        gate(&without, SETTLED),
        Gate::Open,
        "it has no line whose state could be read"
    );
}

#[test]
fn without_a_reading_from_before_the_wave_the_gate_pauses_at_once() {
    let mut facts = wave(vec![device("maple-a", 5)]);
    facts.devices[0].before.alarms = None;
    assert_eq!(
        sentence(&gate(&facts, SAVED)),
        "paused: the alarms of 1 device were not read before the wave, so there is nothing to compare with: maple-a"
    );
}

prop_compose! {
    fn any_device()(
        name in 0_u8..9, lines in 0_u8..12, down in prop::collection::vec((0_u8..12, prop::option::of(any::<bool>())), 0..6),
        progress in 0_u8..5, read in prop::option::of(0_u64..600), unread in 0_u8..8, affecting in prop::option::of(any::<bool>()),
    ) -> GateDevice {
        let mut one = device(&format!("gam-{name}"), lines);
        one.progress = match progress {
            0 => WaveProgress::Running,
            1 => WaveProgress::Failed { at: SAVED, has_written: unread % 2 == 0 },
            _ => WaveProgress::Saved { at: SAVED },
        };
        one.after = read.map(|read| {
            let mut after = one.after.clone().unwrap();
            after.read_at = SAVED + read;
            let is_up = after.is_up.as_mut().unwrap();
            for (number, state) in down {
                match state {
                    Some(is) => { is_up.insert(mac(number), is); }
                    None => { is_up.remove(&mac(number)); }
                }
            }
            after.alarms = Some(affecting.map(|is| alarm("CPE-1", is)).into_iter().collect());
            if unread == 1 { after.alarms = None; }
            if unread == 2 { after.is_up = None; }
            after
        });
        if unread == 3 { one.before.alarms = None; }
        if unread == 4 { one.before.up = None; }
        one
    }
}

proptest! {
    #[test]
    fn what_is_not_known_never_opens_a_gate_that_knowing_it_as_bad_would_close(
        devices in prop::collection::vec(any_device(), 1..5), later in 0_u64..900,
    ) {
        let facts = wave(devices);
        let now = SAVED + later;
        if gate(&facts, now) == Gate::Open {
            for one in facts.devices.iter().filter(|one| one.was_written()) {
                prop_assert!(one.before.up.is_some() && one.before.alarms.is_some());
                let after = one.after.as_ref().unwrap();
                prop_assert!(after.read_at >= SETTLED && after.alarms.is_some());
                prop_assert!(after.is_up.is_some() || one.before.up.as_ref().unwrap().is_empty());
            }
            let saved = facts.devices.iter().any(|one| matches!(one.progress, WaveProgress::Saved { .. }));
            prop_assert!(saved && later >= 120);
        }
    }

    #[test]
    fn a_paused_gate_stays_paused_and_one_that_waits_is_decided_by_the_time_it_names(
        devices in prop::collection::vec(any_device(), 1..5), later in 0_u64..900, more in 0_u64..900,
    ) {
        let facts = wave(devices);
        let now = SAVED + later;
        match gate(&facts, now) {
            Gate::Paused { reason } => prop_assert_eq!(gate(&facts, now + more), Gate::Paused { reason }),
            Gate::NotYet { until: Some(until), .. } => {
                prop_assert!(now < until);
                let at = gate(&facts, until);
                let is_decided = !matches!(at, Gate::NotYet { until: Some(again), .. } if again <= until);
                prop_assert!(is_decided);
                let waits = matches!(gate(&facts, until - 1), Gate::NotYet { .. });
                prop_assert!(waits);
            }
            Gate::Open | Gate::NotYet { until: None, .. } => {}
        }
    }
}
