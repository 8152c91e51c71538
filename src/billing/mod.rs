//! Reads accounts from billing systems and writes results back over HTTPS; decides nothing.
//!
//! `channel` sends the requests of one system: in their turn (`limiter`, `turns`), not at all while the system fails
//! (`circuit`), over one HTTPS client (`http`, `address`). `json` reads answers without trusting them, `masked` hides what they
//! contain, `error` has the errors, `own_field` the names of gamctl's own fields, `hook_url` the address of webhooks. `sonar` and `splynx` are the systems.

mod address;
mod channel;
mod circuit;
mod error;
mod hook_url;
mod http;
pub mod json;
mod limiter;
mod masked;
mod own_field;
pub mod sonar;
pub mod splynx;
mod turns;

pub use address::Address;
pub use channel::{Attempts, Channel, ChannelSettings, Retries};
pub use circuit::{Circuit, retry_pause};
pub use error::{BillingError, BillingProblem, Unauthorized, Unreachable, gap_text};
pub use hook_url::{HookPing, HookTokenError, HookUrl};
pub use http::{HttpAnswer, HttpClient, HttpClientError, HttpFailure, HttpLimits, HttpRequest};
pub use limiter::{Limiter, Priority, RequestRate, Ticket, Turn};
pub use masked::masked;
pub use own_field::OwnField;
pub use turns::{HeldTurn, Turns};
