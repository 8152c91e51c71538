//! SSH to a device's command line: verifies its host key, sends lines, accepts only complete replies.
//!
//! The session: `login` has credentials and timeouts, `algorithm` the offered algorithms. `handshake` connects and
//! verifies the host key, `guarded` is its socket, `fence` the limit by the lease. `authenticate` logs in, `session`
//! opens the shell, `talking` sends keys and receives output. `reading` runs commands that read, `writing` those that
//! configure and save. `command` and `model::ConfigLine` are all lines that are ever sent, `exchange` records them.
//!
//! Without I/O: `screen` turns bytes into lines, `prompt` recognises prompts, `mode` has the mode a line leads to.
//! `reply` finds a reply among lines, `reply_check` classifies the reply to a configuration line. `quote` makes device
//! text safe for errors.

mod algorithm;
mod authenticate;
mod command;
mod error;
mod exchange;
mod fence;
mod guarded;
mod handshake;
mod login;
mod mode;
mod prompt;
mod quote;
mod reading;
mod reply;
mod reply_check;
mod screen;
mod session;
mod talking;
mod wire_log;
mod writing;

pub use command::Command;
pub use error::{SshError, SshOperation};
pub use exchange::{Exchange, Saved};
pub use fence::Fence;
pub use handshake::{HandshakeTimeouts, host_key_of};
pub use login::{CONNECT, Login, SshTimeouts};
pub use session::Session;
