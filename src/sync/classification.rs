//! Lists the classifications of a service, and the next steps of a person.

use serde::{Deserialize, Serialize};

/// The classification of a service: exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classification {
    InSync,
    /// Its subscriber is changed.
    Change,
    /// Its subscriber is added.
    New,
    /// It waits for an endpoint, an item or a date.
    Waiting,
    /// A person holds what differs.
    Held,
    /// The inventory was edited, or the base is unknown: a person decides.
    Contested,
    /// A record is wrong or not understood: nothing follows from it.
    Quarantined,
    /// Gone in billing, in its grace period.
    Gone,
    OutOfScope,
}

impl Classification {
    pub const ALL: [Self; 9] = [
        Self::InSync,
        Self::Change,
        Self::New,
        Self::Waiting,
        Self::Held,
        Self::Contested,
        Self::Quarantined,
        Self::Gone,
        Self::OutOfScope,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::Change => "change",
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Contested => "contested",
            Self::Quarantined => "quarantined",
            Self::Gone => "gone",
            Self::OutOfScope => "out-of-scope",
        }
    }
}

/// The next step for a person; a word for scripts, which `report` turns into a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextStep {
    Nothing,
    Wait,
    LookAgain,
    MapTariff,
    MapStatus,
    FixBilling,
    FixInventory,
    CheckInstallation,
    Resolve,
    ReadAgain,
}
