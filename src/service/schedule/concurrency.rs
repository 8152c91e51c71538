//! Counts the reads in progress against the concurrency limits, in all and at each site.

use foldhash::HashMap;

use crate::model::SiteName;

use super::ready::Group;

/// The site number of devices without a site. Only the limits in all apply to them.
const NO_SITE: u32 = 0;

/// The most reads that may be in progress at once. One device is never read twice at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub slots: usize,
    pub slots_per_site: usize,
}

impl Default for Limits {
    /// 200 reads with ten requests a second each use up the request budget. Two at a site spare its uplink.
    fn default() -> Self {
        Self {
            slots: 200,
            slots_per_site: 2,
        }
    }
}

/// Returns the slots that failing devices may use out of these: 10 %, at least one.
fn failing_share(slots: usize) -> usize {
    (slots / 10).max(1)
}

/// The reads in progress at one site, or in all.
#[derive(Debug, Clone, Copy, Default)]
struct InUse {
    slots: usize,
    failing: usize,
}

impl InUse {
    fn add(&mut self, is_failing: bool) {
        self.slots += 1;
        self.failing += usize::from(is_failing);
    }

    fn remove(&mut self, is_failing: bool) {
        self.slots = self.slots.saturating_sub(1);
        self.failing = self.failing.saturating_sub(usize::from(is_failing));
    }

    fn is_full(self, slots: usize, is_failing: bool) -> bool {
        self.slots >= slots || is_failing && self.failing >= failing_share(slots)
    }
}

#[derive(Debug, Default)]
struct Site {
    name: Option<SiteName>,
    /// The devices here, and the reads in progress that started here.
    members: usize,
    in_use: InUse,
}

/// The sites by number, and the reads in progress.
#[derive(Debug)]
pub(super) struct Concurrency {
    limits: Limits,
    in_use: InUse,
    numbers: HashMap<SiteName, u32>,
    sites: HashMap<u32, Site>,
    last_number: u32,
}

impl Concurrency {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            in_use: InUse::default(),
            numbers: HashMap::default(),
            sites: HashMap::default(),
            last_number: NO_SITE,
        }
    }

    /// Adds a member to a site, and the site with its first member. Returns the number of the site.
    pub(super) fn join(&mut self, site: Option<SiteName>) -> u32 {
        let number = match &site {
            None => NO_SITE,
            Some(name) => match self.numbers.get(name) {
                Some(number) => *number,
                None => self.unused_number(),
            },
        };
        if let Some(name) = &site {
            self.numbers.insert(name.clone(), number);
        }
        let site = self.sites.entry(number).or_insert_with(|| Site {
            name: site,
            ..Site::default()
        });
        site.members += 1;
        number
    }

    /// Removes a member from a site, and the site with its last member.
    pub(super) fn leave(&mut self, number: u32) {
        let Some(site) = self.sites.get_mut(&number) else {
            return;
        };
        site.members = site.members.saturating_sub(1);
        if site.members == 0 {
            let name = site.name.take();
            self.sites.remove(&number);
            name.map(|name| self.numbers.remove(&name));
        }
    }

    /// Counts the start of a read.
    pub(super) fn started(&mut self, group: Group) {
        self.in_use.add(group.is_failing);
        if let Some(site) = self.sites.get_mut(&group.site) {
            site.members += 1;
            site.in_use.add(group.is_failing);
        }
    }

    /// Counts the end of a read, in the group in which it started.
    pub(super) fn ended(&mut self, group: Group) {
        self.in_use.remove(group.is_failing);
        if let Some(site) = self.sites.get_mut(&group.site) {
            site.in_use.remove(group.is_failing);
        }
        self.leave(group.site);
    }

    /// Returns whether no more devices of this class can start, at any site.
    pub(super) fn is_full(&self, is_failing: bool) -> bool {
        self.in_use.is_full(self.limits.slots, is_failing)
    }

    /// Returns whether no more devices of this group can start because of its site.
    pub(super) fn is_site_full(&self, group: Group) -> bool {
        self.sites.get(&group.site).is_some_and(|site| {
            let slots = self.limits.slots_per_site;
            site.name.is_some() && site.in_use.is_full(slots, group.is_failing)
        })
    }

    pub(super) fn in_progress(&self) -> usize {
        self.in_use.slots
    }

    pub(super) fn failing_in_progress(&self) -> usize {
        self.in_use.failing
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.numbers.is_empty()
    }

    /// Returns a number for a new site. After four billion of them, numbers in use are passed over.
    fn unused_number(&mut self) -> u32 {
        loop {
            self.last_number = self.last_number.wrapping_add(1);
            let number = self.last_number;
            if number != NO_SITE && !self.sites.contains_key(&number) {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_devices_have_a_tenth_of_the_slots_and_at_least_one() {
        assert_eq!([1, 2, 19, 20, 200].map(failing_share), [1, 1, 1, 2, 20]);
    }

    #[test]
    fn a_site_is_forgotten_with_its_last_device_and_its_last_read() {
        let mut concurrency = Concurrency::new(Limits::default());
        let maple = SiteName::new("maple").unwrap();
        let group = Group {
            site: concurrency.join(Some(maple.clone())),
            is_failing: false,
        };
        assert_eq!(concurrency.join(Some(maple)), group.site);
        concurrency.started(group);
        concurrency.leave(group.site);
        concurrency.leave(group.site);
        assert!(!concurrency.is_empty());
        concurrency.ended(group);
        assert!(concurrency.is_empty());
    }
}
