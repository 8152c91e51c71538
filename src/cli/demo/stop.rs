//! Ends the demonstration in good order on Ctrl-C, at any point.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// The request to stop, if Ctrl-C was pressed.
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
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
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
        Ok(Self {
            is_asked,
            _runtime: runtime,
        })
    }

    pub(super) fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::SeqCst)
    }
}
