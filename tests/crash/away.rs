//! Stops the store during an apply: the device is finished into the journal, and no other is started.

use gamctl::apply::Entry;
use gamctl::history::Filter;
use gamctl::simulator::fault::{Fault, FaultOrder};

use super::judge::writings;
use super::site::{Flat, Running, Site, device};
use super::two::is_at_line;
use crate::postgres::Cluster;

struct Away {
    site: Site,
    cluster: Cluster,
}

impl Away {
    /// Two devices, in a store on a server that can be stopped.
    fn new() -> Self {
        let mut site = Site::with(2);
        // Committed rows must survive a power cut.
        let cluster = Cluster::own(&["synchronous_commit = on"]);
        let database = site.runtime.block_on(cluster.database());
        site.url = Some(cluster.url(&database).to_string());
        let flats = (1..=4).map(|number| Flat::new(number, 0, "home-100"));
        let others = (11..=12).map(|number| Flat::new(number, 1, "home-300"));
        site.intend(flats.chain(others).collect());
        Self { site, cluster }
    }

    /// Applies, one device after the other, and stops the server while lines are sent to the first.
    fn goes_away(&self, crash_at: Option<&str>) -> Running {
        let twin = self.site.twin(0);
        let slow = FaultOrder::new(Fault::SshSlowLine { millis: 300 });
        twin.set_fault(slow.matching("ghn"));
        let running = self
            .site
            .start(&["apply", "--yes", "--at-once", "1"], crash_at);
        is_at_line(&self.site, twin, 3);
        self.cluster.stop();
        twin.clear_faults();
        running
    }
}

#[test]
fn a_store_lost_during_a_device_gets_all_entries_later() {
    let away = Away::new();
    let site = &away.site;
    let said = away.goes_away(None).ended().exits(1);
    said.says("the journal has the entries since then")
        .says("so no device is started");
    let wrote = writings(site.twin(0));
    assert_eq!(wrote.len(), 1);
    assert_eq!(wrote[0].lines.len(), 9, "what was begun is finished");
    site.twin(0).gam(|gam| {
        let startup = gam.startup().map(|saved| &saved.configuration);
        assert_eq!(startup, Some(gam.running()), "and saved");
    });
    assert!(writings(site.twin(1)).is_empty(), "nothing else is begun");
    assert!(site.state.join("journal").metadata().unwrap().len() > 0);
    // Without the store nothing is applied.
    site.apply().exits(1);
    away.cluster.start();
    site.apply()
        .exits(0)
        .says("Replayed")
        .says("while it was unreachable");
    site.is_done();
    let intents = site.intents(&device(0));
    assert_eq!(intents.len(), 1);
    let store = site.store();
    site.runtime.block_on(async {
        let entries = store.entries(intents[0].run, &device(0)).await.unwrap();
        let typed = entries
            .iter()
            .filter(|row| matches!(row.entry, Entry::Sent { .. }));
        assert_eq!(typed.count(), 9);
        let ends = entries.iter().filter_map(|row| match &row.entry {
            Entry::Ended { outcome } => Some(outcome.ended.word()),
            _ => None,
        });
        assert_eq!(ends.collect::<Vec<_>>(), ["applied"]);
        let refused = store.audits(&Filter::default()).await.unwrap();
        assert!(
            refused.iter().all(|row| !row.audit.is_refused),
            "{refused:?}"
        );
        store.close().await;
    });
}

#[test]
fn a_death_during_journal_or_replay_loses_and_doubles_nothing() {
    for point in [
        "journal-before",
        "journal-before:3",
        "journal-after",
        "journal-after:4",
    ] {
        let away = Away::new();
        let said = away.goes_away(Some(point)).ended();
        assert!(said.is_killed(), "{point}: {}", said.text);
        away.cluster.start();
        away.site.time_passes();
        away.site.apply().exits(0);
        away.site.is_done();
    }
    let away = Away::new();
    away.goes_away(None).ended().exits(1);
    away.cluster.start();
    away.site.time_passes();
    for point in [
        "replay-before",
        "ledger-before",
        "outcome-before",
        "replay-after",
    ] {
        away.site.dies_at(point);
    }
    away.site.apply().exits(0);
    away.site.is_done();
}
