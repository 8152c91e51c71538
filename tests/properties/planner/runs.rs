//! Runs lines on twins, and remembers where the same lines led from the same configuration before.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use gamctl::simulator::gam::{Configuration, Hardware};

use super::device::run;

/// The configurations that the lines of one case lead to. A twin does the same each time, so lines that a plan shares with
/// an earlier one need not be parsed again.
pub(super) struct Runs<'a> {
    hardware: &'a Hardware,
    configurations: Vec<Rc<Configuration>>,
    /// By where they are in memory: comparing is slower.
    places: HashMap<*const Configuration, usize>,
    /// By digest; unequal ones may have the same.
    digests: HashMap<u64, Vec<usize>>,
    /// By the index of the configuration before, and the lines.
    after: BTreeMap<(usize, String), usize>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(hardware: &'a Hardware) -> Self {
        Self {
            hardware,
            configurations: Vec::new(),
            places: HashMap::new(),
            digests: HashMap::new(),
            after: BTreeMap::new(),
        }
    }

    /// Returns the configuration after the lines of each step; what the device objects to is the error.
    pub(super) fn all<'l, L: AsRef<str> + 'l>(
        &mut self,
        start: &Rc<Configuration>,
        steps: impl Iterator<Item = &'l Vec<L>>,
    ) -> Result<Rc<Configuration>, String> {
        let mut now = Rc::clone(start);
        for lines in steps {
            now = self.after(&now, lines)?;
        }
        Ok(now)
    }

    /// Returns the configuration after the lines of one step.
    pub(super) fn after<L: AsRef<str>>(
        &mut self,
        before: &Rc<Configuration>,
        lines: &[L],
    ) -> Result<Rc<Configuration>, String> {
        let from = self.index(before);
        let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
        let key = (from, lines.join("\n"));
        let to = match self.after.get(&key) {
            Some(to) => *to,
            None => {
                let mut running = Configuration::clone(before);
                run(&lines, &mut running, self.hardware)?;
                let to = self.index(&Rc::new(running));
                self.after.insert(key, to);
                to
            }
        };
        Ok(Rc::clone(&self.configurations[to]))
    }

    /// Returns the index of an equal configuration, a new one if there is none.
    fn index(&mut self, configuration: &Rc<Configuration>) -> usize {
        if let Some(index) = self.places.get(&Rc::as_ptr(configuration)) {
            return *index;
        }
        let alike = self.digests.entry(digest(configuration)).or_default();
        let mut known = alike.iter();
        let equal = known.find(|index| self.configurations[**index] == *configuration);
        if let Some(index) = equal {
            return *index;
        }
        let index = self.configurations.len();
        alike.push(index);
        // It is kept here, so that no other one comes to the same place.
        self.places.insert(Rc::as_ptr(configuration), index);
        self.configurations.push(Rc::clone(configuration));
        index
    }
}

/// Returns a digest of what steps change most.
fn digest(configuration: &Configuration) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (number, port) in &configuration.ports {
        (number, &port.name, port.mode, port.shutdown).hash(&mut hasher);
    }
    for (id, profile) in &configuration.profiles {
        (id, &profile.name, profile.down, profile.up).hash(&mut hasher);
    }
    for (id, endpoint) in &configuration.endpoints {
        (id, endpoint.mac, &endpoint.name).hash(&mut hasher);
    }
    for (id, subscriber) in &configuration.subscribers {
        let references = (subscriber.endpoint, subscriber.profile);
        (id, &subscriber.name, subscriber.vlan, references).hash(&mut hasher);
    }
    hasher.finish()
}
