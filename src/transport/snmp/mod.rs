//! Reads values from an agent over UDP, SNMP 2c and 3; an answer is whole, or it is an error.
//!
//! `value` what is asked for and what comes · `access` how an agent is opened.

mod access;
mod value;

pub use access::{Access, Auth, AuthProtocol, Privacy, PrivacyProtocol, Tuning};
pub use value::{Cell, Column, Oid, Value};
