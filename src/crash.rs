//! Aborts the process at named points around durable writes, for crash tests; release builds have none.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every point, in the order of an apply; then those of a sync with billing and of write-back to it.
pub const POINTS: &[&str] = &[
    "run-before",
    "run-after",
    "plan-taken",
    "lease-before",
    "lease-after",
    "looked-before",
    "looked-after",
    "intent-before",
    "intent-after",
    "line-before",
    "line-sent",
    "line-answered",
    "step-before",
    "step-after",
    "left-after",
    "verified-before",
    "verified-after",
    "save-before",
    "save-sent",
    "save-answered",
    "saved-after",
    "ledger-before",
    "ledger-after",
    "outcome-before",
    "outcome-after",
    "journal-before",
    "journal-after",
    "replay-before",
    "replay-after",
    "run-ended",
    "sync-read",
    "sync-counted",
    "sync-committed",
    "sync-pushed",
    "sync-stored",
    "write-back-queued",
    "write-back-sent",
    "write-back-answered",
];

/// Aborts the process at the Nth pass of a crash point.
#[derive(Debug)]
struct Armed {
    point: String,
    nth: u32,
    passed: AtomicU32,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms a crash at `point`, or at `point:3` for its third pass. Only test builds do this.
pub fn arm(order: &str) {
    let (point, nth) = match order.split_once(':') {
        Some((point, nth)) => (point, nth.parse().unwrap_or(1)),
        None => (order, 1),
    };
    let armed = Armed {
        point: point.to_owned(),
        nth,
        passed: AtomicU32::new(0),
    };
    let _first = ARMED.set(armed);
}

/// Aborts the process here if a test armed this point, without any cleanup, like a power failure.
#[inline]
pub fn point(name: &'static str) {
    if cfg!(debug_assertions) {
        debug_assert!(POINTS.contains(&name), "`{name}` is not a crash point");
        die_at(name);
    }
}

fn die_at(name: &str) {
    let Some(armed) = ARMED.get().filter(|armed| armed.point == name) else {
        return;
    };
    if armed.passed.fetch_add(1, Ordering::SeqCst) + 1 != armed.nth {
        return;
    }
    let own = std::process::id().to_string();
    // A signal to oneself without `unsafe`.
    let _killed = std::process::Command::new("kill")
        .args(["-KILL", &own])
        .status();
    loop {
        std::thread::park();
    }
}
