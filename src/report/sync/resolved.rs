//! Describes the decision about a contested subscriber: the side that is taken, and for which keys.

use serde::Serialize;

use super::description::ListedLine;

/// The side of a contested subscriber that a person takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TakenSide {
    /// The next run commits billing's values.
    Billing,
    /// A hold keeps the values of the inventory.
    Inventory,
}

/// The decision about a contested subscriber.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ResolvedReport {
    pub system: String,
    pub subscriber: String,
    /// Account and service in billing, as `1042/7001`.
    pub service: String,
    pub take: TakenSide,
    /// The keys that are decided; empty: whether there is a subscriber at all.
    pub keys: Vec<&'static str>,
    /// The differences that were contested.
    pub contested: Vec<ListedLine>,
    /// The last day of the hold; null: there is none.
    pub until: Option<String>,
    /// Files that the hold alters.
    pub files: Vec<String>,
    /// Null: nothing was committed.
    pub commit: Option<String>,
}
