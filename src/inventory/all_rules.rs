//! Lists every rule of validation, with the small inventory that surrounds their examples.

use crate::model::{ExampleFile, Rule};

/// A small inventory without a finding; the examples of the rules are added to it.
pub const GOOD_INVENTORY: &[ExampleFile] = &[
    ("network.toml", "schema = 1\n"),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 100\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n",
    ),
    (
        "devices/maple.toml",
        "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n",
    ),
    (
        "subscribers/maple.toml",
        "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\n",
    ),
];

/// Returns every rule that validation knows.
pub fn all_rules() -> Vec<&'static Rule> {
    let own = [
        super::source::rules(),
        super::parse::RULES,
        super::raw_text::RULES,
        super::record::RULES,
        super::text::CREDENTIALS_RULES,
        super::compare::RULES,
        super::hold_over::RULES,
        super::billing_lane::RULES,
    ];
    own.into_iter()
        .chain(super::check::RULE_SETS.iter().copied())
        .flatten()
        .copied()
        .collect()
}
