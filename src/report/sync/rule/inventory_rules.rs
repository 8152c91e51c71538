//! Names the findings of the inventory that are about billing; findings.md explains them.

/// The ids of the findings.
pub(super) const FINDINGS: &[&str] = &[
    "bad-billing-address",
    "billing-keys",
    "device-external-twice",
    "external-incomplete",
    "external-twice",
    "hold-over",
    "lane-left",
    "reserved-lane",
    "tariff-plan-unknown",
    "unknown-billing-system",
];
