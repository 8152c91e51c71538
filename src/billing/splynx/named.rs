//! Lists what has a name and no counts: partners, locations, access devices and products.

use std::collections::BTreeSet;

use compact_str::{CompactString, format_compact};

use super::super::error::{BillingError, BillingProblem};
use super::super::json::ShapeError;
use super::super::limiter::Priority;
use super::client::{Call, SplynxClient};
use super::endpoint::{Endpoint, LOCATIONS, MONITORING, PARTNERS, PRODUCTS};
use super::page::read_page;
use super::query::Query;
use super::row::{NamedRow, read_named};
use crate::model::billing::{Collection, Gap, GapReason};

impl SplynxClient {
    /// Returns a gap if a partner of the settings is invisible: its records would be missing without an error.
    pub(super) async fn partner_gap(&self) -> Result<Option<Gap>, BillingError> {
        let is_hidden = !self.hidden_partners().await?.is_empty();
        Ok(is_hidden.then_some(Gap {
            collection: Collection::Accounts,
            reason: GapReason::NotPermitted,
        }))
    }

    /// Returns the partners of the settings that the key may not see.
    pub(super) async fn hidden_partners(&self) -> Result<Vec<CompactString>, BillingError> {
        let wanted = &self.settings.partners;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        Ok(missing(wanted, &self.partners().await?))
    }

    /// Returns the models of the settings that are no products.
    pub(super) async fn unknown_products(&self) -> Result<Vec<CompactString>, BillingError> {
        let wanted = &self.settings.endpoint_models;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        Ok(missing(wanted, &self.products().await?))
    }

    /// Lists the partners that the key may see.
    pub async fn partners(&self) -> Result<Vec<NamedRow>, BillingError> {
        self.named(PARTNERS).await
    }

    /// Lists the locations, for the mapping of `sites`.
    pub async fn locations(&self) -> Result<Vec<NamedRow>, BillingError> {
        self.named(LOCATIONS).await
    }

    /// Lists the access devices, for `device.ID.external`.
    pub async fn access_devices(&self) -> Result<Vec<NamedRow>, BillingError> {
        self.named(MONITORING).await
    }

    /// Lists the products of the inventory, for `scope.endpoint_models`.
    pub async fn products(&self) -> Result<Vec<NamedRow>, BillingError> {
        self.named(PRODUCTS).await
    }

    async fn named(&self, endpoint: Endpoint) -> Result<Vec<NamedRow>, BillingError> {
        let call = Call::list(endpoint, Query::default(), Priority::FullRead);
        let page = self.call(&call, |answer| {
            let page = read_page(answer, endpoint, Collection::Accounts, read_named)?;
            match page.unreadable.is_empty() {
                true => Ok(page.rows),
                false => Err(BillingProblem::Shape(ShapeError {
                    path: "id".into(),
                    expected: "an id in each record",
                    came: format_compact!("{} without", page.unreadable.len()),
                })),
            }
        });
        page.await
    }
}

fn missing(wanted: &BTreeSet<CompactString>, rows: &[NamedRow]) -> Vec<CompactString> {
    let is_missing = |id: &&CompactString| !rows.iter().any(|row| row.id == **id);
    wanted.iter().filter(is_missing).cloned().collect()
}
