//! Registers gamctl's webhook in a billing system, and proves that one arrives at the service.

use std::time::Duration;

use super::client::BillingClient;
use crate::billing::sonar::{SonarClient, WebhookState, WebhookTest};
use crate::billing::{BillingError, HookPing, HookUrl, HttpClient, HttpClientError, Unreachable};
use crate::model::chain;
use crate::report::sync::{CheckLine, CheckState};

/// The tests of a new webhook: one that was saved just now may be sent late.
const TESTS: u32 = 4;

const BETWEEN_TESTS: Duration = Duration::from_secs(1);

/// The probe of a webhook that is registered.
pub const HOOK_PROBE: &str = "webhook";

const TEST: &str = "test webhook";

/// The reason that a webhook is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterHookError {
    #[error(transparent)]
    Billing(#[from] BillingError),
    #[error("cannot set up TLS on this host")]
    Tls(#[from] HttpClientError),
}

/// A webhook as it is now.
#[derive(Debug)]
pub enum HookRegistration {
    Sonar {
        before: WebhookState,
        test: WebhookTest,
    },
    /// Splynx has no API for it, so gamctl sends the ping.
    Splynx { ping: HookPing },
}

/// Registers the webhook where the product has an API for it, and tests it. Called again, it changes nothing.
pub async fn register_hook(
    client: &BillingClient,
    url: &HookUrl,
) -> Result<HookRegistration, RegisterHookError> {
    match client {
        BillingClient::Sonar(client) => Ok(in_sonar(client, url).await?),
        BillingClient::Splynx(_) => {
            let http = HttpClient::new()?;
            let ping = url.ping(&http).await;
            Ok(HookRegistration::Splynx { ping })
        }
    }
}

async fn in_sonar(client: &SonarClient, url: &HookUrl) -> Result<HookRegistration, BillingError> {
    let before = client.webhook_state(url.reveal()).await?;
    let endpoint = client.register_webhook(url.reveal()).await?;
    let mut test = client.test_webhook(&endpoint).await?;
    for _ in 1..TESTS {
        if test.is_success {
            break;
        }
        tokio::time::sleep(BETWEEN_TESTS).await;
        test = client.test_webhook(&endpoint).await?;
    }
    Ok(HookRegistration::Sonar { before, test })
}

/// Returns what was done, and whether a webhook arrived.
pub fn registration_lines(
    registration: &Result<HookRegistration, RegisterHookError>,
    url: &HookUrl,
) -> Vec<CheckLine> {
    match registration {
        Err(error) => vec![line(HOOK_PROBE, CheckState::Bad, &chain(error))],
        Ok(HookRegistration::Sonar { before, test }) => {
            let done = match before {
                WebhookState::Missing => "registered now",
                WebhookState::OtherToken { .. } => "registered, with the new token now",
                WebhookState::Disabled { .. } => "registered, and enabled again now",
                WebhookState::Enabled { .. } => "registered before",
            };
            let detail = format!("{done}: {url}");
            let test = match (test.is_success, test.status) {
                (true, _) => line(TEST, CheckState::Good, "arrived at the service"),
                (false, None | Some(0)) => line(
                    TEST,
                    CheckState::Bad,
                    "Sonar got no answer; check `public_url`, the proxy, and that the service runs",
                ),
                (false, Some(status)) => {
                    line(TEST, CheckState::Bad, &wrong_status("Sonar", status))
                }
            };
            vec![line(HOOK_PROBE, CheckState::Good, &detail), test]
        }
        Ok(HookRegistration::Splynx { ping }) => {
            let by_hand = "Splynx has no API for it, so a person adds it there";
            let ping = match ping {
                HookPing::Arrived => {
                    let detail = format!("a ping of gamctl arrived over {url}");
                    line(TEST, CheckState::Good, &detail)
                }
                HookPing::Answered { status } => line(
                    TEST,
                    CheckState::Bad,
                    &wrong_status("gamctl", u64::from(*status)),
                ),
                HookPing::NotReached(why) => line(TEST, CheckState::Bad, &not_reached(why)),
            };
            vec![line(HOOK_PROBE, CheckState::Limited, by_hand), ping]
        }
    }
}

/// Returns how a webhook is registered, for a check that changes nothing.
pub(super) fn state_line(state: &Result<WebhookState, BillingError>) -> CheckLine {
    let register = "run `gamctl sync check --register-hook`, or changes are found each minute only";
    let limited = |what: &str| {
        line(
            HOOK_PROBE,
            CheckState::Limited,
            &format!("{what}; {register}"),
        )
    };
    match state {
        Ok(WebhookState::Enabled { .. }) => line(HOOK_PROBE, CheckState::Good, "registered"),
        Ok(WebhookState::Disabled { .. }) => limited("registered, and disabled"),
        Ok(WebhookState::OtherToken { .. }) => limited("registered with another token"),
        Ok(WebhookState::Missing) => limited("not registered"),
        // The sync itself needs no webhook.
        Err(error) => line(HOOK_PROBE, CheckState::Limited, &error.to_string()),
    }
}

/// Returns what a person enters in Splynx. The token is named and not shown: a terminal keeps what it showed.
pub fn splynx_hook_steps(url: &HookUrl, secret: &str) -> String {
    format!(
        "In Splynx, add a hook under Config → Integrations → Hooks:\n  \
         type     Web\n  \
         URL      {url}\n  \
         \x20        with the value of the secret `{secret}` in place of TOKEN\n  \
         secret   the value of the secret `{secret}`\n  \
         events   customers, their internet services, inventory items: all actions\n\
         Save it and send its ping from there: `gamctl_billing_hooks_total` counts each that arrives."
    )
}

fn line(probe: &str, state: CheckState, detail: &str) -> CheckLine {
    CheckLine {
        probe: probe.to_owned(),
        state,
        detail: detail.to_owned(),
    }
}

fn wrong_status(who: &str, status: u64) -> String {
    let why = match status {
        404 => {
            "check that the proxy passes on `/hooks/`, that `[sync] run = true`, and that the service has read the same secret, which takes a minute after a change"
        }
        502..=504 => "the proxy does not reach the service; check that it runs",
        _ => "only 200 counts; check what answers at `public_url`",
    };
    format!("{who} got the status {status}; {why}")
}

fn not_reached(why: &Unreachable) -> String {
    match why {
        Unreachable::Name => "its name has no address; check `public_url` and DNS".to_owned(),
        Unreachable::Connect => {
            "cannot connect; check `public_url`, the proxy, and that the service runs".to_owned()
        }
        Unreachable::Redirect { status } => {
            format!("got {status}, a redirect; set `public_url` to where it leads")
        }
        Unreachable::Certificate => {
            "its certificate is not valid; billing would not accept it either".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    const VALUE: &str = "0123456789abcdef";

    fn url() -> HookUrl {
        let token = Secret::new(VALUE.as_bytes().to_vec());
        let public = "https://gamctl.isp.example".parse().unwrap();
        HookUrl::new(&public, &"splynx".parse().unwrap(), &token).unwrap()
    }

    fn states(registration: HookRegistration) -> Vec<CheckState> {
        let lines = registration_lines(&Ok(registration), &url());
        for line in &lines {
            assert!(!line.detail.contains(VALUE), "{}", line.detail);
        }
        lines.into_iter().map(|line| line.state).collect()
    }

    #[test]
    fn a_webhook_that_did_not_arrive_is_a_problem_with_its_next_step() {
        use CheckState::{Bad, Good, Limited};
        let sonar = |is_success, status| HookRegistration::Sonar {
            before: WebhookState::Missing,
            test: WebhookTest { status, is_success },
        };
        assert_eq!(states(sonar(true, Some(200))), [Good, Good]);
        for status in [None, Some(0), Some(404), Some(502)] {
            assert_eq!(states(sonar(false, status)), [Good, Bad], "{status:?}");
        }
        let splynx = |ping| HookRegistration::Splynx { ping };
        assert_eq!(states(splynx(HookPing::Arrived)), [Limited, Good]);
        for ping in [
            HookPing::Answered { status: 404 },
            HookPing::NotReached(Unreachable::Connect),
            HookPing::NotReached(Unreachable::Interrupted),
        ] {
            assert_eq!(states(splynx(ping)), [Limited, Bad]);
        }
    }

    #[test]
    fn the_steps_for_a_person_name_the_secret_and_do_not_show_it() {
        let steps = splynx_hook_steps(&url(), "splynx-hook");
        assert!(steps.contains("/hooks/billing/splynx/TOKEN"), "{steps}");
        assert!(steps.contains("the secret `splynx-hook`"), "{steps}");
        assert!(!steps.contains(VALUE), "{steps}");
        let widest = steps.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{steps}");
    }
}
