//! A device's command line over SSH: a host key that is pinned, a prompt that is known, a reply that is whole.
//!
//! `login` who and with what · `algorithm` what is spoken · `knock` the connection and its host key · `guarded` its socket
//! · `fence` until when it may be written to · `authenticate` the login · `session` the shell ·
//! `talking` keys and answers · `reading` what is read · `writing` what is changed and saved · `command` all that is typed besides configuration lines · `exchange` what is kept of
//! it. Below them, without any input or output: `screen` turns bytes into lines, `prompt` knows prompts, `mode` where a
//! line leads, `reply` finds a reply among lines, `verdict` judges the reply to a line that changes something, `quote`
//! makes device text fit for errors.

mod algorithm;
mod authenticate;
mod command;
mod error;
mod exchange;
mod fence;
mod guarded;
mod knock;
mod login;
mod mode;
mod prompt;
mod quote;
mod reading;
mod reply;
mod screen;
mod session;
mod talking;
mod verdict;
mod writing;

pub use command::Command;
pub use error::{Doing, SshError};
pub use exchange::{Exchange, Saved};
pub use fence::Fence;
pub use knock::host_key_of;
pub use login::{Login, Patience};
pub use session::Session;
