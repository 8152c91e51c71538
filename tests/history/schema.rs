//! Tests the schema: created once, by the first process, whole or not at all; and the store's files.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use gamctl::history::{Store, StoreError, StoreUrl, Timeouts};

use super::{Bed, TIMEOUTS, on_both};

on_both!(
    opening_again_changes_nothing,
    a_newer_schema_is_refused_in_plain_words,
    a_schema_from_another_text_is_refused_by_name,
    a_migration_that_failed_is_refused_by_name,
    a_migration_that_is_unknown_or_missing_is_refused_by_name,
    many_may_open_a_new_store_at_once,
    a_schema_that_cannot_be_made_is_not_made_half,
    a_store_tells_about_itself,
);

impl Bed {
    /// Returns the location of a store that was never opened.
    pub(super) async fn unopened(&self) -> StoreUrl {
        match &self.database {
            Some(_) => {
                let cluster = crate::postgres::shared();
                cluster.url(&cluster.database().await)
            }
            None => {
                let name = format!("other-{}/store.db", uuid::Uuid::now_v7());
                StoreUrl::sqlite(self.folder.path().join(name))
            }
        }
    }

    /// Returns the database of such a location, on Postgres.
    pub(super) fn database_of(&self, url: &StoreUrl) -> Option<String> {
        self.database.as_ref()?;
        let shown = url.to_string();
        let (_, database) = shown.split_once("localhost/").unwrap();
        database.split('?').next().map(str::to_owned)
    }
}

async fn opening_again_changes_nothing(bed: Bed) {
    let versions = "select count(*) from _sqlx_migrations";
    let before = bed.number(versions).await;
    bed.store
        .audit(&super::sample::audit("adopted"))
        .await
        .unwrap();
    let again = bed.another().await;
    assert_eq!(again.audits(&Default::default()).await.unwrap().len(), 1);
    assert_eq!(bed.number(versions).await, before);
}

async fn a_newer_schema_is_refused_in_plain_words(bed: Bed) {
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
        select 4711, description, success, checksum, execution_time from _sqlx_migrations limit 1";
    bed.past(newer).await.unwrap();
    let why = Store::open(&bed.url, TIMEOUTS).await.unwrap_err();
    let knows = bed.store.facts().await.unwrap().knows;
    let said = format!(
        "the store {} has schema version 4711, and this gamctl knows versions up to {knows}; use the gamctl that wrote it, or a later one",
        bed.url
    );
    assert_eq!(why.to_string(), said);
    assert!(matches!(why, StoreError::NewerSchema { has: 4711, .. }));
}

/// Changes the list of migrations and returns the error of opening the store.
async fn refused(bed: &Bed, change: &str) -> String {
    bed.past(change).await.unwrap();
    let why = Store::open(&bed.url, TIMEOUTS).await.unwrap_err();
    assert!(matches!(why, StoreError::ForeignSchema { .. }), "{why:?}");
    assert!(!why.is_away());
    why.to_string()
}

async fn a_schema_from_another_text_is_refused_by_name(bed: Bed) {
    let checksum = match bed.database {
        Some(_) => "'\\x00'",
        None => "x'00'",
    };
    let change = format!("update _sqlx_migrations set checksum = {checksum} where version = 1");
    let said = refused(&bed, &change).await;
    assert_eq!(
        said,
        format!(
            "the store {} has a schema unknown to this gamctl: migration 1 (`history`) differs from the one of this gamctl; use the gamctl that created it, or restore a backup",
            bed.url
        )
    );
}

async fn a_migration_that_failed_is_refused_by_name(bed: Bed) {
    let change = "update _sqlx_migrations set success = false where version = 2";
    let said = refused(&bed, change).await;
    assert!(
        said.contains("migration 2 (`results`) failed half-way"),
        "{said}"
    );
}

async fn a_migration_that_is_unknown_or_missing_is_refused_by_name(bed: Bed) {
    let unknown = "update _sqlx_migrations set version = 0 where version = 1";
    let said = refused(&bed, unknown).await;
    assert!(
        said.contains("migration 0 (`history`) is unknown"),
        "{said}"
    );
    let missing = "delete from _sqlx_migrations where version = 0";
    let said = refused(&bed, missing).await;
    assert!(said.contains("migration 1 is missing"), "{said}");
}

async fn many_may_open_a_new_store_at_once(bed: Bed) {
    let url = bed.unopened().await;
    let opened = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { Store::open(&url, TIMEOUTS).await.unwrap() })
    });
    let opened: Vec<_> = opened.collect();
    for opened in opened {
        opened
            .await
            .unwrap()
            .audit(&super::sample::audit("here"))
            .await
            .unwrap();
    }
    let store = Store::open(&url, TIMEOUTS).await.unwrap();
    assert_eq!(store.audits(&Default::default()).await.unwrap().len(), 8);
}

async fn a_schema_that_cannot_be_made_is_not_made_half(bed: Bed) {
    let url = bed.unopened().await;
    let other = Bed {
        store: bed.store.clone(),
        database: bed.database_of(&url),
        folder: tempfile::tempdir().unwrap(),
        url,
    };
    if let Some(path) = other.url.path() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    other
        .past("create table audit (somebody_elses bigint)")
        .await
        .unwrap();
    let why = Store::open(&other.url, TIMEOUTS).await.unwrap_err();
    assert!(!why.is_away(), "{why}");
    let made = match other.database {
        Some(_) => "select count(*) from pg_tables where tablename in ('run', 'lease', 'entry')",
        None => "select count(*) from sqlite_schema where name in ('run', 'lease', 'entry')",
    };
    assert_eq!(other.number(made).await, 0);
    other.past("drop table audit").await.unwrap();
    Store::open(&other.url, TIMEOUTS).await.unwrap();
    assert_eq!(other.number(made).await, 3);
}

async fn a_store_tells_about_itself(bed: Bed) {
    let facts = bed.store.facts().await.unwrap();
    let engine = match bed.database {
        Some(_) => "Postgres",
        None => "SQLite",
    };
    assert_eq!(facts.engine, engine);
    assert!(
        facts
            .version
            .chars()
            .next()
            .is_some_and(|first| first.is_ascii_digit())
    );
    assert_eq!(facts.schema, facts.knows);
    assert!(facts.bytes > 10_000, "{facts:?}");
    let clock = bed.store.clock().await.unwrap();
    assert!(facts.clock <= clock && clock <= facts.clock + 60);
    // 2026 by any clock that is not far off.
    assert!(facts.clock > 1_767_225_600, "{facts:?}");
}

#[test]
fn only_its_owner_reads_an_sqlite_store() {
    super::run(async {
        let bed = Bed::sqlite().await;
        bed.store
            .audit(&super::sample::audit("adopted"))
            .await
            .unwrap();
        let path = bed.url.path().unwrap();
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let file = file.unwrap().path();
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    });
}

#[test]
fn a_missing_server_is_unreachable_and_its_password_is_not_printed() {
    super::run(async {
        let soon = Timeouts {
            open: Duration::from_secs(5),
            operation: Duration::from_secs(5),
        };
        let url = StoreUrl::parse("postgres://gam:CANARY@127.0.0.1:1/gamctl").unwrap();
        let why = Store::open(&url, soon).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        let said = format!("{why} {why:?} {url:?}");
        assert!(!said.contains("CANARY"), "{said}");
        assert!(said.contains("postgres://gam@127.0.0.1:1/gamctl"), "{said}");
    });
}

#[test]
fn an_sqlite_store_at_an_impossible_path_is_unreachable() {
    super::run(async {
        let url = StoreUrl::sqlite("/dev/null/store.db");
        let why = Store::open(&url, TIMEOUTS).await.unwrap_err();
        assert!(why.is_away(), "{why:?}");
        assert!(
            why.to_string().contains("sqlite:///dev/null/store.db"),
            "{why}"
        );
    });
}
