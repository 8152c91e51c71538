//! Names and ids, one type for each so that they cannot be mixed up.
//!
//! ```compile_fail
//! use gamctl::model::{DeviceName, SubscriberId};
//! let device: DeviceName = SubscriberId::new("acct-1042").expect("a good id");
//! ```

use std::cmp::Ordering;

use super::text::{self, Hazard, TextError, held};

/// An error in a name, with the kind of the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what}: {problem}")]
pub struct NameError {
    pub what: &'static str,
    pub problem: NameProblem,
}

/// The error in a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    #[error("it begins with {}; it must begin with a letter or a digit", text::written(*.0))]
    Start(char),
    #[error("it has {} at position {position}; only letters, digits and `{extra}` are allowed", text::written(*.character))]
    Character {
        character: char,
        /// Counted from 1.
        position: usize,
        extra: &'static str,
    },
    #[error(transparent)]
    Text(TextError),
}

impl NameProblem {
    /// Returns the hazard of the wrong character, if it is dangerous and not just outside of the alphabet.
    pub fn hazard(&self) -> Option<Hazard> {
        match self {
            Self::Start(character) | Self::Character { character, .. } => {
                text::hazard_on_a_terminal(*character)
            }
            Self::Text(TextError::Character { hazard, .. }) => Some(*hazard),
            Self::Text(
                TextError::Empty
                | TextError::TooLong { .. }
                | TextError::OuterSpace
                | TextError::DoubleSpace,
            ) => None,
        }
    }
}

/// Checks an id of the inventory: it becomes a file name, a URL part and a label, so the alphabet is small.
pub(super) fn check_id(name: &str, max: usize, extra: &'static str) -> Result<(), NameProblem> {
    let Some(first) = name.chars().next() else {
        return Err(NameProblem::Text(TextError::Empty));
    };
    if !first.is_ascii_alphanumeric() {
        return Err(NameProblem::Start(first));
    }
    for (index, character) in name.chars().enumerate() {
        if !character.is_ascii_alphanumeric() && !extra.contains(character) {
            return Err(NameProblem::Character {
                character,
                position: index + 1,
                extra,
            });
        }
    }
    if name.len() > max {
        return Err(NameProblem::Text(TextError::TooLong {
            max,
            got: name.len(),
        }));
    }
    Ok(())
}

pub(super) fn check_device_name(
    name: &str,
    max: usize,
    _extra: &'static str,
) -> Result<(), NameProblem> {
    text::check_device_text(name, max).map_err(NameProblem::Text)
}

/// Declares a name with a type of its own. A name of one kind of object may stand with that kind.
macro_rules! name {
    ($(#[$meta:meta])* $name:ident, $what:literal, $check:ident, $max:literal, $extra:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "compact_str::CompactString", into = "compact_str::CompactString")]
        pub struct $name(compact_str::CompactString);

        impl $name {
            /// The longest valid name.
            pub const MAX: usize = $max;
            /// The kind of the name, in words.
            pub const WHAT: &'static str = $what;

            pub fn new(name: &str) -> Result<Self, $crate::model::NameError> {
                $crate::model::name::$check(name, Self::MAX, $extra).map_err(|problem| $crate::model::NameError { what: $what, problem })?;
                Ok(Self(compact_str::CompactString::new(name)))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "{:?}", self.0.as_str())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::NameError;

            fn from_str(name: &str) -> Result<Self, $crate::model::NameError> {
                Self::new(name)
            }
        }

        impl TryFrom<compact_str::CompactString> for $name {
            type Error = $crate::model::NameError;

            fn try_from(name: compact_str::CompactString) -> Result<Self, $crate::model::NameError> {
                Self::new(&name)
            }
        }

        impl From<$name> for compact_str::CompactString {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

pub(super) use name;

name! {
    /// The inventory's name for a GAM.
    DeviceName, "device name", check_id, 63, "._-"
}
name! {
    /// The id of a service plan.
    ServicePlanId, "service plan id", check_id, 63, "._-"
}
name! {
    /// The name of a set of credentials.
    CredentialsName, "credentials name", check_id, 63, "._-"
}
name! {
    /// The name of a secret; never the value.
    SecretName, "secret name", check_id, 63, "._-/"
}
name! {
    /// The name of a building or a cabinet.
    SiteName, "site name", check_id, 63, "._-"
}
name! {
    /// The name of a lane: what some authors may change.
    LaneName, "lane name", check_id, 63, "._-"
}
name! {
    /// The key or the value of a label, used to select devices.
    LabelKey, "label", check_id, 63, "._-/"
}
name! {
    /// A device's host name, which is also its prompt.
    Hostname, "host name", check_id, 45, "-"
}
name! {
    /// An endpoint's name on the device.
    EndpointName, "endpoint name", check_device_name, 31, ""
}
name! {
    /// A bandwidth profile's name on the device.
    ProfileName, "profile name", check_device_name, 31, ""
}
name! {
    /// A G.hn port's name on the device.
    PortName, "port name", check_device_name, 31, ""
}

held!(Hostname, PortName);

/// Compares two names as people count: `apt-9` before `apt-10`.
pub fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left_rest, mut right_rest) = (left, right);
    loop {
        let (Some(l), Some(r)) = (left_rest.chars().next(), right_rest.chars().next()) else {
            return left_rest
                .len()
                .cmp(&right_rest.len())
                .then_with(|| left.cmp(right));
        };
        if l.is_ascii_digit() && r.is_ascii_digit() {
            let (left_number, left_after) = split_number(left_rest);
            let (right_number, right_after) = split_number(right_rest);
            let order = left_number
                .len()
                .cmp(&right_number.len())
                .then_with(|| left_number.cmp(right_number));
            if order != Ordering::Equal {
                return order;
            }
            (left_rest, right_rest) = (left_after, right_after);
        } else {
            if l != r {
                return l.cmp(&r);
            }
            left_rest = left_rest.strip_prefix(l).unwrap_or_default();
            right_rest = right_rest.strip_prefix(r).unwrap_or_default();
        }
    }
}

/// Splits leading digits, without their leading zeros, from the rest.
fn split_number(text: &str) -> (&str, &str) {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(after).unwrap_or(text);
    (digits.trim_start_matches('0'), after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SubscriberId, SubscriberName};

    #[test]
    fn an_id_has_letters_digits_dot_dash_and_underscore() {
        for good in ["a", "acct-1042", "42", "a.b_c-d", &"x".repeat(63)] {
            assert!(SubscriberId::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            ".a",
            "a b",
            "a/b",
            "é",
            "a?",
            "a\n",
            &"x".repeat(64),
        ] {
            assert!(SubscriberId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_on_the_device_may_have_spaces_inside_but_not_outside() {
        assert!(SubscriberName::new("apt 101").is_ok());
        assert!(SubscriberName::new(" apt").is_err());
        assert!(SubscriberName::new("apt ").is_err());
        assert!(SubscriberName::new(&"x".repeat(32)).is_err());
    }

    #[test]
    fn people_count_nine_before_ten() {
        let mut names = vec!["apt-10", "apt-9", "apt-09", "apt", "b", "apt-9a", "2"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            names,
            ["2", "apt", "apt-09", "apt-9", "apt-9a", "apt-10", "b"]
        );
    }
}
