//! Declares `billing.toml`: the billing systems, and the settings of the sync with each.

use std::time::Duration;

use super::billing_value::StatusKey;
use super::credentials::SecretReference;
use super::window::Zone;
use crate::inventory::record::{Named, number_field, record, words};
use crate::model::billing::{BillingAddress, BillingRecordId, LocationId, TariffId};
use crate::model::{PlainText, SecretName, ServicePlanId, SiteName};

record! {
    /// A billing system that gamctl keeps the inventory in step with.
    BillingText {
        /// The product.
        "kind" => kind: BillingKind, required;
        /// Its address, with https; a twin on this host may have http.
        "address" => address: BillingAddress, required;
        /// The login of gamctl: `key` and `secret` for Splynx, `token` for Sonar.
        "login" => login: BillingLoginText, required;
        /// The secret in the address of its webhooks, and of Splynx's signatures; without it, webhooks are refused.
        "hook" => hook: SecretReference, optional;
        /// The services that the sync is about, besides those that the inventory or a tariff names.
        "scope" => scope: BillingScopeText, optional;
        /// The inventory's sites by the ids of locations, network sites and anchor addresses.
        "sites" => sites: Named<LocationId, SiteName>, optional;
        /// Service states that replace built-in ones: for Splynx by the status of customer and service, such as `active/stopped` or `*/stopped`, for Sonar by the id of an account status, and `delinquent`.
        "states" => states: Named<StatusKey, StatusSetting>, optional;
        /// The time zone of its times, by the IANA name; Splynx needs it.
        "time_zone" => time_zone: Zone, optional;
        /// Whether an endpoint that is heard is activated before the service starts.
        "pre_activate" => pre_activate: bool, default "false";
        /// The number of kbit/s that its tariffs have for one Mbps.
        "kbps_per_mbps" => kbps_per_mbps: KbpsPerMbps, default "1000";
        /// Time between complete reads.
        "full_every" => full_every: Duration, default "6h";
        /// The most requests in a minute.
        "requests_per_minute" => requests_per_minute: RequestsPerMinute, default "120 for Splynx, 300 for Sonar";
        /// Days of complete reads without a service until its subscriber is removed; it is suspended at once.
        "gone_after_days" => gone_after_days: GoneAfterDays, default "14";
        /// The field in which billing plans the place of a service, as `device/port`.
        "place_field" => place_field: PlainText, optional;
        /// The field from which new subscribers get their description, such as the number of the unit.
        "unit_field" => unit_field: PlainText, optional;
        /// Treatment of an endpoint that is heard on another port of its site: propose the move, or make it.
        "moves" => moves: MovePolicy, default "propose";
        /// Facts that gamctl writes back into the billing system.
        "write_back" => write_back: Vec<WriteBackFact>, default "[]";
        /// Its tariffs by id.
        "tariff" => tariffs: Named<TariffId, TariffText>, optional;
    }
}

record! {
    /// The login of gamctl; every secret is a name, its value is kept elsewhere.
    BillingLoginText {
        /// For Splynx: a token that is renewed, a signature for each request, or the key itself with each request.
        "how" => how: SplynxLogin, default "token";
        /// For Splynx: the API key.
        "key" => key: SecretReference, optional;
        /// For Splynx: the secret of the API key.
        "secret" => secret: SecretReference, optional;
        /// For Sonar: the personal access token.
        "token" => token: SecretReference, optional;
    }
}

record! {
    /// The services that the sync is about, besides those that the inventory or a tariff names.
    BillingScopeText {
        /// Ids of the inventory models or products that are G.hn endpoints.
        "endpoint_models" => endpoint_models: Vec<BillingRecordId>, default "known by MAC address";
        /// For Splynx: ids of the partners whose accounts are read.
        "partners" => partners: Vec<BillingRecordId>, default "all of them";
        /// For Sonar: ids of the companies whose accounts are read.
        "companies" => companies: Vec<BillingRecordId>, default "all of them";
    }
}

record! {
    /// The service plan of a tariff.
    TariffText {
        /// The service plan that subscribers of the tariff get.
        "service_plan" => service_plan: ServicePlanId, optional;
        /// Whether the speed of the tariff must be that of the service plan.
        "as_sold" => as_sold: bool, default "true";
        /// The tariff is not for GAMs: its services are out of scope.
        "ignore" => ignore: bool, default "false";
    }
}

words! {
    /// A product for billing.
    BillingKind { Sonar = "sonar", Splynx = "splynx" }
    /// A login to Splynx.
    SplynxLogin {
        /// A token, renewed before it expires.
        Token = "token",
        /// A signature for each request.
        Signature = "signature",
        /// Key and secret with each request.
        Basic = "basic",
    }
    /// The service state that a status in billing is mapped to.
    StatusSetting {
        Served = "served",
        Suspended = "suspended",
        Pending = "pending",
        Gone = "gone",
    }
    /// Treatment of an endpoint that is heard on another port.
    MovePolicy {
        /// It is listed for a person.
        Propose = "propose",
        /// The subscriber follows it.
        Auto = "auto",
    }
    /// A fact that gamctl writes back into a billing system.
    WriteBackFact {
        /// Device, port, VLAN and state as last verified, in fields of gamctl's own.
        Place = "place",
        /// A note when a subscriber was activated, swapped or moved.
        Notes = "notes",
        /// A ticket for what needs a person.
        Tickets = "tickets",
        /// For Sonar: the health of the item.
        Health = "health",
    }
}

/// The kbit/s of one Mbps in a billing system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KbpsPerMbps(pub u32);

/// The most requests in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestsPerMinute(pub u32);

/// Days of complete reads until a subscriber is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneAfterDays(pub u32);

number_field!(
    KbpsPerMbps,
    "kbit/s of one Mbps",
    1000,
    1024,
    |number| Some(KbpsPerMbps(number))
);
// Sonar refuses more than 400 in a minute.
number_field!(
    RequestsPerMinute,
    "requests in a minute",
    1,
    400,
    |number| Some(RequestsPerMinute(number))
);
number_field!(GoneAfterDays, "a number of days", 1, 365, |number| Some(
    GoneAfterDays(number)
));

impl BillingText {
    /// Returns the names of the secrets that the sync with this billing system needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let login = self.login.as_ref();
        let all = [
            login.and_then(|login| login.key.as_ref()),
            login.and_then(|login| login.secret.as_ref()),
            login.and_then(|login| login.token.as_ref()),
            self.hook.as_ref(),
        ];
        all.into_iter().flatten().map(|SecretReference(name)| name)
    }
}
