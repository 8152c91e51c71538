//! Makes the store slow, full, older than the devices, or silent about changes, and checks that everything comes to its end.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use gamctl::history::Hint;
use tokio::runtime::Runtime;

use super::pair::{Pair, Setup};
use super::slow_fetch::SlowFetch;
use super::stories::settle;
use crate::crash::chance::Chance;
use crate::postgres::Cluster;
use crate::small_disk::SmallDisk;

#[test]
fn a_store_that_answers_after_five_seconds_in_a_wave_loses_and_doubles_nothing() {
    let mut chance = Chance(11);
    let mut pair = Pair::with(Setup {
        has_wire: true,
        ..Setup::default()
    });
    settle(&mut pair, &mut chance);
    pair.is_in_a_wave(chance.flats());
    let wire = pair.wire.as_ref().unwrap();
    // As long as an operation may take: some just succeed, and some fail although the server carried them out.
    wire.delays(Duration::from_secs(5));
    pair.fast();
    std::thread::sleep(Duration::from_secs(12));
    assert!(pair.is_running(0) && pair.is_running(1));
    pair.wire.as_ref().unwrap().delays(Duration::ZERO);
    pair.goes_on(&mut chance);
}

#[test]
fn without_notifications_everything_happens_by_timers() {
    let mut chance = Chance(12);
    let mut pair = Pair::with(Setup {
        has_wire: true,
        ..Setup::default()
    });
    pair.wire.as_ref().unwrap().refuses_listen();
    // Those of before are cut as well: both must ask again, and are refused.
    for nth in 0..2 {
        pair.kill(nth);
        pair.start(nth);
    }
    for _ in 0..2 {
        pair.site.intend(chance.flats());
        pair.converges();
    }
    assert!(pair.wire.as_ref().unwrap().refused() >= 2);
    let text = pair.report();
    assert!(
        text.contains("the store gives no hints, so changes are noticed by timers"),
        "{text}"
    );
    pair.ends_as_intended();
}

#[test]
fn a_webhook_at_the_instance_that_does_not_fetch_is_passed_on_to_the_one_that_does() {
    let mut pair = Pair::with(Setup {
        git: "webhook = { secret = \"hook\" }\n".to_owned(),
        ..Setup::default()
    });
    let leader = pair.leader_of("fetch");
    let store = pair.site.store();
    let runtime = Runtime::new().unwrap();
    let mut hints = runtime.block_on(store.hints()).unwrap().unwrap();
    // The leader acts itself, so the first hint about the branch comes from the other one.
    assert_eq!(pair.posts_a_webhook(leader), 202);
    let other = async {
        loop {
            if hints.next().await.unwrap() == Some(Hint::Branch) {
                return;
            }
        }
    };
    let other = async { tokio::time::timeout(Duration::from_secs(2), other).await };
    assert!(runtime.block_on(other).is_err());
    assert_eq!(pair.posts_a_webhook(1 - leader), 202);
    runtime.block_on(async {
        while hints.next().await.unwrap() != Some(Hint::Branch) {}
        drop(hints);
        store.close().await;
    });
    pair.converges();
    pair.ends_as_intended();
}

#[test]
fn a_full_disk_of_the_store_ends_nothing_for_good() {
    let Some(disk) = SmallDisk::new(256 << 10) else {
        return;
    };
    let base = disk.path("");
    std::fs::set_permissions(&base, std::fs::Permissions::from_mode(0o711)).unwrap();
    let mut chance = Chance(14);
    let mut pair = Pair::with(Setup {
        cluster: Cluster::own_in(&base, &["synchronous_commit = on"]),
        ..Setup::default()
    });
    settle(&mut pair, &mut chance);
    pair.is_in_a_wave(chance.flats());
    let filler = disk.fill(0);
    pair.fast();
    std::thread::sleep(Duration::from_secs(6));
    assert!(pair.is_running(0) && pair.is_running(1));
    std::fs::remove_file(filler).unwrap();
    // A server without room for its log ends by itself, and somebody starts it again.
    pair.cluster.start();
    pair.goes_on(&mut chance);
}

/// The name of a dump of the store.
const BACKUP: &str = "backup";

/// Backs the store up between two commits that both reach every device; returns the lines that the devices received.
fn outdated_backup(pair: &mut Pair, chance: &mut Chance) -> usize {
    pair.site.intend(chance.flats());
    pair.converges();
    pair.cluster.dump(&pair.database, BACKUP);
    pair.site.intend(chance.flats());
    pair.converges();
    pair.lines()
}

#[test]
fn after_a_restore_nothing_is_written_until_the_branch_is_fetched_and_judged() {
    let mut chance = Chance(16);
    let slow = SlowFetch::new();
    let mut pair = Pair::with(Setup {
        variables: [slow.variables(), Vec::new()],
        ..Setup::default()
    });
    let lines = outdated_backup(&mut pair, &mut chance);
    pair.both_end_in_good_order();
    pair.restores(BACKUP);
    // The first one had the later commit as its target. It leads the fetches, and they take long.
    slow.begins();
    pair.start(0);
    pair.waits_for("notice of the restore", |pair| {
        let notice = "the store was restored to an older state";
        pair.said(0).contains(notice).then_some(())
    });
    // The other one knows nothing: its state is new. It fetches by itself.
    std::fs::remove_dir_all(pair.state(1)).unwrap();
    pair.start(1);
    pair.waits_for("wait for the judgement", |pair| {
        let notice = "waits until this later commit is judged";
        pair.said(1).contains(notice).then_some(())
    });
    assert_eq!(pair.lines(), lines, "{}", pair.report());
    slow.ends();
    pair.converges();
    assert_eq!(pair.lines(), lines, "{}", pair.report());
    pair.both_end_in_good_order();
    pair.is_as_intended();
}

#[test]
fn a_store_restored_from_a_backup_is_brought_up_to_date_without_a_line_sent_again() {
    let mut chance = Chance(15);
    let mut pair = Pair::with_looks_every("2s");
    let lines = outdated_backup(&mut pair, &mut chance);
    // The instances go on meanwhile: nobody stops them for a restore in an emergency.
    pair.restores(BACKUP);
    pair.converges();
    assert_eq!(pair.lines(), lines, "{}", pair.report());
    pair.site.intend(chance.flats());
    pair.converges();
    assert!(pair.lines() > lines);
    pair.both_end_in_good_order();
    // What the store forgot is no fault of the devices: each has what is intended.
    pair.is_as_intended();
}
