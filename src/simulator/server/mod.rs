//! Where a twin meets the world: sockets, tasks, clocks and files.
//!
//! `settings` what a twin is made from · `twin` the handle · `state` what all its tasks share · `door` the TCP port · `accept` who comes in ·
//! `ssh` a connection · `shell` one session in it · `wire` the bytes below · `udp` the agent · `trap` what is told unasked ·
//! `power` going down and coming up again · `fleet` many twins · `control` the socket by which they are asked, `control_protocol` in which
//! words, `control_answer` what they do then. Whoever wants to fail asks `crate::simulator::fault` what goes wrong; here it is done.

mod accept;
mod clock;
mod control;
mod control_answer;
pub mod control_protocol;
mod door;
mod fleet;
mod host_key;
mod input;
mod power;
mod reply;
mod requests;
mod settings;
mod shell;
mod ssh;
mod state;
mod trap;
mod twin;
mod udp;
mod wire;

pub use control::{Control, ControlError};
pub use fleet::Fleet;
pub use host_key::HostKeyError;
pub use settings::{Latency, Login, SnmpSettings, TrapReceiver, TwinSettings};
pub use state::{Counts, LoggedLine, State};
pub use twin::{Credentials, StartError, Twin, WaitError};
