//! Every rule, and how one is declared: its id, severity and examples stand beside the code that finds it.

use crate::model::{ExampleFile, Rule};

/// A small inventory without a finding, around which the examples of the rules stand.
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
    ];
    own.into_iter()
        .chain(super::check::RULE_SETS.iter().copied())
        .flatten()
        .copied()
        .collect()
}

/// Declares rules as statics, and `RULES` with all of them.
///
/// The doc comment is the rule's "why" in the reference. An example file called `$` is a shell script
/// that runs in a git work tree holding the small good inventory, for what a text cannot show.
macro_rules! rules {
    ($(
        $(#[doc = $why:literal])+
        $name:ident = $id:literal, $severity:ident, $summary:literal,
        wrong: [$(($wrong_path:literal, $wrong_text:literal)),* $(,)?],
        right: [$(($right_path:literal, $right_text:literal)),* $(,)?];
    )*) => {
        $(
            $(#[doc = $why])+
            pub(in crate::inventory) static $name: $crate::model::Rule = $crate::model::Rule {
                id: $id,
                severity: $crate::model::Severity::$severity,
                summary: $summary,
                why: concat!($($why),+),
                wrong: &[$(($wrong_path, $wrong_text)),*],
                right: &[$(($right_path, $right_text)),*],
            };
        )*

        /// Every rule of this file.
        pub(in crate::inventory) static RULES: &[&$crate::model::Rule] = &[$(&$name),*];
    };
}
pub(in crate::inventory) use rules;
