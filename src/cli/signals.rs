//! Turns SIGINT and SIGTERM into a request to stop a run in good order.

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Listens for signals until it is dropped.
pub(super) struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Requests a stop on a signal; work in progress is finished.
pub(super) fn stop_on_signals(stopping: watch::Sender<bool>) -> Listening {
    Listening(tokio::spawn(listen(stopping)))
}

async fn listen(stopping: watch::Sender<bool>) {
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
        // A second signal does not end the process: the reply to a line that was sent must be read.
        let _received = stopping.send(true);
    }
}
