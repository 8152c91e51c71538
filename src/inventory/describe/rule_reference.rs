//! Renders the reference of every rule as Markdown.

use std::fmt::Write;

use crate::inventory::{GOOD_INVENTORY, all_rules};
use crate::model::{ExampleFile, Rule};

/// Returns the reference of every rule, for `docs/findings.md`.
pub fn rule_reference() -> String {
    let mut rules: Vec<&Rule> = all_rules();
    rules.sort_unstable_by_key(|rule| rule.id);
    let mut text = String::from(
        "# Findings\n\n\
         Everything that `gamctl validate` can find wrong with an inventory, by the id of its rule. An *error* means that\n\
         the inventory cannot be used like this, a *warning* that a person should look. This page is generated from the code,\n\
         and every example on it is run by a test: the wrong one brings exactly this finding, the right one none.\n\n\
         The examples show only the files that matter. The rest of the inventory around them is this:\n",
    );
    for file in GOOD_INVENTORY {
        example(&mut text, file);
    }
    text.push_str("\n| rule | | what is wrong |\n| --- | --- | --- |\n");
    for rule in &rules {
        let _ = writeln!(
            text,
            "| [{0}](#{0}) | {1} | {2} |",
            rule.id, rule.severity, rule.summary
        );
    }
    for rule in rules {
        let _ = write!(text, "\n## {}\n\n{}", rule.id, rule_markdown(rule));
    }
    text
}

/// Returns the explanation of one rule as Markdown without a heading.
pub fn rule_markdown(rule: &Rule) -> String {
    let why = rule.why.trim();
    let mut text = format!("*{}*: {}.\n\n{why}\n", rule.severity, rule.summary);
    for (title, files) in [("Wrong", rule.wrong), ("Right", rule.right)] {
        let _ = write!(text, "\n{title}:\n");
        files.iter().for_each(|file| example(&mut text, file));
    }
    text
}

/// Returns the explanation of one rule, for a person at a terminal.
pub fn explain_rule(rule: &Rule) -> String {
    let mut text = format!(
        "{} ({})\n{}.\n\n{}\n",
        rule.id,
        rule.severity,
        rule.summary,
        rule.why.trim()
    );
    for (title, files) in [("Wrong", rule.wrong), ("Right", rule.right)] {
        let _ = write!(text, "\n{title}:\n");
        for (path, content) in files {
            if *path != "$" {
                let _ = writeln!(text, "    # {path}");
            }
            for line in visible(content).lines().flat_map(|line| line.split("; ")) {
                let _ = writeln!(text, "    {line}");
            }
        }
    }
    text
}

fn example(text: &mut String, (path, content): &ExampleFile) {
    if *path == "$" {
        let _ = write!(
            text,
            "\n```sh\n{}\n```\n",
            visible(&content.replace("; ", "\n"))
        );
    } else {
        let _ = write!(text, "\n```toml\n# {path}\n{}```\n", visible(content));
    }
}

/// Shows what cannot be seen: a page about hidden characters must not have any.
fn visible(content: &str) -> String {
    content
        .chars()
        .map(
            |character| match crate::model::hazard_on_a_terminal(character) {
                Some(_) if character != '\n' => format!("\\u{{{:x}}}", u32::from(character)),
                Some(_) | None => character.to_string(),
            },
        )
        .collect()
}
