//! Loads a configuration from its text: the startup-config, or the dump of a real device.

use super::mode::{Mode, Step};
use crate::simulator::gam::{Configuration, Hardware, Refusal, apply};
use crate::simulator::grammar::SyntaxError;

/// A line that the device would refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}: {text}")]
pub struct RejectedLine {
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    pub reason: String,
    /// The line is about a feature that a twin does not have, such as the spanning tree.
    pub is_foreign: bool,
}

/// The longest text accepted as a configuration: many times the output of a full device.
pub const LONGEST_CONFIGURATION: usize = 4 * 1024 * 1024;

/// Returns the configuration of a factory-fresh device after these lines, or every line it would refuse.
pub fn load(text: &str, hardware: &Hardware) -> Result<Configuration, Vec<RejectedLine>> {
    let mut configuration = Configuration::factory(hardware);
    let rejected = merge(text, &mut configuration, hardware);
    if rejected.is_empty() {
        Ok(configuration)
    } else {
        Err(rejected)
    }
}

/// Loads the dump of a real device as [`load`] does; lines about features that a twin lacks are left out and reported.
pub fn load_foreign(
    text: &str,
    hardware: &Hardware,
) -> Result<(Configuration, Vec<RejectedLine>), Vec<RejectedLine>> {
    let mut configuration = Configuration::factory(hardware);
    let rejected = run(text, &mut configuration, hardware, true);
    let (foreign, wrong): (Vec<_>, Vec<_>) = rejected.into_iter().partition(|line| line.is_foreign);
    if wrong.is_empty() {
        Ok((configuration, foreign))
    } else {
        Err(wrong)
    }
}

/// Runs the lines on top of a configuration; refused lines are left out and reported.
pub fn merge(
    text: &str,
    configuration: &mut Configuration,
    hardware: &Hardware,
) -> Vec<RejectedLine> {
    run(text, configuration, hardware, false)
}

fn run(
    text: &str,
    configuration: &mut Configuration,
    hardware: &Hardware,
    knows_foreign: bool,
) -> Vec<RejectedLine> {
    let mut mode = Mode::Configuration;
    let mut rejected = Vec::new();
    if text.len() > LONGEST_CONFIGURATION {
        rejected.push(RejectedLine {
            line: 0,
            text: String::new(),
            reason: format!("a configuration has at most {LONGEST_CONFIGURATION} bytes"),
            is_foreign: false,
        });
        return rejected;
    }
    // Whether indented lines belong to a section that the twin does not have.
    let mut is_in_foreign = false;
    for (index, line) in text.lines().enumerate() {
        let is_indented = line.starts_with(' ');
        let line = line.trim();
        is_in_foreign &= is_indented;
        if is_frame(line) {
            // `!` ends a section of a running-config.
            mode = Mode::Configuration;
            continue;
        }
        let taken = if is_in_foreign {
            Err((true, "in a section that is left out".to_owned()))
        } else {
            take(line, &mut mode, configuration, hardware)
        };
        let Err((is_unknown, reason)) = taken else {
            continue;
        };
        let is_foreign = knows_foreign && is_unknown && (is_in_foreign || !is_ours(line));
        if is_foreign && !is_indented {
            mode = Mode::Configuration;
            is_in_foreign = true;
        }
        rejected.push(RejectedLine {
            line: index + 1,
            text: line.to_owned(),
            reason,
            is_foreign,
        });
    }
    rejected
}

/// Returns whether a line is about a feature that twins simulate: leaving it out would change the meaning of the text.
fn is_ours(line: &str) -> bool {
    let line = line.strip_prefix("no ").unwrap_or(line);
    ["ghn ", "hostname ", "switchport "]
        .iter()
        .any(|word| line.starts_with(word))
}

/// Returns whether a line is not a command: blank, a comment, the end, or output of a session around the text.
fn is_frame(line: &str) -> bool {
    line.is_empty() || line.starts_with('!') || line == "end" || line == "Building configuration..."
}

/// Runs one line. The error has the reason, and whether the line was not understood.
fn take(
    line: &str,
    mode: &mut Mode,
    configuration: &mut Configuration,
    hardware: &Hardware,
) -> Result<(), (bool, String)> {
    let parsed = mode.grammar().parse(line).map_err(|error| {
        let reason = match error {
            SyntaxError::Invalid { column } => format!("invalid word at column {}", column + 1),
            SyntaxError::Ambiguous { column } => format!("ambiguous word at column {}", column + 1),
            SyntaxError::Incomplete => "incomplete".to_owned(),
        };
        (true, reason)
    })?;
    let (next, step) = mode
        .step(parsed.id, &parsed.arguments, hardware)
        .map_err(refused)?;
    *mode = next;
    match step {
        Step::Edits(edits) => edits
            .iter()
            .try_for_each(|edit| apply(configuration, hardware, edit).map_err(refused)),
        Step::Move => Ok(()),
        Step::Do(_) => Err((
            false,
            "a configuration does not run EXEC commands".to_owned(),
        )),
    }
}

fn refused(refusal: Refusal) -> (bool, String) {
    (false, refusal.to_string())
}
