//! Fills the tables that customers refer to: statuses, services, models of equipment, storage.

use super::cell::Cell;
use super::customer::Create;

/// The user that the token belongs to.
pub(crate) const USER: u64 = 1;
pub(crate) const COMPANIES: [u64; 2] = [1, 2];
pub(crate) const LEAD: u64 = 1;
pub(crate) const ACTIVE: u64 = 2;
pub(crate) const INACTIVE: u64 = 3;
/// A status that the ISP made: paused for a season.
pub(crate) const PAUSED: u64 = 4;
pub(crate) const STOREROOM: u64 = 1;

pub(crate) const ENDPOINT_MODEL: u64 = 14;
pub(super) const ROUTER_MODEL: u64 = 15;
pub(super) const MULTIPLEXER_MODEL: u64 = 16;
/// The first field of the first model; each model has two.
pub(super) const FIRST_FIELD: u64 = 40;

/// Name, and its fields: name, type, whether it is the primary one.
type ModelRow = (&'static str, [(&'static str, &'static str, bool); 2]);

/// The field of the router that has `MAC` in its name is not the one that has the MAC address.
const MODELS: &[ModelRow] = &[
    (
        "G.hn endpoint",
        [("MAC", "MAC_ADDRESS", true), ("Serial", "TEXT", false)],
    ),
    (
        "Wi-Fi router",
        [("MAC label", "TEXT", false), ("WAN", "MAC_ADDRESS", true)],
    ),
    (
        "Access multiplexer",
        [
            ("Serial", "TEXT", true),
            ("Management", "MAC_ADDRESS", false),
        ],
    ),
];

/// Name, type, price in cents, enabled, and speeds in kbit/s; the first has the id 31.
type ServiceRow = (&'static str, &'static str, i64, bool, Option<(i64, i64)>);

pub(super) const FIRST_SERVICE: u64 = 31;
const SERVICES: &[ServiceRow] = &[
    ("Home 500", "DATA", 5900, true, Some((500_000, 250_000))),
    ("Home 100", "DATA", 3900, true, Some((100_000, 50_000))),
    ("Home 1000", "DATA", 7900, true, Some((1_000_000, 500_000))),
    ("Business 250", "DATA", 9900, true, Some((250_000, 250_000))),
    ("Home 50", "DATA", 2900, false, Some((50_000, 10_000))),
    ("Television", "RECURRING", 1900, true, None),
    ("Installation", "ONETIME", 9900, true, None),
];
pub(super) const TELEVISION: u64 = 36;
/// Services that customers have.
pub(super) const SOLD: u64 = 5;

/// The free storage on a service that this ISP has defined.
const METADATA: &[&str] = &["gam_place", "gam_vlan", "gam_state"];
pub(super) const FIRST_METADATA: u64 = 3;

/// Adds everything.
pub(super) fn add_lookup_tables(to: &mut impl Create) {
    add_statuses(to);
    add_services(to);
    add_equipment(to);
}

fn add_statuses(to: &mut impl Create) {
    for (name, activates) in [
        ("Lead", false),
        ("Active", true),
        ("Inactive", false),
        ("Seasonal pause", false),
    ] {
        to.create(
            "AccountStatus",
            &[
                ("name", Cell::text(name)),
                ("activates_account", Cell::Bool(activates)),
                ("color", Cell::text("#3366AA")),
                ("icon", Cell::text("circle")),
            ],
        );
    }
    for name in ["Residential", "Business"] {
        to.create(
            "AccountType",
            &[
                ("name", Cell::text(name)),
                ("color", Cell::text("#33AA66")),
                ("icon", Cell::text("home")),
            ],
        );
        to.create("AccountGroup", &[("name", Cell::text(name))]);
    }
    for name in ["Example Fiber", "Example Wireless"] {
        to.create(
            "Company",
            &[("name", Cell::text(name)), ("enabled", Cell::Bool(true))],
        );
    }
    to.create(
        "User",
        &[
            ("name", Cell::text("gamctl")),
            ("username", Cell::text("gamctl")),
            ("super_admin", Cell::Bool(false)),
            ("role_id", Cell::id(2)),
        ],
    );
    to.create(
        "CustomField",
        &[
            ("name", Cell::text("Riser and port")),
            ("type", Cell::text("TEXT")),
            ("entity_type", Cell::text("Address")),
            ("required", Cell::Bool(false)),
            ("unique", Cell::Bool(false)),
        ],
    );
}

fn add_services(to: &mut impl Create) {
    for (name, kind, amount, enabled, speeds) in SERVICES {
        let service = to.create(
            "Service",
            &[
                ("name", Cell::text(name)),
                ("type", Cell::text(kind)),
                ("application", Cell::text("DEBIT")),
                ("enabled", Cell::Bool(*enabled)),
                ("amount", Cell::Number(*amount)),
            ],
        );
        let Some((down, up)) = speeds else {
            continue;
        };
        to.create(
            "DataServiceDetail",
            &[
                ("service_id", Cell::id(service)),
                ("download_speed_kilobits_per_second", Cell::Number(*down)),
                ("upload_speed_kilobits_per_second", Cell::Number(*up)),
                ("technology_code", Cell::Number(10)),
                ("billing_frequency", Cell::Number(1)),
            ],
        );
        for name in METADATA.iter().filter(|_| *enabled) {
            to.create(
                "ServiceMetadata",
                &[
                    ("service_id", Cell::id(service)),
                    ("name", Cell::text(name)),
                ],
            );
        }
    }
}

fn add_equipment(to: &mut impl Create) {
    to.create("InventoryLocation", &[("name", Cell::text("Storeroom"))]);
    to.create("Vehicle", &[("name", Cell::text("Van 1"))]);
    for (name, fields) in MODELS {
        let model = to.create(
            "InventoryModel",
            &[
                ("name", Cell::text(name)),
                ("model_name", Cell::text(name)),
                ("device_type", Cell::text("OTHER")),
                ("generic", Cell::Bool(false)),
                ("enabled", Cell::Bool(true)),
            ],
        );
        for (name, kind, primary) in fields {
            to.create(
                "InventoryModelField",
                &[
                    ("inventory_model_id", Cell::id(model)),
                    ("name", Cell::text(name)),
                    ("primary", Cell::Bool(*primary)),
                    ("required", Cell::Bool(*primary)),
                    ("unique", Cell::text("NONE")),
                    ("type", Cell::text(kind)),
                ],
            );
        }
    }
}
