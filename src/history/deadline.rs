//! Limits how long an operation waits, suspended time not counted, and repeats what was cut off.

use std::future::Future;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::error::Fault;

/// A deadline passes in so many parts. A process that is suspended misses one of them, however long that lasts.
const PARTS: u32 = 20;

/// How often an operation is tried whose connection broke. The deadline holds for all tries together.
const TRIES: u32 = 3;

/// Waits for `work` and returns what it came to; nothing where it took longer than `most`.
pub(super) async fn within<T>(most: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut parts = interval((most / PARTS).max(Duration::from_millis(1)));
    // Ticks that were missed are not made up for: what they would count is time in which nothing could be done.
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

/// Does `work` within the deadline, and again where its connection broke before the answer was there.
///
/// Every operation of the store is idempotent, so one whose answer was lost can be asked again.
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
            // Nothing else runs meanwhile, as when the process is stopped by a signal.
            std::thread::sleep(most * 3);
            tokio::task::yield_now().await;
            "done"
        };
        assert_eq!(run(within(most, work)), Some("done"));
        assert_eq!(run(within(most, std::future::pending::<()>())), None);
    }

    #[test]
    fn what_was_cut_off_is_asked_again_and_not_for_ever() {
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
