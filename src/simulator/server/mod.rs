//! Runs twins on real sockets, with tasks, clocks and files.
//!
//! `settings` configures a twin, `twin` is its handle, `state` is shared by all its tasks. `ssh_port` holds the TCP port,
//! `accept` takes its connections. `ssh` serves a connection, `shell` a session in it, `wire` its bytes. `udp` is the SNMP
//! agent's socket, `agent_queue` what it has to do, `trap` sends traps. `power` reboots the device. `fleet` holds many twins. `control` is their control
//! socket, `control_protocol` its messages, `control_answer` runs them. `crate::simulator::fault` decides about faults;
//! this module carries them out. `billing` is the handle of a billing twin, `billing_state` is shared by its
//! tasks, `billing_http` is its socket, `billing_hooks` sends its webhooks, `billing_control` answers its control socket.

mod accept;
mod agent_queue;
mod billing;
pub mod billing_control;
mod billing_hooks;
mod billing_http;
mod billing_state;
#[cfg(test)]
mod billing_tests;
mod clock;
mod control;
mod control_answer;
pub mod control_protocol;
mod fleet;
mod host_key;
mod input;
mod power;
mod reply;
mod requests;
mod settings;
mod shell;
mod ssh;
mod ssh_port;
mod state;
mod trap;
mod twin;
mod udp;
mod wire;

pub use billing::{BillingServer, BillingServerSettings, BillingStartError};
pub use control::{Control, ControlError};
pub use fleet::Fleet;
pub use host_key::HostKeyError;
pub use settings::{Latency, Login, SnmpSettings, TrapReceiver, TwinSettings};
pub use state::{Counts, LoggedLine, State};
pub use twin::{Credentials, StartError, Twin, WaitError};
