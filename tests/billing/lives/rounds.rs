//! Lives the lives of one bed in rounds: deeds and faults, kills of the service, then rest, where the oracle judges.

use std::time::{Duration, Instant};

use serde_json::json;

use super::bed::Bed;
use super::clock::{DAY, HOUR};
use super::deed::Deed;
use super::draw::{Budget, deeds, pick};
use super::figures::Figures;
use super::life::Life;
use crate::billing::product::Product;
use crate::crash::chance::Chance;

/// Everything is looked at and asked again after this.
pub(super) const LOOKED: u64 = 12 * 60;

/// Suspensions of a round: one fewer than the gate asks a person about.
const SUSPENSIONS: u32 = 4;

/// The lives of one bed.
pub(super) struct Lives {
    pub(super) bed: Bed,
    pub(super) seed: u64,
    pub(super) chance: Chance,
    pub(super) lives: Vec<Life>,
    pub(super) round: usize,
    pub(super) figures: Figures,
}

/// The settings of the lives of one bed.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) product: Product,
    pub(super) lives: usize,
    pub(super) rounds: usize,
    /// The crash points, in turn.
    pub(super) points: Vec<String>,
}

/// Lives everything to its end; returns the figures, or the report of a failure.
pub(super) fn live(plan: &Plan) -> Result<Figures, String> {
    let mut all = Lives {
        bed: Bed::new(plan.product),
        seed: plan.seed,
        chance: Chance(plan.seed),
        lives: (0..plan.lives).map(Life::new).collect(),
        round: 0,
        figures: Figures {
            lives: plan.lives,
            ..Figures::default()
        },
    };
    all.settle_in();
    let mut points = plan.points.iter().cycle();
    for round in 1..=plan.rounds {
        all.round = round;
        all.happens(points.next().map(String::as_str));
        all.rests()?;
        all.bed.clock.ahead(DAY + HOUR);
    }
    // The subscribers of customers who left are removed by then.
    for _ in 0..2 {
        all.round += 1;
        all.lives.iter_mut().for_each(|life| life.doubts.clear());
        all.bed.clock.ahead(DAY + HOUR);
        all.rests()?;
    }
    all.was_always_sound()?;
    Ok(all.figures)
}

impl Lives {
    /// One customer who did not pay stays for ever: no group of billing vanishes.
    fn settle_in(&mut self) {
        let tariff = self.bed.product.choose(30, 32);
        let office = &self.bed.office;
        let sold = office.operate(json!({"do": "sell", "tariff": tariff, "site": "Maple Court"}));
        office.operate(json!({"do": "block", "account": sold["account"]}));
        self.bed.start(None);
    }

    /// Lets a round happen while faults come and go, and kills the service at a point and at any moment.
    fn happens(&mut self, point: Option<&str>) {
        let mut budget = Budget {
            suspensions: SUSPENSIONS,
        };
        let mut todo: Vec<(usize, Vec<Deed>)> = Vec::new();
        for (number, life) in self.lives.iter_mut().enumerate() {
            todo.push((number, deeds(&mut self.chance, life, &mut budget)));
        }
        let has_scheduled = todo.iter().flat_map(|(_, deeds)| deeds);
        let has_scheduled = has_scheduled
            .into_iter()
            .any(|deed| matches!(deed, Deed::ChangePlan { way: 2, .. }));
        let later = todo.split_off(todo.len() / 2);
        self.faults();
        if let Some(point) = point {
            self.bed.start(Some(point));
        }
        self.carry_out(todo);
        self.bed.clock.ahead(LOOKED);
        self.dies(point);
        self.carry_out(later);
        self.bed.start(None);
        self.bed.clock.ahead(LOOKED);
        if pick(&mut self.chance, 2) == 0 {
            self.dies(None);
            self.bed.start(None);
        }
        self.no_faults();
        match has_scheduled {
            true => self.bed.clock.to_the_next_day(),
            false => self.bed.clock.ahead(HOUR),
        }
    }

    fn carry_out(&mut self, todo: Vec<(usize, Vec<Deed>)>) {
        let mut edits = Vec::new();
        for (number, deeds) in todo {
            for deed in deeds {
                *self.figures.deeds.entry(deed.name()).or_default() += 1;
                self.figures.commits += usize::from(deed.is_commit());
                let life = &mut self.lives[number];
                edits.extend(self.bed.carry_out(life, self.round, deed));
            }
        }
        let note = format!("rack {}", self.round);
        self.bed.commit(&edits, &note);
    }

    /// Waits until the service ends at its point, or kills it.
    fn dies(&mut self, point: Option<&str>) {
        // The first commit needs two looks, and others come seconds after a webhook.
        let (looks, most) = match point {
            Some(_) => (4, 3_000),
            None => (1, self.chance.below(1_500)),
        };
        for _ in 0..looks {
            let end = Instant::now() + Duration::from_millis(most);
            while self.bed.is_running() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(20));
            }
            if self.bed.is_running() && looks > 1 {
                self.bed.clock.ahead(LOOKED);
            }
        }
        let name = match (self.bed.is_running(), point) {
            (false, Some(point)) => point,
            _ => "any moment",
        };
        *self.figures.kills.entry(name.to_owned()).or_default() += 1;
        self.bed.kill();
    }
}
