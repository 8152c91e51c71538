//! Lives random lives of customers, installers, engineers and faults on billing and GAM twins with the service between.
//!
//! `life` describes a life, `deed` lists what can happen and `draw` draws it · `carry_out` carries it out · `bed`, `inventory` and
//! `office` provide the twins, the forge and the service, and `clock` their time · `rounds` lives the lives in rounds with
//! `faults` and kills · `rest` waits for the rest that ends each round · `oracle` defines the permitted ends, and `seen`, `judge`
//! and `history` compare them with what is there · `planted` plants errors that must be noticed.

mod bed;
mod carry_out;
mod clock;
mod deed;
mod draw;
mod faults;
mod figures;
mod history;
mod inventory;
mod judge;
mod life;
mod office;
mod oracle;
mod planted;
mod rest;
mod rounds;
mod seen;

use std::sync::Mutex;
use std::time::Instant;

use gamctl::crash::POINTS;

use crate::billing::product::Product;
use figures::Figures;
use rounds::{Plan, live};

/// The points around the store, the branch, billing and the devices that a kill in the suite hits.
const IN_THE_SUITE: [&str; 12] = [
    "sync-read",
    "sync-counted",
    "line-sent",
    "sync-committed",
    "sync-pushed",
    "save-sent",
    "sync-stored",
    "write-back-queued",
    "step-after",
    "write-back-sent",
    "write-back-answered",
    "ledger-after",
];

/// Lives of many beds, some at once.
struct Crowd {
    lives: usize,
    of_a_bed: usize,
    rounds: usize,
    at_once: usize,
    seed: u64,
    points: Vec<String>,
}

impl Crowd {
    /// Lives them all, and prints the figures; panics with the reports of beds that failed.
    #[allow(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "a run of hours shows how far it is"
    )]
    fn live(self) {
        let began = Instant::now();
        let beds = self.lives.div_ceil(self.of_a_bed);
        let next = Mutex::new(0..beds);
        let done: Mutex<(Figures, Vec<String>)> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..self.at_once.min(beds) {
                scope.spawn(|| {
                    loop {
                        let bed = next.lock().unwrap().next();
                        let Some(bed) = bed else { return };
                        let plan = self.plan(bed);
                        let ended = std::panic::catch_unwind(|| live(&plan));
                        let ended =
                            ended.unwrap_or_else(|_| Err(format!("{plan:?} panicked, see above")));
                        let mut done = done.lock().unwrap();
                        match ended {
                            Ok(figures) => done.0.add(&figures),
                            Err(report) => {
                                eprintln!("{report}");
                                done.1.push(report);
                            }
                        }
                        eprintln!(
                            "bed {bed} of {beds}: {} lives, {} failed, {:?}",
                            done.0.lives,
                            done.1.len(),
                            began.elapsed()
                        );
                    }
                });
            }
        });
        let (figures, failed) = done.into_inner().unwrap();
        println!("{figures:#?}\n{:?}", began.elapsed());
        let seeds: Vec<&str> = failed
            .iter()
            .filter_map(|report| report.lines().next())
            .collect();
        assert!(failed.is_empty(), "{seeds:#?}, see above");
    }

    fn plan(&self, bed: usize) -> Plan {
        let mut points = self.points.clone();
        points.rotate_left(bed * self.rounds % self.points.len());
        let number = u64::try_from(bed).unwrap();
        Plan {
            seed: self.seed.wrapping_add(number),
            product: match bed % 2 {
                0 => Product::Splynx,
                _ => Product::Sonar,
            },
            lives: self.of_a_bed,
            rounds: self.rounds,
            points,
        }
    }
}

#[test]
fn two_hundred_lives_end_as_the_oracle_expects() {
    let points = IN_THE_SUITE.map(str::to_owned);
    Crowd {
        lives: 200,
        of_a_bed: 51,
        rounds: 3,
        at_once: 4,
        seed: 16,
        points: points.into(),
    }
    .live();
}

#[test]
#[ignore = "hours: as many lives as GAMCTL_LIVES, from GAMCTL_SEED on"]
fn ten_thousand_lives_end_as_the_oracle_expects() {
    #[allow(
        clippy::disallowed_methods,
        reason = "the size of a long run is chosen outside"
    )]
    let variable = |name: &str, usual: u64| {
        let text = std::env::var(name).ok();
        text.map_or(usual, |text| text.parse().unwrap())
    };
    let size = |name: &str, usual: u64| usize::try_from(variable(name, usual)).unwrap();
    // The journal is used only while the store is unreachable; other tests end a process there.
    let points = POINTS.iter().filter(|point| {
        let mut elsewhere = ["journal-", "replay-"].iter();
        !elsewhere.any(|start| point.starts_with(start))
    });
    Crowd {
        lives: size("GAMCTL_LIVES", 10_000),
        of_a_bed: size("GAMCTL_LIVES_OF_A_BED", 100),
        rounds: size("GAMCTL_ROUNDS", 5),
        at_once: size("GAMCTL_AT_ONCE", 3),
        seed: variable("GAMCTL_SEED", 1),
        points: points.map(|point| (*point).to_owned()).collect(),
    }
    .live();
}
