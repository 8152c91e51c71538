//! Tests that another process learns of changes at once, only of those that were committed, and never needs to.

use std::time::Duration;

use gamctl::history::{Freeze, Hint, Hints, Store, TargetChange};
use gamctl::model::FreezeScope;
use uuid::Uuid;

use super::{Bed, TIMEOUTS};

/// Returns what is heard until nothing more comes.
async fn heard(hints: &mut Hints) -> Vec<Option<Hint>> {
    let mut heard = Vec::new();
    while let Ok(hint) = tokio::time::timeout(Duration::from_millis(500), hints.next()).await {
        heard.push(hint.unwrap());
    }
    heard
}

fn change(commit: &str, before: Option<&str>) -> TargetChange {
    TargetChange {
        commit: commit.to_owned(),
        before: before.map(str::to_owned),
        who: "ada@noc".to_owned(),
        reason: None,
    }
}

#[test]
fn changes_are_told_to_other_processes_once_they_are_committed() {
    super::run(super::on_postgres(async |bed: Bed| {
        let store = Store::open(&bed.url, TIMEOUTS).await.unwrap();
        let other = Store::open(&bed.url, TIMEOUTS).await.unwrap();
        let mut hints = other.hints().await.unwrap().unwrap();
        assert!(store.move_target(&change("a", None), None).await.unwrap());
        assert_eq!(heard(&mut hints).await, [Some(Hint::Target)]);
        // Refused, so nothing changed.
        assert!(
            !store
                .move_target(&change("b", Some("x")), None)
                .await
                .unwrap()
        );
        assert_eq!(heard(&mut hints).await, []);
        let freeze = Freeze {
            id: Uuid::now_v7(),
            scope: FreezeScope::default(),
            reason: "electrician".to_owned(),
            who: "ada@noc".to_owned(),
            since: 0,
            until: store.clock().await.unwrap() + 3600,
        };
        store.freeze(&freeze).await.unwrap();
        assert!(store.thaw(freeze.id, "ada@noc").await.unwrap());
        store.hint(Hint::Branch).await.unwrap();
        let expected = [Hint::Decision, Hint::Decision, Hint::Branch].map(Some);
        assert_eq!(heard(&mut hints).await, expected);
        drop(hints);
        other.close().await;
        store.close().await;
    }));
}

#[test]
fn a_file_gives_no_hints_and_takes_them_without_effect() {
    super::run(async {
        let folder = tempfile::tempdir().unwrap();
        let url = gamctl::history::StoreUrl::sqlite(folder.path().join("store.db"));
        let store = Store::open(&url, TIMEOUTS).await.unwrap();
        assert!(store.hints().await.unwrap().is_none());
        store.hint(Hint::Target).await.unwrap();
        assert!(store.move_target(&change("a", None), None).await.unwrap());
        store.close().await;
    });
}
