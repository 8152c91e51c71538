//! Tests starts, restarts, stops, and a second instance on the same store.

use std::time::Duration;

use gamctl::history::{InstanceReport, NewInstance};
use gamctl::model::ConditionWord;
use gamctl::service::StartError;

use super::{EVERYTHING, HOUR, Seen, ServiceBed, every, one_each};

#[test]
fn a_restart_sends_no_line_keeps_conditions_and_reads_no_device_before_its_time() {
    let mut bed = ServiceBed::applied(2, EVERYTHING, one_each(2, "home-100"));
    // A policy that reports drift, and a device that has some.
    bed.site.twin(1).edit_line("ghn subscriber 1 vid 777");
    let before = bed.all_written();
    (bed.intervals.probe, bed.intervals.look) = (every(HOUR), every(HOUR));
    bed.start();
    let seen = bed.until("looked", |seen| {
        seen.word(0) == ConditionWord::Converged && seen.word(1) == ConditionWord::Drifted
    });
    assert!(!bed.stop());
    let requests = |bed: &ServiceBed| -> Vec<u64> {
        let twins = bed.site.twins.values();
        twins
            .map(|twin| twin.state(|state| state.counts.requests))
            .collect()
    };
    let asked = requests(&bed);
    bed.start();
    let since = super::seconds() + 1;
    let again = bed.until("tasks", |seen| {
        let reports = seen.instances.iter().map(|one| &one.report.tasks);
        let mut ended = reports.flat_map(|tasks| tasks.get("rollout").and_then(|task| task.ended));
        ended.any(|at| at > since)
    });
    assert_eq!(requests(&bed), asked);
    assert_eq!(again.words(), seen.words());
    for (device, row) in &seen.statuses {
        assert_eq!(again.statuses[device].status.since, row.status.since);
    }
    assert_eq!(bed.all_written(), before);
    bed.stop();
    // With short intervals the looks go on.
    (bed.intervals.probe, bed.intervals.look) = (every(500), every(1000));
    bed.start();
    bed.another_round();
    assert_eq!(bed.all_written(), before);
}

#[test]
fn a_second_instance_on_the_same_file_is_refused_by_name_and_a_stopped_one_is_not_in_the_way() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    bed.start();
    let first = bed.running.take();
    let refused = bed.try_start().unwrap_err();
    let StartError::SecondInstance { process, who, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!((*process, who.as_str()), (std::process::id(), "gamctl@noc"));
    bed.running = first;
    bed.stop();
    bed.start();
    bed.stop();
}

#[test]
fn an_instance_without_a_process_is_in_the_way_only_while_its_heartbeat_is_recent() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    let settings = bed.site.world.read("gamctl.toml");
    let listeners = "[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = false\n";
    bed.site
        .world
        .write("gamctl.toml", format!("{settings}\n{listeners}"));
    let program = bed.site.start(&["serve"], None);
    bed.until("its heartbeat", |seen| seen.instances.len() == 1);
    program.signal("-KILL");
    assert!(program.ended().is_killed());
    assert_eq!(bed.seen().instances.len(), 1, "it could not say goodbye");
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    bed.stop();
    // Of another host nothing but the heartbeat is known.
    let elsewhere = NewInstance {
        id: uuid::Uuid::now_v7(),
        who: "ben@other".to_owned(),
        host: "other".to_owned(),
        process: 7,
        version: "0.1.0".to_owned(),
    };
    let report = InstanceReport::default();
    let beats = bed.store.heartbeat(&elsewhere, &report);
    bed.wait(beats).unwrap();
    let refused = bed.try_start().unwrap_err().to_string();
    assert!(
        refused.contains("process 7 on other, started by ben@other"),
        "{refused}"
    );
}

#[test]
fn a_stop_in_a_wave_finishes_the_device_in_progress_and_gives_everything_back() {
    let mut bed = ServiceBed::applied(3, EVERYTHING, one_each(3, "home-100"));
    bed.timing.leads = Duration::from_secs(1);
    bed.start();
    bed.until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let before = bed.all_written();
    bed.slow_down(0);
    let commit = bed.intend(one_each(3, "home-500"));
    bed.until_written(0, before[0].len());
    bed.ask_to_stop();
    let stops = |seen: &Seen| {
        let mut instances = seen.instances.iter();
        instances.any(|instance| instance.report.is_stopping)
    };
    bed.until("stopping, and alive", stops);
    assert!(!bed.stop(), "nothing is left unfinished");
    // It led the rollout to the end of its wave, however long the device took.
    let seen = bed.seen();
    assert_eq!(seen.last().0, "gate", "{}", seen.brief());
    assert!(bed.wait(bed.store.leases()).unwrap().is_empty());
    assert!(bed.seen().instances.is_empty());
    let leaders = bed.wait(bed.store.leaders()).unwrap();
    assert!(
        leaders.values().all(|leader| !leader.is_in_force),
        "{leaders:?}"
    );
    let left = bed.wait(bed.store.unfinished()).unwrap();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(bed.all_written()[1..], before[1..]);
    bed.site.is_quiet();
    let finished = bed.written(0);
    assert_ne!(finished, before[0]);
    bed.site.twin(0).clear_faults();
    bed.start();
    bed.until("the rest after the restart", |seen| {
        seen.has_reached(&commit)
    });
    assert_eq!(
        bed.written(0),
        finished,
        "the finished device is left alone"
    );
}

#[test]
fn a_stop_while_nothing_happens_is_quick() {
    let mut bed = ServiceBed::applied(1, EVERYTHING, one_each(1, "home-100"));
    bed.timing.rollout = Duration::from_secs(3600);
    bed.timing.recover = Duration::from_secs(3600);
    bed.start();
    assert!(!bed.stop());
    assert!(bed.seen().instances.is_empty());
}
