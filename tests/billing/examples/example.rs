//! Reads an example of `plans/billing/`: its story, the earlier runs, and the run that is shown.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gamctl::sync::LaneUse;
use serde::Deserialize;
use toml::{Table, Value};

/// The seconds between two runs, if a run names no other time.
const HOUR: u64 = 60 * 60;

/// The keys of a run that are not about billing or about endpoints that are heard.
const ABOUT_THE_RUN: [&str; 6] = ["after", "inventory", "file", "used", "approve", "forget"];

/// An example as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    /// One sentence without a full stop.
    pub title: String,
    pub why: String,
    /// The classes and rules that it is about.
    pub shows: Vec<String>,
    /// A class that `gamctl sync list` shows as well.
    pub list: Option<String>,
    /// The runs after the ordinary day that are committed and not shown.
    #[serde(default)]
    earlier: Vec<Table>,
    /// The run that is shown.
    #[serde(default)]
    now: Table,
}

/// One run: what is different from the run before it.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub run: StepText,
    /// Laid over the records of billing and the endpoints that are heard; `false` removes one.
    pub day: Table,
}

/// The part of a run that is not carried over to the next one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StepText {
    /// The time since the run before it, as `15 days`.
    after: Option<String>,
    /// A commit of an engineer, laid over the inventory; `false` removes an object.
    pub inventory: Table,
    /// Whole files of the inventory that an engineer wrote.
    pub file: BTreeMap<String, String>,
    /// The changes of the last hour.
    pub used: BTreeMap<String, usize>,
    /// A person approved what is held back.
    pub approve: bool,
    /// The store was lost.
    pub forget: bool,
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/billing")
}

/// Returns the names of all examples.
pub(super) fn names() -> Vec<String> {
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let examples = files.filter(|path| path.extension().is_some_and(|one| one == "toml"));
    let names = examples.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.filter(|name| name != "ordinary-day").collect();
    names.sort();
    names
}

/// Returns billing and the endpoints that are heard, on the day before each example.
pub(super) fn ordinary_day() -> Table {
    parse("ordinary-day")
}

fn parse<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}.toml: {error}"))
}

impl Example {
    pub(super) fn read(name: &str) -> Self {
        parse(name)
    }

    /// Returns the runs after the ordinary day; the last one is shown.
    pub(super) fn steps(&self) -> Vec<Step> {
        let runs = self.earlier.iter().chain([&self.now]);
        runs.map(|run| Step::of(run.clone())).collect()
    }
}

impl Step {
    fn of(mut table: Table) -> Self {
        let about_the_run = ABOUT_THE_RUN.into_iter();
        let run: Table = about_the_run
            .filter_map(|key| Some((key.to_owned(), table.remove(key)?)))
            .collect();
        Self {
            run: run.try_into().unwrap(),
            day: table,
        }
    }

    /// Returns the seconds since the run before it.
    pub(super) fn seconds(&self) -> u64 {
        let Some(after) = &self.run.after else {
            return HOUR;
        };
        let (number, unit) = after.split_once(' ').unwrap();
        let unit = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => HOUR,
            "day" => 24 * HOUR,
            other => panic!("`{other}` is not minutes, hours or days"),
        };
        number.parse::<u64>().unwrap() * unit
    }

    /// Returns the changes of the last hour.
    pub(super) fn used(&self) -> LaneUse {
        let used = &self.run.used;
        let of = |kind: &str| used.get(kind).copied().unwrap_or_default();
        LaneUse {
            additions: of("additions"),
            changes: of("changes"),
            suspensions: of("suspensions"),
            removals: of("removals"),
            moves: of("moves"),
        }
    }
}

/// Lays a table over another one: tables are merged, `false` removes a key.
pub(super) fn lay_over(below: &mut Table, above: &Table) {
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (_, Value::Boolean(false)) => drop(below.remove(key)),
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(below.insert(key.clone(), value.clone())),
        }
    }
}
