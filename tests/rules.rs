//! Every rule is documented, and its documentation is true: the wrong example breaks that rule alone, the right one none.

use std::collections::BTreeSet;

use gamctl::inventory::{GOOD_INVENTORY, all_rules};
use gamctl::model::{ExampleFile, Rule};

use crate::fixture::{Repository, rule_ids};

/// Lays an example over the good inventory, commits it, and returns the rules it breaks as a step from the commit before.
fn broken_by(example: &[ExampleFile]) -> Vec<&'static str> {
    let repository = Repository::good();
    for (path, text) in example {
        if *path == "$" {
            repository.shell(text);
        } else {
            repository.write(path, text);
        }
    }
    repository.commit("the example");
    let mut reading = repository.reading_of("HEAD");
    reading.compare_with(&repository.reading_of("HEAD^").inventory);
    rule_ids(&reading)
}

fn check(rule: &Rule) -> Result<(), String> {
    let wrong = broken_by(rule.wrong);
    if wrong != [rule.id] {
        return Err(format!("the wrong example of {} breaks {wrong:?}", rule.id));
    }
    let right = broken_by(rule.right);
    if !right.is_empty() {
        return Err(format!("the right example of {} breaks {right:?}", rule.id));
    }
    Ok(())
}

#[test]
fn the_small_good_inventory_is_good() {
    assert!(GOOD_INVENTORY.len() >= 5);
    assert_eq!(broken_by(&[]), [] as [&str; 0]);
}

#[test]
fn every_rule_is_broken_by_its_wrong_example_alone_and_not_by_its_right_one() {
    let problems: Vec<String> = std::thread::scope(|scope| {
        let rules = all_rules();
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
