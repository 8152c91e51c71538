//! Publishes the differences between two plans as a JSON document.

use serde::Serialize;

use super::super::words;
use super::ComparisonReport;
use crate::model::ConfigLine;
use crate::plan::{
    Absent, DeviceComparison, NumberedStep, Refusal, Step, StepComparison, StepPart, Verb,
};

/// A comparison as programs read it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ComparisonDocument {
    /// One sentence.
    verdict: String,
    /// The exit code of `gamctl plan --compare`.
    exit: u8,
    /// Both plans do the same.
    is_identical: bool,
    /// The id of the reviewed plan.
    reviewed_plan_id: String,
    /// The commit of the reviewed plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewed_commit: Option<String>,
    /// The commit of the present plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// Steps that only the present plan has.
    added: usize,
    /// Steps that only the reviewed plan has.
    missing: usize,
    changed: usize,
    /// Reasons to apply nothing that only the present plan has.
    refused: Vec<String>,
    /// Reasons to apply nothing that only the reviewed plan has.
    no_longer_refused: Vec<String>,
    /// The devices that differ, by name.
    devices: Vec<DeviceDocument>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DeviceDocument {
    device: String,
    /// The reason that the present plan has nothing for the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<AbsentWord>,
    /// The state in the reviewed plan, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewed_state: Option<String>,
    /// The state in the present plan, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    refused: Vec<String>,
    no_longer_refused: Vec<String>,
    /// The steps that both plans have are in another order.
    is_reordered: bool,
    steps: Vec<StepDocument>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum AbsentWord {
    NotObserved,
    NotPlanned,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StepDocument {
    difference: DifferenceWord,
    /// Such as `subscriber apt-1 (3)`.
    object: String,
    /// The parts that differ, of a changed step.
    parts: Vec<PartWord>,
    /// The step in the reviewed plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewed: Option<StepSide>,
    /// The step in the present plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<StepSide>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum DifferenceWord {
    Added,
    Missing,
    Changed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum PartWord {
    Change,
    Lines,
    Undo,
    Effect,
    Rollback,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StepSide {
    /// Its number in the device's plan, from 1.
    step: usize,
    verb: StepVerb,
    /// Such as `VLAN 101 → 105`.
    what: String,
    lines: Vec<String>,
    undo: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum StepVerb {
    Create,
    Update,
    Remove,
}

impl ComparisonDocument {
    pub(super) fn of(report: &ComparisonReport<'_>) -> Self {
        let comparison = &report.comparison;
        let [added, missing, changed] = comparison.counts();
        Self {
            verdict: report.verdict(),
            exit: report.exit().code(),
            is_identical: comparison.is_identical(),
            reviewed_plan_id: report.reviewed_id.to_owned(),
            reviewed_commit: report.reviewed.inventory.commit.clone(),
            commit: report.now.inventory.commit.clone(),
            added,
            missing,
            changed,
            refused: messages(&comparison.refused),
            no_longer_refused: messages(&comparison.no_longer_refused),
            devices: comparison.devices.iter().map(device_document).collect(),
        }
    }
}

fn messages(refusals: &[&Refusal]) -> Vec<String> {
    let refusals = refusals.iter();
    refusals
        .map(|refusal| format!("{}: {}", refusal.rule, refusal.message))
        .collect()
}

fn device_document(device: &DeviceComparison<'_>) -> DeviceDocument {
    DeviceDocument {
        device: device.device.to_string(),
        absent: device.absent.map(|absent| match absent {
            Absent::NotObserved => AbsentWord::NotObserved,
            Absent::NotPlanned => AbsentWord::NotPlanned,
        }),
        reviewed_state: device.states.map(|(then, _)| then.to_string()),
        state: device.states.map(|(_, now)| now.to_string()),
        refused: messages(&device.refused),
        no_longer_refused: messages(&device.no_longer_refused),
        is_reordered: device.is_reordered,
        steps: device.steps.iter().map(step_document).collect(),
    }
}

fn step_document(step: &StepComparison<'_>) -> StepDocument {
    let of = |difference,
              object: &Step,
              then: Option<&NumberedStep<'_>>,
              now: Option<&NumberedStep<'_>>,
              parts| {
        StepDocument {
            difference,
            object: words::object(object),
            parts,
            reviewed: then.map(side),
            now: now.map(side),
        }
    };
    match step {
        StepComparison::Added(now) => {
            of(DifferenceWord::Added, now.step, None, Some(now), Vec::new())
        }
        StepComparison::Missing(then) => of(
            DifferenceWord::Missing,
            then.step,
            Some(then),
            None,
            Vec::new(),
        ),
        StepComparison::Changed { then, now, parts } => {
            let parts = parts.iter().map(|part| match part {
                StepPart::Change => PartWord::Change,
                StepPart::Lines => PartWord::Lines,
                StepPart::Undo => PartWord::Undo,
                StepPart::Effect => PartWord::Effect,
                StepPart::Rollback => PartWord::Rollback,
            });
            let parts = parts.collect();
            of(
                DifferenceWord::Changed,
                now.step,
                Some(then),
                Some(now),
                parts,
            )
        }
    }
}

fn side(numbered: &NumberedStep<'_>) -> StepSide {
    let step = numbered.step;
    let texts = |lines: &[ConfigLine]| lines.iter().map(ToString::to_string).collect();
    StepSide {
        step: numbered.number,
        verb: match step.change.verb() {
            Verb::Create => StepVerb::Create,
            Verb::Update => StepVerb::Update,
            Verb::Remove => StepVerb::Remove,
        },
        what: words::what(&step.change),
        lines: texts(&step.lines),
        undo: texts(&step.inverse),
    }
}
