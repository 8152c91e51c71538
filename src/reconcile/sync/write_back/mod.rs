//! Writes verified values, notes, tickets and health back to billing, under the lease of the sync.
//!
//! [`write_back_system`] is called after a reading, with that reading: it compares, queues what differs, sends, and settles each
//! write by a read. [`accounts_to_write_back`] returns the accounts to read for it when no reading is due but a device was
//! verified. Both are level-triggered: called twice, the second call sends nothing.
//!
//! `verified` finds what devices were last verified with, `device_trouble` why they did not get more, `due_writes` what is due,
//! with the steps of `tickets`.
//! `outbox_run` takes it through the outbox: `sender` sends one write, `billing_writer` through the client of the product. `text`
//! has the texts of notes and tickets, `problem` the consequence of an error, `lines` collects the report.
//!
//! A process may be killed anywhere. A write is `Sent` in the store before its request: the next run decides by a read whether it
//! took effect. Fields are compared with the reading, notes and tickets are searched by their marker before they are sent again.

mod billing_writer;
mod device_trouble;
mod due_writes;
mod lines;
mod outbox_run;
mod problem;
mod request;
mod sender;
mod system;
mod text;
mod tickets;
mod verified;

pub use request::{WriteBackError, WriteBackLimits, WriteBackRequest, WriteBackWatch};
pub use system::{accounts_to_write_back, preview_write_back, write_back_system};
pub use verified::verified_services;
