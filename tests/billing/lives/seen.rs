//! Reads the inventory at the forge, the devices and billing as they are, without the program under test.

use std::collections::BTreeMap;

use gamctl::simulator::gam::Configuration;
use gamctl::simulator::server::Twin;
use toml::Table;

use super::bed::Bed;
use super::office::Written;
use crate::billing::product::Product;

/// Everything that is there at one moment.
pub(super) struct Seen {
    pub(super) product: Product,
    pub(super) head: String,
    pub(super) subscribers: BTreeMap<String, Table>,
    /// Running and saved.
    pub(super) devices: Vec<(Configuration, Option<Configuration>)>,
    pub(super) written: BTreeMap<u64, Written>,
    pub(super) notes: Vec<(u64, String)>,
    pub(super) bills: u64,
}

impl Bed {
    /// Returns what is there; `last` has the inventory of a commit that was read before.
    pub(super) fn seen(&self, last: Option<Seen>) -> Seen {
        let head = self.world.git_in(&self.forge(), &["rev-parse", "main"]);
        let known = last.filter(|last| last.head == head);
        let subscribers = match known {
            Some(last) => last.subscribers,
            None => self.subscribers_at(&head),
        };
        let device = |twin: &Twin| {
            twin.gam(|gam| {
                let saved = gam.startup().map(|saved| saved.configuration.clone());
                (gam.running().clone(), saved)
            })
        };
        Seen {
            product: self.product,
            head,
            subscribers,
            devices: self.twins.iter().map(device).collect(),
            written: self.office.written(),
            notes: self.office.notes(),
            bills: self.office.bills(),
        }
    }

    /// Reads the subscribers of a commit as TOML, without the inventory of the program under test.
    pub(super) fn subscribers_at(&self, commit: &str) -> BTreeMap<String, Table> {
        let forge = self.forge();
        let names = ["ls-tree", "-r", "--name-only", commit, "subscribers"];
        let mut all = BTreeMap::new();
        for path in self.world.git_in(&forge, &names).lines() {
            let text = self
                .world
                .git_in(&forge, &["show", &format!("{commit}:{path}")]);
            let file: Table = text.parse().unwrap();
            let subscribers = file.get("subscriber").and_then(toml::Value::as_table);
            for (id, one) in subscribers.into_iter().flatten() {
                let one = one.as_table().unwrap().clone();
                assert!(all.insert(id.clone(), one).is_none(), "{id} twice");
            }
        }
        all
    }
}
