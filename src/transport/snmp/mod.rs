//! SNMP 2c and 3 over UDP: reads values from an agent for `observe`. An answer is complete or an error.
//!
//! `session` is the interface for other modules. `walk` is the algorithm of reading columns, without a network.
//! `exchange` handles one request until its answer, `link` the socket. `in_flight` decides how many requests
//! wait for an answer at a time, `turns` makes the others wait. `pdu` encodes requests and answers, `ber` their
//! elements. `community` wraps PDUs for SNMP 2c, `usm` for SNMP 3. `value` has names and values, `access` credentials
//! and options, `error` the errors, `counters` the number of messages. `trap` receives traps.

mod access;
mod ber;
mod community;
mod counters;
mod error;
mod exchange;
mod in_flight;
mod link;
mod pdu;
mod session;
mod trap;
mod turns;
mod usm;
mod value;
mod walk;
mod wire_log;

pub use access::{Access, Auth, AuthProtocol, Privacy, PrivacyProtocol, SILENCE, SnmpOptions};
pub use counters::Counters;
pub use error::{Hint, SnmpError};
pub use session::{FirstRows, Session};
pub use trap::{TrapCounters, TrapError, TrapLimits, TrapListener, TrapSender, TrapSenders};
pub use turns::Turns;
pub use value::{Cell, Column, Oid, Value};
