//! Renders changes as the exact lines of a GAM's configuration mode, and as the lines that undo them.
//!
//! No other module writes the device's syntax. `line` builds a line from keywords, numbers and checked texts, so that no
//! value can become a second line, a second word or a key of the command line.

#![deny(clippy::wildcard_enum_match_arm)]

mod command;
mod line;
mod value;

pub use command::lines;

use crate::model::NotALine;
use crate::plan::{DevicePlan, Field, Object, PlannedStep, Step};

/// The reason that a change has no lines: the device has no command for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("no command removes `{field}` of {object}")]
    CannotBeTaken { object: Object, field: Field },
    #[error("`{field}` of {object} cannot be sent: {why}")]
    Text {
        object: Object,
        field: Field,
        why: &'static str,
    },
    #[error("a line for {object} has {length} characters; a device accepts {most}")]
    TooLong {
        object: Object,
        length: usize,
        most: usize,
    },
    #[error("a line for {object} is not a line that gamctl sends: {why}")]
    NotALine { object: Object, why: NotALine },
}

/// A plan with a step that cannot be rendered.
#[derive(Debug)]
pub struct NotRendered {
    pub error: RenderError,
    pub plan: DevicePlan<PlannedStep>,
}

/// Adds the lines of every step, and those that undo it if it can be undone.
///
/// # Errors
///
/// If a step cannot be rendered; then nothing of the plan may be applied.
pub fn render(plan: DevicePlan<PlannedStep>) -> Result<DevicePlan, Box<NotRendered>> {
    let rendered = plan.steps.iter().map(|step| {
        let inverse = match step.cannot_undo {
            Some(_) => Vec::new(),
            None => command::undoing(&step.change)?,
        };
        Ok((lines(&step.change)?, inverse))
    });
    match rendered.collect::<Result<Vec<_>, RenderError>>() {
        Ok(rendered) => Ok(with_lines(plan, rendered)),
        Err(error) => Err(Box::new(NotRendered { error, plan })),
    }
}

impl NotRendered {
    /// Returns the plan without lines, so that it can be shown and refused.
    pub fn without_lines(self) -> DevicePlan {
        with_lines(self.plan, std::iter::repeat_with(Default::default))
    }
}

fn with_lines(
    mut plan: DevicePlan<PlannedStep>,
    rendered: impl IntoIterator<Item = (Vec<crate::model::ConfigLine>, Vec<crate::model::ConfigLine>)>,
) -> DevicePlan {
    let steps = std::mem::take(&mut plan.steps).into_iter();
    let steps: Vec<Step> = steps
        .zip(rendered)
        .map(|(step, (lines, inverse))| step.with_lines(lines, inverse))
        .collect();
    plan.with_steps(steps)
}
