//! Stores the base of a sync: replaced by compare-and-set, while only the services that changed are written.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::invalid;
use super::parts::{PartKind, put_changed};
use crate::history::document::plain;
use crate::history::error::Fault;
use crate::history::session::{Bind, Lock, Session};
use crate::history::version::{MAC_CLAIMS, SERVICE_BASE, SYNC_BASE};
use crate::history::{Store, StoreError};
use crate::model::billing::BillingName;
use crate::model::{DeviceName, MacAddress, VlanId};
use crate::sync::{EarlierClaim, FewSet, ScopeSizes, ServiceKey, SyncBase};

/// The base as it is stored. It must be handed back unchanged as `before` of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBase {
    /// Counts the changes of the base.
    pub number: u64,
    /// The run that wrote it: a store that was restored from a backup may count to the same number again.
    pub run: Uuid,
    pub commit: String,
    /// Seconds since 1970, by the store's clock.
    pub at: u64,
    pub base: SyncBase,
}

/// A new base in place of an earlier one.
#[derive(Debug, Clone, Copy)]
pub struct BaseChange<'a> {
    /// The base that the run began with; absent: there was none.
    pub before: Option<&'a StoredBase>,
    pub after: &'a SyncBase,
    /// The commit that it belongs to.
    pub commit: &'a str,
}

/// The part of a base that is small, in one document.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    #[serde(default)]
    resting: BTreeMap<DeviceName, BTreeMap<VlanId, u64>>,
    #[serde(default)]
    sizes: Option<ScopeSizes>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Claims {
    claims: FewSet<EarlierClaim>,
}

impl Store {
    /// Returns the base of a system.
    pub async fn sync_base(&self, system: &BillingName) -> Result<Option<StoredBase>, StoreError> {
        self.within("read the base of a sync", || async {
            let mut session = self.read().await?;
            // One statement: on a server, another process may replace the base between two.
            let sql = "select 'head' as kind, '' as name, number, run, inventory_commit, @seconds(at) as seconds, content \
                from billing_base where system = $1 \
                union all select kind, name, null, null, null, null, content from billing_base_part \
                where system = $1 and kind <> 'written' and exists (select 1 from billing_base where system = $1)";
            let rows = session.rows(sql, &[Bind::Text(system.as_str())]).await?;
            let mut stored = None;
            let mut services = BTreeMap::new();
            let mut claims = BTreeMap::new();
            for row in rows {
                let (kind, name, content) = (row.text("kind")?, row.text("name")?, row.document("content")?);
                match kind.as_str() {
                    "head" => {
                        let head: Head = SYNC_BASE.restored(content)?;
                        stored = Some(StoredBase {
                            number: row.count("number")?,
                            run: row.id("run")?,
                            commit: row.text("inventory_commit")?,
                            at: row.count("seconds")?,
                            base: SyncBase {
                                resting: head.resting,
                                sizes: head.sizes,
                                ..SyncBase::default()
                            },
                        });
                    }
                    "claim" => {
                        let mac: MacAddress = name
                            .parse()
                            .map_err(|_| Fault::Broken("an address in it cannot be read".to_owned()))?;
                        let stored: Claims = MAC_CLAIMS.restored(content)?;
                        claims.insert(mac, stored.claims);
                    }
                    _ => {
                        services.insert(service_key(&name)?, SERVICE_BASE.restored(content)?);
                    }
                }
            }
            Ok(stored.map(|stored| StoredBase {
                base: SyncBase { services, claims, ..stored.base },
                ..stored
            }))
        })
        .await
    }

    /// Replaces the base of a system, for a decision of a person; returns whether it was still `before`.
    ///
    /// Asked again with the same `id`, it changes nothing.
    pub async fn replace_sync_base(
        &self,
        system: &BillingName,
        change: &BaseChange<'_>,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        self.within("replace the base of a sync", || async {
            let mut session = self.write().await?;
            let is_replaced = put_base(&mut session, system, change, id).await?;
            session.commit().await?;
            Ok(is_replaced)
        })
        .await
    }
}

/// Reads the name of a service, as `1042/7001`.
pub(super) fn service_key(name: &str) -> Result<ServiceKey, Fault> {
    ServiceKey::try_from(CompactString::from(name))
        .map_err(|error| Fault::Broken(format!("a service in it cannot be read: {error}")))
}

/// Reads the name of a system.
pub(super) fn system_name(name: &str) -> Result<BillingName, Fault> {
    BillingName::new(name).map_err(|error| invalid(&error))
}

/// Replaces a base within a transaction; returns false, and changes nothing, if it is not the one before.
pub(super) async fn put_base(
    session: &mut Session,
    system: &BillingName,
    change: &BaseChange<'_>,
    run: Uuid,
) -> Result<bool, Fault> {
    session.alone(&Lock::Billing(system)).await?;
    let sql = "select number, run from billing_base where system = $1";
    let row = session.row(sql, &[Bind::Text(system.as_str())]).await?;
    let stored = match row {
        Some(row) => Some((row.count("number")?, row.id("run")?)),
        None => None,
    };
    if stored.is_some_and(|(_, by)| by == run) {
        // It was asked already, and the answer was lost.
        return Ok(true);
    }
    if stored != change.before.map(|before| (before.number, before.run)) {
        return Ok(false);
    }
    let none = SyncBase::default();
    let before = change.before.map_or(&none, |before| &before.base);
    let SyncBase {
        services,
        claims,
        resting,
        sizes,
    } = change.after;
    let head = Head {
        resting: resting.clone(),
        sizes: sizes.clone(),
    };
    let commit = plain(change.commit);
    let number = stored.map_or(0, |(number, _)| number).saturating_add(1);
    let sql = "insert into billing_base (system, number, run, inventory_commit, at, content) \
        values ($1, $2, $3, $4, @now, $5) on conflict (system) do update set number = excluded.number, run = excluded.run, \
        inventory_commit = excluded.inventory_commit, at = excluded.at, content = excluded.content";
    let binds = [
        Bind::Text(system.as_str()),
        Bind::Number(i64::try_from(number).unwrap_or(i64::MAX)),
        Bind::Id(run),
        Bind::Text(&commit),
        Bind::Document(SYNC_BASE.stored(&head)?),
    ];
    session.execute(sql, &binds).await?;
    let changed = (&before.services, services);
    put_changed(session, system, PartKind::Service, changed, |service| {
        SERVICE_BASE.stored(service)
    })
    .await?;
    let changed = (&before.claims, claims);
    put_changed(session, system, PartKind::Claim, changed, |claims| {
        let claims = claims.clone();
        MAC_CLAIMS.stored(&Claims { claims })
    })
    .await?;
    Ok(true)
}
