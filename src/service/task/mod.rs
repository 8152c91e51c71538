//! Runs a task of the service again and again: by a timer or a trigger, with panics caught and failures retried later.
//!
//! `heartbeat` liveness and leader tasks · `fetch` the branch · `target` the target's inventory and devices · `status`
//! conditions · `recover` devices of dead processes · `billing` systems that are due · `hints` of other processes.

pub(super) mod billing;
pub(super) mod fetch;
pub(super) mod heartbeat;
pub(super) mod hints;
pub(super) mod recover;
pub(super) mod status;
pub(super) mod target;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::measure::task_ended;
use super::metrics::Metrics;
use super::task_reports::TaskReports;
use crate::reconcile::run::PLAN_HOURS;

/// The longest time between two runs of a task that fails.
const MOST_BACKOFF: Duration = Duration::from_secs(60);

/// The longest rest.
const MOST_REST: Duration = Duration::from_secs(1);

/// The time in which a plan may be approved and applied, in seconds.
pub(super) const PLAN_SECONDS: u64 = PLAN_HOURS as u64 * 3600;

/// The reason that a run of a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    #[error(transparent)]
    Store(#[from] crate::history::StoreError),
    #[error(transparent)]
    Run(#[from] crate::reconcile::run::RunError),
    #[error(transparent)]
    Journal(#[from] crate::history::JournalError),
    #[error(transparent)]
    Branch(#[from] super::branch::BranchError),
    #[error("a stored plan cannot be read")]
    Plan(#[from] crate::reconcile::run::PlanFileRejected),
    #[error(
        "the store's target {target} is older than {than}, which was the target before: the store was restored to an older \
        state. Nothing is written until a fetch moves the target past {than}; if the branch lost that commit, push another one to it"
    )]
    OlderStore { target: String, than: String },
    #[error("gamctl failed inside of it: {0}")]
    Panicked(String),
}

/// How a task is started.
#[derive(Debug, Clone)]
pub(super) struct TaskTimer {
    pub(super) name: &'static str,
    /// The time between the end of a run and the next one.
    pub(super) every: Duration,
    /// Starts it at once, after its rest.
    pub(super) trigger: Arc<Notify>,
    /// A trigger has to wait this many times as long as the run before took, so that one that comes with every read of ten
    /// thousand devices does not keep a core busy.
    pub(super) rest: u32,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) reports: TaskReports,
    pub(super) metrics: Metrics,
    /// Returns seconds since 1970.
    pub(super) clock: fn() -> u64,
}

/// Starts a task; it ends when the service stops, after its run in progress.
pub(super) fn start<W, F>(timer: TaskTimer, work: W) -> JoinHandle<()>
where
    W: Fn() -> F + Send + 'static,
    F: Future<Output = Result<(), TaskError>> + Send + 'static,
{
    tokio::spawn(async move {
        let mut stop = timer.stop.clone();
        while !*stop.borrow() {
            let began = Instant::now();
            // A task of its own: a panic ends only this run.
            let round = tracing::info_span!("task", task = timer.name);
            let ended = match tokio::spawn(work().instrument(round)).await {
                Ok(ended) => ended,
                Err(why) => Err(TaskError::Panicked(why.to_string())),
            };
            let error = ended.err().map(|error| crate::model::chain(&error));
            if let Some(error) = &error {
                tracing::warn!(task = timer.name, error, "task failed");
            }
            task_ended(&timer.metrics, timer.name, error.is_some());
            let at = (timer.clock)();
            let took = began.elapsed();
            let failures = timer.reports.ended(timer.name, took, at, error);
            let rest = took.saturating_mul(timer.rest).min(MOST_REST);
            let pause = jittered(pause(timer.every, failures), at, timer.name);
            tokio::select! {
                () = triggered(&timer.trigger, rest) => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    })
}

/// Waits for a trigger, and before that for the end of a rest.
async fn triggered(trigger: &Notify, rest: Duration) {
    if !rest.is_zero() {
        tokio::time::sleep(rest).await;
    }
    trigger.notified().await;
}

/// Starts work that is not repeated, such as reading one device.
pub(super) fn once<F>(work: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(work)
}

/// Returns the time until the next run: doubled for each failure in a row.
fn pause(every: Duration, failures: u32) -> Duration {
    let doubled = every.saturating_mul(1 << failures.min(6));
    doubled.min(MOST_BACKOFF.max(every))
}

/// Returns a time up to a tenth shorter or longer, so that instances started at once do not stay in step.
fn jittered(pause: Duration, at: u64, name: &str) -> Duration {
    let seed = name.bytes().fold(at, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let percent = 90 + u32::try_from(seed % 21).unwrap_or(10);
    pause.saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn timer(every: Duration) -> (TaskTimer, watch::Sender<bool>) {
        let (stopping, stop) = watch::channel(false);
        let timer = TaskTimer {
            name: "fetch",
            every,
            trigger: Arc::default(),
            rest: 0,
            stop,
            reports: TaskReports::default(),
            metrics: Metrics::new("0", 0, &[]),
            clock: || 1_000,
        };
        (timer, stopping)
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_counted_and_the_task_goes_on() {
        let (timer, stopping) = timer(Duration::from_secs(5));
        let runs = Arc::new(AtomicU32::new(0));
        let (counted, reports) = (runs.clone(), timer.reports.clone());
        let task = start(timer, move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(run != 1, "the second run fails");
                Ok(())
            }
        });
        while runs.load(Ordering::SeqCst) < 3 {
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(reports.stuck(), None);
        stopping.send(true).unwrap();
        task.await.unwrap();
        assert_eq!(reports.all()["fetch"].failures, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trigger_starts_a_task_before_its_time() {
        let (timer, stopping) = timer(Duration::from_secs(3600));
        let runs = Arc::new(AtomicU32::new(0));
        let (counted, trigger) = (runs.clone(), timer.trigger.clone());
        let task = start(timer, move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
        for expected in 1..4 {
            while runs.load(Ordering::SeqCst) < expected {
                tokio::task::yield_now().await;
            }
            trigger.notify_one();
        }
        stopping.send(true).unwrap();
        task.await.unwrap();
    }

    #[test]
    fn a_failing_task_is_retried_less_and_less_often() {
        let five = Duration::from_secs(5);
        assert_eq!(pause(five, 0), five);
        assert_eq!(pause(five, 1), 2 * five);
        assert_eq!(pause(five, 30), MOST_BACKOFF);
        let hour = Duration::from_secs(3600);
        assert_eq!(
            pause(hour, 30),
            hour,
            "never more often than without failures"
        );
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        for at in 0..200 {
            let pause = jittered(Duration::from_secs(100), at, "fetch");
            assert!(pause >= Duration::from_secs(90) && pause <= Duration::from_secs(110));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_trigger_waits_for_the_end_of_the_rest() {
        let trigger = Notify::new();
        for (rest, least) in [(Duration::ZERO, 0), (Duration::from_millis(180), 180)] {
            trigger.notify_one();
            let began = tokio::time::Instant::now();
            triggered(&trigger, rest).await;
            assert_eq!(began.elapsed(), Duration::from_millis(least));
        }
    }
}
