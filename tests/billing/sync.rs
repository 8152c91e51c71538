//! Tests `gamctl sync` from the sale in billing to the commit, with the program, a twin and recorded looks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use gamctl::history::{Store, StoreUrl, Timeouts};
use gamctl::model::{DeviceName, EndpointHealth, EndpointState, Observation, PortNumber};
use gamctl::simulator::billing::people::People;
use gamctl::simulator::billing::{BillingTwin, Operation};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

use super::empty_twins::{SEED, empty_splynx};
use super::product::now;
use crate::world::World;

/// An inventory in git, a store with looks, and a billing system without customers.
pub(super) struct Office {
    pub(super) world: World,
    pub(super) server: BillingServer,
}

impl Office {
    pub(super) async fn new() -> Self {
        let twin: Box<dyn BillingTwin> = Box::new(empty_splynx(None, now()));
        let server = BillingServer::start(twin, BillingServerSettings::default());
        let server = server.await.unwrap();
        let world = World::empty();
        for (path, text) in [
            (
                "network.toml",
                "schema = 1\n\n[vlans]\nsubscribers = \"100-999\"\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n".to_owned(),
            ),
            (
                "service-plans.toml",
                "[service_plan.home-100]\ndown = 100\nup = 50\n\n[service_plan.home-500]\ndown = 500\nup = 250\n\n[service_plan.suspended]\ndown = 10\nup = 10\n".to_owned(),
            ),
            (
                "credentials.toml",
                "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n".to_owned(),
            ),
            (
                "devices/maple.toml",
                "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n".to_owned(),
            ),
            (
                "policy.toml",
                "[lane.billing]\nauthors = [\"sync@isp.example\"]\n".to_owned(),
            ),
            (
                "billing.toml",
                format!(
                    "[billing.splynx]\nkind = \"splynx\"\naddress = \"http://{}\"\nlogin = {{ key = {{ secret = \"splynx-key\" }}, secret = {{ secret = \"splynx-secret\" }} }}\ntime_zone = \"UTC\"\nrequests_per_minute = 400\n\n[billing.splynx.tariff.30]\nservice_plan = \"home-100\"\n\n[billing.splynx.tariff.31]\nservice_plan = \"home-500\"\n",
                    server.address()
                ),
            ),
        ] {
            world.write(path, text);
        }
        world.commit_all("an inventory without subscribers");
        Self { world, server }
    }

    pub(super) fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    pub(super) fn sell(&self, tariff: u64, mac: &str) -> u64 {
        let sold = self.operate(json!({"do": "sell", "tariff": tariff, "mac": mac}));
        sold["account"].as_u64().unwrap()
    }

    pub(super) fn state(&self) -> PathBuf {
        self.world.beside("state")
    }

    /// Stores two looks at maple-a, a minute apart, that hear endpoints which no subscriber has.
    pub(super) async fn hear(&self, endpoints: &[(&str, u8)]) {
        std::fs::create_dir_all(self.state()).unwrap();
        let url = StoreUrl::sqlite(self.state().join("gamctl.db"));
        let store = Store::open(&url, Timeouts::default()).await.unwrap();
        for seconds_ago in [65, 5] {
            let mut look = Observation::of(DeviceName::new("maple-a").unwrap());
            look.taken_at = now() - seconds_ago;
            let endpoints = endpoints.iter().map(|(mac, port)| {
                let heard = EndpointHealth {
                    state: Some(EndpointState::Unknown),
                    port: PortNumber::new(*port).ok(),
                    ..EndpointHealth::default()
                };
                (mac.parse().unwrap(), heard)
            });
            look.health.endpoints = endpoints.collect::<BTreeMap<_, _>>();
            store.keep_look(&look).await.unwrap();
        }
        store.close().await;
    }

    /// Runs the program in the inventory; returns its exit code, result and messages.
    pub(super) fn gamctl(&self, arguments: &[&str]) -> Answer {
        let state = self.state();
        let variables = [
            format!("GAMCTL_STATE={}", state.display()),
            "GAMCTL_SECRET_SPLYNX_KEY=a-key".to_owned(),
            "GAMCTL_SECRET_SPLYNX_SECRET=canary-secret".to_owned(),
            env!("CARGO_BIN_EXE_gamctl").to_owned(),
        ];
        let words: Vec<&str> = variables
            .iter()
            .map(String::as_str)
            .chain(arguments.iter().copied())
            .collect();
        // The twin answers meanwhile, on other threads.
        let run = || self.world.run(self.world.root(), "env", &words);
        Answer::of(&tokio::task::block_in_place(run))
    }
}

pub(super) struct Answer {
    pub(super) code: Option<i32>,
    pub(super) result: String,
    pub(super) messages: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            result: String::from_utf8_lossy(&output.stdout).into_owned(),
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(super) fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.result, self.messages);
        self
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) -> &Self {
        assert!(
            self.result.contains(text),
            "no `{text}` in:\n{}",
            self.result
        );
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sold_line_whose_endpoint_is_heard_becomes_one_commit() {
    let office = Office::new().await;
    let account = office.sell(31, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:07", 7)]).await;
    let before = office.world.head();

    let dry = office.gamctl(&["sync"]);
    dry.expect(2)
        .shows("Would be committed:")
        .shows(&format!(
            "acct-{account} added on maple-a port 7, home-500, VLAN 100, active"
        ))
        .shows("+[subscriber.acct-");
    assert_eq!(office.world.head(), before, "a dry run commits nothing");

    let committed = office.gamctl(&["sync", "splynx", "--commit"]);
    committed.expect(0).shows("Committed:");
    assert_eq!(office.world.git(&["rev-parse", "HEAD~1"]), before);
    let message = office.world.git(&["log", "-1", "--format=%an <%ae>%n%B"]);
    assert!(
        message.starts_with("gamctl sync <sync@isp.example>\nsync splynx: 1 added\n"),
        "{message}"
    );
    for trailer in [
        "Gamctl-Command: sync",
        "Gamctl-Lane: billing",
        "Gamctl-Billing: splynx",
        "Gamctl-Snapshot: ",
        "Gamctl-Run: ",
    ] {
        assert!(message.contains(trailer), "{message}");
    }

    let again = office.gamctl(&["sync", "splynx", "--commit"]);
    again.expect(0).shows("in sync");
    assert_eq!(
        office.world.git(&["rev-parse", "HEAD~1"]),
        before,
        "one commit"
    );

    // Neither the terminal nor git has the customer's name, and nothing has the secret.
    let person = People::new(SEED).person(0);
    let history = office.world.git(&["log", "-p", "--all"]);
    for answer in [&dry.result, &dry.messages, &committed.result, &history] {
        for personal in [&person.family, &person.building.street, &person.email] {
            assert!(!answer.contains(personal), "{personal} in {answer}");
        }
        assert!(!answer.contains("canary"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_plan_a_bill_that_is_not_paid_and_a_payment_are_commits_of_one_subscriber() {
    let office = Office::new().await;
    let account = office.sell(30, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:07", 7)]).await;
    office.gamctl(&["sync", "--commit"]).expect(0);
    let value = |key: &str| {
        let text = office.world.read("subscribers/maple-a.toml");
        let line = text.lines().find(|line| line.starts_with(key));
        line.unwrap_or_default().to_owned()
    };
    assert_eq!(value("service_plan"), "service_plan = \"home-100\"");

    office.operate(json!({"do": "change-plan", "account": account, "tariff": 31}));
    let changed = office.gamctl(&["sync", "--commit"]);
    changed
        .expect(0)
        .shows(&format!("acct-{account} service_plan home-100 → home-500"));
    assert_eq!(value("service_plan"), "service_plan = \"home-500\"");

    office.operate(json!({"do": "block", "account": account}));
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("state active → suspended");
    assert_eq!(value("state"), "state = \"suspended\"");

    office.operate(json!({"do": "pay", "account": account}));
    office.gamctl(&["sync", "--commit"]).expect(0);
    assert_eq!(value("state"), "state = \"active\"");
    office.gamctl(&["sync"]).expect(0).shows("in sync");
    assert_eq!(office.world.git(&["rev-list", "--count", "HEAD"]), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engineers_edit_stays_and_both_sides_are_explained() {
    let office = Office::new().await;
    let account = office.sell(30, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:07", 7)]).await;
    office.gamctl(&["sync", "--commit"]).expect(0);
    let text = office.world.read("subscribers/maple-a.toml");
    let edited = text.replace("home-100", "home-500");
    office.world.write("subscribers/maple-a.toml", &edited);
    office.world.commit_all("a faster line as a trial");
    let answer = office.gamctl(&["sync", "--commit"]);
    answer.expect(0).shows("contested");
    assert_eq!(office.world.read("subscribers/maple-a.toml"), edited);
    let listed = office.gamctl(&["sync", "list", "contested"]);
    listed
        .expect(0)
        .shows("contested: 1 service\n")
        .shows("service_plan is `home-100` in billing and `home-500` in the inventory");
    let explained = office.gamctl(&["sync", "explain", &format!("acct-{account}")]);
    explained
        .expect(0)
        .shows("status served")
        .shows("maple-a port 7")
        .shows("home-500, VLAN 100, active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_a_persons_name_goes_to_a_branch_and_is_in_no_lane() {
    let office = Office::new().await;
    office.sell(31, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:07", 7)]).await;
    let before = office.world.head();
    let arguments = ["sync", "--commit", "--branch", "review/monday"];
    office.gamctl(&arguments).expect(0);
    assert_eq!(office.world.head(), before);
    let message = office
        .world
        .git(&["log", "-1", "--format=%an%n%B", "review/monday"]);
    assert!(
        message.starts_with("Test\nsync splynx: 1 added"),
        "{message}"
    );
    assert!(!message.contains("Gamctl-Lane"), "{message}");
    // Nothing is remembered: the branch may never be merged.
    office.gamctl(&["sync"]).expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_export_changes_nothing_and_is_held_back() {
    let office = Office::new().await;
    office.sell(31, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:07", 7)]).await;
    office.gamctl(&["sync", "--commit"]).expect(0);
    let synced = office.world.head();
    let mut fault = toml::Table::new();
    fault.insert("kind".to_owned(), "empty-list".into());
    fault.insert("path".to_owned(), "customers/customer".into());
    office.server.set_faults(vec![fault]).unwrap();
    let answer = office.gamctl(&["sync", "--commit"]);
    assert_ne!(answer.code, Some(2), "{}", answer.result);
    answer.shows("empty-export");
    assert_eq!(office.world.head(), synced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_heard_waits_with_its_reason() {
    let office = Office::new().await;
    let account = office.sell(30, "00:0E:D8:00:00:07");
    office.hear(&[("00:0e:d8:00:00:17", 3)]).await;
    let answer = office.gamctl(&["sync", "--format", "json"]);
    answer.expect(0);
    let document: Value = serde_json::from_str(&answer.result).unwrap();
    let system = &document["systems"][0];
    assert_eq!(system["services"], 1);
    let listed = &system["listed"][0];
    assert_eq!(listed["rule"], "not-heard");
    let service = listed["service"].as_str().unwrap();
    assert!(service.starts_with(&format!("{account}/")), "{service}");
    let sum: u64 = system["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| class["services"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 1, "the classes add up to the services");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tariff_without_a_mapping_is_printed_as_lines_to_paste() {
    let office = Office::new().await;
    office.sell(32, "00:0E:D8:00:00:07");
    let synced = office.gamctl(&["sync"]);
    synced.expect(0).shows("tariff-not-mapped");
    office
        .gamctl(&["sync", "map"])
        .expect(0)
        .shows("[billing.splynx.tariff.32]\n# service_plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_shows_what_the_login_may_read() {
    let office = Office::new().await;
    let answer = office.gamctl(&["sync", "check", "splynx"]);
    answer.expect(0).shows("login").shows("customers/customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_cannot_be_reached_exits_with_six_and_writes_nothing() {
    let office = Office::new().await;
    let before = office.world.head();
    let broken = office.world.read("billing.toml");
    let address = office.server.address().to_string();
    office
        .world
        .write("billing.toml", broken.replace(&address, "127.0.0.1:9"));
    let moved = office.world.commit_all("an address where nothing listens");
    let answer = office.gamctl(&["sync", "--commit"]);
    answer.expect(6);
    assert!(
        answer.messages.contains("splynx was not read"),
        "{}",
        answer.messages
    );
    assert_eq!(office.world.head(), moved);
    assert_ne!(moved, before);
}
