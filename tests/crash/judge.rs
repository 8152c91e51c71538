//! Checks what holds after any crash, from the twins' logs, the store and the journal.

use std::collections::{BTreeMap, BTreeSet};

use gamctl::apply::{Entry, Purpose};
use gamctl::history::{Filter, RunId, Store, Timeouts};
use gamctl::model::DeviceName;
use gamctl::simulator::server::Twin;
use sqlx::{Connection as _, Row as _};

use super::site::{Site, sqlite};
use crate::properties::planner::device::observed;

/// The lines of one session.
#[derive(Debug)]
pub(crate) struct Writing {
    session: u64,
    /// The time of its first line, in milliseconds since 1970.
    at: u64,
    pub(crate) lines: Vec<String>,
}

/// An intent in the store.
#[derive(Debug)]
pub(crate) struct Intent {
    pub(crate) run: RunId,
    number: u32,
    pub(super) purpose: Purpose,
    pub(crate) lines: Vec<String>,
}

/// A line that a device received.
pub(crate) struct ReceivedLine {
    pub(crate) session: u64,
    /// In milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) line: String,
}

/// Returns the lines of sessions in order; no two overlapped.
pub(crate) fn writings(twin: &Twin) -> Vec<Writing> {
    let lines = twin.lines().into_iter().map(|logged| ReceivedLine {
        session: logged.session,
        at: logged.at.unix_millis(),
        line: logged.line,
    });
    writings_of(lines)
}

/// As `writings`, of lines from anywhere.
pub(crate) fn writings_of(lines: impl Iterator<Item = ReceivedLine>) -> Vec<Writing> {
    let mut configuring = BTreeSet::new();
    let mut writings: Vec<Writing> = Vec::new();
    for logged in lines {
        let session = logged.session;
        match logged.line.as_str() {
            "configure terminal" => {
                configuring.insert(session);
            }
            "end" => {
                configuring.remove(&session);
            }
            _ if !configuring.contains(&session) => {}
            _ => match writings.last_mut() {
                Some(last) if last.session == session => last.lines.push(logged.line),
                _ => {
                    assert!(
                        writings.iter().all(|writing| writing.session != session),
                        "two wrote at once: session {session} goes on with `{}`",
                        logged.line
                    );
                    writings.push(Writing {
                        session,
                        at: logged.at,
                        lines: vec![logged.line],
                    });
                }
            },
        }
    }
    writings
}

async fn all_intents(path: &std::path::Path, device: &DeviceName) -> Vec<(RunId, u32, Entry)> {
    let sql = "select run, number, content from entry where device = $1 and kind = 'intent' order by run, number";
    let mut connection = sqlite(path).await;
    let rows = sqlx::query(sql).bind(device.as_str());
    let rows = rows.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let intents = rows.iter().map(|row| {
        (
            RunId(row.get::<String, _>(0).parse().unwrap()),
            u32::try_from(row.get::<i64, _>(1)).unwrap(),
            serde_json::from_str(row.get::<&str, _>(2)).unwrap(),
        )
    });
    intents.collect()
}

/// Returns all entries of a device through the store's own queries, which is slower, in order of time.
pub(crate) async fn stored_entries(store: &Store, device: &DeviceName) -> Vec<(RunId, u32, Entry)> {
    let mut runs = store.runs(&everything()).await.unwrap();
    runs.sort_by_key(|run| run.run.id);
    let mut all = Vec::new();
    for run in runs {
        let run = run.run.id;
        let entries = store.entries(run, device).await.unwrap();
        let numbers: Vec<u32> = entries.iter().map(|row| row.number).collect();
        let count = u32::try_from(entries.len()).unwrap();
        assert_eq!(
            numbers,
            (1..=count).collect::<Vec<_>>(),
            "a gap or a double"
        );
        all.extend(entries.into_iter().map(|row| (run, row.number, row.entry)));
    }
    all
}

/// Returns the intents among entries; no run begins twice with a device.
pub(crate) fn intents_of(rows: Vec<(RunId, u32, Entry)>) -> Vec<Intent> {
    let mut intents: Vec<Intent> = Vec::new();
    for (run, number, entry) in rows {
        let Entry::Intent { purpose, plan } = entry else {
            continue;
        };
        let is_again = purpose == Purpose::Apply
            && intents
                .iter()
                .any(|intent| intent.run == run && intent.purpose == purpose);
        assert!(!is_again, "a run begins once with a device");
        intents.push(Intent {
            run,
            number,
            purpose,
            lines: plan
                .steps
                .into_iter()
                .flat_map(|step| step.lines)
                .map(String::from)
                .collect(),
        });
    }
    intents
}

/// Checks that each session sent the beginning of an intent, each intent once and in order; returns the intent of each.
pub(crate) fn intended<'a>(
    device: &DeviceName,
    writings: &[Writing],
    intents: &'a [Intent],
) -> Vec<&'a Intent> {
    let mut left = intents.iter();
    let of_writing = |writing: &Writing| {
        // An intent is never resumed.
        let intent = left.find(|intent| intent.lines.starts_with(&writing.lines));
        let Some(intent) = intent else {
            panic!("nobody intended {writing:?} on {device}: {intents:#?}");
        };
        intent
    };
    writings.iter().map(of_writing).collect()
}

pub(crate) fn everything() -> Filter {
    Filter {
        most: 1_000_000,
        ..Filter::default()
    }
}

impl Site {
    /// Returns all intents of a device in the store, in order of time.
    pub(super) fn intents(&self, device: &DeviceName) -> Vec<Intent> {
        let url = self.url();
        let rows = self.runtime.block_on(async {
            match url.path() {
                Some(path) => all_intents(path, device).await,
                None => {
                    let store = Store::open(&url, Timeouts::default()).await.unwrap();
                    let all = stored_entries(&store, device).await;
                    store.close().await;
                    all
                }
            }
        });
        intents_of(rows)
    }

    /// Checks what holds at any moment between runs: each line that a device received is in an intent that was stored
    /// before, in its order, once.
    pub(super) fn is_sound(&self) {
        let _intents = self.sound_intents();
    }

    fn sound_intents(&self) -> BTreeMap<DeviceName, Vec<Intent>> {
        self.is_quiet();
        let mut all = BTreeMap::new();
        if !self.url().path().is_none_or(std::path::Path::exists) {
            for twin in self.twins.values() {
                assert!(writings(twin).is_empty());
            }
            return all;
        }
        let times = self.entry_times();
        for (device, twin) in &self.twins {
            let intents = self.intents(device);
            let writings = writings(twin);
            let intended = intended(device, &writings, &intents);
            for (writing, intent) in writings.iter().zip(intended) {
                if let Some(times) = &times {
                    let stored = times[&(intent.run, device.clone(), intent.number)];
                    assert!(
                        stored <= writing.at,
                        "{device}: {intent:?} after {writing:?}"
                    );
                }
            }
            all.insert(device.clone(), intents);
        }
        all
    }

    /// Returns the time of each entry, if the store has milliseconds, and checks that a lease never returns to an
    /// earlier holder.
    fn entry_times(&self) -> Option<BTreeMap<(RunId, DeviceName, u32), u64>> {
        let url = self.url();
        let path = url.path()?;
        self.runtime.block_on(async {
            let mut connection = sqlite(path).await;
            let sql = "select run, device, number, epoch, holder, at from entry order by device, at, epoch, run, number";
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            let mut times = BTreeMap::new();
            let mut counts: BTreeMap<(RunId, DeviceName), u32> = BTreeMap::new();
            let mut last: Option<(DeviceName, i64, String)> = None;
            for row in rows {
                let run = RunId(row.get::<String, _>(0).parse().unwrap());
                let device = DeviceName::new(&row.get::<String, _>(1)).unwrap();
                let number = u32::try_from(row.get::<i64, _>(2)).unwrap();
                let (epoch, holder): (i64, String) = (row.get(3), row.get(4));
                let at = u64::try_from(row.get::<i64, _>(5)).unwrap();
                if let Some((before, then, by)) = &last
                    && *before == device
                {
                    assert!(*then <= epoch, "{device}: {epoch} after {then}");
                    assert!(*then < epoch || *by == holder, "{device}: two hold {epoch}");
                }
                times.insert((run, device.clone(), number), at);
                *counts.entry((run, device.clone())).or_default() += 1;
                last = Some((device, epoch, holder));
            }
            for ((run, device), count) in counts {
                for number in 1..=count {
                    let key = (run, device.clone(), number);
                    assert!(times.contains_key(&key), "a gap or a double: {key:?}");
                }
            }
            let sql = "select count(*) from (select 1 from entry where kind = 'saved' group by run, device having count(*) > 1)";
            let mut connection = sqlite(path).await;
            let twice: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            assert_eq!(twice, 0, "saved twice");
            Some(times)
        })
    }

    /// Checks the end of a run: everything is as intended, saved and recorded, and nothing is left to do.
    pub(crate) fn is_done(&self) {
        let intents = self.sound_intents();
        self.run(&["plan"]).exits(0);
        let store = self.store();
        self.runtime.block_on(async {
            let left = store.unfinished().await.unwrap();
            let left: Vec<_> = left.iter().map(|one| (one.run, &one.device)).collect();
            assert_eq!(left, []);
            assert_eq!(store.unsaved().await.unwrap(), []);
        });
        let outcomes = self
            .runtime
            .block_on(store.outcomes(&everything()))
            .unwrap();
        self.runtime.block_on(store.close());
        let ended: BTreeSet<_> = outcomes
            .iter()
            .map(|row| (row.run, row.outcome.device.clone()))
            .collect();
        let journal = std::fs::metadata(self.state.join("journal"));
        assert!(journal.map_or(true, |file| file.len() == 0));
        for (name, twin) in &self.twins {
            for intent in &intents[name] {
                assert!(
                    ended.contains(&(intent.run, name.clone())),
                    "nobody knows how {name} ended in {:?}",
                    intent.run
                );
            }
            let (running, startup) = twin.gam(|gam| {
                let startup = gam.startup().map(|saved| saved.configuration.clone());
                (gam.running().clone(), startup)
            });
            // A device that nothing was wanted of is as it was delivered: running what it was started with.
            assert_eq!(startup.as_ref(), Some(&running), "{name} is not saved");
            if intents[name].is_empty() {
                let saves = |line: &str| line.starts_with("copy running-config");
                let lines = twin.lines();
                let saved = lines.iter().find(|logged| saves(&logged.line));
                assert_eq!(
                    saved, None,
                    "{name} was saved, and nothing was written to it"
                );
            }
            let has: BTreeMap<String, u16> = observed(&running)
                .subscribers
                .iter()
                .map(|(name, one)| (name.to_string(), one.vlan.get()))
                .collect();
            let of_device = |flat: &&super::site::Flat| super::site::device(flat.device) == *name;
            let wanted: BTreeMap<String, u16> = self
                .flats
                .iter()
                .filter(of_device)
                .map(|flat| (flat.id.clone(), flat.vlan))
                .collect();
            assert_eq!(has, wanted, "{name}");
            assert_eq!(observed(&running).endpoints.len(), wanted.len(), "{name}");
        }
    }
}
