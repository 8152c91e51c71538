//! Makes the address of a webhook with its token, and sends a ping on the way that webhooks take.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, Url};

use super::error::Unreachable;
use super::http::{HttpClient, HttpLimits, HttpRequest};
use crate::model::billing::{BillingAddress, BillingName};
use crate::secrets::Secret;

/// The fewest characters of a token: the address is a password.
const FEWEST: usize = 16;

/// The word that is shown in place of the token.
const TOKEN: &str = "TOKEN";

/// The event of a test in Splynx; Sonar sends another one, which the service takes as well.
const PING: &[u8] = br#"{"type":"ping","data":{"attributes":{}}}"#;

/// The answer of the service has one line.
const LIMITS: HttpLimits = HttpLimits {
    time: Duration::from_secs(10),
    most_bytes: 64 << 10,
};

/// The public address of the webhook of one billing system. Its token is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl {
    url: Url,
    /// With a word in place of the token.
    shown: String,
}

/// The reason that a secret cannot be the token in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookTokenError {
    #[error(
        "it has fewer than {FEWEST} characters; use 32 random ones, such as those of `openssl rand -hex 16`"
    )]
    Short,
    #[error(
        "an address cannot contain all of its characters; use letters, digits, `-` and `_`, such as those of `openssl rand -hex 16`"
    )]
    Characters,
}

/// The result of a ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookPing {
    /// The service has accepted it.
    Arrived,
    /// Something else than 200.
    Answered {
        status: u16,
    },
    NotReached(Unreachable),
}

impl HookUrl {
    /// Returns the address of the webhook of a system. `public` is the address of the service.
    pub fn new(
        public: &BillingAddress,
        system: &BillingName,
        token: &Secret,
    ) -> Result<Self, HookTokenError> {
        let token = token.reveal();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        if !token.iter().all(is_plain) {
            return Err(HookTokenError::Characters);
        }
        if token.len() < FEWEST {
            return Err(HookTokenError::Short);
        }
        let token = std::str::from_utf8(token).map_err(|_| HookTokenError::Characters)?;
        let before = format!("{}/hooks/billing/{system}/", public.as_str());
        let url = Url::parse(&format!("{before}{token}"));
        Ok(Self {
            url: url.map_err(|_| HookTokenError::Characters)?,
            shown: format!("{before}{TOKEN}"),
        })
    }

    /// Returns the address with its token, for a request to the billing system and nothing else.
    pub fn reveal(&self) -> &str {
        self.url.as_str()
    }

    /// Sends a ping as Splynx does in a test.
    pub async fn ping(&self, http: &HttpClient) -> HookPing {
        let request = HttpRequest {
            method: Method::POST,
            url: self.url.clone(),
            authorization: None,
            body: Some(PING.to_vec()),
            limits: LIMITS,
        };
        match http.send(request).await {
            Ok(answer) if answer.status == 200 => HookPing::Arrived,
            Ok(answer) => HookPing::Answered {
                status: answer.status,
            },
            Err(failure) => HookPing::NotReached(failure),
        }
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HookUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::splynx::{SplynxWebhook, read_splynx_webhook};

    fn url(public: &str, token: &str) -> Result<HookUrl, HookTokenError> {
        let system = BillingName::new("splynx").unwrap();
        let token = Secret::new(token.as_bytes().to_vec());
        HookUrl::new(&public.parse().unwrap(), &system, &token)
    }

    #[test]
    fn the_token_is_in_the_address_and_shown_nowhere() {
        let url = url("https://gamctl.isp.example/noc/", "0123456789abcdef").unwrap();
        assert_eq!(
            url.reveal(),
            "https://gamctl.isp.example/noc/hooks/billing/splynx/0123456789abcdef"
        );
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(shown.contains("/noc/hooks/billing/splynx/TOKEN"), "{shown}");
            assert!(!shown.contains("0123"), "{shown}");
        }
    }

    #[test]
    fn a_token_that_can_be_guessed_or_that_an_address_changes_is_refused() {
        let of = |token| url("https://gamctl.isp.example", token).unwrap_err();
        assert_eq!(of("0123456789abcde"), HookTokenError::Short);
        for token in [
            "0123456789abcdef/",
            "0123456789 abcdef",
            "0123456789abcdé",
            "0123456789abcdef\n",
            "../../../../../..",
        ] {
            assert_eq!(of(token), HookTokenError::Characters, "{token}");
        }
    }

    #[test]
    fn the_service_takes_the_ping_as_one() {
        let secret = Secret::new(b"0123456789abcdef".to_vec());
        let read = read_splynx_webhook(PING, None, &secret);
        assert_eq!(read, Ok(SplynxWebhook::Ping));
    }
}
