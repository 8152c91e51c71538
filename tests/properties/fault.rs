//! One fault in a valid inventory brings its finding, at the object that has it, and hardly any other.

use std::collections::BTreeSet;
use std::sync::Arc;

use gamctl::inventory::{Reading, all_rules};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::fault_table::{Damage, FAULTS};
use super::spec::Spec;
use super::write::{Texts, plain, varied};
use super::{dice, listed, reading_of, shown, tried, valid_inventory};

/// More findings than these would bury the one that matters.
const MOST: usize = 3;

fn with_files(mut texts: Texts, damage: &Damage) -> Texts {
    for (path, text) in &damage.files {
        texts.insert(Arc::from(*path), text.as_str().into());
    }
    texts
}

/// Returns the subscriber that a line of a plain text belongs to.
fn owner(text: &str, line: u32) -> Option<&str> {
    let above = text.lines().take(line as usize).collect::<Vec<_>>();
    let header = above
        .into_iter()
        .rev()
        .find(|line| line.starts_with("[subscriber."))?;
    let id = header.strip_prefix("[subscriber.")?.trim_end_matches(']');
    Some(match id.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => id.split('.').next()?,
    })
}

fn rules(reading: &Reading) -> BTreeSet<&'static str> {
    reading
        .findings
        .iter()
        .map(|finding| finding.rule.id)
        .collect()
}

proptest! {
    #![proptest_config(tried(200))]

    #[test]
    fn one_fault_brings_its_finding_and_leaves_the_others_alone(
        mut spec in valid_inventory(), fault in prop::sample::select(FAULTS), mut dice in dice::dice(6), mut layout in dice::dice(900),
    ) {
        let (rule, fault) = fault;
        // Many faults change VLANs; those of the pool make one.
        spec.network.remove("vlans.subscribers");
        let Some(damage) = fault(&mut spec, &mut dice) else { return Ok(()) };
        let texts = with_files(plain(&spec), &damage);
        let reading = reading_of(&texts);
        let found = listed(&reading);
        prop_assert!(rules(&reading).contains(rule), "{} is not in:\n{}", rule, found);
        prop_assert!(reading.findings.len() <= MOST, "{}:\n{}", rule, found);
        for finding in &reading.findings {
            let path = &*finding.place.file;
            if path != "subscribers.toml" {
                continue;
            }
            let id = owner(&texts[path], finding.place.line).unwrap();
            prop_assert!(damage.subscribers.contains(id), "{} is not about {}:\n{}", rule, id, found);
        }
        let elsewhere = with_files(varied(&spec, &mut layout), &damage);
        let reading = reading_of(&elsewhere);
        prop_assert!(rules(&reading).contains(rule), "{} is not in:\n{}{}", rule, listed(&reading), shown(&elsewhere));
        prop_assert!(reading.findings.len() <= MOST, "{}:\n{}{}", rule, listed(&reading), shown(&elsewhere));
    }
}

#[test]
fn every_fault_can_be_made_and_every_rule_of_the_files_has_one() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut made = BTreeSet::new();
    for _ in 0..12 {
        let spec = valid_inventory().new_tree(&mut runner).unwrap().current();
        for (number, (rule, fault)) in FAULTS.iter().enumerate() {
            let mut dice = dice::dice(6).new_tree(&mut runner).unwrap().current();
            if fault(&mut Spec::clone(&spec), &mut dice).is_some() {
                made.insert((number, *rule));
            }
        }
    }
    assert_eq!(made.len(), FAULTS.len());
    // These are about names and sizes of files, about what was there before, or about nothing being there at all.
    let elsewhere = [
        "symlink",
        "submodule",
        "not-a-file",
        "file-name",
        "case-only-file",
        "unread-file",
        "unreadable-file",
        "too-deep",
        "too-many-files",
        "file-too-large",
        "inventory-too-large",
        "lfs-pointer",
        "invalid-utf8",
        "empty-inventory",
        "no-network-file",
        "step-not-judged",
        // This depends on the day.
        "hold-over",
    ];
    let made: BTreeSet<_> = made
        .iter()
        .map(|(_, rule)| *rule)
        .chain(elsewhere)
        .collect();
    let missing: Vec<_> = all_rules()
        .into_iter()
        .map(|rule| rule.id)
        .filter(|id| !made.contains(id))
        .collect();
    assert!(missing.len() <= 6, "{missing:?}");
}
