//! Chooses the billing systems that a command is about, and opens the client of one.

use std::collections::BTreeMap;

use anyhow::{Context, bail};

use crate::cli::clock;
use crate::cli::invocation::Selected;
use crate::cli::scope::did_you_mean;
use crate::cli::store_client::StoreClient;
use crate::inventory::{BillingSystem, Inventory, billing_systems, nearest};
use crate::model::billing::BillingName;
use crate::reconcile::sync::BillingClient;
use crate::report::visible;
use crate::secrets::Secrets;

type Systems = BTreeMap<BillingName, BillingSystem>;

/// Returns the billing systems with these names; without names, all.
pub(super) fn chosen(inventory: &Inventory, names: &[String]) -> anyhow::Result<Systems> {
    let mut all = billing_systems(inventory);
    if all.is_empty() {
        bail!(
            "the inventory has no billing system; describe one as `[billing.NAME]` in billing.toml"
        );
    }
    for name in names {
        if !all.contains_key(name.as_str()) {
            let known = all.keys().map(BillingName::as_str);
            let hint = did_you_mean(nearest(name, known));
            bail!("there is no billing system `{}`{hint}", visible(name));
        }
    }
    if !names.is_empty() {
        all.retain(|name, _| names.iter().any(|known| known == name.as_str()));
    }
    Ok(all)
}

/// Returns the only billing system, or the one that is named.
pub(super) fn only(inventory: &Inventory, name: Option<&String>) -> anyhow::Result<BillingSystem> {
    let names: Vec<String> = name.into_iter().cloned().collect();
    let mut systems = chosen(inventory, &names)?;
    if systems.len() > 1 {
        let names: Vec<&str> = systems.keys().map(BillingName::as_str).collect();
        bail!("name one of the billing systems: {}", names.join(", "));
    }
    let (_, system) = systems.pop_first().context("there is no billing system")?;
    Ok(system)
}

/// Opens the client of a billing system with the secrets of the settings.
pub(super) fn client(
    system: &BillingSystem,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
) -> anyhow::Result<BillingClient> {
    let secrets = Secrets::of(selected.settings.secrets.clone());
    BillingClient::open(system, &secrets, store.store(), clock::seconds)
        .with_context(|| format!("cannot use billing system {}", system.name))
}
