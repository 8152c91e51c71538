//! Tests pages of stored records, and past states.

use gamctl::apply::cause::{Interruption, StoppedAt};
use gamctl::apply::{Ended, RunResult};
use gamctl::history::{AsOf, Cursor, CursorError, Filter, Page, QueryError, RunId, Store, Subject};
use gamctl::model::DeviceName;
use uuid::Uuid;

use super::sample::{
    applied, audit, device, intent, ledger, look, looked, outcome, run, run_of, typed,
};
use super::{Bed, lease, on_both};

on_both!(
    nothing_is_on_the_pages_of_an_empty_store,
    each_run_is_on_one_page_newest_first_also_when_runs_are_added,
    each_audit_entry_is_on_one_page_also_when_entries_are_added,
    a_story_goes_on_where_its_page_ended,
    each_device_of_a_run_is_on_one_page_with_its_end_where_it_has_one,
    each_device_is_on_one_page_with_its_last_outcome_and_its_last_look,
    the_health_of_a_look_is_kept_where_the_configuration_did_not_change,
    a_cursor_of_another_list_is_refused,
    a_device_that_is_again_as_it_was_is_found_so_at_each_time,
    at_each_time_it_is_known_what_was_verified_and_which_run_was_the_last,
    a_run_that_wrote_nothing_changed_nothing,
    an_object_was_changed_by_the_runs_about_it,
);

impl Bed {
    /// Sets the time of rows, as if they had been written then.
    async fn date(&self, table: &str, rows: &str, seconds: u64) {
        let change = match self.database {
            Some(_) => format!(
                "alter table {table} disable trigger user; \
                update {table} set at = to_timestamp({seconds}) where {rows}; \
                alter table {table} enable trigger user"
            ),
            None => format!(
                "drop trigger if exists {table}_is_kept; update {table} set at = {seconds} * 1000 where {rows}"
            ),
        };
        self.past(&change).await.unwrap();
    }
}

/// Reads all pages; `meanwhile` runs after the first.
async fn all<T>(
    turn: impl AsyncFn(Option<Cursor>) -> Page<T>,
    meanwhile: impl AsyncFnOnce(),
) -> Vec<Vec<T>> {
    let first = turn(None).await;
    meanwhile().await;
    let (mut pages, mut next) = (vec![first.items], first.next);
    while let Some(cursor) = next {
        // As it goes through a URL.
        let cursor: Cursor = cursor.to_string().parse().unwrap();
        let page = turn(Some(cursor)).await;
        pages.push(page.items);
        next = page.next;
    }
    pages
}

fn sizes<T>(pages: &[Vec<T>]) -> Vec<usize> {
    pages.iter().map(Vec::len).collect()
}

async fn nothing_is_on_the_pages_of_an_empty_store(bed: Bed) {
    let (store, oak) = (&bed.store, device("oak"));
    let every = Filter::default();
    let subject = Subject::Device(oak.clone());
    let runs = store.run_page(&every, None).await.unwrap();
    assert_eq!((runs.items, runs.next), (vec![], None));
    let audits = store.audit_page(&every, None).await.unwrap();
    assert_eq!((audits.items, audits.next), (vec![], None));
    let story = store.story_page(&subject, None, 100).await.unwrap();
    assert_eq!((story.items, story.next), (vec![], None));
    let devices = store.device_page(None).await.unwrap();
    assert_eq!((devices.items, devices.next), (vec![], None));
    let nobody = RunId(Uuid::now_v7());
    let of_run = store.run_devices(nobody, None).await.unwrap();
    assert_eq!((of_run.items, of_run.next), (vec![], None));
    assert_eq!(store.run(nobody).await.unwrap(), None);
    let summary = store.device_summary(&oak).await.unwrap();
    assert_eq!(
        (summary.device, summary.outcome, summary.look),
        (oak, None, None)
    );
    for at in [0, 1_795_278_720, u64::MAX] {
        assert_eq!(store.as_of(&subject, at).await.unwrap(), AsOf::default());
    }
}

/// Starts this many runs and returns them, newest first.
async fn begin_runs(store: &Store, count: usize) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..count {
        let run = run();
        store.begin_run(&run).await.unwrap();
        runs.insert(0, run.id);
    }
    runs
}

async fn each_run_is_on_one_page_newest_first_also_when_runs_are_added(bed: Bed) {
    let begun = begin_runs(&bed.store, 250).await;
    let every = Filter::default();
    let turn = async |cursor: Option<Cursor>| {
        let page = bed.store.run_page(&every, cursor.as_ref()).await;
        page.unwrap()
    };
    let meanwhile = async || {
        begin_runs(&bed.store, 7).await;
    };
    let pages = all(turn, meanwhile).await;
    assert_eq!(sizes(&pages), [100, 100, 50]);
    let listed: Vec<RunId> = pages.iter().flatten().map(|run| run.run.id).collect();
    assert_eq!(listed, begun);
    // No page is larger than a hundred, and one may be smaller.
    for (most, size) in [(0, 1), (3, 3), (100_000, 100)] {
        let filter = Filter {
            most,
            ..Filter::default()
        };
        let page = bed.store.run_page(&filter, None).await.unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (size, true));
    }
    let one = bed.store.run(begun[17]).await.unwrap().unwrap();
    assert_eq!(one.run.id, begun[17]);
}

async fn each_audit_entry_is_on_one_page_also_when_entries_are_added(bed: Bed) {
    let write = async |from: usize, to: usize| {
        for number in from..to {
            let entry = audit(&format!("entry {number}"));
            bed.store.audit(&entry).await.unwrap();
        }
    };
    write(0, 201).await;
    let every = Filter::default();
    let turn = async |cursor: Option<Cursor>| {
        let page = bed.store.audit_page(&every, cursor.as_ref()).await;
        page.unwrap()
    };
    let pages = all(turn, async || write(201, 204).await).await;
    assert_eq!(sizes(&pages), [100, 100, 1]);
    let listed: Vec<String> = pages
        .into_iter()
        .flatten()
        .map(|row| row.audit.what)
        .collect();
    let expected: Vec<String> = (0..201)
        .rev()
        .map(|number| format!("entry {number}"))
        .collect();
    assert_eq!(listed, expected);
}

/// Carries out this many runs on a device and returns them, newest first.
async fn carry_out(bed: &Bed, device: &DeviceName, count: usize) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..count {
        let (run, lease) = bed.at_work(device).await;
        applied(&bed.store, run.id, &lease, Ended::Applied).await;
        bed.store.release(&lease).await.unwrap();
        runs.insert(0, run.id);
    }
    runs
}

async fn a_story_goes_on_where_its_page_ended(bed: Bed) {
    let oak = device("oak");
    let done = carry_out(&bed, &oak, 5).await;
    let objects = vec![("subscriber".to_owned(), "apt-7".to_owned())];
    let subjects = [
        Subject::Device(oak.clone()),
        Subject::Objects(oak.clone(), objects),
    ];
    let first = subjects.each_ref().map(|subject| async {
        let page = bed.store.story_page(subject, None, 2).await;
        page.unwrap()
    });
    let mut pages = Vec::new();
    for first in first {
        pages.push(first.await);
    }
    carry_out(&bed, &oak, 1).await;
    for (subject, first) in subjects.iter().zip(pages) {
        let (mut told, mut next) = (first.items, first.next);
        while let Some(cursor) = next {
            let page = bed.store.story_page(subject, Some(&cursor), 2).await;
            let page = page.unwrap();
            told.extend(page.items);
            next = page.next;
        }
        let told: Vec<RunId> = told.iter().map(|chapter| chapter.run.run.id).collect();
        assert_eq!(told, done, "{subject:?}");
    }
}

async fn each_device_of_a_run_is_on_one_page_with_its_end_where_it_has_one(bed: Bed) {
    let run = run();
    bed.store.begin_run(&run).await.unwrap();
    let mut names = Vec::new();
    for number in 0..103 {
        let name = device(&format!("oak-{number:03}"));
        let lease = lease(&bed.store, &name, Uuid::now_v7()).await;
        let store = &bed.store;
        match number {
            // In progress, and one that was interrupted: it has an outcome and is unfinished.
            7 => store.record(run.id, &lease, 1, &intent(&name)).await,
            8 => {
                let begun = store.record(run.id, &lease, 1, &intent(&name)).await;
                begun.unwrap();
                let cause = Box::new(Interruption::StopRequested {
                    at: StoppedAt::BeforeWriting,
                });
                let ended = outcome(&name, Ended::Interrupted { cause });
                store.finish(run.id, &lease, 2, &ended, None).await
            }
            _ => {
                let ended = outcome(&name, Ended::Unchanged);
                store.finish(run.id, &lease, 1, &ended, None).await
            }
        }
        .unwrap();
        names.push(name);
    }
    let turn = async |cursor: Option<Cursor>| {
        let page = bed.store.run_devices(run.id, cursor.as_ref()).await;
        page.unwrap()
    };
    let pages = all(turn, async || ()).await;
    assert_eq!(sizes(&pages), [100, 3]);
    let listed: Vec<_> = pages.into_iter().flatten().collect();
    let of: Vec<_> = listed.iter().map(|one| one.device.clone()).collect();
    assert_eq!(of, names);
    for (number, one) in listed.iter().enumerate() {
        let ended = one.outcome.as_ref().map(|row| row.outcome.ended.word());
        let expected = match number {
            7 => None,
            8 => Some("interrupted"),
            _ => Some("unchanged"),
        };
        assert_eq!(ended, expected, "{number}");
    }
    assert_eq!(
        bed.store
            .run_devices(super::sample::run().id, None)
            .await
            .unwrap()
            .items,
        []
    );
}

async fn each_device_is_on_one_page_with_its_last_outcome_and_its_last_look(bed: Bed) {
    // One that was only looked at, one that has only a ledger, one that was only leased, and many that were applied to.
    let mut names = Vec::new();
    for number in 0..100 {
        let name = device(&format!("oak-{number:03}"));
        lease(&bed.store, &name, Uuid::now_v7()).await;
        names.push(name);
    }
    let (looked_at, owned) = (device("pine"), device("spruce"));
    let seen = look(&looked_at, "pine");
    bed.store.keep_look(&seen).await.unwrap();
    let owns = ledger(&["apt-1"], "0a1b2c");
    let stored = bed.store.set_ledger(&owned, &owns, &audit("adopted")).await;
    stored.unwrap();
    let elm = device("elm");
    let runs = carry_out(&bed, &elm, 2).await;
    names.insert(0, elm.clone());
    names.extend([looked_at.clone(), owned.clone()]);

    let turn = async |cursor: Option<Cursor>| {
        let page = bed.store.device_page(cursor.as_ref()).await;
        page.unwrap()
    };
    let pages = all(turn, async || ()).await;
    assert_eq!(sizes(&pages), [100, 3]);
    let listed: Vec<_> = pages.into_iter().flatten().collect();
    let of: Vec<_> = listed.iter().map(|one| one.device.clone()).collect();
    assert_eq!(of, names);
    for one in &listed {
        let alone = bed.store.device_summary(&one.device).await.unwrap();
        assert_eq!(&alone, one);
        let run = one.outcome.as_ref().map(|row| row.run);
        assert_eq!(run, (one.device == elm).then_some(runs[0]));
        let found = one.look.as_ref().map(|look| look.fingerprint.clone());
        let expected = match one.device.as_str() {
            "elm" => Some(look(&elm, "after")),
            "pine" => Some(seen.clone()),
            _ => None,
        };
        let expected = expected.map(|look| gamctl::model::Fingerprint::of(&look));
        assert_eq!(found, expected, "{}", one.device);
    }
}

async fn the_health_of_a_look_is_kept_where_the_configuration_did_not_change(bed: Bed) {
    let oak = device("oak");
    let rows = "select count(*) from look_change";
    let mut seen = look(&oak, "oak");
    for (cpu, taken_at) in [(10, 1_000), (90, 2_000), (20, 3_000)] {
        seen.health.cpu_percent = Some(cpu);
        seen.identity.uptime_seconds = Some(taken_at);
        seen.taken_at = taken_at;
        let sequence = bed.store.keep_look(&seen).await.unwrap();
        assert_eq!((sequence, bed.number(rows).await), (1, 1));
        let summary = bed.store.device_summary(&oak).await.unwrap();
        let look = summary.look.unwrap();
        let status = look.status.unwrap();
        assert_eq!(status.health, seen.health);
        assert_eq!(
            (status.taken_at, status.uptime_seconds),
            (taken_at, Some(taken_at))
        );
        let now = bed.store.clock().await.unwrap();
        assert!(look.at.is_some_and(|at| at <= now && at + 60 >= now));
        seen.sequence = sequence;
        assert_eq!(bed.store.last_look(&oak).await.unwrap(), Some(seen.clone()));
    }
    // A look of an apply counts too, even if it finds nothing new.
    let (run, lease) = bed.at_work(&oak).await;
    seen.health.cpu_percent = Some(55);
    let before = looked(gamctl::apply::LookReason::Before, &seen);
    bed.store.record(run.id, &lease, 1, &before).await.unwrap();
    let last = bed.store.last_look(&oak).await.unwrap().unwrap();
    assert_eq!(last.health.cpu_percent, Some(55));
    assert_eq!(bed.number(rows).await, 1);
    assert_eq!(bed.number("select count(*) from look").await, 1);
}

async fn a_cursor_of_another_list_is_refused(bed: Bed) {
    begin_runs(&bed.store, 2).await;
    let filter = Filter {
        most: 1,
        ..Filter::default()
    };
    let page = bed.store.run_page(&filter, None).await.unwrap();
    let cursor = page.next.unwrap();
    let refused = bed.store.audit_page(&filter, Some(&cursor)).await;
    assert!(
        matches!(
            refused,
            Err(QueryError::Cursor(CursorError::OtherList { .. }))
        ),
        "{refused:?}"
    );
    assert!(bed.store.device_page(Some(&cursor)).await.is_err());
    let subject = Subject::Device(device("oak"));
    let refused = bed.store.story_page(&subject, Some(&cursor), 1).await;
    assert!(refused.is_err());
}

async fn a_device_that_is_again_as_it_was_is_found_so_at_each_time(bed: Bed) {
    let oak = device("oak");
    let (one, other) = (look(&oak, "one"), look(&oak, "other"));
    for (number, seen) in (1..).zip([&one, &other, &one]) {
        // An equal look between two changes is not a change.
        for _ in 0..2 {
            bed.store.keep_look(seen).await.unwrap();
        }
        let row = format!("number = {number}");
        bed.date("look_change", &row, number * 1_000).await;
    }
    bed.date("last_look", "true", 3_500).await;
    assert_eq!(bed.number("select count(*) from look_change").await, 3);
    assert_eq!(bed.number("select count(*) from look").await, 2);
    let subject = Subject::Device(oak.clone());
    let nothing = bed.store.as_of(&subject, 999).await.unwrap();
    assert_eq!(nothing, AsOf::default());
    for (at, seen, since, until, confirmed) in [
        (1_000, &one, 1_000, Some(2_000), None),
        (1_999, &one, 1_000, Some(2_000), None),
        (2_000, &other, 2_000, Some(3_000), None),
        (2_999, &other, 2_000, Some(3_000), None),
        (3_000, &one, 3_000, None, None),
        (3_499, &one, 3_000, None, None),
        (3_500, &one, 3_000, None, Some(3_500)),
        (u64::MAX, &one, 3_000, None, Some(3_500)),
    ] {
        let found = bed.store.as_of(&subject, at).await.unwrap().found;
        let found = found.unwrap();
        assert_eq!(found.observation.config, seen.config, "{at}");
        assert_eq!(
            (found.since, found.until, found.confirmed),
            (since, until, confirmed),
            "{at}"
        );
    }
    let elsewhere = Subject::Device(device("elm"));
    let nothing = bed.store.as_of(&elsewhere, u64::MAX).await.unwrap();
    assert_eq!(nothing, AsOf::default());
}

async fn at_each_time_it_is_known_what_was_verified_and_which_run_was_the_last(bed: Bed) {
    let oak = device("oak");
    let subject = Subject::Device(oak.clone());
    let runs = carry_out(&bed, &oak, 1).await;
    bed.date("entry", "kind = 'intent'", 1_000).await;
    bed.date("entry", "kind = 'ended'", 1_060).await;
    bed.date("ledger_version", "version = 1", 1_060).await;
    let adopted = ledger(&["apt-101", "apt-102"], "beef01");
    let stored = bed
        .store
        .set_ledger(&oak, &adopted, &audit("adopted"))
        .await;
    stored.unwrap();
    bed.date("ledger_version", "version = 2", 2_000).await;

    let before = bed.store.as_of(&subject, 999).await.unwrap();
    assert_eq!((before.changed, before.verified), (None, None));
    // In the middle of the run its end is in the future.
    let within = bed.store.as_of(&subject, 1_030).await.unwrap();
    assert_eq!(within.verified, None);
    let chapter = within.changed.unwrap();
    assert_eq!((chapter.run.run.id, chapter.at), (runs[0], 1_060));
    let after = bed.store.as_of(&subject, 1_060).await.unwrap();
    let chapter = after.changed.unwrap();
    assert_eq!(chapter.run.run.id, runs[0]);
    assert_eq!(chapter.outcome, Some(outcome(&oak, Ended::Applied)));
    assert_eq!(chapter.steps.len(), 3);
    let verified = after.verified.unwrap();
    assert_eq!(verified.commit.as_deref(), Some("0a1b2c"));
    assert_eq!((verified.run, verified.at), (Some(runs[0]), 1_060));
    assert_eq!(verified.ledger, ledger(&["apt-101"], "0a1b2c").ledger);
    let adopted_then = bed.store.as_of(&subject, 2_000).await.unwrap();
    let verified = adopted_then.verified.unwrap();
    assert_eq!(
        (verified.commit.as_deref(), verified.run),
        (Some("beef01"), None)
    );
    assert_eq!(verified.ledger, adopted.ledger);
    // Adopting changed nothing on the device.
    assert_eq!(adopted_then.changed.unwrap().run.run.id, runs[0]);
}

async fn a_run_that_wrote_nothing_changed_nothing(bed: Bed) {
    let oak = device("oak");
    let subject = Subject::Device(oak.clone());
    let changed = carry_out(&bed, &oak, 1).await;
    let (idle, held) = bed.at_work(&oak).await;
    let unchanged = outcome(&oak, Ended::Unchanged);
    let done = bed.store.finish(idle.id, &held, 1, &unchanged, None).await;
    done.unwrap();
    bed.store.release(&held).await.unwrap();
    bed.store.end_run(idle.id, RunResult::Done).await.unwrap();
    let now = bed.store.clock().await.unwrap();
    let last = bed.store.as_of(&subject, now).await.unwrap().changed;
    assert_eq!(last.unwrap().run.run.id, changed[0]);
    // A run in progress counts, without an end.
    let begun = run_of(None);
    bed.store.begin_run(&begun).await.unwrap();
    let held = lease(&bed.store, &oak, Uuid::now_v7()).await;
    for (number, entry) in (1..).zip([intent(&oak), typed(1, "profile 1")]) {
        let recorded = bed.store.record(begun.id, &held, number, &entry).await;
        recorded.unwrap();
    }
    let now = bed.store.clock().await.unwrap();
    let last = bed.store.as_of(&subject, now).await.unwrap().changed;
    let last = last.unwrap();
    assert_eq!((last.run.run.id, last.outcome), (begun.id, None));
}

async fn an_object_was_changed_by_the_runs_about_it(bed: Bed) {
    let oak = device("oak");
    let runs = carry_out(&bed, &oak, 2).await;
    let older = runs[1].0;
    bed.date("entry", &format!("run = '{older}'"), 1_000).await;
    let objects = |keys: &[(&str, &str)]| {
        let keys = keys.iter();
        let keys = keys.map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned()));
        Subject::Objects(oak.clone(), keys.collect())
    };
    let now = bed.store.clock().await.unwrap();
    let of = async |subject: &Subject, at: u64| {
        let changed = bed.store.as_of(subject, at).await.unwrap().changed;
        changed.map(|chapter| (chapter.run.run.id, chapter.steps.len()))
    };
    let endpoint = super::sample::mac().to_string();
    let subscriber = objects(&[("subscriber", "apt-101"), ("endpoint", &endpoint)]);
    assert_eq!(of(&subscriber, now).await, Some((runs[0], 2)));
    assert_eq!(of(&subscriber, 1_000).await, Some((runs[1], 2)));
    assert_eq!(of(&subscriber, 999).await, None);
    let other = objects(&[("subscriber", "apt-9")]);
    assert_eq!(of(&other, now).await, None);
}
