//! Tests approvals of held changes, the use of the lane, and pauses.

use gamctl::history::{NewHeldApproval, NewSyncPause};
use gamctl::model::billing::BillingName;
use gamctl::sync::LaneUse;
use uuid::Uuid;

use super::{approval, digest, leader, reserve, splynx};
use crate::history::{Bed, on_both};

on_both!(
    an_approval_of_held_changes_is_used_once,
    an_approval_of_held_changes_is_too_old_after_an_hour,
    an_approval_of_held_changes_needs_a_reason,
    changes_count_to_the_lane_for_an_hour,
    a_reservation_of_the_lane_is_taken_back_with_its_approvals,
    a_pause_ends_at_its_time_or_by_a_person,
);

async fn an_approval_of_held_changes_is_used_once(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let one = approval(1);
    for _ in 0..2 {
        store.approve_held(&one).await.unwrap();
    }
    let listed = store.held_approvals(&splynx(), 9).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].is_in_force && listed[0].used_by.is_none());
    assert_eq!(listed[0].until - listed[0].at, 3600);
    let [first, second] = [Uuid::now_v7(), Uuid::now_v7()];
    // Another digest is not approved, and nothing is counted.
    let both = [digest(1), digest(2)];
    assert!(!reserve(store, first, 1, &both, &leader).await.unwrap());
    assert_eq!(
        store.lane_use(&splynx(), None).await.unwrap(),
        LaneUse::default()
    );
    assert!(store.held_approvals(&splynx(), 9).await.unwrap()[0].is_in_force);
    // The branch moved, so the same run does it again.
    for _ in 0..2 {
        let reserved = reserve(store, first, 1, &both[..1], &leader).await;
        assert!(reserved.unwrap());
    }
    assert!(
        !reserve(store, second, 1, &both[..1], &leader)
            .await
            .unwrap()
    );
    let listed = store.held_approvals(&splynx(), 9).await.unwrap();
    assert_eq!(listed[0].used_by, Some(first));
    assert!(!listed[0].is_in_force);
    // A second approval of the same changes is another one.
    store.approve_held(&approval(1)).await.unwrap();
    assert!(
        reserve(store, second, 1, &both[..1], &leader)
            .await
            .unwrap()
    );
    for statement in [
        "update billing_approval set who = 'x'",
        "delete from billing_approval",
    ] {
        assert!(bed.past(statement).await.is_err());
    }
}

async fn an_approval_of_held_changes_is_too_old_after_an_hour(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let id = Uuid::now_v7();
    let times = match bed.database {
        Some(_) => {
            "clock_timestamp() - interval '61 minutes', clock_timestamp() - interval '1 minute'"
        }
        None => "(unixepoch() - 3660) * 1000, (unixepoch() - 60) * 1000",
    };
    bed.past(&format!(
        "insert into billing_approval (id, system, digest, who, reason, at, until) \
        values ('{id}', 'splynx', '{}', 'bob@noc', 'old', {times})",
        digest(1)
    ))
    .await
    .unwrap();
    let run = Uuid::now_v7();
    assert!(!reserve(store, run, 1, &[digest(1)], &leader).await.unwrap());
    let listed = store.held_approvals(&splynx(), 9).await.unwrap();
    assert!(!listed[0].is_in_force);
}

async fn an_approval_of_held_changes_needs_a_reason(bed: Bed) {
    let silent = NewHeldApproval {
        reason: "  ".to_owned(),
        ..approval(1)
    };
    assert!(bed.store.approve_held(&silent).await.is_err());
}

async fn changes_count_to_the_lane_for_an_hour(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let [first, second] = [Uuid::now_v7(), Uuid::now_v7()];
    assert!(reserve(store, first, 3, &[], &leader).await.unwrap());
    // Proposed again: the later count replaces the earlier one.
    assert!(reserve(store, first, 2, &[], &leader).await.unwrap());
    assert!(reserve(store, second, 5, &[], &leader).await.unwrap());
    let used = store.lane_use(&splynx(), None).await.unwrap();
    assert_eq!((used.changes, used.suspensions, used.additions), (7, 2, 0));
    let without = store.lane_use(&splynx(), Some(second)).await.unwrap();
    assert_eq!((without.changes, without.suspensions), (2, 1));
    let sonar = BillingName::new("sonar").unwrap();
    assert_eq!(
        store.lane_use(&sonar, None).await.unwrap(),
        LaneUse::default()
    );
    let an_hour_ago = match bed.database {
        Some(_) => format!(
            "update lane_use set at = clock_timestamp() - interval '1 hour' where run = '{first}'"
        ),
        None => {
            format!("update lane_use set at = (unixepoch() - 3600) * 1000 where run = '{first}'")
        }
    };
    bed.past(&an_hour_ago).await.unwrap();
    assert_eq!(store.lane_use(&splynx(), None).await.unwrap().changes, 5);
    // The next one removes what does not count any more.
    assert!(
        reserve(store, Uuid::now_v7(), 1, &[], &leader)
            .await
            .unwrap()
    );
    assert_eq!(bed.number("select count(*) from lane_use").await, 2);
}

async fn a_reservation_of_the_lane_is_taken_back_with_its_approvals(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    store.approve_held(&approval(1)).await.unwrap();
    let run = Uuid::now_v7();
    assert!(reserve(store, run, 3, &[digest(1)], &leader).await.unwrap());
    store.release_lane(&splynx(), run, &leader).await.unwrap();
    assert_eq!(
        store.lane_use(&splynx(), None).await.unwrap(),
        LaneUse::default()
    );
    assert!(store.held_approvals(&splynx(), 9).await.unwrap()[0].is_in_force);
}

async fn a_pause_ends_at_its_time_or_by_a_person(bed: Bed) {
    let store = &bed.store;
    let now = store.clock().await.unwrap();
    assert!(store.sync_pauses().await.unwrap().is_empty());
    let pause = NewSyncPause {
        system: splynx(),
        who: "ada@noc".to_owned(),
        reason: "billing is migrated".to_owned(),
        until: now + 3600,
    };
    store.pause_sync(&pause).await.unwrap();
    let longer = NewSyncPause {
        until: now + 7200,
        ..pause.clone()
    };
    store.pause_sync(&longer).await.unwrap();
    let pauses = store.sync_pauses().await.unwrap();
    assert_eq!(pauses.len(), 1);
    let stored = &pauses[&splynx()];
    assert_eq!((stored.until, stored.who.as_str()), (now + 7200, "ada@noc"));
    assert!(store.resume_sync(&splynx()).await.unwrap());
    assert!(!store.resume_sync(&splynx()).await.unwrap());
    assert!(store.sync_pauses().await.unwrap().is_empty());
    // Its time is over.
    store.pause_sync(&pause).await.unwrap();
    let over = match bed.database {
        Some(_) => "update billing_pause set since = to_timestamp(1), until = to_timestamp(2)",
        None => "update billing_pause set since = 1, until = 2",
    };
    bed.past(over).await.unwrap();
    assert!(store.sync_pauses().await.unwrap().is_empty());
    assert!(!store.resume_sync(&splynx()).await.unwrap());
    for wrong in [
        NewSyncPause {
            reason: " ".to_owned(),
            ..pause.clone()
        },
        NewSyncPause {
            until: now - 1,
            ..pause
        },
    ] {
        let refused = store.pause_sync(&wrong).await.unwrap_err().to_string();
        assert!(refused.contains("a pause needs a reason"), "{refused}");
    }
}
