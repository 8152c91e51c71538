//! Tests since which run an object is owned, and that a change of ownership never overwrites another one.

use gamctl::history::{NewLedger, RunId};
use gamctl::model::{EndpointConfig, EndpointName, PortAssignment};
use gamctl::plan::{Ledger, Object};
use serde_json::json;

use super::sample::{audit, device, run};
use super::{Bed, on_both};

on_both!(
    an_object_is_owned_since_the_version_that_it_never_left,
    a_ledger_that_changed_meanwhile_is_not_replaced,
    a_plan_that_was_applied_is_known_before_anybody_takes_it,
);

/// A ledger with endpoints of these numbers.
fn endpoints(numbers: &[u8]) -> NewLedger {
    let mut ledger = Ledger::default();
    for number in numbers {
        let config = EndpointConfig {
            slot: None,
            name: EndpointName::new(&format!("cpe-{number}")).unwrap(),
            port: PortAssignment::Auto,
        };
        let Object::Endpoint(mac) = endpoint(*number) else {
            panic!("an endpoint");
        };
        ledger.verified.endpoints.insert(mac, config);
    }
    NewLedger {
        ledger,
        commit: Some(format!("commit-{}", numbers.len())),
    }
}

fn endpoint(number: u8) -> Object {
    Object::Endpoint(format!("00:0e:d8:00:00:{number:02x}").parse().unwrap())
}

async fn an_object_is_owned_since_the_version_that_it_never_left(bed: Bed) {
    let oak = device("oak");
    let runs = [run(), run()];
    for run in &runs {
        bed.store.begin_run(run).await.unwrap();
    }
    // 2 leaves and comes back; 30 versions go past a version that is stored whole.
    let mut versions = vec![(vec![1, 2], Some(runs[0].id)), (vec![1], None)];
    versions.push((vec![1, 2], Some(runs[1].id)));
    versions.extend((10..40).map(|number| (vec![1, 2, number], None)));
    for (numbers, run) in &versions {
        let audit = gamctl::history::Audit {
            run: *run,
            ..audit("a test")
        };
        let ledger = endpoints(numbers);
        let stored = bed.store.set_ledger(&oak, &ledger, &audit);
        stored.await.unwrap();
    }
    let since = bed.store.owned_since(&oak).await.unwrap();
    let owned: Vec<&Object> = since.keys().collect();
    assert_eq!(owned, [&endpoint(1), &endpoint(2), &endpoint(39)]);
    let of = |number: u8| since[&endpoint(number)].clone();
    let run_of = |number: u8| of(number).run;
    let [first, second]: [RunId; 2] = runs.map(|run| run.id);
    assert_eq!(
        [run_of(1), run_of(2), run_of(39)],
        [Some(first), Some(second), None]
    );
    assert_eq!(of(1).commit.as_deref(), Some("commit-2"));
    assert!(of(1).at <= of(39).at);
    assert_eq!(
        bed.store.owned_since(&device("elm")).await.unwrap(),
        [].into()
    );
}

async fn a_ledger_that_changed_meanwhile_is_not_replaced(bed: Bed) {
    let oak = device("oak");
    let before = endpoints(&[1, 2]);
    let adopted = audit("adopted");
    let stored = bed.store.set_ledger(&oak, &before, &adopted);
    stored.await.unwrap();
    let known = bed.store.ledger(&oak).await.unwrap().unwrap();
    let meanwhile = endpoints(&[1, 2, 3]);
    let stored = bed.store.set_ledger(&oak, &meanwhile, &adopted);
    stored.await.unwrap();
    let released = [endpoint(2)].into();
    let audit = audit("released");
    let early = bed.store.release_objects(&oak, &known, &released, &audit);
    assert!(!early.await.unwrap());
    let known = bed.store.ledger(&oak).await.unwrap().unwrap();
    assert_eq!(known.ledger, meanwhile.ledger);
    assert_eq!(bed.number("select count(*) from audit").await, 2);
    let now = bed.store.release_objects(&oak, &known, &released, &audit);
    assert!(now.await.unwrap());
    let kept = bed.store.ledger(&oak).await.unwrap().unwrap();
    assert_eq!(kept.ledger, endpoints(&[1, 3]).ledger);
    assert_eq!(kept.commit, known.commit);
    assert_eq!(bed.number("select count(*) from audit").await, 3);
}

async fn a_plan_that_was_applied_is_known_before_anybody_takes_it(bed: Bed) {
    let hour = std::time::Duration::from_secs(3_600);
    assert_eq!(bed.store.plan_applied("p1").await.unwrap(), None);
    bed.store.keep_plan("p1", &json!({})).await.unwrap();
    assert_eq!(bed.store.plan_applied("p1").await.unwrap(), None);
    let first = run();
    let taken = bed.store.take_plan("p1", &json!({}), &first, hour).await;
    let _claimed = taken.unwrap();
    let applied = bed.store.plan_applied("p1").await.unwrap();
    assert_eq!(applied.map(|(run, _)| run), Some(first.id));
    // Made again, it may be applied again.
    bed.store.keep_plan("p1", &json!({})).await.unwrap();
    assert_eq!(bed.store.plan_applied("p1").await.unwrap(), None);
}
