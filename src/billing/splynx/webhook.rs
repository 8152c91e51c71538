//! Checks a webhook of Splynx and reads the customer's id from it; nothing else is used.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha1::Sha1;

use super::super::json::{self, Record};
use super::query::decoded_form;
use super::row::is_dropped;
use crate::model::billing::AccountId;
use crate::secrets::Secret;

/// The longest body.
pub const MOST_WEBHOOK_BYTES: usize = 256 << 10;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "X-Splynx-Signature";

/// The meaning of a genuine webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplynxWebhook {
    /// A test of the connection.
    Ping,
    /// Something about this account may have changed.
    Account(AccountId),
    /// An event of no account, or one that Splynx refused to carry out.
    Nothing,
}

/// The reason why a webhook is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("it has more than {} KiB", MOST_WEBHOOK_BYTES >> 10)]
    TooLarge,
    #[error("it has no signature; enter the secret in the hook's settings in Splynx")]
    Unsigned,
    #[error(
        "its signature is wrong; compare the secret `hook` with the one in the hook's settings in Splynx"
    )]
    WrongSignature,
    #[error("it is neither JSON nor a form with an event")]
    Malformed,
}

/// Reads a webhook; the signature is checked over the raw bytes before an event is believed.
pub fn read_splynx_webhook(
    body: &[u8],
    signature: Option<&[u8]>,
    secret: &Secret,
) -> Result<SplynxWebhook, WebhookError> {
    if body.len() > MOST_WEBHOOK_BYTES {
        return Err(WebhookError::TooLarge);
    }
    if let Some(signature) = signature {
        check(body, signature, secret)?;
    }
    let event = Event::read(body);
    match (event, signature) {
        // Whether pings are signed is not known, and a ping does nothing.
        (Ok(Event::Ping), _) => Ok(SplynxWebhook::Ping),
        (_, None) => Err(WebhookError::Unsigned),
        (Ok(Event::Account(account)), Some(_)) => Ok(SplynxWebhook::Account(account)),
        (Ok(Event::Nothing), Some(_)) => Ok(SplynxWebhook::Nothing),
        (Err(error), Some(_)) => Err(error),
    }
}

fn check(body: &[u8], signature: &[u8], secret: &Secret) -> Result<(), WebhookError> {
    let octets = octets(signature).ok_or(WebhookError::WrongSignature)?;
    let mac = Hmac::<Sha1>::new_from_slice(secret.reveal());
    let mac = mac.map_err(|_| WebhookError::WrongSignature)?;
    // Compares in constant time.
    let checked = mac.chain_update(body).verify_slice(&octets);
    checked.map_err(|_| WebhookError::WrongSignature)
}

/// Decodes hexadecimal digits.
fn octets(digits: &[u8]) -> Option<Vec<u8>> {
    let pairs = digits.chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok()?;
        let is_pair = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        u8::from_str_radix(text, 16).ok().filter(|_| is_pair)
    });
    pairs.collect()
}

/// A body that was understood.
enum Event {
    Ping,
    Account(AccountId),
    Nothing,
}

/// The parts of an event that count, from JSON or from a form.
#[derive(Default)]
struct Parts {
    kind: Option<String>,
    result: Option<String>,
    model: Option<String>,
    customer: Option<AccountId>,
    attribute_customer: Option<AccountId>,
    attribute_id: Option<AccountId>,
}

impl Event {
    fn read(body: &[u8]) -> Result<Self, WebhookError> {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let parts = match first {
            Some(b'{') => Parts::of_json(body),
            _ => Parts::of_form(body),
        };
        parts.and_then(Parts::event).ok_or(WebhookError::Malformed)
    }
}

impl Parts {
    fn of_json(body: &[u8]) -> Option<Self> {
        let value: Value = json::parse(body, is_dropped).ok()?;
        let whole = Record::of(&value, "").ok()?;
        let data = whole.map("data").ok()?;
        let attributes = data.map("attributes").ok()?;
        let text =
            |record: &Record<'_>, key: &str| record.text(key).ok().flatten().map(String::from);
        let id = |record: &Record<'_>, key: &str| record.optional_id(key).ok().flatten();
        Some(Self {
            kind: text(&whole, "type"),
            result: text(&data, "result"),
            model: text(&data, "model"),
            customer: id(&data, "customer_id"),
            attribute_customer: id(&attributes, "customer_id"),
            attribute_id: id(&attributes, "id"),
        })
    }

    fn of_form(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut parts = Self::default();
        for (name, value) in decoded_form(text)? {
            let id = || AccountId::new(&value).ok().filter(|id| id.as_str() != "0");
            match name.as_str() {
                "type" => parts.kind = Some(value),
                "data[result]" => parts.result = Some(value),
                "data[model]" => parts.model = Some(value),
                "data[customer_id]" => parts.customer = id(),
                "data[attributes][customer_id]" => parts.attribute_customer = id(),
                "data[attributes][id]" => parts.attribute_id = id(),
                _ => {}
            }
        }
        Some(parts)
    }

    fn event(self) -> Option<Event> {
        match self.kind.as_deref() {
            Some("ping") => return Some(Event::Ping),
            Some("event") => {}
            _ => return None,
        }
        // The log keeps saves that were refused.
        if self.result.as_deref() == Some("failed") {
            return Some(Event::Nothing);
        }
        let model = self.model.as_deref().unwrap_or_default();
        let is_customer = model
            .rsplit('\\')
            .next()
            .is_some_and(|name| matches!(name, "Customers" | "Customer"));
        let own = self.attribute_id.filter(|_| is_customer);
        let account = self.customer.or(self.attribute_customer).or(own);
        Some(account.map_or(Event::Nothing, Event::Account))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> Secret {
        Secret::new(b"hook-secret".to_vec())
    }

    fn signed(body: &[u8]) -> Vec<u8> {
        let mac = Hmac::<Sha1>::new_from_slice(b"hook-secret").unwrap();
        let tag = mac.chain_update(body).finalize().into_bytes();
        tag.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into_bytes()
    }

    fn read(body: &str) -> Result<SplynxWebhook, WebhookError> {
        read_splynx_webhook(body.as_bytes(), Some(&signed(body.as_bytes())), &secret())
    }

    fn account(id: &str) -> Result<SplynxWebhook, WebhookError> {
        Ok(SplynxWebhook::Account(AccountId::new(id).unwrap()))
    }

    const EVENT: &str = r#"{"type":"event","call":"","data":{"source":"admin","model":"models\\common\\customers\\ServicesInternet",
        "action":"edit","customer_id":"1042","result":"success","attributes":{"id":"7001","customer_id":"1042","status":"stopped"},
        "attributes_additional":[],"changed_attributes":{"status":"active"},"extra":null,"errors":null}}"#;

    #[test]
    fn an_event_gives_the_customer_and_nothing_else() {
        assert_eq!(read(EVENT), account("1042"));
        let number = EVENT.replace("\"1042\"", "1042");
        assert_eq!(read(&number), account("1042"));
        let form = "type=event&data[model]=models%5Ccommon%5CServicesInternet&data%5Bcustomer_id%5D=1042&data[attributes][status]=blocked";
        assert_eq!(read(form), account("1042"));
    }

    #[test]
    fn the_id_of_a_customer_counts_where_the_model_is_the_customer() {
        let customer = r#"{"type":"event","data":{"model":"models\\common\\customers\\Customers","attributes":{"id":"1042"}}}"#;
        assert_eq!(read(customer), account("1042"));
        let tariff = customer.replace("Customers", "InternetTariffs");
        assert_eq!(read(&tariff), Ok(SplynxWebhook::Nothing));
        let inner = r#"{"type":"event","data":{"attributes":{"customer_id":7,"id":"9"}}}"#;
        assert_eq!(read(inner), account("7"));
        let nobody = r#"{"type":"event","data":{"customer_id":"0","attributes":[]}}"#;
        assert_eq!(read(nobody), Ok(SplynxWebhook::Nothing));
    }

    #[test]
    fn a_failed_event_gives_nothing() {
        let failed = EVENT.replace("\"success\"", "\"failed\"");
        assert_eq!(read(&failed), Ok(SplynxWebhook::Nothing));
        assert_eq!(
            read("type=event&data[result]=failed&data[customer_id]=1"),
            Ok(SplynxWebhook::Nothing)
        );
    }

    #[test]
    fn a_ping_needs_no_signature_and_an_event_does() {
        let unsigned = |body: &str| read_splynx_webhook(body.as_bytes(), None, &secret());
        assert_eq!(unsigned(r#"{"type":"ping"}"#), Ok(SplynxWebhook::Ping));
        assert_eq!(unsigned("type=ping"), Ok(SplynxWebhook::Ping));
        assert_eq!(unsigned(EVENT), Err(WebhookError::Unsigned));
        assert_eq!(unsigned("rubbish"), Err(WebhookError::Unsigned));
    }

    #[test]
    fn a_wrong_signature_is_refused_before_anything_is_read() {
        let good = signed(EVENT.as_bytes());
        let mut changed = good.clone();
        changed[0] = if changed[0] == b'a' { b'b' } else { b'a' };
        for wrong in [&changed[..], b"", &good[..39], b"sha1=0000", b"zz"] {
            let read = read_splynx_webhook(EVENT.as_bytes(), Some(wrong), &secret());
            assert_eq!(read, Err(WebhookError::WrongSignature));
        }
        let ping = read_splynx_webhook(b"type=ping", Some(&good), &secret());
        assert_eq!(ping, Err(WebhookError::WrongSignature));
    }

    #[test]
    fn a_signature_covers_the_raw_bytes() {
        let spaced = EVENT.replace(',', ", ");
        let read = read_splynx_webhook(
            spaced.as_bytes(),
            Some(&signed(EVENT.as_bytes())),
            &secret(),
        );
        assert_eq!(read, Err(WebhookError::WrongSignature));
    }

    #[test]
    fn a_huge_or_shapeless_body_is_refused() {
        let huge = vec![b' '; MOST_WEBHOOK_BYTES + 1];
        let read_huge = read_splynx_webhook(&huge, None, &secret());
        assert_eq!(read_huge, Err(WebhookError::TooLarge));
        for body in [
            "",
            "{",
            "[]",
            "{\"type\":\"else\"}",
            "{\"type\":\"event\",\"data\":[1]}",
            "type=event&x=%zz",
        ] {
            assert_eq!(read(body), Err(WebhookError::Malformed), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_an_account_that_is_not_in_it(body in "\\{?[\"a-z:,{}\\[\\]0-9 =&%]{0,120}") {
            if let Ok(SplynxWebhook::Account(account)) = read(&body) {
                prop_assert!(body.contains(account.as_str()));
            }
        }
    }
}
