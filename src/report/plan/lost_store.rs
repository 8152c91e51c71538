//! Names the devices whose ownership a lost or a new store may not know, and the command that records it.

use std::borrow::Cow;

use super::super::listed;
use super::words::some_names;
use crate::plan::LedgerCoverage;

/// The way to ownership that a lost or a new store does not know.
const RECOVER: &str = "If gamctl applied to them before, the store is a new or an older one: `gamctl adopt --rev LAST`, with the \
                       commit that was applied last, records what is owned.";

/// Names the devices without recorded owned objects, and the command that recovers a lost store.
pub(super) fn unknown(memory: &LedgerCoverage, planned: usize) -> Option<String> {
    let names: Vec<String> = memory.unknown.iter().map(ToString::to_string).collect();
    let text = match names.len() {
        0 => return None,
        all if all == planned => {
            "The store knows no owned objects there: nothing is removed, and objects that the inventory also has become owned."
                .to_owned()
        }
        1..=8 => format!(
            "The store knows no owned objects on {}: nothing is removed there.",
            listed(&names)
        ),
        many => format!(
            "The store knows no owned objects on {many} of these devices: nothing is removed there."
        ),
    };
    Some(format!("{text} {RECOVER}"))
}

/// Names the devices with unmanaged subscribers that a lost store may have owned.
pub(super) fn only_found(memory: &LedgerCoverage) -> Option<String> {
    let names = memory.only_found.iter();
    let names = names.map(|name| Cow::Borrowed(name.as_str()));
    (names.len() > 0).then(|| {
        format!(
            "As far as the store knows, gamctl never wrote to {}, and subscribers there are unmanaged. {RECOVER}",
            some_names(names)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeviceName;

    #[test]
    fn a_store_that_only_found_objects_does_not_silence_the_way_to_record_what_is_owned() {
        let coverage = LedgerCoverage {
            unknown: Vec::new(),
            only_found: vec![DeviceName::new("oak-1").unwrap()],
        };
        assert_eq!(unknown(&coverage, 2), None);
        let said = only_found(&coverage).unwrap();
        assert!(said.contains("gamctl never wrote to oak-1"), "{said}");
        assert!(said.contains("`gamctl adopt --rev LAST`"), "{said}");
        assert_eq!(only_found(&LedgerCoverage::default()), None);
    }
}
