//! What holds for the lint: it has nothing against any plan that is made, and something against every line that means something else.

use gamctl::model::ConfigLine;
use gamctl::plan::Step;
use gamctl::plan::lint::lint;

/// Lines as text, so that they can become anything.
type DevicePlan = gamctl::plan::DevicePlan<Step<String>>;
use gamctl::render::render;
use gamctl::simulator::gam::Configuration;
use proptest::prelude::*;

use super::dice::{self, Dice};
use super::planner::case::{self, Case};
use super::planner::device::run;
use super::tried;

fn dressed(case: &Case) -> DevicePlan {
    let mut plan = render(case.plan(&case.observation(&case.configuration))).unwrap();
    let steps = std::mem::take(&mut plan.steps).into_iter();
    let text = |lines: Vec<ConfigLine>| lines.into_iter().map(String::from).collect();
    let steps = steps.map(|step| Step {
        change: step.change,
        lines: text(step.lines),
        inverse: text(step.inverse),
        cannot_undo: step.cannot_undo,
        impact: step.impact,
        effects: step.effects,
        because: step.because,
        subscriber_ids: step.subscriber_ids,
        rolled_back: step.rolled_back,
    });
    plan.with_steps(steps.collect())
}

fn lint_errors(case: &Case, plan: &DevicePlan) -> Vec<String> {
    let observation = case.observation(&case.configuration);
    lint(plan, &observation, &case.request())
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn lines_of(step: &mut Step<String>, is_inverse: bool) -> &mut Vec<String> {
    if is_inverse {
        &mut step.inverse
    } else {
        &mut step.lines
    }
}

/// Returns the line changed by a character, by a word, or into another line of the plan.
fn mutated(dice: &mut Dice, line: &str, others: &[String]) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let at = dice.below(words.len());
    let mut changed: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    match dice.below(7) {
        0 => {
            changed.remove(at);
        }
        1 => changed.swap(at, 0),
        2 => {
            changed[at] = dice
                .pick(&["1", "2", "3", "15", "auto", "none", "vid", "name", "all"])
                .to_string();
        }
        3 => changed.insert(
            at,
            dice.pick(&["tagged", "vid 5", "no", "\"\"", ""])
                .to_string(),
        ),
        4 => return dice.pick(others).clone(),
        5 => {
            let other: Vec<&str> = dice.pick(others).split(' ').collect();
            changed[at] = dice.pick(&other).to_string();
        }
        _ => {
            let mut characters: Vec<char> = line.chars().collect();
            let place = dice.below(characters.len());
            characters[place] =
                *dice.pick(&['0', '1', '9', 'a', '-', ' ', '"', ',', '?', '\n', 'é']);
            return characters.into_iter().collect();
        }
    }
    changed.join(" ")
}

/// Returns the configuration before a step, and after it.
fn around(case: &Case, plan: &DevicePlan, number: usize) -> (Configuration, Configuration) {
    let mut running = case.configuration.clone();
    for step in &plan.steps[..number] {
        run(&step.lines, &mut running, &case.hardware).unwrap();
    }
    let before = running.clone();
    run(&plan.steps[number].lines, &mut running, &case.hardware).unwrap();
    (before, running)
}

proptest! {
    #![proptest_config(tried(300))]

    #[test]
    fn nothing_is_said_against_a_plan_that_is_made(mut dice in dice::dice(2_500)) {
        let case = case::case(&mut dice);
        let plan = dressed(&case);
        prop_assert_eq!(lint_errors(&case, &plan), Vec::<String>::new(), "{:#?}", plan.steps);
    }

    #[test]
    fn a_line_that_means_something_else_is_complained_of(mut dice in dice::dice(2_500)) {
        let case = case::case(&mut dice);
        let good = dressed(&case);
        if good.steps.is_empty() {
            return Ok(());
        }
        let others: Vec<String> = good.steps.iter().flat_map(|step| step.lines.clone()).collect();
        for _ in 0..10 {
            let number = dice.below(good.steps.len());
            let is_inverse = dice.once_in(2) && good.steps[number].cannot_undo.is_none();
            let mut plan = good.clone();
            let lines = lines_of(&mut plan.steps[number], is_inverse);
            let at = dice.below(lines.len());
            let line = mutated(&mut dice, &lines[at], &others);
            if line == lines[at] {
                continue;
            }
            lines[at].clone_from(&line);
            if !lint_errors(&case, &plan).is_empty() {
                continue;
            }
            // It must do the same as the good one, then, on a device that is there.
            let (before, after) = around(&case, &good, number);
            let (mut one, mut other) = if is_inverse { (after.clone(), after) } else { (before.clone(), before) };
            let was = lines_of(&mut good.steps[number].clone(), is_inverse).clone();
            run(&was, &mut one, &case.hardware).unwrap();
            let is = lines_of(&mut plan.steps[number], is_inverse).clone();
            let ran = run(&is, &mut other, &case.hardware);
            prop_assert!(ran.is_ok() && one == other, "{line:?} instead of {was:?}: {ran:?}");
        }
    }
}
