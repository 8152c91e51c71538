//! A configuration from its text: what `startup-config` is read back with, and how a twin is made from a real box's dump.

use super::mode::{Mode, Step};
use crate::simulator::gam::{Configuration, Hardware, apply};
use crate::simulator::grammar::SyntaxError;

/// One line that the device would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}: {text}")]
pub struct RejectedLine {
    /// Counted from 1.
    pub line: usize,
    pub text: String,
    pub reason: String,
}

/// Longest text taken as a configuration: many times what a full device prints.
pub const LONGEST_CONFIGURATION: usize = 4 * 1024 * 1024;

/// Returns the configuration a box as delivered has after these lines, or every line it would not take.
pub fn load(text: &str, hardware: &Hardware) -> Result<Configuration, Vec<RejectedLine>> {
    let mut configuration = Configuration::factory(hardware);
    let rejected = merge(text, &mut configuration, hardware);
    if rejected.is_empty() {
        Ok(configuration)
    } else {
        Err(rejected)
    }
}

/// Runs the lines on top of a configuration; what is not taken is left out and told.
pub fn merge(
    text: &str,
    configuration: &mut Configuration,
    hardware: &Hardware,
) -> Vec<RejectedLine> {
    let mut mode = Mode::Configuration;
    let mut rejected = Vec::new();
    if text.len() > LONGEST_CONFIGURATION {
        rejected.push(RejectedLine {
            line: 0,
            text: String::new(),
            reason: format!("a configuration has at most {LONGEST_CONFIGURATION} bytes"),
        });
        return rejected;
    }
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if is_frame(line) {
            // `!` ends a section of a running-config.
            mode = Mode::Configuration;
            continue;
        }
        if let Err(reason) = take(line, &mut mode, configuration, hardware) {
            rejected.push(RejectedLine {
                line: index + 1,
                text: line.to_owned(),
                reason,
            });
        }
    }
    rejected
}

/// Returns whether a line is not a command: blank, a comment, the end, or what a session prints around the text.
fn is_frame(line: &str) -> bool {
    line.is_empty() || line.starts_with('!') || line == "end" || line == "Building configuration..."
}

fn take(
    line: &str,
    mode: &mut Mode,
    configuration: &mut Configuration,
    hardware: &Hardware,
) -> Result<(), String> {
    let parsed = mode.grammar().parse(line).map_err(|error| match error {
        SyntaxError::Invalid { column } => format!("invalid word at column {}", column + 1),
        SyntaxError::Ambiguous { column } => format!("ambiguous word at column {}", column + 1),
        SyntaxError::Incomplete => "incomplete".to_owned(),
    })?;
    let (next, step) = mode
        .step(parsed.id, &parsed.arguments, hardware)
        .map_err(|refusal| refusal.to_string())?;
    *mode = next;
    match step {
        Step::Edits(edits) => edits.iter().try_for_each(|edit| {
            apply(configuration, hardware, edit).map_err(|refusal| refusal.to_string())
        }),
        Step::Move => Ok(()),
        Step::Do(_) => Err("a configuration does not run EXEC commands".to_owned()),
    }
}
