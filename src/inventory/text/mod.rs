//! Declares the inventory as written: a record for each kind of object, with every key optional.

mod credentials;
mod device;
mod network;
mod policy;
mod service_plan;
mod subscriber;

pub use credentials::{
    AuthProtocol, AuthText, CredentialsText, PrivacyProtocol, PrivacyText, SecretReference,
    SecretReferenceName, SnmpText, SnmpVersion, SshText,
};
pub use device::{DeviceText, PortText, UplinkText};
pub use network::{NetworkText, ProfilesText, SuspensionHow, SuspensionText, VlansText};
pub use policy::{LimitText, LimitsText, PolicyText, UnmanagedAction, UnmanagedText};
pub use service_plan::ServicePlanText;
pub use subscriber::{ExternalText, SubscriberText};

pub(in crate::inventory) use credentials::{RULES as CREDENTIALS_RULES, check_credentials};
