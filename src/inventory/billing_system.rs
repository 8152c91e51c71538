//! Resolves the billing systems of `billing.toml` with their defaults, for their clients and the sync.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono_tz::Tz;

use super::assemble::{BillingObject, Inventory};
use super::text::{
    BillingKind, BillingLoginText, BillingScopeText, DeviceExternalText, MovePolicy,
    SecretReference, SplynxLogin, StatusKey, StatusSetting, TariffText, WriteBackFact,
};
use crate::model::billing::{BillingAddress, BillingName, BillingRecordId, LocationId, TariffId};
use crate::model::{DeviceName, PlainText, SecretName, ServicePlanId, SiteName};

/// A full read finds what change logs and webhooks missed: MAC addresses, ports, deletions.
const FULL_EVERY: Duration = Duration::from_hours(6);

/// A quarter below the 400 that Sonar allows.
const REQUESTS_TO_SONAR: u32 = 300;

/// Splynx is often a small virtual machine of the ISP: two requests in a second at most.
const REQUESTS_TO_SPLYNX: u32 = 120;

/// Two weeks: a customer who comes back after a holiday keeps VLAN and place.
pub const GONE_AFTER_DAYS: u32 = 14;

/// Both systems have kbit/s with a decimal prefix. An ISP that typed 102400 for 100 Mbps sets 1024.
pub const KBPS_PER_MBPS: u32 = 1000;

/// A billing system with its defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingSystem {
    pub name: BillingName,
    pub address: BillingAddress,
    pub login: BillingLogin,
    /// The secret of its webhooks; without it they are refused.
    pub hook: Option<SecretName>,
    pub scope: BillingScope,
    /// The inventory's sites by location, network site or anchor address.
    pub sites: BTreeMap<LocationId, SiteName>,
    /// Statuses of which the ISP has its own opinion.
    pub states: BTreeMap<StatusKey, StatusSetting>,
    /// The zone of its times; Sonar writes the offset with each time.
    pub time_zone: Tz,
    pub pre_activate: bool,
    pub kbps_per_mbps: u32,
    pub full_every: Duration,
    pub requests_per_minute: u32,
    /// Days of complete reads without a service until its subscriber is removed.
    pub gone_after_days: u32,
    /// The field with the place that billing plans.
    pub place_field: Option<PlainText>,
    /// The field of which descriptions are made.
    pub unit_field: Option<PlainText>,
    pub moves: MovePolicy,
    /// Nothing by default.
    pub write_back: BTreeSet<WriteBackFact>,
    /// A tariff that is not here is not mapped.
    pub tariffs: BTreeMap<TariffId, TariffMapping>,
}

/// The login of gamctl to a billing system, with the names of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingLogin {
    Sonar {
        token: SecretName,
    },
    Splynx {
        how: SplynxLogin,
        key: SecretName,
        secret: SecretName,
    },
}

/// The services that the sync is about, besides those that the inventory or a tariff names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BillingScope {
    /// Models of G.hn endpoints; without any, the vendor's MAC addresses decide.
    pub endpoint_models: BTreeSet<BillingRecordId>,
    /// Partners of Splynx or companies of Sonar; without any, all of them.
    pub groups: BTreeSet<BillingRecordId>,
}

/// The meaning of a tariff to the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TariffMapping {
    /// Not for GAMs.
    Ignored,
    Plan {
        service_plan: ServicePlanId,
        /// The speeds of tariff and service plan are compared.
        as_sold: bool,
    },
}

/// Reference to a device in a billing system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceExternal {
    pub system: BillingName,
    /// Of Splynx's monitoring row, or of Sonar's inventory item.
    pub device: BillingRecordId,
}

impl BillingSystem {
    pub fn kind(&self) -> BillingKind {
        match self.login {
            BillingLogin::Sonar { .. } => BillingKind::Sonar,
            BillingLogin::Splynx { .. } => BillingKind::Splynx,
        }
    }
}

/// Returns the billing systems by name.
///
/// *Assumes* an inventory without errors: a billing system that cannot be read is left out.
pub fn billing_systems(inventory: &Inventory) -> BTreeMap<BillingName, BillingSystem> {
    let systems = inventory.billing().filter_map(complete);
    systems
        .map(|system| (system.name.clone(), system))
        .collect()
}

/// Returns the devices that refer to a billing system, with the reference.
pub fn device_externals(inventory: &Inventory) -> BTreeMap<DeviceName, DeviceExternal> {
    let devices = inventory.devices().filter_map(|object| {
        let DeviceExternalText { system, device, .. } = object.text.external.as_ref()?;
        let external = DeviceExternal {
            system: system.clone()?,
            device: device.clone()?,
        };
        Some((object.id.clone(), external))
    });
    devices.collect()
}

fn complete(object: &BillingObject) -> Option<BillingSystem> {
    let text = &object.text;
    let kind = text.kind?;
    let requests_per_minute = match kind {
        BillingKind::Sonar => REQUESTS_TO_SONAR,
        BillingKind::Splynx => REQUESTS_TO_SPLYNX,
    };
    let tariffs = text.tariffs.iter().flat_map(|tariffs| tariffs.iter());
    Some(BillingSystem {
        name: object.id.clone(),
        address: text.address.clone()?,
        login: login(kind, text.login.as_ref()?)?,
        hook: text.hook.as_ref().map(|SecretReference(name)| name.clone()),
        scope: text.scope.as_ref().map(scope).unwrap_or_default(),
        sites: text
            .sites
            .iter()
            .flat_map(|sites| sites.iter())
            .cloned()
            .collect(),
        states: text
            .states
            .iter()
            .flat_map(|states| states.iter())
            .cloned()
            .collect(),
        time_zone: text.time_zone.map_or(Tz::UTC, |zone| zone.0),
        pre_activate: text.pre_activate.unwrap_or(false),
        kbps_per_mbps: text.kbps_per_mbps.map_or(KBPS_PER_MBPS, |number| number.0),
        full_every: text.full_every.unwrap_or(FULL_EVERY),
        requests_per_minute: text
            .requests_per_minute
            .map_or(requests_per_minute, |number| number.0),
        gone_after_days: text.gone_after_days.map_or(GONE_AFTER_DAYS, |days| days.0),
        place_field: text.place_field.clone(),
        unit_field: text.unit_field.clone(),
        moves: text.moves.unwrap_or(MovePolicy::Propose),
        write_back: text.write_back.iter().flatten().copied().collect(),
        tariffs: tariffs
            .filter_map(|(id, text)| Some((id.clone(), tariff(text)?)))
            .collect(),
    })
}

fn login(kind: BillingKind, text: &BillingLoginText) -> Option<BillingLogin> {
    let name = |reference: &Option<SecretReference>| {
        reference.as_ref().map(|SecretReference(name)| name.clone())
    };
    Some(match kind {
        BillingKind::Sonar => BillingLogin::Sonar {
            token: name(&text.token)?,
        },
        BillingKind::Splynx => BillingLogin::Splynx {
            how: text.how.unwrap_or(SplynxLogin::Token),
            key: name(&text.key)?,
            secret: name(&text.secret)?,
        },
    })
}

fn scope(text: &BillingScopeText) -> BillingScope {
    let groups = text.partners.iter().chain(&text.companies).flatten();
    BillingScope {
        endpoint_models: text.endpoint_models.iter().flatten().cloned().collect(),
        groups: groups.cloned().collect(),
    }
}

fn tariff(text: &TariffText) -> Option<TariffMapping> {
    if text.ignore == Some(true) {
        return Some(TariffMapping::Ignored);
    }
    Some(TariffMapping::Plan {
        service_plan: text.service_plan.clone()?,
        as_sold: text.as_sold.unwrap_or(true),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::record::Fields;
    use crate::inventory::source::Limits;
    use crate::inventory::text::BillingText;
    use crate::inventory::{GOOD_INVENTORY, Reading, read_texts};

    fn reading(billing: &str) -> Reading {
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect();
        texts.insert("billing.toml".into(), billing.into());
        read_texts(&texts, &Limits::default())
    }

    fn only(billing: &str) -> BillingSystem {
        let reading = reading(billing);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
        let mut systems = billing_systems(&reading.inventory);
        assert_eq!(systems.len(), 1);
        systems.pop_first().unwrap().1
    }

    const SONAR: &str = "[billing.sonar]\nkind = \"sonar\"\naddress = \"https://isp.sonar.software/\"\nlogin = { token = { secret = \"sonar-token\" } }\n";
    const SPLYNX: &str = "[billing.splynx]\nkind = \"splynx\"\naddress = \"https://isp.splynx.app\"\nlogin = { key = { secret = \"splynx-key\" }, secret = { secret = \"splynx-secret\" } }\ntime_zone = \"America/Chicago\"\n";

    #[test]
    fn a_short_billing_system_has_careful_defaults() {
        let sonar = only(SONAR);
        assert_eq!(sonar.kind(), BillingKind::Sonar);
        assert_eq!(sonar.address.as_str(), "https://isp.sonar.software");
        assert_eq!(sonar.requests_per_minute, 300);
        assert_eq!(sonar.full_every, Duration::from_hours(6));
        assert_eq!(sonar.gone_after_days, 14);
        assert_eq!(sonar.kbps_per_mbps, 1000);
        assert_eq!(sonar.moves, MovePolicy::Propose);
        assert!(!sonar.pre_activate && sonar.write_back.is_empty() && sonar.hook.is_none());
        assert_eq!(sonar.scope, BillingScope::default());
        let splynx = only(SPLYNX);
        assert_eq!(splynx.requests_per_minute, 120);
        assert_eq!(splynx.time_zone, Tz::America__Chicago);
        let BillingLogin::Splynx { how, key, secret } = splynx.login else {
            panic!("{:?}", splynx.login)
        };
        assert_eq!(how, SplynxLogin::Token);
        assert_eq!(
            (key.as_str(), secret.as_str()),
            ("splynx-key", "splynx-secret")
        );
    }

    #[test]
    fn every_key_of_a_billing_system_is_resolved() {
        let text = "\
            hook = { secret = \"splynx-hook\" }\n\
            scope = { endpoint_models = [\"4\"], partners = [\"1\", \"2\"] }\n\
            sites = { 3 = \"maple-court\" }\n\
            states = { \"active/stopped\" = \"suspended\", \"*/frozen\" = \"gone\" }\n\
            pre_activate = true\n\
            kbps_per_mbps = 1024\n\
            full_every = \"2h\"\n\
            requests_per_minute = 30\n\
            gone_after_days = 30\n\
            place_field = \"wiring\"\n\
            unit_field = \"unit\"\n\
            moves = \"auto\"\n\
            write_back = [\"place\", \"notes\"]\n\
            [billing.splynx.tariff.31]\n\
            service_plan = \"home-100\"\n\
            as_sold = false\n\
            [billing.splynx.tariff.40]\n\
            ignore = true\n";
        let splynx = only(&format!("{SPLYNX}{text}"));
        assert_eq!(
            splynx.hook.as_ref().map(SecretName::as_str),
            Some("splynx-hook")
        );
        assert_eq!(splynx.scope.groups.len(), 2);
        assert_eq!(splynx.scope.endpoint_models.len(), 1);
        assert_eq!(splynx.sites.len(), 1);
        let states: Vec<_> = splynx
            .states
            .iter()
            .map(|(key, word)| (key.as_str(), *word))
            .collect();
        assert_eq!(
            states,
            [
                ("*/frozen", StatusSetting::Gone),
                ("active/stopped", StatusSetting::Suspended)
            ]
        );
        assert!(splynx.pre_activate);
        assert_eq!(splynx.kbps_per_mbps, 1024);
        assert_eq!(splynx.full_every, Duration::from_hours(2));
        assert_eq!(splynx.requests_per_minute, 30);
        assert_eq!(splynx.gone_after_days, 30);
        assert_eq!(
            splynx.place_field.as_ref().map(PlainText::as_str),
            Some("wiring")
        );
        assert_eq!(
            splynx.unit_field.as_ref().map(PlainText::as_str),
            Some("unit")
        );
        assert_eq!(splynx.moves, MovePolicy::Auto);
        assert_eq!(
            splynx.write_back,
            BTreeSet::from([WriteBackFact::Place, WriteBackFact::Notes])
        );
        let tariffs: Vec<_> = splynx.tariffs.into_values().collect();
        let plan = TariffMapping::Plan {
            service_plan: "home-100".parse().unwrap(),
            as_sold: false,
        };
        assert_eq!(tariffs, [plan, TariffMapping::Ignored]);
    }

    #[test]
    fn the_defaults_of_the_reference_are_those_of_the_code() {
        for (system, base) in [("sonar", SONAR), ("splynx", SPLYNX)] {
            for field in BillingText::shape().fields {
                let Some(default) = field.default else {
                    continue;
                };
                let value = match (field.key, system) {
                    ("requests_per_minute", "sonar") => "300",
                    ("requests_per_minute", _) => "120",
                    _ if default.starts_with(|c: char| c.is_ascii_digit())
                        && !default.bytes().all(|byte| byte.is_ascii_digit()) =>
                    {
                        &format!("\"{default}\"")
                    }
                    _ if default.chars().all(char::is_alphabetic)
                        && !["true", "false"].contains(&default) =>
                    {
                        &format!("\"{default}\"")
                    }
                    _ => default,
                };
                let written = format!("{base}{} = {value}\n", field.key);
                assert_eq!(only(&written), only(base), "{written}");
            }
        }
        let requests = BillingText::shape().fields.into_iter();
        let mut requests = requests.filter(|field| field.key == "requests_per_minute");
        let default = requests.next().unwrap().default.unwrap();
        assert!(default.contains(&REQUESTS_TO_SPLYNX.to_string()));
        assert!(default.contains(&REQUESTS_TO_SONAR.to_string()));
    }

    #[test]
    fn one_that_cannot_be_read_does_not_hide_the_others() {
        let reading = reading(&format!("{SONAR}{}", SPLYNX.replace("https://", "http://")));
        let systems = billing_systems(&reading.inventory);
        assert_eq!(
            systems.keys().map(BillingName::as_str).collect::<Vec<_>>(),
            ["sonar"]
        );
        let rules: Vec<&str> = reading.findings.iter().map(|one| one.rule.id).collect();
        assert_eq!(rules, ["bad-billing-address"]);
    }
}
