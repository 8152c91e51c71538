//! Tests that a plan file is applied exactly as approved, or not at all.

use gamctl::apply::{PlanPart, PreflightRefusal, RunResult};
use gamctl::plan::{Impact, Note, Planned};
use gamctl::reconcile::run::{PlanFile, Preparation, Reconciler, RunRequest, Verb, Watcher};
use gamctl::report::write_plan;

use super::{Bed, on_both, options, prepared};
use crate::crash::judge::writings;

on_both! { a_plan_file_that_was_edited_anywhere_is_refused_and_the_whole_one_is_applied_once }

/// Prepares a run from an edited plan file, with the hash of its new content.
async fn from_file(caller: &Reconciler, planned: &Planned) -> Preparation {
    let file = PlanFile::read(write_plan(planned).into_bytes()).unwrap();
    let request = RunRequest {
        plan_file: Some(file),
        ..RunRequest::of(Verb::Apply, "ada@noc")
    };
    caller.prepare(request, &Watcher::silent()).await.unwrap()
}

type Edit = fn(&mut Planned);

fn removal() -> gamctl::model::ConfigLine {
    gamctl::model::ConfigLine::new("no ghn subscriber 9").unwrap()
}

fn a_plan_file_that_was_edited_anywhere_is_refused_and_the_whole_one_is_applied_once(bed: &Bed) {
    let caller = bed.caller();
    bed.wait(async {
        let plan = RunRequest::of(Verb::Plan, "ada@noc");
        let planned = prepared(&caller, plan).await.planned().clone();
        let edits: [(Edit, PlanPart); 6] = [
            (
                |planned| {
                    planned.devices[0].steps[1].inverse = vec![removal()];
                },
                PlanPart::Inverse { step: 2 },
            ),
            (
                |planned| planned.devices[0].steps[0].inverse.clear(),
                PlanPart::Inverse { step: 1 },
            ),
            (
                |planned| {
                    planned.devices[0].steps[0].lines.push(removal());
                },
                PlanPart::Lines { step: 1 },
            ),
            (
                |planned| planned.devices[0].steps[0].impact = Impact::TouchesManagement,
                PlanPart::Explanation { step: 1 },
            ),
            (
                |planned| {
                    planned.devices[0].notes.push(Note {
                        rule: "not-read".to_owned(),
                        object: None,
                        message: "all is well".to_owned().into(),
                    });
                },
                PlanPart::Rest,
            ),
            (
                |planned| {
                    planned.devices[0].steps.pop();
                },
                PlanPart::StepCount {
                    approved: planned.devices[0].steps.len() - 1,
                    now: planned.devices[0].steps.len(),
                },
            ),
        ];
        for (edit, part) in edits {
            let mut edited = planned.clone();
            edit(&mut edited);
            let device = planned.devices[0].device.clone();
            match from_file(&caller, &edited).await {
                Preparation::Refused(refused) => assert_eq!(
                    refused.report.refusal,
                    Some(PreflightRefusal::PlanDiffers { device, part })
                ),
                other => panic!("{part:?}: {other:?}"),
            }
        }
        assert!(writings(bed.site.twin(0)).is_empty());
        assert!(writings(bed.site.twin(1)).is_empty());
        is_applied_once(&caller, &planned).await;
    });
}

/// Applies a plan file twice: the second run is refused, and so is a third before anything is shown.
async fn is_applied_once(caller: &Reconciler, planned: &Planned) {
    // The second run was prepared before the first one claimed the plan, so the store decides.
    let mut runs = Vec::new();
    for _ in 0..2 {
        let Preparation::Ready(run) = from_file(caller, planned).await else {
            panic!("it is refused");
        };
        assert!(
            run.needs_confirmation(),
            "a plan file is confirmed like any plan"
        );
        runs.push(run.confirm(true));
    }
    let mut refusals = Vec::new();
    for run in runs {
        let report = caller.execute(run, options(), &Watcher::silent()).await;
        let report = report.unwrap();
        refusals.push((report.refusal.is_some(), report.result()));
    }
    assert_eq!(
        refusals,
        [(false, RunResult::Done), (true, RunResult::Refused)]
    );
    match from_file(caller, planned).await {
        Preparation::Refused(refused) => assert!(matches!(
            refused.report.refusal,
            Some(PreflightRefusal::PlanAlreadyApplied { .. })
        )),
        other => panic!("a plan that was applied is not shown as pending: {other:?}"),
    }
}
