//! Renders the condition of devices: one with all that is known, several as a table.

use super::DeviceStatusLine;
use crate::report::fold::fact;
use crate::report::{Align, Paint, Table, moment, visible};

/// Renders one device: its condition, what happens next, and what the last look found.
pub fn device_status(line: &DeviceStatusLine, paint: Paint, width: usize) -> String {
    let condition = &line.condition;
    let mut text = format!("{}: {}\n", line.device, paint.bold(condition.word));
    text.push_str(&fact("State", &condition.sentence, width));
    text.push_str(&fact("Next", &condition.next, width));
    if let Some(since) = condition.since {
        text.push_str(&fact("Since", &moment(since), width));
    }
    for detail in &condition.details {
        text.push_str(&fact("", &visible(detail), width));
    }
    let looked = match line.looked {
        Some(at) => moment(at),
        None => "never".to_owned(),
    };
    text.push_str(&fact("Looked at", &looked, width));
    if let (Some(up), Some(lines)) = (line.lines_up, line.lines) {
        text.push_str(&fact("Lines", &format!("{up} of {lines} up"), width));
    }
    if let Some(alarms) = line.alarms {
        text.push_str(&fact("Alarms", &alarms.to_string(), width));
    }
    text
}

/// Renders devices as a table.
pub fn device_statuses(lines: &[DeviceStatusLine], paint: Paint) -> String {
    let columns = ["DEVICE", "SITE", "CONDITION", "STATE"];
    let mut table = Table::new(columns.map(|heading| (heading, Align::Left)));
    for line in lines {
        table.push([
            line.device.to_string(),
            line.site
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            line.condition.word.to_owned(),
            line.condition.sentence.clone(),
        ]);
    }
    table.render(paint)
}
