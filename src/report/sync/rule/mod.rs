//! Explains every class and rule of the sync, for docs/billing-rules.md.
//!
//! `record_rules`, `place_rules`, `decision_rules` and `gate_rules` are the table, `class` explains the classes, and
//! `inventory_rules` names the findings of the inventory about billing. Sentences and next steps of the examples are those
//! that a sync prints.

mod class;
mod decision_rules;
mod gate_rules;
mod inventory_rules;
mod place_rules;
mod record_rules;
mod reference;
mod sync_rule;

pub use reference::{sync_rule_reference, sync_rules};
pub use sync_rule::{RuleFacts, SyncRule};
