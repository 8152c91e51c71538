//! Tests runs started from the library, as a service does: no terminal, on both engines of the store.

mod caller;
mod freezes;
mod full_disk;
mod key_login;
mod left_open;
mod logs;
mod named;
mod nothing;
mod plan_files;
mod rollbacks;
mod two_runs;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use gamctl::apply::{Progress, RunReport};
use gamctl::history::{Freeze, Store};
use gamctl::model::FreezeScope;
use gamctl::reconcile::run::{
    ConfirmedRun, Preparation, PreparedRun, Reconciler, RunEvent, RunOptions, RunRequest, Verb,
    Watcher,
};
use gamctl::reconcile::{AutoApproval, ConcurrencyLimits, StoreLocation};
use gamctl::secrets::SecretSources;
use gamctl::simulator::fault::{Fault, FaultOrder};
use tokio::sync::{mpsc, watch};

use crate::crash::site::{Flat, Site, device};
use crate::postgres;

/// Runs each of these on SQLite and on Postgres.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&crate::run::Bed::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::run::on_postgres(super::$name); })*
        }
    };
}
use on_both;

/// Twins, an inventory in git with pending changes for each, and a store.
struct Bed {
    site: Site,
    /// The database in the shared cluster.
    database: Option<String>,
}

fn on_postgres(test: impl FnOnce(&Bed)) {
    let cluster = postgres::shared();
    let mut bed = Bed::sqlite();
    let database = bed.site.runtime.block_on(cluster.database());
    bed.site.url = Some(cluster.url(&database).to_string());
    bed.database = Some(database.clone());
    test(&bed);
    drop(bed);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(cluster.drop_database(&database));
}

impl Bed {
    /// Two devices, each with pending subscribers.
    fn sqlite() -> Self {
        let mut site = Site::with(2);
        let flats = (1..=3).map(|number| Flat::new(number, 0, "home-100"));
        let others = (11..=13).map(|number| Flat::new(number, 1, "home-300"));
        site.intend(flats.chain(others).collect());
        Self {
            site,
            database: None,
        }
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.site.runtime.block_on(work)
    }

    /// Returns a caller with an open store.
    fn caller(&self) -> Reconciler {
        let secrets = SecretSources {
            directory: Some(self.site.secrets()),
            ..SecretSources::default()
        };
        let mut caller = Reconciler::new(self.site.world.root(), secrets, || 1_795_000_000);
        let location = StoreLocation {
            url: self.site.url(),
            state: self.site.state.clone(),
        };
        let silent = Watcher::silent();
        let opened = caller.open_store(&location, "timer", &silent);
        self.wait(opened).unwrap();
        caller
    }

    fn store(&self) -> Store {
        self.site.store()
    }

    /// Makes the first device answer slowly, so that a test can act while its lines are sent.
    fn slow_down(&self) {
        let slow = FaultOrder::new(Fault::SshSlowLine { millis: 150 });
        self.site.twin(0).set_fault(slow.matching("ghn"));
    }

    /// Returns the number of rows of a table.
    fn rows(&self, table: &str) -> i64 {
        self.site.count(table)
    }

    fn freeze(&self, name: &str) {
        let store = self.store();
        let freeze = Freeze {
            id: uuid::Uuid::now_v7(),
            scope: FreezeScope {
                devices: vec![name.to_owned()],
                ..FreezeScope::default()
            },
            reason: "electrician in the cellar".to_owned(),
            who: "ada@noc".to_owned(),
            since: 0,
            until: u64::from(u32::MAX),
        };
        self.wait(store.freeze(&freeze)).unwrap();
    }
}

fn request() -> RunRequest {
    RunRequest {
        auto_approval: AutoApproval::Everything,
        ..RunRequest::of(Verb::Apply, "timer")
    }
}

fn options() -> RunOptions {
    // The sender may go: nothing asks these runs to stop.
    let (_stopping, stop) = watch::channel(false);
    RunOptions::until(stop)
}

fn one_at_a_time() -> RunOptions {
    RunOptions {
        limits: ConcurrencyLimits {
            at_once: 1,
            ..ConcurrencyLimits::default()
        },
        ..options()
    }
}

async fn prepared(caller: &Reconciler, request: RunRequest) -> PreparedRun {
    match caller.prepare(request, &Watcher::silent()).await.unwrap() {
        Preparation::Ready(run) => *run,
        other => panic!("{other:?}"),
    }
}

async fn confirmed(caller: &Reconciler) -> ConfirmedRun {
    prepared(caller, request()).await.confirm(false)
}

/// Returns a watcher, and a receiver of the name of each device that starts to be written to.
fn first_lines() -> (Watcher, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let watcher = Watcher::new(move |event| {
        if let RunEvent::At(device, Progress::Sending { step: 1, .. }) = event {
            let _received = sender.send(device.to_string());
        }
    });
    (watcher, receiver)
}

fn words(report: &RunReport) -> Vec<(String, &'static str)> {
    let outcomes = report.outcomes.iter();
    outcomes
        .map(|one| (one.device.to_string(), one.ended.word()))
        .collect()
}

/// Waits until a run has ended in the store.
async fn run_ended(store: &Store) -> gamctl::history::RunSummary {
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let runs = store.runs(&gamctl::history::Filter::default()).await;
            if let Some(run) = runs.unwrap().into_iter().find(|run| run.ended.is_some()) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    patience.await.unwrap()
}

/// Shares a caller between tasks, as a service does.
fn shared(caller: Reconciler) -> Arc<Reconciler> {
    Arc::new(caller)
}

fn oak(number: usize) -> String {
    device(number).to_string()
}
