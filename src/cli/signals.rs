//! Turns SIGINT and SIGTERM into a stop in good order, and acknowledges it; a second one ends at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::terminal::Terminal;
use crate::model::DeviceName;
use crate::reconcile::run::{RunEvent, Watcher};
use crate::report::{Exit, listed};

/// The devices that are being written to.
#[derive(Debug, Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<BTreeSet<DeviceName>>>);

impl AtWork {
    /// Returns a watcher that records the devices and passes every event on.
    pub(super) fn watching(&self, watcher: &Watcher) -> Watcher {
        let (at_work, watcher) = (self.clone(), watcher.clone());
        Watcher::new(move |event| {
            match event {
                RunEvent::At(device, _) => at_work.set(|devices| devices.insert(device.clone())),
                RunEvent::Ended(outcome) => at_work.set(|devices| devices.remove(&outcome.device)),
                RunEvent::Skipped(skipped) => {
                    at_work.set(|devices| devices.remove(&skipped.device))
                }
                _ => false,
            };
            watcher.see(event);
        })
    }

    fn set(&self, change: impl FnOnce(&mut BTreeSet<DeviceName>) -> bool) -> bool {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn names(&self) -> Vec<String> {
        let devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        devices.iter().map(ToString::to_string).collect()
    }
}

/// Listens for signals until it is dropped.
pub(super) struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Requests a stop at the first signal, so that work in progress is finished; ends the process at the second.
pub(super) fn stop_on_signals(
    stopping: watch::Sender<bool>,
    at_work: AtWork,
    terminal: Terminal,
) -> Listening {
    Listening(tokio::spawn(listen(stopping, at_work, terminal)))
}

async fn listen(stopping: watch::Sender<bool>, at_work: AtWork, terminal: Terminal) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if *stopping.borrow() {
            end_at_once(&at_work.names(), &terminal);
        }
        terminal.say_always(&stopping_text(&at_work.names()));
        let _received = stopping.send(true);
    }
}

/// Renders the answer to the first signal.
fn stopping_text(devices: &[String]) -> String {
    match devices {
        [] => "Stopping: no device is being written to.".to_owned(),
        devices => format!(
            "Stopping: finishing the line in progress on {}; Ctrl-C again ends at once.",
            listed(devices)
        ),
    }
}

/// Ends the process as a crash would: every line was recorded before it was sent, so the next run finds out how far it came.
#[expect(
    clippy::exit,
    reason = "a normal end would remove the file that proves to other processes that this one is dead"
)]
fn end_at_once(devices: &[String], terminal: &Terminal) {
    let left = match devices {
        [] => "no device was being written to".to_owned(),
        devices => format!(
            "what came of the last line on {} is unknown; the next `gamctl apply` looks at it first",
            listed(devices)
        ),
    };
    terminal.error(&anyhow::anyhow!("ended at once: {left}"));
    std::process::exit(i32::from(Exit::Interrupted.code()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_names_the_devices_that_are_written_to() {
        assert!(stopping_text(&[]).contains("no device"));
        let text = stopping_text(&["oak-0".to_owned(), "oak-1".to_owned()]);
        assert_eq!(
            text,
            "Stopping: finishing the line in progress on oak-0 and oak-1; Ctrl-C again ends at once."
        );
    }
}
