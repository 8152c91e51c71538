//! The billing sync by example: each file of `plans/billing/` is run and compared with what it prints.

mod engineer;
mod example;
mod heard;
mod outcome;
mod run;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use gamctl::report::sync::sync_rules;
use gamctl::sync::Classification;

use self::example::{Example, names};
use self::outcome::Outcome;
use self::run::Network;
use self::world::{ADDRESS, CUSTOMER};
use crate::golden::assert_golden;

/// Rules that no output of the sync can have, each with the reason.
const NOT_SHOWN: [(&str, &str); 1] = [(
    "inventory-partial",
    "no caller runs the sync on an inventory that cannot be read: it has errors",
)];

/// An example with what it printed.
#[derive(Debug)]
struct Shown {
    name: String,
    example: Example,
    /// The network after the commit.
    after: Network,
    outcome: Outcome,
}

/// Every example, run once for all tests.
static ALL: LazyLock<Vec<Shown>> = LazyLock::new(|| names().into_iter().map(Shown::of).collect());

impl Shown {
    fn of(name: String) -> Self {
        let example = Example::read(&name);
        let (after, outcome) = Network::through(&example);
        Self {
            name,
            example,
            after,
            outcome,
        }
    }
}

/// Runs a check on each example, and names those that failed.
fn each(check: impl Fn(&Shown) + RefUnwindSafe) {
    let failed = ALL.iter().filter(|shown| {
        let checked = catch_unwind(AssertUnwindSafe(|| check(shown)));
        checked.is_err()
    });
    let failed: Vec<&String> = failed.map(|shown| &shown.name).collect();
    assert!(failed.is_empty(), "see above: {failed:#?}");
}

#[test]
fn on_the_ordinary_day_both_sides_agree() {
    let (network, first) = Network::on_an_ordinary_day();
    assert_eq!((first.exit, first.changes), (0, 0), "{}", first.text);
    assert_eq!(first.words, BTreeSet::from(["in-sync"]));
    let again = network.run_again(first.used);
    assert_eq!((again.exit, again.changes), (0, 0), "{}", again.text);
}

#[test]
fn every_example_prints_exactly_its_text() {
    each(|Shown { name, outcome, .. }| {
        assert_golden(&format!("plans/billing/{name}.txt"), &outcome.text);
    });
}

#[test]
fn equal_inputs_give_equal_bytes() {
    each(
        |Shown {
             example, outcome, ..
         }| {
            let (_, again) = Network::through(example);
            assert_eq!(again.text, outcome.text);
        },
    );
}

#[test]
fn after_the_commit_of_an_example_the_next_run_proposes_nothing() {
    each(|Shown { after, outcome, .. }| {
        let again = after.clone().run_again(outcome.used);
        assert_eq!(again.changes, 0, "{}", again.text);
    });
}

#[test]
fn every_example_shows_the_classes_and_rules_that_it_names() {
    each(
        |Shown {
             example, outcome, ..
         }| {
            assert!(!example.shows.is_empty());
            for word in &example.shows {
                assert!(
                    outcome.words.contains(word.as_str()),
                    "{word}: {:?}",
                    outcome.words
                );
                // A class has words of its own, such as `to add`.
                let is_class = Classification::ALL.iter().any(|one| one.as_str() == word);
                assert!(
                    is_class || outcome.text.contains(word),
                    "{word} is not in the text"
                );
            }
        },
    );
}

#[test]
fn every_class_and_every_rule_has_an_example() {
    let shown = ALL.iter().flat_map(|one| &one.example.shows);
    let shown: BTreeSet<&str> = shown.map(String::as_str).collect();
    let classes = Classification::ALL.into_iter().map(Classification::as_str);
    let rules = sync_rules();
    let words = classes.chain(rules.iter().map(|rule| rule.id));
    let missing: BTreeSet<&str> = words.filter(|word| !shown.contains(word)).collect();
    let not_shown = NOT_SHOWN.into_iter().map(|(rule, _)| rule);
    assert_eq!(missing, not_shown.collect());
}

#[test]
fn no_output_has_a_name_or_an_address_of_a_customer() {
    each(|Shown { outcome, .. }| {
        let (first, last) = CUSTOMER.split_once(' ').unwrap();
        for personal in [first, last, ADDRESS] {
            assert!(!outcome.text.contains(personal), "{personal}");
        }
    });
}

#[test]
fn every_example_has_a_short_story_a_title_and_an_output_of_its_own() {
    let mut seen = BTreeSet::new();
    for shown in ALL.iter() {
        let (name, Example { title, why, .. }) = (&shown.name, &shown.example);
        assert!(
            !title.ends_with('.') && title.len() <= 90,
            "{name}: {title}"
        );
        assert!(
            why.trim_end().ends_with('.') && why.len() <= 420,
            "{name}: {why}"
        );
        assert!(seen.insert(title.as_str()), "{name}: another has the title");
        assert!(
            seen.insert(shown.outcome.text.as_str()),
            "{name}: another prints the same"
        );
    }
}

#[test]
fn the_index_lists_every_example_with_its_title_and_exit_code() {
    let mut text = String::from(
        "# The billing sync by example\n\n\
         Each example shows one decision of `gamctl sync`: a class or a [rule](../../docs/billing-rules.md). `NAME.toml` has the\n\
         story and what is different from [the ordinary day](ordinary-day.toml), on which billing agrees with the\n\
         [inventory](inventory/). `NAME.txt` is the output of the command, its last sentence after `!`, the exit code, and the message\n\
         of the commit that `--commit` makes.\n\n\
         In an example, `[[earlier]]` is a run before the one that is shown, and `[now]` is that one. Runs are an hour apart if `after`\n\
         names no other time. `service`, `item`, `tariff` and `partner` are records of billing, and `false` removes one. `heard` has\n\
         the endpoints that devices hear, `look` what else the latest look found. `inventory` and `file` are a commit of an engineer\n\
         before the run. `read` is a reading with a fault or of one account, `used` the changes of the last hour, `approve` the\n\
         approval of a person, `forget` the loss of the store.\n\n\
         Tests run each example twice, and once more after its commit: then nothing is left to commit.\n\
         `UPDATE_GOLDEN=1 cargo test --test all billing::examples` writes the texts and this page.\n\n\
         | example | story | shows | exit |\n\
         | --- | --- | --- | --- |\n",
    );
    let rules = sync_rules();
    for shown in ALL.iter() {
        let (name, title) = (&shown.name, &shown.example.title);
        let words = shown.example.shows.iter().map(|word| {
            let is_rule = rules.iter().any(|rule| rule.id == word);
            let anchor = if is_rule { word } else { "classes" };
            format!("[{word}](../../docs/billing-rules.md#{anchor})")
        });
        let words: Vec<String> = words.collect();
        let (words, exit) = (words.join(", "), shown.outcome.exit);
        let _ = writeln!(
            text,
            "| [{name}]({name}.toml) | {title} | {words} | [{exit}]({name}.txt) |"
        );
    }
    assert_golden("plans/billing/README.md", &text);
}
