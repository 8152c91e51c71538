//! Represents the address of a billing system: https, and http only to this host.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The address of a billing system, such as `https://isp.splynx.app`, without a `/` at its end.
///
/// It has no user, query or fragment, so that it can be printed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingAddress {
    text: String,
    host_ends: usize,
}

/// An error in the address of a billing system. No variant has the text: it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BillingAddressError {
    #[error("it does not begin with `https://`")]
    Scheme,
    #[error("it is plain http, which anyone on the way can read and change")]
    PlainHttp,
    #[error("it contains a user or a password")]
    Login,
    #[error("it has no valid host")]
    Host,
    #[error("it has an invalid port")]
    Port,
    #[error("a query or a character after the host does not belong into it")]
    Path,
    #[error("it is longer than {} characters", BillingAddress::MAX)]
    TooLong,
}

impl BillingAddress {
    /// The longest valid address.
    pub const MAX: usize = 200;

    /// Returns the address without a `/` at its end; a client appends the path of a request.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the scheme, the host and the port, without a path.
    pub fn origin(&self) -> &str {
        self.text.get(..self.host_ends).unwrap_or(&self.text)
    }

    /// Returns the path: empty, or with `/` before it.
    pub fn path(&self) -> &str {
        self.text.get(self.host_ends..).unwrap_or_default()
    }

    /// Returns whether the traffic is not encrypted, which is accepted only to this host.
    pub fn is_plain(&self) -> bool {
        self.text.starts_with("http://")
    }
}

impl FromStr for BillingAddress {
    type Err = BillingAddressError;

    fn from_str(text: &str) -> Result<Self, BillingAddressError> {
        // A password may have a `/`, so the whole text is searched, and first.
        if text.contains('@') {
            return Err(BillingAddressError::Login);
        }
        if text.len() > Self::MAX {
            return Err(BillingAddressError::TooLong);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some(_) | None => return Err(BillingAddressError::Scheme),
        };
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let is_local = check_host(authority)?;
        if scheme == "http" && !is_local {
            return Err(BillingAddressError::PlainHttp);
        }
        let is_of_a_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
        let path = path.trim_end_matches('/');
        if !path.bytes().all(is_of_a_path) || path.contains("//") || path.contains("..") {
            return Err(BillingAddressError::Path);
        }
        let origin = format!("{scheme}://{}", authority.to_ascii_lowercase());
        Ok(Self {
            host_ends: origin.len(),
            text: origin + path,
        })
    }
}

/// Checks a host with an optional port, and returns whether it is this host.
fn check_host(authority: &str) -> Result<bool, BillingAddressError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(BillingAddressError::Host)?;
        let host: Ipv6Addr = host.parse().map_err(|_| BillingAddressError::Host)?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':').ok_or(BillingAddressError::Host)?),
        };
        check_port(port)?;
        return Ok(host.is_loopback());
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    check_port(port)?;
    let is_label = |label: &str| {
        let is_of_a_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && !label.starts_with('-') && label.bytes().all(is_of_a_label)
    };
    if !host.split('.').all(is_label) {
        return Err(BillingAddressError::Host);
    }
    Ok(match host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    })
}

fn check_port(port: Option<&str>) -> Result<(), BillingAddressError> {
    let Some(port) = port else { return Ok(()) };
    let is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if is_plain => Ok(()),
        Ok(_) | Err(_) => Err(BillingAddressError::Port),
    }
}

impl fmt::Display for BillingAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, BillingAddressError> {
        text.parse::<BillingAddress>()
            .map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_https_and_has_no_slash_at_its_end() {
        for (text, expected) in [
            ("https://isp.splynx.app", "https://isp.splynx.app"),
            ("https://ISP.Splynx.app/", "https://isp.splynx.app"),
            (
                "https://isp.example/api/2.0/",
                "https://isp.example/api/2.0",
            ),
            ("https://10.0.0.7:8443", "https://10.0.0.7:8443"),
            ("https://[2001:db8::7]:8443/", "https://[2001:db8::7]:8443"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        let address: BillingAddress = "https://isp.example/api/2.0/".parse().unwrap();
        assert_eq!(address.origin(), "https://isp.example");
        assert_eq!(address.path(), "/api/2.0");
        assert!(!address.is_plain());
    }

    #[test]
    fn plain_http_goes_to_this_host_only() {
        for text in [
            "http://127.0.0.1:8080",
            "http://127.3.2.1",
            "http://localhost:8080",
            "http://[::1]:8080",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in [
            "http://isp.splynx.app",
            "http://localhost.example",
            "http://10.0.0.7",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(read(text), Err(BillingAddressError::PlainHttp), "{text}");
        }
    }

    #[test]
    fn an_address_has_no_password_query_or_strange_character() {
        use BillingAddressError::{Host, Login, Path, Port, Scheme, TooLong};
        for (text, expected) in [
            ("", Scheme),
            ("isp.splynx.app", Scheme),
            ("ftp://isp.splynx.app", Scheme),
            ("HTTPS://isp.splynx.app", Scheme),
            ("https://key:s3cr3t@isp.splynx.app", Login),
            ("https://key:s3/cr3t@isp.splynx.app", Login),
            ("key:s3cr3t@isp.splynx.app", Login),
            ("https://", Host),
            ("https:///api", Host),
            ("https://isp..app", Host),
            ("https://isp splynx.app", Host),
            ("https://[::g]", Host),
            ("https://isp.splynx.app:0", Port),
            ("https://isp.splynx.app:+1", Port),
            ("https://isp.splynx.app:65536", Port),
            ("https://isp.splynx.app?key=1", Path),
            ("https://isp.splynx.app/#a", Path),
            ("https://isp.splynx.app/a/../b", Path),
            ("https://isp.splynx.app//api", Path),
        ] {
            assert_eq!(read(text), Err(expected), "{text}");
        }
        let long = format!("https://{}.app", "x".repeat(BillingAddress::MAX));
        assert_eq!(read(&long), Err(TooLong));
    }
}
