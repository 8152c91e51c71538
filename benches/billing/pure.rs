//! Measures the comparison alone: its processor time for ten thousand accounts, its memory for a quarter million services.

use std::path::Path;
use std::process::Command;

use gamctl::authoring::Base;
use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{BillingSystem, Cache, billing_systems, read};
use gamctl::model::billing::Snapshot;
use gamctl::reconcile::sync::{
    PreparedSync, SyncRequest, prepare, sync_inventory, sync_limits, sync_settings,
};
use gamctl::sync::{GateRules, LaneUse, Looks, SyncBase, SyncInputs, gate, propose};

use crate::figures::processor_time;
use crate::generated::{CHANGES, NOW, Network, none_approved};
use crate::resident::resident;

const RUNS: usize = 9;

/// The argument of the process whose memory is measured.
pub(crate) const MEMORY_CHILD: &str = "--memory-child";

/// Everything that a comparison needs.
struct Sides {
    base: Base,
    system: BillingSystem,
    snapshot: Snapshot,
    looks: Looks,
    memory: SyncBase,
}

impl Sides {
    /// Reads an inventory and generates billing to it; what is remembered is that nothing differed.
    fn read(folder: &Path, network: Network, step: impl Fn(&str)) -> Self {
        let source = Source::directory(folder).unwrap();
        let reading = read(&source, &Limits::default(), &Cache::default()).unwrap();
        assert!(!reading.has_errors(), "{:?}", reading.findings.first());
        step("inventory");
        let snapshot = network.snapshot();
        step("and snapshot");
        let looks = network.looks();
        step("and looks");
        let system = billing_systems(&reading.inventory).into_values().next();
        let mut sides = Self {
            base: Base::folder(folder, reading),
            system: system.unwrap(),
            snapshot,
            looks,
            memory: SyncBase::default(),
        };
        let none = none_approved();
        let prepared = prepare(SyncRequest {
            memory: None,
            ..sides.request(&none)
        });
        let prepared = prepared.unwrap();
        assert!(!prepared.has_changes(), "{:?}", prepared.report.changes);
        let memory = prepared.memory_without_commit();
        drop(prepared);
        sides.memory = memory;
        step("and what is remembered of an earlier run");
        sides
    }

    fn request<'a>(
        &'a self,
        approved: &'a std::collections::BTreeSet<gamctl::sync::Digest>,
    ) -> SyncRequest<'a> {
        SyncRequest {
            base: &self.base,
            system: &self.system,
            snapshot: &self.snapshot,
            looks: &self.looks,
            memory: Some(&self.memory),
            used: LaneUse::default(),
            approved,
            now: NOW,
        }
    }

    /// Compares and gates alone, without the files.
    fn compare(&self) -> usize {
        let inventory = sync_inventory(&self.base.reading.inventory, &self.system.name);
        let settings = sync_settings(&self.system);
        let inputs = SyncInputs {
            snapshot: &self.snapshot,
            inventory: &inventory,
            looks: &self.looks,
            base: &self.memory,
            settings: &settings,
            now: NOW,
        };
        let proposal = propose(inputs);
        let none = none_approved();
        let limits = sync_limits(None);
        let rules = GateRules {
            limits: &limits,
            used: LaneUse::default(),
            approved: &none,
        };
        gate(inputs, &proposal, rules).passed.len()
    }
}

/// Measures the processor time.
pub(crate) fn pure(accounts: usize) {
    let folder = tempfile::tempdir().unwrap();
    let network = Network {
        customers: accounts,
    };
    network.write(folder.path());
    let mut sides = Sides::read(folder.path(), network, |_| {});
    println!(
        "pure: {accounts} accounts on {} devices, all endpoints heard, processor time of all threads, median of {RUNS} (largest)",
        network.devices()
    );
    measure("nothing to change", &sides, 0);
    network.change(&mut sides.snapshot, &mut sides.looks);
    measure("100 changes", &sides, CHANGES);
}

fn measure(what: &str, sides: &Sides, changes: usize) {
    let compared = times(|| assert_eq!(sides.compare(), changes));
    let none = none_approved();
    let prepared = times(|| {
        let prepared = prepare(sides.request(&none)).unwrap();
        assert_eq!(prepared.report.changes.len(), changes, "{what}");
    });
    let whole = times(|| {
        let prepared = prepare(sides.request(&none)).unwrap();
        assert_eq!(
            prepared.memory_after_commit().services.len(),
            sides.snapshot.services.len()
        );
    });
    println!(
        "  {what}: compared, classified and gated {}, with files, validation and report {} (goal ≤ 1 s), with what is remembered {}",
        figure(compared),
        figure(prepared),
        figure(whole)
    );
}

fn times(mut work: impl FnMut()) -> Vec<f64> {
    let once = |()| {
        let before = processor_time();
        work();
        processor_time() - before
    };
    std::iter::repeat_n((), RUNS).map(once).collect()
}

fn figure(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let largest = times.last().copied().unwrap_or_default();
    format!("{:.2} s ({largest:.2})", times[times.len() / 2])
}

/// Measures the memory in a process of its own.
pub(crate) fn memory(services: usize) {
    let folder = tempfile::tempdir().unwrap();
    let network = Network {
        customers: services,
    };
    network.write(folder.path());
    println!(
        "memory: {services} services on {} devices, in a process of its own",
        network.devices()
    );
    let child = Command::new(std::env::current_exe().unwrap())
        .arg(MEMORY_CHILD)
        .arg(folder.path())
        .arg(services.to_string())
        .status();
    assert!(child.unwrap().success());
}

/// Holds everything that a run of the sync holds, and prints how much memory that takes.
pub(crate) fn memory_child(folder: &str, services: &str) {
    let network = Network {
        customers: services.parse().unwrap(),
    };
    let mut sides = Sides::read(Path::new(folder), network, step);
    network.change(&mut sides.snapshot, &mut sides.looks);
    let none = none_approved();
    let prepared: PreparedSync<'_> = prepare(sides.request(&none)).unwrap();
    step("and the proposal of 100 changes");
    let report = &prepared.report;
    let listed: Vec<_> = report.listed.iter().take(5).collect();
    assert_eq!(
        report.changes.len(),
        CHANGES,
        "{listed:?} {:?}",
        report.gate
    );
    let after = prepared.memory_after_commit();
    step("and what is remembered afterwards");
    assert!(after.services.len() >= sides.memory.services.len());
    println!("  at most {:.0} MB (goal ≤ 400 MB)", resident("VmHWM"));
}

fn step(what: &str) {
    println!(
        "  {what}: {:.0} MB, at most {:.0} MB so far",
        resident("VmRSS"),
        resident("VmHWM")
    );
}
