//! Tests the decisions of a person about a sync: approvals, contested subscribers, links, pauses.

use std::collections::BTreeMap;

use gamctl::history::{Filter, HeldApproval, Store, StoreUrl, Timeouts};
use gamctl::model::billing::BillingName;
use gamctl::reconcile::sync::SyncLease;
use serde_json::{Value, json};

use super::sync::{Answer, Office};

/// An approval with its reason, as a person gives it.
const REASON: &str = "the dunning run of May";

impl Office {
    /// Serves one customer on each of the first ports; at most two suspensions an hour pass without a person.
    async fn serving(customers: u8) -> (Self, Vec<u64>) {
        let office = Self::new().await;
        office.world.write(
            "policy.toml",
            "[lane.billing]\nauthors = [\"sync@isp.example\"]\nlimits = { suspensions = { count = 2 } }\n",
        );
        office.world.commit_all("two suspensions an hour");
        let macs: Vec<String> = (1..=customers).map(mac).collect();
        let accounts = macs.iter().map(|mac| office.sell(30, mac)).collect();
        let heard = macs.iter().map(String::as_str).zip(1..);
        office.hear(&heard.collect::<Vec<_>>()).await;
        office.gamctl(&["sync", "--commit"]).expect(0);
        (office, accounts)
    }

    fn each(&self, what: &str, accounts: &[u64]) {
        for account in accounts {
            self.operate(json!({"do": what, "account": account}));
        }
    }

    /// Returns the states of all subscribers.
    fn states(&self) -> BTreeMap<String, String> {
        let text = self.world.git(&["show", "HEAD:subscribers/maple-a.toml"]);
        let table: toml::Table = text.parse().unwrap();
        let subscribers = table["subscriber"].as_table().unwrap().iter();
        let state = |subscriber: &toml::Value| {
            let state = subscriber.get("state").and_then(toml::Value::as_str);
            state.unwrap_or("active").to_owned()
        };
        subscribers
            .map(|(id, subscriber)| (id.clone(), state(subscriber)))
            .collect()
    }

    async fn store(&self) -> Store {
        let url = StoreUrl::sqlite(self.state().join("gamctl.db"));
        Store::open(&url, Timeouts::default()).await.unwrap()
    }

    async fn approvals(&self) -> Vec<HeldApproval> {
        let store = self.store().await;
        let approvals = store.held_approvals(&splynx(), 100).await.unwrap();
        store.close().await;
        approvals
    }

    /// Returns the sentences of the audit log, oldest first.
    async fn audit(&self) -> Vec<String> {
        let store = self.store().await;
        let rows = store.audits(&Filter::default()).await.unwrap();
        store.close().await;
        let mut sentences: Vec<String> = rows.into_iter().map(|row| row.audit.what).collect();
        sentences.reverse();
        sentences
    }

    /// Runs a dry sync, and returns the digest of the only changes that are held back.
    fn held_digest(&self) -> String {
        let answer = self.gamctl(&["sync", "splynx", "--format", "json"]);
        let document = document(&answer);
        let held = document["systems"][0]["held_back"].as_array().unwrap();
        assert_eq!(held.len(), 1, "{document}");
        held[0]["digest"].as_str().unwrap().to_owned()
    }

    fn approve(&self, digest: &str) -> Answer {
        self.gamctl(&[
            "sync",
            "splynx",
            "--approve",
            digest,
            "--reason",
            REASON,
            "--yes",
        ])
    }

    /// Edits the service plan of a subscriber as an engineer does.
    fn edit_plan(&self, from: &str, to: &str) -> String {
        let path = "subscribers/maple-a.toml";
        let text = self.world.read(path);
        self.world.write(path, text.replace(from, to));
        self.world.commit_all("a faster line as a trial")
    }
}

fn mac(number: u8) -> String {
    format!("00:0e:d8:00:00:{number:02x}")
}

fn splynx() -> BillingName {
    BillingName::new("splynx").unwrap()
}

#[track_caller]
fn document(answer: &Answer) -> Value {
    serde_json::from_str(&answer.result)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", answer.result, answer.messages))
}

fn count(states: &BTreeMap<String, String>, state: &str) -> usize {
    states.values().filter(|one| *one == state).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_delinquent_is_held_back_and_exactly_what_was_approved_passes() {
    let (office, accounts) = Office::serving(5).await;
    office.each("block", &accounts[..4]);
    let before = office.world.head();
    let held = office.gamctl(&["sync", "--commit"]);
    held.expect(4)
        .shows("Held back: 4 changes (too-many-suspensions)");
    assert_eq!(office.world.head(), before);
    let digest = office.held_digest();

    // Without a terminal and without `--yes`, nothing is approved.
    let asked = ["sync", "splynx", "--approve", &digest, "--reason", REASON];
    office.gamctl(&asked).expect(4);
    assert_eq!(office.approvals().await, []);
    let silent = [
        "sync",
        "splynx",
        "--approve",
        &digest,
        "--reason",
        " ",
        "--yes",
    ];
    office.gamctl(&silent).expect(1);
    office
        .gamctl(&["sync", "--approve", &digest, "--reason", REASON, "--yes"])
        .expect(1);

    // The first digits are enough: the text shows no more of them.
    let approved = office.approve(&digest[..12]);
    approved
        .expect(0)
        .shows("Approved by a person: 4 changes (too-many-suspensions)");
    let states = office.states();
    assert_eq!(
        (count(&states, "suspended"), count(&states, "active")),
        (4, 1)
    );
    let message = office.world.git(&["log", "-1", "--format=%an%n%B"]);
    assert!(
        message.starts_with("gamctl sync\nsync splynx: 4 suspended\n"),
        "{message}"
    );
    assert!(
        message.contains(&format!("Gamctl-Approval: {digest}")),
        "{message}"
    );
    assert!(message.contains("Gamctl-Lane: billing"), "{message}");
    let approvals = office.approvals().await;
    assert_eq!(approvals.len(), 1);
    assert_eq!(approvals[0].reason, REASON);
    assert!(approvals[0].used_by.is_some() && !approvals[0].is_in_force);
    let audit = office.audit().await;
    assert!(
        audit
            .iter()
            .any(|one| one.contains("approved 4 held changes of splynx") && one.ends_with(REASON)),
        "{audit:?}"
    );

    // What a person approved does not use up the limit of the hour.
    office.each("block", &accounts[4..]);
    office.gamctl(&["sync", "--commit"]).expect(0);
    assert_eq!(count(&office.states(), "suspended"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_refused_when_billing_changed_meanwhile_and_shows_the_difference() {
    let (office, accounts) = Office::serving(5).await;
    office.each("block", &accounts[..4]);
    office.gamctl(&["sync", "--commit"]).expect(4);
    let digest = office.held_digest();
    let before = office.world.head();
    office.each("pay", &accounts[..1]);
    office.each("block", &accounts[4..]);

    let refused = office.approve(&digest);
    refused
        .expect(4)
        .shows("Not approved: ")
        .shows("It named 4 changes (too-many-suspensions)")
        .shows(&format!("no longer held back: acct-{}\n", accounts[0]))
        .shows(&format!(
            "held back now, and not before: acct-{}\n",
            accounts[4]
        ))
        .shows("Held back: 4 changes (too-many-suspensions)");
    assert_eq!(office.world.head(), before);
    assert_eq!(office.approvals().await, []);
    let json = office.gamctl(&[
        "sync",
        "splynx",
        "--approve",
        &digest,
        "--reason",
        REASON,
        "--yes",
        "--format",
        "json",
    ]);
    json.expect(4);
    let approval = &document(&json)["approval"];
    assert_eq!(approval["result"], "changed");
    assert_eq!(
        approval["no_longer_held"],
        json!([format!("acct-{}", accounts[0])])
    );

    // The changes that are held back now have a digest of their own.
    office.approve(&office.held_digest()).expect(0);
    assert_eq!(count(&office.states(), "suspended"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_used_once() {
    let (office, accounts) = Office::serving(4).await;
    office.each("block", &accounts);
    let first = office.held_digest();
    office.approve(&first).expect(0);
    office.each("pay", &accounts);
    office.gamctl(&["sync", "--commit"]).expect(0);
    assert_eq!(count(&office.states(), "active"), 4);

    // Exactly the same changes again, within the hour.
    office.each("block", &accounts);
    assert_eq!(office.held_digest(), first);
    office.gamctl(&["sync", "--commit"]).expect(4);
    assert_eq!(count(&office.states(), "active"), 4);
    office.approve(&first).expect(0);
    assert_eq!(count(&office.states(), "suspended"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_while_another_process_syncs_is_used_by_the_next_run() {
    let (office, accounts) = Office::serving(4).await;
    office.each("block", &accounts);
    let digest = office.held_digest();
    let store = office.store().await;
    let lease = SyncLease::take(&store, &splynx(), SyncLease::WHOLE_RUN).await;
    let lease = lease.unwrap().unwrap();
    let approved = office.approve(&digest);
    approved.expect(2);
    assert!(
        approved
            .messages
            .contains("Another process syncs splynx now"),
        "{}",
        approved.messages
    );
    assert!(office.approvals().await[0].is_in_force);
    assert_eq!(count(&office.states(), "active"), 4);
    lease.release(&store).await.unwrap();
    store.close().await;

    office.gamctl(&["sync", "--commit"]).expect(0);
    assert_eq!(count(&office.states(), "suspended"), 4);
    assert!(office.approvals().await[0].used_by.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn held_changes_that_go_to_a_branch_for_review_approve_nothing_in_the_lane() {
    let (office, accounts) = Office::serving(4).await;
    office.each("block", &accounts);
    let digest = office.held_digest();
    let before = office.world.head();
    let review = office.gamctl(&[
        "sync",
        "splynx",
        "--approve",
        &digest,
        "--reason",
        REASON,
        "--yes",
        "--commit",
        "--branch",
        "review/dunning",
    ]);
    review.expect(0);
    assert_eq!(office.world.head(), before);
    let message = office
        .world
        .git(&["log", "-1", "--format=%an%n%B", "review/dunning"]);
    assert!(
        message.starts_with("Test\nsync splynx: 4 suspended"),
        "{message}"
    );
    assert!(!message.contains("Gamctl-Lane"), "{message}");
    assert_eq!(office.approvals().await, []);
    office.gamctl(&["sync", "--commit"]).expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contested_plan_is_resolved_for_billing() {
    let (office, accounts) = Office::serving(1).await;
    let id = format!("acct-{}", accounts[0]);
    office.edit_plan("home-100", "home-500");
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("contested");
    let edited = office.world.head();

    let resolved = office.gamctl(&["sync", "resolve", &id, "--take", "billing"]);
    resolved
        .expect(0)
        .shows("service_plan is `home-100` in billing and `home-500` in the inventory");
    assert_eq!(
        office.world.head(),
        edited,
        "the decision itself commits nothing"
    );
    let committed = office.gamctl(&["sync", "--commit"]);
    committed
        .expect(0)
        .shows(&format!("{id} service_plan home-500 → home-100"));
    let audit = office.audit().await;
    assert!(
        audit
            .iter()
            .any(|one| one.starts_with(&format!("took billing's side for {id}"))),
        "{audit:?}"
    );

    // It was decided about that difference, and about none after it.
    office.edit_plan("home-100", "home-500");
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("contested");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contested_plan_is_resolved_by_a_hold() {
    let (office, accounts) = Office::serving(1).await;
    let id = format!("acct-{}", accounts[0]);
    office.edit_plan("home-100", "home-500");
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("contested");
    let resolve = ["sync", "resolve", &id, "--take", "inventory"];
    office.gamctl(&resolve).expect(1);
    let edited = office.world.head();
    let hold = |more: &[&str]| {
        let words = ["--until", "2099-03-01", "--why", "trial"];
        office.gamctl(&[&resolve[..], &words, more].concat())
    };
    hold(&[])
        .expect(0)
        .shows("+hold = { keys = [\"service_plan\"], why = \"trial\", until = \"2099-03-01\" }");
    assert_eq!(office.world.head(), edited);
    hold(&["--keys", "state"]).expect(1);

    hold(&["--commit"]).expect(0);
    assert_eq!(office.world.git(&["rev-parse", "HEAD~1"]), edited);
    let message = office.world.git(&["log", "-1", "--format=%an%n%B"]);
    assert!(
        message.starts_with(&format!(
            "Test\nhold service_plan of {id} until 2099-03-01\n"
        )),
        "{message}"
    );
    assert!(
        message.contains("Gamctl-Command: sync resolve"),
        "{message}"
    );
    office.gamctl(&["validate"]).expect(0);
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("held by a person");
    // It keeps the plan, and nothing else.
    office.each("block", &accounts);
    office.gamctl(&["sync", "--commit"]).expect(0);
    let text = office.world.read("subscribers/maple-a.toml");
    assert!(text.contains("service_plan = \"home-500\""), "{text}");
    assert!(text.contains("state = \"suspended\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_is_not_contested_has_nothing_to_decide() {
    let (office, accounts) = Office::serving(1).await;
    let id = format!("acct-{}", accounts[0]);
    let answer = office.gamctl(&["sync", "resolve", &id, "--take", "billing"]);
    answer.expect(1);
    assert!(
        answer
            .messages
            .contains(&format!("{id} is not contested: it is in sync")),
        "{}",
        answer.messages
    );
    let unknown = office.gamctl(&["sync", "resolve", "acct-0", "--take", "billing"]);
    unknown.expect(1);
    assert!(
        unknown.messages.contains("there is no subscriber `acct-0`"),
        "{}",
        unknown.messages
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_a_person_removed_comes_back_if_billing_is_taken() {
    let (office, accounts) = Office::serving(2).await;
    let id = format!("acct-{}", accounts[1]);
    let text = office.world.read("subscribers/maple-a.toml");
    let begin = text
        .find(&format!("# splynx: account {}", accounts[1]))
        .unwrap();
    office
        .world
        .write("subscribers/maple-a.toml", &text[..begin]);
    office.world.commit_all("remove a subscriber");
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("subscriber-removed");
    let hold = [
        "sync",
        "resolve",
        &id,
        "--take",
        "inventory",
        "--until",
        "2099-01-01",
        "--why",
        "x",
    ];
    let nothing = office.gamctl(&hold);
    nothing.expect(1);
    assert!(
        nothing.messages.contains("nothing to hold"),
        "{}",
        nothing.messages
    );
    office
        .gamctl(&["sync", "resolve", &id, "--take", "billing"])
        .expect(0);
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows(&format!("{id} added on maple-a port 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_writes_the_link_and_nothing_else() {
    let office = Office::new().await;
    let account = office.sell(30, &mac(1));
    let subscribers = "# an apartment from before gamctl\n[subscriber.apt-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-500\"\nvlan = 101\n\n[subscriber.apt-2]\ndevice = \"maple-a\"\nport = 2\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"home-500\"\nvlan = 102\n";
    office.world.write("subscribers/maple-a.toml", subscribers);
    let before = office.world.commit_all("a network from before gamctl");
    let dry = office.gamctl(&["sync", "adopt", "splynx"]);
    dry.expect(2)
        .shows(&format!("apt-1 external.account none → {account}/"))
        .shows("Not linked: 1 subscriber (no-item)")
        .shows("apt-2: no item of a service in scope has 00:0e:d8:00:00:02");
    // A second item with the same address may be in the part that was not read.
    let fault = toml::toml! { kind = "counts-move" };
    office.server.set_faults(vec![fault]).unwrap();
    let incomplete = office.gamctl(&["sync", "adopt", "splynx", "--commit"]);
    incomplete
        .expect(6)
        .shows("Not linked: 1 subscriber (read-incomplete)");
    assert_eq!(office.world.head(), before);
    office.server.set_faults(Vec::new()).unwrap();

    let committed = office.gamctl(&["sync", "adopt", "splynx", "--commit"]);
    committed.expect(0);
    let message = office.world.git(&["log", "-1", "--format=%an%n%B"]);
    assert!(
        message.starts_with("gamctl sync\nsync splynx: 1 linked\n"),
        "{message}"
    );
    assert!(message.contains("Gamctl-Lane: billing"), "{message}");
    let difference = office.world.git(&["diff", "-U0", "HEAD~1", "HEAD"]);
    let changed: Vec<&str> = difference
        .lines()
        .filter(|line| {
            line.starts_with(['+', '-']) && !line.starts_with("+++ ") && !line.starts_with("--- ")
        })
        .filter(|line| line.len() > 1)
        .collect();
    assert!(
        changed.iter().all(|line| line.starts_with('+')),
        "{difference}"
    );
    assert_eq!(
        changed[..3],
        [
            "+[subscriber.apt-1.external]",
            "+system = \"splynx\"",
            format!("+account = \"{account}\"").as_str()
        ]
    );
    assert!(
        changed.len() == 4 && changed[3].starts_with("+service = "),
        "{difference}"
    );
    office
        .gamctl(&["validate", "--against", "HEAD~1"])
        .expect(0);
    office.gamctl(&["sync", "adopt", "--commit"]).expect(0);
    // The plans differ, and no one knows which side changed: a person decides.
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("contested");
    assert!(
        office
            .world
            .read("subscribers/maple-a.toml")
            .contains("home-500")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_more_than_the_lane_may_commit_takes_a_persons_name() {
    let office = Office::new().await;
    let mut subscribers = String::new();
    for number in 1..=12_u8 {
        office.sell(30, &mac(number));
        subscribers.push_str(&format!(
            "[subscriber.apt-{number}]\ndevice = \"maple-a\"\nport = {number}\nendpoint = \"{}\"\nservice_plan = \"home-100\"\nvlan = {}\n\n",
            mac(number),
            100 + u16::from(number)
        ));
    }
    office.world.write("subscribers/maple-a.toml", subscribers);
    let before = office.world.commit_all("a network from before gamctl");
    let held = office.gamctl(&["sync", "adopt", "--commit"]);
    held.expect(4)
        .shows("Held back: 12 links (too-many-changes)");
    assert_eq!(office.world.head(), before);
    office
        .gamctl(&["sync", "adopt", "--commit", "--branch", "main"])
        .expect(0);
    let message = office.world.git(&["log", "-1", "--format=%an%n%B"]);
    assert!(
        message.starts_with("Test\nsync splynx: 12 linked\n"),
        "{message}"
    );
    assert!(!message.contains("Gamctl-Lane"), "{message}");
    office
        .gamctl(&["sync", "--commit"])
        .expect(0)
        .shows("in sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_system_commits_nothing_and_says_who_paused_it_and_until_when() {
    let (office, accounts) = Office::serving(1).await;
    let synced = office.world.head();
    office.operate(json!({"do": "change-plan", "account": accounts[0], "tariff": 31}));
    let pause = |until: &str| {
        let reason = "migration of tariffs";
        office.gamctl(&[
            "sync", "pause", "splynx", "--until", until, "--reason", reason,
        ])
    };
    pause("2020-01-01").expect(1);
    let year = office.gamctl(&["sync", "pause", "splynx", "--for", "9000d", "--reason", "x"]);
    year.expect(1);
    let far = year_ahead();
    pause(&format!("{far} 18:00")).expect(0);

    let refused = office.gamctl(&["sync", "--commit"]);
    refused.expect(4);
    for part in [
        "paused by ",
        &format!("until {far} 18:00 UTC"),
        "migration of tariffs",
        "sync resume splynx",
    ] {
        assert!(
            refused.messages.contains(part),
            "{part}: {}",
            refused.messages
        );
    }
    office
        .gamctl(&["sync", "--commit", "--branch", "review/x"])
        .expect(4);
    office.gamctl(&["sync", "adopt", "--commit"]).expect(4);
    assert_eq!(office.world.head(), synced);
    let dry = office.gamctl(&["sync"]);
    dry.expect(2)
        .shows("Paused by ")
        .shows("migration of tariffs")
        .shows("service_plan home-100 → home-500");
    let json = office.gamctl(&["sync", "--commit", "--format", "json"]);
    assert_eq!(
        document(&json)["failed"][0]["pause"]["reason"],
        "migration of tariffs"
    );

    office.gamctl(&["sync", "resume", "splynx"]).expect(0);
    office.gamctl(&["sync", "--commit"]).expect(0);
    assert_ne!(office.world.head(), synced);
    let audit = office.audit().await;
    let verbs = ["paused the sync of splynx", "resumed the sync of splynx"];
    for verb in verbs {
        assert!(audit.iter().any(|one| one.starts_with(verb)), "{audit:?}");
    }
}

/// Returns a day some months ahead.
fn year_ahead() -> String {
    let seconds = super::product::now() + 200 * 86_400;
    let time = chrono::DateTime::from_timestamp(i64::try_from(seconds).unwrap(), 0).unwrap();
    time.format("%Y-%m-%d").to_string()
}
