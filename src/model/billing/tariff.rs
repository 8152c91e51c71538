//! Defines tariffs and their speeds, in kbit/s as both billing systems have them.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::TariffId;

/// A tariff that services are sold by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    pub id: TariffId,
    pub title: CompactString,
    /// Absent where the system has no speed for it.
    pub speed: Option<BillingSpeed>,
}

/// A speed in kbit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingSpeed {
    pub down_kbps: u64,
    pub up_kbps: u64,
}
