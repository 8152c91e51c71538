//! Recognises a device that looks as delivered: it was reset, or other hardware took its place.

use crate::model::{Observation, Part, Slot};

use super::ownership::is_built_in;
use super::{Note, Request};

/// The parts that are empty on a device as delivered.
const EMPTY: [Part; 3] = [Part::Profiles, Part::Endpoints, Part::Subscribers];

/// The next steps after hardware was replaced, in docs/operating.md.
const PROCEDURE: &str = "\"A GAM was replaced\" in docs/operating.md";

/// Returns whether a device has nothing but what every new one has. A part that could not be read is not empty.
pub(super) fn looks_new(observation: &Observation) -> bool {
    let config = &observation.config;
    let is_read = EMPTY
        .into_iter()
        .all(|part| observation.incomplete(part).is_none());
    let mut profiles = config.profiles.iter();
    is_read
        && config.subscribers.is_empty()
        && config.endpoints.is_empty()
        && profiles.all(|(name, profile)| {
            let slot = profile.slot.unwrap_or(Slot(0));
            is_built_in(slot, name)
        })
}

/// Returns a note if the device looks new although objects were verified on it: everything would be written again.
pub(super) fn note(request: &Request<'_>, observation: &Observation) -> Option<Note> {
    let owned = request.ledger?.objects();
    (owned > 0 && looks_new(observation)).then(|| {
        let message = format!(
            "{} looks factory-new: it has no profile, endpoint or subscriber, and {owned} objects were verified on it before. \
             It was reset, or replaced by other hardware: see {PROCEDURE}",
            request.device
        );
        Note::new("factory-new", None, message)
    })
}

/// Returns the next step for a device that answers with other pins and looks new.
pub(super) fn replaced_hint(request: &Request<'_>) -> String {
    format!(
        "it looks factory-new: if the hardware was replaced, correct `serial` and `mac` in the inventory, set its password, \
         run `gamctl trust {} --pin --replace`, then apply: see {PROCEDURE}",
        request.device
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, Unread};

    #[test]
    fn a_part_that_was_not_read_is_not_empty() {
        let mut observation = Observation::of(DeviceName::new("oak-1").unwrap());
        assert!(looks_new(&observation));
        observation.unread.push(Unread {
            part: Part::Subscribers,
            number: None,
            field: None,
            reason: "no answer".to_owned(),
        });
        assert!(!looks_new(&observation));
    }
}
