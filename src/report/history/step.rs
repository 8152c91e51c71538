//! Renders a step: the change, its impact on subscribers, the reasons and the lines sent.

use super::super::fold::fold;
use super::super::plan::{Reasons, effects, impact, object, what};
use super::super::{Paint, visible};
use crate::apply::Exchange;
use crate::plan::{Step, Verb};

/// A step, with the lines sent for it if they are shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct SentStep<'a> {
    pub step: &'a Step,
    /// Empty: no line is known to have been sent.
    pub exchanges: &'a [Exchange],
    pub with_lines: bool,
}

/// Renders a step as lines with their newlines.
pub(in crate::report) fn sent_step(
    typed: SentStep<'_>,
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
    let mut head = format!("{sign} {}", object(typed.step));
    let what = what(change);
    if !what.is_empty() {
        head.push_str(&format!(": {what}"));
    }
    for impact in impact(typed.step).into_iter().chain(effects(typed.step)) {
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

/// Renders lines that were sent, each with the device's reply.
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
