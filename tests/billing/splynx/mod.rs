//! Tests the Splynx client against its twin: every way in, every quirk, every fault.

mod changes;
mod faults;
mod hooks;
mod logins;
mod reading;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gamctl::billing::splynx::{
    LoginWay, NonceNotStored, NonceStore, SplynxClient, SplynxLogin, SplynxReading, SplynxSettings,
    splynx_address,
};
use gamctl::billing::{BillingError, Priority, Retries};
use gamctl::model::billing::{
    AccountId, BillingName, BillingService, ServiceStatus, Snapshot, SuspendedCause,
};
use gamctl::secrets::Secret;
use gamctl::simulator::billing::splynx::{Splynx, SplynxSettings as TwinSettings};
use gamctl::simulator::billing::{BillingTwin, Operation};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

const KEY: &str = "a-key";
const SECRET: &str = "canary-secret";

fn now() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "the server of the twin reads the clock too"
    )]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The numbers of signed requests, for one test.
#[derive(Default)]
struct Numbers(AtomicU64);

type Reserved<'n> = Pin<Box<dyn Future<Output = Result<u64, NonceNotStored>> + Send + 'n>>;

impl NonceStore for Numbers {
    fn reserve(&self, least: u64, reserved: u64) -> Reserved<'_> {
        let raised = |stored: u64| Some(least.max(stored + reserved));
        let before = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, raised);
        Box::pin(std::future::ready(Ok(before.unwrap())))
    }
}

/// A twin with its server, and the numbers of its key.
struct Stage {
    server: BillingServer,
    numbers: Arc<Numbers>,
}

impl Stage {
    async fn new(accounts: u64) -> Self {
        Self::in_zone(accounts, 0).await
    }

    /// Its clock differs from ours by so many minutes.
    async fn in_zone(accounts: u64, minutes_ahead: i64) -> Self {
        let settings = TwinSettings {
            accounts,
            seed: 7,
            key: KEY.to_owned(),
            secret: SECRET.to_owned(),
            hook: None,
            minutes_ahead,
            hostile_every: 0,
        };
        let twin: Box<dyn BillingTwin> = Box::new(Splynx::new(settings, now()));
        let server = BillingServer::start(twin, BillingServerSettings::default());
        Self {
            server: server.await.unwrap(),
            numbers: Arc::default(),
        }
    }

    fn settings(&self) -> SplynxSettings {
        SplynxSettings {
            system: BillingName::new("splynx").unwrap(),
            address: splynx_address(&format!("http://{}", self.server.address())).unwrap(),
            login: login(LoginWay::Token),
            partners: BTreeSet::new(),
            endpoint_models: BTreeSet::new(),
            states: Default::default(),
            place_field: None,
            unit_field: Some("unit".into()),
            time_zone: chrono_tz::UTC,
            requests_per_minute: 1_000_000,
            retries: Retries {
                tries: 3,
                first_pause: Duration::from_millis(1),
            },
        }
    }

    fn client(&self) -> SplynxClient {
        self.client_with(|_| ())
    }

    fn client_with(&self, change: impl FnOnce(&mut SplynxSettings)) -> SplynxClient {
        let mut settings = self.settings();
        change(&mut settings);
        SplynxClient::new(settings, self.numbers.clone(), now).unwrap()
    }

    /// Sets faults, written as TOML without the header of the first.
    fn faults(&self, text: &str) {
        #[derive(serde::Deserialize)]
        struct File {
            fault: Vec<toml::Table>,
        }
        let file: File = toml::from_str(&format!("[[fault]]\n{text}")).unwrap();
        self.server.set_faults(file.fault).unwrap();
    }

    fn no_faults(&self) {
        self.server.set_faults(Vec::new()).unwrap();
    }

    fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    fn edit(&self, path: &str, value: &Value) {
        self.operate(json!({"do": "edit", "path": path, "value": value}));
    }

    /// Returns a number of the twin's own count, 0 if it counted none.
    fn counted(&self, group: &str, name: &str) -> u64 {
        let counters = self.server.counters();
        counters[group][name].as_u64().unwrap_or_default()
    }
}

fn login(how: LoginWay) -> SplynxLogin {
    SplynxLogin {
        how,
        key: Secret::new(KEY.as_bytes().to_vec()),
        secret: Secret::new(SECRET.as_bytes().to_vec()),
    }
}

async fn read(client: &SplynxClient) -> SplynxReading {
    client.read_everything().await.unwrap()
}

async fn snapshot(client: &SplynxClient) -> Snapshot {
    read(client).await.snapshot
}

async fn error(client: &SplynxClient) -> BillingError {
    client.read_everything().await.unwrap_err()
}

async fn account(client: &SplynxClient, id: u64) -> Snapshot {
    let accounts = BTreeSet::from([account_id(id)]);
    client
        .read_accounts(&accounts, Priority::Hint)
        .await
        .unwrap()
}

fn account_id(id: u64) -> AccountId {
    AccountId::new(&id.to_string()).unwrap()
}

/// Returns everything but the time, to compare snapshots.
fn content(snapshot: &Snapshot) -> String {
    let Snapshot {
        accounts,
        services,
        equipment,
        tariffs,
        unreadable,
        ..
    } = snapshot;
    let people: Vec<_> = accounts
        .values()
        .map(|account| {
            (
                account.name.reveal(),
                account.address.reveal(),
                &account.groups,
            )
        })
        .collect();
    format!("{people:#?}\n{services:#?}\n{equipment:#?}\n{tariffs:#?}\n{unreadable:#?}")
}

/// Returns the first account with a served service.
fn served(snapshot: &Snapshot) -> &BillingService {
    let is_single = |service: &&BillingService| {
        let of_account = snapshot
            .services
            .iter()
            .filter(|one| one.account == service.account);
        service.status == ServiceStatus::Served && of_account.count() == 1
    };
    snapshot.services.iter().find(is_single).unwrap()
}

fn number(id: &impl ToString) -> u64 {
    id.to_string().parse().unwrap()
}

fn statuses(snapshot: &Snapshot) -> Vec<(String, ServiceStatus)> {
    let services = snapshot.services.iter();
    services
        .map(|one| (one.service.to_string(), one.status.clone()))
        .collect()
}

const NOT_PAID: ServiceStatus = ServiceStatus::Suspended {
    cause: SuspendedCause::NotPaid,
};

fn count_by_status(snapshot: &Snapshot) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for service in &snapshot.services {
        *counts.entry(format!("{:?}", service.status)).or_default() += 1;
    }
    counts
}
