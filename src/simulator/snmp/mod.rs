//! SNMP as an agent speaks it: names, values, messages and security, without a socket and without a MIB.
//!
//! [`Agent::answer`] takes a datagram, the objects behind a [`View`] and the time, and gives back a datagram or nothing.
//! [`Trap::encode`] makes what a device sends unasked. [`Distortion`] is what a faulty agent does wrong, as data.
//!
//! `ber` bytes ↔ numbers, names, values · `pdu` one question or answer · `message` what is around it · `usm`, `authentication`,
//! `privacy` and `user` the security of SNMPv3 · `operation` the verbs · `distortion` what stands between the verbs and the objects.

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
