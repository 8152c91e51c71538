//! Defines the devices in a freeze, as patterns for names, sites and labels.

use serde::{Deserialize, Serialize};

/// The devices in a freeze; without any pattern, all of them.
///
/// A pattern is stored as text, because it may come from a later version or be invalid. `inventory::ScopeMatcher`
/// parses it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreezeScope {
    /// Any of these patterns matches the device's name.
    pub devices: Vec<String>,
    /// Any of these matches its site.
    pub sites: Vec<String>,
    /// For each of these, the label with this key matches the pattern.
    pub labels: Vec<(String, String)>,
    /// None of these matches its name.
    pub excluded: Vec<String>,
}

impl FreezeScope {
    /// Returns whether this is every device.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}
