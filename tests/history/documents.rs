//! Reads one document of each stored version, and refuses one newer than this program.
//!
//! `documents/` has a list of documents for each kind and version. They are kept for ever: one is added for each
//! version, and none is changed.

use gamctl::apply::{Ended, Entry};
use gamctl::history::{Filter, ServiceFilter, StoreError};
use gamctl::model::billing::BillingName;
use serde_json::Value;
use uuid::Uuid;

use super::sample::{applied, device};
use super::{Bed, lease, on_both};

on_both!(
    a_document_of_each_version_is_read,
    a_newer_document_is_refused_by_name,
    what_is_written_now_is_of_a_version_that_is_kept_here,
    a_document_of_the_sync_of_each_version_is_read,
    what_the_sync_writes_now_is_of_a_version_that_is_kept_here,
);

/// Returns the documents of a kind, each version's after the one before.
fn documents(kind: &str) -> Vec<Value> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/history/documents");
    let mut documents = Vec::new();
    for version in 1.. {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{kind}-{version}.json")))
        else {
            assert!(version > 1, "no document of {kind}");
            break;
        };
        documents.extend(serde_json::from_str::<Vec<Value>>(&text).unwrap());
    }
    documents
}

impl Bed {
    /// Inserts a row without the store's code: `@now` is in the syntax of the engine.
    async fn insert(&self, statement: &str) {
        let now = match self.database {
            Some(_) => "clock_timestamp()",
            None => "cast(unixepoch('subsec') * 1000 as integer)",
        };
        self.past(&statement.replace("@now", now)).await.unwrap();
    }
}

fn quoted(document: &Value) -> String {
    format!("'{}'", document.to_string().replace('\'', "''"))
}

async fn a_document_of_each_version_is_read(bed: Bed) {
    for (number, document) in (0..).zip(documents("ledger")) {
        let name = format!("ledger-{number}");
        let document = quoted(&document);
        bed.insert(&format!(
            "insert into ledger (device, version, at, content) values ('{name}', 1, @now, {document})"
        ))
        .await;
        let kept = bed.store.ledger(&device(&name)).await.unwrap().unwrap();
        assert!(kept.ledger.objects() > 0);
    }
    for (number, document) in (0..).zip(documents("look")) {
        let name = device(&format!("look-{number}"));
        look(&bed, name.as_str(), &document).await;
        let found = bed.store.last_look(&name).await.unwrap();
        assert!(!found.unwrap().config.endpoints.is_empty());
    }
    for document in documents("look-status") {
        let name = device("look-0");
        let status = quoted(&document);
        bed.insert(&format!(
            "update last_look set status = {status} where device = '{name}'"
        ))
        .await;
        let found = bed.store.last_look(&name).await.unwrap().unwrap();
        assert_eq!(found.taken_at, 1_795_278_720);
    }
    entries_are_read(&bed).await;
    outcomes_are_read(&bed).await;
    for (number, document) in (0..).zip(documents("plan")) {
        let text = quoted(&document);
        bed.insert(&format!(
            "insert into plan_document (plan, document) values ('p{number}', {text})"
        ))
        .await;
        bed.insert(&format!(
            "insert into plan_made (plan, making, made) values ('p{number}', 1, @now)"
        ))
        .await;
        let (plan, _) = bed
            .store
            .plan(&format!("p{number}"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(plan, document, "it is as it is in its file");
    }
    for document in documents("freeze-scope") {
        let (id, text) = (Uuid::now_v7(), quoted(&document));
        let until = match bed.database {
            Some(_) => "clock_timestamp() + interval '1 hour'",
            None => "cast(unixepoch('subsec') * 1000 as integer) + 3600000",
        };
        bed.insert(&format!(
            "insert into frozen (id, scope, reason, who, since, until) values ('{id}', {text}, 'x', 'y', @now, {until})"
        ))
        .await;
    }
    let freezes = bed.store.freezes().await.unwrap();
    assert!(freezes[0].scope.is_all());
    assert_eq!(freezes[1].scope.devices, ["m*", "x*"]);
    assert_eq!(freezes.len(), documents("freeze-scope").len());
}

async fn look(bed: &Bed, name: &str, document: &Value) {
    let document = quoted(document);
    bed.insert(&format!(
        "insert into look (device, sequence, digest, fingerprint, base, content, at) values ('{name}', 1, 'd', 'f', null, {document}, @now)"
    ))
    .await;
    bed.insert(&format!(
        "insert into last_look (device, sequence) values ('{name}', 1)"
    ))
    .await;
}

async fn entries_are_read(bed: &Bed) {
    let run = super::sample::run();
    bed.store.begin_run(&run).await.unwrap();
    let name = device("entry-0");
    let lease = lease(&bed.store, &name, Uuid::now_v7()).await;
    look(bed, "entry-0", &documents("look")[0]).await;
    let all = documents("entry");
    for (number, document) in (1..).zip(&all) {
        let (run, holder) = (run.id.0, lease.holder);
        let kind = document["entry"].as_str().unwrap();
        let document = quoted(document);
        bed.insert(&format!(
            "insert into entry (run, device, number, epoch, holder, at, kind, digest, content) \
            values ('{run}', 'entry-0', {number}, 1, '{holder}', @now, '{kind}', 'd', {document})"
        ))
        .await;
    }
    let read = bed.store.entries(run.id, &name).await.unwrap();
    assert_eq!(read.len(), all.len());
    assert!(
        matches!(&read[0].entry, Entry::Looked { observation, .. } if !observation.config.endpoints.is_empty())
    );
    assert!(matches!(&read[1].entry, Entry::Intent { plan, .. } if !plan.steps.is_empty()));
}

async fn outcomes_are_read(bed: &Bed) {
    let run = super::sample::run();
    let inventory = quoted(&documents("inventory")[0]);
    let is_uncommitted = match bed.database {
        Some(_) => "false",
        None => "0",
    };
    let id = run.id.0;
    bed.insert(&format!(
        "insert into run (id, verb, who, inventory, is_uncommitted, version, began) \
        values ('{id}', 'apply', 'ada@noc', {inventory}, {is_uncommitted}, '0.1.0', @now)"
    ))
    .await;
    let all = documents("outcome");
    for (number, document) in (0..).zip(&all) {
        let word = document["ended"].as_str().unwrap();
        let document = quoted(document);
        bed.insert(&format!(
            "insert into outcome (run, device, at, ended, content) values ('{id}', 'outcome-{number}', @now, '{word}', {document})"
        ))
        .await;
    }
    let filter = Filter {
        run: Some(run.id),
        ..Filter::default()
    };
    let mut read = bed.store.outcomes(&filter).await.unwrap();
    read.sort_by_key(|row| row.outcome.ended.word());
    let mut words: Vec<&str> = read.iter().map(|row| row.outcome.ended.word()).collect();
    assert_eq!(words.len(), all.len());
    words.dedup();
    assert_eq!(words.len(), 9, "one of each: {words:?}");
    let runs = bed.store.runs(&filter).await.unwrap();
    assert!(runs[0].run.inventory.commit.is_some());
}

async fn a_newer_document_is_refused_by_name(bed: Bed) {
    bed.insert("insert into ledger (device, version, at, content) values ('oak', 1, @now, '{\"version\": 4711}')")
        .await;
    let why = bed.store.ledger(&device("oak")).await.unwrap_err();
    assert_eq!(
        why.to_string(),
        format!(
            "the store {} has a ledger of version 4711, and this gamctl knows versions up to 1; use the gamctl that wrote it, or a later one",
            bed.url
        )
    );
    assert!(matches!(why, StoreError::NewerDocument { has: 4711, .. }));
    assert!(!why.is_away());
}

async fn what_is_written_now_is_of_a_version_that_is_kept_here(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    applied(&bed.store, run.id, &lease, Ended::Applied).await;
    let now = bed.store.clock().await.unwrap();
    let freeze = super::memory::freeze(now + 60);
    bed.store.freeze(&freeze).await.unwrap();
    for (kind, statement) in [
        ("ledger", "select content->>'version' from ledger"),
        (
            "look",
            "select content->>'version' from look where sequence = 1",
        ),
        (
            "entry",
            "select content->>'version' from entry where number = 2",
        ),
        ("look-status", "select status->>'version' from last_look"),
        ("outcome", "select content->>'version' from outcome"),
        ("inventory", "select inventory->>'version' from run"),
        ("freeze-scope", "select scope->>'version' from frozen"),
    ] {
        let version = bed.number(statement).await;
        assert_kept(kind, version);
    }
}

fn assert_kept(kind: &str, version: i64) {
    let name = format!("tests/history/documents/{kind}-{version}.json");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
    assert!(path.exists(), "keep a document of this version in {name}");
}

/// The tables of the sync with their documents: the columns before it, with `#` for a number, and the conditions.
const OF_THE_SYNC: [(&str, &str, &str, &str); 9] = [
    (
        "sync-base",
        "billing_base (system, number, run, inventory_commit, at, content)",
        "'s#', 1, '00000000-0000-0000-0000-000000000001', 'c1', @now",
        "true",
    ),
    (
        "service-base",
        "billing_base_part (system, kind, name, content)",
        "'s0', 'service', '1042/#'",
        "kind = 'service'",
    ),
    (
        "mac-claims",
        "billing_base_part (system, kind, name, content)",
        "'s0', 'claim', '00:0e:d8:00:00:0#'",
        "kind = 'claim'",
    ),
    (
        "write-back-memory",
        "billing_base_part (system, kind, name, content)",
        "'s0', 'written', '1042/#'",
        "kind = 'written'",
    ),
    (
        "delta-cursor",
        "billing_cursor (system, at, content)",
        "'s#', @now",
        "true",
    ),
    (
        "sync-run",
        "sync_run (id, system, scope, outcome, began, ended, runs, first_began, who, content)",
        "'00000000-0000-0000-0000-00000000000#', 's0', 'everything', 'nothing', @now, @now, 1, @now, 'x'",
        "true",
    ),
    (
        "classification",
        "billing_service (system, account, service, class, content)",
        "'s0', '1042', '#', 'waiting'",
        "true",
    ),
    (
        "held-back",
        "billing_held (system, digest, since, content)",
        "'s0', '000000000000000000000000000000000000000000000000000000000000000#', @now",
        "true",
    ),
    (
        "billing-write",
        "billing_write (id, system, key, state, tries, queued, due, at, content)",
        "'00000000-0000-0000-0000-00000000000#', 's0', '#', 'queued', 0, @now, @now, @now",
        "true",
    ),
];

async fn a_document_of_the_sync_of_each_version_is_read(bed: Bed) {
    for (kind, columns, values, _) in OF_THE_SYNC {
        for (number, document) in (0..).zip(documents(kind)) {
            let values = values.replace('#', &number.to_string());
            let document = quoted(&document);
            bed.insert(&format!(
                "insert into {columns} values ({values}, {document})"
            ))
            .await;
        }
    }
    let store = &bed.store;
    let count = |kind: &str| documents(kind).len();
    let system = |number: usize| BillingName::new(&format!("s{number}")).unwrap();
    for number in 0..count("sync-base") {
        let stored = store.sync_base(&system(number)).await.unwrap();
        assert_eq!(stored.unwrap().commit, "c1");
    }
    for number in 0..count("delta-cursor") {
        let cursor: Option<Value> = store.delta_cursor(&system(number)).await.unwrap();
        assert!(cursor.is_some());
    }
    let s0 = system(0);
    let base = store.sync_base(&s0).await.unwrap().unwrap().base;
    assert_eq!(base.services.len(), count("service-base"));
    assert_eq!(base.claims.len(), count("mac-claims"));
    assert_eq!(base.resting.len(), 1);
    let first = base.services.values().next().unwrap();
    assert!(first.takes_billing && first.gone.is_some() && first.place.is_some());
    let memory = store.write_back_memory(&s0).await.unwrap();
    assert_eq!(memory.len(), count("write-back-memory"));
    let runs = store.sync_runs(&s0, 99).await.unwrap();
    assert_eq!(runs.len(), count("sync-run"));
    let filter = ServiceFilter::default();
    let services = store.classified_services(&s0, &filter, 99).await.unwrap();
    assert_eq!(services.len(), count("classification"));
    assert_eq!(services[0].reasons.len(), 5);
    let held = store.held_changes(&s0).await.unwrap();
    assert_eq!(held.len(), count("held-back"));
    let writes = store.billing_writes(&s0, None, 99).await.unwrap();
    assert_eq!(writes.len(), count("billing-write"));
}

async fn what_the_sync_writes_now_is_of_a_version_that_is_kept_here(bed: Bed) {
    super::billing::fill(&bed.store).await;
    for (kind, columns, _, condition) in OF_THE_SYNC {
        let (table, _) = columns.split_once(' ').unwrap();
        let statement = format!(
            "select max(cast(content->>'version' as integer)) from {table} where {condition}"
        );
        assert_kept(kind, bed.number(&statement).await);
    }
}
