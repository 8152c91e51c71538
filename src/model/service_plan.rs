//! Defines service plans: the speed tier that a subscriber buys.

use serde::{Deserialize, Serialize};

use super::{Description, Headroom, Mbps, ProfileName, ServicePlanId};

/// A speed tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicePlan {
    pub id: ServicePlanId,
    pub speed: Speed,
    pub description: Option<Description>,
    /// The name of the profile on devices.
    pub profile_name: ProfileName,
}

/// The speed of a service plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speed {
    /// At the speed of the line: no profile.
    Unthrottled,
    /// Limited on the device to these speeds, as sold, plus headroom.
    Limited {
        down: Mbps,
        up: Mbps,
        headroom: Headroom,
    },
}

impl Speed {
    /// Returns the rate limiter's settings, down and up; `None` without a limit.
    pub fn limiter(self) -> Option<(Mbps, Mbps)> {
        match self {
            Self::Unthrottled => None,
            Self::Limited { down, up, headroom } => {
                Some((headroom.above(down), headroom.above(up)))
            }
        }
    }
}
