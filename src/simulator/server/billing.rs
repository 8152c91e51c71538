//! Runs a billing twin on a socket, sends its webhooks, and gives tests and `twin ctl` a handle to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::billing_state::Shared;
use super::{billing_hooks, billing_http};
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
        let shared = Arc::new(Shared::new(twin, settings.latency));
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
        self.shared.counters()
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
