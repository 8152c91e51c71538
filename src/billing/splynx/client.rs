//! Sends one request to Splynx with a valid login, and again after the server ended the session.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDateTime;
use compact_str::{CompactString, format_compact};
use reqwest::Method;
use tokio::time::Instant;

use super::super::channel::{Attempts, Channel, ChannelSettings};
use super::super::error::{BillingError, BillingProblem};
use super::super::http::{HttpAnswer, HttpClientError, HttpLimits, HttpRequest};
use super::super::limiter::{Priority, RequestRate};
use super::answer::Failure;
use super::endpoint::Endpoint;
use super::nonce::NonceStore;
use super::query::Query;
use super::row::FieldNames;
use super::session::{Api, Session};
use super::settings::SplynxSettings;
use crate::model::billing::{BillingName, Tariff};

/// A client of one Splynx instance, shared by all tasks of this process.
pub struct SplynxClient {
    pub(super) settings: SplynxSettings,
    channel: Channel,
    api: Api,
    session: Session,
    clock: fn() -> u64,
    /// Found out at the first complete reading.
    listing: Mutex<ServiceListing>,
    pub(super) tariffs: Mutex<Option<(Instant, Vec<Tariff>)>>,
}

/// The way in which all services are listed, which depends on the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ServiceListing {
    /// Not tried yet; a refusal may mean that the filter by id does not work.
    #[default]
    Unknown,
    /// By ids above the last, as every other list.
    Paged,
    /// One request for each known status, without pages: the filter by id does not work.
    ByStatus,
}

/// One request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) endpoint: Endpoint,
    /// Below `api/2.0/admin/`; ids only.
    pub(super) path: CompactString,
    pub(super) query: Query,
    pub(super) body: Option<serde_json::Value>,
    pub(super) priority: Priority,
    pub(super) limits: HttpLimits,
    /// A refusal is an answer: this version may not have what is asked for.
    pub(super) asks_for_ability: bool,
}

impl Call {
    fn new(method: Method, endpoint: Endpoint, priority: Priority, limits: HttpLimits) -> Self {
        Self {
            method,
            endpoint,
            path: endpoint.path.into(),
            query: Query::default(),
            body: None,
            priority,
            limits,
            asks_for_ability: false,
        }
    }

    /// Reads a list.
    pub(super) fn list(endpoint: Endpoint, query: Query, priority: Priority) -> Self {
        let call = Self::new(Method::GET, endpoint, priority, HttpLimits::LIST);
        Self { query, ..call }
    }

    /// Asks how many records a list has.
    pub(super) fn count(endpoint: Endpoint, query: Query, priority: Priority) -> Self {
        let call = Self::new(Method::HEAD, endpoint, priority, HttpLimits::LIST);
        Self { query, ..call }
    }

    /// Asks which fields the records of a list have.
    pub(super) fn options(endpoint: Endpoint, path: &str) -> Self {
        let call = Self::new(Method::OPTIONS, endpoint, Priority::Hint, HttpLimits::WRITE);
        call.at(path)
    }

    /// Reads one record.
    pub(super) fn get(endpoint: Endpoint, path: &str, priority: Priority) -> Self {
        Self::new(Method::GET, endpoint, priority, HttpLimits::WRITE).at(path)
    }

    pub(super) fn write(
        method: Method,
        endpoint: Endpoint,
        path: &str,
        body: serde_json::Value,
    ) -> Self {
        let call = Self::new(method, endpoint, Priority::WriteBack, HttpLimits::WRITE);
        let body = Some(body);
        Self { body, ..call }.at(path)
    }

    pub(super) fn at(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// Returns the name of the request in errors.
    fn name(&self) -> CompactString {
        format_compact!("{} {}", self.method, self.endpoint.path)
    }
}

impl SplynxClient {
    /// Makes a client; nothing is sent yet. `clock` returns the seconds since 1970.
    pub fn new(
        settings: SplynxSettings,
        nonces: Arc<dyn NonceStore>,
        clock: fn() -> u64,
    ) -> Result<Self, HttpClientError> {
        let channel = Channel::new(&ChannelSettings {
            system: settings.system.clone(),
            rate: RequestRate {
                per_minute: settings.requests_per_minute,
                ..RequestRate::SPLYNX
            },
            retries: settings.retries,
        })?;
        Ok(Self {
            channel,
            api: Api(settings.address.clone()),
            session: Session::new(settings.login.clone(), nonces, clock),
            clock,
            listing: Mutex::default(),
            tariffs: Mutex::default(),
            settings,
        })
    }

    pub fn system(&self) -> &BillingName {
        &self.settings.system
    }

    /// Returns how long every request has failed.
    pub fn failing_for(&self) -> Option<std::time::Duration> {
        self.channel.failing_for()
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Returns the time in the zone of the server.
    pub(super) fn server_time(&self) -> NaiveDateTime {
        let seconds = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let moment = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        moment.with_timezone(&self.settings.time_zone).naive_local()
    }

    pub(super) fn field_names(&self) -> FieldNames<'_> {
        FieldNames {
            place: self.settings.place_field.as_deref(),
            unit: self.settings.unit_field.as_deref(),
        }
    }

    pub(super) fn listing(&self) -> ServiceListing {
        *self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_listing(&self, listing: ServiceListing) {
        *self.listing.lock().unwrap_or_else(PoisonError::into_inner) = listing;
    }

    /// Makes an error of a request that was read outside of `call`.
    pub(super) fn error(&self, call: &Call, problem: BillingProblem) -> BillingError {
        self.channel.read(call.priority, call.name()).error(problem)
    }

    /// Sends a request until it succeeds or cannot succeed, and reads its answer.
    pub(super) async fn call<T>(
        &self,
        call: &Call,
        read: impl Fn(&HttpAnswer) -> Result<T, BillingProblem>,
    ) -> Result<T, BillingError> {
        let mut attempts = match call.body {
            None => self.channel.read(call.priority, call.name()),
            Some(_) => self.channel.write(call.priority, call.name()),
        };
        if call.asks_for_ability {
            attempts = attempts.asking_for_ability();
        }
        let mut has_new_login = false;
        loop {
            self.session
                .prepare(&self.channel, &self.api, call.priority)
                .await?;
            let turn = attempts.begin().await?;
            let (result, ended) = self.attempt(&attempts, call, &read).await;
            // A session that the server ended says nothing about the request.
            if let Some(number) = ended.filter(|_| !has_new_login) {
                has_new_login = true;
                self.session.forget(number);
                drop(turn);
                continue;
            }
            if let Some(result) = attempts.end(turn, result).await {
                return result;
            }
        }
    }

    /// Sends a request once; also returns the number of the login, if the server has ended it.
    async fn attempt<T>(
        &self,
        attempts: &Attempts<'_>,
        call: &Call,
        read: &impl Fn(&HttpAnswer) -> Result<T, BillingProblem>,
    ) -> (Result<T, BillingError>, Option<u64>) {
        let credential = match self.session.credential(attempts).await {
            Ok(credential) => credential,
            Err(error) => return (Err(error), None),
        };
        let request = HttpRequest {
            method: call.method.clone(),
            url: self.api.url(&call.path, &call.query.encoded()),
            authorization: Some(credential.header.clone()),
            body: call.body.as_ref().map(|body| body.to_string().into_bytes()),
            limits: call.limits,
        };
        let answer = match attempts.send(request).await {
            Ok(answer) => answer,
            Err(error) => return (Err(error), None),
        };
        if answer.is_success() {
            return (
                read(&answer).map_err(|problem| attempts.error(problem)),
                None,
            );
        }
        let failure = Failure::read(answer.status, &answer.body);
        // A refusal without a known code may be the end of the session too, and HEAD has none; a new login shows it.
        let may_have_ended = match answer.status {
            401 => true,
            403 => call.method == Method::HEAD,
            _ => failure.ends_session(),
        };
        let ended = credential.number.filter(|_| may_have_ended);
        let problem = failure.problem(call.endpoint, &answer);
        (Err(attempts.error(problem)), ended)
    }
}

/// Returns nothing for a list whose module is switched off: the feature is absent, and nothing is wrong with the key.
pub(super) fn absent_if_off<T>(result: Result<T, BillingError>) -> Result<Option<T>, BillingError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(BillingError {
            problem: BillingProblem::ModuleOff { .. },
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}
