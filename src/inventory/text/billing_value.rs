//! Reads the values of `billing.toml` that have a form of their own: addresses, statuses, ids as keys.

use crate::inventory::record::{
    BAD_BILLING_ADDRESS, BAD_NAME, FieldType, FileFindings, NameKey, SECRET_IN_INVENTORY, Shape,
    TextProblem, read_text,
};
use crate::inventory::tree::Item;
use crate::model::billing::{BillingAddress, BillingAddressError, LocationId, TariffId};
use crate::model::{NameError, Rule};

/// A status in billing: `active/stopped` of Splynx, or `3` and `delinquent` of Sonar. One side of a pair may be `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusKey(String);

/// Why a text is not a status in billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::inventory) enum StatusKeyError {
    #[error("it is neither two words with `/` between them, nor an id, nor `delinquent`")]
    Form,
    #[error("it would be the meaning of every status")]
    Everything,
}

impl StatusKey {
    /// The word of Sonar for accounts that have not paid, whatever their status is.
    pub const DELINQUENT: &str = "delinquent";

    /// Every status on one side of a pair.
    const ANY: &str = "*";

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is a status of customer and service, as Splynx has them.
    pub fn is_of_splynx(&self) -> bool {
        self.0.contains('/')
    }

    fn parse(text: &str) -> Result<Self, StatusKeyError> {
        let is_word = |word: &str| {
            let is_of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            (1..=40).contains(&word.len()) && word.bytes().all(is_of_a_word)
        };
        let is_side = |side: &str| side == Self::ANY || is_word(side);
        let is_good = match text.split_once('/') {
            // A status that no person has mapped must stay unknown.
            Some((Self::ANY, Self::ANY)) => return Err(StatusKeyError::Everything),
            Some((customer, service)) => is_side(customer) && is_side(service),
            None => {
                let is_id = text.bytes().all(|byte| byte.is_ascii_digit());
                is_word(text) && (is_id || text == Self::DELINQUENT)
            }
        };
        is_good
            .then(|| Self(text.to_owned()))
            .ok_or(StatusKeyError::Form)
    }
}

impl TextProblem for StatusKeyError {
    fn rule(&self) -> &'static Rule {
        &BAD_NAME
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(match self {
            Self::Form => {
                "write `\"active/stopped\"` or `\"*/stopped\"` for Splynx, `3` or `delinquent` for Sonar"
            }
            Self::Everything => "name the status of the customer or of the service",
        }
        .to_owned())
    }
}

impl NameKey for StatusKey {
    const WHAT: &'static str = "a status";
    type Error = StatusKeyError;

    fn from_name(name: &str) -> Result<Self, StatusKeyError> {
        Self::parse(name)
    }
}

impl NameKey for TariffId {
    const WHAT: &'static str = "a tariff";
    type Error = NameError;

    fn from_name(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl NameKey for LocationId {
    const WHAT: &'static str = "a location";
    type Error = NameError;

    fn from_name(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl TextProblem for BillingAddressError {
    fn rule(&self) -> &'static Rule {
        match self {
            Self::Login => &SECRET_IN_INVENTORY,
            Self::Scheme
            | Self::PlainHttp
            | Self::Host
            | Self::Port
            | Self::Path
            | Self::TooLong => &BAD_BILLING_ADDRESS,
        }
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(match self {
            Self::Scheme | Self::PlainHttp => {
                "write it with https, such as `https://isp.splynx.app`".to_owned()
            }
            Self::Login => {
                "name the secrets in `login`, and change this one: git keeps it for ever".to_owned()
            }
            Self::Host | Self::Port | Self::Path | Self::TooLong => {
                "copy scheme and host from the browser, such as `https://isp.splynx.app`".to_owned()
            }
        })
    }
}

impl FieldType for BillingAddress {
    fn shape() -> Shape {
        Shape::Text {
            what: "address of a billing system",
            pattern: Some("^https?://[^@?# ]+$"),
            max_length: Some(Self::MAX),
            example: "https://isp.splynx.app",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let found = findings.list.len();
        let read = read_text(item, str::parse, findings);
        // A user or a password in the address is never shown.
        for finding in findings.list.iter_mut().skip(found) {
            if item.as_str().is_some_and(|text| text.contains('@')) {
                finding.secret();
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_two_words_of_splynx_or_one_of_sonar() {
        for text in [
            "active/stopped",
            "new/pending",
            "active/*",
            "*/stopped",
            "3",
            "delinquent",
        ] {
            assert!(StatusKey::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "/",
            "active/",
            "active",
            "a/b/c",
            "a b/c",
            "3.5",
            "Delinquent",
            "*",
            "*/*",
            "*/",
            "act*/stopped",
            "**/stopped",
        ] {
            assert!(StatusKey::parse(text).is_err(), "{text}");
        }
        assert!(StatusKey::parse("active/stopped").unwrap().is_of_splynx());
        assert!(!StatusKey::parse("3").unwrap().is_of_splynx());
    }
}
