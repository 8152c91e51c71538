//! Defines the state of a device, its subscriber model, and the pins that identify it.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// In the order of `ALL`.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}
pub(super) use words;

words! {
    /// The extent to which gamctl manages a device.
    DeviceState {
        /// Looked at, planned and written to.
        Managed = "managed",
        /// Looked at and planned, never written to.
        Observe = "observe",
        /// Looked at and drift reported; nothing is planned.
        Locked = "locked",
        /// Described before it is installed; not contacted.
        Preprovision = "preprovision",
        /// Its owned objects get removed; afterwards its text can be deleted.
        Retired = "retired",
    }
}

impl DeviceState {
    /// Returns whether an apply writes to a device in this state.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Managed | Self::Retired)
    }
}

words! {
    /// Whether subscribers of one device may share a VLAN.
    VlanMode {
        /// Every subscriber of a device has VLANs of its own.
        Unique = "unique",
        /// Subscribers may share VLANs.
        Shared = "shared",
    }
}

words! {
    /// The object that a subscriber is bound to on a device.
    SubscriberModel {
        /// To an endpoint, wherever it is plugged in; every firmware has it.
        EndpointAware = "endpoint-aware",
        /// To a port, whatever endpoint is plugged in there; copper only, firmware 1.4 and later.
        PortAware = "port-aware",
    }
}

/// An error in an identity pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    #[error("a serial number is 1 to 32 letters, digits and dashes")]
    Serial,
    #[error("a host key is pinned as `SHA256:` and 43 characters, as `ssh-keygen -l` prints it")]
    HostKey,
}

macro_rules! pin {
    ($(#[$meta:meta])* $name:ident, $error:expr, $is_good:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "CompactString", into = "CompactString")]
        pub struct $name(CompactString);

        impl $name {
            pub fn new(text: &str) -> Result<Self, PinError> {
                let is_good: fn(&str) -> bool = $is_good;
                if is_good(text) { Ok(Self(CompactString::new(text))) } else { Err($error) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<CompactString> for $name {
            type Error = PinError;

            fn try_from(text: CompactString) -> Result<Self, PinError> {
                Self::new(&text)
            }
        }

        impl From<$name> for CompactString {
            fn from(pin: $name) -> Self {
                pin.0
            }
        }
    };
}

pin! {
    /// A device's serial number: gamctl never writes to a device that answers with another.
    Serial, PinError::Serial, |text| {
        (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    }
}

pin! {
    /// The fingerprint of a device's SSH host key.
    HostKey, PinError::HostKey, |text| {
        text.strip_prefix("SHA256:").is_some_and(|hash| {
            // 32 octets in base64 without padding: the last character carries four bits, so it ends in two zero bits.
            hash.len() == 43
                && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
                && hash.ends_with(|c| "AEIMQUYcgkosw048".contains(c))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_key_pin_is_a_whole_sha256_fingerprint() {
        assert!(HostKey::new("SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E").is_ok());
        for bad in [
            "uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E",
            "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3",
            "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E=",
            "MD5:aa:bb",
            "SHA256:…",
        ] {
            assert_eq!(HostKey::new(bad), Err(PinError::HostKey), "{bad}");
        }
    }
}
