//! Defines the settings of a Splynx instance, checked by `config` before they come here.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono_tz::Tz;
use compact_str::CompactString;

use super::super::address::Address;
use super::super::channel::Retries;
use crate::inventory::text::StatusSetting;
use crate::model::billing::{BillingAddressError, BillingName};
use crate::secrets::Secret;

/// The ending that operators paste with the address.
const API: &str = "/api/2.0/";

/// The settings of one Splynx instance.
#[derive(Debug, Clone)]
pub struct SplynxSettings {
    pub system: BillingName,
    /// Made by `splynx_address`.
    pub address: Address,
    pub login: SplynxLogin,
    /// The partners whose accounts the key must see; none: all that there are.
    pub partners: BTreeSet<CompactString>,
    /// The products that are G.hn endpoints.
    pub endpoint_models: BTreeSet<CompactString>,
    pub states: StateTable,
    /// The additional field with the wiring of a flat, as `device/port`.
    pub place_field: Option<CompactString>,
    /// The additional field with the description.
    pub unit_field: Option<CompactString>,
    /// The zone of the server: its times have none.
    pub time_zone: Tz,
    pub requests_per_minute: u32,
    pub retries: Retries,
}

/// The login of an API key.
#[derive(Debug, Clone)]
pub struct SplynxLogin {
    pub how: LoginWay,
    pub key: Secret,
    pub secret: Secret,
}

/// The way in which a request proves that it may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginWay {
    /// A token for 30 minutes; where there are no tokens, a signature for each request.
    Token,
    Signature,
    /// Key and secret in each request, for keys with `Unsecure access`.
    Basic,
}

/// Parses the address of an instance, with or without `/api/2.0/`.
pub fn splynx_address(text: &str) -> Result<Address, BillingAddressError> {
    Ok(Address::parse(text)?.without_path_ending(API))
}

/// The ISP's own meaning of pairs of words, over the built-in table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateTable(BTreeMap<StatePair, StatusSetting>);

/// A customer's status and a service's status, `active/stopped`; `*` is every word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatePair {
    customer: CompactString,
    service: CompactString,
}

/// A text that is not a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the status of the customer and of the service, as `active/stopped`; `*` is every status"
)]
pub struct StateError;

impl StatePair {
    /// Returns whether a text can be a status.
    pub(super) fn is_word(text: &str) -> bool {
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "_-. ".contains(sign);
        (1..=40).contains(&text.len()) && text.chars().all(is_sign)
    }
}

impl FromStr for StatePair {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        let (customer, service) = text.split_once('/').ok_or(StateError)?;
        let is_valid = |word: &str| word == "*" || Self::is_word(word);
        match is_valid(customer) && is_valid(service) && (customer, service) != ("*", "*") {
            true => Ok(Self {
                customer: customer.into(),
                service: service.into(),
            }),
            false => Err(StateError),
        }
    }
}

impl StateTable {
    pub fn new(meanings: BTreeMap<StatePair, StatusSetting>) -> Self {
        Self(meanings)
    }

    /// Returns the ISP's meaning of two words: of the pair, else of the service's, else of the customer's.
    ///
    /// The service's word is about one line, the customer's about all of them.
    pub(super) fn meaning(&self, customer: &str, service: &str) -> Option<StatusSetting> {
        let pairs = [(customer, service), ("*", service), (customer, "*")];
        pairs.into_iter().find_map(|(customer, service)| {
            let pair = StatePair {
                customer: customer.into(),
                service: service.into(),
            };
            self.0.get(&pair).copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_accepted_as_operators_paste_it() {
        for text in [
            "isp.example.net",
            "https://isp.example.net",
            "https://isp.example.net/",
            "https://isp.example.net/api/2.0",
            "https://isp.example.net/api/2.0/",
        ] {
            let address = splynx_address(text).unwrap();
            assert_eq!(address.to_string(), "https://isp.example.net", "{text}");
        }
        assert_eq!(
            splynx_address("http://isp.example.net/api/2.0"),
            Err(BillingAddressError::PlainHttp)
        );
    }

    #[test]
    fn the_exact_pair_outranks_a_pair_with_a_star() {
        let table = |entries: &[(&str, StatusSetting)]| {
            let entries = entries
                .iter()
                .map(|(pair, meaning)| (pair.parse().unwrap(), *meaning));
            StateTable::new(entries.collect())
        };
        let states = table(&[
            ("active/stopped", StatusSetting::Served),
            ("*/stopped", StatusSetting::Gone),
            ("blocked/*", StatusSetting::Pending),
        ]);
        assert_eq!(
            states.meaning("active", "stopped"),
            Some(StatusSetting::Served)
        );
        assert_eq!(
            states.meaning("blocked", "stopped"),
            Some(StatusSetting::Gone)
        );
        assert_eq!(
            states.meaning("blocked", "active"),
            Some(StatusSetting::Pending)
        );
        assert_eq!(states.meaning("active", "active"), None);
    }

    proptest! {
        #[test]
        fn the_most_specific_pair_wins_whatever_else_is_in_the_table(
            entries in proptest::collection::btree_map(
                ("(active|blocked|\\*)", "(active|stopped|\\*)"), 0_usize..4, 0..9),
            customer in "(active|blocked|new)",
            service in "(active|stopped|pending)",
        ) {
            let meanings = [
                StatusSetting::Served,
                StatusSetting::Suspended,
                StatusSetting::Pending,
                StatusSetting::Gone,
            ];
            let pairs = entries.iter().filter_map(|((customer, service), meaning)| {
                let pair = format!("{customer}/{service}").parse().ok()?;
                Some((pair, meanings[*meaning]))
            });
            let found = StateTable::new(pairs.collect()).meaning(&customer, &service);
            let mut matching: Vec<_> = entries
                .iter()
                .filter(|((of_customer, of_service), _)| {
                    let both = (of_customer == "*", of_service == "*");
                    both != (true, true)
                        && (both.0 || *of_customer == customer)
                        && (both.1 || *of_service == service)
                })
                .collect();
            // Fewest stars first; of two with one star, the one that names the service.
            matching.sort_by_key(|((of_customer, of_service), _)| {
                (of_customer == "*" || of_service == "*", of_service == "*")
            });
            let expected = matching.first().map(|(_, meaning)| meanings[**meaning]);
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for text in [
            "active",
            "/",
            "active/",
            "*/*",
            "active/stop\u{202e}ped",
            "a/b/c",
            "a/b\n",
        ] {
            assert_eq!(text.parse::<StatePair>(), Err(StateError), "{text}");
        }
    }
}
