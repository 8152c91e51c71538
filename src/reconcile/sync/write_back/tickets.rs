//! Computes the steps of tickets that are due: opened after hours, commented where the reason changed, closed when it is gone.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::text::opened;
use crate::history::{BillingWrite, ClassifiedRow, OutboxRow, TicketStep, WriteState};
use crate::sync::Reason;

/// A ticket is opened when its rule applies for so long, in seconds: most problems are gone by then.
const TICKET_AFTER: u64 = 4 * 3600;

/// A reason that changes again and again does not fill a ticket.
const MOST_COMMENTS: usize = 20;

/// The steps of one ticket in the outbox.
struct Steps<'a> {
    open: &'a OutboxRow,
    comments: BTreeMap<u32, &'a OutboxRow>,
    close: Option<&'a OutboxRow>,
}

/// Returns the steps that are due. `classified` has the services that a person must look at, `outbox` every step so far.
///
/// A step that is queued is due until it is sent: what is not due any more is withdrawn.
pub(super) fn ticket_steps(
    classified: &[ClassifiedRow],
    outbox: &[OutboxRow],
    now: u64,
) -> Vec<BillingWrite> {
    let tickets = tickets(outbox);
    let mut writes = Vec::new();
    let mut applies = BTreeSet::new();
    for row in classified {
        let Some(reason) = row.reasons.first() else {
            continue;
        };
        let ticket = opened(&row.service, reason.rule(), row.since, Some(reason));
        let key = ticket.key();
        if now.saturating_sub(row.since) >= TICKET_AFTER {
            writes.push(ticket);
        }
        writes.extend(tickets.get(&key).and_then(|steps| steps.comment(reason)));
        applies.insert(key);
    }
    let over = tickets.iter().filter(|(key, _)| !applies.contains(*key));
    writes.extend(over.filter_map(|(_, steps)| steps.close()));
    writes
}

/// Returns the tickets of the outbox, by the keys of their first steps.
fn tickets(outbox: &[OutboxRow]) -> BTreeMap<CompactString, Steps<'_>> {
    let mut tickets = BTreeMap::new();
    for row in outbox {
        if let BillingWrite::Ticket {
            step: TicketStep::Open,
            ..
        } = row.write
        {
            let steps = Steps {
                open: row,
                comments: BTreeMap::new(),
                close: None,
            };
            tickets.insert(row.write.key(), steps);
        }
    }
    for row in outbox {
        let BillingWrite::Ticket {
            service,
            rule,
            since,
            step,
            number,
            ..
        } = &row.write
        else {
            continue;
        };
        let first = opened(service, rule, *since, None).key();
        let Some(steps) = tickets.get_mut(&first) else {
            continue;
        };
        match step {
            TicketStep::Open => {}
            TicketStep::Comment => drop(steps.comments.insert(*number, row)),
            TicketStep::Close => steps.close = Some(row),
        }
    }
    tickets
}

impl Steps<'_> {
    /// Returns the comment that is due if this is the reason now.
    fn comment(&self, reason: &Reason) -> Option<BillingWrite> {
        let is_open = self.open.state == WriteState::Proved && self.close.is_none();
        if !is_open || self.comments.len() >= MOST_COMMENTS {
            return None;
        }
        let (waiting, said): (Vec<&OutboxRow>, Vec<&OutboxRow>) = self
            .comments
            .values()
            .partition(|row| row.state == WriteState::Queued);
        let last = said.last().copied().unwrap_or(self.open);
        // Without facts it is not known whether they changed.
        if reason_of(&last.write).is_none_or(|last| last == reason) {
            return None;
        }
        let same = waiting
            .iter()
            .find(|row| reason_of(&row.write) == Some(reason));
        if let Some(row) = same {
            return Some(row.write.clone());
        }
        let last = self.comments.last_key_value().map_or(0, |(last, _)| *last);
        self.step(TicketStep::Comment, last.saturating_add(1), Some(reason))
    }

    /// Returns the last step, if the ticket may be there and was not closed.
    fn close(&self) -> Option<BillingWrite> {
        let may_be_there = matches!(self.open.state, WriteState::Sent | WriteState::Proved);
        let is_due = self
            .close
            .is_none_or(|close| close.state == WriteState::Queued);
        let close = || self.step(TicketStep::Close, 0, None);
        (may_be_there && is_due).then(close).flatten()
    }

    fn step(&self, step: TicketStep, number: u32, reason: Option<&Reason>) -> Option<BillingWrite> {
        let BillingWrite::Ticket {
            service,
            rule,
            since,
            ..
        } = &self.open.write
        else {
            return None;
        };
        Some(BillingWrite::Ticket {
            service: service.clone(),
            rule: rule.clone(),
            since: *since,
            step,
            number,
            reason: reason.cloned().map(Box::new),
        })
    }
}

fn reason_of(write: &BillingWrite) -> Option<&Reason> {
    match write {
        BillingWrite::Ticket { reason, .. } => reason.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{DeviceName, PortNumber};
    use crate::sync::{Classification, DevicePort, ServiceKey};

    const NOW: u64 = 100_000;
    const SINCE: u64 = NOW - TICKET_AFTER;

    fn service() -> ServiceKey {
        ServiceKey::try_from(CompactString::from("1042/7001")).unwrap()
    }

    /// Port so-and-so is taken: one rule, with other facts.
    fn taken(port: u8) -> Reason {
        Reason::PortTaken {
            at: DevicePort {
                device: DeviceName::new("maple-a").unwrap(),
                port: PortNumber::new(port).ok(),
            },
            subscriber: "acct-7".parse().unwrap(),
            is_answering: true,
        }
    }

    fn quarantined(reason: &Reason, since: u64) -> ClassifiedRow {
        ClassifiedRow {
            service: service(),
            subscriber: None,
            class: Classification::Quarantined,
            reasons: vec![reason.clone()],
            since,
        }
    }

    fn row(write: &BillingWrite, state: WriteState) -> OutboxRow {
        OutboxRow {
            id: Uuid::from_u128(1),
            state,
            tries: 1,
            queued: SINCE,
            due: SINCE,
            at: SINCE,
            because: None,
            write: write.clone(),
        }
    }

    fn steps(writes: &[BillingWrite]) -> Vec<(TicketStep, u32)> {
        let steps = writes.iter().map(|write| match write {
            BillingWrite::Ticket { step, number, .. } => (*step, *number),
            other => panic!("{other:?}"),
        });
        steps.collect()
    }

    /// Carries out what is due as the outbox does: once for each key.
    fn carry_out(outbox: &mut Vec<OutboxRow>, due: &[BillingWrite]) -> Vec<(TicketStep, u32)> {
        let mut new = Vec::new();
        for write in due {
            if outbox.iter().all(|row| row.write.key() != write.key()) {
                outbox.push(row(write, WriteState::Proved));
                new.push(write.clone());
            }
        }
        steps(&new)
    }

    #[test]
    fn a_ticket_is_opened_after_hours_and_closed_once() {
        let early = ticket_steps(&[quarantined(&taken(3), SINCE + 1)], &[], NOW);
        assert_eq!(early, []);
        let mut outbox = Vec::new();
        let due = ticket_steps(&[quarantined(&taken(3), SINCE)], &outbox, NOW);
        assert_eq!(carry_out(&mut outbox, &due), [(TicketStep::Open, 0)]);
        let due = ticket_steps(&[], &outbox, NOW);
        assert_eq!(carry_out(&mut outbox, &due), [(TicketStep::Close, 0)]);
        assert_eq!(ticket_steps(&[], &outbox, NOW), []);
    }

    #[test]
    fn a_reason_with_other_facts_is_commented_once_and_again_when_it_changes_back() {
        let mut outbox = Vec::new();
        let mut seen = Vec::new();
        for port in [3, 3, 4, 4, 3, 3] {
            let due = ticket_steps(&[quarantined(&taken(port), SINCE)], &outbox, NOW);
            seen.extend(carry_out(&mut outbox, &due));
        }
        assert_eq!(
            seen,
            [
                (TicketStep::Open, 0),
                (TicketStep::Comment, 1),
                (TicketStep::Comment, 2)
            ]
        );
    }

    #[test]
    fn a_comment_waits_for_its_ticket_and_is_withdrawn_with_its_reason() {
        let open = opened(&service(), "port-taken", SINCE, Some(&taken(3)));
        for state in [WriteState::Queued, WriteState::Sent, WriteState::Refused] {
            let due = ticket_steps(&[quarantined(&taken(4), SINCE)], &[row(&open, state)], NOW);
            assert_eq!(steps(&due), [(TicketStep::Open, 0)], "{state:?}");
        }
        let open = row(&open, WriteState::Proved);
        let due = ticket_steps(
            &[quarantined(&taken(4), SINCE)],
            std::slice::from_ref(&open),
            NOW,
        );
        let waiting = row(due.last().unwrap(), WriteState::Queued);
        let outbox = [open, waiting.clone()];
        let due = ticket_steps(&[quarantined(&taken(4), SINCE)], &outbox, NOW);
        assert_eq!(due.last(), Some(&waiting.write), "still due");
        let due = ticket_steps(&[quarantined(&taken(3), SINCE)], &outbox, NOW);
        assert_eq!(steps(&due), [(TicketStep::Open, 0)], "nothing to say");
    }

    #[test]
    fn a_reason_that_never_rests_does_not_fill_a_ticket() {
        let mut outbox = Vec::new();
        for port in 0..60 {
            let row = quarantined(&taken(1 + port % 2), SINCE);
            let due = ticket_steps(&[row], &outbox, NOW);
            carry_out(&mut outbox, &due);
        }
        assert_eq!(outbox.len(), 1 + MOST_COMMENTS);
    }

    #[test]
    fn a_ticket_of_a_version_without_facts_gets_no_comment_and_is_closed() {
        let open = opened(&service(), "port-taken", SINCE, None);
        let outbox = [row(&open, WriteState::Proved)];
        let due = ticket_steps(&[quarantined(&taken(4), SINCE)], &outbox, NOW);
        assert_eq!(steps(&due), [(TicketStep::Open, 0)]);
        assert_eq!(
            steps(&ticket_steps(&[], &outbox, NOW)),
            [(TicketStep::Close, 0)]
        );
    }

    #[test]
    fn a_ticket_that_was_not_sent_is_not_closed() {
        let open = opened(&service(), "port-taken", SINCE, None);
        for state in [WriteState::Queued, WriteState::Refused, WriteState::GivenUp] {
            let due = ticket_steps(&[], &[row(&open, state)], NOW);
            assert_eq!(due, [], "{state:?}");
        }
    }

    #[test]
    fn a_close_that_was_not_done_stays_due() {
        let open = opened(&service(), "port-taken", SINCE, None);
        let mut outbox = vec![row(&open, WriteState::Proved)];
        let due = ticket_steps(&[], &outbox, NOW);
        outbox.push(row(&due[0], WriteState::Queued));
        assert_eq!(ticket_steps(&[], &outbox, NOW), due);
    }
}
