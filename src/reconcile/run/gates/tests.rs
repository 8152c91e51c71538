//! Tests each gate, and each combination in which the order of gates matters.

use super::*;
use crate::history::RunId;
use crate::model::FreezeScope;
use crate::plan::{Planned, Refusal};
use crate::reconcile::run::{PlanFile, Verb};
use uuid::Uuid;

const NOW: &str = "0123456789abcdef0123456789abcdef01234567";
const BEFORE: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn related(ancestry: Ancestry) -> Related<'static> {
    Related {
        commit: NOW,
        applied: BEFORE,
        ancestry,
        named_by: CommitNamedBy::Operator,
    }
}

fn facts() -> ScopeFacts {
    ScopeFacts {
        name: "maple-a".to_owned(),
        site: Some("maple-court".to_owned()),
        labels: vec![("region".to_owned(), "north".to_owned())],
    }
}

fn freeze(scope: FreezeScope) -> Freeze {
    Freeze {
        id: Uuid::from_u128(1),
        scope,
        reason: "holidays".to_owned(),
        who: "ada@noc".to_owned(),
        since: 1,
        until: 2,
    }
}

#[test]
fn an_uncommitted_inventory_is_refused_to_those_who_write_unless_it_is_allowed() {
    let none = Allowances::default();
    let allowed = Allowances {
        uncommitted: true,
        ..none
    };
    for verb in [Verb::Apply, Verb::Rollback] {
        assert_eq!(
            committed(None, verb, none),
            Err(PreflightRefusal::Uncommitted)
        );
        assert_eq!(committed(None, verb, allowed), Ok(()));
        assert_eq!(committed(Some(NOW), verb, none), Ok(()));
    }
    for verb in [Verb::Plan, Verb::Adopt] {
        assert_eq!(committed(None, verb, none), Ok(()));
    }
}

#[test]
fn a_commit_that_does_not_descend_from_the_applied_one_is_refused_by_what_it_is() {
    let none = Allowances::default();
    let (commit, applied) = (NOW.to_owned(), BEFORE.to_owned());
    let refused = |ancestry| descends(related(ancestry), Verb::Apply, none);
    assert_eq!(refused(Ancestry::Same), Ok(()));
    assert_eq!(refused(Ancestry::Descends), Ok(()));
    assert_eq!(
        refused(Ancestry::Precedes),
        Err(PreflightRefusal::OlderCommit {
            commit: commit.clone(),
            applied: applied.clone(),
            named_by: CommitNamedBy::Operator,
        })
    );
    assert_eq!(
        refused(Ancestry::Apart),
        Err(PreflightRefusal::RewrittenHistory {
            commit: commit.clone(),
            applied: applied.clone()
        })
    );
    assert_eq!(
        refused(Ancestry::Unknown),
        Err(PreflightRefusal::UnknownHistory { commit, applied })
    );
}

#[test]
fn rewritten_history_is_accepted_only_by_name_and_a_rollback_goes_back_on_purpose() {
    let accepted = Allowances {
        rewritten_history: true,
        ..Allowances::default()
    };
    let other = Allowances {
        uncommitted: true,
        management: true,
        rewritten_history: false,
    };
    for ancestry in [Ancestry::Precedes, Ancestry::Apart, Ancestry::Unknown] {
        assert_eq!(descends(related(ancestry), Verb::Apply, accepted), Ok(()));
        assert!(descends(related(ancestry), Verb::Apply, other).is_err());
        let rollback = descends(related(ancestry), Verb::Rollback, Allowances::default());
        assert_eq!(rollback, Ok(()));
    }
}

#[test]
fn a_plan_file_is_only_for_the_inventory_it_was_made_from() {
    let mut file = PlanFile {
        id: "p".to_owned(),
        text: String::new(),
        planned: Planned::default(),
    };
    file.planned.inventory.digest = "one".to_owned();
    assert_eq!(same_inventory(None, "other", "network"), Ok(()));
    assert_eq!(same_inventory(Some(&file), "one", "network"), Ok(()));
    assert_eq!(
        same_inventory(Some(&file), "other", "network"),
        Err(PreflightRefusal::OtherInventory {
            folder: "network".to_owned()
        })
    );
}

#[test]
fn limits_over_all_devices_refuse_the_whole_run() {
    let mut planned = Planned::default();
    assert_eq!(within_limits(&planned), Ok(()));
    planned.refusals.push(Refusal {
        rule: "too-many-removals".to_owned(),
        message: "30 would be removed".to_owned(),
        hint: "raise the limit".to_owned(),
    });
    let refused = within_limits(&planned).unwrap_err();
    let refusals = planned.refusals.clone();
    assert_eq!(refused, PreflightRefusal::Limits { refusals });
    assert!(!refused.retry_helps());
}

#[test]
fn a_plan_is_taken_once_and_in_time() {
    assert_eq!(
        taken_once(&PlanClaim::Now { age: Some(7) }, 24),
        Ok(Some(7))
    );
    assert_eq!(taken_once(&PlanClaim::Now { age: None }, 24), Ok(None));
    let run = RunId(Uuid::from_u128(7));
    assert_eq!(
        taken_once(&PlanClaim::AlreadyApplied { run, at: 9 }, 24),
        Err(PreflightRefusal::PlanAlreadyApplied {
            run: run.0.to_string(),
            at: 9
        })
    );
    assert_eq!(
        taken_once(&PlanClaim::Expired { made: 3, age: 99 }, 24),
        Err(PreflightRefusal::PlanExpired { made: 3, hours: 24 })
    );
}

#[test]
fn a_freeze_holds_for_the_devices_of_its_scope_and_names_who_and_why() {
    let all = FreezeScope::default();
    let site = FreezeScope {
        sites: vec!["maple-*".to_owned()],
        ..all.clone()
    };
    let label = FreezeScope {
        labels: vec![("region".to_owned(), "n*".to_owned())],
        ..all.clone()
    };
    for scope in [all.clone(), site.clone(), label] {
        let held = frozen(&facts(), &[freeze(scope.clone())]);
        assert_eq!(
            held,
            Some(SkipReason::Frozen {
                who: "ada@noc".to_owned(),
                until: 2,
                reason: "holidays".to_owned()
            }),
            "{scope:?}"
        );
    }
    let other = FreezeScope {
        devices: vec!["oak-*".to_owned()],
        ..all.clone()
    };
    assert_eq!(frozen(&facts(), &[freeze(other.clone())]), None);
    assert_eq!(frozen(&facts(), &[]), None);
    let excluded = FreezeScope {
        excluded: vec!["maple-a".to_owned()],
        ..site
    };
    assert_eq!(frozen(&facts(), &[freeze(excluded)]), None);
    // One of several freezes is enough.
    assert!(frozen(&facts(), &[freeze(other), freeze(all)]).is_some());
}

#[test]
fn a_freeze_whose_scope_cannot_be_read_holds_everything() {
    let broken = FreezeScope {
        devices: vec!["oak-[".to_owned()],
        ..FreezeScope::default()
    };
    assert!(frozen(&facts(), &[freeze(broken)]).is_some());
}
