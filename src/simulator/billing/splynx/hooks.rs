//! Queues, signs and retries hooks, and carries out their faults.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use super::fault::FaultKind;
use super::php::Php;
use crate::simulator::billing::Webhook;

/// The waits before a hook is sent again (assumed): at once, after a minute, ten minutes and an hour.
const RETRIES: [u64; 3] = [60, 600, 3600];

/// The highest number of hooks that wait; the oldest are dropped.
const MOST_WAITING: usize = 20_000;

/// A hook, as a person sets it up under *Config → Integrations → Hooks*.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSettings {
    pub url: String,
    pub secret: String,
}

/// A hook that waits to be sent, or for its answer.
struct Waiting {
    webhook: Webhook,
    due: u64,
    attempts: usize,
    is_sent: bool,
}

/// All hooks of one instance.
pub(super) struct Hooks {
    settings: Option<HookSettings>,
    waiting: Vec<Waiting>,
    last_id: u64,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    queued: u64,
    sent: u64,
    delivered: u64,
    retried: u64,
    given_up: u64,
    lost: u64,
}

impl Hooks {
    pub(super) fn new(settings: Option<HookSettings>) -> Self {
        Self {
            settings,
            waiting: Vec::new(),
            last_id: 0,
            counts: Counts::default(),
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.settings.is_some()
    }

    /// Queues a body, with the faults that it has.
    pub(super) fn push(&mut self, body: &Php, is_form: bool, faults: &[FaultKind], now: u64) {
        let Some(settings) = &self.settings else {
            return;
        };
        if faults.contains(&FaultKind::HookLost {}) {
            self.counts.lost += 1;
            return;
        }
        let (content_type, body) = match is_form {
            true => ("application/x-www-form-urlencoded", body.form()),
            false => ("application/json", body.json()),
        };
        let mut headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let secret = match faults.contains(&FaultKind::HookForged {}) {
            true => "another secret",
            false => &settings.secret,
        };
        if !faults.contains(&FaultKind::HookUnsigned {}) {
            let signature = signature(secret, body.as_bytes());
            headers.push(("x-splynx-signature".to_owned(), signature));
        }
        let delays = faults.iter().map(|fault| match fault {
            FaultKind::HookDelay { seconds } => *seconds,
            _ => 0,
        });
        let due = now.saturating_add(delays.sum());
        let copies = 1 + usize::from(faults.contains(&FaultKind::HookDouble {}));
        for _ in 0..copies {
            self.last_id += 1;
            self.counts.queued += 1;
            self.waiting.push(Waiting {
                webhook: Webhook {
                    id: self.last_id,
                    url: settings.url.clone(),
                    method: "POST",
                    headers: headers.clone(),
                    body: body.clone().into_bytes(),
                },
                due,
                attempts: 0,
                is_sent: false,
            });
        }
        let too_many = self.waiting.len().saturating_sub(MOST_WAITING);
        self.waiting.drain(..too_many);
    }

    /// Hands out the hooks that are due.
    pub(super) fn due(&mut self, now: u64) -> Vec<Webhook> {
        let due = self.waiting.iter_mut();
        let due = due.filter(|one| !one.is_sent && one.due <= now);
        let webhooks: Vec<Webhook> = due
            .map(|one| {
                one.is_sent = true;
                one.webhook.clone()
            })
            .collect();
        self.counts.sent += u64::try_from(webhooks.len()).unwrap_or(0);
        webhooks
    }

    /// Takes the answer to a hook; without a success it waits to be sent again.
    pub(super) fn delivered(&mut self, id: u64, status: Option<u16>, now: u64) {
        let place = self.waiting.iter().position(|one| one.webhook.id == id);
        let Some(place) = place else {
            return;
        };
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.counts.delivered += 1;
            drop(self.waiting.remove(place));
            return;
        }
        let retry = self.waiting.get_mut(place).and_then(|one| {
            let wait = RETRIES.get(one.attempts)?;
            one.attempts += 1;
            one.due = now.saturating_add(*wait);
            one.is_sent = false;
            Some(())
        });
        match retry {
            Some(()) => self.counts.retried += 1,
            None => {
                self.counts.given_up += 1;
                drop(self.waiting.remove(place));
            }
        }
    }

    /// Returns when the next hook is due.
    pub(super) fn next(&self) -> Option<u64> {
        let waiting = self.waiting.iter().filter(|one| !one.is_sent);
        waiting.map(|one| one.due).min()
    }

    pub(super) fn counters(&self) -> Value {
        let Counts {
            queued,
            sent,
            delivered,
            retried,
            given_up,
            lost,
        } = self.counts;
        json!({
            "queued": queued, "sent": sent, "delivered": delivered, "retried": retried,
            "given_up": given_up, "lost": lost, "waiting": self.waiting.len(),
        })
    }
}

/// Returns HMAC-SHA1 over the raw body, in lower case.
fn signature(secret: &str, body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let tag = mac.chain_update(body).finalize().into_bytes();
    tag.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks() -> Hooks {
        Hooks::new(Some(HookSettings {
            url: "http://127.0.0.1:1/hook".to_owned(),
            secret: "secret".to_owned(),
        }))
    }

    fn push(hooks: &mut Hooks, faults: &[FaultKind]) {
        let body = Php::map([("type", Php::text("ping"))]);
        hooks.push(&body, false, faults, 100);
    }

    fn header<'a>(webhook: &'a Webhook, name: &str) -> Option<&'a str> {
        let mut headers = webhook.headers.iter();
        headers
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_hook_is_signed_over_its_raw_body() {
        let mut hooks = hooks();
        push(&mut hooks, &[]);
        let due = hooks.due(100);
        assert_eq!(due[0].body, br#"{"type":"ping"}"#);
        // Calculated with Python's `hmac`.
        assert_eq!(
            header(&due[0], "x-splynx-signature"),
            Some("300cc08d43dc0c44850409e0759e7a9bca2b0e02")
        );
        push(&mut hooks, &[FaultKind::HookUnsigned {}]);
        push(&mut hooks, &[FaultKind::HookForged {}]);
        let due = hooks.due(100);
        assert_eq!(header(&due[0], "x-splynx-signature"), None);
        let forged = header(&due[1], "x-splynx-signature");
        assert!(forged.is_some_and(|forged| forged != "300cc08d43dc0c44850409e0759e7a9bca2b0e02"));
    }

    #[test]
    fn a_hook_without_a_success_is_sent_again_three_times() {
        let mut hooks = hooks();
        push(&mut hooks, &[]);
        assert_eq!(hooks.next(), Some(100));
        let id = hooks.due(100)[0].id;
        assert_eq!((hooks.next(), hooks.due(100).len()), (None, 0));
        for (status, at, next) in [
            (None, 100, 160),
            (Some(500), 160, 760),
            (Some(404), 760, 4360),
        ] {
            hooks.delivered(id, status, at);
            assert_eq!(hooks.next(), Some(next));
            assert_eq!(hooks.due(next - 1).len(), 0);
            assert_eq!(hooks.due(next)[0].id, id);
        }
        hooks.delivered(id, None, 4360);
        assert_eq!(hooks.next(), None);
        assert_eq!(hooks.counters()["given_up"], 1);
        push(&mut hooks, &[]);
        let id = hooks.due(100)[0].id;
        hooks.delivered(id, Some(204), 100);
        assert_eq!(hooks.counters()["delivered"], 1);
        assert_eq!(hooks.counters()["waiting"], 0);
    }

    #[test]
    fn a_hook_can_be_doubled_delayed_and_lost() {
        let mut hooks = hooks();
        push(&mut hooks, &[FaultKind::HookLost {}]);
        assert_eq!(hooks.next(), None);
        push(
            &mut hooks,
            &[
                FaultKind::HookDouble {},
                FaultKind::HookDelay { seconds: 30 },
            ],
        );
        assert_eq!(hooks.due(129).len(), 0);
        let due = hooks.due(130);
        assert_eq!(due.len(), 2);
        assert_eq!(due[0].body, due[1].body);
        assert_ne!(due[0].id, due[1].id);
        let mut without = Hooks::new(None);
        push(&mut without, &[]);
        assert_eq!(without.next(), None);
    }
}
