//! Tests the sync with billing inside the service: from a sale to a served line without a hand on it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use gamctl::history::{NewHeldApproval, NewSyncPause, WriteState};
use gamctl::model::ConditionWord;
use gamctl::reconcile::sync::sync_conditions;
use gamctl::simulator::billing::splynx::HookSettings;
use gamctl::simulator::billing::{BillingTwin, Operation};
use gamctl::simulator::server::{BillingServer, BillingServerSettings};
use serde_json::{Value, json};

use super::web::metrics_of;
use super::{EVERYTHING, ServiceBed, one_each, seconds};
use crate::billing::empty_twins::{KEY, SECRET, empty_splynx};
use crate::crash::site::Flat;
use crate::service::client::request;

const HOOK: &str = "hook-of-splynx";
const LANE: &str = "[lane.billing]\nauthors = [\"sync@isp.example\"]\n";

/// An endpoint is believed after half a minute, on a busy machine.
const VERY_LONG: Duration = Duration::from_secs(150);

/// A service on one twin, and a billing system without customers that sends it webhooks.
struct Shop {
    bed: ServiceBed,
    server: BillingServer,
}

/// Returns an address where nothing listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

impl Shop {
    fn open() -> Self {
        Self::open_with("")
    }

    /// With further lines of the lane in the policy.
    fn open_with(lane: &str) -> Self {
        let policy = format!("{EVERYTHING}{LANE}{lane}");
        let mut bed = ServiceBed::new(1, &policy, one_each(1, "home-100"));
        bed.syncs = true;
        bed.listen = free_address();
        // What no webhook brings is not read while a test runs.
        bed.timing.billing_changes = Duration::from_secs(3600);
        bed.timing.billing = Duration::from_millis(200);
        let hook = HookSettings {
            url: format!("http://{}/hooks/billing/splynx/{HOOK}", bed.listen),
            secret: HOOK.to_owned(),
        };
        let twin: Box<dyn BillingTwin> = Box::new(empty_splynx(Some(hook), seconds()));
        let server = BillingServer::start(twin, BillingServerSettings::default());
        let server = bed.wait(server).unwrap();
        for (name, value) in [
            ("splynx-key", KEY),
            ("splynx-secret", SECRET),
            ("splynx-hook", HOOK),
        ] {
            let path = bed.site.secrets().join(name);
            fs::write(&path, value).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let world = &bed.site.world;
        world.write(
            "network.toml",
            "schema = 1\n\n[vlans]\nsubscribers = \"100-999\"\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n",
        );
        let plans = world.read("service-plans.toml");
        let suspended = "\n[service_plan.suspended]\ndown = 10\nup = 10\n\n[service_plan.home-50]\ndown = 100\nup = 50\n";
        world.write("service-plans.toml", format!("{plans}{suspended}"));
        world.write(
            "billing.toml",
            format!(
                "[billing.splynx]\nkind = \"splynx\"\naddress = \"http://{}\"\nlogin = {{ key = {{ secret = \"splynx-key\" }}, secret = {{ secret = \"splynx-secret\" }} }}\nhook = {{ secret = \"splynx-hook\" }}\ntime_zone = \"UTC\"\nrequests_per_minute = 400\n\n[billing.splynx.tariff.30]\nservice_plan = \"home-50\"\n\n[billing.splynx.tariff.31]\nservice_plan = \"home-500\"\n",
                server.address()
            ),
        );
        world.commit_all("billing");
        Self { bed, server }
    }

    fn operate(&self, operation: Value) -> Value {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.server.operate(&operation).unwrap()
    }

    /// Waits until the newest commit has this subject, and every device is as it intends.
    #[track_caller]
    fn until_applied(&self, subject: &str) {
        let end = Instant::now() + VERY_LONG;
        loop {
            // Another commit may come between two questions: both are about this one.
            let head = self.head();
            let is_it = self.git(&["log", "-1", "--format=%s", &head]) == subject;
            if is_it && self.bed.seen().has_reached(&head) {
                return;
            }
            assert!(
                Instant::now() < end,
                "never `{subject}`, but `{}`:\n{}\n{:?}",
                self.subject(),
                self.bed.brief(),
                self.bed.wait(sync_conditions(&self.bed.store)).unwrap()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the newest commit of the repository that the service follows.
    fn head(&self) -> String {
        self.git(&["rev-parse", "main"])
    }

    fn subject(&self) -> String {
        self.git(&["log", "-1", "--format=%s", "main"])
    }

    fn git(&self, arguments: &[&str]) -> String {
        let folder = format!("--git-dir={}", self.git_folder());
        let mut all = vec![folder.as_str()];
        all.extend(arguments);
        self.bed.site.world.git(&all)
    }

    fn git_folder(&self) -> String {
        let path = &self.bed.remote;
        let inner = path.join(".git");
        let folder = if inner.exists() { &inner } else { path };
        folder.to_str().unwrap().to_owned()
    }

    /// Follows a bare repository from now on, as a forge has one.
    fn follow_bare(&mut self) {
        let bare = self.bed.site.world.beside("forge.git");
        let root = self.bed.site.world.root().to_str().unwrap();
        let arguments = ["clone", "-q", "--bare", root, bare.to_str().unwrap()];
        self.bed.site.world.git(&arguments);
        self.bed.remote = bare;
    }

    /// Sells a line to somebody who has one already, by the inventory: nothing has to be heard.
    fn sell_to_the_first(&self, tariff: u64) -> u64 {
        let sold =
            self.operate(json!({"do": "sell", "tariff": tariff, "mac": "00:0e:d8:1c:00:01"}));
        let world = &self.bed.site.world;
        let text = world.read("subscribers/oaks.toml");
        let text = text.replace("home-100", "home-50");
        let link = format!(
            "external = {{ system = \"splynx\", account = \"{}\", service = \"{}\" }}\n",
            sold["account"], sold["service"]
        );
        world.write(
            "subscribers/oaks.toml",
            format!("{}\n{link}", text.trim_end()),
        );
        world.commit_all("link the first customer");
        sold["account"].as_u64().unwrap()
    }

    /// Sells a line to everybody on the only device, and lets the sync write places and notes back, with so many requests.
    fn sell_to_all(&mut self, count: u16, per_minute: u16) -> Vec<u64> {
        let flats = (1..=count).map(|number| Flat::new(number, 0, "home-50"));
        self.bed.intend(flats.collect());
        let world = &self.bed.site.world;
        let mut text = world.read("subscribers/oaks.toml");
        let accounts = (1..=count).map(|number| {
            let mac = format!("00:0e:d8:1c:00:{number:02x}");
            let sold = self.operate(json!({"do": "sell", "tariff": 30, "mac": mac}));
            let link = format!(
                "endpoint = \"{mac}\"\nexternal = {{ system = \"splynx\", account = \"{}\", service = \"{}\" }}",
                sold["account"], sold["service"]
            );
            text = text.replace(&format!("endpoint = \"{mac}\""), &link);
            sold["account"].as_u64().unwrap()
        });
        let accounts = accounts.collect();
        world.write("subscribers/oaks.toml", &text);
        let written =
            format!("requests_per_minute = {per_minute}\nwrite_back = [\"place\", \"notes\"]");
        let billing = world.read("billing.toml");
        let billing = billing.replace("requests_per_minute = 400", &written);
        world.write("billing.toml", billing);
        world.commit_all("link everybody");
        accounts
    }

    /// Returns how many writes to billing are in this state.
    fn writes(&self, state: WriteState) -> usize {
        let system = "splynx".parse().unwrap();
        let writes = self.bed.store.billing_writes(&system, Some(state), 100);
        self.bed.wait(writes).unwrap().len()
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + VERY_LONG;
        while !is_so(self) {
            assert!(Instant::now() < end, "never {what}:\n{}", self.bed.brief());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn condition(&self) -> (&'static str, String) {
        let conditions = self.bed.wait(sync_conditions(&self.bed.store)).unwrap();
        let first = conditions.into_iter().next();
        first.map_or(("none", String::new()), |one| (one.word, one.sentence))
    }

    #[track_caller]
    fn until_condition(&self, word: &str) -> String {
        let end = Instant::now() + VERY_LONG;
        loop {
            let (now, sentence) = self.condition();
            if now == word {
                return sentence;
            }
            assert!(
                Instant::now() < end,
                "never {word}, but {now}: {sentence}\n{}",
                self.bed.brief()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_sold_line_is_served_suspended_and_served_again_without_a_hand() {
    let mut shop = Shop::open();
    shop.bed.start();
    shop.bed
        .until("converged", |seen| seen.all_are(ConditionWord::Converged));
    shop.until_condition("synced");
    let mac = "00:0e:d8:1c:01:07";
    shop.bed.site.twin(0).plug(mac.parse().unwrap(), 3);
    let sold = shop.operate(json!({"do": "sell", "tariff": 31, "mac": mac}));
    let account = sold["account"].as_u64().unwrap();

    shop.until_applied("sync splynx: 1 added");
    let lines = shop.bed.written(0).join("\n");
    assert!(lines.contains(mac), "{lines}");
    let text = shop.git(&["grep", "-h", "", "main", "--", "subscribers"]);
    for part in [
        &format!("[subscriber.acct-{account}]"),
        "port = 3",
        "service_plan = \"home-500\"",
        "vlan = 100",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }

    shop.operate(json!({"do": "block", "account": account}));
    shop.until_applied("sync splynx: 1 suspended");
    shop.operate(json!({"do": "pay", "account": account}));
    shop.until_applied("sync splynx: 1 changed");
    let commits = shop.git(&["log", "--format=%an", "main"]);
    assert_eq!(commits.matches("gamctl sync").count(), 3, "{commits}");
    let metrics = metrics_of(&shop.bed);
    for line in [
        "gamctl_billing_runs_total{result=\"committed\"} 3",
        "gamctl_leader{task=\"billing\"} 1",
    ] {
        assert!(metrics.contains(line), "no `{line}` in:\n{metrics}");
    }
}

#[test]
fn a_change_whose_webhook_was_lost_is_found_and_counted() {
    let mut shop = Shop::open();
    shop.bed.timing.billing_changes = Duration::from_secs(1);
    let account = shop.sell_to_the_first(30);
    shop.bed.start();
    shop.until_condition("synced");
    let lost = "kind = \"hook-lost\"".parse().unwrap();
    shop.server.set_faults(vec![lost]).unwrap();
    shop.operate(json!({"do": "block", "account": account}));
    shop.until_applied("sync splynx: 1 suspended");
    let metrics = metrics_of(&shop.bed);
    let line = "gamctl_billing_missed_by_hooks_total 1";
    assert!(metrics.contains(line), "no `{line}` in:\n{metrics}");
}

#[test]
fn a_webhook_does_not_wait_until_everything_is_written_back() {
    let mut shop = Shop::open();
    let accounts = shop.sell_to_all(4, 30);
    shop.bed.site.apply().exits(0);
    shop.bed.start();
    // One of them is being sent.
    shop.until("due", |shop| shop.writes(WriteState::Queued) >= 3);
    // A webhook about the line that is written now could be that of the write itself.
    shop.operate(json!({"do": "block", "account": accounts[3]}));
    shop.until("read", |shop| shop.subject() == "sync splynx: 1 suspended");
    assert!(
        shop.writes(WriteState::Queued) > 0,
        "it waited for all writes"
    );
}

#[test]
fn the_webhooks_of_own_writes_do_not_end_the_run_that_writes() {
    let mut shop = Shop::open();
    let accounts = shop.sell_to_all(12, 400);
    shop.bed.site.apply().exits(0);
    shop.bed.start();
    shop.until("written", |shop| {
        shop.writes(WriteState::Proved) >= accounts.len()
    });
    let system = "splynx".parse().unwrap();
    let runs = shop
        .bed
        .wait(shop.bed.store.sync_runs(&system, 100))
        .unwrap();
    let runs: u64 = runs.iter().map(|run| run.runs).sum();
    assert!(
        runs < 6,
        "{runs} runs for {} writes",
        shop.writes(WriteState::Proved)
    );
}

#[test]
fn a_commit_of_the_sync_is_pushed_to_the_forge_and_applied() {
    let mut shop = Shop::open();
    let account = shop.sell_to_the_first(30);
    shop.follow_bare();
    shop.bed.start();
    shop.until_condition("synced");
    shop.operate(json!({"do": "block", "account": account}));
    shop.until_applied("sync splynx: 1 suspended");
    let author = shop.git(&["log", "-1", "--format=%an <%ae>", "main"]);
    assert_eq!(author, "gamctl sync <sync@isp.example>");
}

#[test]
fn a_forge_that_refuses_the_push_is_a_condition_and_changes_nothing() {
    let mut shop = Shop::open();
    let account = shop.sell_to_the_first(30);
    shop.follow_bare();
    let hook = shop.bed.remote.join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\necho protected branch >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    shop.bed.start();
    shop.until_condition("synced");
    let before = shop.head();
    shop.operate(json!({"do": "block", "account": account}));
    let sentence = shop.until_condition("failing");
    assert!(
        sentence.contains("the repository did not take the commit"),
        "{sentence}"
    );
    assert_eq!(shop.head(), before);
    // Nothing is lost: once the branch is open, the same change goes there.
    fs::remove_file(hook).unwrap();
    shop.until_applied("sync splynx: 1 suspended");
}

#[test]
fn a_paused_system_is_not_synced_until_it_is_resumed() {
    let mut shop = Shop::open();
    let account = shop.sell_to_the_first(30);
    shop.bed.start();
    shop.until_condition("synced");
    let store = shop.bed.store.clone();
    let pause = NewSyncPause {
        system: "splynx".parse().unwrap(),
        who: "ada@noc".to_owned(),
        reason: "migration".to_owned(),
        until: seconds() + 3600,
    };
    shop.bed.wait(store.pause_sync(&pause)).unwrap();
    let before = shop.head();
    shop.operate(json!({"do": "block", "account": account}));
    shop.bed.another_round();
    shop.bed.another_round();
    assert_eq!(shop.head(), before);
    let (word, sentence) = shop.condition();
    assert_eq!(word, "paused");
    assert!(sentence.contains("ada@noc: migration"), "{sentence}");
    shop.bed.wait(store.resume_sync(&pause.system)).unwrap();
    shop.until_applied("sync splynx: 1 suspended");
}

#[test]
fn a_billing_system_that_refuses_the_login_is_a_condition_and_holds_up_no_device() {
    let mut shop = Shop::open();
    fs::write(shop.bed.site.secrets().join("splynx-secret"), "another").unwrap();
    shop.bed.start();
    let sentence = shop.until_condition("failing");
    assert!(sentence.contains("does not accept the login"), "{sentence}");
    shop.bed
        .until("converged", |seen| seen.all_are(ConditionWord::Converged));
    // Once the secret is right, it goes on by itself.
    fs::write(
        shop.bed.site.secrets().join("splynx-secret"),
        "canary-secret",
    )
    .unwrap();
    shop.until_condition("synced");
}

#[test]
fn a_webhook_needs_its_token_and_its_signature() {
    let mut shop = Shop::open();
    shop.bed.start();
    shop.bed
        .until("converged", |seen| seen.all_are(ConditionWord::Converged));
    let listen = shop.bed.running.as_ref().unwrap().listen;
    let ask = |method: &str, path: &str, headers: &str, body: &str| {
        request(listen, method, path, headers, body).status
    };
    let event = r#"{"type":"edit","data":{"model":"customers","customer_id":"1"}}"#;
    let path = format!("/hooks/billing/splynx/{HOOK}");
    assert_eq!(ask("HEAD", &path, "", ""), 200);
    assert_eq!(ask("POST", &path, "", event), 401, "unsigned");
    let forged = "X-Splynx-Signature: 00\r\n";
    assert_eq!(ask("POST", &path, forged, event), 401, "forged");
    assert_eq!(ask("POST", "/hooks/billing/splynx/x", "", event), 404);
    assert_eq!(
        ask("POST", &format!("/hooks/billing/sonar/{HOOK}"), "", event),
        404
    );
    assert_eq!(ask("GET", &path, "", ""), 405);
    let large = "x".repeat(300 << 10);
    assert_eq!(ask("POST", &path, "", &large), 413);
    let metrics = metrics_of(&shop.bed);
    assert!(
        metrics.contains("gamctl_billing_hooks_total{result=\"accepted\"} 1"),
        "{metrics}"
    );
}

#[test]
fn what_a_person_approves_is_committed_and_applied_by_the_service() {
    let mut shop = Shop::open_with("limits = { suspensions = { count = 0 } }\n");
    let account = shop.sell_to_the_first(30);
    shop.bed.start();
    shop.until_condition("synced");
    let before = shop.head();
    shop.operate(json!({"do": "block", "account": account}));
    shop.until_condition("held-back");
    assert_eq!(shop.head(), before);
    let store = shop.bed.store.clone();
    let system = "splynx".parse().unwrap();
    let held = shop.bed.wait(store.held_changes(&system)).unwrap();
    let approval = NewHeldApproval {
        id: uuid::Uuid::now_v7(),
        system,
        digest: held[0].digest.clone(),
        who: "ada@noc".to_owned(),
        reason: "the bill of May".to_owned(),
    };
    shop.bed.wait(store.approve_held(&approval)).unwrap();
    shop.until_applied("sync splynx: 1 suspended");
}
