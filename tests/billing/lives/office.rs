//! Runs a billing twin of either product by a clock that can be moved, and reads from it without the program under test.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use gamctl::simulator::billing::sonar::SonarTwin;
use gamctl::simulator::billing::splynx::{HookSettings, Splynx};
use gamctl::simulator::billing::{
    BillingTwin, FaultError, HttpAnswer, HttpRequest, Operation, OperationError, Webhook,
};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

use super::clock::Clock;
use crate::billing::empty_twins::{KEY, SECRET, empty_sonar, empty_splynx};
use crate::billing::product::Product;

/// The secret of webhooks.
pub(super) const HOOK: &str = "hook-of-lives";

/// `a-key:canary-secret`, as the first login of HTTP has it.
const BASIC: &str = "Basic YS1rZXk6Y2FuYXJ5LXNlY3JldA==";

enum AnyTwin {
    Splynx(Box<Splynx>),
    Sonar(Box<SonarTwin>),
}

impl AnyTwin {
    fn twin(&mut self) -> &mut dyn BillingTwin {
        match self {
            Self::Splynx(twin) => twin.as_mut(),
            Self::Sonar(twin) => twin.as_mut(),
        }
    }
}

/// A twin whose time is that of a clock which is ahead.
struct Shifted {
    twin: Arc<Mutex<AnyTwin>>,
    clock: Clock,
}

impl BillingTwin for Shifted {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer {
        let now = now + self.clock.offset();
        self.twin.lock().unwrap().twin().answer(request, now)
    }

    fn operate(&mut self, operation: &Operation, now: u64) -> Result<Value, OperationError> {
        let now = now + self.clock.offset();
        self.twin.lock().unwrap().twin().operate(operation, now)
    }

    fn due_webhooks(&mut self, now: u64) -> Vec<Webhook> {
        let now = now + self.clock.offset();
        self.twin.lock().unwrap().twin().due_webhooks(now)
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: u64) {
        let now = now + self.clock.offset();
        self.twin.lock().unwrap().twin().delivered(id, status, now);
    }

    fn next_webhook(&self) -> Option<u64> {
        let next = self.twin.lock().unwrap().twin().next_webhook()?;
        Some(next.saturating_sub(self.clock.offset()))
    }

    fn counters(&self) -> Value {
        self.twin.lock().unwrap().twin().counters()
    }

    fn set_faults(&mut self, faults: Vec<toml::Table>) -> Result<(), FaultError> {
        self.twin.lock().unwrap().twin().set_faults(faults)
    }
}

/// The fields of gamctl that a service has in billing: place, VLAN and state, each empty without a value.
pub(super) type Written = [String; 3];

/// The office of an ISP.
pub(super) struct Office {
    pub(super) product: Product,
    pub(super) server: BillingServer,
    pub(super) secrets: Vec<(&'static str, String)>,
    twin: Arc<Mutex<AnyTwin>>,
    clock: Clock,
}

impl Office {
    /// Starts a twin without customers that sends webhooks to an address.
    pub(super) async fn open(product: Product, clock: &Clock, hooks: SocketAddr) -> Self {
        let url = format!("http://{hooks}/hooks/billing/{}/{HOOK}", product.name());
        let now = clock.now();
        let mut secrets = vec![("billing-hook", HOOK.to_owned())];
        let twin = match product {
            Product::Splynx => {
                let hook = HookSettings {
                    url,
                    secret: HOOK.to_owned(),
                };
                let mut twin = empty_splynx(Some(hook), now);
                // For the test, which reads by itself.
                let unsecure = json!({"do": "edit", "path": "key/unsecure", "value": true});
                twin.operate(&serde_json::from_value(unsecure).unwrap(), now)
                    .unwrap();
                secrets.push(("billing-key", KEY.to_owned()));
                secrets.push(("billing-secret", SECRET.to_owned()));
                AnyTwin::Splynx(Box::new(twin))
            }
            Product::Sonar => {
                let mut twin = empty_sonar(now);
                twin.register_webhook(&url, now);
                secrets.push(("billing-token", twin.token().to_owned()));
                AnyTwin::Sonar(Box::new(twin))
            }
        };
        let twin = Arc::new(Mutex::new(twin));
        let shifted = Shifted {
            twin: Arc::clone(&twin),
            clock: clock.clone(),
        };
        let server = BillingServer::start(Box::new(shifted), BillingServerSettings::default());
        Self {
            product,
            server: server.await.unwrap(),
            secrets,
            twin,
            clock: clock.clone(),
        }
    }

    pub(super) fn operate(&self, operation: Value) -> Value {
        let text = operation.to_string();
        let operation: Operation = serde_json::from_value(operation).unwrap();
        let done = self.server.operate(&operation);
        done.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// Replaces the faults; each text is one `[[fault]]`.
    pub(super) fn faults(&self, faults: &[&str]) {
        let tables = faults.iter().map(|text| text.parse().unwrap());
        self.server.set_faults(tables.collect()).unwrap();
    }

    /// Returns gamctl's fields of each service that billing has.
    pub(super) fn written(&self) -> BTreeMap<u64, Written> {
        match &mut *self.twin.lock().unwrap() {
            AnyTwin::Splynx(twin) => {
                let path = "customers/customer/0/internet-services";
                let rows = list(twin, path, self.clock.now());
                let fields = |row: &Value| {
                    ["gam_place", "gam_vlan", "gam_state"].map(|name| {
                        let value = row["additional_attributes"][name].as_str();
                        value.unwrap_or_default().to_owned()
                    })
                };
                rows.iter().map(|row| (id(row), fields(row))).collect()
            }
            AnyTwin::Sonar(twin) => {
                let services = twin.ids("account_services");
                let mut all: BTreeMap<u64, Written> = services
                    .into_iter()
                    .map(|service| (service, Written::default()))
                    .collect();
                for value in twin.ids("service_metadata_values") {
                    let cell = |name| twin.stored("service_metadata_values", value, name);
                    let field = number(&cell("service_metadata_id"));
                    let field = twin.stored("service_metadata", field, "name");
                    let names = ["gam_place", "gam_vlan", "gam_state"];
                    let place = names.iter().position(|name| field == **name);
                    let fields = all.get_mut(&number(&cell("account_service_id")));
                    if let (Some(place), Some(fields)) = (place, fields) {
                        let text = cell("value").as_str().unwrap_or_default().to_owned();
                        fields[place] = text;
                    }
                }
                all
            }
        }
    }

    /// Returns the service of an account of Sonar, which gets another id at midnight.
    pub(super) fn service_of(&self, account: u64) -> Option<u64> {
        let AnyTwin::Sonar(twin) = &*self.twin.lock().unwrap() else {
            return None;
        };
        let services = twin.ids("account_services").into_iter();
        let is_it = |service: &u64| {
            number(&twin.stored("account_services", *service, "account_id")) == account
        };
        services.rev().find(is_it)
    }

    /// Returns account and text of each note that gamctl wrote.
    pub(super) fn notes(&self) -> Vec<(u64, String)> {
        let notes: Vec<(u64, String)> = match &mut *self.twin.lock().unwrap() {
            AnyTwin::Splynx(twin) => {
                let rows = list(twin, "customers/customer-notes", self.clock.now());
                let note = |row: &Value| (number(&row["customer_id"]), row.to_string());
                rows.iter().map(note).collect()
            }
            AnyTwin::Sonar(twin) => {
                let ids = twin.ids("notes").into_iter();
                ids.map(|note| {
                    let cell = |name| twin.stored("notes", note, name);
                    let text = cell("message").as_str().unwrap_or_default().to_owned();
                    (number(&cell("noteable_id")), text)
                })
                .collect()
            }
        };
        let own = notes
            .into_iter()
            .filter(|(_, text)| text.contains("[gamctl "));
        own.collect()
    }

    /// Returns how many writes of gamctl changed what a customer pays.
    pub(super) fn bills(&self) -> u64 {
        let counters = self.server.counters();
        match self.product {
            Product::Splynx => {
                let bills = counters["bills"].as_object().unwrap();
                bills.values().map(number).sum()
            }
            Product::Sonar => number(&counters["billing_mutations"]),
        }
    }
}

fn list(twin: &mut Splynx, path: &str, now: u64) -> Vec<Value> {
    let request = HttpRequest {
        method: "GET".to_owned(),
        path: format!("/api/2.0/admin/{path}"),
        // Without a condition, the list of all services is an error.
        query: "main_attributes[id][0]=%3E&main_attributes[id][1]=0".to_owned(),
        headers: vec![("authorization".to_owned(), BASIC.to_owned())],
        body: Vec::new(),
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let answer = twin.answer(&request, now);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{path}: {text}");
    let rows: Value = serde_json::from_str(&text).unwrap();
    rows.as_array().unwrap().clone()
}

fn id(row: &Value) -> u64 {
    number(&row["id"])
}

/// Reads a number that may be a text.
pub(super) fn number(value: &Value) -> u64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_u64().or(text).unwrap_or(0)
}
