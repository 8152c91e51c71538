//! Checks webhooks of billing systems, and passes on which account to read; nothing else in them is used.

use std::sync::Arc;

use axum::http::StatusCode;

use super::hook::{HookVerdict, same_token};
use crate::billing::sonar;
use crate::billing::splynx::{self, SplynxWebhook, read_splynx_webhook};
use crate::history::Hint;
use crate::inventory::text::BillingKind;
use crate::inventory::{BillingSystem, billing_systems};
use crate::reconcile::sync::BillingHint;
use crate::secrets::{Secret, SecretError, Secrets};
use crate::service::instance_state::Shared;

/// The longest body: events have the columns of an object.
pub(super) const MOST_BILLING_BYTES: usize = splynx::MOST_WEBHOOK_BYTES;

/// A request to the path of webhooks.
#[derive(Debug, Clone, Copy)]
pub(super) struct BillingHook<'a> {
    pub(super) name: &'a str,
    pub(super) token: &'a str,
    /// The system asks whether the address answers.
    pub(super) is_probe: bool,
    pub(super) signature: Option<&'a [u8]>,
    /// Absent: it is too long.
    pub(super) body: Option<&'a [u8]>,
}

/// The answer to a webhook. It does not tell an unknown system from a wrong token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BillingHookAnswer {
    Accepted,
    NotFound,
    Unauthorized,
    Malformed,
    TooLarge,
    /// The secret of the webhook cannot be read.
    Unready,
}

impl BillingHookAnswer {
    pub(super) fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::Accepted => (StatusCode::OK, "accepted\n"),
            Self::NotFound => (StatusCode::NOT_FOUND, "no such webhook\n"),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "wrong or missing signature; compare the secret there with `hook` of the billing system\n",
            ),
            Self::Malformed => (StatusCode::BAD_REQUEST, "not an event\n"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
            Self::Unready => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the secret of the webhook cannot be read\n",
            ),
        }
    }
}

/// Judges a webhook, and notes the account that it is about.
pub(super) async fn take(shared: &Arc<Shared>, hook: BillingHook<'_>) -> BillingHookAnswer {
    let Some(target) = shared.served_target() else {
        return BillingHookAnswer::NotFound;
    };
    let mut systems = billing_systems(target.inventory.inventory());
    let Some(system) = systems.remove(hook.name).filter(|_| shared.settings.syncs) else {
        return BillingHookAnswer::NotFound;
    };
    let secret = match secret(shared, &system).await {
        Ok(Some(secret)) => secret,
        Ok(None) => return BillingHookAnswer::NotFound,
        Err(error) => {
            let error = crate::model::chain(&error);
            tracing::warn!(system = %system.name, error, "a webhook cannot be checked");
            return BillingHookAnswer::Unready;
        }
    };
    let hints = match judge(hook, system.kind(), &secret) {
        Ok(hints) => hints,
        Err(answer) => return answer,
    };
    pass_on(shared, &system, hints).await;
    BillingHookAnswer::Accepted
}

/// Returns the hint of a genuine webhook; `None` if it is about no account.
fn judge(
    hook: BillingHook<'_>,
    kind: BillingKind,
    secret: &Secret,
) -> Result<Option<BillingHint>, BillingHookAnswer> {
    if same_token(hook.token.as_bytes(), secret) != HookVerdict::Genuine {
        return Err(BillingHookAnswer::NotFound);
    }
    if hook.is_probe {
        return Ok(None);
    }
    let body = hook.body.ok_or(BillingHookAnswer::TooLarge)?;
    match kind {
        BillingKind::Splynx => match read_splynx_webhook(body, hook.signature, secret) {
            Ok(SplynxWebhook::Account(account)) => Ok(Some(BillingHint::Account(account))),
            Ok(SplynxWebhook::Ping | SplynxWebhook::Nothing) => Ok(None),
            Err(splynx::WebhookError::TooLarge) => Err(BillingHookAnswer::TooLarge),
            Err(splynx::WebhookError::Unsigned | splynx::WebhookError::WrongSignature) => {
                Err(BillingHookAnswer::Unauthorized)
            }
            Err(splynx::WebhookError::Malformed) => Err(BillingHookAnswer::Malformed),
        },
        BillingKind::Sonar => match sonar::read_webhook(body) {
            Ok(hint) => Ok(Some(BillingHint::Objects(hint))),
            Err(sonar::WebhookError::TooLarge) => Err(BillingHookAnswer::TooLarge),
            Err(sonar::WebhookError::NotAnEvent) => Err(BillingHookAnswer::Malformed),
        },
    }
}

async fn secret(
    shared: &Arc<Shared>,
    system: &BillingSystem,
) -> Result<Option<Secret>, SecretError> {
    let Some(name) = system.hook.clone() else {
        return Ok(None);
    };
    if let Some(known) = shared.billing.hook_secret(&name, shared.now()) {
        return Ok(Some(known));
    }
    let sources = shared.secrets.clone();
    let wanted = name.clone();
    let read = tokio::task::spawn_blocking(move || Secrets::of(sources).get(&wanted)).await;
    match read {
        Ok(secret) => {
            let secret = secret?;
            shared
                .billing
                .keep_hook_secret(name, secret.clone(), shared.now());
            Ok(Some(secret))
        }
        // The service stops.
        Err(_) => Ok(None),
    }
}

/// Notes the hint here, or has the instance that syncs ask for changes.
async fn pass_on(shared: &Arc<Shared>, system: &BillingSystem, hint: Option<BillingHint>) {
    let Some(hint) = hint else { return };
    let is_here = shared
        .billing
        .add_hint(system.name.as_str(), hint, shared.now());
    match is_here {
        true => shared.triggers.billing.notify_one(),
        // Without the store, its timer does it.
        false => drop(shared.store.store.hint(Hint::Billing).await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new(b"hook-token".to_vec())
    }

    fn hook<'a>(token: &'a str, body: &'a [u8]) -> BillingHook<'a> {
        BillingHook {
            name: "sonar",
            token,
            is_probe: false,
            signature: None,
            body: Some(body),
        }
    }

    #[test]
    fn a_wrong_token_is_answered_like_an_unknown_system() {
        for token in ["", "hook", "hook-token-", "HOOK-TOKEN"] {
            let judged = judge(hook(token, b"{}"), BillingKind::Sonar, &secret());
            assert_eq!(judged, Err(BillingHookAnswer::NotFound), "{token}");
        }
    }

    #[test]
    fn a_probe_needs_the_token_and_hints_at_nothing() {
        let probe = |token| BillingHook {
            is_probe: true,
            body: None,
            ..hook(token, b"")
        };
        assert_eq!(
            judge(probe("hook-token"), BillingKind::Sonar, &secret()),
            Ok(None)
        );
        let wrong = judge(probe("x"), BillingKind::Sonar, &secret());
        assert_eq!(wrong, Err(BillingHookAnswer::NotFound));
    }

    #[test]
    fn splynx_signs_in_addition_to_the_token() {
        let event = br#"{"type":"edit","data":{"model":"customers","customer_id":"7"}}"#;
        let unsigned = judge(hook("hook-token", event), BillingKind::Splynx, &secret());
        assert_eq!(unsigned, Err(BillingHookAnswer::Unauthorized));
        let forged = BillingHook {
            signature: Some(b"00"),
            ..hook("hook-token", event)
        };
        let forged = judge(forged, BillingKind::Splynx, &secret());
        assert_eq!(forged, Err(BillingHookAnswer::Unauthorized));
    }

    #[test]
    fn an_event_of_sonar_is_a_hint_and_anything_else_is_refused() {
        let event = br#"{"event":"account.status","object_id":1042}"#;
        let judged = judge(hook("hook-token", event), BillingKind::Sonar, &secret());
        assert!(matches!(judged, Ok(Some(BillingHint::Objects(_)))));
        let odd = judge(hook("hook-token", b"<html>"), BillingKind::Sonar, &secret());
        assert_eq!(odd, Err(BillingHookAnswer::Malformed));
        let large = BillingHook {
            body: None,
            ..hook("hook-token", b"")
        };
        let large = judge(large, BillingKind::Sonar, &secret());
        assert_eq!(large, Err(BillingHookAnswer::TooLarge));
    }
}
