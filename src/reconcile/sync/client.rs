//! Opens the client of a billing system with its secrets, and reads a snapshot with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::CompactString;

use super::request_numbers::RequestNumbers;
use crate::billing::sonar::{self, CheckWishes, SonarAddress, SonarCheck, SonarClient};
use crate::billing::splynx::{self, LoginWay, SplynxCheck, SplynxClient, splynx_address};
use crate::billing::{BillingError, HookUrl, HttpClientError, Priority, RequestRate, Retries};
use crate::history::Store;
use crate::inventory::text::SplynxLogin;
use crate::inventory::{BillingLogin, BillingSystem};
use crate::model::SecretName;
use crate::model::billing::{AccountId, BillingAddressError, Snapshot};
use crate::secrets::{Secret, SecretError, Secrets};

/// The client of one billing system.
pub enum BillingClient {
    Sonar(Box<SonarClient>),
    Splynx(Box<SplynxClient>),
}

/// The part of a billing system that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadScope {
    Everything,
    Accounts(BTreeSet<AccountId>),
}

/// The reason that there is no client.
#[derive(Debug, thiserror::Error)]
pub enum BillingClientError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the address `{address}` cannot be used")]
    Address {
        address: String,
        source: BillingAddressError,
    },
    #[error("`{0}` in `states` is not a status of this product; see `gamctl sync map`")]
    Status(String),
    #[error("cannot set up TLS on this host")]
    Tls(#[from] HttpClientError),
}

/// The answers of a billing system to a check.
#[derive(Debug)]
pub enum BillingCheck {
    Sonar(Box<SonarCheck>),
    Splynx(Box<SplynxCheck>),
}

impl BillingClient {
    /// Makes a client; nothing is sent yet. `clock` returns the seconds since 1970.
    pub fn open(
        system: &BillingSystem,
        secrets: &Secrets,
        store: &Store,
        clock: fn() -> u64,
    ) -> Result<Self, BillingClientError> {
        let value =
            |name: &SecretName| -> Result<Secret, BillingClientError> { Ok(secrets.get(name)?) };
        let address = system.address.as_str();
        let wrong = |source| BillingClientError::Address {
            address: address.to_owned(),
            source,
        };
        let field = |field: &Option<crate::model::PlainText>| {
            field
                .as_ref()
                .map(|field| CompactString::new(field.as_str()))
        };
        match &system.login {
            BillingLogin::Sonar { token } => {
                let settings = sonar::SonarSettings {
                    states: sonar_states(system)?,
                    place_field: field(&system.place_field),
                    unit_field: field(&system.unit_field),
                    sites: system.sites.keys().cloned().collect(),
                    rate: RequestRate {
                        per_minute: system.requests_per_minute,
                        ..RequestRate::SONAR
                    },
                    ..sonar::SonarSettings::new(
                        system.name.clone(),
                        SonarAddress::parse(address).map_err(wrong)?,
                        value(token)?,
                    )
                };
                Ok(Self::Sonar(Box::new(SonarClient::new(settings)?)))
            }
            BillingLogin::Splynx { how, key, secret } => {
                let settings = splynx::SplynxSettings {
                    system: system.name.clone(),
                    address: splynx_address(address).map_err(wrong)?,
                    login: splynx::SplynxLogin {
                        how: match how {
                            SplynxLogin::Token => LoginWay::Token,
                            SplynxLogin::Signature => LoginWay::Signature,
                            SplynxLogin::Basic => LoginWay::Basic,
                        },
                        key: value(key)?,
                        secret: value(secret)?,
                    },
                    partners: system
                        .scope
                        .groups
                        .iter()
                        .map(|id| id.as_str().into())
                        .collect(),
                    endpoint_models: system
                        .scope
                        .endpoint_models
                        .iter()
                        .map(|id| id.as_str().into())
                        .collect(),
                    states: splynx_states(system)?,
                    place_field: field(&system.place_field),
                    unit_field: field(&system.unit_field),
                    time_zone: system.time_zone,
                    requests_per_minute: system.requests_per_minute,
                    retries: Retries::default(),
                };
                let numbers = Arc::new(RequestNumbers {
                    store: store.clone(),
                    system: system.name.clone(),
                });
                let client = SplynxClient::new(settings, numbers, clock)?;
                Ok(Self::Splynx(Box::new(client)))
            }
        }
    }

    /// Reads everything or some accounts; `now` is in seconds since 1970.
    pub async fn read(&self, scope: &ReadScope, now: u64) -> Result<Snapshot, BillingError> {
        match (self, scope) {
            (Self::Sonar(client), ReadScope::Everything) => {
                let (snapshot, _lookups) = client.read_everything(now).await?;
                Ok(snapshot)
            }
            (Self::Sonar(client), ReadScope::Accounts(accounts)) => {
                let lookups = client.read_lookups(Priority::Hint).await?;
                client
                    .read_accounts(accounts, &lookups, Priority::Hint, now)
                    .await
            }
            (Self::Splynx(client), ReadScope::Everything) => {
                Ok(client.read_everything().await?.snapshot)
            }
            (Self::Splynx(client), ReadScope::Accounts(accounts)) => {
                client.read_accounts(accounts, Priority::Hint).await
            }
        }
    }

    /// Asks what the system can do, whether the settings fit, and whether a webhook is registered, where it can be asked.
    pub async fn check(
        &self,
        system: &BillingSystem,
        hook: Option<&HookUrl>,
        now: u64,
    ) -> Result<BillingCheck, BillingError> {
        match self {
            Self::Sonar(client) => {
                let wishes = CheckWishes {
                    tariffs: system.tariffs.keys().cloned().collect(),
                    webhook: hook.map(HookUrl::reveal),
                };
                let check = client.check(&wishes, now).await;
                Ok(BillingCheck::Sonar(Box::new(check)))
            }
            Self::Splynx(client) => Ok(BillingCheck::Splynx(Box::new(client.check().await?))),
        }
    }
}

fn sonar_states(system: &BillingSystem) -> Result<sonar::SonarStates, BillingClientError> {
    let mut states = sonar::SonarStates::default();
    for (status, meaning) in &system.states {
        let set = states.set(status.as_str(), *meaning);
        set.map_err(|_| BillingClientError::Status(status.as_str().to_owned()))?;
    }
    Ok(states)
}

fn splynx_states(system: &BillingSystem) -> Result<splynx::StateTable, BillingClientError> {
    let mut meanings = BTreeMap::new();
    for (status, meaning) in &system.states {
        let wrong = |_| BillingClientError::Status(status.as_str().to_owned());
        let pair: splynx::StatePair = status.as_str().parse().map_err(wrong)?;
        meanings.insert(pair, *meaning);
    }
    Ok(splynx::StateTable::new(meanings))
}
