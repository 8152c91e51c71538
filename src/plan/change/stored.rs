//! Reads and writes the stored form of a change, and refuses a stored change that makes no sense.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::value::{FieldValue, Value};
use super::{Change, Changed, Edit, Field, Kind, Numbered, Object, Verb};
use crate::model::Slot;

/// A change as plan files and the store have it.
#[derive(Serialize, Deserialize)]
struct Stored {
    object: Object,
    /// The number on the device, of profiles, endpoints and subscribers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<Slot>,
    verb: Verb,
    /// In the order of `Field`, each at most once.
    fields: Vec<StoredField>,
}

/// One field. A creation has no `from`, a removal no `to`.
#[derive(Serialize, Deserialize)]
struct StoredField {
    field: Field,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Value>,
}

/// Why a stored change is not a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    #[error("the change of {object} has `{field}`, which {object} does not have")]
    OtherField { object: Object, field: Field },
    #[error("the change of {object} has `{field}` twice")]
    Twice { object: Object, field: Field },
    #[error("the change of {object} lacks `{field}`, or has a value of another kind for it")]
    Value { object: Object, field: Field },
    #[error(
        "the change of {object} has the wrong side of `{field}`: a creation has only `to`, a removal only `from`"
    )]
    Side { object: Object, field: Field },
    #[error("the change of {object} leaves `{field}` as it is")]
    Same { object: Object, field: Field },
    #[error("the change of {object} is about another object by its `{field}`")]
    Misnamed { object: Object, field: Field },
    #[error("the change of {object} has no number on the device")]
    NoNumber { object: Object },
    #[error("the change of {object} has a number on the device, and {object} has none")]
    Number { object: Object },
    #[error("{object} cannot be created or removed")]
    Permanent { object: Object },
}

/// The fields of a stored change, taken one by one.
pub struct Given {
    object: Object,
    verb: Verb,
    fields: Vec<StoredField>,
}

impl Given {
    fn take(&mut self, field: Field) -> Result<Option<StoredField>, Nonsense> {
        let mut found = self.fields.extract_if(.., |one| one.field == field);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(Nonsense::Twice {
                object: self.object.clone(),
                field,
            }),
        }
    }

    /// Returns a field of an update, where it changes.
    pub(super) fn changed<T: FieldValue + PartialEq>(
        &mut self,
        field: Field,
    ) -> Result<Option<Changed<T>>, Nonsense> {
        let Some(stored) = self.take(field)? else {
            return Ok(None);
        };
        let object = || self.object.clone();
        let (Some(from), Some(to)) = (T::read(stored.from), T::read(stored.to)) else {
            return Err(Nonsense::Value {
                object: object(),
                field,
            });
        };
        match from == to {
            true => Err(Nonsense::Same {
                object: object(),
                field,
            }),
            false => Ok(Some(Changed { from, to })),
        }
    }

    /// Returns a field of an object that is created or removed.
    pub(super) fn whole<T: FieldValue>(&mut self, field: Field) -> Result<T, Nonsense> {
        let stored = self.take(field)?;
        let (own, other) = match (stored, self.verb) {
            (None, _) => (None, None),
            (Some(stored), Verb::Remove) => (stored.from, stored.to),
            (Some(stored), Verb::Create | Verb::Update) => (stored.to, stored.from),
        };
        let object = || self.object.clone();
        if other.is_some() {
            return Err(Nonsense::Side {
                object: object(),
                field,
            });
        }
        T::read(own).ok_or_else(|| Nonsense::Value {
            object: object(),
            field,
        })
    }

    /// Returns what the object is known by, from its name.
    pub(super) fn known_by<T: FieldValue>(&self, field: Field) -> Result<T, Nonsense> {
        let own = match &self.object {
            Object::Profile(name) => name.stored(),
            Object::Endpoint(mac) => mac.stored(),
            Object::Subscriber(name) => name.stored(),
            Object::System | Object::Uplink(_) | Object::Port(_) => None,
        };
        T::read(own).ok_or_else(|| Nonsense::Value {
            object: self.object.clone(),
            field,
        })
    }

    /// Takes the fields of something that is always there.
    fn setting<K: Kind>(&mut self, slot: Option<Slot>) -> Result<K::Update, Nonsense> {
        let object = || self.object.clone();
        match (self.verb, slot) {
            (Verb::Create | Verb::Remove, _) => Err(Nonsense::Permanent { object: object() }),
            (Verb::Update, Some(_)) => Err(Nonsense::Number { object: object() }),
            (Verb::Update, None) => K::read_update(self),
        }
    }

    fn numbered<K: Numbered>(
        &mut self,
        slot: Option<Slot>,
        key: &K::Key,
        field: Field,
    ) -> Result<(Slot, Box<Edit<K>>), Nonsense> {
        let object = || self.object.clone();
        let slot = slot
            .filter(|slot| slot.0 > 0)
            .ok_or_else(|| Nonsense::NoNumber { object: object() })?;
        let edit = match self.verb {
            Verb::Create => Edit::Create(K::read(self)?),
            Verb::Update => Edit::Update(K::read_update(self)?),
            Verb::Remove => Edit::Remove(K::read(self)?),
        };
        match edit.key() == key {
            true => Ok((slot, Box::new(edit))),
            false => Err(Nonsense::Misnamed {
                object: self.object.clone(),
                field,
            }),
        }
    }
}

impl TryFrom<Stored> for Change {
    type Error = Nonsense;

    fn try_from(stored: Stored) -> Result<Self, Nonsense> {
        let Stored {
            object,
            slot,
            verb,
            fields,
        } = stored;
        let mut given = Given {
            object: object.clone(),
            verb,
            fields,
        };
        let change = match &object {
            Object::System => Self::System(given.setting::<crate::model::SystemConfig>(slot)?),
            Object::Uplink(number) => {
                Self::Uplink(*number, given.setting::<crate::model::UplinkConfig>(slot)?)
            }
            Object::Port(number) => {
                Self::Port(*number, given.setting::<crate::model::PortConfig>(slot)?)
            }
            Object::Profile(name) => {
                let (slot, edit) = given.numbered(slot, name, Field::Name)?;
                Self::Profile(slot, edit)
            }
            Object::Endpoint(mac) => {
                let (slot, edit) = given.numbered(slot, mac, Field::MacAddress)?;
                Self::Endpoint(slot, edit)
            }
            Object::Subscriber(name) => {
                let (slot, edit) = given.numbered(slot, name, Field::Name)?;
                Self::Subscriber(slot, edit)
            }
        };
        match given.fields.first() {
            None => Ok(change),
            Some(StoredField { field, .. }) => Err(Nonsense::OtherField {
                object,
                field: *field,
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Stored::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fields().into_iter();
        let stored = Stored {
            object: self.object(),
            slot: self.slot(),
            verb: self.verb(),
            fields: fields
                .map(|view| StoredField {
                    field: view.field,
                    from: view.before.and_then(FieldValue::stored),
                    to: view.after.and_then(FieldValue::stored),
                })
                .collect(),
        };
        stored.serialize(serializer)
    }
}
