//! A step for people: what changed, what it did to subscribers, why, and what was typed for it.

use super::super::fold::fold;
use super::super::plan::{Reasons, impact, object, what};
use super::super::{Paint, visible};
use crate::apply::Exchange;
use crate::plan::{Step, Verb};

/// A step, with what was typed for it where that is to be told.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct TypedStep<'a> {
    pub step: &'a Step,
    /// Left out: nothing is known to have been typed.
    pub exchanges: &'a [Exchange],
    pub with_lines: bool,
}

/// Returns a step as lines with their newlines.
pub(in crate::report) fn typed_step(
    typed: TypedStep<'_>,
    indent: usize,
    paint: Paint,
    width: usize,
) -> String {
    let change = &typed.step.change;
    let sign = match change.verb() {
        Verb::Create => "+",
        Verb::Update => "~",
        Verb::Remove => "-",
    };
    let mut head = format!("{sign} {}", object(change));
    let what = what(change);
    if !what.is_empty() {
        head.push_str(&format!(": {what}"));
    }
    if let Some(impact) = impact(typed.step) {
        head.push_str(&format!("; {impact}"));
    }
    let mut text = fold(&head, indent, indent + 4, width).join("\n");
    text.push('\n');
    for reason in Reasons::alone(typed.step) {
        let lines = fold(&format!("because: {reason}"), indent + 4, indent + 6, width);
        text.push_str(&paint.dim(&lines.join("\n")));
        text.push('\n');
    }
    if typed.with_lines {
        text.push_str(&exchanges(typed.exchanges, indent + 4));
    }
    text
}

/// Returns lines that were typed, each with what the device said to it.
pub(in crate::report) fn exchanges(exchanges: &[Exchange], indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut text = String::new();
    for Exchange {
        line,
        reply,
        millis: _,
    } in exchanges
    {
        text.push_str(&format!("{margin}> {}\n", visible(line)));
        for line in reply {
            text.push_str(&format!("{margin}  {}\n", visible(line)));
        }
    }
    text
}
