//! Tests the story of a device or of objects on it, newest first.

use gamctl::apply::{Ended, Purpose, RunResult};
use gamctl::history::Subject;
use gamctl::model::Fingerprint;

use super::sample::{applied, device, exchange, intent, look, mac, outcome, plan, typed};
use super::{Bed, lease, on_both};

on_both!(
    a_story_has_the_steps_about_its_subject_and_what_was_typed,
    a_story_of_a_device_has_every_run_newest_first,
    what_is_under_way_is_told_without_an_end,
    lines_of_an_undo_are_told_under_the_undo,
);

fn objects(keys: &[(&str, &str)]) -> Subject {
    let keys = keys.iter();
    let keys = keys.map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned()));
    Subject::Objects(device("oak"), keys.collect())
}

async fn a_story_has_the_steps_about_its_subject_and_what_was_typed(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    applied(&bed.store, run.id, &lease, Ended::Applied).await;
    bed.store.end_run(run.id, RunResult::Done).await.unwrap();
    let steps = plan(&oak).steps;
    let endpoint = mac().to_string();
    for (subject, expected) in [
        // A step is in the story of the subscribers who notice it.
        (objects(&[("subscriber", "apt-101")]), vec![1]),
        // By both of its names.
        (objects(&[("subscriber", "apt-7")]), vec![2]),
        (objects(&[("subscriber", "apt-8")]), vec![2]),
        (objects(&[("endpoint", &endpoint)]), vec![3]),
        (
            objects(&[("subscriber", "apt-101"), ("endpoint", &endpoint)]),
            vec![1, 3],
        ),
        (Subject::Device(oak.clone()), vec![1, 2, 3]),
    ] {
        let story = bed.store.story(&subject, 10).await.unwrap();
        assert_eq!(story.len(), 1, "{subject:?}");
        let chapter = &story[0];
        let told: Vec<usize> = chapter.steps.iter().map(|(number, _)| *number).collect();
        assert_eq!(told, expected, "{subject:?}");
        for (number, step) in &chapter.steps {
            assert_eq!(step, &steps[*number - 1]);
        }
        let lines = expected
            .iter()
            .map(|number| exchange(["profile 1", "subscriber 1", "endpoint 1"][number - 1]));
        assert_eq!(chapter.exchanges, lines.collect::<Vec<_>>());
        assert_eq!(chapter.run.run, run);
        assert_eq!(chapter.run.result, Some(RunResult::Done));
        assert_eq!(
            chapter.verified,
            Some(Fingerprint::of(&look(&oak, "after")))
        );
        assert_eq!(
            chapter.saved.as_deref(),
            Some("the reply, and the file's row")
        );
        assert_eq!(chapter.outcome, Some(outcome(&oak, Ended::Applied)));
    }
    let nobody = bed
        .store
        .story(&objects(&[("subscriber", "apt-9")]), 10)
        .await;
    assert_eq!(nobody.unwrap(), []);
    let elsewhere = Subject::Objects(
        device("elm"),
        vec![("subscriber".to_owned(), "apt-7".to_owned())],
    );
    assert_eq!(bed.store.story(&elsewhere, 10).await.unwrap(), []);
}

async fn a_story_of_a_device_has_every_run_newest_first(bed: Bed) {
    let oak = device("oak");
    let mut runs = Vec::new();
    for _ in 0..5 {
        let (run, lease) = bed.at_work(&oak).await;
        applied(&bed.store, run.id, &lease, Ended::Applied).await;
        bed.store.release(&lease).await.unwrap();
        runs.insert(0, run.id);
    }
    for subject in [
        Subject::Device(oak.clone()),
        objects(&[("subscriber", "apt-7")]),
    ] {
        for most in [3, 10] {
            let story = bed.store.story(&subject, most).await.unwrap();
            let told: Vec<_> = story.iter().map(|chapter| chapter.run.run.id).collect();
            let expected = usize::try_from(most).unwrap().min(5);
            assert_eq!(told, runs[..expected], "{subject:?}");
        }
    }
}

async fn what_is_under_way_is_told_without_an_end(bed: Bed) {
    let oak = device("oak");
    let (run, lease) = bed.at_work(&oak).await;
    bed.store
        .record(run.id, &lease, 1, &intent(&oak))
        .await
        .unwrap();
    bed.store
        .record(run.id, &lease, 2, &typed(1, "profile 1"))
        .await
        .unwrap();
    for subject in [
        Subject::Device(oak.clone()),
        objects(&[("profile", "home-100")]),
    ] {
        let story = bed.store.story(&subject, 10).await.unwrap();
        assert_eq!(story.len(), 1);
        assert_eq!(story[0].exchanges, [exchange("profile 1")]);
        assert_eq!((&story[0].outcome, &story[0].saved), (&None, &None));
    }
}

async fn lines_of_an_undo_are_told_under_the_undo(bed: Bed) {
    use gamctl::apply::Entry;
    let oak = device("oak");
    let run = super::sample::run();
    bed.store.begin_run(&run).await.unwrap();
    let lease = lease(&bed.store, &oak, uuid::Uuid::now_v7()).await;
    let mut back = plan(&oak);
    back.steps.reverse();
    let undo = Entry::Intent {
        purpose: Purpose::Undo,
        plan: Box::new(back),
    };
    let typed_back = Entry::Sent {
        purpose: Purpose::Undo,
        step: 2,
        exchanges: vec![exchange("no subscriber 1")],
        failure: None,
    };
    let entries = [intent(&oak), typed(2, "subscriber 1"), undo, typed_back];
    for (number, entry) in (1..).zip(&entries) {
        bed.store
            .record(run.id, &lease, number, entry)
            .await
            .unwrap();
    }
    let story = bed
        .store
        .story(&objects(&[("subscriber", "apt-7")]), 10)
        .await
        .unwrap();
    let lines = story[0].exchanges.iter().map(|said| said.line.as_str());
    assert_eq!(
        lines.collect::<Vec<_>>(),
        ["subscriber 1", "no subscriber 1"]
    );
    assert_eq!(story[0].steps.len(), 2);
}
