//! Reads and writes the stored form of a change, and refuses an invalid one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::value::{FieldValue, Value};
use super::{Change, Changed, Edit, Field, Kind, Numbered, Object, Verb};
use crate::model::{PortConfig, Slot, SystemConfig, UplinkConfig};

/// A change in the form of plan files and of the store.
#[derive(Serialize, Deserialize)]
struct Stored {
    object: Object,
    /// The slot of a profile, an endpoint or a subscriber.
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

/// The reason that a stored change is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change of {object} {why}")]
pub struct Nonsense {
    object: Object,
    why: String,
}

/// The fields of a stored change. Each is removed when it is read, so that unknown fields remain.
pub struct Given {
    object: Object,
    verb: Verb,
    fields: Vec<StoredField>,
}

impl Given {
    fn refused(&self, why: impl Into<String>) -> Nonsense {
        Nonsense {
            object: self.object.clone(),
            why: why.into(),
        }
    }

    fn no_value(&self, field: Field) -> Nonsense {
        self.refused(format!("has no value of the right type for `{field}`"))
    }

    fn take(&mut self, field: Field) -> Result<Option<StoredField>, Nonsense> {
        let is_it = |one: &StoredField| one.field == field;
        let found = self.fields.iter().position(is_it);
        let taken = found.map(|at| self.fields.remove(at));
        match self.fields.iter().any(is_it) {
            true => Err(self.refused(format!("has `{field}` twice"))),
            false => Ok(taken),
        }
    }

    /// Returns a field of an update; `None` if it does not change.
    pub(super) fn changed<T: FieldValue + PartialEq>(
        &mut self,
        field: Field,
    ) -> Result<Option<Changed<T>>, Nonsense> {
        let Some(stored) = self.take(field)? else {
            return Ok(None);
        };
        match (T::read(stored.from), T::read(stored.to)) {
            (Some(from), Some(to)) if from != to => Ok(Some(Changed { from, to })),
            (Some(_), Some(_)) => Err(self.refused(format!("leaves `{field}` as it is"))),
            (None, _) | (_, None) => Err(self.no_value(field)),
        }
    }

    /// Returns a field of an object that is created or removed.
    pub(super) fn whole<T: FieldValue>(&mut self, field: Field) -> Result<T, Nonsense> {
        let stored = self.take(field)?;
        let (from, to) = stored.map_or((None, None), |stored| (stored.from, stored.to));
        let (own, other) = match self.verb {
            Verb::Remove => (from, to),
            Verb::Create | Verb::Update => (to, from),
        };
        if other.is_some() {
            return Err(self.refused(format!(
                "has the wrong side of `{field}`: a creation has only `to`, a removal only `from`"
            )));
        }
        T::read(own).ok_or_else(|| self.no_value(field))
    }

    /// Returns the identifying value, from the object of the change.
    pub(super) fn known_by<T: FieldValue>(&self, field: Field) -> Result<T, Nonsense> {
        let own = match &self.object {
            Object::Profile(name) => name.stored(),
            Object::Endpoint(mac) => mac.stored(),
            Object::Subscriber(name) => name.stored(),
            Object::System | Object::Uplink(_) | Object::Port(_) => None,
        };
        T::read(own).ok_or_else(|| self.no_value(field))
    }

    /// Reads an update of an object that always exists.
    fn setting<K: Kind>(&mut self, slot: Option<Slot>) -> Result<K::Update, Nonsense> {
        match (self.verb, slot) {
            (Verb::Create | Verb::Remove, _) => {
                Err(self.refused("creates or removes it, but it always exists"))
            }
            (Verb::Update, Some(_)) => {
                Err(self.refused("has a slot number, but such an object has none"))
            }
            (Verb::Update, None) => K::read_update(self),
        }
    }

    /// Reads a change of an object with a slot.
    fn numbered<K: Numbered>(
        &mut self,
        slot: Option<Slot>,
        key: &K::Key,
    ) -> Result<(Slot, Box<Edit<K>>), Nonsense> {
        let Some(slot) = slot.filter(|slot| slot.0 > 0) else {
            return Err(self.refused("has no slot number"));
        };
        let edit = match self.verb {
            Verb::Create => Edit::Create(K::read(self)?),
            Verb::Update => Edit::Update(K::read_update(self)?),
            Verb::Remove => Edit::Remove(K::read(self)?),
        };
        match edit.key() == key {
            true => Ok((slot, Box::new(edit))),
            false => Err(self.refused("has another object's name or address in its fields")),
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
            Object::System => Self::System(given.setting::<SystemConfig>(slot)?),
            Object::Uplink(number) => Self::Uplink(*number, given.setting::<UplinkConfig>(slot)?),
            Object::Port(number) => Self::Port(*number, given.setting::<PortConfig>(slot)?),
            Object::Profile(name) => {
                let (slot, edit) = given.numbered(slot, name)?;
                Self::Profile(slot, edit)
            }
            Object::Endpoint(mac) => {
                let (slot, edit) = given.numbered(slot, mac)?;
                Self::Endpoint(slot, edit)
            }
            Object::Subscriber(name) => {
                let (slot, edit) = given.numbered(slot, name)?;
                Self::Subscriber(slot, edit)
            }
        };
        match given.fields.first() {
            // Its line would name only the object and set nothing.
            None if change.is_empty() => Err(given.refused("changes nothing")),
            None => Ok(change),
            Some(StoredField { field, .. }) => Err(given.refused(format!(
                "sets `{field}`, which such an object does not have"
            ))),
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
