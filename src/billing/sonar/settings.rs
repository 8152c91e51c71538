//! Declares what a Sonar client needs to know of one instance, and normalises its address.

use std::collections::BTreeSet;
use std::time::Duration;

use compact_str::CompactString;
use reqwest::Url;

use super::states::SonarStates;
use crate::billing::{Address, AddressError, HttpLimits, RequestRate, Retries};
use crate::model::billing::{BillingName, LocationId};
use crate::secrets::Secret;

/// The only path of the API; every other one answers an HTML page.
const API: &str = "api/graphql";

/// The settings of one instance.
#[derive(Debug, Clone)]
pub struct SonarSettings {
    /// The name in the inventory.
    pub name: BillingName,
    pub address: SonarAddress,
    /// A personal access token.
    pub token: Secret,
    pub states: SonarStates,
    /// The name of the service metadata or custom field with the wiring, such as `riser-a/7`.
    pub place_field: Option<CompactString>,
    /// The name of the service metadata or custom field with the unit, or `line2` of the address.
    pub unit_field: Option<CompactString>,
    /// The locations that the inventory maps to a site: anchor addresses by id, network sites as `network-site.3`.
    pub sites: BTreeSet<LocationId>,
    pub rate: RequestRate,
    /// The time for one answer; a page that needs longer is asked for in halves.
    pub timeout: Duration,
    pub retries: Retries,
}

impl SonarSettings {
    /// Returns settings without fields and overrides, with the limits that every instance accepts.
    pub fn new(name: BillingName, address: SonarAddress, token: Secret) -> Self {
        Self {
            name,
            address,
            token,
            states: SonarStates::default(),
            place_field: None,
            unit_field: None,
            sites: BTreeSet::new(),
            rate: RequestRate::SONAR,
            timeout: HttpLimits::QUERY.time,
            retries: Retries::default(),
        }
    }
}

/// The address of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SonarAddress(Address);

impl SonarAddress {
    /// Parses a bare host, a base URL or the whole URL of the API: operators paste all three.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let address = Address::parse(text)?;
        let base = address.without_path_ending("/api/graphql/");
        Ok(Self(base.without_path_ending("/api/")))
    }

    /// Returns the URL of the API.
    pub(super) fn url(&self) -> Url {
        self.0.join(API, "")
    }
}

impl std::fmt::Display for SonarAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_a_base_and_the_whole_path_are_one_address() {
        for pasted in [
            "isp.sonar.software",
            "isp.sonar.software/",
            " https://isp.sonar.software/ ",
            "https://ISP.sonar.software",
            "https://isp.sonar.software/api/graphql",
            "https://isp.sonar.software/api/graphql/",
            "isp.sonar.software/api",
        ] {
            let address = SonarAddress::parse(pasted).unwrap();
            let url = address.url();
            assert_eq!(
                url.as_str(),
                "https://isp.sonar.software/api/graphql",
                "{pasted}"
            );
            assert_eq!(address.to_string(), "https://isp.sonar.software");
        }
        let own = SonarAddress::parse("https://billing.isp.example:8443/").unwrap();
        assert_eq!(
            own.url().as_str(),
            "https://billing.isp.example:8443/api/graphql"
        );
    }

    #[test]
    fn plain_http_is_for_simulators_on_this_host_only() {
        let twin = SonarAddress::parse("http://127.0.0.1:4000").unwrap();
        assert_eq!(twin.url().as_str(), "http://127.0.0.1:4000/api/graphql");
        let refused = SonarAddress::parse("http://isp.sonar.software");
        assert_eq!(refused, Err(AddressError::NotHttps));
        let refused = SonarAddress::parse("https://isp.sonar.software/api/graphql?x=1");
        assert_eq!(refused, Err(AddressError::Extra));
    }

    #[test]
    fn settings_do_not_print_the_token() {
        let settings = SonarSettings::new(
            BillingName::new("sonar").unwrap(),
            SonarAddress::parse("isp.sonar.software").unwrap(),
            Secret::new(b"hunter2".to_vec()),
        );
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
