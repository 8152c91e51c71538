//! Finds the events of a service that a note in billing is about: activated, swapped, moved.

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

use super::write_back::{VerifiedService, VerifiedState, place_text};
use crate::model::MacAddress;

/// The place and the endpoint of a service as of its last note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// The notes so far: a second move to the same place is another event than the first.
    pub count: u32,
    pub place: Option<CompactString>,
    pub endpoint: Option<MacAddress>,
}

/// An event that a note is written about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteEvent {
    Activated,
    Swapped,
    Moved,
}

impl NoteEvent {
    pub fn word(self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Swapped => "swapped",
            Self::Moved => "moved",
        }
    }
}

impl Noted {
    /// Returns the text that names the event among others of the service.
    ///
    /// It has no time and no id of a run: after a crash or without the store, the same event has the same text, so that its
    /// note is found in billing and not written again.
    pub fn name(&self) -> CompactString {
        let place = self.place.as_deref().unwrap_or("-");
        match self.endpoint {
            Some(endpoint) => format_compact!("{} {place} {endpoint}", self.count),
            None => format_compact!("{} {place}", self.count),
        }
    }
}

/// Returns the event since the last note, if there is one, and what to remember.
///
/// `was_added`: the sync added the subscriber, and billing does not have it as served yet. Without it, a service that is seen
/// for the first time was served before notes were switched on.
pub fn note_event(
    before: Option<&Noted>,
    service: &VerifiedService,
    was_added: bool,
) -> (Option<NoteEvent>, Option<Noted>) {
    // A failed, suspended or pending service is not where it is to be: its note comes with the next served state.
    if service.state != VerifiedState::Served {
        return (None, before.cloned());
    }
    let place = service.port.map(|port| place_text(&service.device, port));
    let event = match before {
        None => was_added.then_some(NoteEvent::Activated),
        Some(noted) if noted.endpoint != service.endpoint => Some(NoteEvent::Swapped),
        Some(noted) if noted.place != place => Some(NoteEvent::Moved),
        Some(_) => None,
    };
    let count = before.map_or(0, |noted| noted.count);
    let noted = Noted {
        count: count.saturating_add(u32::from(event.is_some())),
        place,
        endpoint: service.endpoint,
    };
    (event, Some(noted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceName, PortNumber, VlanId};

    fn service(port: u8, endpoint: u8) -> VerifiedService {
        VerifiedService {
            device: DeviceName::new("maple-a").unwrap(),
            port: PortNumber::new(port).ok(),
            vlan: VlanId::new(101).unwrap(),
            state: VerifiedState::Served,
            endpoint: MacAddress::new([0, 0x0e, 0xd8, 0, 0, endpoint]).ok(),
        }
    }

    #[test]
    fn each_event_is_named_once_and_by_another_text() {
        let mut noted = None;
        let mut names = Vec::new();
        for (port, endpoint) in [(1, 1), (1, 1), (1, 2), (2, 2), (1, 2), (2, 2)] {
            let (event, next) = note_event(noted.as_ref(), &service(port, endpoint), true);
            noted = next;
            names.extend(
                event.map(|event| format!("{} {}", event.word(), noted.as_ref().unwrap().name())),
            );
        }
        assert_eq!(
            names,
            [
                "activated 1 maple-a/1 00:0e:d8:00:00:01",
                "swapped 2 maple-a/1 00:0e:d8:00:00:02",
                "moved 3 maple-a/2 00:0e:d8:00:00:02",
                "moved 4 maple-a/1 00:0e:d8:00:00:02",
                "moved 5 maple-a/2 00:0e:d8:00:00:02",
            ]
        );
    }

    #[test]
    fn a_service_that_was_served_before_gets_no_note_and_one_that_is_not_served_waits() {
        let (event, noted) = note_event(None, &service(1, 1), false);
        assert_eq!((event, noted.as_ref().unwrap().count), (None, 0));
        let suspended = VerifiedService {
            state: VerifiedState::Suspended,
            ..service(2, 1)
        };
        assert_eq!(
            note_event(noted.as_ref(), &suspended, false),
            (None, noted.clone())
        );
        assert_eq!(note_event(None, &suspended, true), (None, None));
        let (event, _) = note_event(noted.as_ref(), &service(2, 1), false);
        assert_eq!(event, Some(NoteEvent::Moved));
    }
}
