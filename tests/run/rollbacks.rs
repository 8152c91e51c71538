//! Tests that the next plan and apply remember what an operator rolled back.

use std::collections::BTreeSet;

use gamctl::apply::{PreflightRefusal, RunReport, RunResult, SkipReason};
use gamctl::history::{Filter, RunId};
use gamctl::plan::{Planned, Verb as StepVerb};
use gamctl::reconcile::run::{PlanFile, Preparation, Reconciler, RunRequest, Verb, Watcher};
use gamctl::report::{Paint, PlanReport, preflight, skip_reason, verdict, write_plan};

use super::{Bed, oak, on_both, options, prepared, request, words};

on_both! {
    what_was_rolled_back_is_marked_and_left_alone_until_it_is_asked_for_by_name,
    what_a_later_commit_decides_again_and_what_drifted_is_not_held_back,
    a_checkout_that_is_behind_is_told_to_pull,
}

const FILE: &str = "subscribers/oaks.toml";

/// Changes the service plan of a subscriber of the first device, and commits it.
fn change(bed: &Bed, from: &str, to: &str, message: &str) -> String {
    let world = &bed.site.world;
    let text = world.read(FILE);
    assert!(
        text.starts_with("[subscriber.apt-1]") && text.contains(from),
        "{from} in {text}"
    );
    world.write(FILE, text.replacen(from, to, 1));
    world.commit_all(message)
}

async fn run(caller: &Reconciler, request: RunRequest) -> RunReport {
    let run = prepared(caller, request).await.confirm(false);
    let report = caller.execute(run, options(), &Watcher::silent()).await;
    report.unwrap()
}

async fn plan(caller: &Reconciler) -> Planned {
    let run = prepared(caller, RunRequest::of(Verb::Plan, "ada@noc")).await;
    run.planned().clone()
}

fn rollback(to: &str) -> RunRequest {
    RunRequest {
        revision: Some(to.to_owned()),
        auto_approval: gamctl::reconcile::AutoApproval::Everything,
        ..RunRequest::of(Verb::Rollback, "bob@noc")
    }
}

/// The steps that would undo a rollback: `verb object`.
fn marked(planned: &Planned) -> Vec<String> {
    let steps = planned.devices.iter().flat_map(|plan| &plan.steps);
    let marked = steps.filter(|step| step.rolled_back.is_some());
    marked
        .map(|step| format!("{:?} {}", step.change.verb(), step.change.object_after()))
        .collect()
}

fn last_run(bed: &Bed) -> RunId {
    let store = bed.store();
    let runs = bed.wait(store.runs(&Filter::default())).unwrap();
    runs[0].run.id
}

/// Applies a change to the first device, and rolls it back.
fn rolled_back(bed: &Bed, caller: &Reconciler) -> RunId {
    bed.wait(async {
        assert_eq!(run(caller, request()).await.result(), RunResult::Done);
        let good = bed.site.world.head();
        change(bed, "home-100", "home-300", "faster");
        assert_eq!(run(caller, request()).await.result(), RunResult::Done);
        let back = run(caller, rollback(&good)).await;
        assert_eq!(words(&back), [(oak(0), "applied")]);
    });
    last_run(bed)
}

/// Checks that every format shows the marks.
fn is_shown(planned: &Planned, id: RunId) {
    let report = PlanReport {
        planned,
        is_detailed: false,
        is_expanded: false,
    };
    let mark = "brings back what bob";
    for text in [
        report.text(Paint::Plain, 200),
        report.markdown(60_000, None),
    ] {
        assert!(
            text.contains(mark) && text.contains(&gamctl::report::short_id(id.0)),
            "{text}"
        );
        assert!(text.contains("2 steps undo a rollback."), "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["totals"]["brought_back"], 2);
}

fn what_was_rolled_back_is_marked_and_left_alone_until_it_is_asked_for_by_name(bed: &Bed) {
    let caller = bed.caller();
    let id = rolled_back(bed, &caller);
    bed.wait(async {
        // Another device has a change of its own, which goes ahead.
        let text = bed.site.world.read("devices/oaks.toml");
        let roof = text.replacen("[device.oak-1]", "[device.oak-1]\nlocation = \"Roof\"", 1);
        assert_ne!(roof, text);
        bed.site.world.write("devices/oaks.toml", roof);
        bed.site.world.commit_all("where it is");

        let planned = plan(&caller).await;
        assert_eq!(
            marked(&planned),
            ["Create profile home-300", "Update subscriber apt-1"]
        );
        let steps = planned.devices.iter().flat_map(|plan| &plan.steps);
        for by in steps.filter_map(|step| step.rolled_back.as_ref()) {
            assert_eq!(
                (by.run.as_str(), by.who.as_str()),
                (id.0.to_string().as_str(), "bob@noc")
            );
        }
        is_shown(&planned, id);

        let held = run(&caller, request()).await;
        assert_eq!(held.result(), RunResult::Refused);
        assert_eq!(words(&held), [(oak(1), "applied")]);
        let [skipped] = held.skipped.as_slice() else {
            panic!("{held:?}");
        };
        assert!(
            matches!(&skipped.reason, SkipReason::RolledBack { .. }),
            "{skipped:?}"
        );
        let text = skip_reason(&skipped.reason);
        for part in [
            "bob@noc",
            "profile home-300 and subscriber apt-1",
            &format!("--reapply {}", gamctl::report::short_id(id.0)),
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }

        // A file is not asked about either: it was reviewed, and the rollback may be newer.
        let file = PlanFile::read(write_plan(&plan(&caller).await).into_bytes()).unwrap();
        let of_file = RunRequest {
            plan_file: Some(file),
            ..RunRequest::of(Verb::Apply, "ada@noc")
        };
        assert_eq!(run(&caller, of_file).await.skipped.len(), 1);

        // A person is asked, whatever else needs no person.
        let asked = RunRequest {
            auto_approval: gamctl::reconcile::AutoApproval::Harmless,
            ..RunRequest::of(Verb::Apply, "ada@noc")
        };
        let asked = prepared(&caller, asked).await;
        assert!(asked.needs_confirmation());
        assert_eq!(asked.to_reapply().count(), 2);
        drop(asked);

        let named = RunRequest {
            reapply: BTreeSet::from([id]),
            ..request()
        };
        let report = run(&caller, named).await;
        assert_eq!(
            (report.result(), words(&report)),
            (RunResult::Done, vec![(oak(0), "applied")])
        );
        let settled = plan(&caller).await;
        assert!(settled.devices.iter().all(|plan| plan.steps.is_empty()));

        // What is intended and verified again may be corrected like any drift.
        bed.site.twin(0).edit_line("ghn subscriber 1 bw-profile 2");
        let drifted = plan(&caller).await;
        let steps: Vec<_> = drifted
            .devices
            .iter()
            .flat_map(|plan| &plan.steps)
            .collect();
        assert!(!steps.is_empty());
        assert_eq!(marked(&drifted), Vec::<String>::new());
    });
}

fn what_a_later_commit_decides_again_and_what_drifted_is_not_held_back(bed: &Bed) {
    let caller = bed.caller();
    rolled_back(bed, &caller);
    bed.wait(async {
        change(bed, "home-300", "home-100", "go back");
        let planned = plan(&caller).await;
        assert_eq!(
            planned.devices.iter().flat_map(|plan| &plan.steps).count(),
            0
        );
        change(bed, "home-100", "home-300", "faster, and checked this time");
        let planned = plan(&caller).await;
        let steps = planned.devices.iter().flat_map(|plan| &plan.steps);
        let verbs: Vec<StepVerb> = steps.map(|step| step.change.verb()).collect();
        assert_eq!(verbs, [StepVerb::Create, StepVerb::Update]);
        assert_eq!(marked(&planned), Vec::<String>::new());
        assert_eq!(run(&caller, request()).await.result(), RunResult::Done);
    });
}

fn a_checkout_that_is_behind_is_told_to_pull(bed: &Bed) {
    let caller = bed.caller();
    bed.wait(async {
        assert_eq!(run(&caller, request()).await.result(), RunResult::Done);
        let old = bed.site.world.head();
        change(bed, "home-100", "home-300", "faster");
        assert_eq!(run(&caller, request()).await.result(), RunResult::Done);
        bed.site.world.git(&["checkout", "-q", &old]);
        let planned = plan(&caller).await;
        let [refusal] = planned.refusals.as_slice() else {
            panic!("{planned:?}");
        };
        assert_eq!(refusal.rule, "older-commit");
        assert!(refusal.hint.contains("git pull"), "{refusal:?}");
        let totals = gamctl::report::Totals::of(&planned);
        assert!(verdict(&planned, &totals).starts_with("Refused"));
        for (revision, hint) in [(None, "git pull"), (Some(old.clone()), "gamctl rollback")] {
            let asked = RunRequest {
                revision,
                ..request()
            };
            let prepared = caller.prepare(asked, &Watcher::silent()).await.unwrap();
            let Preparation::Refused(refused) = prepared else {
                panic!("{prepared:?}");
            };
            let refusal = refused.report.refusal.unwrap();
            assert!(
                matches!(refusal, PreflightRefusal::OlderCommit { .. }),
                "{refusal:?}"
            );
            let text = preflight(&refusal);
            assert!(text.hint.contains(hint), "{text:?}");
        }
        // Whoever names an earlier commit for a plan wants to see a rollback.
        let named = RunRequest {
            revision: Some(old),
            ..RunRequest::of(Verb::Plan, "ada@noc")
        };
        let preview = prepared(&caller, named).await;
        assert!(preview.planned().refusals.is_empty());
    });
}
