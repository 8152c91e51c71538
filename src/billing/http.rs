//! Sends one HTTPS request and reads its answer within limits of time and size.

use std::error::Error;
use std::sync::Once;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, Url};
use tokio::time::timeout;

use super::error::Unreachable;

/// Splynx binds its tokens to this text, so it is constant and has no version.
const USER_AGENT: &str = "gamctl";

/// The time to reach a system.
const CONNECT: Duration = Duration::from_secs(10);

/// The time after which an idle connection is closed: a little less than usual servers have, so that none is found dead.
const IDLE: Duration = Duration::from_secs(4);

/// The limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// From the first byte sent to the last one received.
    pub time: Duration,
    pub most_bytes: usize,
}

impl HttpLimits {
    /// A write to Splynx, or a read of one record.
    pub const WRITE: Self = Self {
        time: Duration::from_secs(10),
        most_bytes: 4 << 20,
    };
    /// A list of Splynx, which may be long and slow.
    pub const LIST: Self = Self {
        time: Duration::from_secs(120),
        most_bytes: 128 << 20,
    };
    /// A query to Sonar.
    pub const QUERY: Self = Self {
        time: Duration::from_secs(60),
        most_bytes: 64 << 20,
    };
}

/// One request. It has no `Debug`: path, header and body may contain tokens.
pub struct HttpRequest {
    pub method: Method,
    pub url: Url,
    /// The value of the header `Authorization`.
    pub authorization: Option<HeaderValue>,
    /// JSON.
    pub body: Option<Vec<u8>>,
    pub limits: HttpLimits,
}

/// One complete answer. It has no `Debug`: it contains personal data.
pub struct HttpAnswer {
    pub status: u16,
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl HttpAnswer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns a header, if it is there once and is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        value.to_str().ok().filter(|_| values.next().is_none())
    }
}

/// The reason why the client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS; check the certificates that this host trusts")]
pub struct HttpClientError(#[source] reqwest::Error);

/// The reason why there is no answer.
pub type HttpFailure = Unreachable;

/// A client with connections to one system.
#[derive(Debug, Clone)]
pub struct HttpClient(Client);

impl HttpClient {
    pub fn new() -> Result<Self, HttpClientError> {
        install_provider();
        // A host without trusted issuers, such as a small container, trusts no system; twins on loopback need none.
        let client = builder()
            .build()
            .or_else(|_| builder().tls_certs_only([]).build());
        client.map(Self).map_err(HttpClientError)
    }

    /// Sends a request. Every status is an answer, except for a redirect.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let after = request.limits.time;
        match timeout(after, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Unreachable::Timeout { after }),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let most_bytes = request.limits.most_bytes;
        let mut building = self.0.request(request.method, request.url);
        building = building.header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut authorization) = request.authorization {
            authorization.set_sensitive(true);
            building = building.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = request.body {
            let json = HeaderValue::from_static("application/json");
            building = building.header(CONTENT_TYPE, json).body(body);
        }
        let mut answer = building.send().await.map_err(|error| unreachable(&error))?;
        let status = answer.status().as_u16();
        if answer.status().is_redirection() {
            return Err(Unreachable::Redirect { status });
        }
        let headers = std::mem::take(answer.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > most_bytes {
                return Err(Unreachable::TooLarge { most_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpAnswer {
            status,
            body,
            headers,
        })
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .tls_backend_rustls()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // A proxy comes from the environment, which nothing but `config` reads.
        .no_proxy()
}

/// Installs ring as the cryptography provider of TLS, for the whole process.
fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // It fails only if a provider is installed already, and no other is in the tree.
        let _installed = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Classifies an error by its causes. The error itself is dropped: its text has the URL.
fn unreachable(error: &reqwest::Error) -> HttpFailure {
    if is_certificate(error) {
        Unreachable::Certificate
    } else if error.is_dns() {
        Unreachable::Name
    } else if error.is_connect() {
        Unreachable::Connect
    } else {
        Unreachable::Interrupted
    }
}

fn is_certificate(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        cause = match error.downcast_ref::<std::io::Error>() {
            // The source of an I/O error is the source of what it wraps, which would be passed over.
            Some(wrapping) => wrapping
                .get_ref()
                .map(|wrapped| wrapped as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
impl HttpAnswer {
    /// Makes an answer that no system gave.
    pub(super) fn for_test(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| {
            let name = reqwest::header::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        Self {
            status,
            body: body.as_bytes().to_vec(),
            headers: headers.collect(),
        }
    }
}
