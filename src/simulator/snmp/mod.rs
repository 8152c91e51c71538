//! SNMP, agent side: names, values, messages and security for a twin, without a socket or a MIB.
//!
//! [`Agent::answer`] turns a datagram, the objects of a [`View`] and the time into an answer or nothing.
//! [`Trap::encode`] encodes traps. [`Distortion`] has the faults of an agent as data.
//!
//! `ber` encodes numbers, names and values. `pdu` is one request or answer, `message` the message around it. `usm`,
//! `authentication`, `privacy` and `user` are the security of SNMPv3. `operation` runs the requests. `distortion`
//! stands between them and the objects.

mod agent;
mod authentication;
mod ber;
mod counters;
mod distortion;
mod engine;
mod message;
mod oid;
mod operation;
mod pdu;
mod privacy;
#[cfg(test)]
mod tests;
mod trap;
mod user;
mod usm;
mod value;
mod view;

pub use agent::{Agent, LARGEST_DATAGRAM, Limits, Setup};
pub use authentication::Authentication;
pub use ber::Unencodable;
pub use counters::Counters;
pub use distortion::Distortion;
pub use engine::{EngineId, NotAnEngineId};
pub use oid::{NotAnOid, Oid};
pub use privacy::Privacy;
pub use trap::Trap;
pub use user::{Access, Community, PasswordTooShort, SecurityLevel, User};
pub use value::Value;
pub use view::{ErrorStatus, SetRefused, View};
