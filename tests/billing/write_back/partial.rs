//! Tests write-back after a reading of some accounts, and under a lease that another process took.

use std::collections::BTreeSet;

use gamctl::history::{OutboxRow, Store, WriteState};
use gamctl::inventory::{BillingSystem, Reading, billing_systems};
use gamctl::model::billing::AccountId;
use gamctl::reconcile::sync::{
    BillingClient, ReadScope, SyncLease, WriteBackError, WriteBackLimits, WriteBackRequest,
    write_back_system,
};
use gamctl::report::sync::WriteBackReport;
use gamctl::secrets::{SecretSources, Secrets};

use super::office::Office;
use crate::billing::product::{Product, now};

/// What a service has open while it writes back.
struct Open<'o> {
    office: &'o Office,
    store: Store,
    reading: Reading,
    system: BillingSystem,
    client: BillingClient,
}

impl<'o> Open<'o> {
    fn of(office: &'o Office) -> Self {
        let store = office.site.store();
        let reading = office.site.world.reading_of("HEAD");
        let system = billing_systems(&reading.inventory).into_values().next();
        let system = system.unwrap();
        let secrets = Secrets::of(SecretSources {
            directory: Some(office.site.secrets()),
            ..SecretSources::default()
        });
        let client = BillingClient::open(&system, &secrets, &store, now).unwrap();
        Self {
            office,
            store,
            reading,
            system,
            client,
        }
    }

    fn lease(&self) -> SyncLease {
        let lease = SyncLease::take(&self.store, &self.system.name, SyncLease::EXTENDED);
        let lease = self.office.site.runtime.block_on(lease).unwrap();
        lease.expect("no other process has it")
    }

    /// Writes back after a reading of one account, at most so many writes.
    fn write_back(
        &self,
        account: u64,
        lease: &SyncLease,
        most_writes: u32,
    ) -> Result<WriteBackReport, WriteBackError> {
        let account = AccountId::new(&account.to_string()).unwrap();
        let scope = ReadScope::Accounts(BTreeSet::from([account]));
        self.office.site.runtime.block_on(async {
            let snapshot = self.client.read(&scope, now()).await.unwrap();
            let request = WriteBackRequest {
                store: &self.store,
                client: &self.client,
                inventory: &self.reading.inventory,
                system: &self.system,
                snapshot: &snapshot,
                now: now(),
            };
            let limits = WriteBackLimits {
                most_writes,
                ..WriteBackLimits::default()
            };
            write_back_system(request, lease, limits).await
        })
    }

    /// Returns the accounts whose write is in this state.
    fn accounts(&self, state: WriteState) -> Vec<u64> {
        let rows = self
            .store
            .billing_writes(&self.system.name, Some(state), 100);
        let rows = self.office.site.runtime.block_on(rows).unwrap();
        let account = |row: &OutboxRow| {
            let mut accounts = self.office.customers.iter().map(|one| one.account);
            accounts.find(|account| row.write.key().contains(&format!("{account}/")))
        };
        rows.iter().filter_map(account).collect()
    }
}

#[test]
fn a_reading_of_one_account_decides_nothing_about_writes_to_others() {
    for product in Product::BOTH {
        let office = Office::new(product, 3, "\"place\"");
        office.site.apply().exits(0);
        office.dies_at("write-back-sent");
        office.time_passes();
        let open = Open::of(&office);
        let (sent, queued) = (
            open.accounts(WriteState::Sent),
            open.accounts(WriteState::Queued),
        );
        assert_eq!((sent.len(), queued.len()), (1, 2), "{product:?}");
        let lease = open.lease();
        open.write_back(queued[1], &lease, 0).unwrap();
        assert_eq!(open.accounts(WriteState::Sent), sent, "{product:?}");
        assert_eq!(open.accounts(WriteState::Queued), queued, "{product:?}");
        // A reading of the account itself decides about it.
        open.write_back(sent[0], &lease, 10).unwrap();
        assert_eq!(open.accounts(WriteState::Proved).len(), 3, "{product:?}");
        assert_eq!(office.new_count(), 3, "{product:?}");
    }
}

#[test]
fn nothing_is_written_once_another_process_has_the_lease() {
    let office = Office::new(Product::Splynx, 1, "\"place\"");
    office.site.apply().exits(0);
    let open = Open::of(&office);
    let lease = open.lease();
    office.execute("update leader set until = 0");
    let other = open.lease();
    let account = office.customers[0].account;
    let ended = open.write_back(account, &lease, 10);
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(office.new_count(), 0);
    open.write_back(account, &other, 10).unwrap();
    assert_eq!(office.new_count(), 1);
}
