//! An ISP for tests: an inventory in git, a store with looks, a billing twin of either kind, and customers who are served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Output;

use gamctl::history::{Store, StoreUrl, Timeouts};
use gamctl::model::{DeviceName, EndpointHealth, EndpointState, Observation, PortNumber};
use gamctl::simulator::billing::{BillingTwin, Operation};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

use super::empty_twins::{empty_sonar, empty_splynx};
use super::product::{Product, now};
use crate::world::World;

/// The tariff with the speed of `home-500`; both systems have it under this id.
pub(super) const HOME_500: u64 = 31;

/// The looks before the customers are added, and those afterwards, in seconds ago.
pub(super) const EARLIER: [u64; 2] = [185, 125];
pub(super) const LATER: [u64; 2] = [65, 5];

/// Returns the tariff with the speed of `home-100`.
pub(super) fn home_100(product: Product) -> u64 {
    product.choose(30, 32)
}

/// The ids of a sale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sale {
    pub(super) account: u64,
    pub(super) service: u64,
}

/// The ISP. Its devices are maple-a at maple-court and oak-a at old-oak; all customers live in the first building.
pub(super) struct Isp {
    pub(super) kind: Product,
    pub(super) world: World,
    /// In the order of their endpoints and ports.
    pub(super) customers: Vec<Sale>,
    server: BillingServer,
    token: String,
}

impl Isp {
    /// Starts with so many customers, all served on maple-a.
    pub(super) async fn with_customers(kind: Product, count: u8) -> Self {
        let mut isp = Self::new(kind).await;
        isp.customers = (1..=count)
            .map(|number| isp.sell(HOME_500, &mac(number)))
            .collect();
        let heard: Vec<(u8, u8)> = (1..=count).map(|number| (number, number)).collect();
        isp.hear("maple-a", &heard, EARLIER).await;
        isp.hear("oak-a", &[], EARLIER).await;
        isp
    }

    async fn new(kind: Product) -> Self {
        let mut token = String::new();
        let twin: Box<dyn BillingTwin> = match kind {
            Product::Splynx => Box::new(empty_splynx(None, now())),
            Product::Sonar => {
                let twin = empty_sonar(now());
                token = twin.token().to_owned();
                Box::new(twin)
            }
        };
        let server = BillingServer::start(twin, BillingServerSettings::default());
        let server = server.await.unwrap();
        let world = World::empty();
        for (path, text) in INVENTORY {
            world.write(path, text);
        }
        world.write("billing.toml", settings(kind, &server));
        world.commit_all("an inventory without subscribers");
        Self {
            kind,
            world,
            customers: Vec::new(),
            server,
            token,
        }
    }

    pub(super) fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    /// Returns what the twin has counted.
    pub(super) fn counters(&self) -> Value {
        self.server.counters()
    }

    /// Sells to a new customer in the first building.
    pub(super) fn sell(&self, tariff: u64, mac: &str) -> Sale {
        let sale = json!({"do": "sell", "tariff": tariff, "mac": mac, "site": "Maple Court"});
        let sold = self.operate(sale);
        let id = |key: &str| sold[key].as_u64().unwrap();
        Sale {
            account: id("account"),
            service: id("service"),
        }
    }

    /// Sets one fault.
    pub(super) fn fault(&self, fault: &str) {
        self.server
            .set_faults(vec![fault.parse().unwrap()])
            .unwrap();
    }

    pub(super) fn clear_faults(&self) {
        self.server.set_faults(Vec::new()).unwrap();
    }

    fn state(&self) -> PathBuf {
        self.world.beside("state")
    }

    /// Stores two looks at a device, a minute apart, that hear endpoints on ports.
    pub(super) async fn hear(&self, device: &str, endpoints: &[(u8, u8)], ago: [u64; 2]) {
        std::fs::create_dir_all(self.state()).unwrap();
        let url = StoreUrl::sqlite(self.state().join("gamctl.db"));
        let store = Store::open(&url, Timeouts::default()).await.unwrap();
        for seconds_ago in ago {
            let mut look = Observation::of(DeviceName::new(device).unwrap());
            look.taken_at = now() - seconds_ago;
            let endpoints = endpoints.iter().map(|(number, port)| {
                let heard = EndpointHealth {
                    state: Some(EndpointState::Unknown),
                    port: PortNumber::new(*port).ok(),
                    ..EndpointHealth::default()
                };
                (mac(*number).parse().unwrap(), heard)
            });
            look.health.endpoints = endpoints.collect::<BTreeMap<_, _>>();
            store.keep_look(&look).await.unwrap();
        }
        store.close().await;
    }

    /// Runs the program in the inventory.
    pub(super) fn gamctl(&self, arguments: &[&str]) -> Answer {
        let variables = [
            format!("GAMCTL_STATE={}", self.state().display()),
            "GAMCTL_SECRET_BILLING_KEY=a-key".to_owned(),
            "GAMCTL_SECRET_BILLING_SECRET=canary-secret".to_owned(),
            format!("GAMCTL_SECRET_BILLING_TOKEN={}", self.token),
            env!("CARGO_BIN_EXE_gamctl").to_owned(),
        ];
        let words: Vec<&str> = variables
            .iter()
            .map(String::as_str)
            .chain(arguments.iter().copied())
            .collect();
        // The twin answers meanwhile, on other threads.
        let run = || self.world.run(self.world.root(), "env", &words);
        Answer::of(self.kind, &tokio::task::block_in_place(run))
    }

    /// Commits the sync, as JSON.
    pub(super) fn sync(&self) -> Answer {
        self.gamctl(&["sync", "--commit", "--format", "json"])
    }

    /// Returns the subscribers at HEAD, each with all of its keys.
    pub(super) fn subscribers(&self) -> BTreeMap<String, String> {
        let reading = self.world.reading_of("HEAD");
        assert!(!reading.has_errors(), "{:?}", reading.findings);
        let subscribers = reading.inventory.subscribers();
        subscribers
            .map(|object| (object.id.to_string(), format!("{:?}", object.text)))
            .collect()
    }
}

/// The result of a run of the program.
pub(super) struct Answer {
    pub(super) kind: Product,
    pub(super) code: Option<i32>,
    pub(super) result: String,
    pub(super) messages: String,
}

impl Answer {
    fn of(kind: Product, output: &Output) -> Self {
        Self {
            kind,
            code: output.status.code(),
            result: String::from_utf8_lossy(&output.stdout).into_owned(),
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(super) fn expect(&self, code: i32) -> &Self {
        assert_eq!(
            self.code,
            Some(code),
            "{:?}\n{}\n{}",
            self.kind,
            self.result,
            self.messages
        );
        self
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) -> &Self {
        let all = format!("{}{}", self.result, self.messages);
        assert!(
            all.contains(text),
            "{:?}: no `{text}` in:\n{all}",
            self.kind
        );
        self
    }

    /// Returns the sync of the only system.
    pub(super) fn system(&self) -> Value {
        let document: Value = serde_json::from_str(&self.result).unwrap();
        document["systems"][0].clone()
    }

    /// Returns the rules of the services that wait or need a person.
    pub(super) fn rules(&self) -> BTreeSet<String> {
        let system = self.system();
        let listed = system["listed"].as_array().unwrap().iter();
        listed
            .map(|line| line["rule"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Returns the MAC address of an endpoint.
pub(super) fn mac(number: u8) -> String {
    format!("00:0e:d8:00:00:{number:02x}")
}

const INVENTORY: [(&str, &str); 5] = [
    (
        "network.toml",
        "schema = 1\n\n[vlans]\nsubscribers = \"100-999\"\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n",
    ),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 50\n\n[service_plan.home-500]\ndown = 500\nup = 250\n\n[service_plan.suspended]\ndown = 10\nup = 10\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n",
    ),
    (
        "devices/all.toml",
        "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\nsite = \"maple-court\"\n\n[device.oak-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.12\"\nsite = \"old-oak\"\n",
    ),
    (
        "policy.toml",
        "[lane.billing]\nauthors = [\"sync@isp.example\"]\n",
    ),
];

/// Returns `billing.toml`. Moves are followed, so that a test of one that must not be made can fail.
fn settings(kind: Product, server: &BillingServer) -> String {
    let (name, login, site) = kind.choose(
        (
            "splynx",
            "login = { key = { secret = \"billing-key\" }, secret = { secret = \"billing-secret\" } }\ntime_zone = \"UTC\"",
            1,
        ),
        (
            "sonar",
            "login = { token = { secret = \"billing-token\" } }",
            5001,
        ),
    );
    let (address, home_100) = (server.address(), home_100(kind));
    format!(
        "[billing.isp]\nkind = \"{name}\"\naddress = \"http://{address}\"\n{login}\nrequests_per_minute = 400\nmoves = \"auto\"\nsites = {{ {site} = \"maple-court\" }}\n\n[billing.isp.tariff.{HOME_500}]\nservice_plan = \"home-500\"\n\n[billing.isp.tariff.{home_100}]\nservice_plan = \"home-100\"\n"
    )
}
