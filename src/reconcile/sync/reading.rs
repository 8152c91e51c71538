//! Reads a billing system again and again: everything, the changes since then, and the accounts of webhooks.

use std::collections::{BTreeMap, BTreeSet};

use super::client::BillingClient;
use crate::billing::sonar::{DeltaCoverage, DeltaCursor, SonarChanges, SonarHint, SonarLookups};
use crate::billing::splynx::SplynxCursor;
use crate::billing::{BillingError, Priority};
use crate::model::billing::{AccountId, EquipmentId, ServiceId, Snapshot};

/// The seconds by which the clock of a Sonar instance may differ: an hour that summer time moves.
const CLOCKS_DIFFER: u64 = 3600;

/// Up to which point the changes of a billing system are known.
#[derive(Debug)]
pub enum SyncCursor {
    Sonar(Box<SonarCursor>),
    Splynx(SplynxCursor),
}

/// The point of Sonar, with what the account of a changed record is found by.
#[derive(Debug)]
pub struct SonarCursor {
    cursor: DeltaCursor,
    lookups: SonarLookups,
    owners: KnownOwners,
}

/// The accounts of services and items, as they were read last. A deleted record does not name its account any more.
#[derive(Debug, Default)]
struct KnownOwners {
    services: BTreeMap<ServiceId, AccountId>,
    equipment: BTreeMap<EquipmentId, AccountId>,
}

/// A reading of everything, and where the next delta begins.
#[derive(Debug)]
pub struct FullReading {
    pub snapshot: Snapshot,
    pub cursor: SyncCursor,
}

/// The accounts that changed since a cursor, which moved on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ChangedAccounts {
    pub accounts: BTreeSet<AccountId>,
    /// Something may have changed that only a reading of everything finds.
    pub needs_everything: bool,
}

/// A webhook, as far as it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillingHint {
    Account(AccountId),
    /// Objects of Sonar, whose account has to be asked for.
    Objects(SonarHint),
}

impl KnownOwners {
    fn add(&mut self, snapshot: &Snapshot) {
        for service in &snapshot.services {
            self.services
                .insert(service.service.clone(), service.account.clone());
        }
        for item in &snapshot.equipment {
            if let Some(account) = item.place.account() {
                self.equipment.insert(item.id.clone(), account.clone());
            }
        }
    }

    fn accounts_of(&self, changes: &SonarChanges) -> BTreeSet<AccountId> {
        let services = changes.services.iter();
        let services = services.filter_map(|id| self.services.get(id));
        let equipment = changes.equipment.iter();
        let equipment = equipment.filter_map(|id| self.equipment.get(id));
        let all = changes.accounts.iter().chain(services).chain(equipment);
        all.cloned().collect()
    }
}

impl BillingClient {
    /// Reads everything; `now` is in seconds since 1970.
    pub async fn read_everything(&self, now: u64) -> Result<FullReading, BillingError> {
        match self {
            Self::Sonar(client) => {
                let (snapshot, lookups) = client.read_everything(now).await?;
                let mut owners = KnownOwners::default();
                owners.add(&snapshot);
                let cursor = SonarCursor {
                    cursor: DeltaCursor::start(now, CLOCKS_DIFFER),
                    lookups,
                    owners,
                };
                Ok(FullReading {
                    snapshot,
                    cursor: SyncCursor::Sonar(Box::new(cursor)),
                })
            }
            Self::Splynx(client) => {
                let reading = client.read_everything().await?;
                Ok(FullReading {
                    snapshot: reading.snapshot,
                    cursor: SyncCursor::Splynx(reading.cursor),
                })
            }
        }
    }

    /// Finds the accounts that changed, and moves the cursor on. An error leaves it as it is.
    ///
    /// The accounts have to be read before the next delta: the cursor does not report them again.
    pub async fn changed_accounts(
        &self,
        cursor: &mut SyncCursor,
    ) -> Result<ChangedAccounts, BillingError> {
        match (self, cursor) {
            (Self::Sonar(client), SyncCursor::Sonar(known)) => {
                let delta = client.read_delta(&known.cursor, Priority::Delta).await?;
                if delta.changes.tariffs_changed {
                    known.lookups = client.read_lookups(Priority::Delta).await?;
                }
                let changed = ChangedAccounts {
                    accounts: known.owners.accounts_of(&delta.changes),
                    needs_everything: delta.coverage == DeltaCoverage::TooMuch
                        || delta.changes.tariffs_changed,
                };
                known.cursor = delta.next;
                Ok(changed)
            }
            (Self::Splynx(client), SyncCursor::Splynx(known)) => {
                let changes = client.read_changes(known).await?;
                *known = changes.cursor;
                Ok(ChangedAccounts {
                    accounts: changes.accounts,
                    needs_everything: !changes.lost.is_empty(),
                })
            }
            // A cursor of the kind that the system had before: its address or kind was edited.
            _ => Ok(ChangedAccounts {
                accounts: BTreeSet::new(),
                needs_everything: true,
            }),
        }
    }

    /// Reads some accounts with the small tables of the last reading of everything.
    pub async fn read_accounts(
        &self,
        accounts: &BTreeSet<AccountId>,
        cursor: &mut SyncCursor,
        priority: Priority,
        now: u64,
    ) -> Result<Snapshot, BillingError> {
        match (self, cursor) {
            (Self::Sonar(client), SyncCursor::Sonar(known)) => {
                let read = client.read_accounts(accounts, &known.lookups, priority, now);
                let snapshot = read.await?;
                known.owners.add(&snapshot);
                Ok(snapshot)
            }
            (Self::Sonar(client), SyncCursor::Splynx(_)) => {
                let lookups = client.read_lookups(priority).await?;
                client
                    .read_accounts(accounts, &lookups, priority, now)
                    .await
            }
            (Self::Splynx(client), SyncCursor::Splynx(known)) => {
                client.read_changed(accounts, known, priority).await
            }
            (Self::Splynx(client), SyncCursor::Sonar(_)) => {
                client.read_accounts(accounts, priority).await
            }
        }
    }

    /// Returns the accounts that webhooks are about.
    pub async fn accounts_of_hints(
        &self,
        hints: &[BillingHint],
        cursor: &SyncCursor,
    ) -> Result<BTreeSet<AccountId>, BillingError> {
        let mut accounts = BTreeSet::new();
        let mut objects = Vec::new();
        for hint in hints {
            match hint {
                BillingHint::Account(account) => drop(accounts.insert(account.clone())),
                BillingHint::Objects(hint) => objects.push(hint.clone()),
            }
        }
        if let (Self::Sonar(client), SyncCursor::Sonar(known)) = (self, cursor)
            && !objects.is_empty()
        {
            let changes = client.read_hints(&objects, Priority::Hint).await?;
            accounts.extend(known.owners.accounts_of(&changes));
        }
        Ok(accounts)
    }

    /// Returns how long every request has failed.
    pub fn failing_for(&self) -> Option<std::time::Duration> {
        match self {
            Self::Sonar(client) => client.channel().failing_for(),
            Self::Splynx(client) => client.failing_for(),
        }
    }
}
