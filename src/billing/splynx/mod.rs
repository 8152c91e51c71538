//! Reads customers, services, items and tariffs of Splynx, and writes gamctl's own fields back.
//!
//! Pure: `settings`, `query` and `signature` make requests, `answer` and `page` read answers, `row` reads records, `status`
//! and `line` decide what they mean, `assemble` makes the snapshot, `webhook` reads a hint. They send nothing.
//!
//! Over HTTP: `session` logs in with the numbers of `nonce`, `client` sends one request of those in `endpoint`. `list` reads a
//! complete list, `named` a small one, `reading` everything or single accounts, `changes` what changed since a `cursor`. `write`
//! and `message` write back, `check` asks what an instance can do.

mod answer;
mod assemble;
mod changes;
mod check;
mod client;
mod cursor;
mod endpoint;
mod line;
mod list;
mod message;
mod named;
mod nonce;
mod page;
mod query;
mod reading;
mod row;
mod session;
mod settings;
mod signature;
mod status;
mod webhook;
mod write;

pub use changes::SplynxChanges;
pub use check::{CheckedList, ClockCheck, IdTyping, ListAccess, ServiceFields, SplynxCheck};
pub use client::SplynxClient;
pub use cursor::SplynxCursor;
pub use message::{FoundTicket, MarkedText};
pub use nonce::{NonceNotStored, NonceStore};
pub use reading::SplynxReading;
pub use row::NamedRow;
pub use settings::{
    LoginWay, SplynxLogin, SplynxSettings, StateError, StateMeaning, StatePair, StateTable,
    splynx_address,
};
pub use webhook::{
    MOST_WEBHOOK_BYTES, SIGNATURE_HEADER, SplynxWebhook, WebhookError, read_splynx_webhook,
};
pub use write::{AccessLink, SplynxFields, WriteResult};
