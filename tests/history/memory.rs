//! Tests runs, plans, ledgers, the audit log and freezes.

use std::time::Duration;

use gamctl::apply::cause::Refusal;
use gamctl::apply::{Ended, RunResult};
use gamctl::history::{Audit, Filter, Freeze, PlanClaim, RunId};
use gamctl::model::{DeviceName, FreezeScope};
use serde_json::json;
use uuid::Uuid;

use super::sample::{audit, device, ledger, outcome, run, run_of};
use super::{Bed, lease, on_both};

const HOUR: Duration = Duration::from_secs(3_600);

on_both!(
    runs_are_listed_newest_first_and_by_what_is_asked,
    of_eight_that_take_a_plan_at_once_one_gets_it,
    a_plan_that_was_taken_is_told_with_its_run,
    a_plan_that_is_too_old_is_not_taken,
    whoever_took_a_plan_may_ask_again,
    the_same_plan_made_again_may_be_applied_again,
    the_applied_commit_is_the_last_that_reached_a_device,
    each_version_of_what_is_ours_is_kept,
    an_adoption_is_written_with_its_audit,
    the_audit_is_listed_by_what_is_asked,
    a_freeze_holds_until_it_ends_or_is_thawed,
    a_freeze_without_a_reason_is_refused_by_the_database,
);

async fn runs_are_listed_newest_first_and_by_what_is_asked(bed: Bed) {
    let (first, second) = (run(), run());
    for run in [&first, &second] {
        bed.store.begin_run(run).await.unwrap();
        bed.store.begin_run(run).await.unwrap();
    }
    let oak = device("oak");
    let held = lease(&bed.store, &oak, Uuid::now_v7()).await;
    let ended = outcome(&oak, Ended::Unchanged);
    bed.store
        .finish(first.id, &held, 1, &ended, None)
        .await
        .unwrap();
    bed.store
        .end_run(first.id, RunResult::Interrupted)
        .await
        .unwrap();

    let all = bed.store.runs(&Filter::default()).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0].run, &all[1].run), (&second, &first));
    assert_eq!((all[0].ended, all[0].result), (None, None));
    assert!(all[1].ended.is_some_and(|ended| ended >= all[1].began));
    assert_eq!(all[1].result, Some(RunResult::Interrupted));
    assert_eq!(all[1].devices, [("unchanged".to_owned(), 1)].into());

    by_what_is_asked(&bed, &oak, [first.id, second.id]).await;
}

async fn by_what_is_asked(bed: &Bed, oak: &DeviceName, [first, second]: [RunId; 2]) {
    let now = bed.store.clock().await.unwrap();
    for (filter, expected) in [
        (
            Filter {
                run: Some(first),
                ..Filter::default()
            },
            vec![first],
        ),
        (
            Filter {
                devices: vec![oak.clone()],
                ..Filter::default()
            },
            vec![first],
        ),
        (
            Filter {
                devices: vec![device("elm")],
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                devices: vec![device("elm"), oak.clone()],
                ..Filter::default()
            },
            vec![first],
        ),
        (
            Filter {
                most: 1,
                ..Filter::default()
            },
            vec![second],
        ),
        (
            Filter {
                since: Some(now + 60),
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                until: Some(now - 600),
                ..Filter::default()
            },
            vec![],
        ),
        (
            Filter {
                since: Some(now - 600),
                until: Some(now),
                ..Filter::default()
            },
            vec![second, first],
        ),
    ] {
        let listed = bed.store.runs(&filter).await.unwrap();
        let listed: Vec<RunId> = listed.iter().map(|run| run.run.id).collect();
        assert_eq!(listed, expected, "{filter:?}");
    }
    let of_oak = Filter {
        devices: vec![oak.clone()],
        since: Some(now - 600),
        ..Filter::default()
    };
    assert_eq!(bed.store.outcomes(&of_oak).await.unwrap().len(), 1);
}

async fn of_eight_that_take_a_plan_at_once_one_gets_it(bed: Bed) {
    let document = json!({ "devices": [], "number": 1.5, "text": "\u{0}" });
    bed.store.keep_plan("p1", &document).await.unwrap();
    let stores = [bed.another().await, bed.another().await];
    let takers = (0..8).map(|number| {
        let (store, document) = (stores[number % 2].clone(), document.clone());
        tokio::spawn(async move {
            let run = run();
            let taken = store.take_plan("p1", &document, &run, HOUR).await.unwrap();
            (run.id, taken)
        })
    });
    let takers: Vec<_> = takers.collect();
    let (mut got, mut told) = (Vec::new(), Vec::new());
    for taker in takers {
        match taker.await.unwrap() {
            (run, PlanClaim::Now { age }) => {
                assert!(age.is_some());
                got.push(run);
            }
            (_, PlanClaim::AlreadyApplied { run, .. }) => told.push(run),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((got.len(), told.len()), (1, 7));
    assert!(told.iter().all(|run| *run == got[0]));
    // The claim that failed has no run either.
    assert_eq!(bed.number("select count(*) from run").await, 1);
    let (kept, _) = bed.store.plan("p1").await.unwrap().unwrap();
    assert_eq!(kept, document);
    let said = bed
        .past("insert into plan_taken select * from plan_taken")
        .await;
    assert!(said.is_err(), "the constraint says it too");
}

async fn a_plan_that_was_taken_is_told_with_its_run(bed: Bed) {
    let (first, second) = (run(), run());
    let document = json!({});
    // A plan of another store has no record here.
    let taken = bed
        .store
        .take_plan("p1", &document, &first, Duration::ZERO)
        .await;
    assert_eq!(taken.unwrap(), PlanClaim::Now { age: None });
    let taken = bed
        .store
        .take_plan("p1", &document, &second, HOUR)
        .await
        .unwrap();
    let PlanClaim::AlreadyApplied { run, at } = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(run, first.id);
    assert!(at <= bed.store.clock().await.unwrap());
    assert_eq!(bed.store.plan("p2").await.unwrap(), None);
}

async fn a_plan_that_is_too_old_is_not_taken(bed: Bed) {
    bed.store.keep_plan("p1", &json!({})).await.unwrap();
    // By the store's clock: wait until that has moved on.
    let (_, made) = bed.store.plan("p1").await.unwrap().unwrap();
    while bed.store.clock().await.unwrap() < made + 2 {
        tokio::task::yield_now().await;
    }
    let run = run();
    let second = Duration::from_secs(1);
    let taken = bed.store.take_plan("p1", &json!({}), &run, second).await;
    let taken = taken.unwrap();
    let PlanClaim::Expired { made: then, age } = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(then, made);
    assert!(age >= 2, "{age}");
    assert_eq!(bed.number("select count(*) from run").await, 0);
    let taken = bed
        .store
        .take_plan("p1", &json!({}), &run, HOUR)
        .await
        .unwrap();
    assert!(
        matches!(taken, PlanClaim::Now { age: Some(2..) }),
        "{taken:?}"
    );
}

async fn whoever_took_a_plan_may_ask_again(bed: Bed) {
    let run = run();
    for _ in 0..2 {
        let taken = bed.store.take_plan("p1", &json!({}), &run, HOUR).await;
        assert!(matches!(taken.unwrap(), PlanClaim::Now { .. }));
    }
    assert_eq!(bed.number("select count(*) from plan_taken").await, 1);
}

async fn the_same_plan_made_again_may_be_applied_again(bed: Bed) {
    let (first, second) = (run(), run());
    let document = json!({ "devices": [] });
    for run in [&first, &second] {
        bed.store.keep_plan("p1", &document).await.unwrap();
        let taken = bed.store.take_plan("p1", &document, run, HOUR).await;
        assert!(matches!(taken.unwrap(), PlanClaim::Now { .. }));
    }
    let taken = bed.store.take_plan("p1", &document, &run(), HOUR).await;
    let PlanClaim::AlreadyApplied { run, .. } = taken.unwrap() else {
        panic!("it was made twice, and taken twice");
    };
    assert_eq!(run, second.id);
    assert_eq!(bed.number("select count(*) from plan_document").await, 1);
}

async fn the_applied_commit_is_the_last_that_reached_a_device(bed: Bed) {
    assert_eq!(bed.store.applied_commit().await.unwrap(), None);
    let oak = device("oak");
    let held = lease(&bed.store, &oak, Uuid::now_v7()).await;
    let refused = Ended::Refused {
        refusal: Refusal::NoLogin {
            why: "no password".to_owned(),
        },
    };
    let mut uncommitted = run_of(Some("c3"));
    uncommitted.is_uncommitted = true;
    for (run, ended) in [
        (run_of(Some("c1")), Ended::Applied),
        (run_of(Some("c2")), refused),
        (run_of(None), Ended::Applied),
        (uncommitted, Ended::Applied),
    ] {
        bed.store.begin_run(&run).await.unwrap();
        let ended = outcome(&oak, ended);
        bed.store
            .finish(run.id, &held, 1, &ended, None)
            .await
            .unwrap();
        let applied = bed.store.applied_commit().await.unwrap().unwrap();
        assert_eq!(applied.commit, "c1");
    }
}

async fn each_version_of_what_is_ours_is_kept(bed: Bed) {
    let oak = device("oak");
    let names: Vec<String> = (0..45).map(|number| format!("apt-{number}")).collect();
    for count in 1..=names.len() {
        let names: Vec<&str> = names[..count].iter().map(String::as_str).collect();
        let new = ledger(&names, "c1");
        for _ in 0..2 {
            bed.store
                .set_ledger(&oak, &new, &audit("adopted"))
                .await
                .unwrap();
        }
        let kept = bed.store.ledger(&oak).await.unwrap().unwrap();
        assert_eq!(kept.ledger, new.ledger);
        assert_eq!(kept.version, u64::try_from(count).unwrap());
    }
    for version in [1, 19, 20, 21, 39, 45_u64] {
        let names = &names[..usize::try_from(version).unwrap()];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let kept = bed.store.ledger_version(&oak, version).await.unwrap();
        assert_eq!(kept, Some(ledger(&names, "c1").ledger), "{version}");
    }
    assert_eq!(bed.store.ledger_version(&oak, 46).await.unwrap(), None);
    assert_eq!(bed.number("select count(*) from ledger_version").await, 45);
}

async fn an_adoption_is_written_with_its_audit(bed: Bed) {
    let oak = device("oak");
    let new = ledger(&["apt-1"], "c1");
    bed.store
        .set_ledger(&oak, &new, &audit("adopted 1 subscriber"))
        .await
        .unwrap();
    let listed = bed.store.audits(&Filter::default()).await.unwrap();
    assert_eq!(listed[0].audit, audit("adopted 1 subscriber"));
    let all = bed.store.ledgers().await.unwrap();
    assert_eq!(all[&oak].ledger, new.ledger);
    // An entry and its effect are stored together, or not at all.
    let statement = match bed.database {
        Some(_) => {
            "alter table audit add constraint none_more check (what = 'adopted 1 subscriber')"
        }
        None => {
            "create trigger none_more before insert on audit begin select raise(abort, 'none'); end"
        }
    };
    bed.past(statement).await.unwrap();
    let more = ledger(&["apt-1", "apt-2"], "c1");
    let why = bed
        .store
        .set_ledger(&oak, &more, &audit("adopted another"))
        .await;
    assert!(why.is_err());
    assert_eq!(
        bed.store.ledger(&oak).await.unwrap().unwrap().ledger,
        new.ledger
    );
}

async fn the_audit_is_listed_by_what_is_asked(bed: Bed) {
    let run = run();
    let refused = Audit {
        is_refused: true,
        verb: "apply".to_owned(),
        subject: Some("elm".to_owned()),
        run: Some(run.id),
        what: "limits \u{0}".to_owned(),
        ..audit("")
    };
    bed.store.audit(&audit("adopted")).await.unwrap();
    bed.store.audit(&refused).await.unwrap();
    let nobody = Audit {
        subject: None,
        ..audit("nothing")
    };
    bed.store.audit(&nobody).await.unwrap();
    let subjects = |filter: Filter| {
        let store = bed.store.clone();
        async move {
            let rows = store.audits(&filter).await.unwrap();
            let rows = rows.into_iter().map(|row| row.audit.subject);
            rows.map(|subject| subject.unwrap_or_default())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(subjects(Filter::default()).await, ["", "elm", "oak"]);
    assert_eq!(
        subjects(Filter {
            most: 1,
            ..Filter::default()
        })
        .await,
        [""]
    );
    let of_elm = Filter {
        devices: vec![device("elm")],
        ..Filter::default()
    };
    assert_eq!(subjects(of_elm.clone()).await, ["elm"]);
    assert_eq!(
        subjects(Filter {
            run: Some(run.id),
            ..Filter::default()
        })
        .await,
        ["elm"]
    );
    let row = &bed.store.audits(&of_elm).await.unwrap()[0].audit;
    assert!(row.is_refused);
    assert_eq!(row.what, "limits \u{fffd}");
}

pub(super) fn freeze(until: u64) -> Freeze {
    Freeze {
        id: Uuid::now_v7(),
        scope: FreezeScope {
            sites: vec!["maple-court".to_owned()],
            labels: vec![("tier".to_owned(), "g*".to_owned())],
            ..FreezeScope::default()
        },
        reason: "a concert".to_owned(),
        who: "ada@noc".to_owned(),
        since: 0,
        until,
    }
}

async fn a_freeze_holds_until_it_ends_or_is_thawed(bed: Bed) {
    let now = bed.store.clock().await.unwrap();
    let (long, short) = (freeze(now + 3_600), freeze(now + 3));
    bed.store.freeze(&long).await.unwrap();
    bed.store.freeze(&long).await.unwrap();
    bed.store.freeze(&short).await.unwrap();
    let listed = bed.another().await.freezes().await.unwrap();
    assert!(listed[0].since >= now);
    let of_listed = Freeze {
        since: listed[0].since,
        ..long.clone()
    };
    assert_eq!(listed[0], of_listed);
    while bed.store.clock().await.unwrap() < now + 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bed.store.freezes().await.unwrap(), [of_listed]);
    assert!(
        !bed.store.thaw(short.id, "ada@noc").await.unwrap(),
        "it ended"
    );
    assert!(bed.store.thaw(long.id, "ada@noc").await.unwrap());
    assert!(
        !bed.store.thaw(long.id, "ada@noc").await.unwrap(),
        "it is thawed"
    );
    assert!(!bed.store.thaw(Uuid::now_v7(), "ada@noc").await.unwrap());
    assert_eq!(bed.store.freezes().await.unwrap(), []);
}

async fn a_freeze_without_a_reason_is_refused_by_the_database(bed: Bed) {
    let now = bed.store.clock().await.unwrap();
    let no_reason = Freeze {
        reason: "  ".to_owned(),
        ..freeze(now + 60)
    };
    let no_end = freeze(now - 1);
    for wrong in [no_reason, no_end] {
        let why = bed.store.freeze(&wrong).await.unwrap_err();
        assert!(why.to_string().contains("a freeze needs a reason"), "{why}");
    }
    assert_eq!(bed.number("select count(*) from frozen").await, 0);
}
