//! Every rule is documented, and its documentation is true: the wrong example breaks that rule alone, the right one none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gamctl::inventory::source::Limits;
use gamctl::inventory::{GOOD_INVENTORY, all_rules, read_texts};
use gamctl::model::{ExampleFile, Rule};

use crate::world::{World, rule_ids};

/// What an example breaks: by itself, as a step from the small good inventory or from a commit of its own, on a day, and as a
/// step that the billing sync makes.
struct Broken {
    by_itself: Vec<&'static str>,
    as_a_step: Vec<&'static str>,
    on_the_day: Vec<&'static str>,
    /// As a commit of the billing sync.
    by_billing: Vec<&'static str>,
}

/// The day of the examples that depend on one.
const DAY: &str = "2027-01-01";

fn broken_by(example: &[ExampleFile]) -> Broken {
    let world = World::good();
    for (path, text) in example {
        if *path == "$" {
            let output = world.run(world.root(), "/bin/sh", &["-ec", text]);
            let talk = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{text}: {talk}");
        } else {
            world.write(path, text);
        }
    }
    world.commit_all("the example");
    let mut reading = world.reading_of("HEAD");
    let by_itself = rule_ids(&reading);
    reading.compare_with(&world.reading_of("HEAD^").inventory);
    let as_a_step = rule_ids(&reading);
    reading.check_day(DAY.parse().unwrap());
    let on_the_day = rule_ids(&reading);
    let [before, after] = ["HEAD^", "HEAD"].map(|revision| world.reading_of(revision).inventory);
    reading.check_billing_step(&before, &after, "HEAD");
    Broken {
        by_itself,
        as_a_step,
        on_the_day,
        by_billing: rule_ids(&reading),
    }
}

fn check(rule: &Rule) -> Result<(), String> {
    let wrong = broken_by(rule.wrong);
    // As a step, what an inventory lacks is also what got lost.
    let ways = [
        &wrong.by_itself,
        &wrong.as_a_step,
        &wrong.on_the_day,
        &wrong.by_billing,
    ];
    if !ways.iter().any(|broken| **broken == [rule.id]) {
        let Broken {
            by_itself,
            as_a_step,
            on_the_day,
            by_billing,
        } = wrong;
        return Err(format!(
            "the wrong example of {} breaks {by_itself:?}, as a step {as_a_step:?}, on {DAY} {on_the_day:?}, by billing {by_billing:?}",
            rule.id
        ));
    }
    let right = broken_by(rule.right);
    let right = match rule.id {
        "lane-left" => right.by_billing,
        _ => right.on_the_day,
    };
    if !right.is_empty() {
        return Err(format!("the right example of {} breaks {right:?}", rule.id));
    }
    Ok(())
}

#[test]
fn the_small_good_inventory_is_good() {
    assert!(GOOD_INVENTORY.len() >= 5);
    assert!(broken_by(&[]).as_a_step.is_empty());
}

#[test]
fn every_rule_is_broken_by_its_wrong_example_alone_and_not_by_its_right_one() {
    let problems: Vec<String> = std::thread::scope(|scope| {
        // What cannot be read from a folder is always read from a commit; `cli/validate.rs` shows that one.
        let rules: Vec<_> = all_rules()
            .into_iter()
            .filter(|rule| rule.id != "unreadable-file")
            .collect();
        let threads: Vec<_> = rules
            .chunks(rules.len().div_ceil(4))
            .map(<[&Rule]>::to_vec)
            .map(|chunk| {
                scope.spawn(move || {
                    chunk
                        .into_iter()
                        .filter_map(|rule| check(rule).err())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_finding_between_objects_always_says_what_to_do() {
    // What the parser says of a text that is not TOML is all there is to say.
    let is_exempt = |rule: &str| {
        [
            "syntax",
            "wrong-type",
            "out-of-range",
            "too-complex",
            "hidden-character",
        ]
        .contains(&rule)
    };
    for rule in all_rules() {
        if rule.wrong.iter().any(|(path, _)| *path == "$") {
            continue;
        }
        let mut files: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for (path, text) in GOOD_INVENTORY.iter().chain(rule.wrong) {
            files.insert(Arc::from(*path), Arc::from(*text));
        }
        for finding in read_texts(&files, &Limits::default()).findings {
            let is_fine = finding.hint.is_some() || is_exempt(finding.rule.id);
            assert!(is_fine, "{}: {}", finding.rule.id, finding.message);
        }
    }
}

#[test]
fn rules_have_ids_of_their_own_in_kebab_case() {
    let rules = all_rules();
    let ids: BTreeSet<_> = rules.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules.len());
    for rule in rules {
        assert!(
            rule.id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "{}",
            rule.id
        );
        assert!(
            !rule.summary.ends_with('.') && rule.why.trim().ends_with('.'),
            "{}",
            rule.id
        );
        assert!(
            !rule.wrong.is_empty() && !rule.right.is_empty(),
            "{}",
            rule.id
        );
    }
}
