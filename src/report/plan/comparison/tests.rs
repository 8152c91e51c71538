//! Tests that a comparison lists every difference, for people and programs.

use super::super::tests::{faster, faster_with, plan_of, planned, removed};
use super::*;
use crate::model::ConfigLine;
use crate::plan::RolledBack;

fn text(then: &Planned, now: &Planned) -> String {
    ComparisonReport::of(then, "0123", now).text(Paint::Plain, 100, false)
}

#[test]
fn a_plan_with_other_looks_and_reasons_is_identical() {
    let then = planned(vec![plan_of("maple-a", vec![faster("apt-1")])]);
    let mut now = then.clone();
    now.devices[0].observed = None;
    now.devices[0].steps[0].because[0].origin = None;
    let report = ComparisonReport::of(&then, "0123", &now);
    assert_eq!(
        report.verdict(),
        "Identical to what was reviewed: 1 step on 1 device."
    );
    assert_eq!(report.exit(), Exit::ChangesPending);
    let empty = planned(vec![plan_of("maple-a", Vec::new())]);
    assert_eq!(ComparisonReport::of(&empty, "0", &empty).exit(), Exit::Done);
}

#[test]
fn every_difference_is_shown_with_its_lines_and_added_removals_come_first() {
    let then = planned(vec![plan_of(
        "maple-a",
        vec![faster("apt-1"), faster("apt-2")],
    )]);
    let mut changed = faster_with("apt-1", "home-300");
    changed.lines = vec![ConfigLine::new("ghn subscriber 1 bw-profile 4").unwrap()];
    let now = planned(vec![
        plan_of("maple-a", vec![changed, removed("apt-3")]),
        plan_of("oak", vec![faster("apt-9")]),
    ]);
    assert_eq!(
        text(&then, &now),
        "\
Not what was reviewed: 1 step missing, 1 step changed and 2 steps added on 2 devices; 2 steps
reviewed, 3 now.

Differences from the reviewed plan
  maple-a
    - added: subscriber apt-3 (7)
        disconnects it
        > ghn subscriber 1 bw-profile 3
    ~ changed: subscriber apt-1 (1): rate home-100 → home-300
        reviewed: subscriber apt-1 (1): rate home-100 → home-200
        line reviewed: ghn subscriber 1 bw-profile 3
        line now: ghn subscriber 1 bw-profile 4
    ~ missing: subscriber apt-2 (1): rate home-100 → home-200
        interrupts it
        > ghn subscriber 1 bw-profile 3
  oak
    ~ added: subscriber apt-9 (1): rate home-100 → home-200
        interrupts it
        > ghn subscriber 1 bw-profile 3
"
    );
}

#[test]
fn a_step_that_would_undo_a_rollback_by_now_is_a_difference() {
    let then = planned(vec![plan_of("maple-a", vec![faster("apt-1")])]);
    let mut now = then.clone();
    now.devices[0].steps[0].rolled_back = Some(RolledBack {
        run: "0199f3a2-0000-7000-8000-000000000000".to_owned(),
        who: "ada".to_owned(),
        at: 1_764_000_000,
    });
    let text = text(&then, &now);
    assert!(text.contains("brings back what ada rolled back"), "{text}");
    let report = ComparisonReport::of(&then, "0123", &now);
    assert_eq!(report.exit(), Exit::Stale);
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["devices"][0]["steps"][0]["parts"][0], "rollback");
    assert_eq!(json["exit"], 7);
}

#[test]
fn a_long_list_stays_within_its_bytes_in_markdown_and_counts_what_it_leaves_out() {
    let names: Vec<String> = (0..400).map(|number| format!("dev-{number}")).collect();
    let devices = names
        .iter()
        .map(|name| plan_of(name, vec![faster("apt-1")]));
    let now = planned(devices.collect());
    let then = planned(Vec::new());
    let report = ComparisonReport::of(&then, "0123", &now);
    let markdown = report.markdown(5_000, None);
    assert!(markdown.len() <= 5_000, "{}", markdown.len());
    assert!(
        markdown.contains("Left out to stay within 5000 bytes"),
        "{markdown}"
    );
}
