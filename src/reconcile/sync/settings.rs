//! Translates the settings of a billing system and of its lane for the comparison with the inventory.

use compact_str::format_compact;

use crate::inventory::text::BillingKind;
use crate::inventory::{BillingSystem, Lane, LaneLimit};
use crate::model::billing::{BillingName, GroupId};
use crate::sync::{SyncLimit, SyncLimits, SyncSettings};

/// Returns the settings of the sync with a billing system.
pub fn sync_settings(system: &BillingSystem) -> SyncSettings {
    // The kind of a group is a part of its id: partner 3 is not location 3.
    let kind = match system.kind() {
        BillingKind::Splynx => "partner",
        BillingKind::Sonar => "company",
    };
    let groups = system.scope.groups.iter();
    let groups = groups.filter_map(|id| GroupId::new(&format_compact!("{kind}.{id}")).ok());
    let models = system.scope.endpoint_models.iter();
    SyncSettings {
        endpoint_models: models.map(|id| id.as_str().into()).collect(),
        groups: groups.collect(),
        tariffs: system.tariffs.clone(),
        sites: system.sites.clone(),
        moves: system.moves,
        pre_activate: system.pre_activate,
        gone_after_days: system.gone_after_days,
        kbps_per_mbps: system.kbps_per_mbps.into(),
        describes_units: system.unit_field.is_some(),
        ..SyncSettings::new(name(system))
    }
}

fn name(system: &BillingSystem) -> BillingName {
    system.name.clone()
}

/// Returns the limits of the lane of the sync: careful ones where the policy has none.
pub fn sync_limits(lane: Option<&Lane>) -> SyncLimits {
    let careful = SyncLimits::default();
    let Some(lane) = lane else {
        return careful;
    };
    let limit = |set: LaneLimit, careful: SyncLimit| match set {
        LaneLimit {
            count: None,
            percent: None,
        } => careful,
        LaneLimit { count, percent } => SyncLimit { count, percent },
    };
    let limits = &lane.limits;
    SyncLimits {
        additions: limit(limits.additions, careful.additions),
        changes: limit(limits.changes, careful.changes),
        suspensions: limit(limits.suspensions, careful.suspensions),
        removals: limit(limits.removals, careful.removals),
        moves: limit(limits.moves, careful.moves),
        drop: limit(limits.drop, careful.drop),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::inventory::source::Limits;
    use crate::inventory::text::MovePolicy;
    use crate::inventory::{
        GOOD_INVENTORY, Reading, TariffMapping, billing_systems, read_texts, service_policy,
    };

    fn reading(more: &[(&str, &str)]) -> Reading {
        let all = GOOD_INVENTORY.iter().chain(more);
        let texts: BTreeMap<Arc<str>, Arc<str>> = all
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        read_texts(&texts, &Limits::default())
    }

    fn settings(billing: &str) -> SyncSettings {
        let reading = reading(&[("billing.toml", billing)]);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        let systems = billing_systems(&reading.inventory);
        sync_settings(systems.values().next().unwrap())
    }

    #[test]
    fn the_groups_of_the_scope_have_the_kind_of_the_system() {
        let splynx = "[billing.splynx]\nkind = \"splynx\"\naddress = \"https://isp.splynx.app\"\nlogin = { key = { secret = \"k\" }, secret = { secret = \"s\" } }\ntime_zone = \"America/Chicago\"\nscope = { endpoint_models = [\"4\"], partners = [\"1\"] }\nmoves = \"auto\"\n[billing.splynx.tariff.31]\nservice_plan = \"home-100\"\nas_sold = false\n[billing.splynx.tariff.40]\nignore = true\n";
        let settings = settings(splynx);
        assert!(
            settings.groups.contains("partner.1"),
            "{:?}",
            settings.groups
        );
        assert!(settings.endpoint_models.contains("4"));
        assert_eq!(settings.moves, MovePolicy::Auto);
        assert_eq!(settings.tariffs["40"], TariffMapping::Ignored);
        assert!(matches!(
            &settings.tariffs["31"],
            TariffMapping::Plan { as_sold: false, .. }
        ));
        let sonar = "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software\"\nlogin = { token = { secret = \"t\" } }\nscope = { companies = [\"1\"] }\n";
        assert!(self::settings(sonar).groups.contains("company.1"));
    }

    #[test]
    fn a_limit_that_the_lane_does_not_set_is_the_careful_one() {
        let careful = SyncLimits::default();
        assert_eq!(sync_limits(None), careful);
        let policy = "[lane.billing]\nauthors = [\"sync@isp.example\"]\nlimits = { additions = { count = 7 } }\n";
        let policy = reading(&[("policy.toml", policy)]);
        let policy = service_policy(&policy.inventory);
        let limits = sync_limits(policy.billing_lane());
        assert_eq!(limits.additions.count, Some(7));
        assert_eq!(limits.suspensions, careful.suspensions);
    }
}
