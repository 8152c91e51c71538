//! Provides an inventory with GAM twins and a billing twin whose requests are recorded, and runs the program on them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gamctl::simulator::billing::{
    BillingTwin, Delivery, FaultError, HttpAnswer, HttpRequest, Operation, OperationError, Webhook,
};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

use crate::billing::empty_twins::{KEY, SECRET, empty_sonar, empty_splynx};
use crate::billing::product::{Product, now};
use crate::crash::site::{Flat, Keys, Said, Site, sqlite};

/// A tariff of 500 and 250 Mbps, in both twins.
const TARIFF: u64 = 31;

/// A request that changes something, as it came.
#[derive(Debug, Clone)]
pub(in crate::billing) struct WriteRequest {
    pub(in crate::billing) method: String,
    pub(in crate::billing) path: String,
    pub(in crate::billing) body: String,
}

/// A twin that keeps every request that writes.
struct Recorded {
    twin: Box<dyn BillingTwin>,
    writes: Arc<Mutex<Vec<WriteRequest>>>,
    /// From the next write on, every connection is cut before the answer.
    cuts: Arc<AtomicBool>,
    is_cut: bool,
}

impl BillingTwin for Recorded {
    fn answer(&mut self, request: &HttpRequest, now: u64) -> HttpAnswer {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let is_write = match request.path.contains("graphql") {
            true => body.contains("mutation"),
            false => {
                ["POST", "PUT", "DELETE"].contains(&request.method.as_str())
                    && !request.path.contains("auth/tokens")
            }
        };
        if is_write {
            self.writes.lock().unwrap().push(WriteRequest {
                method: request.method.clone(),
                path: request.path.clone(),
                body,
            });
        }
        let mut answer = self.twin.answer(request, now);
        let cuts = self.cuts.load(Ordering::SeqCst);
        self.is_cut = cuts && (self.is_cut || is_write);
        if self.is_cut {
            answer.delivery = Delivery::Nothing;
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

/// A customer with a service, and the subscriber of the inventory.
#[derive(Debug, Clone)]
pub(in crate::billing) struct Customer {
    pub(in crate::billing) account: u64,
    pub(in crate::billing) service: u64,
    pub(in crate::billing) device: usize,
    pub(in crate::billing) state: &'static str,
    pub(in crate::billing) port: u8,
    number: u16,
}

/// GAM twins, a billing twin, and an inventory in git that links both.
pub(in crate::billing) struct Office {
    pub(in crate::billing) site: Site,
    pub(in crate::billing) server: BillingServer,
    pub(in crate::billing) product: Product,
    pub(in crate::billing) customers: Vec<Customer>,
    writes: Arc<Mutex<Vec<WriteRequest>>>,
    cuts: Arc<AtomicBool>,
    pub(super) facts: &'static str,
    /// The first part of the ids of subscribers; the sync gives `acct`.
    pub(super) named: &'static str,
}

impl Office {
    /// An office whose billing may get these facts, and that has sold one line on each device.
    pub(in crate::billing) fn new(product: Product, devices: usize, facts: &'static str) -> Self {
        let (twin, secrets) = twin(product);
        let writes = Arc::default();
        let cuts = Arc::default();
        let twin: Box<dyn BillingTwin> = Box::new(Recorded {
            twin,
            writes: Arc::clone(&writes),
            cuts: Arc::clone(&cuts),
            is_cut: false,
        });
        let mut keys = Keys::default();
        keys.secrets.extend(secrets);
        let site = Site::opened_by(devices, &keys, 600);
        let server = BillingServer::start(twin, BillingServerSettings::default());
        let server = site.runtime.block_on(server).unwrap();
        let mut office = Self {
            site,
            server,
            product,
            customers: Vec::new(),
            writes,
            cuts,
            facts,
            named: "acct",
        };
        for device in 0..devices {
            office.sell(device);
        }
        office.commit("the inventory of the office");
        office
    }

    /// Sells a line on a device; it is in the inventory from the next commit on.
    pub(super) fn sell(&mut self, device: usize) {
        let number = u16::try_from(self.customers.len() + 1).unwrap();
        let mac = format!("000ED81C00{number:02X}");
        let sold = self.operate(json!({"do": "sell", "tariff": TARIFF, "mac": mac}));
        let id = |name: &str| sold[name].as_u64().unwrap();
        self.customers.push(Customer {
            account: id("account"),
            service: id("service"),
            device,
            state: "active",
            port: Flat::new(number, device, "home-500").port,
            number,
        });
    }

    /// Writes the inventory as the customers are now, and commits it.
    pub(in crate::billing) fn commit(&self, message: &str) {
        let name = self.product.name();
        let login = match self.product {
            Product::Splynx => {
                "{ key = { secret = \"splynx-key\" }, secret = { secret = \"splynx-secret\" } }\ntime_zone = \"UTC\""
            }
            Product::Sonar => "{ token = { secret = \"sonar-token\" } }",
        };
        let world = &self.site.world;
        world.write(
            "billing.toml",
            format!(
                "[billing.{name}]\nkind = \"{name}\"\naddress = \"http://{}\"\nlogin = {login}\nrequests_per_minute = 400\nwrite_back = [{}]\n\n[billing.{name}.tariff.{TARIFF}]\nservice_plan = \"home-500\"\n",
                self.server.address(),
                self.facts
            ),
        );
        world.write(
            "network.toml",
            "schema = 1\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"home-100\"\n",
        );
        let subscribers = self.customers.iter().map(|one| {
            format!(
                "[subscriber.{named}-{account}]\ndevice = \"{device}\"\nport = {port}\nendpoint = \"00:0e:d8:1c:00:{number:02x}\"\nservice_plan = \"home-500\"\nvlan = {vlan}\nstate = \"{state}\"\nexternal = {{ system = \"{name}\", account = \"{account}\", service = \"{service}\" }}\n\n",
                named = self.named,
                account = one.account,
                device = crate::crash::site::device(one.device),
                port = one.port,
                number = one.number,
                vlan = 100 + one.number,
                state = one.state,
                service = one.service,
            )
        });
        world.write("subscribers/oaks.toml", subscribers.collect::<String>());
        world.commit_all(message);
    }

    pub(in crate::billing) fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    /// Replaces the faults of the billing twin; each text is one `[[fault]]`.
    pub(in crate::billing) fn faults(&self, faults: &[&str]) {
        let tables = faults.iter().map(|text| text.parse().unwrap());
        self.server.set_faults(tables.collect()).unwrap();
    }

    /// Cuts every connection from the next write on, or no longer.
    pub(in crate::billing) fn cut_after_a_write(&self, cuts: bool) {
        self.cuts.store(cuts, Ordering::SeqCst);
    }

    /// Every write is accepted and changes nothing.
    pub(in crate::billing) fn writes_are_ignored(&self) {
        match self.product {
            Product::Splynx => self.faults(&["kind = \"put-ignored\""]),
            Product::Sonar => self.faults(&["kind = \"write-ignored\""]),
        }
    }

    pub(in crate::billing) fn write_back(&self) -> Said {
        self.site.run(&["sync", "write-back"])
    }

    /// Returns a result as JSON.
    pub(in crate::billing) fn report(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["sync", "write-back", "--format", "json", "--quiet"];
        all.extend(arguments);
        let said = self.site.run(&all);
        // An error of the run is printed after it.
        let mut documents = serde_json::Deserializer::from_str(&said.text).into_iter();
        let first = documents.next().and_then(Result::ok);
        first.unwrap_or_else(|| panic!("{}", said.text))
    }

    /// Returns the writes since the last call.
    pub(in crate::billing) fn new_writes(&self) -> Vec<WriteRequest> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }

    /// Returns how many writes were carried out since the last call.
    pub(in crate::billing) fn new_count(&self) -> usize {
        self.new_writes().len()
    }

    /// Returns how often the twin carried out writes of a kind.
    pub(in crate::billing) fn notes(&self) -> u64 {
        let counters = self.server.counters();
        let count = match self.product {
            Product::Splynx => &counters["writes"]["POST customers/customer-notes"],
            Product::Sonar => &counters["mutations"]["createNote"],
        };
        count.as_u64().unwrap_or(0)
    }

    /// Returns how many tickets were opened and closed.
    pub(in crate::billing) fn tickets(&self) -> (u64, u64) {
        let counters = self.server.counters();
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        match self.product {
            Product::Splynx => {
                let writes = counters["writes"].as_object().unwrap();
                let closed = writes.iter().filter(|(kind, _)| kind.starts_with("PUT "));
                let closed = closed.map(|(_, writes)| count(writes)).sum();
                (count(&counters["writes"]["POST support/tickets"]), closed)
            }
            Product::Sonar => {
                let mutations = &counters["mutations"];
                (
                    count(&mutations["createInternalTicket"]),
                    count(&mutations["updateTicket"]),
                )
            }
        }
    }

    /// Returns how many comments were written to tickets; in Splynx, the first message of each opens it.
    pub(super) fn ticket_comments(&self) -> u64 {
        let counters = self.server.counters();
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        match self.product {
            Product::Splynx => {
                let messages = count(&counters["writes"]["POST support/ticket-messages"]);
                messages - self.tickets().0
            }
            Product::Sonar => count(&counters["mutations"]["createTicketComment"]),
        }
    }

    /// Nothing that changes what a customer pays was ever asked for.
    #[track_caller]
    pub(in crate::billing) fn nothing_bills(&self) {
        let counters = self.server.counters();
        match self.product {
            Product::Splynx => assert_eq!(counters["bills"], json!({})),
            Product::Sonar => assert_eq!(counters["billing_mutations"], 0),
        }
    }

    /// Lets the time until the next try pass, and the lease of a process that was killed.
    pub(in crate::billing) fn time_passes(&self) {
        self.execute("update billing_write set due = queued where state = 'queued'");
        self.execute("update leader set until = 0");
    }

    /// Lets every rule apply for hours.
    pub(super) fn hours_pass(&self) {
        self.execute("update billing_service set content = json_set(content, '$.since', 1000)");
        self.execute(
            "update billing_base_part set content = json_set(content, '$.since', 1000) where kind = 'service'",
        );
    }

    /// Changes the store, as time or another process would.
    pub(in crate::billing) fn execute(&self, sql: &'static str) {
        self.site.runtime.block_on(async {
            use sqlx::{Connection as _, Executor as _};
            let url = self.site.url();
            let mut connection = sqlite(url.path().unwrap()).await;
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    /// Starts a write-back that aborts at a crash point.
    #[track_caller]
    pub(in crate::billing) fn dies_at(&self, point: &str) {
        let said = self
            .site
            .start(&["sync", "write-back"], Some(point))
            .ended();
        assert!(said.is_killed(), "`{point}` was not passed:\n{}", said.text);
    }
}

/// Returns a twin without customers, and the secrets to it.
fn twin(product: Product) -> (Box<dyn BillingTwin>, Vec<(&'static str, String)>) {
    match product {
        Product::Splynx => {
            let secrets = vec![
                ("splynx-key", KEY.to_owned()),
                ("splynx-secret", SECRET.to_owned()),
            ];
            (Box::new(empty_splynx(None, now())), secrets)
        }
        Product::Sonar => {
            let twin = empty_sonar(now());
            let secrets = vec![("sonar-token", twin.token().to_owned())];
            (Box::new(twin), secrets)
        }
    }
}
