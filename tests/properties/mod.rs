//! Properties of the whole library: what holds for any text, any inventory and any way of writing one.

mod bytes;
mod cache;
#[allow(
    dead_code,
    reason = "the planner's bench shares it, and uses what the tests do not"
)]
mod dice;
mod edit;
mod fault;
mod fault_table;
mod generate;
mod layout;
mod linting;
mod model;
#[allow(
    dead_code,
    reason = "the planner's bench shares it, and uses what the tests do not"
)]
pub(crate) mod planner;
mod planning;
mod secret;
mod spec;
mod valid;
mod virtuoso;
mod write;

use gamctl::inventory::source::Limits;
use gamctl::inventory::{Reading, read_texts, resolve};
use gamctl::model::Observation;
use gamctl::report::{FindingFormat, FindingReport, Paint, Summary};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use spec::Spec;
use write::Texts;

/// Returns the settings of a property that is tried `cases` times, or as often as `PROPTEST_CASES` says.
pub(crate) fn tried(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        // The same cases for everybody, so that a change that fails is at fault; `PROPTEST_RNG_SEED` asks for others.
        rng_seed: RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    }
}

/// What looks at one device find, again and again: what changed in between is anything from nothing to everything.
pub(crate) fn looks(at_most: usize) -> impl Strategy<Value = Vec<Observation>> {
    let each = dice::dice(400).prop_map(|mut dice| {
        let case = planner::case::case(&mut dice);
        let mut look = case.observation(&case.configuration);
        // Half of the looks find little of what there is, so that texts of all lengths follow each other.
        if dice.once_in(2) {
            look.config.subscribers.clear();
        }
        (look, dice.below(4))
    });
    prop::collection::vec(each, 1..=at_most).prop_map(|each| {
        let mut looks: Vec<Observation> = Vec::new();
        for (fresh, choice) in each {
            let mut look = match (choice, looks.last()) {
                (0, _) | (_, None) => fresh,
                (1, Some(last)) => last.clone(),
                (2, Some(_)) => looks[looks.len() / 2].clone(),
                (_, Some(last)) => {
                    let mut look = last.clone();
                    let some = look.config.subscribers.keys().next().cloned();
                    if let Some(name) = some {
                        look.config.subscribers.remove(&name);
                    }
                    look.config.endpoints = fresh.config.endpoints;
                    look
                }
            };
            look.taken_at = u64::try_from(looks.len()).unwrap();
            looks.push(look);
        }
        looks
    })
}

/// A valid inventory: at least a coax and a copper device with subscribers.
fn valid_inventory() -> impl Strategy<Value = Spec> {
    dice::dice(900).prop_map(|mut dice| generate::generate(&mut dice))
}

fn reading_of(texts: &Texts) -> Reading {
    read_texts(texts, &Limits::default())
}

/// Returns every device's name, state and configuration as one JSON text.
fn resolved(reading: &Reading) -> String {
    let lines = resolve(&reading.inventory).into_iter().map(|device| {
        let config = serde_json::to_string(&device.config).unwrap();
        format!("{} {} {config}\n", device.name, device.state)
    });
    lines.collect()
}

/// Returns findings as a person would list them.
fn listed(reading: &Reading) -> String {
    let lines = reading.findings.iter().map(|finding| {
        let (place, rule, message) = (&finding.place, finding.rule.id, &finding.message);
        format!("{place}: {rule}: {message}\n")
    });
    lines.collect()
}

/// Returns a report on the findings.
fn rendered(reading: &Reading, format: FindingFormat) -> String {
    let report = FindingReport {
        web: gamctl::report::Web::default(),
        findings: &reading.findings,
        summary: Summary::default(),
        text_of: &|path| reading.inventory.text_of(path),
        path_prefix: "",
    };
    report.render(format, Paint::Plain, 100)
}

/// Returns every file with its name above it.
fn shown(texts: &Texts) -> String {
    let files = texts
        .iter()
        .map(|(path, text)| format!("--- {path}\n{text}\n"));
    files.collect()
}
