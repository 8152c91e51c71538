//! Accepts the SSH connections of a twin, a limited number at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::ssh;
use super::state::Shared;

/// The highest number of connections, logged in or not (assumed).
const MOST_CONNECTIONS: usize = 64;

/// The pause after the host ran out of files or memory.
const BREATH: Duration = Duration::from_millis(50);

/// Accepts connections until the twin is stopped.
pub(super) async fn serve(shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stopped() => return,
            Some(_) = connections.join_next() => continue,
            accepted = std::future::poll_fn(|context| shared.ssh_port.poll_accept(context)) => accepted,
        };
        match accepted {
            Ok(stream) if connections.len() < MOST_CONNECTIONS => {
                connections.spawn(ssh::serve(Arc::clone(&shared), stream));
            }
            Ok(too_many) => drop(too_many),
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}
