//! SNMP as an agent speaks it: names, values, messages and security, without a socket and without a MIB.

mod authentication;
mod ber;
mod engine;
mod oid;
mod pdu;
mod privacy;
mod user;
mod value;
mod view;

pub use authentication::Authentication;
pub use engine::{EngineId, NotAnEngineId};
pub use oid::{NotAnOid, Oid};
pub use privacy::Privacy;
pub use user::{Access, Community, PasswordTooShort, SecurityLevel, User};
pub use value::Value;
pub use view::{ErrorStatus, SetRefused, View};
