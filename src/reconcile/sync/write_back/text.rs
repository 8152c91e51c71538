//! Makes the texts of notes and tickets in billing, each with the marker by which it is found again.

use std::fmt::Write as _;

use compact_str::{CompactString, format_compact};
use sha2::{Digest as _, Sha256};

use crate::history::{BillingWrite, TicketStep};
use crate::model::billing::{AccountId, BillingName};
use crate::report::rfc3339;
use crate::sync::ServiceKey;

/// A note or a ticket as it is written. It has no personal data: ids, names of devices, rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkedWrite {
    pub(super) account: AccountId,
    pub(super) marker: CompactString,
    pub(super) title: CompactString,
    pub(super) text: String,
}

/// Bytes of the digest in a marker. It is searched within one account only.
const MARKER_BYTES: usize = 3;

impl MarkedWrite {
    /// Returns the text of a note or a ticket; `None` for other writes.
    pub(super) fn of(system: &BillingName, write: &BillingWrite) -> Option<Self> {
        match write {
            BillingWrite::Note {
                service,
                event,
                place,
                ..
            } => Some(Self {
                account: service.account.clone(),
                marker: marker(system, &write.key()),
                title: "gamctl".into(),
                text: match place {
                    Some((device, port)) => format!(
                        "Service {} {event}: served on {device}, port {port}.",
                        service.service
                    ),
                    None => format!("Service {} {event}.", service.service),
                },
            }),
            BillingWrite::Ticket {
                service,
                rule,
                since,
                step,
            } => Some(Self {
                account: service.account.clone(),
                // All steps of a ticket share the marker of its first one.
                marker: marker(system, &opened(service, rule, *since).key()),
                title: format_compact!("gamctl: {rule} for service {}", service.service),
                text: match step {
                    TicketStep::Close => format!("`{rule}` does not apply any more."),
                    TicketStep::Open | TicketStep::Comment => format!(
                        "`{rule}` applies to service {} since {}. `gamctl sync explain {}` shows both sides and the next step.",
                        service.service,
                        rfc3339(*since),
                        service.account
                    ),
                },
            }),
            BillingWrite::Fields { .. } | BillingWrite::Health { .. } => None,
        }
    }
}

/// Returns the first step of a ticket.
pub(super) fn opened(service: &ServiceKey, rule: &str, since: u64) -> BillingWrite {
    BillingWrite::Ticket {
        service: service.clone(),
        rule: rule.into(),
        since,
        step: TicketStep::Open,
    }
}

/// Returns the marker of a write, `[gamctl 7f3a9c]`: the same for the same event, also after the store was lost.
fn marker(system: &BillingName, key: &str) -> CompactString {
    let digest = Sha256::digest(format!("{system}\n{key}"));
    let mut marker = CompactString::from("[gamctl ");
    for byte in digest.iter().take(MARKER_BYTES) {
        let _infallible = write!(marker, "{byte:02x}");
    }
    marker.push(']');
    marker
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> BillingName {
        BillingName::new("splynx").unwrap()
    }

    fn service() -> ServiceKey {
        ServiceKey::try_from(CompactString::from("1042/7001")).unwrap()
    }

    #[test]
    fn equal_events_have_equal_markers_and_others_do_not() {
        let note = |of: &str| {
            let note = BillingWrite::Note {
                service: service(),
                event: "moved".into(),
                of: of.into(),
                place: None,
            };
            MarkedWrite::of(&system(), &note).unwrap().marker
        };
        assert_eq!(note("2 maple-a/1"), note("2 maple-a/1"));
        assert_ne!(note("2 maple-a/1"), note("3 maple-a/1"));
        assert_eq!(note("2").len(), "[gamctl 7f3a9c]".len());
    }

    #[test]
    fn the_steps_of_a_ticket_share_their_marker() {
        let step = |step| {
            let ticket = BillingWrite::Ticket {
                service: service(),
                rule: "port-taken".into(),
                since: 7,
                step,
            };
            MarkedWrite::of(&system(), &ticket).unwrap()
        };
        let (open, close) = (step(TicketStep::Open), step(TicketStep::Close));
        assert_eq!(open.marker, close.marker);
        assert_ne!(open.text, close.text);
    }
}
