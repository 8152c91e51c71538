//! Renders a plan as Markdown within a byte limit, with a prominent notice if it was truncated.

use super::super::counted;
use super::document::{Document, Section};
use super::entry::Entry;

/// Bytes reserved for the notice that something was left out.
const RESERVE: usize = 600;

pub(super) fn render(document: &Document, max_bytes: usize) -> String {
    let room = max_bytes.saturating_sub(RESERVE);
    let mut text = format!("**{}**\n", escaped(&document.verdict));
    for premise in &document.premises {
        text.push_str(&format!("\n{}\n", escaped(premise)));
    }
    let mut left_out: Vec<String> = Vec::new();
    let mut missing = 0;
    for section in &document.sections {
        let (part, left) = part(section, room.saturating_sub(text.len()));
        text.push_str(&part);
        if left > 0 {
            left_out.push(counted(left, section.noun));
            // What is vital has no limit of its own on a terminal either.
            missing += if section.most.is_none() { left } else { 0 };
        }
    }
    if missing > 0 {
        let warning = format!(
            "> **WARNING: {} of what is removed or disconnected, or wrong, did not fit into {max_bytes} bytes and is \
             NOT shown here. Do not judge this change by this text: run `gamctl plan` and read all of it.**\n\n",
            counted(missing, "entry").replace("entrys", "entries")
        );
        text.insert_str(0, &warning);
    }
    if !left_out.is_empty() {
        text.push_str(&format!(
            "\n_Left out to stay within {max_bytes} bytes: {}. `gamctl plan` shows all._\n",
            left_out.join(", ")
        ));
    }
    text
}

/// Returns as much of a section as fits, and how many objects of it do not.
fn part(section: &Section, room: usize) -> (String, usize) {
    let mut text = format!("\n### {}\n", section.title);
    let mut under = None;
    let mut left = 0;
    for entry in &section.entries {
        let mut item = String::new();
        if entry.under != under {
            let device = entry.under.as_deref().unwrap_or("everywhere");
            item.push_str(&format!("\n**{}**\n\n", escaped(device)));
        } else if under.is_none() && text.ends_with(&format!("### {}\n", section.title)) {
            item.push('\n');
        }
        item.push_str(&bullet(entry));
        // Once something did not fit, nothing after it is told: what is told is the beginning, without holes.
        if left > 0 || text.len() + item.len() > room {
            left += entry.weight;
            continue;
        }
        under.clone_from(&entry.under);
        text.push_str(&item);
    }
    if left > 0
        && left
            == section
                .entries
                .iter()
                .map(|entry| entry.weight)
                .sum::<usize>()
    {
        return (String::new(), left);
    }
    (text, left)
}

fn bullet(entry: &Entry) -> String {
    let mut text = format!("- {}{}\n", code_sign(entry), escaped(&entry.head));
    for below in &entry.below {
        text.push_str(&format!("  - {}\n", escaped(below)));
    }
    if !entry.lines.is_empty() {
        text.push_str("  ```\n");
        for line in &entry.lines {
            text.push_str(&format!("  {line}\n"));
        }
        for line in &entry.undo {
            text.push_str(&format!("  undo: {line}\n"));
        }
        text.push_str("  ```\n");
    }
    if let Some(remark) = &entry.remark {
        text.push_str(&format!("  - {}\n", escaped(remark)));
    }
    text
}

/// The sign as code: a bare `-` or `+` would begin another list.
fn code_sign(entry: &Entry) -> String {
    match entry.sign.mark().trim_end() {
        "" => String::new(),
        mark => format!("`{mark}` "),
    }
}

/// Returns a text that Markdown shows as it is: names from devices must not become links, images or headings.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&' | '@' => {
                shown.push('\\');
                shown.push(character);
            }
            _ => shown.push(character),
        }
    }
    shown
}
