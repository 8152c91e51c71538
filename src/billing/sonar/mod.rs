//! Reads accounts from Sonar and writes results back, over its GraphQL API.
//!
//! Pure: `query` and `mutation` hold every text that is sent, `answer` decides whether an answer is used, `connection`,
//! `reading`, `account`, `item` and `lookups` read it into `record`s, `states`, `service` and `translate` make the snapshot
//! of them, `page_walk` proves that a list is complete, `delta`, `delta_root` and `owner` find what changed, `webhook` and
//! `token` read what others sent. `settings` has the settings, `own_field` the names of gamctl's own fields.
//! `client` sends; `list`, `read`, `changes`, `write`, `support`, `registration` and `check` are its operations.

mod account;
mod answer;
mod changes;
mod check;
mod client;
mod connection;
mod delta;
mod delta_root;
mod item;
mod list;
mod lookups;
mod mutation;
mod own_field;
mod owner;
mod page_walk;
mod query;
mod read;
mod reading;
mod record;
mod registration;
mod service;
mod settings;
mod states;
mod support;
mod token;
mod translate;
mod webhook;
mod write;

#[cfg(test)]
mod tests;

pub use changes::{DeltaCoverage, SonarChanges, SonarDelta};
pub use check::{CheckWishes, SonarCheck, SonarUser, UnmappedStatus};
pub use client::SonarClient;
pub use delta::DeltaCursor;
pub use delta_root::DeltaRoot;
pub use lookups::{
    CustomField, InventoryModelRow, MetadataField, SonarLookups, SonarTable, StatusRow,
};
pub use mutation::{ItemHealth, ModelEvent, TicketPriority};
pub use own_field::OwnField;
pub use owner::ChangedObject;
pub use query::SonarFeatures;
pub use registration::{WebhookState, WebhookTest};
pub use settings::{SonarAddress, SonarSettings};
pub use states::{DELINQUENT, SonarStates, StateMeaning, StatesError};
pub use support::{Marked, SonarTicket};
pub use token::{TOKEN_WARNING, TokenEnd};
pub use webhook::{MOST_WEBHOOK_BYTES, SonarHint, WebhookError, read_webhook};
pub use write::WriteOutcome;
