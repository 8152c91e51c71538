//! Tests that the store that `benches/store.rs` fills past the operations is one that the operations can read.

use gamctl::apply::{Ended, RunResult};
use gamctl::history::{Store, Subject};

use super::sample::{device, intent, outcome, typed};
use super::{Bed, TIMEOUTS, on_both};

#[path = "../../benches/store/fill.rs"]
mod fill;

on_both!(a_store_that_the_bench_fills_has_the_story_of_each_device);

async fn a_store_that_the_bench_fills_has_the_story_of_each_device(bed: Bed) {
    let oak = device(fill::DEVICE);
    let mut entries = vec![("intent", intent(&oak))];
    entries.extend((1..=fill::STEPS).map(|step| ("typed", typed(step, "ghn subscriber 1 vlan 7"))));
    let sample = fill::Sample {
        entries,
        end: outcome(&oak, Ended::Applied),
    };
    let filled = fill::fill(&bed.store, &bed.url, 100, &sample).await;
    assert_eq!((filled.devices, filled.runs), (5, 20));
    let store = Store::open(&bed.url, TIMEOUTS).await.unwrap();
    for device in ["oak-0", "oak-4"].map(device) {
        let story = store.story(&Subject::Device(device.clone()), 30).await;
        let story = story.unwrap();
        assert_eq!(story.len(), 20, "{device}");
        for chapter in &story {
            assert_eq!(chapter.run.result, Some(RunResult::Done));
            assert_eq!(chapter.exchanges.len(), fill::STEPS);
        }
        let objects = vec![("subscriber".to_owned(), "apt-101".to_owned())];
        let story = store.story(&Subject::Objects(device, objects), 30).await;
        assert_eq!(story.unwrap().len(), 20);
    }
    store.close().await;
}
