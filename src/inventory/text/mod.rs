//! Declares the inventory as written: a record for each kind of object, with every key optional.

mod credentials;
mod device;
mod drift;
mod lane;
mod limit;
mod network;
mod policy;
mod service_plan;
mod subscriber;
mod window;

pub use credentials::{
    AuthProtocol, AuthText, CredentialsText, PrivacyProtocol, PrivacyText, SecretReference,
    SecretReferenceName, SnmpText, SnmpVersion, SshText,
};
pub use device::{DeviceText, PortText, UplinkText};
pub use drift::{DRIFT_FIELDS, DriftByField, DriftPolicy};
pub use lane::{Author, LaneLimitsText, LanePermission, LaneText, Lanes, SignerKey};
pub use limit::LimitText;
pub use network::{NetworkText, ProfilesText, SuspensionHow, SuspensionText, VlansText};
pub use policy::{
    ApprovalText, CommitPolicy, LimitsText, PolicyText, ReconcileText, TwoPersonCase,
    UnmanagedAction, UnmanagedText, WavesText,
};
pub use service_plan::ServicePlanText;
pub use subscriber::{ExternalText, SubscriberText};
pub use window::{SitePattern, TimeOfDay, Weekdays, WindowText, Zone};

pub(in crate::inventory) use credentials::{RULES as CREDENTIALS_RULES, check_credentials};
