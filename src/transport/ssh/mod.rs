//! Reads from a device's command line over SSH: a host key that is pinned, a prompt that is known, a reply that is whole.
//!
//! `login` who and with what · `algorithm` what is spoken · `knock` the connection and its host key · `authenticate` the
//! login · `session` the shell · `fence` until when it may be written to · `command` all that is ever typed. Below them, without any input or output: `screen` turns
//! bytes into lines, `prompt` knows prompts, `reply` finds a reply among lines, `quote` makes device text fit for errors.

mod algorithm;
mod authenticate;
mod command;
mod error;
mod fence;
mod knock;
mod login;
mod prompt;
mod quote;
mod reply;
mod screen;
mod session;

pub use command::Command;
pub use error::{Doing, SshError};
pub use fence::Fence;
pub use knock::host_key_of;
pub use login::{Login, Patience};
pub use session::Session;
