//! Reads the intended network from a directory or a git commit, checks it, and resolves it per device.

mod all_rules;
mod assemble;
mod billing_lane;
mod billing_system;
pub mod blame;
mod changed_keys;
mod check;
mod clock_change;
mod compare;
mod defaults;
mod describe;
mod file_kind;
mod find;
mod hold_over;
mod locate;
mod locations;
mod misplaced;
mod parallel;
mod parse;
mod raw_text;
mod read;
mod record;
mod resolve;
mod rules;
mod scope;
mod select;
mod service_policy;
mod similar_id;
pub mod source;
mod suggest;
pub mod text;
mod tree;

pub use all_rules::{GOOD_INVENTORY, all_rules};
pub use assemble::{
    BillingObject, CredentialsObject, DeviceObject, Inventory, ServicePlanObject, SubscriberObject,
};
pub use billing_lane::outside_billing_lane;
pub use billing_system::{
    BillingLogin, BillingScope, BillingSystem, DeviceExternal, GONE_AFTER_DAYS, KBPS_PER_MBPS,
    TariffMapping, billing_systems, device_externals,
};
pub use changed_keys::{ChangedKey, ChangedKeys, KeyChange, changed_keys, changed_keys_of_texts};
pub use compare::is_acceptable;
pub use defaults::NetworkDefaults;
pub use describe::{
    ValueError, canonical_order, explain_rule, json_schema, key_reference, key_value,
    rule_markdown, rule_reference,
};
pub use file_kind::{FileKind, PathKind, classify};
pub use find::{
    Closeness, FieldMatch, Found, FoundObject, SearchWord, endpoint_matches, find,
    subscriber_matches,
};
pub use locations::{KeyReference, ReferencedObject, locations, written_values};
pub(crate) use parallel::map_with;
pub use read::{Cache, Reading, read, read_edited, read_texts};
pub use record::{Share, looks_like_a_key, looks_like_a_secret};
pub use resolve::{
    IntendedDevice, complete_service_plans, complete_subscriber, resolve, resolve_device,
};
pub use scope::{ScopeError, ScopeMatcher, freezes, pattern};
pub use select::field_texts;
pub use service_policy::{
    Lane, LaneLimit, LaneLimits, ServicePolicy, Waves, Window, service_policy,
};
pub use suggest::nearest;
