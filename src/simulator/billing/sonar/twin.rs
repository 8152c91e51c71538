//! Answers as one instance, carries out operations, hands out webhooks, counts.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::access::{Access, Denied, REQUESTS_PER_MINUTE};
use super::answer;
use super::counters::Counters;
use super::data::{Database, SeedSettings, seed};
use super::fault::{Fault, Faults};
use super::life::Office;
use super::request::Asked;
use super::schema::Schema;
use super::webhook::Webhooks;
use super::write::{Happened, MODELS, WEBHOOK_EVENTS, Writer, register};
use crate::simulator::billing::FIRST_ACCOUNT;
use crate::simulator::billing::http::{BillingTwin, FaultError, HttpAnswer, HttpRequest, Webhook};
use crate::simulator::billing::operation::{Operation, OperationError};
use crate::simulator::billing::people::People;

const PATH: &str = "/api/graphql";

/// A new instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SonarSettings {
    /// Accounts that are listed; archived ones are in addition.
    pub accounts: u64,
    /// The id of the first account.
    pub first_account: u64,
    pub seed: u64,
    /// One of so many customers has hostile characters in name and unit; 0 is none.
    pub hostile_every: u64,
    /// Requests of one token in a minute.
    pub requests_per_minute: u64,
    /// When the token ends, in seconds since 1970.
    pub token_expires: Option<u64>,
}

impl Default for SonarSettings {
    fn default() -> Self {
        Self {
            accounts: 100,
            first_account: FIRST_ACCOUNT,
            seed: 1,
            hostile_every: 0,
            requests_per_minute: REQUESTS_PER_MINUTE,
            token_expires: None,
        }
    }
}

/// One simulated instance.
pub struct SonarTwin {
    pub(super) schema: Arc<Schema>,
    pub(super) db: Database,
    pub(super) access: Access,
    pub(super) token: String,
    pub(super) faults: Faults,
    pub(super) webhooks: Webhooks,
    pub(super) office: Office,
    pub(super) model_events: Value,
    pub(super) counters: Counters,
}

impl fmt::Debug for SonarTwin {
    /// Leaves out the token and all customers.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = &self.counters;
        to.debug_struct("SonarTwin")
            .field("counters", counters)
            .finish_non_exhaustive()
    }
}

impl SonarTwin {
    /// Makes an instance with one user and one token.
    pub fn new(settings: SonarSettings, now: u64) -> Self {
        let schema = Schema::current();
        let tables: Vec<&'static str> = schema.tables().collect();
        let mut db = Database::new(&schema, &tables, settings.seed);
        let people = SeedSettings {
            accounts: settings.accounts,
            first_account: settings.first_account,
            seed: settings.seed,
            hostile_every: settings.hostile_every,
        };
        seed(&mut db, people, now);
        let mut access = Access::new(settings.requests_per_minute);
        let token = access.add_token(settings.seed, settings.token_expires);
        let events = |model: &&str| json!({"model": model, "events": WEBHOOK_EVENTS});
        let people = People::new(settings.seed).with_hostile_text(settings.hostile_every);
        Self {
            schema,
            db,
            access,
            token,
            faults: Faults::default(),
            webhooks: Webhooks::default(),
            office: Office::new(people, settings.accounts + settings.accounts / 50),
            model_events: json!({"entities": MODELS.iter().map(events).collect::<Vec<_>>()}),
            counters: Counters::default(),
        }
    }

    /// Returns the token of the user.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Makes a further token with a limit of its own.
    pub fn add_token(&mut self, seed: u64, expires: Option<u64>) -> String {
        self.access.add_token(seed, expires)
    }

    /// Registers an address for every event, as an administrator does in the web interface.
    pub fn register_webhook(&mut self, url: &str, now: u64) -> u64 {
        let clock = self.clock(now);
        let mut writer = Writer::new(&mut self.db, clock);
        let id = register(&mut writer, url);
        self.webhooks.head(id, now);
        id
    }

    /// Returns one value of a row as it is stored; null if there is none. For tests.
    pub fn stored(&self, table: &str, id: u64, column: &str) -> Value {
        let table = self.schema.table(table).unwrap_or_default();
        let field = self.schema.field(table, column);
        let scalar = field.map_or("String", |field| field.kind.name());
        self.db.get(table, id, column).to_json(scalar, true)
    }

    /// Returns the ids of all rows of a table. For tests.
    pub fn ids(&self, table: &str) -> Vec<u64> {
        let table = self
            .schema
            .table(table)
            .and_then(|name| self.db.table(name));
        let rows = table.into_iter().flat_map(|table| table.rows());
        rows.map(|row| row.id).collect()
    }

    /// Returns the time of the instance.
    pub(super) fn clock(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.clock_offset())
    }

    fn clock_offset(&self) -> i64 {
        let offsets = self.faults.standing().map(|fault| match fault {
            Fault::ClockOff { seconds } => *seconds,
            _ => 0,
        });
        offsets.sum()
    }

    fn run_scheduled(&mut self, now: u64) {
        let clock = self.clock(now);
        let mut writer = Writer::new(&mut self.db, clock);
        self.office.run_scheduled(&mut writer);
        let happened = std::mem::take(&mut writer.happened);
        self.announce(&happened, now);
    }

    pub(super) fn announce(&mut self, happened: &[Happened], now: u64) {
        self.webhooks
            .announce(happened, &mut self.db, &mut self.faults, now);
    }
}

impl BillingTwin for SonarTwin {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer {
        self.counters.requests += 1;
        self.run_scheduled(now);
        let clock = self.clock(now);
        if request.path != PATH {
            return answer::html(404, "Not Found", clock);
        }
        if request.method != "POST" {
            return answer::html(405, "Method Not Allowed", clock);
        }
        match self.access.count(request.header("authorization"), now) {
            Ok(()) => {
                self.counters.last_minute.count(None, now);
            }
            Err(Denied::UnknownToken) => {
                self.counters.refused_token += 1;
                return answer::unauthenticated(clock);
            }
            Err(Denied::TooMany) => {
                self.counters.refused_by_limit += 1;
                return answer::limited(429, self.access.limit(), clock);
            }
        }
        let content = request.header("content-type");
        match Asked::read(&request.body, content) {
            Ok(asked) => self.answer_asked(&asked, now),
            Err(problem) => {
                self.counters.failed += 1;
                answer::json(200, &json!({"errors": [{"message": problem}]}), clock)
            }
        }
    }

    fn operate(&mut self, operation: &Operation, now: u64) -> Result<Value, OperationError> {
        self.run_scheduled(now);
        let clock = self.clock(now);
        let mut writer = Writer::new(&mut self.db, clock);
        let outcome = self.office.operate(operation, &mut writer, &self.schema);
        let happened = std::mem::take(&mut writer.happened);
        self.announce(&happened, now);
        outcome
    }

    fn due_webhooks(&mut self, now: u64) -> Vec<Webhook> {
        self.run_scheduled(now);
        let due = self.webhooks.due(&self.db, now);
        self.counters.webhooks_sent += u64::try_from(due.len()).unwrap_or(0);
        due
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: u64) {
        self.counters.webhooks_accepted += u64::from(status == Some(200));
        self.webhooks.delivered(id, status, &mut self.db, now);
    }

    fn next_webhook(&self) -> Option<u64> {
        // Their midnight, by the clock of the caller.
        let offset = self.clock_offset().saturating_neg();
        let scheduled = self.office.next_scheduled();
        let scheduled = scheduled.map(|due| due.saturating_add_signed(offset));
        self.webhooks.next().into_iter().chain(scheduled).min()
    }

    fn counters(&self) -> Value {
        let rows = self.db.tables();
        let rows: Map<String, Value> = rows
            .map(|(name, table)| (name.to_owned(), json!(table.len())))
            .collect();
        self.counters.to_json(&rows)
    }

    fn set_faults(&mut self, faults: Vec<toml::Table>) -> Result<(), FaultError> {
        let faults = Faults::read(faults)?;
        let mut schema = Schema::current();
        for fault in faults.standing() {
            if let Fault::FieldMissing { on, field } = fault {
                Arc::make_mut(&mut schema).remove_field(on, field);
            }
        }
        self.schema = schema;
        self.faults = faults;
        Ok(())
    }
}
