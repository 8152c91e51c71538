//! Runs lines on twins, and remembers where the same lines led from the same configuration before.

use std::collections::BTreeMap;
use std::rc::Rc;

use gamctl::simulator::gam::{Configuration, Hardware};

use super::device::run;

/// The configurations that the lines of one case lead to. A twin does the same each time, so lines that a plan shares with
/// an earlier one need not be parsed again.
pub(super) struct Runs<'a> {
    hardware: &'a Hardware,
    configurations: Vec<Rc<Configuration>>,
    /// By the index of the configuration before, and the lines.
    after: BTreeMap<(usize, String), usize>,
}

impl<'a> Runs<'a> {
    pub(super) fn new(hardware: &'a Hardware) -> Self {
        Self {
            hardware,
            configurations: Vec::new(),
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
        let mut known = self.configurations.iter();
        // The same one is found first, because comparing is slower.
        let same = known.position(|one| Rc::ptr_eq(one, configuration));
        let equal = same.or_else(|| {
            let mut known = self.configurations.iter();
            known.position(|one| one == configuration)
        });
        equal.unwrap_or_else(|| {
            self.configurations.push(Rc::clone(configuration));
            self.configurations.len() - 1
        })
    }
}
