//! Names the target of an edit: an object or a file of settings, and a key in it.

use std::fmt;

use super::EditError;
use crate::inventory::FileKind;
use crate::model::billing::BillingName;
use crate::model::{CredentialsName, DeviceName, NameError, ServicePlanId, SubscriberId};

/// The target of an edit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// The one object in `network.toml` or `policy.toml`.
    Settings(FileKind),
    /// An object with an id, as `[subscriber.acct-1042]`.
    Named(FileKind, String),
}

impl Object {
    pub fn subscriber(id: impl Into<String>) -> Self {
        Self::Named(FileKind::Subscribers, id.into())
    }

    pub fn device(name: impl Into<String>) -> Self {
        Self::Named(FileKind::Devices, name.into())
    }

    pub fn kind(&self) -> FileKind {
        match self {
            Self::Settings(kind) | Self::Named(kind, _) => *kind,
        }
    }

    /// Returns its path in the file, empty for settings.
    pub(super) fn path(&self) -> Result<Vec<String>, EditError> {
        match (self, self.kind().object_table()) {
            (Self::Settings(_), None) => Ok(Vec::new()),
            (Self::Named(_, id), Some(table)) => Ok(vec![table.to_owned(), id.clone()]),
            (Self::Settings(_), Some(_)) | (Self::Named(..), None) => {
                Err(EditError::NoSuchKind(self.clone()))
            }
        }
    }

    /// Refuses an id that the inventory would not read back.
    pub(super) fn check_id(&self) -> Result<(), EditError> {
        let Self::Named(kind, id) = self else {
            return Ok(());
        };
        let checked: Result<(), NameError> = match kind {
            FileKind::Subscribers => SubscriberId::new(id).map(drop),
            FileKind::Devices => DeviceName::new(id).map(drop),
            FileKind::ServicePlans => ServicePlanId::new(id).map(drop),
            FileKind::Credentials => CredentialsName::new(id).map(drop),
            FileKind::Billing => BillingName::new(id).map(drop),
            FileKind::Network | FileKind::Policy => Ok(()),
        };
        checked.map_err(|source| EditError::Id {
            object: self.clone(),
            source,
        })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(kind) => write!(formatter, "{kind}.toml"),
            Self::Named(kind, id) => {
                let table = kind.object_table().unwrap_or(kind.stem()).replace('_', " ");
                write!(formatter, "{table} `{id}`")
            }
        }
    }
}

/// The names from an object down to a value: `["external", "account"]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<String>);

impl KeyPath {
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl<const N: usize> From<[&str; N]> for KeyPath {
    fn from(names: [&str; N]) -> Self {
        Self::new(names)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&written(&self.0))
    }
}

/// Returns names as a key in TOML, quoted where they must be.
pub(super) fn written<S: AsRef<str>>(names: &[S]) -> String {
    let key = |name: &S| {
        toml_edit::Key::new(name.as_ref())
            .display_repr()
            .into_owned()
    };
    names.iter().map(key).collect::<Vec<_>>().join(".")
}
