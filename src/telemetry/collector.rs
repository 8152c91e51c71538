//! Parses the address of a collector of traces: `http://127.0.0.1:4318`.

use std::fmt;
use std::str::FromStr;

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

/// The path of traces, behind the path of the collector.
const TRACES: &str = "/v1/traces";

/// The longest address.
const MAX_BYTES: usize = 1000;

/// A collector of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// A name or an address; an IPv6 address has no brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// The whole path of traces.
    pub(super) path: String,
}

/// An address that is not one of a collector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    #[error(
        "gamctl sends traces without TLS, so it is `http://`; run a collector on this host that sends them on with TLS"
    )]
    NotHttp,
    #[error("write it without a user, a query or a fragment, as in `http://127.0.0.1:4318`")]
    NotAnAddress,
}

impl FromStr for Collector {
    type Err = CollectorError;

    fn from_str(text: &str) -> Result<Self, CollectorError> {
        let wrong = CollectorError::NotAnAddress;
        let rest = text.strip_prefix("http://");
        let rest = rest.ok_or(match text.starts_with("https://") {
            true => CollectorError::NotHttp,
            false => CollectorError::NotAnAddress,
        })?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let is_path = |sign: u8| sign.is_ascii_alphanumeric() || b"/-._~".contains(&sign);
        if text.len() > MAX_BYTES || !path.bytes().all(is_path) {
            return Err(wrong);
        }
        let (host, port) = host_and_port(authority).ok_or(wrong)?;
        let path = path.trim_end_matches('/');
        Ok(Self {
            host: host.to_owned(),
            port,
            path: match path.ends_with(TRACES) {
                true => path.to_owned(),
                false => format!("{path}{TRACES}"),
            },
        })
    }
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(at);
            let is_name = |sign: u8| sign.is_ascii_alphanumeric() || b"-._".contains(&sign);
            (!host.is_empty() && host.bytes().all(is_name)).then_some((host, port))?
        }
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0)?,
        None => port.is_empty().then_some(PORT)?,
    };
    Some((host, port))
}

impl Collector {
    /// Returns host and port as in a URL.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_has_the_port_and_the_path_of_traces() {
        for (given, whole) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            (
                "http://otel-collector",
                "http://otel-collector:4318/v1/traces",
            ),
            ("http://[::1]:99/otlp", "http://[::1]:99/otlp/v1/traces"),
            ("http://a:1/v1/traces", "http://a:1/v1/traces"),
        ] {
            let collector: Collector = given.parse().unwrap();
            assert_eq!(collector.to_string(), whole);
            assert_eq!(whole.parse(), Ok(collector));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let tls = "https://otel.example.net".parse::<Collector>();
        assert_eq!(tls, Err(CollectorError::NotHttp));
        for wrong in [
            "",
            "127.0.0.1:4318",
            "grpc://a",
            "http://",
            "http://:4318",
            "http://a:0",
            "http://a:65536",
            "http://a:",
            "http://user@a",
            "http://user:secret@a",
            "http://a/?key=secret",
            "http://a/#x",
            "http://a b",
            "http://a/\r\nX: y",
            "http://[::1",
            "http://[a]",
        ] {
            let parsed = wrong.parse::<Collector>();
            assert_eq!(parsed, Err(CollectorError::NotAnAddress), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_has_no_character_that_ends_a_header(text in "http://.{0,40}") {
            if let Ok(collector) = text.parse::<Collector>() {
                let whole = collector.to_string();
                prop_assert!(whole.bytes().all(|sign| sign.is_ascii_graphic()), "{whole}");
            }
        }
    }
}
