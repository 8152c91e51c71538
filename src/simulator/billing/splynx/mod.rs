//! Simulates an instance of Splynx 2.0: a thin REST API over tables, its logins, its hooks and its faults.
//!
//! `route` finds the resource of a path, `login` checks the way in, `brackets` and `search` read a query, `pattern` matches
//! texts. `table` stores records with the `columns` of each table, `cell` renders their values. `reading` answers GET, HEAD
//! and OPTIONS, `writing` the other methods, `refusal` builds errors. `change` changes records with log and hook, `life` does
//! what people in the office do, `setting` what they set by hand, `night` what happens at midnight, `world` and `settle` invent the
//! first records. `hooks` queues and signs hooks, `php` renders them. `fault` defines faults, `instance` keeps those that hold for
//! every request. `counters` counts, `calendar` formats times.

mod brackets;
mod calendar;
mod cell;
mod change;
mod columns;
mod counters;
mod fault;
mod hooks;
mod instance;
mod life;
mod login;
mod night;
mod pattern;
mod php;
mod reading;
mod refusal;
mod route;
mod search;
mod setting;
mod settle;
mod table;
#[cfg(test)]
mod tests;
mod world;
mod writing;

use std::time::Duration;

use serde_json::{Value, json};

use super::people::People;
use super::{
    BillingTwin, Delivery, FIRST_ACCOUNT, FaultError, HttpAnswer, HttpRequest, Operation,
    OperationError, Webhook,
};
use calendar::LocalClock;
use cell::{Cell, Dialect};
use counters::Counters;
use fault::{Event, FaultKind, Faults};
pub use hooks::HookSettings;
use hooks::Hooks;
use instance::Instance;
use login::{Access, ApiKey};
use refusal::{JSON, Refusal, page};
use route::Route;
use table::{Database, TableName};

/// The settings of a twin.
#[derive(Clone)]
pub struct SplynxSettings {
    /// The number of customers at the start.
    pub accounts: u64,
    pub seed: u64,
    /// The API key and its secret.
    pub key: String,
    pub secret: String,
    pub hook: Option<HookSettings>,
    /// The distance of its clock from UTC.
    pub minutes_ahead: i64,
    /// One of so many customers has hostile characters in name and unit; 0 is none.
    pub hostile_every: u64,
}

/// A simulated instance.
pub struct Splynx {
    access: Access,
    database: Database,
    faults: Faults,
    instance: Instance,
    hooks: Hooks,
    counters: Counters,
    people: People,
    seed: u64,
    minutes_ahead: i64,
    /// The number of people invented so far.
    persons: u64,
    /// The local date of the last nightly run.
    last_night: String,
    /// The customer that no list has.
    unlisted: Option<u64>,
    /// Values that faults replaced.
    replaced: Vec<ReplacedValue>,
    /// The sum by which faults moved the counts of HEAD.
    moved: u64,
}

/// A value as it was before a fault changed it.
struct ReplacedValue {
    table: TableName,
    id: u64,
    column: &'static str,
    before: Cell,
    after: Cell,
}

impl Splynx {
    pub fn new(settings: SplynxSettings, now: u64) -> Self {
        Self::numbered(settings, FIRST_ACCOUNT, now)
    }

    /// Makes an instance whose first customer has this id.
    pub fn numbered(settings: SplynxSettings, first_customer: u64, now: u64) -> Self {
        let SplynxSettings {
            accounts,
            seed,
            key,
            secret,
            hook,
            minutes_ahead,
            hostile_every,
        } = settings;
        let key = ApiKey {
            key,
            secret,
            is_unsecure: false,
            checks_nonce: true,
            is_revoked: false,
            allowed: Vec::new(),
        };
        let mut splynx = Self {
            access: Access::new(key, seed),
            database: Database::default(),
            faults: Faults::default(),
            instance: Instance::default(),
            hooks: Hooks::new(hook),
            counters: Counters::default(),
            people: People::new(seed).with_hostile_text(hostile_every),
            seed,
            minutes_ahead,
            persons: 0,
            last_night: String::new(),
            unlisted: None,
            replaced: Vec::new(),
            moved: 0,
        };
        splynx.last_night = splynx.clock().date(now);
        splynx.populate(accounts, first_customer, now);
        splynx
    }

    fn clock(&self) -> LocalClock {
        LocalClock {
            minutes_ahead: self.instance.minutes_ahead.unwrap_or(self.minutes_ahead),
        }
    }

    /// Answers a request that no limit and no fault of all requests stopped.
    fn serve(
        &mut self,
        route: &Route,
        request: &HttpRequest,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        match route {
            Route::Outside => return Ok(page(404)),
            Route::Check => return self.check(request, now),
            Route::Tokens(refresh) => return self.tokens(refresh.as_deref(), request, now),
            _ => {}
        }
        let way = self.access.check(request, now)?;
        self.counters.login(way);
        self.instance.check_module(route.module())?;
        match (request.method.as_str(), route) {
            (_, Route::Unknown | Route::Outside | Route::Check | Route::Tokens(_)) => {
                Err(Refusal::NOT_FOUND)
            }
            ("GET", Route::BillingInfo { customer }) => self.billing_info(*customer, now),
            ("GET", Route::Geo { service }) => self.geo(*service),
            ("GET" | "HEAD", Route::Table(target)) => match target.id {
                Some(id) => self.one(target, id),
                None => self.list(target, request),
            },
            ("OPTIONS", Route::Table(target)) => Ok(self.options(target.table)),
            ("POST" | "PUT" | "DELETE", _) => self.write(route, request, now),
            _ => Err(Refusal::WRONG_METHOD),
        }
    }

    /// Answers `api/check`, with the key if it is asked to.
    fn check(&mut self, request: &HttpRequest, now: u64) -> Result<HttpAnswer, Refusal> {
        if request.method != "GET" {
            return Err(Refusal::WRONG_METHOD);
        }
        let parameters = brackets::parse(&request.query);
        let wanted = parameters.get("checkAuth").and_then(brackets::Node::text);
        if wanted.is_some_and(|wanted| !matches!(wanted, "" | "0")) {
            self.access.check(request, now)?;
        }
        let same_server = match self.instance.dialect {
            Dialect::Numbers => json!(0),
            Dialect::Strings | Dialect::Mixed => json!(false),
        };
        let body = json!({ "status": "ok", "message": "API is valid", "same_server": same_server });
        Ok(HttpAnswer::new(200, JSON, body.to_string()))
    }

    /// Makes, renews and drops tokens.
    fn tokens(
        &mut self,
        refresh: Option<&str>,
        request: &HttpRequest,
        now: u64,
    ) -> Result<HttpAnswer, Refusal> {
        let pair = |status, pair: Value| HttpAnswer::new(status, JSON, pair.to_string());
        match (request.method.as_str(), refresh) {
            ("POST", None) => {
                let made = self.access.log_in(request, now)?;
                self.counters.login("new token");
                Ok(pair(201, made))
            }
            ("GET", Some(refresh)) => {
                let made = self.access.renew(refresh, request, now)?;
                self.counters.login("renewed token");
                Ok(pair(200, made))
            }
            ("DELETE", Some(refresh)) => {
                self.access.log_out(refresh)?;
                Ok(HttpAnswer::new(204, JSON, ""))
            }
            _ => Err(Refusal::WRONG_METHOD),
        }
    }

    /// Carries out the faults of any request; returns an answer that replaces the real one.
    fn struck(&mut self, request: &HttpRequest, struck: &[FaultKind]) -> Option<HttpAnswer> {
        let authorization = request.header("authorization").unwrap_or_default();
        if authorization.contains("access_token=") {
            let struck = self
                .faults
                .strike(Event::TokenUse, &request.method, &request.path);
            for fault in struck {
                self.access.spoil(match fault {
                    FaultKind::IpChanged {} => Refusal::IP_CHANGED,
                    FaultKind::UserAgentChanged {} => Refusal::AGENT_CHANGED,
                    FaultKind::TokenExpired {} => Refusal::EXPIRED_TOKEN,
                    _ => Refusal::BANNED,
                });
            }
        }
        struck.iter().find_map(|fault| match fault {
            FaultKind::Html { status } => Some(page(*status)),
            FaultKind::ServerError { status } => {
                let refusal = Refusal::SERVER_ERROR.answer();
                Some(HttpAnswer {
                    status: *status,
                    ..refusal
                })
            }
            FaultKind::Unauthorized {} => Some(Refusal::UNAUTHORIZED.answer()),
            _ => None,
        })
    }
}

impl BillingTwin for Splynx {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer {
        self.pass_time(now);
        let route = Route::of(&request.path);
        let kind = format!("{} {}", request.method, route.module());
        let mut answer = if self.counters.request(kind, self.instance.limit, now) {
            let method = request.method.as_str();
            let struck = self.faults.strike(Event::Request, method, &request.path);
            let instead = self.struck(request, &struck);
            let mut answer = match instead {
                Some(answer) => answer,
                None => match self.serve(&route, request, now) {
                    Ok(answer) => answer,
                    Err(refusal) => {
                        self.counters.refusal(refusal.status, refusal.internal_code);
                        refusal.answer()
                    }
                },
            };
            for fault in struck {
                match fault {
                    FaultKind::Slow { millis } => answer.delay += Duration::from_millis(millis),
                    FaultKind::HalfJson {} => answer.delivery = Delivery::Half,
                    _ => {}
                }
            }
            answer
        } else {
            let mut answer = Refusal::TOO_MANY.answer();
            let wait = self.counters.wait(now).to_string();
            answer.headers.push(("retry-after".to_owned(), wait));
            answer
        };
        if request.method == "HEAD" {
            answer.body.clear();
        }
        answer
    }

    fn operate(&mut self, operation: &Operation, now: u64) -> Result<Value, OperationError> {
        self.pass_time(now);
        self.live(operation, now)
    }

    fn due_webhooks(&mut self, now: u64) -> Vec<Webhook> {
        self.hooks.due(now)
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: u64) {
        self.hooks.delivered(id, status, now);
    }

    fn next_webhook(&self) -> Option<u64> {
        self.hooks.next()
    }

    fn counters(&self) -> Value {
        let mut document = self.counters.document();
        if let Value::Object(fields) = &mut document {
            fields.insert("hooks".to_owned(), self.hooks.counters());
            fields.insert("faults".to_owned(), self.faults.counters());
        }
        document
    }

    fn set_faults(&mut self, faults: Vec<toml::Table>) -> Result<(), FaultError> {
        self.replace_faults(Faults::read(faults)?)
    }
}
