//! Declares `[lane.NAME]` of `policy.toml`: what some authors may change.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use super::device::DeviceText;
use super::limit::LimitText;
use super::service_plan::ServicePlanText;
use super::subscriber::SubscriberText;
use crate::inventory::FileKind;
use crate::inventory::record::{
    BAD_AUTHOR, FieldType, Fields, FileFindings, MapKeys, Shape, TextProblem, UNKNOWN_WORD,
    missing_key, read_text, record, text, wrong_type,
};
use crate::inventory::suggest;
use crate::inventory::tree::Item;
use crate::model::{LaneName, PlainText, Rule, SyncedKey};

/// The lane of the billing sync. What it may change is fixed, so that no commit can widen it.
pub const BILLING_LANE: &str = "billing";

/// The keys that the billing sync sets besides [`SyncedKey::ALL`], once: when it adds a subscriber.
pub const SET_WHEN_ADDED: [&str; 2] = ["vlan", "description"];

record! {
    /// What some authors may change; everything else of theirs is refused.
    LaneText {
        /// Email addresses of the authors; capital and small letters are the same.
        "authors" => authors: Vec<Author>, optional;
        /// Fingerprints of the keys that sign the authors' commits, as `git log --format=%GF` prints them.
        "signers" => signers: Vec<SignerKey>, optional;
        /// Keys that may change, such as `subscriber.state`; `subscriber+` may add subscribers with all of their keys, `subscriber-` may remove them. The same for `device` and `service_plan`. Every lane needs it except `billing`, the lane of the billing sync, in which it is fixed.
        "may" => may: Vec<LanePermission>, optional;
        /// The most that the lane may change within an hour, beside the limits for everyone.
        "limits" => limits: LaneLimitsText, optional;
    }
}

record! {
    /// The most that the lane may change within an hour; what has no limit here has only those of `[limits]`.
    LaneLimitsText {
        /// Objects added to the inventory.
        "additions" => additions: LimitText, optional;
        /// Objects changed, in any of their keys.
        "changes" => changes: LimitText, optional;
        /// Objects removed from the inventory.
        "removals" => removals: LimitText, optional;
        /// Subscribers whose state changes, such as to `suspended`.
        "suspensions" => suspensions: LimitText, optional;
        /// Subscribers that get another device or port.
        "moves" => moves: LimitText, optional;
        /// In the lane `billing`: services in scope that a reading of the billing system may have less than the one before.
        "drop" => drop: LimitText, optional;
    }
}

/// The lanes by name, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes(pub Vec<(LaneName, LaneText)>);

impl FieldType for Lanes {
    fn shape() -> Shape {
        Shape::Map {
            keys: MapKeys::Names("a lane"),
            value: Box::new(<LaneText as FieldType>::shape()),
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            wrong_type(item, "a table of lanes, `[lane.NAME]`", findings);
            return None;
        }
        let mut lanes = Vec::new();
        for child in item.children() {
            let what = "the name of the lane";
            let name = text(child.key(), child.key_span(), what, LaneName::new, findings);
            let lane = LaneText::read(child, findings);
            let is_without = lane.as_ref().is_some_and(|lane| lane.is_absent("may"));
            if is_without && child.key() != BILLING_LANE {
                missing_key(child, "may", findings);
            }
            lanes.extend(name.zip(lane));
        }
        lanes.sort_by(|(left, _), (right, _)| left.cmp(right));
        Some(Self(lanes))
    }
}

/// The email address of an author, in small letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author(String);

/// The fingerprint of a key that signs commits, as git prints it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignerKey(String);

impl Author {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a commit with this email address is the author's.
    pub fn is(&self, email: &str) -> bool {
        self.0.eq_ignore_ascii_case(email.trim())
    }

    fn parse(text: &str) -> Result<Self, NotAnAuthor> {
        let is_plain = PlainText::new(text).is_ok() && !text.contains(char::is_whitespace);
        let is_address = match text.split_once('@') {
            Some((user, host)) => !user.is_empty() && !host.is_empty() && !host.contains('@'),
            None => false,
        };
        if is_plain && is_address && !text.contains(['<', '>']) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAnAuthor::Email)
        }
    }
}

impl SignerKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, NotAnAuthor> {
        // An SSH key by its SHA-256 in base64 without padding.
        if let Some(hash) = text.strip_prefix("SHA256:") {
            let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            let is_hash = hash.len() == 43 && hash.bytes().all(is_base64);
            return is_hash
                .then(|| Self(text.to_owned()))
                .ok_or(NotAnAuthor::Key);
        }
        // An OpenPGP key of version 4 has 20 bytes, one of version 6 has 32.
        let is_hash =
            [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Git prints them in capital letters.
        is_hash
            .then(|| Self(text.to_ascii_uppercase()))
            .ok_or(NotAnAuthor::Key)
    }
}

/// Why a text is not an author or a signer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotAnAuthor {
    #[error("it is not an email address")]
    Email,
    #[error("it is not the fingerprint of a key")]
    Key,
}

impl TextProblem for NotAnAuthor {
    fn rule(&self) -> &'static Rule {
        &BAD_AUTHOR
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(match self {
            Self::Email => "write the address alone, such as `helpdesk@example.net`".to_owned(),
            Self::Key => "copy it from `git log --format=%GF`".to_owned(),
        })
    }
}

impl FieldType for Author {
    fn shape() -> Shape {
        Shape::Text {
            what: "email address",
            pattern: Some("^[^@\\s<>]+@[^@\\s<>]+$"),
            max_length: Some(PlainText::MAX),
            example: "helpdesk@example.net",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        read_text(item, Self::parse, findings)
    }
}

impl FieldType for SignerKey {
    fn shape() -> Shape {
        Shape::Text {
            what: "fingerprint of a key",
            pattern: Some("^SHA256:[A-Za-z0-9+/]{43}$|^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$"),
            max_length: None,
            example: "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        read_text(item, Self::parse, findings)
    }
}

/// A change of the inventory that a lane allows.
///
/// The network, the policy and credentials are left out: they hold for every device, and a lane that may change the policy
/// could lift its own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LanePermission {
    /// A key of existing objects, with everything below it.
    Change { kind: FileKind, key: &'static str },
    /// New objects, with all of their keys.
    Add(FileKind),
    /// Removals of objects.
    Remove(FileKind),
}

impl LanePermission {
    /// Returns the permissions of the lane of the billing sync.
    pub fn of_billing() -> BTreeSet<Self> {
        let kind = FileKind::Subscribers;
        let keys = SyncedKey::ALL.iter().map(|key| Self::Change {
            kind,
            key: key.as_str(),
        });
        [Self::Add(kind), Self::Remove(kind)]
            .into_iter()
            .chain(keys)
            .collect()
    }
}

/// Every permission with its word, in the order of the reference.
static PERMISSIONS: LazyLock<Vec<(String, LanePermission)>> = LazyLock::new(|| {
    let kinds = [
        (FileKind::Subscribers, <SubscriberText as Fields>::shape()),
        (FileKind::Devices, <DeviceText as Fields>::shape()),
        (FileKind::ServicePlans, <ServicePlanText as Fields>::shape()),
    ];
    let mut all = Vec::new();
    for (kind, record) in kinds {
        all.push(LanePermission::Add(kind));
        all.push(LanePermission::Remove(kind));
        let keys = record.fields.iter().map(|field| field.key);
        all.extend(keys.map(|key| LanePermission::Change { kind, key }));
    }
    all.into_iter().map(|one| (one.to_string(), one)).collect()
});

impl fmt::Display for LanePermission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |kind: FileKind| kind.object_table().unwrap_or_default();
        match *self {
            Self::Change { kind, key } => write!(formatter, "{}.{key}", table(kind)),
            Self::Add(kind) => write!(formatter, "{}+", table(kind)),
            Self::Remove(kind) => write!(formatter, "{}-", table(kind)),
        }
    }
}

/// A text that is not a permission.
#[derive(Debug, thiserror::Error)]
#[error("no lane can allow it")]
struct NotAPermission;

impl TextProblem for NotAPermission {
    fn rule(&self) -> &'static Rule {
        &UNKNOWN_WORD
    }

    fn hint(&self, text: &str) -> Option<String> {
        let words: Vec<&str> = PERMISSIONS.iter().map(|(word, _)| word.as_str()).collect();
        let nearest = || {
            let nearest = suggest::nearest(text, words.iter().copied())?;
            Some(format!("did you mean `{nearest}`?"))
        };
        let kinds = "a lane can allow keys of subscribers, devices and service plans, such as `subscriber.state`, `subscriber+` and `subscriber-`";
        suggest::field_hint(text, &words)
            .or_else(nearest)
            .or_else(|| Some(kinds.to_owned()))
    }
}

impl FieldType for LanePermission {
    fn shape() -> Shape {
        Shape::Text {
            what: "key of an object, or its kind with `+` or `-`",
            pattern: Some("^(subscriber|device|service_plan)(\\.[a-z0-9_]+|[+-])$"),
            max_length: None,
            example: "subscriber.state",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let make = |text: &str| {
            let found = PERMISSIONS.iter().find(|(word, _)| word == text);
            found
                .map(|(_, permission)| *permission)
                .ok_or(NotAPermission)
        };
        read_text(item, make, findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_an_address_and_nothing_else() {
        let author = Author::parse("Help.Desk@Example.net").unwrap();
        assert_eq!(author.as_str(), "help.desk@example.net");
        assert!(author.is("help.desk@EXAMPLE.net"));
        assert!(!author.is("desk@example.net"));
        for text in [
            "",
            "Help Desk",
            "@example.net",
            "desk@",
            "a@b@c",
            "Desk <a@b>",
            "a @b",
        ] {
            assert_eq!(Author::parse(text), Err(NotAnAuthor::Email), "{text}");
        }
    }

    #[test]
    fn a_signer_is_a_fingerprint_of_an_ssh_or_an_openpgp_key() {
        let ssh = format!("SHA256:{}", "a+/Z".repeat(11).get(..43).unwrap());
        assert_eq!(SignerKey::parse(&ssh).unwrap().as_str(), ssh);
        let hex = "0a".repeat(20);
        assert_eq!(SignerKey::parse(&hex).unwrap().as_str(), "0A".repeat(20));
        for text in [
            "",
            "SHA256:abc",
            "helpdesk",
            &"0g".repeat(20),
            &"0".repeat(41),
        ] {
            assert_eq!(SignerKey::parse(text), Err(NotAnAuthor::Key), "{text}");
        }
    }

    #[test]
    fn the_keys_of_the_billing_sync_are_keys_of_a_subscriber() {
        for permission in LanePermission::of_billing() {
            let word = permission.to_string();
            assert!(word.starts_with("subscriber"), "{word}");
            let known = PERMISSIONS.iter().find(|(known, _)| *known == word);
            assert_eq!(known.map(|(_, known)| *known), Some(permission), "{word}");
        }
        for key in SET_WHEN_ADDED {
            let word = format!("subscriber.{key}");
            assert!(
                PERMISSIONS.iter().any(|(known, _)| *known == word),
                "{word}"
            );
            let is_synced = SyncedKey::WORDS.contains(&key);
            assert!(!is_synced, "`{key}` never changes afterwards");
        }
    }

    #[test]
    fn permissions_are_of_objects_that_hold_for_one_customer_or_device() {
        let words: Vec<&str> = PERMISSIONS.iter().map(|(word, _)| word.as_str()).collect();
        for word in [
            "subscriber+",
            "subscriber-",
            "subscriber.state",
            "device.port",
            "service_plan.down",
        ] {
            assert!(words.contains(&word), "{word}");
        }
        for kind in ["network", "policy", "credentials", "lane"] {
            assert!(words.iter().all(|word| !word.starts_with(kind)), "{kind}");
        }
    }
}
