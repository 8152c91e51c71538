//! Gives one instance a clock that is wrong, or a disk that is full, and checks what it still does and what the other one does.

use std::path::Path;
use std::time::Duration;

use gamctl::history::Store;
use gamctl::model::ConditionWord;

use super::pair::{Pair, Setup};
use crate::crash::chance::Chance;
use crate::small_disk::SmallDisk;

/// Where distributions have the library of `libfaketime`; `./test` installs it on Debian.
const FAKETIME: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// The variables of a process whose clock is so far ahead. Timers go on as they are.
fn ahead(by: &str) -> Vec<(&'static str, String)> {
    let library = FAKETIME.into_iter().find(|path| Path::new(path).exists());
    let library =
        library.expect("libfaketime is not installed; run `./test`, which installs it or says how");
    vec![
        ("LD_PRELOAD", library.to_owned()),
        ("FAKETIME", by.to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
    ]
}

#[test]
fn an_instance_whose_clock_is_an_hour_ahead_looks_at_its_devices_and_leads_nothing() {
    let mut chance = Chance(21);
    let mut pair = Pair::with(Setup {
        variables: [Vec::new(), ahead("+1h")],
        ..Setup::default()
    });
    pair.site.intend(chance.flats());
    pair.converges();
    assert_eq!((pair.leader(), pair.leader_of("fetch")), (0, 0));
    pair.kill(0);
    pair.site.intend(chance.flats());
    let commit = pair.site.world.head();
    // It takes over the devices of the one that is dead, and says so; nothing is applied, and the target stays.
    pair.waits_for("all devices at one instance", |pair| {
        let instances = pair.ask(async |store: &Store| store.instances().await.unwrap());
        let mut all = instances.iter().map(|one| one.report.devices);
        all.any(|devices| devices == 3).then_some(())
    });
    pair.waits_for("end of the leader", |pair| {
        let leaders = pair.ask(async |store: &Store| store.leaders().await.unwrap());
        let mut in_force = leaders.values().filter(|leader| leader.is_in_force);
        in_force.next().is_none().then_some(())
    });
    // Several heartbeats of the one that is left.
    std::thread::sleep(Duration::from_secs(3));
    let (target, leaders) = pair.ask(async |store: &Store| {
        (
            store.target().await.unwrap().unwrap(),
            store.leaders().await.unwrap(),
        )
    });
    assert_ne!(target.commit, commit);
    let in_force = leaders.values().filter(|leader| leader.is_in_force);
    assert_eq!(in_force.count(), 0, "{leaders:?}");
    pair.start(0);
    pair.converges();
    // Times in the store are of the store's clock: an hour is nowhere added.
    let statuses = pair.ask(async |store: &Store| store.device_statuses().await.unwrap());
    assert!(
        statuses
            .values()
            .all(|row| row.status.word == ConditionWord::Converged)
    );
    pair.ends_as_intended();
}

#[test]
fn an_instance_whose_disk_is_full_starts_no_device_and_the_other_one_goes_on() {
    let Some(disk) = SmallDisk::new(16 << 10) else {
        return;
    };
    let mut chance = Chance(22);
    let state = disk.path("state").display().to_string();
    let mut pair = Pair::with(Setup {
        variables: [vec![("GAMCTL_STATE", state)], Vec::new()],
        ..Setup::default()
    });
    pair.site.intend(chance.flats());
    pair.converges();
    let filler = disk.fill(0);
    let lines = pair.lines();
    pair.site.intend(chance.flats());
    pair.converges();
    assert!(pair.lines() > lines);
    let text = pair.report();
    let left = "the task fails here, so another instance may lead it task=\"fetch\"";
    assert!(text.contains(left), "{text}");
    std::fs::remove_file(filler).unwrap();
    pair.site.intend(chance.flats());
    pair.converges();
    pair.ends_as_intended();
}
