//! Judges the walk along a plan and the way back: the picture after each step, and that planning back leads to where it began.

use std::rc::Rc;

use gamctl::model::Observation;
use gamctl::plan::{DevicePlan, after, plan_rollback};
use gamctl::render::render;
use gamctl::simulator::gam::Configuration;

use super::case::Case;
use super::device::observed;
use super::judge::{difference, text_of};
use super::odd;
use super::runs::Runs;

/// Checks that the walk tells what the twin is after each step.
pub(super) fn walked(plan: &DevicePlan, states: &[Rc<Configuration>]) -> Result<(), String> {
    let start = observed(&states[0]);
    for (at, state) in states.iter().enumerate() {
        let (walked, has) = (after(&start, plan.changes().take(at)), observed(state));
        if walked != has {
            return Err(format!(
                "the walk is elsewhere after step {at}: {}",
                difference(&walked, &has)
            ));
        }
    }
    Ok(())
}

/// Checks what is ours once all of it was carried out: what was intended or ours before, and with it nothing is left to do.
pub(super) fn kept(case: &Case, seen: &Observation) -> Result<(), String> {
    let before = case.ledger.clone().unwrap_or_default();
    let ledger = before.verified_by(&case.intended, seen);
    let profiles = ledger.verified.profiles.keys();
    let strange = profiles
        .filter(|name| !case.intended.profiles.contains_key(*name) && !before.owns_profile(name));
    let endpoints = ledger.verified.endpoints.keys();
    let strange_too = endpoints
        .filter(|mac| !case.intended.endpoints.contains_key(*mac) && !before.owns_endpoint(**mac));
    let subscribers = ledger.verified.subscribers.keys();
    let strangers = subscribers.filter(|name| {
        !case.intended.subscribers.contains_key(*name) && !before.owns_subscriber(name)
    });
    if strange.count() + strange_too.count() + strangers.count() > 0 {
        return Err(format!("what nobody meant is ours: {ledger:?}"));
    }
    let request = gamctl::plan::Request {
        ledger: Some(&ledger),
        ..case.request()
    };
    let again = render(gamctl::plan::plan(&request, seen))
        .map_err(|failed| format!("no lines: {}", failed.error))?;
    match again.steps.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "with what is ours then, something is left to do:\n{}",
            text_of(&again)
        )),
    }
}

/// Checks that planning back from there leads to the beginning, each object under its number.
pub(super) fn back_from(
    case: &Case,
    plan: &DevicePlan,
    states: &[Rc<Configuration>],
    looks: &[Observation],
    at: usize,
    runs: &mut Runs<'_>,
) -> Result<(), String> {
    let (start, now) = (&*states[0], &looks[at]);
    let rollback = plan_rollback(&case.request(), &looks[0].config, now, &plan.steps);
    let back = render(rollback.plan.clone())
        .map_err(|failed| format!("back from step {at}: no lines: {}", failed.error))?;
    let broken = |wrong: String| format!("back from step {at}: {wrong}\n{}", text_of(&back));
    let lint_errors = rollback.lint(&back, &case.request(), now);
    if !lint_errors.is_empty() {
        return Err(broken(format!("{lint_errors:?}")));
    }
    if let Some(refusal) = back.refusals.first() {
        return Err(broken(format!("refused: {}", refusal.message)));
    }
    let lines = back.steps.iter().map(|step| &step.lines);
    let running = runs.all(&states[at], lines).map_err(broken)?;
    if !case.blinds.is_empty() && !back.notes.is_empty() {
        return Ok(());
    }
    let mut running = Rc::unwrap_or_clone(running);
    // A port's first name stays (docs/gam.md).
    for (number, port) in &mut running.ports {
        if start.ports[number].name.is_empty() {
            port.name = "".into();
        }
    }
    let mut start = start.clone();
    odd::forget(&back, [&mut running, &mut start]);
    if running == start {
        return Ok(());
    }
    Err(broken(difference(&observed(&running), &observed(&start))))
}
