//! Runs two appliers on the same devices: at once, and one stopped past its lease.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gamctl::simulator::fault::{Fault, FaultOrder};
use gamctl::simulator::server::{State, Twin};
use sqlx::{Connection as _, Executor as _};

use super::judge::writings;
use super::site::{Flat, LONG, Running, Said, Site, sqlite};

/// Nine lines on each device.
fn nine_lines(devices: usize) -> Vec<Flat> {
    let each = (0..devices).flat_map(|device| {
        let first = u16::try_from(device * 10).unwrap();
        (1..=4).map(move |number| Flat::new(first + number, device, "home-100"))
    });
    each.collect()
}

fn slowly(site: &Site, millis: u64) {
    for twin in site.twins.values() {
        twin.set_fault(FaultOrder::new(Fault::SshSlowLine { millis }).matching("ghn"));
    }
}

/// Waits until this many configuration lines were received.
pub(crate) fn is_at_line(site: &Site, twin: &Twin, count: usize) {
    let lines = |state: &State| {
        let lines = state.lines.iter();
        lines
            .filter(|logged| logged.line.starts_with("ghn "))
            .count()
    };
    let waited = twin.wait_until(|state| lines(state) >= count, LONG);
    site.runtime.block_on(waited).unwrap();
}

/// Checks a run that found the device leased: reported, and nothing written.
fn had_to_leave_it(said: &Said) {
    let is_known = [
        "is writing to it since",
        // It expired between the request and the question who has it.
        "another gamctl holds the lease",
        "changed since",
        "was applied already",
        "Nothing to do",
        "nothing to do",
    ];
    let code = said.status.code().unwrap();
    assert!([0, 4, 7].contains(&code), "{code}: {}", said.text);
    assert!(
        is_known.iter().any(|words| said.text.contains(words)),
        "{}",
        said.text
    );
}

#[test]
fn of_two_that_begin_at_once_one_writes_each_device() {
    for _ in 0..3 {
        let mut site = Site::with(3);
        site.intend(nine_lines(3));
        slowly(&site, 20);
        let both = [
            site.start(&["apply", "--yes"], None),
            site.start(&["apply", "--yes"], None),
        ];
        for said in both.map(super::site::Running::ended) {
            if said.status.code() != Some(0) {
                had_to_leave_it(&said);
            }
        }
        for twin in site.twins.values() {
            let wrote: Vec<usize> = writings(twin).iter().map(|one| one.lines.len()).collect();
            assert_eq!(wrote, [9]);
        }
        site.is_done();
    }
}

#[test]
fn a_second_run_skips_a_device_that_another_writes_to() {
    let mut site = Site::with(1);
    site.intend(nine_lines(1));
    slowly(&site, 300);
    let first = site.start(&["apply", "--yes"], None);
    is_at_line(&site, site.twin(0), 2);
    let second = site.apply();
    had_to_leave_it(&second);
    let first = first.ended().exits(0);
    assert_eq!(writings(site.twin(0)).len(), 1, "{}", first.text);
    site.is_done();
}

/// Stops an apply while it sends lines, for longer than its lease.
fn frozen(site: &Site) -> super::site::Running {
    slowly(site, 400);
    let first = site.start(&["apply", "--yes"], None);
    is_at_line(site, site.twin(0), 3);
    first.signal("-STOP");
    site.twin(0).clear_faults();
    first
}

#[test]
fn a_process_stopped_during_a_takeover_sends_no_further_line() {
    let mut site = Site::with_leases(1, 2);
    site.intend(nine_lines(1));
    let first = frozen(&site);
    // Until the lease has expired; on a busy machine that may be at once.
    let second = loop {
        let said = site.apply();
        if said.status.code() == Some(0) {
            break said;
        }
        had_to_leave_it(&said);
    };
    second.says("oak-0: an earlier run ended in the middle of writing");
    let before = site.twin(0).lines();
    first.signal("-CONT");
    let first = first.ended();
    assert_eq!(site.twin(0).lines(), before, "{}", first.text);
    assert_eq!(first.status.code(), Some(5), "{}", first.text);
    first.says("oak-0").says("took over");
    let wrote = writings(site.twin(0));
    assert_eq!(wrote.len(), 2);
    assert!(wrote[0].lines.len() < 9, "{wrote:?}");
    // This also checks that the late line was not accepted.
    site.is_done();
}

#[test]
fn a_process_stopped_past_a_free_lease_stops_or_renews_it() {
    let mut site = Site::with_leases(1, 2);
    site.intend(nine_lines(1));
    let first = frozen(&site);
    let path = site.state.join("gamctl.db");
    site.runtime.block_on(async {
        let mut store = sqlite(&path).await;
        let over = "select 1 from lease where until < cast(unixepoch('subsec') * 1000 as integer)";
        while store.fetch_optional(over).await.unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        store.close().await.unwrap();
    });
    let before = site.twin(0).lines();
    first.signal("-CONT");
    let first = first.ended();
    match first.status.code() {
        // The store renewed the lease before the next line was due: no other process came in between.
        Some(0) => assert_eq!(writings(site.twin(0))[0].lines.len(), 9),
        Some(5) => assert_eq!(site.twin(0).lines(), before, "{}", first.text),
        other => panic!("{other:?}: {}", first.text),
    }
    site.apply().exits(0);
    site.is_done();
}

/// Settings whose secrets come from a program that waits until it is let go, as a password manager waits for its owner.
fn slow_secrets(site: &Site) -> std::path::PathBuf {
    let program = site.world.beside("slow-secret");
    let text = format!(
        "#!/bin/sh\n: > '{asked}'\nuntil [ -e '{go}' ]; do sleep 0.05; done\nexec cat '{secrets}'/\"$1\"\n",
        asked = site.world.beside("asked").display(),
        go = site.world.beside("go").display(),
        secrets = site.secrets().display(),
    );
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let settings = site.world.beside("slow.toml");
    let text = format!(
        "[inventory]\npath = \"{}\"\n\n[secrets]\ncommand = [\"{}\", \"{{name}}\"]\n",
        site.world.root().display(),
        program.display()
    );
    fs::write(&settings, text).unwrap();
    settings
}

#[test]
fn a_process_that_finds_its_device_recovered_by_another_continues_with_the_plan() {
    let mut site = Site::with(1);
    site.intend(nine_lines(1));
    site.dies_at("line-answered:4");
    let (mut command, said) = site.command(&["apply", "--yes"]);
    command.env("GAMCTL_CONFIG", slow_secrets(&site));
    let late = Running::of(command.spawn().unwrap(), said);
    let asked = site.world.beside("asked");
    let since = std::time::Instant::now();
    while !asked.exists() {
        assert!(since.elapsed() < LONG, "it asks for no secret");
        std::thread::yield_now();
    }
    // It has the list of devices to recover; now another recovers them all.
    site.apply()
        .exits(0)
        .says("oak-0: an earlier run ended in the middle of writing");
    fs::write(site.world.beside("go"), "").unwrap();
    let late = late.ended().exits(0);
    assert!(!late.text.contains("an earlier run ended"), "{}", late.text);
    site.is_done();
}
