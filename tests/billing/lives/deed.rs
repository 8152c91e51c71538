//! Lists what can happen in a life: sales, payments, plans, installers, engineers, departures.

use super::life::Spot;

/// The way of a change of plan.
pub(super) const WAYS: [&str; 3] = ["in-place", "same-day", "scheduled"];

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A customer with a new endpoint, or without one.
    Sell {
        tariff: Option<usize>,
        has_item: bool,
    },
    /// The next customer gets the endpoint that one who left had.
    SellUsed {
        endpoint: usize,
        tariff: Option<usize>,
    },
    /// Another customer gets an endpoint with the same address.
    SellTwice {
        endpoint: usize,
    },
    Block {
        customer: usize,
    },
    Pay {
        customer: usize,
    },
    ChangePlan {
        customer: usize,
        tariff: Option<usize>,
        way: usize,
    },
    /// Billing has another endpoint for the customer; the installer comes later.
    Swap {
        customer: usize,
    },
    Cancel {
        customer: usize,
    },
    Plug {
        endpoint: usize,
        spot: Spot,
    },
    Unplug {
        endpoint: usize,
    },
    EditPlan {
        customer: usize,
        plan: usize,
    },
    Hold {
        customer: usize,
    },
    Describe {
        customer: usize,
    },
}

impl Deed {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sell { .. } => "sold",
            Self::SellUsed { .. } => "sold with a used endpoint",
            Self::SellTwice { .. } => "sold with an endpoint of another customer",
            Self::Block { .. } => "not paid",
            Self::Pay { .. } => "paid",
            Self::ChangePlan { way: 0, .. } => "plan changed in place",
            Self::ChangePlan { way: 1, .. } => "plan changed the same day",
            Self::ChangePlan { .. } => "plan changed at midnight",
            Self::Swap { .. } => "endpoint swapped in billing",
            Self::Cancel { .. } => "left",
            Self::Plug { .. } => "plugged in",
            Self::Unplug { .. } => "unplugged",
            Self::EditPlan { .. } => "plan edited",
            Self::Hold { .. } => "plan held",
            Self::Describe { .. } => "described",
        }
    }

    /// Returns whether an engineer does it, by a commit.
    pub(super) fn is_commit(self) -> bool {
        matches!(
            self,
            Self::EditPlan { .. } | Self::Hold { .. } | Self::Describe { .. }
        )
    }
}
