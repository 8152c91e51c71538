//! Runs the sync of an example, as the command line does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use gamctl::authoring::Base;
use gamctl::authoring::edit::{FileChange, apply};
use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{BillingSystem, Cache, billing_systems, canonical_order, read, read_texts};
use gamctl::reconcile::sync::{SyncRequest, prepare, sync_inventory};
use gamctl::sync::{LaneUse, SyncBase};
use toml::Table;

use super::engineer::{Texts, edits};
use super::example::{Example, Step, folder, lay_over, ordinary_day};
use super::outcome::{Outcome, SYSTEM, outcome, refused};
use super::world::Day;

/// 2026-12-01 08:00 UTC, the time of the ordinary day.
const BEGIN: u64 = 1_796_112_000;

/// The inventory, billing and the memory of the sync between two runs.
#[derive(Debug, Clone)]
pub(super) struct Network {
    texts: Texts,
    day: Table,
    memory: Option<SyncBase>,
    now: u64,
}

impl Network {
    /// Returns the network on the ordinary day, after a run.
    pub(super) fn on_an_ordinary_day() -> (Self, Outcome) {
        let source = Source::directory(&folder().join("inventory")).unwrap();
        let reading = read(&source, &Limits::default(), &Cache::default()).unwrap();
        assert!(reading.findings.is_empty(), "{:#?}", reading.findings);
        let mut network = Self {
            texts: reading.inventory.texts().collect(),
            day: ordinary_day(),
            memory: None,
            now: BEGIN,
        };
        let outcome = network.run(&Step::default(), None);
        (network, outcome)
    }

    /// Carries out all runs of an example; returns the network after the last one, with what that one printed.
    pub(super) fn through(example: &Example) -> (Self, Outcome) {
        let (mut network, mut outcome) = Self::on_an_ordinary_day();
        for step in example.steps() {
            outcome = network.run(&step, example.list.as_deref());
        }
        (network, outcome)
    }

    /// Runs the sync once more, with nothing different but a minute later.
    pub(super) fn run_again(mut self, used: LaneUse) -> Outcome {
        self.now += 60;
        self.sync(used, false, None)
    }

    /// Runs the sync, and commits.
    pub(super) fn run(&mut self, step: &Step, list: Option<&str>) -> Outcome {
        self.now += step.seconds();
        lay_over(&mut self.day, &step.day);
        for (path, text) in &step.run.file {
            self.texts
                .insert(path.as_str().into(), text.as_str().into());
        }
        let edits = edits(&self.texts, &step.run.inventory);
        let changes = apply(&self.texts, &edits, &|kind, path| {
            canonical_order(kind, path)
        });
        self.take(&changes.unwrap());
        if step.run.forget {
            self.memory = None;
        }
        self.sync(step.used(), step.run.approve, list)
    }

    fn take(&mut self, changes: &[FileChange]) {
        for FileChange { path, after, .. } in changes {
            match after {
                Some(text) => self.texts.insert(Arc::clone(path), Arc::clone(text)),
                None => self.texts.remove(path),
            };
        }
    }

    fn sync(&mut self, used: LaneUse, approves: bool, list: Option<&str>) -> Outcome {
        let base = Base::folder(Path::new(""), read_texts(&self.texts, &Limits::default()));
        if base.reading.has_errors() {
            return refused(base.reading);
        }
        let systems = billing_systems(&base.reading.inventory);
        let system: &BillingSystem = &systems[SYSTEM];
        let day: Day = self.day.clone().try_into().unwrap();
        let snapshot = day.snapshot(&system.name, self.now);
        let inventory = sync_inventory(&base.reading.inventory, &system.name);
        let looks = day.looks(&inventory, self.now);
        let mut approved = BTreeSet::new();
        let request = SyncRequest {
            base: &base,
            system,
            snapshot: &snapshot,
            looks: &looks,
            memory: self.memory.as_ref(),
            used,
            approved: &approved.clone(),
            now: self.now,
        };
        if approves {
            let held = prepare(request).unwrap();
            approved.extend(held.held().iter().map(|held| held.digest.clone()));
        }
        let request = SyncRequest {
            approved: &approved,
            ..request
        };
        let prepared = prepare(request).unwrap();
        let outcome = outcome(&prepared, &day, list);
        let (changes, memory) = (
            prepared.files.changes.clone(),
            prepared.memory_after_commit(),
        );
        drop(prepared);
        self.take(&changes);
        self.memory = Some(memory);
        outcome
    }
}
