//! Tests that plans are short to read, complete where something is lost, and never cut silently.

use std::collections::BTreeSet;

use super::*;
use crate::model::{
    ConfigLine, DeviceName, DeviceState, Fingerprint, Observation, Part, Slot, VlanId,
};
use crate::plan::lint::LintError;
use crate::plan::{
    Because, CannotUndo, Cause, Change, DeviceLintError, DevicePlan, Effects, Field, Impact,
    InventoryVersion, Limiter, Note, NoteText, Object, Observed, Origin, OriginCommit, OutOfScope,
    PolicyVersion, ReadOverSsh, Refusal, Sentence, SpeedChange, Step, Unmanaged, Unobservable,
};
use serde_json::{Value, json};

fn name(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

pub(super) fn plan_of(device: &str, steps: Vec<Step>) -> DevicePlan {
    let observation = Observation::of(name(device));
    DevicePlan {
        device: name(device),
        state: DeviceState::Managed,
        observed: Some(Observed {
            sequence: 0,
            fingerprint: Fingerprint::of(&observation),
        }),
        census: crate::plan::Census::default(),
        steps,
        refusals: Vec::new(),
        notes: Vec::new(),
        unmanaged: Vec::new(),
    }
}

fn origin() -> Origin {
    Origin {
        file: "subscribers/maple.toml".to_owned(),
        line: 12,
        commit: Some(OriginCommit {
            id: "abc1234abc1234abc1234abc1234abc1234abc12".to_owned(),
            author: "Ann".to_owned(),
            date: "2026-11-20".to_owned(),
            subject: "Faster plans for Maple Street".to_owned(),
        }),
    }
}

fn step(change: Change, impact: Impact, cause: Cause, origin: Option<Origin>) -> Step {
    Step {
        change,
        lines: vec![line("ghn subscriber 1 bw-profile 3")],
        inverse: vec![line("ghn subscriber 1 bw-profile 2")],
        cannot_undo: None,
        impact,
        effects: Effects::default(),
        because: vec![Because {
            cause,
            fields: Vec::new(),
            origin,
        }],
        subscriber_ids: crate::model::SubscriberIds::default(),
        rolled_back: None,
    }
}

fn line(text: &str) -> ConfigLine {
    ConfigLine::new(text).unwrap()
}

fn profile(name: &str, slot: u16) -> Value {
    json!({ "type": "profile", "value": { "name": name, "slot": slot } })
}

/// Returns a change from its stored form.
fn change(object: &Object, slot: Option<u16>, verb: &str, fields: &Value) -> Change {
    let mut change = json!({ "object": object, "verb": verb, "fields": fields });
    if let Some(slot) = slot {
        change["slot"] = slot.into();
    }
    serde_json::from_value(change).unwrap()
}

pub(super) fn faster(subscriber: &str) -> Step {
    faster_with(subscriber, "home-200")
}

pub(super) fn faster_with(subscriber: &str, name: &str) -> Step {
    let object = Object::Subscriber(subscriber.parse().unwrap());
    let rate = json!([{ "field": "rate", "from": profile("home-100", 2), "to": profile(name, 3) }]);
    let impact = Impact::Interrupts {
        subscribers: vec![subscriber.parse().unwrap()],
    };
    let change = change(&object, Some(1), "update", &rate);
    step(change, impact, Cause::Inventory, Some(origin()))
}

pub(super) fn removed(subscriber: &str) -> Step {
    let object = Object::Subscriber(subscriber.parse().unwrap());
    let fields = json!([
        { "field": "name", "from": { "type": "text", "value": subscriber } },
        { "field": "rate", "from": { "type": "unthrottled" } },
        { "field": "vlan", "from": { "type": "vlan", "value": 101 } },
        { "field": "tagged", "from": { "type": "flag", "value": false } },
    ]);
    let impact = Impact::Disconnects {
        subscribers: vec![subscriber.parse().unwrap()],
        interrupts: Vec::new(),
    };
    let change = change(&object, Some(7), "remove", &fields);
    step(change, impact, Cause::Gone { still: None }, Some(origin()))
}

pub(super) fn planned(devices: Vec<DevicePlan>) -> Planned {
    Planned {
        inventory: InventoryVersion {
            commit: Some("abc1234abc1234abc1234abc1234abc1234abc12".to_owned()),
            tree: Some("0123456789012345678901234567890123456789".to_owned()),
            digest: "0".repeat(64),
        },
        policy: PolicyVersion {
            commit: None,
            digest: "1".repeat(64),
        },
        applied: Some("abc1234abc1234abc1234abc1234abc1234abc12".to_owned()),
        devices,
        ..Planned::default()
    }
}

fn text(planned: &Planned, is_detailed: bool, is_expanded: bool) -> String {
    let report = PlanReport {
        planned,
        is_detailed,
        is_expanded,
    };
    report.text(Paint::Plain, 100)
}

#[test]
fn nothing_to_do_is_one_line() {
    let text = text(&planned(vec![plan_of("maple-a", Vec::new())]), false, false);
    assert_eq!(
        text,
        "Nothing to do: the device is as the inventory says.\n"
    );
}

#[test]
fn the_verdict_comes_first_then_who_loses_something_then_the_rest() {
    let mut plan = planned(vec![plan_of(
        "maple-a",
        vec![removed("apt-1"), faster("apt-2")],
    )]);
    plan.unobservable.push(Unobservable {
        device: name("oak"),
        reason: crate::model::NotObserved::NoAnswer {
            error: "no answer".to_owned(),
        },
    });
    assert_eq!(
        text(&plan, false, false),
        "\
1 object removed and 1 object changed on 1 device; 1 subscriber disconnected and 1 subscriber
interrupted. 1 device could not be observed; nothing is known of it.

Removed or disconnected
  maple-a
    - subscriber apt-1 (7)
        disconnects it
        no longer in the inventory; commit abc1234abc12 by Ann, 2026-11-20,
        subscribers/maple.toml:12: Faster plans for Maple Street

Changes
  maple-a
    ~ subscriber apt-2 (1): rate home-100 → home-200
        interrupts it
        commit abc1234abc12 by Ann, 2026-11-20, subscribers/maple.toml:12: Faster plans for Maple
        Street

Not observed
  ! oak: no answer
"
    );
}

/// A plan with one note, as the planner makes it, for each part.
fn unread(parts: &[Part]) -> Planned {
    let mut plan = plan_of("maple-a", Vec::new());
    let of_part = |part: &Part| NoteText::PartUnread {
        part: *part,
        reason: "no answer".to_owned(),
    };
    let notes = parts.iter().map(of_part);
    plan.notes = notes
        .map(|text| Note::new("not-read", None, text))
        .collect();
    let object = Object::Subscriber("apt-1".parse().unwrap());
    let what = format!("{object} is not planned: not all subscribers could be read");
    let text = Sentence::because(what, "no answer");
    plan.notes.push(Note::new("not-read", Some(object), text));
    planned(vec![plan])
}

#[test]
fn a_stored_note_is_one_sentence_and_reads_back_as_the_same_plan() {
    let plan = unread(&[Part::Profiles]);
    let written = write_plan(&plan);
    for sentence in [
        "\"not all profiles could be read: no answer; nothing is created or removed there\"",
        "\"subscriber apt-1 is not planned: not all subscribers could be read (no answer)\"",
    ] {
        assert!(written.contains(sentence), "{written}");
    }
    let (_, read) = read_plan(written.as_bytes()).unwrap();
    assert_eq!(read, plan);
    assert_eq!(write_plan(&read), written);
}

#[test]
fn an_unread_part_is_not_reported_as_intended_and_its_reason_is_shown_once() {
    let plan = unread(&[Part::Profiles, Part::Subscribers]);
    assert_eq!(exit(&plan), Exit::Unobservable);
    assert_eq!(
        text(&plan, false, false),
        "\
Nothing would change on 1 device as far as is known, and 3 parts and objects could not be planned.

Not planned
  maple-a
    not all profiles and subscribers could be read: no answer; nothing is created or removed there
    subscriber apt-1 is not planned: not all subscribers could be read
"
    );
}

#[test]
fn an_intended_change_that_cannot_be_made_is_pending() {
    let mut plan = unread(&[]);
    plan.devices[0].notes[0].rule = "blocked".to_owned();
    assert_eq!(exit(&plan), Exit::ChangesPending);
    let verdict = verdict(&plan, &Totals::of(&plan));
    assert_eq!(
        verdict,
        "Nothing can be done on 1 device, and not all is as the inventory says."
    );
}

/// A plan with a step for each of these subscribers, of one cause.
fn of_cause(cause: &Cause, subscribers: &[&str]) -> Planned {
    let steps = subscribers.iter().map(|subscriber| {
        let mut step = faster(subscriber);
        step.because[0].cause = cause.clone();
        step
    });
    planned(vec![plan_of("maple-a", steps.collect())])
}

#[test]
fn the_author_of_a_line_is_shown_in_full_once_for_each_device() {
    let mut plan = of_cause(&Cause::Inventory, &["apt-1", "apt-2"]);
    let mut other = plan.devices[0].clone();
    other.device = name("oak");
    other.steps.truncate(1);
    other.steps[0].change = faster_with("apt-1", "home-300").change;
    plan.devices.push(other);
    let text = text(&plan, false, false);
    let full = "commit abc1234abc12 by Ann, 2026-11-20, subscribers/maple.toml:12: Faster";
    assert_eq!(text.matches(full).count(), 2, "{text}");
    let short = "        commit abc1234abc12, subscribers/maple.toml:12\n";
    assert_eq!(text.matches(short).count(), 1, "{text}");
}

#[test]
fn a_reason_that_most_steps_share_is_said_once_for_all_devices() {
    let steps = |device: usize| {
        let origin_of = |line| Origin { line, ..origin() };
        let mut steps: Vec<Step> = (0..4)
            .map(|number| {
                let mut step = faster(&format!("apt-{number}"));
                step.because[0].origin = Some(origin_of(device * 10 + number + 1));
                step
            })
            .collect();
        if device == 0 {
            steps.push(removed("apt-9"));
        }
        steps
    };
    let text = text(&many(30, steps), false, true);
    let (_, whole) = text.split_once("Step by step").unwrap();
    let shared = "commit abc1234abc12 by Ann, 2026-11-20, subscribers/maple.toml: Faster plans for";
    assert_eq!(whole.matches(shared).count(), 1, "{whole}");
    // Each step has its own line, and one with another reason has all of it.
    for place in ["subscribers/maple.toml:1\n", "subscribers/maple.toml:294\n"] {
        assert!(whole.contains(place), "{place} in {whole}");
    }
    let other = "no longer in the inventory; commit abc1234abc12 by Ann";
    assert_eq!(whole.matches(other).count(), 1, "{whole}");
}

#[test]
fn without_an_applied_commit_drift_is_not_distinguished_from_a_change_never_applied() {
    let mut plan = of_cause(&Cause::FirstAdoption, &["apt-1"]);
    let known = text(&plan, false, false);
    assert!(
        known.contains("never applied; wanted by commit abc1234abc12"),
        "{known}"
    );
    assert!(!known.contains("--applied"), "{known}");
    plan.applied = None;
    let unknown = text(&plan, false, false);
    assert!(
        unknown.contains("drift, or never applied; wanted by commit abc1234abc12"),
        "{unknown}"
    );
    assert!(unknown.contains("`--applied REV` tells which"), "{unknown}");
}

#[test]
fn fields_that_drifted_together_have_one_reason() {
    let mut plan = of_cause(&Cause::Inventory, &["apt-1"]);
    let drifted = |field, was: &str| Because {
        cause: Cause::Drift {
            was: Some(was.to_owned()),
        },
        fields: vec![field],
        origin: None,
    };
    plan.devices[0].steps[0].because =
        vec![drifted(Field::Rate, "home-200"), drifted(Field::Vlan, "3")];
    let both = text(&plan, false, false);
    assert!(
        both.contains("        drift: rate and VLAN were so when last verified\n"),
        "{both}"
    );
    plan.devices[0].steps[0].because.truncate(1);
    let one = text(&plan, false, false);
    assert!(
        one.contains("        drift: was home-200 when last verified\n"),
        "{one}"
    );
}

#[test]
fn a_change_that_many_have_for_one_reason_names_it_once_and_leaves_the_lines_out() {
    let mut plan = of_cause(&Cause::Inventory, &["apt-1", "apt-2", "apt-3"]);
    for (index, step) in plan.devices[0].steps.iter_mut().enumerate() {
        step.because[0].origin.as_mut().unwrap().line = index + 1;
    }
    let shared = text(&plan, false, false);
    assert!(
        shared.contains("commit abc1234abc12 by Ann, 2026-11-20, subscribers/maple.toml: Faster"),
        "{shared}"
    );
    let other = plan.devices[0].steps[2].because[0].origin.as_mut().unwrap();
    other.commit = None;
    let first = text(&plan, false, false);
    assert!(
        first.contains("for the first of them: commit abc1234abc12 by Ann"),
        "{first}"
    );
}

#[test]
fn a_setting_that_survives_a_rollback_is_shown() {
    let port = |from: Option<&str>| {
        let mut name = json!({ "field": "name", "to": { "type": "text", "value": "riser" } });
        if let Some(from) = from {
            name["from"] = json!({ "type": "text", "value": from });
        }
        let object = Object::Port(crate::model::PortNumber::new(1).unwrap());
        change(&object, None, "update", &json!([name]))
    };
    let shown = |from| {
        let step = step(port(from), Impact::None, Cause::FirstAdoption, None);
        text(&planned(vec![plan_of("maple-a", vec![step])]), true, true)
    };
    assert!(shown(None).contains("a port that has a name keeps one"));
    assert!(!shown(Some("old")).contains("a port that has a name keeps one"));
}

#[test]
fn detailed_shows_what_would_be_typed_and_what_undoes_it() {
    let text = text(
        &planned(vec![plan_of("maple-a", vec![faster("apt-2")])]),
        true,
        true,
    );
    assert!(
        text.contains(
            "        > ghn subscriber 1 bw-profile 3\n        undo: ghn subscriber 1 bw-profile 2\n"
        ),
        "{text}"
    );
}

fn many(devices: usize, steps: fn(usize) -> Vec<Step>) -> Planned {
    let devices = (0..devices).map(|number| plan_of(&format!("gam-{number:05}"), steps(number)));
    planned(devices.collect())
}

#[test]
fn the_same_change_on_many_devices_is_one_line() {
    let plan = many(97, |number| {
        (0..4)
            .map(|one| faster(&format!("apt-{number}-{one}")))
            .collect()
    });
    let text = text(&plan, false, false);
    assert!(
        text.contains("  ~ 388 subscribers on 97 devices: rate home-100 → home-200\n"),
        "{text}"
    );
    assert!(text.lines().count() < 12, "{text}");
}

#[test]
fn when_everything_changes_everywhere_it_is_under_200_lines_until_it_is_expanded() {
    let mut plan = many(10_000, |number| {
        vec![faster_with(
            &format!("apt-{number}"),
            &format!("plan-{number}"),
        )]
    });
    for device in &mut plan.devices {
        let text = "ports were not read".to_owned();
        device.notes.push(Note::new("not-read", None, text));
        device.refusals.push(Refusal {
            rule: "too-many".to_owned(),
            message: "far too many".to_owned(),
            hint: "fewer".to_owned(),
        });
        device.unmanaged.push(Unmanaged {
            kind: "endpoint".to_owned(),
            slot: Slot(9),
            name: "by hand".to_owned(),
            port: None,
        });
        plan.unobservable.push(Unobservable {
            device: device.device.clone(),
            reason: crate::model::NotObserved::NoAnswer {
                error: "no answer".to_owned(),
            },
        });
    }
    let short = text(&plan, false, false);
    assert!(short.lines().count() <= 200, "{}", short.lines().count());
    assert!(short.contains("… and 9 9"), "{short}");
    assert!(text(&plan, true, false).lines().count() <= 200);
    assert!(text(&plan, false, true).lines().count() > 50_000);
}

#[test]
fn removals_are_complete_however_many_there_are() {
    let plan = many(500, |number| vec![removed(&format!("apt-{number}"))]);
    let short = text(&plan, false, false);
    for number in 0..500 {
        assert!(short.contains(&format!("subscriber apt-{number} (7)")));
    }
}

#[test]
fn markdown_stays_within_its_bytes_and_lists_removals_first() {
    let plan = many(300, |number| {
        let mut steps = vec![faster_with(
            &format!("apt-{number}"),
            &format!("plan-{number}"),
        )];
        if number < 20 {
            steps.push(removed(&format!("gone-{number}")));
        }
        steps
    });
    let report = PlanReport {
        planned: &plan,
        is_detailed: false,
        is_expanded: false,
    };
    let markdown = report.markdown(12_000, None);
    assert!(markdown.len() <= 12_000);
    for number in 0..20 {
        assert!(
            markdown.contains(&format!("subscriber gone-{number} (7)")),
            "{number}"
        );
    }
    assert!(!markdown.contains("WARNING"));
    assert!(
        markdown.contains("_Left out to stay within 12000 bytes: "),
        "{markdown}"
    );
    let whole = report.markdown(1 << 20, None);
    assert!(!whole.contains("Left out"));
}

#[test]
fn long_parts_are_folded_in_markdown_and_losses_never_are() {
    let plan = many(60, |number| {
        vec![
            faster_with(&format!("apt-{number}"), &format!("plan-{number}")),
            removed(&format!("gone-{number}")),
        ]
    });
    let report = PlanReport {
        planned: &plan,
        is_detailed: false,
        is_expanded: false,
    };
    let markdown = report.markdown(60_000, None);
    let (open, folded) = markdown.split_once("<details>").unwrap();
    assert!(
        folded.starts_with("<summary>Changes (60 changes)</summary>\n\n"),
        "{folded}"
    );
    assert!(open.contains("### Removed or disconnected\n"), "{open}");
    assert_eq!(open.matches("subscriber gone-").count(), 60);
    assert_eq!(
        markdown.matches("<details>").count(),
        markdown.matches("</details>").count()
    );
}

#[test]
fn markdown_begins_with_its_marker_and_the_commits_that_it_compares() {
    let mut plan = planned(vec![plan_of("maple-a", Vec::new())]);
    plan.inventory.commit = Some("d".repeat(40));
    plan.against = Some("b".repeat(40));
    let report = PlanReport {
        planned: &plan,
        is_detailed: false,
        is_expanded: false,
    };
    let markdown = report.markdown(60_000, None);
    let start = "<!-- gamctl-plan -->\n**Nothing would change on 1 device.**\n\n\
                 Commits: `bbbbbbbbbbbb…dddddddddddd`\n";
    assert!(markdown.starts_with(start), "{markdown}");
}

#[test]
fn removals_that_do_not_fit_are_said_at_the_very_top() {
    let plan = many(400, |number| vec![removed(&format!("gone-{number}"))]);
    let report = PlanReport {
        planned: &plan,
        is_detailed: false,
        is_expanded: false,
    };
    let markdown = report.markdown(10_000, None);
    assert!(markdown.len() <= 10_000, "{}", markdown.len());
    assert!(
        markdown.starts_with("<!-- gamctl-plan -->\n> **WARNING: "),
        "{markdown}"
    );
    let shown = markdown.matches("subscriber gone-").count();
    let missing = format!("WARNING: {} entries of what is removed", 400 - shown);
    assert!(
        shown > 10 && markdown.contains(&missing),
        "{shown}: {markdown}"
    );
}

#[test]
fn a_name_from_a_device_is_no_markdown_and_no_escape_sequence() {
    let mut plan = planned(vec![plan_of("maple-a", Vec::new())]);
    plan.devices[0].unmanaged.push(Unmanaged {
        kind: "endpoint".to_owned(),
        slot: Slot(9),
        name: "![x](http://evil)\u{1b}[2J\n# heading".to_owned(),
        port: None,
    });
    let report = PlanReport {
        planned: &plan,
        is_detailed: false,
        is_expanded: false,
    };
    let markdown = report.markdown(10_000, None);
    assert!(markdown.contains("\\!\\[x\\](http://evil)"), "{markdown}");
    assert!(!markdown.contains("\n# heading") && !markdown.contains('\u{1b}'));
    assert!(!report.text(Paint::Plain, 80).contains('\u{1b}'));
}

#[test]
fn the_worst_result_decides_the_exit_code() {
    let mut plan = planned(vec![plan_of("maple-a", Vec::new())]);
    assert_eq!(exit(&plan), Exit::Done);
    plan.unobservable.push(Unobservable {
        device: name("oak"),
        reason: crate::model::NotObserved::NoAnswer {
            error: "no answer".to_owned(),
        },
    });
    assert_eq!(exit(&plan), Exit::Unobservable);
    plan.devices[0].steps.push(faster("apt-1"));
    assert_eq!(exit(&plan), Exit::ChangesPending);
    plan.devices[0].refusals.push(Refusal {
        rule: "wrong-serial".to_owned(),
        message: String::new(),
        hint: String::new(),
    });
    assert_eq!(exit(&plan), Exit::Refused);
    plan.lint_errors.push(lint_error());
    assert_eq!(exit(&plan), Exit::Failed);
    let sentence = verdict(&plan, &Totals::of(&plan));
    assert!(
        sentence.contains(
            " gamctl does not understand its own plan for maple-a: that is a fault of gamctl, and nothing of it may be applied there."
        ),
        "{sentence}"
    );
}

#[test]
fn a_step_that_cannot_be_undone_says_why_everywhere_and_is_counted() {
    let mut plan = planned(vec![plan_of(
        "maple-a",
        vec![faster("apt-1"), removed("apt-2")],
    )]);
    let steps = &mut plan.devices[0].steps;
    steps[0].inverse.clear();
    steps[0].cannot_undo = Some(CannotUndo::UnsafeCharacter {
        field: Field::Description,
        character: '\u{1b}',
        position: 3,
    });
    steps[1].inverse.clear();
    steps[1].cannot_undo = Some(CannotUndo::CutsManagement {
        vlan: VlanId::new(100).unwrap(),
    });
    let totals = Totals::of(&plan);
    assert_eq!(totals.cannot_be_undone, 2);
    assert!(verdict(&plan, &totals).ends_with(" 2 steps cannot be undone."));
    for is_detailed in [false, true] {
        let report = PlanReport {
            planned: &plan,
            is_detailed,
            is_expanded: false,
        };
        for text in [
            report.text(Paint::Plain, 200),
            report.markdown(10_000, None),
        ] {
            assert!(!text.contains('\u{1b}'), "{text}");
            for reason in [
                "cannot be undone, because the description it had has",
                "cannot be undone, because undoing it would stop VLAN 100, through which gamctl may reach the device",
            ] {
                assert!(text.contains(reason), "{text}");
            }
            assert!(!text.contains("nothing undoes this"), "{text}");
        }
        let json = report.json();
        assert!(json.contains("\"kind\": \"cuts-management\""), "{json}");
        assert!(json.contains("\"cannot_be_undone\": 2"), "{json}");
    }
}

#[test]
fn an_old_plan_without_reasons_is_read() {
    let text = write_plan(&planned(vec![plan_of("maple-a", vec![faster("apt-1")])]));
    assert!(!text.contains("cannot_undo"), "{text}");
    let (_, read) = read_plan(text.as_bytes()).unwrap();
    assert_eq!(read.devices[0].steps[0].cannot_undo, None);
}

fn lint_error() -> DeviceLintError {
    DeviceLintError {
        device: name("maple-a"),
        lint_error: LintError {
            step: 1,
            is_inverse: true,
            line: Some("reload cold".to_owned()),
            message: "no".to_owned(),
        },
    }
}

#[test]
fn a_plan_file_is_read_back_as_it_was_written_and_in_no_other_way() {
    let plan = everything();
    let text = write_plan(&plan);
    assert_eq!(text, write_plan(&everything()));
    let (id, read) = read_plan(text.as_bytes()).unwrap();
    assert_eq!(read, plan);
    assert_eq!(id.len(), 64);
    let changed = text.replace("home-200", "home-900");
    assert!(matches!(
        read_plan(changed.as_bytes()),
        Err(PlanFileError::WrongId)
    ));
    let other = text.replace("\"schema\": 1", "\"schema\": 2");
    assert!(matches!(
        read_plan(other.as_bytes()),
        Err(PlanFileError::OtherSchema { .. })
    ));
    for broken in ["", "[]", "{}", "{\"schema\":1}"] {
        assert!(read_plan(broken.as_bytes()).is_err(), "{broken}");
    }
}

/// A plan with every variant of every type that is stored: what the schema has to know.
#[expect(clippy::too_many_lines, reason = "a list, one entry for each variant")]
pub(super) fn everything() -> Planned {
    let mut plan = planned(vec![plan_of("maple-a", Vec::new())]);
    plan.against = Some("abc1234abc1234abc1234abc1234abc1234abc12".to_owned());
    plan.policy.commit.clone_from(&plan.against);
    plan.origins_cut = true;
    plan.out_of_scope = OutOfScope {
        devices: 2,
        pending: vec![name("oak")],
        preprovisioned: 1,
        dropped: vec![name("elm")],
    };
    plan.unobservable.push(Unobservable {
        device: name("oak"),
        reason: crate::model::NotObserved::NoAnswer {
            error: "no answer".to_owned(),
        },
    });
    plan.lint_errors.push(lint_error());
    let refusal = Refusal {
        rule: "too-many-removals".to_owned(),
        message: "7 of 20".to_owned(),
        hint: "raise it".to_owned(),
    };
    plan.refusals.push(refusal.clone());
    let mac = "00:0e:d8:00:00:01".parse().unwrap();
    let objects = [
        Object::System,
        Object::Uplink(crate::model::UplinkNumber::new(1).unwrap()),
        Object::Port(crate::model::PortNumber::new(7).unwrap()),
        Object::Profile("home-100".parse().unwrap()),
        Object::Endpoint(mac),
        Object::Subscriber("apt-1".parse().unwrap()),
    ];
    let text = |text: &str| json!({ "type": "text", "value": text });
    let one = |kind: &str, value: Value| json!({ "type": kind, "value": value });
    let from = |field: &str, value: Value| json!({ "field": field, "from": value });
    let to = |field: &str, value: Value| json!({ "field": field, "to": value });
    let both =
        |field: &str, from: Value, to: Value| json!({ "field": field, "from": from, "to": to });
    let endpoint = one("endpoint", json!({ "mac": mac, "slot": 1 }));
    let subscriber = json!([
        to("name", text("apt-1")),
        to("description", text("x")),
        to("endpoint", endpoint),
        to("rate", profile("home-200", 3)),
        to("vlan", one("vlan", 3.into())),
        to("tagged", one("flag", false.into())),
        to("remapped_vlan", one("vlan", 3.into())),
        to("allowed_vlans", one("vlans", "3,10-13".into())),
        to("port2_vlan", one("vlan", 4.into())),
        to("poe", one("poe", "force".into())),
    ]);
    let with_profile = json!([
        from("name", text("home-100")),
        from("description", text("x")),
        from("down", one("speed", 10.into())),
        from("up", one("speed", 10.into())),
    ]);
    let settings = json!([
        both("hostname", text("x"), text("y")),
        to("location", text("x")),
        from("contact", text("x")),
    ]);
    let of_port = json!([
        to("name", text("x")),
        both(
            "enabled",
            one("flag", true.into()),
            one("flag", false.into())
        ),
        both(
            "mode",
            one("mode", "mimo".into()),
            one("mode", "siso".into())
        ),
    ]);
    let changes = [
        change(&objects[0], None, "update", &settings),
        change(
            &objects[1],
            None,
            "update",
            &json!([both(
                "allowed_vlans",
                one("vlans", "".into()),
                one("vlans", "3".into())
            )]),
        ),
        change(&objects[2], None, "update", &of_port),
        change(&objects[3], Some(1), "remove", &with_profile),
        change(
            &objects[4],
            Some(1),
            "create",
            &json!([
                to("name", text("x")),
                to("mac_address", one("mac", json!(mac))),
                to("port", one("port", "auto".into())),
            ]),
        ),
        change(&objects[5], Some(1), "create", &subscriber),
        change(
            &objects[5],
            Some(1),
            "update",
            &json!([both(
                "rate",
                json!({ "type": "unthrottled" }),
                profile("home-200", 3)
            )]),
        ),
    ];
    let causes = [
        Cause::Inventory,
        Cause::Drift { was: None },
        Cause::Drift {
            was: Some("x".to_owned()),
        },
        Cause::FirstAdoption,
        Cause::Gone { still: None },
        Cause::Unmanaged,
        Cause::Temporary,
    ];
    let impacts = [
        Impact::None,
        Impact::Interrupts {
            subscribers: vec!["apt-1".parse().unwrap()],
        },
        Impact::Disconnects {
            subscribers: Vec::new(),
            interrupts: vec!["apt-2".parse().unwrap()],
        },
        Impact::TouchesManagement,
    ];
    let field = Field::Location;
    let reasons = [
        CannotUndo::UnsafeCharacter {
            field,
            character: '\\',
            position: 2,
        },
        CannotUndo::TooLong {
            field,
            length: 130,
            most: 127,
        },
        CannotUndo::LostSpaces { field },
        CannotUndo::NotAHostname { field },
        CannotUndo::OutOfRange { field },
        CannotUndo::NotKnown { field },
        CannotUndo::CutsManagement {
            vlan: VlanId::new(100).unwrap(),
        },
    ];
    plan.read_over_ssh = vec![ReadOverSsh {
        device: name("maple-a"),
        parts: vec!["subscribers".to_owned()],
    }];
    let plan_of_device = &mut plan.devices[0];
    plan_of_device.refusals.push(refusal);
    plan_of_device.notes = objects
        .iter()
        .map(|object| Note::new("not-read", Some(object.clone()), "x".to_owned()))
        .collect();
    plan_of_device.unmanaged.push(Unmanaged {
        kind: "endpoint".to_owned(),
        slot: Slot(1),
        name: "x".to_owned(),
        port: Some(crate::model::PortAssignment::Unassigned),
    });
    for (index, change) in changes.into_iter().enumerate() {
        let fields: Vec<Field> = change.fields().iter().map(|view| view.field).collect();
        let mut one = step(
            change,
            impacts[index % impacts.len()].clone(),
            causes[index % causes.len()].clone(),
            Some(origin()),
        );
        one.because[0].fields = fields;
        one.effects = Effects {
            speeds: vec![SpeedChange {
                subscribers: vec!["apt-1".parse().unwrap()],
                from: [Limiter::Unthrottled, Limiter::Unread][index % 2],
                to: fifty(),
            }],
            restores: vec!["apt-2".parse().unwrap()],
            authentication: vec!["apt-3".parse().unwrap()],
        };
        one.cannot_undo = reasons.get(index).cloned();
        plan_of_device.steps.push(one);
    }
    plan
}

fn fifty() -> Limiter {
    let speed = crate::model::Mbps::new(50).unwrap();
    Limiter::Limited {
        down: speed,
        up: speed,
    }
}

#[test]
fn a_profile_that_gets_slower_counts_its_subscribers_and_shows_both_speeds() {
    let object = Object::Profile("home".parse().unwrap());
    let speed = |speed: u32| json!({ "type": "speed", "value": speed });
    let down = json!([{ "field": "down", "from": speed(500), "to": speed(50) }]);
    let down = change(&object, Some(2), "update", &down);
    let mut slower = step(down, Impact::None, Cause::Inventory, Some(origin()));
    slower.effects.speeds = vec![SpeedChange {
        subscribers: (1..=8)
            .map(|number| format!("apt-{number}").parse().unwrap())
            .collect(),
        from: Limiter::Unthrottled,
        to: fifty(),
    }];
    let planned = planned(vec![plan_of("maple-a", vec![slower])]);
    let totals = Totals::of(&planned);
    assert_eq!(totals.slower_subscribers, 8);
    assert!(verdict(&planned, &totals).contains("8 subscribers slower"));
    let words = words::effects(&planned.devices[0].steps[0]);
    assert_eq!(
        words,
        [
            "makes 8 subscribers (apt-1, apt-2, apt-3, apt-4, apt-5, apt-6 and 2 more) slower: no limit → 50/50 Mbps"
        ]
    );
}

#[test]
fn the_published_schema_accepts_every_plan_that_can_be_written_and_nothing_more() {
    let schema: serde_json::Value = serde_json::from_str(PLAN_SCHEMA).unwrap();
    let fields: Vec<serde_json::Value> = Field::ALL.iter().map(|field| json!(field)).collect();
    assert_eq!(schema["$defs"]["field"]["enum"], json!(fields));
    let everything = everything();
    let steps = everything.devices.iter().flat_map(|plan| &plan.steps);
    let written: BTreeSet<Field> = steps
        .flat_map(|step| step.change.fields())
        .map(|view| view.field)
        .collect();
    let missing = Field::ALL.iter().filter(|field| !written.contains(field));
    let missing: Vec<&Field> = missing.collect();
    assert!(missing.is_empty(), "add them to `everything`: {missing:?}");
    let document = plan_value(&everything);
    assert_eq!(
        schema_check::faults(&schema, &schema, &document, "plan"),
        Vec::<String>::new()
    );
    let empty = plan_value(&planned(Vec::new()));
    assert_eq!(
        schema_check::faults(&schema, &schema, &empty, "plan"),
        Vec::<String>::new()
    );
    // Any key more, and any key that is needed less, is a fault.
    let mut more = document.clone();
    more["devices"][0]["steps"][0]["because"][0]["origin"]["who"] = "x".into();
    assert!(!schema_check::faults(&schema, &schema, &more, "plan").is_empty());
    let mut less = document;
    less["devices"][0]["steps"][0]
        .as_object_mut()
        .unwrap()
        .remove("inverse");
    assert!(!schema_check::faults(&schema, &schema, &less, "plan").is_empty());
}

#[test]
fn what_differs_on_a_device_that_is_only_observed_is_shown_and_leaves_nothing_to_do() {
    let mut observed = plan_of("oak-1", vec![faster("a01"), faster("a02")]);
    observed.state = DeviceState::Observe;
    let planned = Planned {
        devices: vec![observed, plan_of("oak-2", Vec::new())],
        ..Planned::default()
    };
    assert_eq!(exit(&planned), Exit::Done);
    let totals = Totals::of(&planned);
    assert_eq!((totals.changes(), totals.only_shown_changes), (0, 2));
    assert_eq!(
        verdict(&planned, &totals),
        "Nothing would be changed: 2 changes on 1 device are only shown, because nothing is written in state `observe`."
    );
}
