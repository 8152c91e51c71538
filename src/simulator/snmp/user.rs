//! Defines the agent's users: communities of SNMPv1 and v2c, users of SNMPv3.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::authentication::{localise, password_key};
use super::{Authentication, EngineId, Privacy};

/// The rights of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    Read,
    /// Includes reading.
    Write,
}

/// The password of SNMPv1 and v2c, which is sent in clear text.
#[derive(Clone, PartialEq, Eq)]
pub struct Community {
    pub name: String,
    pub access: Access,
}

impl fmt::Debug for Community {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Community({:?})", self.access)
    }
}

/// The protection of a message (RFC 3411 §3.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityLevel {
    NoAuthNoPriv,
    AuthNoPriv,
    AuthPriv,
}

/// The password is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password of SNMPv3 has at least 8 characters")]
pub struct PasswordTooShort;

/// A user of SNMPv3. Clones share the keys derived from the passwords, so a thousand twins with one user derive them
/// once.
#[derive(Clone)]
pub struct User {
    name: String,
    access: Access,
    authentication: Option<(Authentication, Arc<Password>)>,
    privacy: Option<(Privacy, Arc<Password>)>,
}

struct Password {
    text: String,
    key: OnceLock<Vec<u8>>,
}

impl Password {
    /// Checks the length: RFC 3414 §11.2 asks for 8 characters, and net-snmp sends no shorter passwords.
    fn new(text: &str) -> Result<Arc<Self>, PasswordTooShort> {
        if text.len() < 8 {
            return Err(PasswordTooShort);
        }
        Ok(Arc::new(Self {
            text: text.to_owned(),
            key: OnceLock::new(),
        }))
    }

    fn localised(&self, authentication: Authentication, engine: &EngineId) -> Vec<u8> {
        let key = self
            .key
            .get_or_init(|| password_key(authentication, self.text.as_bytes()));
        localise(authentication, key, engine)
    }
}

impl User {
    /// Returns a user without authentication and privacy.
    pub fn new(name: &str, access: Access) -> Self {
        Self {
            name: name.to_owned(),
            access,
            authentication: None,
            privacy: None,
        }
    }

    /// Returns a user with authentication.
    pub fn authenticated(
        name: &str,
        access: Access,
        authentication: Authentication,
        password: &str,
    ) -> Result<Self, PasswordTooShort> {
        Ok(Self {
            authentication: Some((authentication, Password::new(password)?)),
            ..Self::new(name, access)
        })
    }

    /// Returns a user with authentication and privacy: there is no privacy without authentication (RFC 3414 §1.4.1).
    pub fn private(
        name: &str,
        access: Access,
        (authentication, password): (Authentication, &str),
        (privacy, privacy_password): (Privacy, &str),
    ) -> Result<Self, PasswordTooShort> {
        let authentication_password = Password::new(password)?;
        let privacy_password = if password == privacy_password {
            Arc::clone(&authentication_password)
        } else {
            Password::new(privacy_password)?
        };
        Ok(Self {
            authentication: Some((authentication, authentication_password)),
            privacy: Some((privacy, privacy_password)),
            ..Self::new(name, access)
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn access(&self) -> Access {
        self.access
    }

    /// Returns the user's level, which is also the lowest that is accepted from them.
    pub fn level(&self) -> SecurityLevel {
        match (&self.authentication, &self.privacy) {
            (None, _) => SecurityLevel::NoAuthNoPriv,
            (Some(_), None) => SecurityLevel::AuthNoPriv,
            (Some(_), Some(_)) => SecurityLevel::AuthPriv,
        }
    }

    /// Derives the keys for one engine; slow the first time.
    pub(crate) fn keys(&self, engine: &EngineId) -> Keys {
        let mut keys = Keys::default();
        if let Some((authentication, password)) = &self.authentication {
            let localised = |password: &Password| password.localised(*authentication, engine);
            keys.authentication = Some((*authentication, localised(password)));
            keys.privacy = self
                .privacy
                .as_ref()
                .map(|(privacy, password)| (*privacy, localised(password)));
        }
        keys
    }
}

impl fmt::Debug for User {
    /// Prints everything except the passwords.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("User")
            .field("name", &self.name)
            .field("access", &self.access)
            .field("level", &self.level())
            .finish_non_exhaustive()
    }
}

/// A user's keys at one engine.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) authentication: Option<(Authentication, Vec<u8>)>,
    pub(crate) privacy: Option<(Privacy, Vec<u8>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_user_share_the_slow_part() {
        let user = User::private(
            "gamctl",
            Access::Read,
            (Authentication::Sha1, "a-password"),
            (Privacy::Aes, "a-password"),
        )
        .unwrap();
        let clone = user.clone();
        let engine = EngineId::from_mac(1, [1; 6]);
        let keys = clone.keys(&engine);
        let (_, password) = user.authentication.as_ref().unwrap();
        assert!(password.key.get().is_some());
        assert_eq!(keys.authentication.unwrap().1, keys.privacy.unwrap().1);
    }

    #[test]
    fn passwords_are_long_enough_and_never_shown() {
        let user =
            |password| User::authenticated("gamctl", Access::Write, Authentication::Md5, password);
        assert_eq!(user("1234567").unwrap_err(), PasswordTooShort);
        let shown = format!("{:?}", user("maplesyrup").unwrap());
        assert!(shown.contains("AuthNoPriv") && !shown.contains("maple"));
        let community = Community {
            name: "maple".to_owned(),
            access: Access::Read,
        };
        assert_eq!(format!("{community:?}"), "Community(Read)");
    }
}
