//! Runs a billing twin in this process, sells and blocks in it, and records the notes that it gets.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use gamctl::simulator::billing::people::People;
use gamctl::simulator::billing::sonar::{SonarSettings, SonarTwin};
use gamctl::simulator::billing::splynx::{HookSettings, Splynx, SplynxSettings};
use gamctl::simulator::billing::{
    BillingTwin, FaultError, HttpAnswer, HttpRequest, Operation, OperationError, Webhook,
};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::product::{Product, now};

/// The secret of webhooks, which is a part of their address.
const HOOK: &str = "hook-of-the-bench";

/// The bytes of answers that are kept, to see that people are in them.
const ANSWERS_KEPT: usize = 8 << 20;

impl Product {
    /// Returns a tariff that the inventory maps to no service plan.
    pub(crate) fn unmapped(self) -> u64 {
        self.choose(33, 34)
    }
}

/// The service plans that are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    Home100,
    Home500,
}

impl Plan {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Home100 => Self::Home500,
            Self::Home500 => Self::Home100,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Home100 => "home-100",
            Self::Home500 => "home-500",
        }
    }

    /// Returns the tariff with its speed.
    pub(crate) fn tariff(self, product: Product) -> u64 {
        match self {
            Self::Home100 => product.choose(30, 32),
            Self::Home500 => 31,
        }
    }
}

/// The ids of a sale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale {
    pub(crate) account: u64,
    pub(crate) service: u64,
}

/// What the twin got and answered.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Notes that were carried out, by their marker.
    pub(crate) notes: BTreeMap<String, u32>,
    /// The first answers, as they were sent.
    pub(crate) answers: Vec<u8>,
}

/// A billing system without customers at first.
pub(crate) struct Shop {
    pub(crate) product: Product,
    /// The address for the service, which webhooks are sent to.
    pub(crate) listen: SocketAddr,
    server: BillingServer,
    traffic: Arc<Mutex<Traffic>>,
    /// Faults that hold all the time.
    standing: Vec<String>,
    token: String,
    seed: u64,
    sold: std::cell::Cell<u64>,
}

impl Shop {
    /// Opens it with an answer time; with `limit`, it refuses more requests within a minute.
    pub(crate) fn open(
        product: Product,
        seed: u64,
        latency: Duration,
        limit: Option<u64>,
        runtime: &Runtime,
    ) -> Self {
        let listen = free_address();
        let url = format!("http://{listen}/hooks/billing/isp/{HOOK}");
        let (mut token, mut standing) = (String::new(), Vec::new());
        let twin: Box<dyn BillingTwin> = match product {
            Product::Splynx => {
                let limit = limit.map(|limit| format!("kind = \"limit\"\nper_minute = {limit}"));
                standing.extend(limit);
                let secret = HOOK.to_owned();
                let settings = SplynxSettings {
                    accounts: 0,
                    seed,
                    key: "a-key".to_owned(),
                    secret: "a-secret".to_owned(),
                    hook: Some(HookSettings { url, secret }),
                    minutes_ahead: 0,
                    hostile_every: 0,
                };
                Box::new(Splynx::new(settings, now()))
            }
            Product::Sonar => {
                let settings = SonarSettings {
                    accounts: 0,
                    seed,
                    requests_per_minute: limit.unwrap_or(1_000_000),
                    ..SonarSettings::default()
                };
                let mut twin = SonarTwin::new(settings, now());
                twin.register_webhook(&url, now());
                token = twin.token().to_owned();
                Box::new(twin)
            }
        };
        let traffic = Arc::default();
        let recorded = Box::new(Recorded {
            twin,
            traffic: Arc::clone(&traffic),
        });
        let settings = BillingServerSettings {
            latency,
            ..BillingServerSettings::default()
        };
        let server = runtime.block_on(BillingServer::start(recorded, settings));
        let shop = Self {
            product,
            listen,
            server: server.unwrap(),
            traffic,
            standing,
            token,
            seed,
            sold: std::cell::Cell::new(0),
        };
        shop.clear_faults();
        shop
    }

    /// Returns `billing.toml`, with further lines of the system.
    pub(crate) fn settings(&self, more: &str) -> String {
        let product = self.product;
        let login = product.choose(
            "login = { key = { secret = \"isp-key\" }, secret = { secret = \"isp-secret\" } }\ntime_zone = \"UTC\"",
            "login = { token = { secret = \"isp-token\" } }",
        );
        let (name, address) = (product.name(), self.server.address());
        let tariffs = [Plan::Home100, Plan::Home500].map(|plan| {
            format!(
                "\n[billing.isp.tariff.{}]\nservice_plan = \"{}\"\n",
                plan.tariff(product),
                plan.name()
            )
        });
        format!(
            "[billing.isp]\nkind = \"{name}\"\naddress = \"http://{address}\"\n{login}\nhook = {{ secret = \"isp-hook\" }}\n{more}\n{}",
            tariffs.concat()
        )
    }

    /// Returns the secrets that the settings name.
    pub(crate) fn secrets(&self) -> Vec<(&'static str, &str)> {
        let mut secrets = vec![("isp-hook", HOOK)];
        match self.product {
            Product::Splynx => secrets.extend([("isp-key", "a-key"), ("isp-secret", "a-secret")]),
            Product::Sonar => secrets.push(("isp-token", &self.token)),
        }
        secrets
    }

    pub(crate) fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    /// Sells to a new customer.
    pub(crate) fn sell(&self, tariff: u64, mac: &str) -> Sale {
        let sold = self.operate(json!({"do": "sell", "tariff": tariff, "mac": mac}));
        self.sold.set(self.sold.get() + 1);
        let id = |key: &str| sold[key].as_u64().unwrap();
        Sale {
            account: id("account"),
            service: id("service"),
        }
    }

    /// Replaces all faults; each text is one `[[fault]]`.
    pub(crate) fn faults(&self, faults: &[&str]) {
        let all = self.standing.iter().map(String::as_str);
        let tables = all.chain(faults.iter().copied());
        let tables = tables.map(|text| text.parse().unwrap());
        self.server.set_faults(tables.collect()).unwrap();
    }

    pub(crate) fn clear_faults(&self) {
        self.faults(&[]);
    }

    /// Loses every webhook from now on.
    pub(crate) fn lose_webhooks(&self) {
        let lost = self
            .product
            .choose("kind = \"hook-lost\"", "kind = \"webhook-never\"");
        self.faults(&[lost]);
    }

    pub(crate) fn counters(&self) -> Value {
        self.server.counters()
    }

    /// Returns the requests that were refused because the limit was reached.
    pub(crate) fn limited(&self) -> u64 {
        let key = self.product.choose("limited", "refused_by_limit");
        self.counters()[key].as_u64().unwrap()
    }

    pub(crate) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap()
    }

    /// Returns the customers as the twin invented them, and their number.
    pub(crate) fn people(&self) -> (People, u64) {
        (People::new(self.seed), self.sold.get())
    }

    /// Prints the requests that the twin counted, the most frequent kinds first.
    pub(crate) fn print_requests(&self) {
        let counters = self.counters();
        let kinds = self
            .product
            .choose(["requests", "writes"], ["queries", "mutations"]);
        for kind in kinds {
            let counted = counters[kind].as_object().unwrap().iter();
            let mut counted: Vec<(u64, &String)> = counted
                .map(|(name, count)| (count.as_u64().unwrap(), name))
                .collect();
            counted.sort_by(|one, other| other.cmp(one));
            let counted = counted.iter().take(12);
            let counted: Vec<String> = counted
                .map(|(count, name)| format!("{name} {count}"))
                .collect();
            println!("  {kind} of the twin: {}", counted.join(", "));
        }
    }
}

/// A twin that keeps what it got and answered.
struct Recorded {
    twin: Box<dyn BillingTwin>,
    traffic: Arc<Mutex<Traffic>>,
}

impl BillingTwin for Recorded {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer {
        let answer = self.twin.answer(request, now);
        let body = String::from_utf8_lossy(&request.body);
        let mut traffic = self.traffic.lock().unwrap();
        // A search for a marker has one too, and is no write.
        let is_write = ["POST", "PUT"].contains(&request.method.as_str())
            && (!request.path.contains("graphql") || body.contains("mutation"));
        let said = String::from_utf8_lossy(&answer.body);
        let is_refused = said.contains("\"errors\"") || said.contains("\"success\":false");
        if is_write && (200..300).contains(&answer.status) && !is_refused {
            let parts = body.split("[gamctl ").skip(1);
            for marker in parts.filter_map(|part| part.split(']').next()) {
                *traffic.notes.entry(marker.to_owned()).or_default() += 1;
            }
        }
        if traffic.answers.len() < ANSWERS_KEPT {
            traffic.answers.extend_from_slice(&answer.body);
        }
        answer
    }

    fn operate(&mut self, operation: &Operation, now: u64) -> Result<Value, OperationError> {
        self.twin.operate(operation, now)
    }

    fn due_webhooks(&mut self, now: u64) -> Vec<Webhook> {
        self.twin.due_webhooks(now)
    }

    fn delivered(&mut self, id: u64, status: Option<u16>, now: u64) {
        self.twin.delivered(id, status, now);
    }

    fn next_webhook(&self) -> Option<u64> {
        self.twin.next_webhook()
    }

    fn counters(&self) -> Value {
        self.twin.counters()
    }

    fn set_faults(&mut self, faults: Vec<toml::Table>) -> Result<(), FaultError> {
        self.twin.set_faults(faults)
    }
}

/// Returns an address where nothing listens.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
