//! Maps tariffs to service plans, and refuses a tariff whose speeds differ from the service plan's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::inventory_view::SyncInventory;
use super::settings::SyncSettings;
use crate::inventory::TariffMapping;
use crate::model::billing::{BillingSpeed, Snapshot, TariffId};
use crate::model::{ServicePlanId, Speed};

/// The service plan of a tariff, or the reason that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TariffVerdict {
    ServicePlan(ServicePlanId),
    /// The settings mark it as not for GAMs.
    Ignored,
    Problem(TariffProblem),
}

/// The reason that a tariff gives no service plan: its subscribers keep what they have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TariffProblem {
    /// `tariff-not-mapped`.
    NotMapped,
    /// `tariff-plan-unknown`.
    PlanUnknown(ServicePlanId),
    /// `tariff-speed-unknown`: billing has no speed to compare.
    SpeedUnknown(ServicePlanId),
    /// `tariff-differs`.
    Differs {
        service_plan: ServicePlanId,
        down_kbps: u64,
        up_kbps: u64,
    },
}

impl TariffProblem {
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotMapped => "tariff-not-mapped",
            Self::PlanUnknown(_) => "tariff-plan-unknown",
            Self::SpeedUnknown(_) => "tariff-speed-unknown",
            Self::Differs { .. } => "tariff-differs",
        }
    }
}

/// A tariff without a service plan, once, with the number of its services in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffFinding {
    pub tariff: TariffId,
    pub problem: TariffProblem,
    pub services: usize,
}

/// The verdicts about all tariffs of a snapshot.
#[derive(Debug)]
pub(super) struct Tariffs<'a> {
    settings: &'a SyncSettings,
    inventory: &'a SyncInventory,
    snapshot: &'a Snapshot,
    known: BTreeMap<&'a TariffId, TariffVerdict>,
}

impl<'a> Tariffs<'a> {
    pub(super) fn of(
        snapshot: &'a Snapshot,
        inventory: &'a SyncInventory,
        settings: &'a SyncSettings,
    ) -> Self {
        let mut tariffs = Self {
            settings,
            inventory,
            snapshot,
            known: BTreeMap::new(),
        };
        let used = snapshot
            .services
            .iter()
            .filter_map(|one| one.tariff.as_ref());
        for tariff in used {
            if !tariffs.known.contains_key(tariff) {
                let verdict = tariffs.judge(tariff);
                tariffs.known.insert(tariff, verdict);
            }
        }
        tariffs
    }

    /// Returns the verdict about a tariff of the snapshot.
    pub(super) fn verdict(&self, tariff: &TariffId) -> TariffVerdict {
        let known = self.known.get(tariff).cloned();
        known.unwrap_or(TariffVerdict::Problem(TariffProblem::NotMapped))
    }

    fn judge(&self, tariff: &TariffId) -> TariffVerdict {
        let (plan, as_sold) = match self.settings.tariffs.get(tariff) {
            None => return TariffVerdict::Problem(TariffProblem::NotMapped),
            Some(TariffMapping::Ignored) => return TariffVerdict::Ignored,
            Some(TariffMapping::Plan {
                service_plan,
                as_sold,
            }) => (service_plan, *as_sold),
        };
        let problem = match self.inventory.service_plans.get(plan) {
            None => Some(TariffProblem::PlanUnknown(plan.clone())),
            Some(_) if !as_sold => None,
            Some(speed) => {
                let tariff = self.snapshot.tariffs.get(tariff);
                match tariff.and_then(|tariff| tariff.speed) {
                    None => Some(TariffProblem::SpeedUnknown(plan.clone())),
                    Some(sold) if self.agrees(*speed, sold) => None,
                    Some(sold) => Some(TariffProblem::Differs {
                        service_plan: plan.clone(),
                        down_kbps: sold.down_kbps,
                        up_kbps: sold.up_kbps,
                    }),
                }
            }
        };
        match problem {
            Some(problem) => TariffVerdict::Problem(problem),
            None => TariffVerdict::ServicePlan(plan.clone()),
        }
    }

    fn agrees(&self, plan: Speed, sold: BillingSpeed) -> bool {
        let kbps = |mbps: u32| u64::from(mbps).checked_mul(self.settings.kbps_per_mbps);
        match plan {
            Speed::Unthrottled => false,
            Speed::Limited { down, up, .. } => {
                kbps(down.get()) == Some(sold.down_kbps) && kbps(up.get()) == Some(sold.up_kbps)
            }
        }
    }
}
