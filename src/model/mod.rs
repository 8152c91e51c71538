//! Defines gamctl's domain types, such as names, VLANs, devices and subscribers, without any I/O.

mod address;
mod alarm;
pub mod billing;
mod ci_job;
mod condition;
mod config_line;
mod counter;
mod day;
mod device;
mod device_config;
mod device_secrets;
mod error_chain;
mod finding;
mod fingerprint;
mod freeze_scope;
mod gam_model;
mod health;
mod hold;
mod host_environment;
mod log_target;
mod mac;
mod name;
mod not_observed;
mod observation;
mod poll;
mod port;
mod probe;
mod rate;
mod service_plan;
mod slot;
mod subscriber;
mod subscriber_ids;
mod text;
mod vlan;

pub use address::{Address, AddressError};
pub use alarm::{
    ActiveAlarm, AlarmChanges, AlarmIdentity, AlarmSeverity, DeviceTime, alarm_changes,
};
pub use ci_job::{CiJob, Forge, url_path};
pub use condition::{
    Condition, ConditionEvidence, ConditionSeverity, ConditionWord, LastKnownCondition,
    LookEvidence,
};
pub use config_line::{ConfigLine, Lead, NotALine};
pub use counter::{
    Counted, CounterClock, CounterWidth, MOST_FRAMES, MOST_OCTETS, NoRate, counted, time_between,
};
pub use day::{Day, DayError};
pub use device::{DeviceState, HostKey, PinError, Serial, SubscriberModel, VlanMode};
pub use device_config::{
    DeviceConfig, EndpointConfig, PortConfig, ProfileConfig, SystemConfig, UplinkConfig,
};
pub use device_secrets::{HIDDEN, config_without_secrets, without_secrets};
pub use error_chain::chain;
pub use finding::{ExampleFile, Finding, Related, Rule, Severity, SourceLocation, by_place};
pub use fingerprint::Fingerprint;
pub use freeze_scope::FreezeScope;
pub use gam_model::{ENDPOINTS_PER_COAX_PORT, GamModel, Medium, UnknownModel};
pub use health::{
    EndpointHealth, EndpointState, EthernetPort, Fan, Health, LinkHealth, Temperature, UPTIME_WRAP,
};
pub use hold::{Hold, SyncedKey};
pub use host_environment::HostEnvironment;
pub use log_target::WIRE;
pub use mac::{MacAddress, MacAddressError};
pub use name::{
    CredentialsName, DeviceName, EndpointName, Hostname, LabelKey, LaneName, NameError,
    NameProblem, PortName, ProfileName, SecretName, ServicePlanId, SiteName, natural_order,
};
pub use not_observed::NotObserved;
pub use observation::{
    ConfigSource, Identity, Observation, Part, Unclear, Unread, UplinkFacts, UplinkMode,
};
pub use poll::{
    EthernetCounters, InterfaceCounters, LineErrors, LineRates, ModuleReadings, Poll, PollDepth,
    Polled, PolledEndpoint, PolledPort, PolledSensors, PolledUplink, PortCounters, PowerSupply,
    Sfp,
};
pub use port::{PortAssignment, PortMode, PortNumber, PortNumberError, UplinkNumber};
pub use probe::{AlarmCount, Probe};
pub use rate::{Headroom, LIMITER_RANGE, Mbps, RateError, highest_limiter};
pub use service_plan::{ServicePlan, Speed};
pub use slot::Slot;
pub use subscriber::{
    External, Poe, RateLimit, Subscriber, SubscriberConfig, SubscriberId, SubscriberName,
    SubscriberState,
};
pub use subscriber_ids::{SubscriberIds, subscriber_word};
pub use text::{
    Description, Hazard, HeldText, PlainText, SystemText, TextError, hazard_on_a_terminal,
};
pub use vlan::{
    MAX_ALLOWED_VLANS, MAX_RESTORED_VLAN_ENTRIES, VlanId, VlanProblem, VlanRange, VlanSet,
    VlanSetError,
};
