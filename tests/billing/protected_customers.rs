//! Tests that a fault of billing disconnects no customer: six faults, on both systems, through the program to git.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::isp::{Answer, HOME_500, Isp, LATER, Sale, home_100, mac};
use super::product::Product;

/// From ten subscribers up, the limits are shares: of twelve, one may be suspended in an hour.
const CUSTOMERS: u8 = 12;

/// An ISP whose customers are all served, and its inventory before the fault.
struct Before {
    isp: Isp,
    head: String,
    subscribers: BTreeMap<String, String>,
}

impl Before {
    async fn served(kind: Product) -> Self {
        Self::of(Isp::with_customers(kind, CUSTOMERS).await)
    }

    fn of(isp: Isp) -> Self {
        isp.sync().expect(0);
        let subscribers = isp.subscribers();
        assert_eq!(subscribers.len(), usize::from(CUSTOMERS));
        for keys in subscribers.values() {
            assert!(!keys.contains("Suspended"), "{keys}");
        }
        Self {
            head: isp.world.head(),
            subscribers,
            isp,
        }
    }

    /// Commits the sync: every subscriber must stay, with each of its keys.
    #[track_caller]
    fn sync(&self) -> Answer {
        let answer = self.isp.sync();
        let after = self.isp.subscribers();
        for (id, keys) in &self.subscribers {
            assert_eq!(after.get(id), Some(keys), "{:?}: {id}", self.isp.kind);
        }
        answer
    }

    /// Commits the sync twice: nothing is committed, and a rule holds back all of `changes` under one digest.
    #[track_caller]
    fn is_held_back(&self, rule: &str, kind: &str, changes: u8) {
        let mut digests = Vec::new();
        for _ in 0..2 {
            let answer = self.sync();
            answer.expect(4);
            assert_eq!(self.isp.world.head(), self.head, "something was committed");
            let held = answer.system()["held_back"][0].clone();
            assert_eq!(held["rule"], rule, "{held}");
            let all = held["changes"].as_array().unwrap();
            assert_eq!(all.len(), usize::from(changes), "{held}");
            assert!(all.iter().all(|change| change["kind"] == kind), "{held}");
            digests.push(held["digest"].as_str().unwrap().to_owned());
        }
        assert_eq!(digests[0], digests[1], "the same changes have one digest");
        let shown = self.isp.gamctl(&["sync"]);
        shown
            .expect(4)
            .shows(&format!("Held back: {changes} changes ({rule})"))
            .shows(&digests[0][..12])
            .shows(&format!(
                "{changes} changes held back until a person approves"
            ));
    }

    /// Clears the fault: nothing is left to do.
    #[track_caller]
    fn is_over(&self) {
        self.isp.clear_faults();
        self.sync().expect(0).shows("Nothing to commit.");
        assert_eq!(self.isp.world.head(), self.head);
    }

    /// Checks that a subscriber of HEAD has a word among its values.
    #[track_caller]
    fn has(&self, sale: Sale, word: &str) {
        let all = self.isp.subscribers();
        let keys = &all[&format!("acct-{}", sale.account)];
        assert!(keys.contains(word), "{:?}: {keys}", self.isp.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_export_suspends_and_removes_no_customer() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        before.isp.fault(kind.choose(
            "kind = \"empty-list\"\npath = \"customers/customer\"",
            "kind = \"empty-list\"\nconnection = \"accounts\"",
        ));
        before.is_held_back("empty-export", "suspension", CUSTOMERS);
        before.is_over();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_export_suspends_and_removes_no_customer() {
    for kind in Product::BOTH {
        let isp = Isp::with_customers(kind, CUSTOMERS).await;
        let group = kind.choose("partner_id", "company_id");
        for (index, Sale { account, .. }) in isp.customers.iter().enumerate() {
            let value = if index < 6 { 2 } else { 1 };
            let path = format!("accounts/{account}/{group}");
            isp.operate(json!({"do": "edit", "path": path, "value": value}));
        }
        let before = Before::of(isp);
        // The login may not read the second partner any more. The counts agree, so the reading is complete.
        before.isp.fault(kind.choose(
            "kind = \"partner-lost\"\npartner = 2",
            "kind = \"permission-lost\"\nwhat = \"company\"\nid = 2",
        ));
        before.is_held_back("export-shrank", "suspension", 6);
        let gate = before.sync().system()["gate"].clone();
        let mut rules = gate.as_array().unwrap().iter();
        assert!(rules.any(|line| line["rule"] == "group-vanished"), "{gate}");
        before.is_over();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_lacks_rows_suspends_no_customer_until_it_is_whole() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        // One customer really left, which a complete reading would show.
        let Sale { account, service } = before.isp.customers[0];
        before.isp.operate(match kind {
            Product::Splynx => {
                json!({"do": "edit", "path": format!("services/{service}"), "value": null})
            }
            Product::Sonar => json!({"do": "cancel", "account": account}),
        });
        before.isp.fault(kind.choose(
            "kind = \"rows-missing\"\npath = \"internet-services\"\nrows = 5\ncounted = false",
            "kind = \"total-moves\"",
        ));
        let answer = before.sync();
        answer.expect(6);
        assert_eq!(answer.system()["gate"][0]["rule"], "read-incomplete");
        assert_eq!(answer.system()["reading"]["is_complete"], false);
        assert_eq!(before.isp.world.head(), before.head);
        before
            .isp
            .gamctl(&["sync"])
            .expect(6)
            .shows("read-incomplete");
        // The reading is whole: the one who left is suspended, and no other customer.
        before.isp.clear_faults();
        before.isp.sync().expect(0);
        let after = before.isp.subscribers();
        let changed = after
            .iter()
            .filter(|(id, keys)| before.subscribers.get(*id) != Some(keys));
        let changed: Vec<&String> = changed.map(|(id, _)| id).collect();
        assert_eq!(changed, [&format!("acct-{account}")], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_not_used() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        before.isp.fault(kind.choose(
            "kind = \"half-json\"\npath = \"internet-services\"",
            "kind = \"half-answer\"",
        ));
        before.sync().expect(6).shows("isp was not read");
        assert_eq!(before.isp.world.head(), before.head);
        before.is_over();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_who_all_stop_paying_at_once_stay_connected_until_a_person_approves() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        let everyone = |what: &str, customers: &[Sale]| {
            for Sale { account, .. } in customers {
                before.isp.operate(json!({"do": what, "account": account}));
            }
        };
        // In Splynx no service has the status any more, which is as suspicious.
        everyone("block", &before.isp.customers);
        let rule = kind.choose("group-vanished", "too-many-suspensions");
        before.is_held_back(rule, "suspension", CUSTOMERS);
        everyone("pay", &before.isp.customers);
        before.is_over();
        let (first, others) = before.isp.customers.split_first().unwrap();
        everyone("block", others);
        before.is_held_back("too-many-suspensions", "suspension", CUSTOMERS - 1);
        everyone("pay", others);
        before.is_over();
        // One customer who does not pay is not many.
        everyone("block", &[*first]);
        before.isp.sync().expect(0);
        before.has(*first, "Suspended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_tariff_changes_no_subscriber() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        let speed = kind.choose(
            "tariffs/31/speed_download",
            "data_service_details/1/download_speed_kilobits_per_second",
        );
        before
            .isp
            .operate(json!({"do": "edit", "path": speed, "value": 50_000}));
        // A sale of another tariff goes ahead beside it.
        let added = before.isp.sell(home_100(kind), &mac(0x21));
        before.isp.hear("maple-a", &[(0x21, 20)], LATER).await;
        let answer = before.sync();
        let system = answer.expect(0).system();
        let tariff = &system["tariffs"][0];
        assert_eq!(tariff["rule"], "tariff-differs", "{system}");
        assert_eq!(tariff["tariff"], HOME_500.to_string());
        assert_eq!(tariff["services"], u64::from(CUSTOMERS));
        assert_eq!(system["tariffs"].as_array().unwrap().len(), 1);
        assert_eq!(system["changes"].as_array().unwrap().len(), 1, "{system}");
        before.has(added, "home-100");
        let shown = before.isp.gamctl(&["sync"]);
        shown.expect(0).shows("(tariff-differs)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mac_address_of_two_customers_connects_neither_and_disconnects_none() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        // The label of a customer who is served is entered for a new one, too.
        let second = before.isp.sell(HOME_500, &mac(1));
        // Two new customers have one label, and it is heard.
        let pair = [0, 1].map(|_| before.isp.sell(HOME_500, &mac(0x22)));
        before
            .isp
            .hear("maple-a", &[(1, 1), (0x22, 21)], LATER)
            .await;
        let answer = before.sync();
        answer.expect(0);
        assert_eq!(
            before.isp.world.head(),
            before.head,
            "something was committed"
        );
        let system = answer.system();
        let listed = system["listed"].as_array().unwrap();
        for Sale { account, .. } in [second].iter().chain(&pair) {
            let of_account = |line: &&Value| {
                let service = line["service"].as_str().unwrap();
                service.starts_with(&format!("{account}/"))
            };
            let line = listed.iter().find(of_account).unwrap();
            assert_eq!(line["rule"], "mac-claimed-twice", "{kind:?}: {line}");
            assert_eq!(line["class"], "quarantined");
        }
        before
            .isp
            .gamctl(&["sync", "list", "quarantined"])
            .expect(0)
            .shows("mac-claimed-twice")
            .shows(&mac(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_in_the_wrong_building_connects_no_flat_and_moves_no_customer() {
    for kind in Product::BOTH {
        let before = Before::served(kind).await;
        // A new customer of maple-court: the label is heard at old-oak.
        let Sale { account, .. } = before.isp.sell(HOME_500, &mac(0x23));
        // So is the endpoint of a customer who is served, even though moves are followed.
        before.isp.hear("oak-a", &[(0x23, 1), (2, 2)], LATER).await;
        let others: Vec<(u8, u8)> = (1..=CUSTOMERS)
            .filter(|number| *number != 2)
            .map(|number| (number, number))
            .collect();
        before.isp.hear("maple-a", &others, LATER).await;
        let answer = before.sync();
        answer.expect(0);
        assert_eq!(
            before.isp.world.head(),
            before.head,
            "something was committed"
        );
        let rules = answer.rules();
        for rule in ["heard-elsewhere", "moved-elsewhere"] {
            assert!(rules.contains(rule), "{kind:?}: {rules:?}");
        }
        before
            .isp
            .gamctl(&["sync", "explain", &account.to_string()])
            .expect(0)
            .shows("heard-elsewhere")
            .shows("oak-a port 1");
    }
}
