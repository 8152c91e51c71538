//! Defines the number of an object on a device.

use serde::{Deserialize, Serialize};

/// The device's number of an object; only the device knows it until a plan assigns one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);
