//! Describes the differences of devices and steps for people.

use super::super::super::visible;
use super::super::entry::{Entry, Sign};
use super::super::words;
use crate::model::ConfigLine;
use crate::plan::{
    Absent, DeviceComparison, NumberedStep, Refusal, Step, StepComparison, StepPart, Verb,
};

/// Returns an entry for each refusal that only one of the plans has.
pub(super) fn refusals(under: Option<&str>, now: &[&Refusal], then: &[&Refusal]) -> Vec<Entry> {
    let entry = |how: &str, refusal: &Refusal| Entry {
        under: under.map(str::to_owned),
        sign: Sign::Wrong,
        head: format!("{how}: {}: {}", refusal.rule, visible(&refusal.message)),
        weight: 1,
        ..Entry::default()
    };
    let now = now.iter().map(|refusal| entry("refused now", refusal));
    let then = then
        .iter()
        .map(|refusal| entry("no longer refused", refusal));
    now.chain(then).collect()
}

/// Returns the entries of one device.
pub(super) fn device_entries(device: &DeviceComparison<'_>) -> Vec<Entry> {
    let name = device.device.to_string();
    let remark = |head: String| Entry {
        under: Some(name.clone()),
        sign: Sign::Wrong,
        head,
        weight: 1,
        ..Entry::default()
    };
    let mut entries = Vec::new();
    entries.extend(device.absent.map(|absent| {
        remark(match absent {
            Absent::NotObserved => "could not be observed now, so it has no plan".to_owned(),
            Absent::NotPlanned => "is not in this plan".to_owned(),
        })
    }));
    entries.extend(
        device
            .states
            .map(|(then, now)| remark(format!("state {then} when reviewed, now {now}"))),
    );
    entries.extend(refusals(
        Some(&name),
        &device.refused,
        &device.no_longer_refused,
    ));
    // What would be lost by surprise comes first.
    let is_removal = |step: &&StepComparison<'_>| match step {
        StepComparison::Added(step) => step.step.change.verb() == Verb::Remove,
        StepComparison::Missing(_) | StepComparison::Changed { .. } => false,
    };
    let (removals, others): (Vec<_>, Vec<_>) = device.steps.iter().partition(is_removal);
    let steps = removals.into_iter().chain(others);
    entries.extend(steps.map(|step| Entry {
        under: Some(name.clone()),
        ..step_entry(step)
    }));
    if device.is_reordered {
        entries.push(remark(
            "the steps that both plans have are in another order".to_owned(),
        ));
    }
    entries
}

fn step_entry(step: &StepComparison<'_>) -> Entry {
    let whole = |word: &str, step: &NumberedStep<'_>| Entry {
        sign: sign(step.step.change.verb()),
        head: format!("{word}: {}", headline(step.step)),
        below: words::impact(step.step)
            .into_iter()
            .chain(words::effects(step.step))
            .collect(),
        lines: step.step.lines.iter().map(shown).collect(),
        weight: 1,
        ..Entry::default()
    };
    match step {
        StepComparison::Added(step) => whole("added", step),
        StepComparison::Missing(step) => whole("missing", step),
        StepComparison::Changed { then, now, parts } => Entry {
            sign: sign(now.step.change.verb()),
            head: format!("changed: {}", headline(now.step)),
            below: parts
                .iter()
                .flat_map(|part| part_lines(*part, then.step, now.step))
                .collect(),
            weight: 1,
            ..Entry::default()
        },
    }
}

fn sign(verb: Verb) -> Sign {
    match verb {
        Verb::Create => Sign::Create,
        Verb::Update => Sign::Update,
        Verb::Remove => Sign::Remove,
    }
}

fn headline(step: &Step) -> String {
    let (object, what) = (words::object(step), words::what(&step.change));
    match (step.change.verb(), what.is_empty()) {
        (Verb::Remove, _) | (_, true) => object,
        (Verb::Create | Verb::Update, false) => format!("{object}: {what}"),
    }
}

fn shown(line: &ConfigLine) -> String {
    visible(line.text()).into_owned()
}

/// Returns one part of both steps, the reviewed one first.
fn part_lines(part: StepPart, then: &Step, now: &Step) -> Vec<String> {
    let both = |what: &str, then: String, now: String| {
        vec![
            format!("{what} reviewed: {}", or_none(then)),
            format!("{what} now: {}", or_none(now)),
        ]
    };
    match part {
        StepPart::Change => vec![format!("reviewed: {}", headline(then))],
        StepPart::Lines => only_different("line", &then.lines, &now.lines),
        StepPart::Undo if then.inverse == now.inverse => both(
            "cannot be undone:",
            words::cannot_undo(then).unwrap_or_default(),
            words::cannot_undo(now).unwrap_or_default(),
        ),
        StepPart::Undo => only_different("undo line", &then.inverse, &now.inverse),
        StepPart::Effect => {
            let effect = |step: &Step| {
                let effects = words::impact(step).into_iter().chain(words::effects(step));
                effects.collect::<Vec<_>>().join("; ")
            };
            both("effect", effect(then), effect(now))
        }
        StepPart::Rollback => vec![
            words::rolled_back(now).unwrap_or_else(|| "no longer undoes a rollback".to_owned()),
        ],
    }
}

fn or_none(text: String) -> String {
    match text.is_empty() {
        true => "none".to_owned(),
        false => text,
    }
}

/// Returns the lines that only one of the steps has; all of them if only their order differs.
fn only_different(what: &str, then: &[ConfigLine], now: &[ConfigLine]) -> Vec<String> {
    let only = |these: &[ConfigLine], others: &[ConfigLine]| -> Vec<String> {
        let these = these.iter().filter(|line| !others.contains(line));
        these.map(shown).collect()
    };
    let all = |lines: &[ConfigLine]| lines.iter().map(shown).collect();
    let (mut before, mut after) = (only(then, now), only(now, then));
    if before.is_empty() && after.is_empty() {
        (before, after) = (all(then), all(now));
    }
    let reviewed = before
        .into_iter()
        .map(|line| format!("{what} reviewed: {line}"));
    let now = after.into_iter().map(|line| format!("{what} now: {line}"));
    reviewed.chain(now).collect()
}
