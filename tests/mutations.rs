//! The list of `tests/outside/mutate` still fits the source: what it switches off is where it says, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    mutation: Vec<Mutation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    name: String,
    off: String,
    file: String,
    at: String,
    /// Left out: all of `at`.
    from: Option<String>,
    to: String,
    tests: Vec<String>,
}

fn listed() -> Vec<Mutation> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/mutations.toml");
    let list: List = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    list.mutation
}

#[test]
fn each_rule_that_can_be_switched_off_is_in_the_source_once() {
    let mut names = BTreeSet::new();
    for mutation in listed() {
        let Mutation { name, file, at, .. } = &mutation;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = fs::read_to_string(path).unwrap_or_else(|why| panic!("{name}: {file}: {why}"));
        assert_eq!(source.matches(at).count(), 1, "{name}: in {file}:\n{at}");
        let piece = mutation.from.as_ref().unwrap_or(at);
        assert_eq!(at.matches(piece).count(), 1, "{name}: {piece}");
        assert_ne!(*piece, mutation.to, "{name}");
        assert!(!mutation.off.is_empty(), "{name}");
        assert!(names.insert(name.clone()), "{name}");
    }
}

#[test]
fn no_two_of_them_replace_the_same_text() {
    let mut places: BTreeMap<String, Vec<(usize, usize, String)>> = BTreeMap::new();
    for mutation in listed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&mutation.file);
        let source = fs::read_to_string(path).unwrap();
        let piece = mutation.from.as_ref().unwrap_or(&mutation.at);
        let begin = source.find(&mutation.at).unwrap() + mutation.at.find(piece).unwrap();
        let place = (begin, begin + piece.len(), mutation.name);
        places.entry(mutation.file).or_default().push(place);
    }
    for (file, mut places) in places {
        places.sort();
        for pair in places.windows(2) {
            let ((_, end, one), (begin, _, other)) = (&pair[0], &pair[1]);
            assert!(end <= begin, "{file}: {one} and {other}");
        }
    }
}

/// A switch asks the environment, which a constant cannot: one such place, and no mutation is built.
#[test]
fn no_rule_is_in_a_constant() {
    for mutation in listed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&mutation.file);
        let source = fs::read_to_string(path).unwrap();
        let begin = source.find(&mutation.at).unwrap();
        let end = begin + source[begin..].find('\n').unwrap();
        let mut lines = source[..end].lines().rev();
        // A constant that ends on its line is over, unless the rule is on that line.
        let own = lines.next().unwrap();
        let before = lines.filter(|line| !(is_constant(line) && line.ends_with(';')));
        let mut item = std::iter::once(own).chain(before);
        let item = item.find(|line| is_constant(line) || is_item(line));
        let is_fine = item.is_none_or(|line| !is_constant(line));
        assert!(is_fine, "{}: {item:?}", mutation.name);
    }
}

fn without_visibility(line: &str) -> &str {
    let line = line.trim_start();
    match line.strip_prefix("pub") {
        Some(rest) => rest.split_once(' ').map_or(rest, |(_, rest)| rest),
        None => line,
    }
}

fn is_constant(line: &str) -> bool {
    let line = without_visibility(line);
    line.starts_with("const ") || line.starts_with("static ")
}

fn is_item(line: &str) -> bool {
    let line = without_visibility(line);
    let starts = ["fn ", "async fn ", "impl", "mod ", "struct ", "enum "];
    starts.iter().any(|start| line.starts_with(start))
}

#[test]
fn each_rule_that_can_be_switched_off_names_tests_that_could_see_it() {
    for mutation in listed() {
        assert!(!mutation.tests.is_empty(), "{}", mutation.name);
        for tests in &mutation.tests {
            let is_known = tests.starts_with("lib ") || tests.starts_with("all ");
            assert!(is_known, "{}: {tests}", mutation.name);
        }
    }
}

#[test]
fn every_area_that_guards_a_device_is_among_them() {
    let files: BTreeSet<String> = listed().into_iter().map(|one| one.file).collect();
    for area in [
        "src/plan/order/check.rs",
        "src/plan/order/cycle.rs",
        "src/plan/order/uplink.rs",
        "src/plan/conflict/",
        "src/plan/guard.rs",
        "src/plan/identity.rs",
        "src/plan/unchanged.rs",
        "src/plan/goal.rs",
        "src/plan/matching/",
        "src/plan/unread.rs",
        "src/plan/settings.rs",
        "src/plan/cause.rs",
        "src/plan/lint/",
        "src/sync/gate.rs",
        "src/sync/lane.rs",
        "src/sync/placement.rs",
        "src/sync/conflict.rs",
        "src/sync/completeness.rs",
        "src/render/",
        "src/observe/",
        "src/transport/snmp/",
        "src/transport/ssh/",
    ] {
        assert!(files.iter().any(|file| file.starts_with(area)), "{area}");
    }
}
