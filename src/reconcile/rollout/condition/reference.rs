//! Renders the reference of every condition as Markdown.

use std::fmt::Write;

use super::decide::condition;
use super::example::{NOW, add, looked_at, variants};
use super::facts::ConditionFacts;
use super::meaning::{ConditionMeaning, MEANINGS};
use crate::model::DeviceName;

/// Returns the reference of every condition, for `docs/conditions.md`. Its examples are about `device`.
pub fn condition_reference(device: &DeviceName) -> String {
    let mut text = String::from(
        "# Conditions\n\n\
         The condition of a device is the answer to *why is this not applied?*: one word, one sentence with the facts, and the\n\
         next step. `gamctl status`, the pages and the API show the same. Of the words that apply to a device, the first of this\n\
         table is its condition; the others are in its evidence. A device is `converged` only if a look read every managed\n\
         part of it and nothing differs.\n\n\
         This page is generated from the code; each example is what gamctl prints for its facts. All times are UTC.\n\n\
         | condition | | a person must act | meaning |\n| --- | --- | --- | --- |\n",
    );
    for meaning in MEANINGS {
        let ConditionMeaning { word, summary, .. } = meaning;
        let severity = word.severity();
        let person = if word.needs_person() { "yes" } else { "" };
        let _ = writeln!(
            text,
            "| [{word}](#{word}) | {severity} | {person} | {summary} |"
        );
    }
    text.push_str(
        "\nThe second column is the order of lists, most urgent first: `fault`, `blocked`, `decision`, `notice`, `progress`,\n\
         `quiet`.\n",
    );
    for meaning in MEANINGS {
        section(&mut text, meaning, device);
    }
    text
}

fn section(text: &mut String, meaning: &ConditionMeaning, device: &DeviceName) {
    let ConditionMeaning {
        word,
        summary: _,
        means,
        automatic,
        person,
    } = meaning;
    let _ = write!(
        text,
        "\n## {word}\n\n{means}\n\n\
         - **Automatically**: {automatic}\n\
         - **A person**: {person}\n"
    );
    let mut first = looked_at(device.clone());
    add(*word, &mut first);
    example(text, "Example", &first);
    for (case, facts) in variants(*word, device) {
        example(text, case, &facts);
    }
}

/// Adds what gamctl prints for facts. A fence keeps the backticks of commands.
fn example(text: &mut String, case: &str, facts: &ConditionFacts) {
    let shown = condition(facts, NOW);
    let _ = write!(
        text,
        "\n{case}:\n\n```text\n{}\nnext: {}\n```\n",
        shown.sentence, shown.next
    );
}
