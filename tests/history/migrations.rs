//! Opens a store of each earlier schema: it is brought up to date without loss.
//!
//! `stores/` has such a store for each schema and engine, as a dump of the database. They are kept for ever: one is added
//! for each schema, and none is changed. 0001 for SQLite was written by the program of its time; runs with other ends
//! were added by hand. 0001 for Postgres has the schema of that time, with the same rows. 0002 is 0001 as the program of
//! its time migrated it; 0003 is 0002 with the third migration; 0004 is 0003 with the fourth, and rows of a service.

use gamctl::apply::RunResult;
use gamctl::history::{AcquiredLease, Filter, Store, Subject};
use gamctl::model::FreezeScope;
use gamctl::model::billing::BillingName;
use std::time::Duration;
use uuid::Uuid;

use super::sample::device;
use super::{Bed, TIMEOUTS, on_both};

on_both!(
    an_old_store_keeps_every_row,
    the_end_of_an_old_run_is_a_word,
    an_old_freeze_is_data_and_one_that_cannot_be_read_freezes_everything,
    an_old_lease_has_a_length_and_goes_to_a_new_claim,
    everything_that_was_recorded_is_still_read,
    the_last_look_of_an_old_store_is_the_one_that_was_found_last,
    an_old_store_has_the_schema_of_a_new_one,
    the_rows_of_an_old_service_are_kept_and_read,
    an_old_store_starts_without_anything_of_billing,
);

const TABLES: [&str; 17] = [
    "run",
    "plan_document",
    "plan_made",
    "plan_taken",
    "lease",
    "entry",
    "effect",
    "unfinished",
    "outcome",
    "look",
    "last_look",
    "ledger",
    "ledger_version",
    "unsaved",
    "audit",
    "frozen",
    "thaw",
];

/// Counts the rows of each table.
async fn rows(bed: &Bed) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in TABLES {
        let count = format!("select count(*) from {table}");
        rows.push(bed.number(&count).await);
    }
    rows
}

/// The dumps for Postgres and for SQLite, oldest first.
const STORES: [[&str; 2]; 4] = [
    [
        include_str!("stores/0001.postgres.sql"),
        include_str!("stores/0001.sqlite.sql"),
    ],
    [
        include_str!("stores/0002.postgres.sql"),
        include_str!("stores/0002.sqlite.sql"),
    ],
    [
        include_str!("stores/0003.postgres.sql"),
        include_str!("stores/0003.sqlite.sql"),
    ],
    [
        include_str!("stores/0004.postgres.sql"),
        include_str!("stores/0004.sqlite.sql"),
    ],
];

/// The tables that the fourth schema added.
const SERVICE_TABLES: [&str; 9] = [
    "target",
    "target_change",
    "candidate",
    "rollout",
    "rollout_step",
    "approval",
    "device_status",
    "instance",
    "leader",
];

/// Opens a store of each schema, which brings it up to date; returns each with its earlier numbers of rows.
async fn old_stores(bed: &Bed) -> Vec<(Bed, Vec<i64>)> {
    let mut stores = Vec::new();
    for dumps in STORES {
        stores.push(old_store(bed, dumps).await);
    }
    stores
}

async fn old_store(bed: &Bed, [postgres, sqlite]: [&str; 2]) -> (Bed, Vec<i64>) {
    let url = bed.unopened().await;
    let database = bed.database_of(&url);
    if let Some(path) = url.path() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let mut old = Bed {
        store: bed.store.clone(),
        url,
        database,
        folder: tempfile::tempdir().unwrap(),
    };
    let dump = match old.database {
        Some(_) => postgres,
        None => sqlite,
    };
    old.past(dump).await.unwrap();
    let before = rows(&old).await;
    old.store = Store::open(&old.url, TIMEOUTS).await.unwrap();
    (old, before)
}

async fn an_old_store_keeps_every_row(bed: Bed) {
    for (old, before) in old_stores(&bed).await {
        assert!(before.iter().all(|rows| *rows > 0), "{before:?}");
        assert_eq!(rows(&old).await, before);
        if old.database.is_none() {
            let broken = "select count(*) from pragma_foreign_key_check";
            assert_eq!(old.number(broken).await, 0);
            let whole = "select count(*) from pragma_integrity_check where integrity_check = 'ok'";
            assert_eq!(old.number(whole).await, 1);
        }
    }
}

async fn the_last_look_of_an_old_store_is_the_one_that_was_found_last(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let lasting = "select count(*) from last_look where sequence = (select sequence from look_change \
        where look_change.device = last_look.device order by number desc limit 1)";
        let devices = old.number("select count(*) from last_look").await;
        assert_eq!(old.number(lasting).await, devices);
        assert!(old.number("select count(*) from look_change").await >= devices);
        for summary in old.store.device_page(None).await.unwrap().items {
            let Some(look) = summary.look else { continue };
            // Health was not stored then.
            assert_eq!((look.at, look.status), (None, None));
            let subject = Subject::Device(summary.device.clone());
            let now = old.store.clock().await.unwrap();
            let found = old.store.as_of(&subject, now).await.unwrap().found;
            let last = old.store.last_look(&summary.device).await.unwrap();
            assert_eq!(found.map(|found| found.observation), last);
        }
    }
}

async fn the_end_of_an_old_run_is_a_word(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let runs = old.store.runs(&Filter::default()).await.unwrap();
        let by_hand = |digits: &str| {
            let mut runs = runs.iter();
            let run = runs.find(|run| run.run.id.0.to_string().ends_with(digits));
            run.unwrap_or_else(|| panic!("no run {digits}"))
        };
        for (exit, result) in [
            ("01", RunResult::Failed),
            ("03", RunResult::Failed),
            ("04", RunResult::Refused),
            ("06", RunResult::NotObserved),
            ("07", RunResult::Stale),
            ("08", RunResult::Interrupted),
        ] {
            let run = by_hand(&format!("8000-0000000000{exit}"));
            assert_eq!(run.result, Some(result), "{exit}");
            assert!(run.ended.is_some_and(|ended| ended > run.began));
        }
        let open = by_hand("000000000099");
        assert_eq!((open.result, open.ended), (None, None));
        let of = |result| runs.iter().filter(|run| run.result == Some(result)).count();
        assert_eq!((of(RunResult::Done), of(RunResult::DeviceFailed)), (5, 1));
        let applied = old.store.applied_commit().await.unwrap().unwrap();
        assert!(runs.iter().any(|run| Some(run.run.id) == applied.run));
        // The trigger that protects a run was migrated.
        let said = old.past("update run set who = 'nobody' where ended is not null");
        assert!(said.await.unwrap_err().contains("gamctl: append-only"));
        let said = old.past("delete from run").await.unwrap_err();
        assert!(said.contains("gamctl: append-only"), "{said}");
        old.store
            .end_run(open.run.id, RunResult::Interrupted)
            .await
            .unwrap();
    }
}

async fn an_old_freeze_is_data_and_one_that_cannot_be_read_freezes_everything(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let freezes = old.store.freezes().await.unwrap();
        let scope = |reason: &str| {
            let mut freezes = freezes.iter();
            let freeze = freezes.find(|freeze| freeze.reason == reason).unwrap();
            assert_eq!(freeze.who, "ada@noc");
            freeze.scope.clone()
        };
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        assert_eq!(
            scope("an electrician in the cellar"),
            FreezeScope {
                devices: texts(&["m*", "x*"]),
                sites: texts(&["maple*"]),
                labels: Vec::new(),
                excluded: texts(&["*-spare"]),
            }
        );
        let pair = |key: &str, pattern: &str| (key.to_owned(), pattern.to_owned());
        assert_eq!(
            scope("two labels"),
            FreezeScope {
                labels: vec![pair("tier", "g=*"), pair("ring", "2")],
                ..FreezeScope::default()
            }
        );
        assert!(scope("everything").is_all());
        assert!(scope("a scope that nobody can read").is_all());
        assert_eq!(freezes.len(), 4, "one is thawed");
        let said = old
            .past("update frozen set reason = 'x'")
            .await
            .unwrap_err();
        assert!(said.contains("gamctl: append-only"), "{said}");
    }
}

async fn an_old_lease_has_a_length_and_goes_to_a_new_claim(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let of_ash = "select lasts from lease where device = 'ash'";
        assert_eq!(old.number(of_ash).await, 180_000);
        let holder = old.number("select count(*) from lease where device = 'ash' and holder = '01a2248b-9be2-7565-bb55-bb41eeabac81'");
        assert_eq!(holder.await, 1);
        // It expired long ago; before that, the same holder would have got it again.
        let acquired = old
            .store
            .acquire(
                &device("ash"),
                Uuid::parse_str("01a2248b-9be2-7565-bb55-bb41eeabac81").unwrap(),
                Uuid::now_v7(),
                Duration::from_secs(60),
            )
            .await;
        let AcquiredLease::Lease(lease) = acquired.unwrap() else {
            panic!("it ran out");
        };
        assert_eq!(lease.epoch, 8);
    }
}

async fn everything_that_was_recorded_is_still_read(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let store = &old.store;
        let filter = Filter::default();
        let mut entries = 0;
        for row in store.outcomes(&filter).await.unwrap() {
            let device = &row.outcome.device;
            entries += store.entries(row.run, device).await.unwrap().len();
        }
        let unfinished = store.unfinished().await.unwrap();
        assert_eq!((unfinished.len(), unfinished[0].next_entry), (1, 3));
        entries += 2;
        let all = old.number("select count(*) from entry").await;
        assert_eq!(i64::try_from(entries).unwrap(), all);
        let ledgers = store.ledgers().await.unwrap();
        assert_eq!(ledgers.len(), 2);
        for (device, kept) in &ledgers {
            assert_eq!(kept.version, 2);
            let before = store.ledger_version(device, 1).await.unwrap().unwrap();
            assert_ne!(before, kept.ledger);
            let latest = store.ledger_version(device, 2).await.unwrap().unwrap();
            assert_eq!(latest, kept.ledger);
            assert!(store.last_look(device).await.unwrap().is_some());
            let story = store.story(&Subject::Device(device.clone()), 10).await;
            assert!(!story.unwrap().is_empty());
        }
        assert_eq!(store.unsaved().await.unwrap().len(), 1);
        assert_eq!(store.audits(&filter).await.unwrap().len(), 5);
        let plan = "7f889b31f4e56246121128a5e7b06ce33b32c2190f8b9aed285bd5e0a5ef9867";
        assert!(store.plan(plan).await.unwrap().is_some());
    }
}

async fn the_rows_of_an_old_service_are_kept_and_read(bed: Bed) {
    let (old, _) = old_store(&bed, STORES[3]).await;
    for table in SERVICE_TABLES {
        let rows = old.number(&format!("select count(*) from {table}")).await;
        assert!(rows > 0, "{table}");
    }
    let store = &old.store;
    let target = store.target().await.unwrap().unwrap();
    assert_eq!(target.number, 2);
    let rollouts = store.rollouts(10).await.unwrap();
    assert_eq!(rollouts.len(), 1);
    assert_eq!(rollouts[0].last.number, 2);
    let branch = store.branch_state().await.unwrap();
    assert_eq!(branch.commit, Some(target.commit));
    let approvals = store.approvals(&rollouts[0].plan_id).await.unwrap();
    assert_eq!(approvals[0].who, "bob@noc");
    assert_eq!(store.device_statuses().await.unwrap().len(), 1);
    assert_eq!(store.instances().await.unwrap()[0].process, 42);
    assert!(!store.leaders().await.unwrap()["fetch"].is_in_force);
}

async fn an_old_store_starts_without_anything_of_billing(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let system = BillingName::new("splynx").unwrap();
        let store = &old.store;
        assert_eq!(store.sync_base(&system).await.unwrap(), None);
        assert!(store.sync_runs(&system, 10).await.unwrap().is_empty());
        assert!(store.sync_pauses().await.unwrap().is_empty());
        assert_eq!(store.reserve_nonces(&system, 7, 1).await.unwrap(), 0);
        assert_eq!(store.reserve_nonces(&system, 7, 1).await.unwrap(), 7);
    }
}

async fn an_old_store_has_the_schema_of_a_new_one(bed: Bed) {
    for (old, _) in old_stores(&bed).await {
        let described = match bed.database {
            Some(_) => {
                "select string_agg(line, e'\\n' order by line) from ( \
            select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line \
                from information_schema.columns where table_schema = 'public' \
            union all select 'index ' || indexdef from pg_indexes where schemaname = 'public' \
            union all select 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) \
                from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' \
            union all select 'trigger ' || pg_get_triggerdef(oid) || ' ' || tgenabled::text \
                from pg_trigger where not tgisinternal) as schema"
            }
            None => {
                "select group_concat(line, char(10)) from ( \
            select type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') as line \
                from sqlite_schema where name not like '%sqlx%' and name not like 'sqlite_%' order by line)"
            }
        };
        let (of_old, of_new) = (old.text(described).await, bed.text(described).await);
        assert!(of_new.lines().count() > 60, "{of_new}");
        for (old, new) in of_old.lines().zip(of_new.lines()) {
            assert_eq!(old, new);
        }
        assert_eq!(of_old, of_new);
    }
}
