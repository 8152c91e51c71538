//! Declares the inventory as written: a record for each kind of object, with every key optional.

mod billing;
mod billing_value;
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

pub use billing::{
    BillingKind, BillingLoginText, BillingScopeText, BillingText, MovePolicy, SplynxLogin,
    StatusSetting, TariffText, WriteBackFact,
};
pub use billing_value::StatusKey;
pub use credentials::{
    AuthProtocol, AuthText, CredentialsText, PrivacyProtocol, PrivacyText, SecretReference,
    SecretReferenceName, SnmpText, SnmpVersion, SshText,
};
pub use device::{DeviceExternalText, DeviceText, PortText, UplinkText};
pub use drift::{DRIFT_FIELDS, DriftByField, DriftPolicy};
pub use lane::{
    Author, BILLING_LANE, LaneLimitsText, LanePermission, LaneText, Lanes, SET_WHEN_ADDED,
    SignerKey,
};
pub use limit::LimitText;
pub use network::{NetworkText, NewVlan, ProfilesText, SuspensionHow, SuspensionText, VlansText};
pub use policy::{
    ApprovalText, CommitPolicy, LimitsText, PolicyText, ReconcileText, TwoPersonCase,
    UnmanagedAction, UnmanagedText, WavesText,
};
pub use service_plan::ServicePlanText;
pub use subscriber::{ExternalText, HoldText, SubscriberText};
pub use window::{SitePattern, TimeOfDay, Weekdays, WindowText, Zone};

pub(in crate::inventory) use credentials::{RULES as CREDENTIALS_RULES, check_credentials};
