//! Counts what happened in lives: deeds, faults, kills, commits, rests.

use std::collections::BTreeMap;

/// What happened, for the figures.
#[derive(Debug, Default, Clone)]
pub(super) struct Figures {
    pub(super) lives: usize,
    pub(super) rests: usize,
    pub(super) deeds: BTreeMap<&'static str, usize>,
    pub(super) faults: BTreeMap<&'static str, usize>,
    /// Kills at a crash point by its name, and those at any moment.
    pub(super) kills: BTreeMap<String, usize>,
    pub(super) commits: usize,
    /// What a person at a terminal had to do.
    pub(super) persons: BTreeMap<&'static str, usize>,
    /// Times that nothing went on, and the clock was moved ahead.
    pub(super) waits: usize,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.rests += other.rests;
        self.commits += other.commits;
        self.waits += other.waits;
        for (all, more) in [
            (&mut self.deeds, &other.deeds),
            (&mut self.faults, &other.faults),
            (&mut self.persons, &other.persons),
        ] {
            for (name, count) in more {
                *all.entry(name).or_default() += count;
            }
        }
        for (name, count) in &other.kills {
            *self.kills.entry(name.clone()).or_default() += count;
        }
    }
}
