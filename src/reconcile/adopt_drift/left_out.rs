//! Explains in one sentence why a drifted value is not written into the inventory.

use std::fmt;

use crate::model::DeviceName;
use crate::plan::Field;

/// Drift that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutDrift {
    pub device: DeviceName,
    /// The object on the device.
    pub object: String,
    /// `None`: the whole object.
    pub field: Option<Field>,
    pub because: LeftOutBecause,
}

/// The reason that drift stays as it is. `Display` is a sentence without a full stop; texts of the device in it are not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOutBecause {
    DeviceLocked,
    OtherDevice,
    MissingOnDevice,
    /// A profile has the speed of a service plan, and the plan belongs to all its subscribers.
    ServicePlan {
        profile: String,
    },
    /// Not exactly one service plan gives a subscriber this profile with these rates.
    NoServicePlan {
        profile: String,
        matching: usize,
    },
    /// Not exactly one service plan is unthrottled.
    NoUnthrottledPlan {
        matching: usize,
    },
    Suspended,
    Protected,
    /// Another endpoint, or none: the earlier one would be removed from the device.
    OtherEndpoint,
    /// The inventory has no way to say that a device has no value.
    NoValue,
    /// A text that the inventory does not accept.
    Text {
        error: String,
    },
    /// The value is not of the key's type.
    NotAValue {
        error: String,
    },
    /// The inventory has no object that this one is made from.
    NotInInventory,
}

impl fmt::Display for LeftOutBecause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeviceLocked => {
                formatter.write_str("the device is locked, so its differences are not planned")
            }
            Self::OtherDevice => formatter.write_str("another device may have answered"),
            Self::MissingOnDevice => formatter.write_str(
                "the device does not have it; take it out of the inventory, or let `gamctl apply` create it again",
            ),
            Self::ServicePlan { profile } => write!(
                formatter,
                "the profile {profile} belongs to a service plan, and a changed plan would change all its subscribers"
            ),
            Self::NoServicePlan { profile, matching: 0 } => write!(
                formatter,
                "no service plan has the profile {profile} with these rates"
            ),
            Self::NoServicePlan { profile, matching } => write!(
                formatter,
                "{matching} service plans have the profile {profile} with these rates"
            ),
            Self::NoUnthrottledPlan { matching: 0 } => {
                formatter.write_str("no service plan is unthrottled")
            }
            Self::NoUnthrottledPlan { matching } => {
                write!(formatter, "{matching} service plans are unthrottled")
            }
            Self::Suspended => formatter.write_str(
                "the subscriber is suspended, so the value is that of the suspension",
            ),
            Self::Protected => formatter.write_str("the subscriber is protected"),
            Self::OtherEndpoint => formatter.write_str(
                "the endpoint of the inventory would be removed from the device; change `endpoint` with `gamctl set`",
            ),
            Self::NoValue => {
                formatter.write_str("the inventory cannot say that the device has no value")
            }
            Self::Text { error } => write!(formatter, "the inventory does not accept the text: {error}"),
            Self::NotAValue { error } => formatter.write_str(error),
            Self::NotInInventory => formatter.write_str("the inventory has no object for it"),
        }
    }
}
