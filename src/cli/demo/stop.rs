//! Ends the demonstration in good order on Ctrl-C or `q`, and when the reader of its output is gone.

use std::io::stdout;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The request to stop.
pub(super) struct Stop {
    is_asked: Arc<AtomicBool>,
    /// Listens for signals while it exists.
    _runtime: Runtime,
}

impl Stop {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("failed to start the thread that listens for Ctrl-C")?;
        let is_asked = Arc::new(AtomicBool::new(false));
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            // The twins and the service have process groups of their own, so Ctrl-\ does not end them.
            SignalKind::quit(),
        ] {
            let mut asked = {
                let _inside = runtime.enter();
                signal(kind).context("failed to listen for Ctrl-C")?
            };
            let is_asked = Arc::clone(&is_asked);
            runtime.spawn(async move {
                while asked.recv().await.is_some() {
                    is_asked.store(true, Ordering::SeqCst);
                }
            });
        }
        watch_reader(&runtime, &is_asked);
        Ok(Self {
            is_asked,
            _runtime: runtime,
        })
    }

    pub(super) fn ask(&self) {
        self.is_asked.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::SeqCst)
    }
}

/// Asks to stop when the other end of a pipe is closed, also while nothing is printed. A file cannot be watched.
#[expect(
    deprecated,
    reason = "the replacement is unsafe; an `OwnedFd` stays open as long as it is watched"
)]
fn watch_reader(runtime: &Runtime, is_asked: &Arc<AtomicBool>) {
    let Ok(output) = stdout().as_fd().try_clone_to_owned() else {
        return;
    };
    let is_asked = Arc::clone(is_asked);
    runtime.spawn(async move {
        if let Ok(watched) = AsyncFd::with_interest(output, Interest::ERROR)
            && watched.ready(Interest::ERROR).await.is_ok()
        {
            is_asked.store(true, Ordering::SeqCst);
        }
    });
}
