//! Checks every commit of the branch: VLANs are distinct, never changed and never used again within their rest.

use std::collections::{BTreeMap, BTreeSet};

use super::rounds::Lives;

impl Lives {
    /// Checks what holds at every commit, from the first to the last one.
    pub(super) fn was_always_sound(&self) -> Result<(), String> {
        let forge = self.bed.forge();
        let arguments = [
            "log",
            "--reverse",
            "--format=%H",
            "main",
            "--",
            "subscribers",
        ];
        let commits = self.bed.world.git_in(&forge, &arguments);
        // Who had a VLAN of a device.
        let mut owners: BTreeMap<(String, i64), String> = BTreeMap::new();
        for commit in commits.lines() {
            let mut used = BTreeSet::new();
            for (id, one) in self.bed.subscribers_at(commit) {
                let device = one["device"].as_str().unwrap_or_default().to_owned();
                let vlan = one["vlan"].as_integer().unwrap_or(0);
                let place = (device, vlan);
                if !used.insert(place.clone()) {
                    return Err(format!("{commit}: {place:?} twice"));
                }
                let owner = owners.entry(place.clone()).or_insert_with(|| id.clone());
                if *owner != id {
                    return Err(format!("{commit}: {place:?} of {owner} is given to {id}"));
                }
            }
            let of_one: BTreeSet<&String> = owners.values().collect();
            if of_one.len() != owners.len() {
                return Err(format!(
                    "{commit}: a subscriber got another VLAN: {owners:?}"
                ));
            }
        }
        Ok(())
    }
}
