//! Limits the time of an operation, without time suspended, and retries after a lost connection.

use std::future::Future;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::error::Fault;

/// The parts of a deadline. A suspended process misses one of them, however long it is suspended.
const PARTS: u32 = 20;

/// The most tries of an operation whose connection broke. The deadline applies to all tries together.
const TRIES: u32 = 3;

/// Waits for `work` and returns its result, or `None` if it needs longer than `most`.
pub(super) async fn within<T>(most: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut parts = interval((most / PARTS).max(Duration::from_millis(1)));
    // Missed ticks are skipped: they would count time in which this process could not run.
    parts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    parts.tick().await;
    let mut work = std::pin::pin!(work);
    for _ in 0..PARTS {
        tokio::select! {
            biased;
            done = &mut work => return Some(done),
            _ = parts.tick() => {}
        }
    }
    None
}

/// Runs `work` within the deadline, and again if its connection broke before the answer.
///
/// Every operation of the store is idempotent, so one whose answer was lost can be repeated.
pub(super) async fn repeated<T, W>(most: Duration, work: impl Fn() -> W) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Fault>>,
{
    let tries = async {
        for _ in 1..TRIES {
            match work().await {
                Err(Fault::Lost(_)) => {}
                done => return done,
            }
        }
        work().await
    };
    let late = || Fault::Away(format!("no answer within {most:?}"));
    within(most, tries).await.unwrap_or_else(|| Err(late()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn time_in_which_the_process_is_suspended_does_not_count() {
        let most = Duration::from_millis(400);
        let work = async {
            // Blocks everything, as a suspended process would.
            std::thread::sleep(most * 3);
            tokio::task::yield_now().await;
            "done"
        };
        assert_eq!(run(within(most, work)), Some("done"));
        assert_eq!(run(within(most, std::future::pending::<()>())), None);
    }

    #[test]
    fn a_query_that_was_cut_off_is_repeated_a_limited_number_of_times() {
        let tries = Cell::new(0);
        let minute = Duration::from_secs(60);
        let until = |enough: u32| {
            tries.set(0);
            let asked = || async {
                tries.set(tries.get() + 1);
                match tries.get() >= enough {
                    true => Ok(tries.get()),
                    false => Err(Fault::Lost("cut off".to_owned())),
                }
            };
            run(repeated(minute, asked))
        };
        assert!(matches!(until(1), Ok(1)));
        assert!(matches!(until(3), Ok(3)));
        assert!(matches!(until(4), Err(Fault::Lost(_))));
        assert_eq!(tries.get(), 3);
    }
}
