//! Warns of secrets in files that every user of this machine can read.

use std::collections::BTreeSet;

use super::terminal::Terminal;
use crate::inventory::Inventory;
use crate::model::SecretName;
use crate::report::{counted, listed};
use crate::secrets::Secrets;

/// Warns once for all secrets of the inventory.
pub(super) fn warn_of_exposed(inventory: &Inventory, secrets: &Secrets, terminal: &Terminal) {
    let names: BTreeSet<&SecretName> = inventory.secret_uses().map(|(name, _)| name).collect();
    let exposed: Vec<String> = names
        .into_iter()
        .filter_map(|name| secrets.exposed(name))
        .map(|path| path.display().to_string())
        .collect();
    if !exposed.is_empty() {
        terminal.say(&format!(
            "warning: every user of this machine can read {}: {}; run `chmod o-r` on them.",
            counted(exposed.len(), "secret"),
            listed(&exposed)
        ));
    }
}
