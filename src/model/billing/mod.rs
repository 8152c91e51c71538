//! Defines one reading of a billing system: accounts, services, equipment, tariffs, and whether it is complete.
//!
//! Both systems are translated into these types. `address` has the address of a system, `identifier` the ids, `personal` the
//! names and addresses that are never printed by accident, `proof` the counts that make a reading complete, `service`,
//! `equipment` and `tariff` the records, `snapshot` all of them together.

mod address;
mod equipment;
mod identifier;
mod personal;
mod proof;
mod service;
mod snapshot;
mod tariff;

pub use address::{BillingAddress, BillingAddressError};
pub use equipment::{Equipment, EquipmentPlace, WrittenMac};
pub use identifier::{
    AccountId, BillingName, BillingRecordId, EquipmentId, GroupId, LocationId, ServiceId, TariffId,
};
pub use personal::Personal;
pub use proof::{Collection, Counts, Gap, GapReason, Proof};
pub use service::{
    BillingAccount, BillingService, GoneCause, PendingCause, PlaceHint, ServiceStatus,
    SuspendedCause, WrittenBack,
};
pub use snapshot::{Snapshot, SnapshotScope, UnreadableRecord};
pub use tariff::{BillingSpeed, Tariff};
