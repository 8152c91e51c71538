//! Runs a billing twin on a socket, sends its webhooks, and gives tests and `twin ctl` a handle to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::{billing_hooks, billing_http, clock};
use crate::simulator::billing::{BillingTwin, FaultError, Operation, OperationError};

/// The settings of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingServerSettings {
    pub ip: IpAddr,
    /// 0 is any free port.
    pub port: u16,
    /// The time before each answer.
    pub latency: Duration,
}

impl Default for BillingServerSettings {
    /// Returns any free port of 127.0.0.1, without delay.
    fn default() -> Self {
        Self {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            latency: Duration::ZERO,
        }
    }
}

/// The reason why a billing twin cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BillingStartError {
    #[error("cannot listen on {0} for HTTP; choose another port with `--port`")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// A billing twin with a socket. Dropping it closes the socket.
pub struct BillingServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

/// A twin, shared by the tasks of its server.
pub(super) struct Shared {
    twin: Mutex<Box<dyn BillingTwin>>,
    pub(super) latency: Duration,
    in_progress: AtomicU64,
    most_at_once: AtomicU64,
    /// Wakes the sender of webhooks.
    pub(super) changed: Notify,
    is_stopped: watch::Sender<bool>,
}

impl BillingServer {
    /// Starts a twin that answers as soon as this returns. Needs a tokio runtime, which it keeps using.
    pub async fn start(
        twin: Box<dyn BillingTwin>,
        settings: BillingServerSettings,
    ) -> Result<Self, BillingStartError> {
        let address = SocketAddr::new(settings.ip, settings.port);
        let failed = |source| BillingStartError::Listen(address, source);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared {
            twin: Mutex::new(twin),
            latency: settings.latency,
            in_progress: AtomicU64::new(0),
            most_at_once: AtomicU64::new(0),
            changed: Notify::new(),
            is_stopped: watch::Sender::new(false),
        });
        let tasks = vec![
            tokio::spawn(billing_http::serve(Arc::clone(&shared), listener)),
            tokio::spawn(billing_hooks::send(Arc::clone(&shared))),
        ];
        Ok(Self {
            shared,
            address,
            tasks,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Carries out what a person in the office does.
    pub fn operate(&self, operation: &Operation) -> Result<Value, OperationError> {
        self.shared.change(|twin, now| twin.operate(operation, now))
    }

    /// Replaces all faults; each table is one `[[fault]]`.
    pub fn set_faults(&self, faults: Vec<toml::Table>) -> Result<(), FaultError> {
        self.shared.change(|twin, _| twin.set_faults(faults))
    }

    /// Returns the counters of the twin, and the highest number of requests at the same time.
    pub fn counters(&self) -> Value {
        let mut counters = self.shared.lock().counters();
        if let Value::Object(fields) = &mut counters {
            let most = self.shared.most_at_once.load(Ordering::Relaxed);
            fields.insert("most_at_once".to_owned(), most.into());
        }
        counters
    }

    /// Closes the socket and all connections, and returns when they are closed.
    pub async fn stop(mut self) {
        self.shared.stop();
        for task in std::mem::take(&mut self.tasks) {
            // One that panicked has ended too.
            let _ended = task.await;
        }
    }
}

impl Drop for BillingServer {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl std::fmt::Debug for BillingServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BillingServer({})", self.address)
    }
}

impl Shared {
    /// Changes the twin at the present time, and wakes the sender of webhooks.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut dyn BillingTwin, u64) -> R) -> R {
        let result = self.quietly(change);
        self.changed.notify_one();
        result
    }

    /// Changes the twin at the present time, and wakes no task.
    pub(super) fn quietly<R>(&self, change: impl FnOnce(&mut dyn BillingTwin, u64) -> R) -> R {
        change(&mut **self.lock(), clock::now().unix_seconds())
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn BillingTwin>> {
        // A panic in a twin leaves it half changed, which the test that caused it reports.
        self.twin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request until the returned value is dropped.
    pub(super) fn count(self: &Arc<Self>) -> InProgress {
        let now = self.in_progress.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(now, Ordering::Relaxed);
        InProgress(Arc::clone(self))
    }

    fn stop(&self) {
        self.is_stopped.send_replace(true);
    }

    /// Returns when the server is stopped.
    pub(super) async fn stopped(&self) {
        let mut is_stopped = self.is_stopped.subscribe();
        drop(is_stopped.wait_for(|is_stopped| *is_stopped).await);
    }
}

/// A request that is being answered.
pub(super) struct InProgress(Arc<Shared>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}
