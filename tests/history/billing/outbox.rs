//! Tests the outbox: each write is sent once, and a lost answer is decided by a read.

use gamctl::history::{BillingWrite, TicketStep, WRITE_TRIES, WriteAnswer, WriteState};
use gamctl::sync::Reason;

use super::{claim, fields, key, leader, not_done, note, queue, settle, splynx};
use crate::history::{Bed, on_both};

on_both!(
    a_write_is_queued_sent_and_proved,
    a_write_whose_answer_was_lost_stays_sent_until_a_read_decides,
    a_write_is_given_up_after_ten_tries_or_a_day,
    a_value_is_queued_again_where_it_differs_and_a_note_never,
    a_queued_write_can_be_withdrawn_and_a_sent_one_cannot,
    every_step_of_tickets_is_listed_and_nothing_else,
    what_was_refused_is_queued_again_when_a_person_asks_for_it,
);

async fn a_write_is_queued_sent_and_proved(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    assert_eq!(claim(store, &leader).await, None);
    let ticket = BillingWrite::Ticket {
        service: key("1042/7001"),
        rule: "heard-elsewhere".into(),
        since: 7,
        step: TicketStep::Open,
        number: 0,
        reason: Some(Box::new(Reason::NoItem)),
    };
    let writes = [fields("1042/7001", "served"), note("activated"), ticket];
    queue(store, &leader, &writes).await;
    let counts = store.billing_write_counts(&splynx()).await.unwrap();
    assert_eq!(counts, [(WriteState::Queued, 3)].into());
    let mut sent = Vec::new();
    while let Some(row) = claim(store, &leader).await {
        assert_eq!((row.state, row.tries), (WriteState::Sent, 1));
        sent.push(row);
    }
    let claimed: Vec<&BillingWrite> = sent.iter().map(|row| &row.write).collect();
    assert_eq!(claimed, writes.iter().collect::<Vec<_>>());
    let proved = settle(store, &leader, &sent[0], &WriteAnswer::Proved).await;
    assert_eq!(proved, Some(WriteState::Proved));
    let refused = WriteAnswer::Refused("422".into());
    let refused = settle(store, &leader, &sent[1], &refused).await;
    assert_eq!(refused, Some(WriteState::Refused));
    let again = settle(store, &leader, &sent[2], &not_done(60)).await;
    assert_eq!(again, Some(WriteState::Queued));
    // It is not due yet.
    assert_eq!(claim(store, &leader).await, None);
    let state = Some(WriteState::Refused);
    let refused = store.billing_writes(&splynx(), state, 9).await.unwrap();
    assert_eq!(refused[0].because.as_deref(), Some("422"));
    let all = store.billing_writes(&splynx(), None, 9).await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(
        store
            .billing_writes(&splynx(), None, 1)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn a_write_whose_answer_was_lost_stays_sent_until_a_read_decides(bed: Bed) {
    let store = &bed.store;
    let one = leader(store).await;
    queue(store, &one, &[fields("1/1", "served")]).await;
    let sent = claim(store, &one).await.unwrap();
    store.stop_leading(&one).await.unwrap();
    // The process was killed here; the next one finds it.
    let next = leader(store).await;
    assert_eq!(claim(store, &next).await, None);
    queue(store, &next, &[fields("1/1", "suspended")]).await;
    assert_eq!(claim(store, &next).await, None);
    let state = Some(WriteState::Sent);
    let found = store.billing_writes(&splynx(), state, 9).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&sent));
    // A read finds that it did not take effect.
    let again = settle(store, &next, &found[0], &not_done(0)).await;
    assert_eq!(again, Some(WriteState::Queued));
    let second = claim(store, &next).await.unwrap();
    assert_eq!((second.id, second.tries), (sent.id, 2));
    // What is known of the first try counts no more.
    let late = settle(store, &next, &sent, &WriteAnswer::Proved).await;
    assert_eq!(late, None);
    for _ in 0..2 {
        let proved = settle(store, &next, &second, &WriteAnswer::Proved).await;
        assert_eq!(proved, Some(WriteState::Proved));
    }
}

async fn a_write_is_given_up_after_ten_tries_or_a_day(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    queue(store, &leader, &[note("activated")]).await;
    for number in 1..=WRITE_TRIES {
        let sent = claim(store, &leader).await.unwrap();
        assert_eq!(sent.tries, number);
        let state = settle(store, &leader, &sent, &not_done(0)).await;
        let expected = match number == WRITE_TRIES {
            true => WriteState::GivenUp,
            false => WriteState::Queued,
        };
        assert_eq!(state, Some(expected));
    }
    assert_eq!(claim(store, &leader).await, None);
    for answer in [not_done(0), WriteAnswer::Proved] {
        queue(store, &leader, &[fields("1/1", "served")]).await;
        let sent = claim(store, &leader).await.unwrap();
        let a_day_ago = match bed.database {
            Some(_) => "update billing_write set queued = clock_timestamp() - interval '1 day'",
            None => "update billing_write set queued = (unixepoch() - 86400) * 1000",
        };
        bed.past(a_day_ago).await.unwrap();
        let state = settle(store, &leader, &sent, &answer).await;
        let is_proved = answer == WriteAnswer::Proved;
        let expected = [WriteState::GivenUp, WriteState::Proved][usize::from(is_proved)];
        assert_eq!(state, Some(expected));
        // Another value begins again.
        queue(store, &leader, &[fields("1/1", "suspended")]).await;
        let sent = claim(store, &leader).await.unwrap();
        settle(store, &leader, &sent, &WriteAnswer::Proved).await;
    }
}

async fn a_value_is_queued_again_where_it_differs_and_a_note_never(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let both = [fields("1/1", "served"), note("activated")];
    for _ in 0..3 {
        queue(store, &leader, &both).await;
    }
    for _ in 0..2 {
        let sent = claim(store, &leader).await.unwrap();
        settle(store, &leader, &sent, &WriteAnswer::Proved).await;
    }
    assert_eq!(claim(store, &leader).await, None);
    // Someone overwrote the value in billing.
    queue(store, &leader, &both).await;
    let again = claim(store, &leader).await.unwrap();
    assert_eq!((&again.write, again.tries), (&both[0], 1));
    assert_eq!(claim(store, &leader).await, None);
    // A refused value is not sent again, another one is.
    let refused = WriteAnswer::Refused("422".into());
    settle(store, &leader, &again, &refused).await;
    queue(store, &leader, &both).await;
    assert_eq!(claim(store, &leader).await, None);
    queue(store, &leader, &[fields("1/1", "suspended")]).await;
    queue(store, &leader, &[fields("1/1", "pending")]).await;
    let other = claim(store, &leader).await.unwrap();
    assert_eq!(other.write, fields("1/1", "pending"));
    // A note about another event is another note.
    queue(store, &leader, &[note("swapped")]).await;
    assert!(claim(store, &leader).await.is_some());
}

async fn a_queued_write_can_be_withdrawn_and_a_sent_one_cannot(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let both = [fields("1/1", "served"), fields("2/2", "served")];
    queue(store, &leader, &both).await;
    let sent = claim(store, &leader).await.unwrap();
    let keys = both.clone().map(|write| write.key());
    let withdrawn = store.withdraw_writes(&splynx(), &keys, &leader).await;
    withdrawn.unwrap();
    let left = store.billing_writes(&splynx(), None, 9).await.unwrap();
    assert_eq!(left, [sent]);
}

async fn every_step_of_tickets_is_listed_and_nothing_else(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let ticket = |step| BillingWrite::Ticket {
        service: key("1042/7001"),
        rule: "port-taken".into(),
        since: 7,
        step,
        number: 0,
        reason: None,
    };
    let open = ticket(TicketStep::Open);
    queue(store, &leader, &[fields("1/1", "served"), open.clone()]).await;
    while let Some(sent) = claim(store, &leader).await {
        settle(store, &leader, &sent, &WriteAnswer::Proved).await;
    }
    let close = ticket(TicketStep::Close);
    queue(store, &leader, &[note("activated"), close.clone()]).await;
    let tickets = store.billing_tickets(&splynx()).await.unwrap();
    let steps: Vec<(WriteState, BillingWrite)> = tickets
        .into_iter()
        .map(|row| (row.state, row.write))
        .collect();
    assert_eq!(
        steps,
        [(WriteState::Proved, open), (WriteState::Queued, close)]
    );
}

async fn what_was_refused_is_queued_again_when_a_person_asks_for_it(bed: Bed) {
    let store = &bed.store;
    let leader = leader(store).await;
    let both = [fields("1/1", "served"), fields("2/2", "served")];
    queue(store, &leader, &both).await;
    let first = claim(store, &leader).await.unwrap();
    settle(store, &leader, &first, &WriteAnswer::Refused("422".into())).await;
    let second = claim(store, &leader).await.unwrap();
    settle(store, &leader, &second, &WriteAnswer::Proved).await;
    let queued = store.requeue_writes(&splynx(), &leader).await.unwrap();
    assert_eq!(queued, 1);
    let again = claim(store, &leader).await.unwrap();
    assert_eq!((&again.write, again.tries), (&both[0], 1));
    assert_eq!(again.because, None);
    assert_eq!(claim(store, &leader).await, None);
}
