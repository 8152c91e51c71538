//! Tests what the billing sync keeps, with values to store.

mod approvals;
mod classified;
mod outbox;
mod runs;
mod stored_base;

use std::collections::BTreeMap;
use std::time::Duration;

use gamctl::history::{
    BaseChange, BillingWrite, ClassifiedScope, FinishedSync, Leader, NewHeldApproval, NewSyncRun,
    OutboxRow, ServiceFilter, Store, StoreError, StoredBase, SyncOutcome, SyncReport, SyncScope,
    WriteAnswer, WriteState, sync_task,
};
use gamctl::model::billing::{
    AccountId, BillingName, Collection, Counts, Personal, Proof, ServiceId,
};
use gamctl::model::{DeviceName, SubscriberId, VlanId};
use gamctl::sync::{
    ChangeCause, ChangeKind, Classification, ClassifiedService, Digest, EarlierClaim, FieldBase,
    GateFinding, HeldBack, LaneUse, ProposedChange, Reason, ScopeSizes, ServiceBase, ServiceKey,
    SyncBase, WriteBackField, WriteBackMemory,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(3600);

fn splynx() -> BillingName {
    BillingName::new("splynx").unwrap()
}

fn key(text: &str) -> ServiceKey {
    let (account, service) = text.split_once('/').unwrap();
    ServiceKey {
        account: AccountId::new(account).unwrap(),
        service: ServiceId::new(service).unwrap(),
    }
}

fn subscriber(id: &str) -> SubscriberId {
    SubscriberId::new(id).unwrap()
}

fn digest(number: u8) -> Digest {
    Digest::parse(&format!("{number:064x}")).unwrap()
}

async fn leader(store: &Store) -> Leader {
    let task = sync_task(&splynx());
    let run = Uuid::now_v7();
    store.lead(&task, run, LONG).await.unwrap().unwrap()
}

fn base(service: &str, plan: &str) -> SyncBase {
    let field = FieldBase {
        raw: "31".into(),
        accepted: plan.into(),
        left: plan.into(),
        watched: None,
    };
    let device = DeviceName::new("maple-a").unwrap();
    let vlan = VlanId::new(101).unwrap();
    let mac = "00:0e:d8:00:00:01".parse().unwrap();
    let claim = EarlierClaim {
        account: key(service).account,
        item: None,
    };
    let one = ServiceBase {
        subscriber: Some(subscriber("acct-1042")),
        macs: [mac].into(),
        service_plan: Some(field),
        vlan: Some((device.clone(), vlan)),
        ..ServiceBase::default()
    };
    SyncBase {
        services: [(key(service), one)].into(),
        claims: [(mac, [claim].into())].into(),
        resting: [(device, [(vlan, 5)].into())].into(),
        sizes: Some(ScopeSizes {
            services: 1,
            groups: BTreeMap::new(),
        }),
    }
}

async fn replace(
    store: &Store,
    before: Option<&StoredBase>,
    after: &SyncBase,
    commit: &str,
) -> bool {
    let change = BaseChange {
        before,
        after,
        commit,
    };
    let id = Uuid::now_v7();
    store
        .replace_sync_base(&splynx(), &change, id)
        .await
        .unwrap()
}

async fn stored(store: &Store) -> StoredBase {
    store.sync_base(&splynx()).await.unwrap().unwrap()
}

fn run(outcome: SyncOutcome, began: u64) -> NewSyncRun {
    let counts = Counts {
        before: 2,
        received: 2,
        after: 2,
    };
    let proof = Proof::of([(Collection::Services, counts)].into(), Vec::new());
    NewSyncRun {
        id: Uuid::now_v7(),
        scope: SyncScope::Everything,
        outcome,
        began,
        digest: Some(digest(7)),
        commit: (outcome == SyncOutcome::Pushed).then(|| "c1".to_owned()),
        who: "gamctl@noc".to_owned(),
        report: SyncReport {
            accounts: 2,
            proof: Some(proof),
            counts: [(Classification::InSync, 1), (Classification::Waiting, 1)].into(),
            ..SyncReport::default()
        },
    }
}

fn finished(run: &NewSyncRun) -> FinishedSync<'_> {
    FinishedSync {
        run,
        base: None,
        classified: None,
        held: &[],
    }
}

async fn finish(store: &Store, run: &NewSyncRun, leader: &Leader) {
    let done = store.finish_sync(&splynx(), &finished(run), leader).await;
    assert!(done.unwrap());
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cursor {
    last_change: u64,
    customers: Vec<String>,
}

fn classified(service: &str, class: Classification, reasons: &[Reason]) -> ClassifiedService {
    ClassifiedService {
        service: key(service),
        subscriber: None,
        classification: class,
        reasons: reasons.to_vec(),
        since: 100,
    }
}

fn change(id: &str) -> ProposedChange {
    ProposedChange {
        service: key("1042/7001"),
        subscriber: subscriber(id),
        kind: ChangeKind::Suspension,
        replaces: None,
        is_from_absence: false,
        site: None,
        edits: Vec::new(),
        cause: ChangeCause::Moved,
    }
}

fn held(number: u8, ids: &[&str]) -> HeldBack {
    HeldBack {
        finding: GateFinding::TooMany {
            kind: ChangeKind::Suspension,
            count: ids.len(),
            used: 0,
            most: 1,
        },
        digest: digest(number),
        changes: ids.iter().map(|id| change(id)).collect(),
    }
}

async fn classify(
    store: &Store,
    leader: &Leader,
    scope: ClassifiedScope<'_>,
    services: &[ClassifiedService],
) {
    let run = run(SyncOutcome::Nothing, 1);
    let all = FinishedSync {
        classified: Some((scope, services)),
        ..finished(&run)
    };
    assert!(store.finish_sync(&splynx(), &all, leader).await.unwrap());
}

async fn list(store: &Store, filter: ServiceFilter) -> Vec<String> {
    let rows = store.classified_services(&splynx(), &filter, 100).await;
    let rows = rows.unwrap();
    rows.iter().map(|row| row.service.to_string()).collect()
}

fn approval(number: u8) -> NewHeldApproval {
    NewHeldApproval {
        id: Uuid::now_v7(),
        system: splynx(),
        digest: digest(number),
        who: "bob@noc".to_owned(),
        reason: "the invoices were wrong".to_owned(),
    }
}

async fn reserve(
    store: &Store,
    run: Uuid,
    changes: usize,
    approvals: &[Digest],
    leader: &Leader,
) -> Result<bool, StoreError> {
    let used = LaneUse {
        changes,
        suspensions: 1,
        ..LaneUse::default()
    };
    store
        .reserve_lane(&splynx(), run, used, approvals, leader)
        .await
}

fn fields(service: &str, state: &str) -> BillingWrite {
    BillingWrite::Fields {
        service: key(service),
        values: [(WriteBackField::State, state.into())].into(),
        native_place: None,
    }
}

fn note(event: &str) -> BillingWrite {
    BillingWrite::Note {
        service: key("1042/7001"),
        event: event.into(),
        of: "c1".into(),
        place: None,
    }
}

async fn queue(store: &Store, leader: &Leader, writes: &[BillingWrite]) {
    store.queue_writes(&splynx(), writes, leader).await.unwrap();
}

async fn claim(store: &Store, leader: &Leader) -> Option<OutboxRow> {
    store.claim_write(&splynx(), leader).await.unwrap()
}

async fn settle(
    store: &Store,
    leader: &Leader,
    sent: &OutboxRow,
    answer: &WriteAnswer,
) -> Option<WriteState> {
    let settled = store.settle_write(&splynx(), sent, answer, leader).await;
    settled.unwrap()
}

fn not_done(seconds: u64) -> WriteAnswer {
    WriteAnswer::NotDone {
        again_in: Duration::from_secs(seconds),
        because: "unreachable".into(),
    }
}

fn memory(state: &str) -> WriteBackMemory {
    WriteBackMemory {
        proved: [(WriteBackField::State, state.into())].into(),
        ..WriteBackMemory::default()
    }
}

/// Stores one document of each kind.
pub(super) async fn fill(store: &Store) {
    let leader = leader(store).await;
    let run = run(SyncOutcome::Pushed, 1);
    let after = base("1042/7001", "home-500");
    let all = FinishedSync {
        run: &run,
        base: Some(BaseChange {
            before: None,
            after: &after,
            commit: "c1",
        }),
        classified: Some((
            ClassifiedScope::Everything,
            &[classified("1042/7001", Classification::InSync, &[])],
        )),
        held: &[held(1, &["acct-1"])],
    };
    assert!(store.finish_sync(&splynx(), &all, &leader).await.unwrap());
    let cursor = Cursor {
        last_change: 1,
        customers: Vec::new(),
    };
    let set = store.set_delta_cursor(&splynx(), &cursor, &leader).await;
    set.unwrap();
    queue(store, &leader, &[note("activated")]).await;
    let memory = BTreeMap::from([(key("1/1"), memory("served"))]);
    let set = store
        .set_write_back_memory(&splynx(), &BTreeMap::new(), &memory, &leader)
        .await;
    set.unwrap();
}

#[test]
fn a_document_cannot_have_personal_data() {
    // `Personal` has no `Serialize`: this compiles only while that is so.
    trait NotSerialized {
        const IS: bool = true;
    }
    impl<T: ?Sized> NotSerialized for T {}
    struct Probe<T>(std::marker::PhantomData<T>);
    #[allow(dead_code, reason = "it is chosen where the type can be serialised")]
    impl<T: Serialize> Probe<T> {
        const IS: bool = false;
    }
    const { assert!(Probe::<Personal>::IS) };
    const { assert!(!Probe::<String>::IS) };
}
