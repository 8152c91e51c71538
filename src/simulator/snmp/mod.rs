//! SNMP as an agent speaks it: names, values, messages and security, without a socket and without a MIB.

mod oid;
mod value;
mod view;

pub use oid::Oid;
pub use value::Value;
pub use view::{ErrorStatus, SetRefused, View};
