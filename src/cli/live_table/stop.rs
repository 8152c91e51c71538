//! Ends a watch on `q`, Ctrl-C or another signal; draws it again when the terminal changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::cli::key_mode::KeyMode;

/// The reason to interrupt the wait for the next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    End,
    /// The terminal has another size, or the program was stopped and continues.
    Redraw,
}

/// Listens for keys and signals until it is dropped; then the terminal is as before.
pub(super) struct Stop {
    ends: Vec<Signal>,
    resized: Signal,
    continued: Signal,
    keys: Receiver<()>,
    mode: Option<Arc<KeyMode>>,
    is_over: Arc<AtomicBool>,
    reading: Option<thread::JoinHandle<()>>,
}

impl Stop {
    pub(super) fn listen(has_keys: bool) -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("failed to listen for Ctrl-C");
        let ends = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
        ];
        let ends = ends.into_iter().map(listen).collect::<Result<_, _>>()?;
        let (sender, keys) = channel(1);
        let mut stop = Self {
            ends,
            resized: listen(SignalKind::window_change())?,
            continued: listen(SignalKind::from_raw(libc::SIGCONT))?,
            keys,
            mode: has_keys.then(KeyMode::enter).flatten().map(Arc::new),
            is_over: Arc::default(),
            reading: None,
        };
        if let Some(mode) = &stop.mode {
            let (mode, is_over) = (Arc::clone(mode), Arc::clone(&stop.is_over));
            let reading = thread::Builder::new().spawn(move || read_keys(&mode, &is_over, &sender));
            // Without the thread, Ctrl-C still ends the watch.
            stop.reading = reading.ok();
        }
        Ok(stop)
    }

    /// Waits for a reason to end or to draw again.
    pub(super) async fn wake(&mut self) -> Wake {
        let [interrupt, terminate, hangup, quit] = self.ends.as_mut_slice() else {
            return Wake::End;
        };
        let has_keys = self.mode.is_some();
        tokio::select! {
            _ = interrupt.recv() => Wake::End,
            _ = terminate.recv() => Wake::End,
            _ = hangup.recv() => Wake::End,
            _ = quit.recv() => Wake::End,
            Some(()) = self.keys.recv(), if has_keys => Wake::End,
            _ = self.resized.recv() => Wake::Redraw,
            _ = self.continued.recv() => {
                if let Some(mode) = &self.mode {
                    mode.enter_again();
                }
                Wake::Redraw
            }
        }
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // The thread has a share of the mode, which is given back with the last one.
        if let Some(reading) = self.reading.take() {
            let _ended = reading.join();
        }
    }
}

/// Reads keys until `q`, the end of the watch, or the end of the terminal.
fn read_keys(mode: &KeyMode, is_over: &AtomicBool, quit: &Sender<()>) {
    while !is_over.load(Ordering::SeqCst) {
        match mode.keys() {
            // Ctrl-D ends as well: it is how people leave a terminal.
            Ok(keys) if keys.iter().any(|key| matches!(key, b'q' | b'Q' | 4)) => {
                let _is_ending = quit.try_send(());
                return;
            }
            Ok(_) => {}
            Err(_) => {
                let _is_ending = quit.try_send(());
                return;
            }
        }
    }
}
