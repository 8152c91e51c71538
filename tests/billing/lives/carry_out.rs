//! Carries out what happens in lives: in the office, at the sockets, and by commits of engineers.

use serde_json::{Value, json};

use super::bed::{Bed, DEVICES, PLANS};
use super::deed::{Deed, WAYS};
use super::life::{Customer, Life, Spot};
use super::office::number;
use crate::billing::product::Product;

/// The tariff that the settings do not map, in Splynx and in Sonar.
const NOT_MAPPED: (u64, u64) = (32, 33);

/// The building of all customers.
const SITE: &str = "Maple Court";

/// An edit of an engineer: the subscriber, the key, and the value as the file has it.
pub(super) type KeyEdit = (String, &'static str, String);

impl Bed {
    /// Carries a deed out, and notes it in the story and the model of the life; returns the edit that is left to commit.
    pub(super) fn carry_out(&self, life: &mut Life, round: usize, deed: Deed) -> Option<KeyEdit> {
        let sentence = match deed {
            Deed::Sell { tariff, has_item } => {
                let endpoint = has_item.then_some(life.endpoints);
                life.endpoints += usize::from(has_item);
                self.sell(life, tariff, endpoint)
            }
            Deed::SellTwice { endpoint } => {
                life.twice.insert(endpoint);
                self.sell(life, Some(0), Some(endpoint))
            }
            Deed::SellUsed { endpoint, tariff } => self.sell_used(life, tariff, endpoint),
            Deed::Block { customer } => {
                life.customers[customer].has_paid = false;
                self.of_account(life, customer, "block", &json!({}))
            }
            Deed::Pay { customer } => {
                life.customers[customer].has_paid = true;
                self.of_account(life, customer, "pay", &json!({}))
            }
            Deed::ChangePlan {
                customer,
                tariff,
                way,
            } => {
                let more = json!({"tariff": self.tariff(tariff), "how": WAYS[way]});
                life.customers[customer].tariff = tariff;
                self.of_account(life, customer, "change-plan", &more)
            }
            Deed::Swap { customer } => {
                let endpoint = life.endpoints;
                life.endpoints += 1;
                life.customers[customer].item = Some(endpoint);
                let more = json!({"mac": life.mac(endpoint)});
                let sentence = self.of_account(life, customer, "swap", &more);
                life.rows.insert(endpoint, self.row.get());
                sentence
            }
            Deed::Cancel { customer } => {
                let customer_left = &mut life.customers[customer];
                customer_left.has_left = true;
                // Sonar does not list what an archived account has; in Splynx the item goes back to the storeroom.
                if let (Product::Sonar, Some(item)) = (self.product, customer_left.item) {
                    life.twice.remove(&item);
                }
                self.of_account(life, customer, "cancel", &json!({}))
            }
            Deed::Plug { endpoint, spot } => {
                self.unplug(life, endpoint, Some(spot.device));
                let mac = life.mac(endpoint);
                self.twins[spot.device].plug(mac.parse().unwrap(), spot.port);
                life.plugged.insert(endpoint, spot);
                format!("{mac} is plugged in at {}", place(spot))
            }
            Deed::Unplug { endpoint } => {
                self.unplug(life, endpoint, None);
                format!("{} is unplugged", life.mac(endpoint))
            }
            Deed::EditPlan { customer, plan } => {
                let name = PLANS[plan].0;
                return edit(
                    life,
                    round,
                    customer,
                    ("service_plan", format!("\"{name}\"")),
                );
            }
            Deed::Hold { customer } => {
                let hold = "{ keys = [\"service_plan\"], why = \"trial\", until = \"2035-01-01\" }";
                return edit(life, round, customer, ("hold", hold.to_owned()));
            }
            Deed::Describe { customer } => {
                let description = format!("\"flat {}\"", life.number);
                return edit(life, round, customer, ("description", description));
            }
        };
        life.happened(round, &sentence);
        None
    }

    fn tariff(&self, plan: Option<usize>) -> u64 {
        let (splynx, sonar) = plan.map_or(NOT_MAPPED, |plan| (PLANS[plan].1, PLANS[plan].2));
        self.product.choose(splynx, sonar)
    }

    fn sell(&self, life: &mut Life, plan: Option<usize>, endpoint: Option<usize>) -> String {
        let mac = endpoint.map(|endpoint| life.mac(endpoint));
        let tariff = self.tariff(plan);
        let sale = json!({"do": "sell", "tariff": tariff, "mac": mac, "site": SITE});
        let sold = self.office.operate(sale);
        if let Some(endpoint) = endpoint {
            life.rows.insert(endpoint, number(&sold["item"]));
        }
        self.sold(life, &sold, plan, endpoint)
    }

    fn sold(
        &self,
        life: &mut Life,
        sold: &Value,
        tariff: Option<usize>,
        item: Option<usize>,
    ) -> String {
        let account = number(&sold["account"]);
        life.customers.push(Customer {
            account,
            service: number(&sold["service"]),
            tariff,
            has_paid: true,
            has_left: false,
            item,
        });
        let plan = tariff.map_or("a tariff that is not mapped", |plan| PLANS[plan].0);
        let with = item.map_or("no endpoint".to_owned(), |item| life.mac(item));
        format!("account {account} is sold {plan} with {with}")
    }

    fn sell_used(&self, life: &mut Life, plan: Option<usize>, endpoint: usize) -> String {
        if self.product == Product::Splynx {
            // It is in the storeroom again.
            return self.sell(life, plan, Some(endpoint));
        }
        let sale = json!({"do": "sell", "tariff": self.tariff(plan), "site": SITE});
        let sold = self.office.operate(sale);
        let row = life.rows[&endpoint];
        for (column, value) in [
            ("inventoryitemable_id", &sold["address"]),
            ("inventoryitemable_type", &json!("Address")),
            ("account_service_id", &sold["service"]),
        ] {
            let path = format!("inventory_items/{row}/{column}");
            self.office
                .operate(json!({"do": "edit", "path": path, "value": value}));
        }
        self.sold(life, &sold, plan, Some(endpoint))
    }

    /// Carries out an operation on the account of a customer, and notes the id that its service has afterwards.
    fn of_account(&self, life: &mut Life, customer: usize, what: &str, more: &Value) -> String {
        let account = life.customers[customer].account;
        let mut operation = json!({"do": what, "account": account});
        let members = operation.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        let sentence = operation.to_string();
        let done = self.office.operate(operation);
        self.row.set(number(&done["item"]));
        let service = number(&done["service"]);
        if service != 0 {
            life.customers[customer].service = service;
        }
        sentence
    }

    /// Unplugs an endpoint from every device but one.
    fn unplug(&self, life: &mut Life, endpoint: usize, but: Option<usize>) {
        let mac = life.mac(endpoint).parse().unwrap();
        let at = life.plugged.remove(&endpoint);
        if let Some(spot) = at.filter(|spot| but != Some(spot.device)) {
            self.twins[spot.device].unplug(mac);
        }
    }

    /// Commits the edits of an engineer to the branch, on top of what others pushed.
    pub(super) fn commit(&self, edits: &[KeyEdit], note: &str) {
        if edits.is_empty() {
            return;
        }
        let world = &self.world;
        for _ in 0..20 {
            self.pull();
            for (id, key, value) in edits {
                self.set(id, key, value);
            }
            // An unrelated device gets another location.
            let devices = world.read("devices/all.toml");
            let (head, oak) = devices.split_once("[device.oak-a]\n").unwrap();
            let oak: Vec<&str> = oak
                .lines()
                .filter(|line| !line.starts_with("location"))
                .collect();
            let oak = oak.join("\n");
            let text = format!("{head}[device.oak-a]\nlocation = \"{note}\"\n{oak}\n");
            world.write("devices/all.toml", text);
            world.commit_all("an engineer was here");
            let pushed = world.run(world.root(), "git", &["push", "-q", "origin", "HEAD:main"]);
            if pushed.status.success() {
                return;
            }
        }
        panic!("the branch moves all the time");
    }

    /// Brings the clone of the engineer to the branch.
    pub(super) fn pull(&self) {
        self.world.git(&["fetch", "-q", "origin"]);
        self.world.git(&["reset", "-q", "--hard", "origin/main"]);
    }

    /// Sets one key in the file that has the subscriber.
    fn set(&self, id: &str, key: &str, value: &str) {
        let world = &self.world;
        let header = format!("[subscriber.{id}]");
        let files = world.git(&["grep", "-lF", &header, "--", "*.toml"]);
        let file = files.lines().next().unwrap();
        let text = world.read(file);
        let (before, after) = text.split_once(&header).unwrap();
        let end = after.find("\n[").unwrap_or(after.len());
        let (section, rest) = after.split_at(end);
        let lines = section
            .lines()
            .filter(|line| !line.starts_with(&format!("{key} = ")));
        let mut lines: Vec<&str> = lines.collect();
        let line = format!("{key} = {value}");
        lines.insert(1, &line);
        let section = lines.join("\n");
        world.write(file, format!("{before}{header}{section}\n{rest}"));
    }
}

/// Notes an edit in the model of a life.
fn edit(
    life: &mut Life,
    round: usize,
    customer: usize,
    (key, value): (&'static str, String),
) -> Option<KeyEdit> {
    let account = life.customers[customer].account;
    life.happened(round, &format!("an engineer sets {key} = {value}"));
    let all = life.subscribers.iter_mut();
    for one in all.filter(|one| one.customer == customer) {
        match key {
            "service_plan" => {
                let name = value.trim_matches('"');
                one.plan = PLANS.iter().position(|plan| plan.0 == name).unwrap();
            }
            "hold" => one.is_held = true,
            _ => one.is_described = true,
        }
    }
    Some((format!("acct-{account}"), key, value))
}

pub(super) fn place(spot: Spot) -> String {
    format!("{}/{}", DEVICES[spot.device].0, spot.port)
}
