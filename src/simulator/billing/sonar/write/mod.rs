//! Changes rows as the system does: with versions, logs, account events and webhooks.

mod account;
mod endpoint;
mod equipment;
mod given;
mod mutation;
mod note;
mod record;
mod storage;

pub(super) use endpoint::register;
pub(super) use mutation::{bills, perform};
pub(super) use record::{Happened, MODELS, WEBHOOK_EVENTS, Writer};
