//! From a change to the exact lines of a GAM's configuration mode, and to the lines that undo it.
//!
//! The only place that writes the device's syntax. A line is put together from keywords, numbers and checked texts by
//! `line`, so that no value can become a second line, a second word or a key of the command line.

#![deny(clippy::wildcard_enum_match_arm)]

mod command;
mod line;
mod value;

pub use command::lines;

use crate::plan::{DevicePlan, Field, Object};

/// Why a change has no lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("{object} has no number on the device")]
    NoSlot { object: Object },
    #[error("{object} lacks its `{field}`")]
    Missing { object: Object, field: Field },
    #[error("`{field}` of {object} has a value of another kind")]
    WrongValue { object: Object, field: Field },
    #[error("`{field}` is nothing that {object} has")]
    WrongField { object: Object, field: Field },
    #[error("no command takes `{field}` away from {object}")]
    CannotBeTaken { object: Object, field: Field },
    #[error("{object} is there for good: no command creates or removes it")]
    ForGood { object: Object },
    #[error("`{field}` of {object} cannot be typed: {why}")]
    Text {
        object: Object,
        field: Field,
        why: &'static str,
    },
    #[error("a line for {object} has {length} characters, and a device takes {most}")]
    TooLong {
        object: Object,
        length: usize,
        most: usize,
    },
}

/// Fills in the lines of every step, and those that undo it where it can be undone.
///
/// # Errors
///
/// When a step cannot be said in the device's words; the plan is then as good as none, and is left as it was.
pub fn dress(plan: &mut DevicePlan) -> Result<(), RenderError> {
    let dressed: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let inverse = match step.cannot_undo {
                Some(_) => Vec::new(),
                None => command::undoing(&step.change)?,
            };
            Ok((lines(&step.change)?, inverse))
        })
        .collect::<Result<_, RenderError>>()?;
    for (step, (lines, inverse)) in plan.steps.iter_mut().zip(dressed) {
        step.lines = lines;
        step.inverse = inverse;
    }
    Ok(())
}
