//! Reads from a webhook of Sonar which object changed; nothing else in it is believed or kept.

use compact_str::CompactString;

use super::owner::ChangedObject;
use crate::billing::json::{self, Record};

/// The largest body.
pub const MOST_WEBHOOK_BYTES: usize = 256 << 10;

/// A hint that something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SonarHint {
    /// The objects that may be meant. None if the event is not understood: then only a delta finds what changed.
    pub objects: Vec<ChangedObject>,
}

/// A body that is not one of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the body has more than {} KiB", MOST_WEBHOOK_BYTES >> 10)]
    TooLarge,
    #[error("the body is not a JSON object with `event` and `object_id`")]
    NotAnEvent,
}

/// Reads a body. It may be forged: the account is read through the client, and the body decides nothing else.
pub fn read_webhook(body: &[u8]) -> Result<SonarHint, WebhookError> {
    if body.len() > MOST_WEBHOOK_BYTES {
        return Err(WebhookError::TooLarge);
    }
    // The rest has columns of the object: names, addresses, whatever the object has.
    let read = json::parse(body, |key| !matches!(key, "event" | "object_id"));
    let read = read.map_err(|_| WebhookError::NotAnEvent)?;
    let record = Record::of(&read, "").map_err(|_| WebhookError::NotAnEvent)?;
    let event = record.word("event").map_err(|_| WebhookError::NotAnEvent)?;
    let id: Result<CompactString, _> = record.id("object_id");
    let id = id.map_err(|_| WebhookError::NotAnEvent)?;
    Ok(SonarHint {
        objects: objects_of(&event, &id),
    })
}

/// Returns what an event may be about: `account.service.add` may have the id of the account or of the service.
fn objects_of(event: &str, id: &str) -> Vec<ChangedObject> {
    let mut words = event.split('.');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let is_service =
        first.eq_ignore_ascii_case("account") && second.eq_ignore_ascii_case("service");
    let service = is_service.then(|| ChangedObject::of("AccountService", id));
    let owner = ChangedObject::of(first, id);
    owner.into_iter().chain(service.flatten()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn objects(body: &str) -> Vec<ChangedObject> {
        read_webhook(body.as_bytes()).unwrap().objects
    }

    #[test]
    fn an_event_is_an_object_and_its_id() {
        let account = ChangedObject::of("Account", "1042").unwrap();
        for body in [
            r#"{"event":"account.status","object_id":1042,"current":{"name":"Ngozi"}}"#,
            r#"{"event":"Account.UPDATED","object_id":"1042","previous":[]}"#,
            r#"{"object_id":1042,"event":"account"}"#,
        ] {
            assert_eq!(objects(body), std::slice::from_ref(&account), "{body}");
        }
        let item = r#"{"event":"InventoryItem.DELETED","object_id":9001}"#;
        assert_eq!(
            objects(item),
            [ChangedObject::of("InventoryItem", "9001").unwrap()]
        );
    }

    #[test]
    fn an_event_with_two_meanings_hints_at_both() {
        let body = r#"{"event":"account.service.add","object_id":77}"#;
        assert_eq!(
            objects(body),
            [
                ChangedObject::of("Account", "77").unwrap(),
                ChangedObject::of("AccountService", "77").unwrap(),
            ]
        );
    }

    #[test]
    fn an_unknown_event_is_a_hint_without_an_object() {
        assert_eq!(objects(r#"{"event":"moon.risen","object_id":7}"#), []);
        assert_eq!(objects(r#"{"event":"account.status","object_id":"x"}"#), []);
    }

    #[test]
    fn what_is_not_an_event_is_refused() {
        for body in [
            "",
            "ok",
            "[]",
            "{}",
            r#"{"event":"account.status"}"#,
            r#"{"object_id":7}"#,
            r#"{"event":7,"object_id":7}"#,
            r#"{"event":"account.status","object_id":null}"#,
            r#"{"event":"account.status","object_id":7,"object_id":8}"#,
            r#"{"event":"account.status","object_id":7"#,
        ] {
            let refused = read_webhook(body.as_bytes());
            assert_eq!(refused, Err(WebhookError::NotAnEvent), "{body}");
        }
        let large = format!(
            "{{\"event\":\"account.status\",\"object_id\":7,\"x\":\"{}\"}}",
            "x".repeat(MOST_WEBHOOK_BYTES)
        );
        assert_eq!(read_webhook(large.as_bytes()), Err(WebhookError::TooLarge));
    }

    proptest! {
        #[test]
        fn no_body_makes_an_id_that_it_does_not_have(body in r#"(\{"event":"[a-z.]{0,12}","object_id":"?[0-9a-z-]{0,4}"?\}|.{0,40})"#) {
            if let Ok(hint) = read_webhook(body.as_bytes()) {
                for object in hint.objects {
                    let id = match object {
                        ChangedObject::Account(id) => id.as_str().to_owned(),
                        ChangedObject::Service(id) => id.as_str().to_owned(),
                        ChangedObject::Item(id) => id.as_str().to_owned(),
                        ChangedObject::Address(id) => id.to_string(),
                        ChangedObject::Tariff => continue,
                    };
                    prop_assert!(body.contains(&id));
                }
            }
        }
    }
}
