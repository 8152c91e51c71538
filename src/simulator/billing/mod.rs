//! Simulates the billing systems that gamctl syncs with: pure state machines behind values of HTTP.
//!
//! The twins are written from the description of the wire alone. They import neither `model::billing` nor a client, so that
//! they read the description a second time. Sockets, the clock and the command line belong to `simulator::server` and `cli`.

pub mod http;
mod last_minute;
pub mod operation;
pub mod people;
pub mod sonar;
pub mod splynx;

pub use http::{BillingTwin, Delivery, FaultError, HttpAnswer, HttpRequest, Webhook};
pub use operation::{ChangePlanHow, Operation, OperationError};

/// The id of the first account of a new instance, unless another one is asked for.
pub const FIRST_ACCOUNT: u64 = 1001;
