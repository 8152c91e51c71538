//! Checks what holds at any moment: rollouts, target and leaders move on without gaps, and no line is without an intent.

use gamctl::history::Store;
use gamctl::history::StoreUrl;
use sqlx::{Connection as _, Row as _};

use super::pair::Pair;
use crate::crash::judge::writings;

const ALL: u32 = 1_000_000;

impl Pair {
    /// Checks what the store has recorded, and that no two sessions wrote to a device at once.
    pub(super) fn is_sound(&self) {
        for twin in self.site.twins.values() {
            let _one_after_the_other = writings(twin);
        }
        self.ask(async |store: &Store| rollouts_have_no_gap(store).await);
        let url = self.site.url();
        self.site.runtime.block_on(target_has_no_gap(&url));
    }
}

/// Every step of a rollout is there once, and nothing follows its end.
pub(in crate::service) async fn rollouts_have_no_gap(store: &Store) {
    for rollout in store.rollouts(ALL).await.unwrap() {
        let (_, steps) = store.rollout(rollout.id).await.unwrap().unwrap();
        let numbers: Vec<u64> = steps.iter().map(|step| step.number).collect();
        let count = u64::try_from(steps.len()).unwrap();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{steps:#?}");
        let ends = steps.iter().filter(|step| step.state.is_over()).count();
        assert!(ends <= 1, "it ended {ends} times: {steps:#?}");
        let is_last_over = steps.last().is_some_and(|step| step.state.is_over());
        assert_eq!(ends == 1, is_last_over, "{steps:#?}");
        let waves: Vec<u32> = steps.iter().map(|step| step.content.wave).collect();
        assert!(waves.is_sorted(), "a wave came again: {steps:#?}");
    }
}

/// Every change of the target starts where the one before ended.
pub(in crate::service) async fn target_has_no_gap(url: &StoreUrl) {
    let mut connection = sqlx::PgConnection::connect(&url.to_string()).await.unwrap();
    let sql = "select number, inventory_commit, before from target_change order by number";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    let last: i64 = sqlx::query_scalar("select coalesce(max(number), 0) from target")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let mut commit: Option<String> = None;
    for (number, row) in (1_i64..).zip(&rows) {
        assert_eq!(row.get::<i64, _>(0), number, "a gap or a double");
        assert_eq!(row.get::<Option<String>, _>(2), commit);
        commit = Some(row.get(1));
    }
    assert_eq!(i64::try_from(rows.len()).unwrap(), last);
}
