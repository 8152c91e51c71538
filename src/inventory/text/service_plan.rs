//! Declares `service-plans.toml`: the speed tiers that subscribers buy.

use crate::inventory::record::record;
use crate::model::{Description, Headroom, Mbps, ProfileName};

record! {
    /// A speed tier that a subscriber buys.
    ServicePlanText {
        /// Mbps toward the subscriber, as sold.
        "down" => down: Mbps, optional;
        /// Mbps from the subscriber, as sold.
        "up" => up: Mbps, optional;
        /// As fast as the line goes, without a rate limiter; then without `down` and `up`.
        "unthrottled" => unthrottled: bool, default "false";
        /// Percent that the limiter is set above the sold speed, if it differs from the network's.
        "headroom_percent" => headroom_percent: Headroom, default "the network's";
        /// The name of the profile on devices.
        "profile_name" => profile_name: ProfileName, default "the id";
        /// Kept with the profile on devices.
        "description" => description: Description, optional;
    }
}
