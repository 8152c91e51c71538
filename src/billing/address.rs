//! Makes the URLs of requests to a billing system.

use std::fmt;

use reqwest::Url;

use crate::model::billing::{BillingAddress, BillingAddressError};

/// The address of a billing system, without query and fragment; its path ends with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Parses an address; one without a scheme, `isp.example.net`, is https.
    pub fn parse(text: &str) -> Result<Self, BillingAddressError> {
        let text = text.trim();
        let whole = match text.contains("://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        let checked: BillingAddress = whole.parse()?;
        let url = Url::parse(checked.as_str()).map_err(|_| BillingAddressError::Host)?;
        let mut address = Self(url);
        let path = format!("{}/", checked.path());
        address.0.set_path(&path);
        Ok(address)
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
            assert_eq!(
                Address::parse(text),
                Err(BillingAddressError::PlainHttp),
                "{text}"
            );
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
            "https://user@a",
            "https://user:secret@a",
            "https://a/?key=secret",
            "https://a/#x",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_request_leave_in_clear_text(text in "(http://)?[a-z0-9.:@/\\[\\]-]{0,30}") {
            if let Ok(address) = Address::parse(&text) {
                let url = address.join("x", "");
                let host = url.host_str().unwrap().trim_matches(['[', ']']);
                let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
                prop_assert!(url.scheme() == "https" || is_loopback, "{url}");
            }
        }
    }
}
