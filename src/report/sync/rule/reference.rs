//! Renders the reference of every class and rule of the sync as Markdown.

use std::fmt::Write;

use super::class::class_meaning;
use super::inventory_rules::FINDINGS;
use super::sync_rule::{ExampleFacts, SyncRule};
use super::{decision_rules, gate_rules, place_rules, record_rules};
use crate::inventory::all_rules;
use crate::report::sync::gate_sentence::gate_sentence;
use crate::report::sync::sentence::{classification, next_step, sentence};
use crate::sync::Classification;

/// The word for a rule that is not about one service.
const GATE: &str = "gate";

/// Returns the explanation of every rule, sorted by id.
pub fn sync_rules() -> Vec<&'static SyncRule> {
    let groups = [
        record_rules::RULES,
        place_rules::RULES,
        decision_rules::RULES,
        gate_rules::RULES,
    ];
    let mut rules: Vec<&SyncRule> = groups.into_iter().flatten().collect();
    rules.sort_unstable_by_key(|rule| rule.id);
    rules
}

/// Returns the reference of every class and rule, for `docs/billing-rules.md`.
///
/// # Errors
///
/// Fails if the facts of an example have another form than the store's; a test checks all of them.
pub fn sync_rule_reference() -> Result<String, serde_json::Error> {
    let mut text = String::from(
        "# Rules of the billing sync\n\n\
         Every class and rule that `gamctl sync` shows, with the meaning and what to do. [Billing](billing.md) explains the sync\n\
         itself. This page is generated from the code; each example is what gamctl prints for its facts. All times are UTC.\n\n\
         ## Classes\n\n\
         Each service that was read has one class, and the numbers of all classes add up to the services.\n\
         `gamctl sync list CLASS` lists the services of one class.\n\n\
         | class | shown as | meaning |\n| --- | --- | --- |\n",
    );
    for class in Classification::ALL {
        let (word, shown) = (class.as_str(), classification(class));
        let _ = writeln!(text, "| `{word}` | {shown} | {} |", class_meaning(class));
    }
    text.push_str(
        "\n## Rules\n\n\
         A rule is the reason of a class, or holds changes back at the gate. If a service has several reasons, the heaviest\n\
         class counts: quarantined, contested, held, gone, waiting. A change that would cause an error of the inventory is\n\
         taken out alone, and quarantined with the rule of that [finding](findings.md).\n\n\
         | rule | class | meaning |\n| --- | --- | --- |\n",
    );
    let rules = sync_rules();
    for rule in &rules {
        let _ = writeln!(
            text,
            "| [{0}](#{0}) | {1} | {2} |",
            rule.id,
            classes(rule)?.join(", "),
            rule.summary
        );
    }
    text.push_str(
        "\n## Findings of the inventory\n\n\
         `gamctl validate` checks the settings of billing systems, the links of subscribers, and the commits of the sync.\n\n\
         | finding | | meaning |\n| --- | --- | --- |\n",
    );
    let all = all_rules();
    let known = |id: &&str| all.iter().find(|rule| rule.id == *id);
    for finding in FINDINGS.iter().filter_map(known) {
        let _ = writeln!(
            text,
            "| [{0}](findings.md#{0}) | {1} | {2} |",
            finding.id, finding.severity, finding.summary
        );
    }
    for rule in rules {
        section(&mut text, rule)?;
    }
    Ok(text)
}

/// Returns the classes of a rule, as they are shown.
fn classes(rule: &SyncRule) -> Result<Vec<&'static str>, serde_json::Error> {
    let mut classes = Vec::new();
    for facts in rule.facts {
        let class = facts.parse()?.class();
        let word = class.map_or(GATE, classification);
        if !classes.contains(&word) {
            classes.push(word);
        }
    }
    Ok(classes)
}

fn section(text: &mut String, rule: &SyncRule) -> Result<(), serde_json::Error> {
    let classes = classes(rule)?.join(", ");
    let SyncRule {
        id, means, person, ..
    } = rule;
    let _ = write!(
        text,
        "\n## {id}\n\n*{classes}*: {means}\n\n- **A person**: {person}\n\n```text\n"
    );
    for facts in rule.facts {
        // A fence keeps the backticks of commands.
        let _ = match facts.parse()? {
            ExampleFacts::Reason(reason) => writeln!(
                text,
                "{}\nnext: {}",
                sentence(&reason),
                next_step(reason.next_step())
            ),
            ExampleFacts::Gate(finding) => writeln!(text, "{}", gate_sentence(&finding)),
        };
    }
    text.push_str("```\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::sync::{GateFinding, Reason};

    fn examples() -> Vec<(&'static str, ExampleFacts)> {
        let rules = sync_rules().into_iter();
        let facts = rules.flat_map(|rule| rule.facts.iter().map(|facts| (rule.id, facts)));
        facts
            .map(|(id, facts)| (id, facts.parse().unwrap()))
            .collect()
    }

    /// Returns the names of all variants: the error about an unknown one lists them.
    fn variants<T: DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
        let error = serde_json::from_str::<T>("\"no_such_variant\"").unwrap_err();
        let error = error.to_string();
        let names = error.split('`').skip(1).step_by(2).map(str::to_owned);
        names.filter(|name| name != "no_such_variant").collect()
    }

    fn variant<T: Serialize>(value: &T) -> String {
        match serde_json::to_value(value).unwrap() {
            serde_json::Value::String(name) => name,
            serde_json::Value::Object(map) => map.keys().next().unwrap().clone(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_reason_and_every_finding_of_the_gate_has_an_example() {
        let (mut reasons, mut findings) = (BTreeSet::new(), BTreeSet::new());
        for (_, facts) in examples() {
            match facts {
                ExampleFacts::Reason(reason) => reasons.insert(variant(&reason)),
                ExampleFacts::Gate(finding) => findings.insert(variant(&finding)),
            };
        }
        assert!(reasons.len() > 40, "{reasons:?}");
        assert_eq!(reasons, variants::<Reason>());
        assert_eq!(findings, variants::<GateFinding>());
    }

    #[test]
    fn every_rule_has_a_section_of_its_own_with_examples_of_it() {
        let ids: Vec<&str> = sync_rules().iter().map(|rule| rule.id).collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{ids:?}");
        for (id, facts) in examples() {
            let rule = match &facts {
                ExampleFacts::Reason(reason) => reason.rule(),
                ExampleFacts::Gate(finding) => finding.rule(),
            };
            assert_eq!(id, rule);
        }
        for rule in sync_rules() {
            assert!(!rule.facts.is_empty(), "{}", rule.id);
            assert!(!rule.summary.ends_with('.'), "{}", rule.id);
        }
    }

    #[test]
    fn every_kind_of_too_many_and_every_problem_of_a_tariff_has_an_example() {
        let rules: BTreeSet<&str> = examples().iter().map(|(id, _)| *id).collect();
        for id in [
            "too-many-additions",
            "too-many-changes",
            "too-many-suspensions",
            "too-many-removals",
            "too-many-moves",
            "tariff-not-mapped",
            "tariff-plan-unknown",
            "tariff-speed-unknown",
            "tariff-differs",
        ] {
            assert!(rules.contains(id), "{id}");
        }
    }

    #[test]
    fn every_reason_has_a_sentence_with_more_than_its_rule() {
        for (id, facts) in examples() {
            if let ExampleFacts::Reason(reason) = facts {
                assert_ne!(sentence(&reason), id);
                assert!(sentence(&reason).contains(' '), "{id}");
            }
        }
    }

    #[test]
    fn every_finding_about_billing_is_listed() {
        let all = all_rules();
        for id in FINDINGS {
            assert!(all.iter().any(|rule| rule.id == *id), "{id}");
        }
        let about_billing = all.iter().filter(|rule| {
            let files = rule.wrong.iter();
            files.clone().any(|(path, _)| *path == "billing.toml")
                || files.clone().any(|(_, text)| text.contains("lane.billing"))
        });
        for rule in about_billing {
            assert!(FINDINGS.contains(&rule.id), "{} is not listed", rule.id);
        }
    }
}
