//! Documents that are generated from the code, pinned so that they cannot go stale.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gamctl::inventory::{FileKind, json_schema, key_reference, rule_reference};
use gamctl::model::{ConditionWord, DeviceName};
use gamctl::reconcile::rollout::condition::condition_reference;
use gamctl::report::json_reference;
use gamctl::report::sync::sync_rule_reference;
use gamctl::service::metrics::{alert_rules, dashboard, metric_reference};
use gamctl::simulator::billing::BillingTwin;

use crate::billing::empty_twins::{empty_sonar, empty_splynx};
use crate::golden::assert_golden;

#[test]
fn the_inventory_reference_says_what_the_types_say() {
    assert_golden("docs/inventory.md", &key_reference());
}

#[test]
fn the_reference_of_flags_says_what_the_command_line_accepts() {
    assert_golden("docs/flags.md", &gamctl::cli::flag_reference());
}

#[test]
fn the_findings_reference_has_every_rule() {
    assert_golden("docs/findings.md", &rule_reference());
}

#[test]
fn the_conditions_reference_has_a_section_for_every_word_in_order_of_precedence() {
    let text = condition_reference(&DeviceName::new("maple-a").unwrap());
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let words: Vec<&str> = ConditionWord::ALL.iter().map(|one| one.word()).collect();
    assert_eq!(sections, words);
    assert_golden("docs/conditions.md", &text);
}

#[test]
fn the_reference_of_the_billing_sync_has_every_class_and_rule() {
    assert_golden("docs/billing-rules.md", &sync_rule_reference().unwrap());
}

#[test]
fn the_json_reference_has_every_document() {
    assert_golden("docs/json.md", &json_reference());
}

#[test]
fn the_reference_of_metrics_has_the_whole_table() {
    assert_golden("docs/metrics.md", &metric_reference());
}

#[test]
fn the_rules_for_prometheus_and_the_dashboard_are_those_of_the_code() {
    assert_golden("docs/deploy/prometheus/rules.yaml", &alert_rules());
    assert_golden("docs/deploy/grafana/gamctl.json", &dashboard());
}

#[test]
fn the_published_schemas_are_what_the_program_prints() {
    for kind in FileKind::ALL {
        assert_golden(&format!("schema/inventory/{kind}.json"), &json_schema(kind));
    }
}

/// Returns the anchor that forges give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || " -".contains(*letter));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn the_contents_of_the_operators_guide_are_its_headings() {
    let path = "docs/operating.md";
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (mut contents, mut is_code) = (String::new(), false);
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        let (heading, indent) = match (line.strip_prefix("## "), line.strip_prefix("### ")) {
            _ if is_code => continue,
            (Some(heading), _) => (heading, ""),
            (_, Some(heading)) => (heading, "  "),
            (None, None) => continue,
        };
        contents.push_str(&format!("{indent}- [{heading}](#{})\n", anchor(heading)));
    }
    let (begin, end) = ("<!-- contents: begin -->\n", "<!-- contents: end -->\n");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    assert_golden(path, &format!("{before}{begin}{contents}{end}{after}"));
}

#[test]
fn the_commands_of_the_readme_fit_a_terminal_of_80_columns() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(path).unwrap();
    // A table may be wider: it cannot be folded.
    let long = text.lines().filter(|line| !line.starts_with('|'));
    let long: Vec<&str> = long.filter(|line| line.chars().count() > 80).collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn the_operators_guide_has_every_fault_of_the_billing_twins() {
    let guide = fs::read_to_string("docs/operating.md").unwrap();
    let twins: [(&str, Box<dyn BillingTwin>); 2] = [
        ("Splynx", Box::new(empty_splynx(None, 0))),
        ("Sonar", Box::new(empty_sonar(0))),
    ];
    for (name, mut twin) in twins {
        let unknown = toml::Table::from_iter([("kind".to_owned(), "none-such".into())]);
        let error = twin.set_faults(vec![unknown]).unwrap_err().to_string();
        let (_, kinds) = error.split_once("expected one of ").expect(&error);
        let accepted: BTreeSet<&str> = kinds.split('`').skip(1).step_by(2).collect();
        let section = format!("### Faults of the {name} twin");
        let (_, section) = guide.split_once(&section).expect(name);
        let (table, _) = section.split_once("\n#").expect(name);
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let rows = rows.filter(|row| !row.starts_with("| `kind`"));
        let kinds = rows.filter_map(|row| row.split('|').nth(1));
        let listed: BTreeSet<&str> = kinds
            .flat_map(|kinds| kinds.split('`').skip(1).step_by(2))
            .collect();
        assert_eq!(listed, accepted, "{name}");
    }
}
