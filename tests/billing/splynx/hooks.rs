//! Tests the reader of webhooks with what the twin sends.

use gamctl::billing::splynx::{SIGNATURE_HEADER, SplynxWebhook, WebhookError, read_splynx_webhook};
use gamctl::simulator::billing::Webhook;
use gamctl::simulator::billing::splynx::HookSettings;

use super::*;

struct Office {
    twin: Splynx,
    now: u64,
}

impl Office {
    fn new() -> Self {
        let settings = TwinSettings {
            accounts: 20,
            seed: 7,
            key: KEY.to_owned(),
            secret: SECRET.to_owned(),
            hook: Some(HookSettings {
                url: "http://127.0.0.1:1/hooks".to_owned(),
                secret: "hook-secret".to_owned(),
            }),
            minutes_ahead: 0,
            hostile_every: 0,
        };
        Self {
            twin: Splynx::new(settings, 1_795_000_000),
            now: 1_795_000_000,
        }
    }

    fn faults(&mut self, kind: &str) {
        // A delay has a length.
        let number = if kind == "hook-delay" {
            "seconds = 3"
        } else {
            ""
        };
        let table = toml::from_str(&format!("kind = \"{kind}\"\n{number}")).unwrap();
        self.twin.set_faults(vec![table]).unwrap();
    }

    /// Blocks an account, and returns what its webhooks are read as.
    fn block(&mut self, account: u64) -> Vec<Result<SplynxWebhook, WebhookError>> {
        self.twin
            .operate(&Operation::Block { account }, self.now)
            .unwrap();
        self.sent()
    }

    fn sent(&mut self) -> Vec<Result<SplynxWebhook, WebhookError>> {
        let sent = self.twin.due_webhooks(self.now + 10_000);
        sent.iter().map(read).collect()
    }
}

fn read(webhook: &Webhook) -> Result<SplynxWebhook, WebhookError> {
    let name = SIGNATURE_HEADER.to_lowercase();
    let signature = webhook
        .headers
        .iter()
        .find(|(header, _)| header.to_lowercase() == name);
    let signature = signature.map(|(_, value)| value.as_bytes());
    read_splynx_webhook(
        &webhook.body,
        signature,
        &Secret::new(b"hook-secret".to_vec()),
    )
}

#[test]
fn an_event_names_its_account_as_json_and_as_a_form() {
    for kind in [
        None,
        Some("hook-form"),
        Some("hook-double"),
        Some("hook-delay"),
    ] {
        let mut office = Office::new();
        if let Some(kind) = kind {
            office.faults(kind);
        }
        let read = office.block(1001);
        assert!(!read.is_empty(), "{kind:?}");
        for one in read {
            assert_eq!(
                one,
                Ok(SplynxWebhook::Account(account_id(1001))),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn forged_unsigned_and_failed_events_give_no_account() {
    for (kind, expected) in [
        ("hook-forged", Err(WebhookError::WrongSignature)),
        ("hook-unsigned", Err(WebhookError::Unsigned)),
    ] {
        let mut office = Office::new();
        office.faults(kind);
        let read = office.block(1001);
        assert!(!read.is_empty());
        for one in read {
            assert_eq!(one, expected, "{kind}");
        }
    }
    let mut office = Office::new();
    office.faults("hook-ping");
    assert_eq!(office.sent(), [Ok(SplynxWebhook::Ping)]);
    office.faults("hook-lost");
    assert_eq!(office.block(1002), []);
}
