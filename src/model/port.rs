//! Defines the ports of a GAM: the G.hn ports toward subscribers and the uplinks.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A number that is not a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortNumberError {
    #[error("G.hn ports are numbered 1 to 24")]
    Port,
    #[error("uplinks are numbered 1 to 2")]
    Uplink,
}

macro_rules! number {
    ($(#[$meta:meta])* $name:ident, $max:literal, $error:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "u8")]
        pub struct $name(u8);

        impl $name {
            /// The highest number on any model.
            pub const MAX: u8 = $max;

            pub fn new(number: u8) -> Result<Self, PortNumberError> {
                if (1..=Self::MAX).contains(&number) {
                    Ok(Self(number))
                } else {
                    Err($error)
                }
            }

            pub fn get(self) -> u8 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl TryFrom<u8> for $name {
            type Error = PortNumberError;

            fn try_from(number: u8) -> Result<Self, PortNumberError> {
                Self::new(number)
            }
        }

        impl From<$name> for u8 {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_any(Digits)?;
                Self::new(number).map_err(D::Error::custom)
            }
        }
    };
}

/// Reads a small number, or its digits: inside an enum, serde passes the keys of a map as text.
struct Digits;

impl Visitor<'_> for Digits {
    type Value = u8;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the number of a port")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u8, E> {
        u8::try_from(number).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u8, E> {
        u8::try_from(number).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<u8, E> {
        digits.parse().map_err(E::custom)
    }
}

number! {
    /// A G.hn port toward subscribers.
    PortNumber, 24, PortNumberError::Port
}
number! {
    /// A 10-gigabit port toward the network.
    UplinkNumber, 2, PortNumberError::Uplink
}

/// The wiring mode of a G.hn port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PortMode {
    /// Two copper pairs.
    Mimo,
    /// One copper pair.
    Siso,
    /// Coax, behind splitters.
    Coax,
}

impl PortMode {
    pub const ALL: [Self; 3] = [Self::Mimo, Self::Siso, Self::Coax];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mimo => "mimo",
            Self::Siso => "siso",
            Self::Coax => "coax",
        }
    }
}

impl fmt::Display for PortMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The port on which the device expects an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PortAssignment {
    Port(PortNumber),
    #[serde(with = "word::auto")]
    Auto,
    #[serde(with = "word::unassigned")]
    Unassigned,
}

impl fmt::Display for PortAssignment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(number) => number.fmt(formatter),
            Self::Auto => formatter.write_str("auto"),
            Self::Unassigned => formatter.write_str("unassigned"),
        }
    }
}

/// Serialises unit variants of an untagged enum as words.
mod word {
    macro_rules! word {
        ($module:ident, $word:literal) => {
            pub(super) mod $module {
                use serde::{Deserialize, Deserializer, Serializer, de::Error};

                pub(in super::super) fn serialize<S: Serializer>(
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str($word)
                }

                pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<(), D::Error> {
                    let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    if word == $word {
                        Ok(())
                    } else {
                        Err(D::Error::custom(concat!("expected `", $word, "`")))
                    }
                }
            }
        };
    }
    word!(auto, "auto");
    word!(unassigned, "unassigned");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tagged enum is buffered first, and then the keys of maps are texts.
    #[test]
    fn a_number_is_read_as_a_key_inside_of_an_enum() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        enum Entry {
            Ports {
                ports: std::collections::BTreeMap<PortNumber, UplinkNumber>,
            },
        }
        let entry = Entry::Ports {
            ports: [(PortNumber(24), UplinkNumber(2))].into(),
        };
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
        for wrong in ["0", "25", "-1", "256", "\"x\"", "\"25\"", "1.5", "true"] {
            assert!(
                serde_json::from_str::<PortNumber>(wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_assignment_survives_a_trip_through_json() {
        for (assignment, text) in [
            (PortAssignment::Port(PortNumber(4)), "4"),
            (PortAssignment::Auto, "\"auto\""),
            (PortAssignment::Unassigned, "\"unassigned\""),
        ] {
            assert_eq!(serde_json::to_string(&assignment).unwrap(), text);
            assert_eq!(
                serde_json::from_str::<PortAssignment>(text).unwrap(),
                assignment
            );
        }
        assert!(serde_json::from_str::<PortAssignment>("25").is_err());
    }
}
