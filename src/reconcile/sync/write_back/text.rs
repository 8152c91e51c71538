//! Makes the texts of notes and tickets in billing, each with the marker by which it is found again.

use std::fmt::Write as _;

use compact_str::{CompactString, format_compact};
use sha2::{Digest as _, Sha256};

use crate::history::{BillingWrite, TicketStep};
use crate::model::billing::{AccountId, BillingName};
use crate::report::sync::sentence;
use crate::report::{rfc3339, visible};
use crate::sync::{Reason, ServiceKey};

/// A note or a ticket as it is written. It has no personal data: ids, names of devices, rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkedWrite {
    pub(super) account: AccountId,
    /// Of the note, or of the ticket that a step is about.
    pub(super) marker: CompactString,
    /// Of this step alone.
    pub(super) step_marker: CompactString,
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
                step_marker: marker(system, &write.key()),
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
                reason,
                ..
            } => Some(Self {
                account: service.account.clone(),
                // All steps of a ticket share the marker of its first one.
                marker: marker(system, &opened(service, rule, *since, None).key()),
                step_marker: marker(system, &write.key()),
                title: format_compact!("gamctl: {rule} for service {}", service.service),
                text: ticket_text(service, rule, *since, *step, reason.as_deref()),
            }),
            BillingWrite::Fields { .. } | BillingWrite::Health { .. } => None,
        }
    }
}

/// Returns the text of a step, with the sentence of its reason.
fn ticket_text(
    service: &ServiceKey,
    rule: &str,
    since: u64,
    step: TicketStep,
    reason: Option<&Reason>,
) -> String {
    let sentence = reason.map(|reason| {
        let sentence = sentence(reason);
        format!(": {}", visible(&sentence))
    });
    let sentence = sentence.unwrap_or_default();
    match step {
        TicketStep::Open => format!(
            "`{rule}` applies to service {} since {}{sentence}. `gamctl sync explain {}` shows both sides and the next step.",
            service.service,
            rfc3339(since),
            service.account
        ),
        TicketStep::Comment => format!(
            "`{rule}` still applies to service {}, for another reason{sentence}.",
            service.service
        ),
        TicketStep::Close => format!("`{rule}` does not apply any more."),
    }
}

/// Returns the first step of a ticket.
pub(super) fn opened(
    service: &ServiceKey,
    rule: &str,
    since: u64,
    reason: Option<&Reason>,
) -> BillingWrite {
    BillingWrite::Ticket {
        service: service.clone(),
        rule: rule.into(),
        since,
        step: TicketStep::Open,
        number: 0,
        reason: reason.cloned().map(Box::new),
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{DeviceName, PortNumber};
    use crate::sync::DevicePort;

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

    fn step(step: TicketStep, number: u32) -> MarkedWrite {
        let at = DevicePort {
            device: DeviceName::new("maple-a").unwrap(),
            port: PortNumber::new(7).ok(),
        };
        let ticket = BillingWrite::Ticket {
            service: service(),
            rule: "heard-unclearly".into(),
            since: 7,
            step,
            number,
            reason: Some(Box::new(Reason::HeardUnclearly {
                mac: "00:0e:d8:00:00:07".parse().unwrap(),
                at,
            })),
        };
        MarkedWrite::of(&system(), &ticket).unwrap()
    }

    #[test]
    fn the_steps_of_a_ticket_share_its_marker_and_each_has_its_own() {
        let steps = [
            step(TicketStep::Open, 0),
            step(TicketStep::Comment, 1),
            step(TicketStep::Comment, 2),
            step(TicketStep::Close, 0),
        ];
        let own: BTreeSet<_> = steps.iter().map(|step| &step.step_marker).collect();
        assert_eq!(own.len(), 4);
        let shared: BTreeSet<_> = steps.iter().map(|step| &step.marker).collect();
        assert_eq!(shared.len(), 1);
    }

    #[test]
    fn a_ticket_and_its_comments_have_the_sentence_of_the_reason() {
        for text in [
            step(TicketStep::Open, 0).text,
            step(TicketStep::Comment, 1).text,
        ] {
            assert!(text.contains("maple-a port 7"), "{text}");
        }
        let closed = step(TicketStep::Close, 0).text;
        assert!(!closed.contains("maple-a"), "{closed}");
    }
}
