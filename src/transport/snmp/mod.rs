//! Reads values from an agent over UDP, SNMP 2c and 3; an answer is whole, or it is an error.
//!
//! `session` what others use · `walk` whole columns, without a network · `exchange` one request until its answer · `link` the socket ·
//! `pdu` requests and answers as bytes, `ber` what these are made of · `community` SNMP 2c around
//! them, `usm` SNMP 3 · `value` what is asked for and what
//! comes · `access` how an agent is opened · `error` what goes wrong · `counters` what went over the network.

mod access;
mod ber;
mod community;
mod counters;
mod error;
mod exchange;
mod link;
mod pdu;
mod session;
mod usm;
mod value;
mod walk;

pub use access::{Access, Auth, AuthProtocol, Privacy, PrivacyProtocol, Tuning};
pub use counters::Counters;
pub use error::{Hint, SnmpError};
pub use session::Session;
pub use value::{Cell, Column, Oid, Value};
