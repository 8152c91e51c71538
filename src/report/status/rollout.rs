//! Renders rollouts: a list of them, and the steps of one.

use serde::Serialize;
use uuid::Uuid;

use crate::report::document::time;
use crate::report::{Align, Paint, Table, counted, moment, short_id, visible};

/// A rollout.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RolloutLine {
    pub id: Uuid,
    pub plan: String,
    pub commit: String,
    /// `commit` or `drift`.
    pub kind: &'static str,
    /// Such as `waiting-for-approval` or `gate`.
    pub state: &'static str,
    /// Why it is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The wave that is due or in progress, from 1.
    pub wave: usize,
    /// The number of devices of each wave.
    pub waves: Vec<usize>,
    pub steps: u64,
    /// The number of persons that must approve.
    pub approvals: u32,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub began: u64,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub since: u64,
}

/// A change of a rollout's state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RolloutStepLine {
    pub number: u64,
    pub state: &'static str,
    pub who: String,
    pub wave: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
}

impl RolloutLine {
    /// Returns one sentence on the rollout.
    pub(super) fn summary(&self) -> String {
        let devices: usize = self.waves.iter().sum();
        let because = self.because.as_deref().map(visible);
        let because = because.map_or_else(String::new, |because| format!(": {because}"));
        let id = short_id(self.id);
        let of = format!(
            "{} on {}",
            counted(usize::try_from(self.steps).unwrap_or(usize::MAX), "step"),
            counted(devices, "device")
        );
        match self.state {
            "waiting-for-approval" => {
                format!("{id}, {of}, waits for approval{because}; `gamctl approve` shows it")
            }
            state => format!(
                "{id}, {of}, wave {} of {}, {state}{because}",
                self.wave.min(self.waves.len()),
                self.waves.len()
            ),
        }
    }
}

/// Renders rollouts as a table, newest first.
pub fn rollout_list(rollouts: &[RolloutLine], paint: Paint) -> String {
    let columns = ["ROLLOUT", "BEGAN", "COMMIT", "WAVE", "DEVICES", "STATE"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for rollout in rollouts {
        let devices: usize = rollout.waves.iter().sum();
        table.push([
            short_id(rollout.id),
            moment(rollout.began),
            rollout
                .commit
                .get(..12)
                .unwrap_or(&rollout.commit)
                .to_owned(),
            format!(
                "{} of {}",
                rollout.wave.min(rollout.waves.len()),
                rollout.waves.len()
            ),
            devices.to_string(),
            rollout.state.to_owned(),
        ]);
    }
    table.render(paint)
}

/// Renders a rollout with each change of its state.
pub fn rollout_steps(rollout: &RolloutLine, steps: &[RolloutStepLine], paint: Paint) -> String {
    let mut text = format!("{}\n\n", rollout.summary());
    let columns = ["AT", "STATE", "WAVE", "BY", "BECAUSE"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for step in steps {
        let because = step
            .because
            .as_deref()
            .map(|because| visible(because).into_owned());
        table.push([
            moment(step.at),
            step.state.to_owned(),
            step.wave.to_string(),
            visible(&step.who).into_owned(),
            because.unwrap_or_default(),
        ]);
    }
    text.push_str(&table.render(paint));
    text
}
