//! Answers HTTP: health checks and webhooks on one address, metrics on another; with limits, and no other route yet.
//!
//! `listener` connections with their limits · `router` routes and their answers, `routes` their names · `request_log` the id
//! and the log of each request · `health` `/livez` and `/readyz` · `hook` the signature of a webhook.

mod billing_hook;
mod health;
mod hook;
mod listener;
mod request_log;
mod router;
pub(super) mod routes;

pub(super) use listener::{Listener, ListenerError};
pub(super) use router::{metrics, public};
