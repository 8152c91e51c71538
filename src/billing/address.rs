//! Parses the address of a billing system: https, or http to a loopback address.

use std::fmt;

use reqwest::Url;

/// The longest address.
const MOST_BYTES: usize = 1000;

/// The address of a billing system, without query and fragment; its path ends with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// A text that is not such an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("it begins with `http://`, which sends logins in clear text; write `https://`")]
    NotHttps,
    #[error(
        "it has a user, a query or a fragment; write `https://host`, and the login as a secret"
    )]
    Extra,
    #[error("it is not an address; write it as `https://isp.example.net`")]
    NotAnAddress,
}

impl Address {
    /// Parses an address; one without a scheme, `isp.example.net`, is https.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let whole = match text.contains("://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        if text.len() > MOST_BYTES {
            return Err(AddressError::NotAnAddress);
        }
        let mut url = Url::parse(&whole).map_err(|_| AddressError::NotAnAddress)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(AddressError::NotHttps),
            _ => return Err(AddressError::NotAnAddress),
        }
        let has_login = !url.username().is_empty() || url.password().is_some();
        if has_login || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Extra);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NotAnAddress);
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Returns the address without an ending of its path, if it has that ending.
    pub fn without_path_ending(mut self, ending: &str) -> Self {
        let path = self.0.path().to_owned();
        if let Some(rest) = path.strip_suffix(ending) {
            self.0.set_path(&format!("{}/", rest.trim_end_matches('/')));
        }
        self
    }

    /// Returns the URL of a path below this address; `query` is already encoded.
    pub fn join(&self, path: &str, query: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Only addresses: a name, even `localhost`, is what a resolver makes of it.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_normalised() {
        for text in [
            "isp.example.net",
            "https://isp.example.net",
            " https://isp.example.net/ ",
            "https://ISP.example.net//",
            "https://isp.example.net:443/",
        ] {
            assert_eq!(
                Address::parse(text).unwrap().to_string(),
                "https://isp.example.net",
                "{text}"
            );
        }
        let deep = Address::parse("https://isp.example.net/crm/api/2.0/").unwrap();
        let base = deep.without_path_ending("/api/2.0/");
        assert_eq!(base.to_string(), "https://isp.example.net/crm");
        let url = base.join("api/2.0/admin", "limit=1");
        assert_eq!(
            url.as_str(),
            "https://isp.example.net/crm/api/2.0/admin?limit=1"
        );
    }

    #[test]
    fn http_is_for_loopback_addresses_only() {
        for text in [
            "http://127.0.0.1:8081",
            "http://127.1.2.3/",
            "http://[::1]:8081",
        ] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://isp.example.net",
            "http://localhost:8081",
            "http://127.0.0.1.example.net",
            "http://10.0.0.1",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::NotHttps), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            " ",
            "https://",
            "ftp://isp.example.net",
            "file:///etc/passwd",
            "https://a b",
        ] {
            assert_eq!(
                Address::parse(text),
                Err(AddressError::NotAnAddress),
                "{text}"
            );
        }
        for text in [
            "https://user@a",
            "https://user:secret@a",
            "https://a/?key=secret",
            "https://a/#x",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::Extra), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_request_leave_in_clear_text(text in "(http://)?[a-z0-9.:@/\\[\\]-]{0,30}") {
            if let Ok(address) = Address::parse(&text) {
                let url = address.join("x", "");
                prop_assert!(url.scheme() == "https" || is_loopback(&url), "{url}");
            }
        }
    }
}
