//! Defines a change of one object, with a type for each kind of object.
//!
//! `kinds` describes the fields of each kind once, `subscriber` those of a subscriber, with all that is done to it field by field, `field` the names of fields and
//! `value` their values. `stored` reads and writes the form in plan files and in the store.

mod field;
mod kinds;
mod stored;
mod subscriber;
mod value;

#[cfg(test)]
pub(super) mod tests;

pub use field::Field;
pub(super) use field::MayUse;
pub use kinds::{
    Endpoint, EndpointFields, EndpointUpdate, PortFields, PortUpdate, Profile, ProfileFields,
    ProfileUpdate, SystemFields, SystemUpdate, UplinkFields, UplinkUpdate,
};
pub(super) use subscriber::same_subscriber;
pub use subscriber::{Subscriber, SubscriberFields, SubscriberUpdate};
pub(super) use value::Value;
pub use value::{EndpointRef, Rate, Shown, UplinkVlans};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{
    MacAddress, PortConfig, PortNumber, ProfileName, Slot, SubscriberName, SystemConfig,
    UplinkConfig, UplinkNumber,
};
use stored::{Given, Nonsense};
use value::FieldValue;

/// The object of a change. A renamed object is known by the name it has before the step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Object {
    System,
    Uplink(UplinkNumber),
    Port(PortNumber),
    Profile(ProfileName),
    Endpoint(MacAddress),
    Subscriber(SubscriberName),
}

impl Object {
    /// Returns whether the field identifies such an object.
    pub fn is_known_by(&self, field: Field) -> bool {
        match self {
            Self::Profile(_) | Self::Subscriber(_) => field == Field::Name,
            Self::Endpoint(_) => field == Field::MacAddress,
            Self::System | Self::Uplink(_) | Self::Port(_) => false,
        }
    }

    /// Returns the stored word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Uplink(_) => "uplink",
            Self::Port(_) => "port",
            Self::Profile(_) => "profile",
            Self::Endpoint(_) => "endpoint",
            Self::Subscriber(_) => "subscriber",
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::System => formatter.write_str(kind),
            Self::Uplink(number) => write!(formatter, "{kind} {number}"),
            Self::Port(number) => write!(formatter, "{kind} {number}"),
            Self::Profile(name) => write!(formatter, "{kind} {name}"),
            Self::Endpoint(mac) => write!(formatter, "{kind} {mac}"),
            Self::Subscriber(name) => write!(formatter, "{kind} {name}"),
        }
    }
}

/// The kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Create,
    Update,
    Remove,
}

/// A change of one object. System, uplinks and ports always exist, so they are only updated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    System(SystemUpdate),
    Uplink(UplinkNumber, UplinkUpdate),
    Port(PortNumber, PortUpdate),
    Profile(Slot, Box<Edit<Profile>>),
    Endpoint(Slot, Box<Edit<Endpoint>>),
    Subscriber(Slot, Box<Edit<Subscriber>>),
}

/// A creation, update or removal of a numbered object.
///
/// A creation and a removal contain the whole object, so that each can be inverted by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit<K: Numbered> {
    Create(K),
    Update(K::Update),
    Remove(K),
}

/// A field's value before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed<T> {
    pub from: T,
    pub to: T,
}

/// A kind of object whose fields are described in `kinds`.
pub trait Kind: Sized {
    /// The fields that differ, each before and after.
    type Update: fmt::Debug + Clone + PartialEq + Eq;
    /// The values of one side of a change; `None` for a field that does not change.
    type Fields<'a>;

    fn between(from: &Self, to: &Self) -> Self::Update;
    fn inverse(update: &Self::Update) -> Self::Update;
    fn before(update: &Self::Update) -> Self::Fields<'_>;
    fn after(update: &Self::Update) -> Self::Fields<'_>;
    fn no_fields<'a>() -> Self::Fields<'a>;
    /// Returns the fields that have a value, as the fields of a creation.
    fn values(&self) -> Vec<FieldView<'_>>;
    fn views<'a>(before: Self::Fields<'a>, after: Self::Fields<'a>) -> Vec<FieldView<'a>>;
    fn read_update(given: &mut Given) -> Result<Self::Update, Nonsense>;
}

/// A kind of object that has a slot on the device, so that a plan creates and removes it.
pub trait Numbered: Kind + fmt::Debug + Clone + PartialEq + Eq {
    /// The identifying field.
    type Key: Clone + PartialEq;

    fn key(&self) -> &Self::Key;
    fn key_of(update: &Self::Update) -> &Changed<Self::Key>;
    fn object(key: &Self::Key) -> Object;
    fn all(&self) -> Self::Fields<'_>;
    fn read(given: &mut Given) -> Result<Self, Nonsense>;
}

/// One field of a change, for code that treats all fields alike.
#[derive(Debug, Clone, Copy)]
pub struct FieldView<'a> {
    pub field: Field,
    before: Option<&'a dyn FieldValue>,
    after: Option<&'a dyn FieldValue>,
}

impl FieldView<'_> {
    /// Returns the value before the change; `None` if there was none, or it is not known.
    pub fn from(&self) -> Option<Shown> {
        self.value_before().map(Shown::from)
    }

    /// Returns the value after the change.
    pub fn to(&self) -> Option<Shown> {
        self.value_after().map(Shown::from)
    }

    pub(super) fn value_before(&self) -> Option<Value> {
        self.before?.stored()
    }

    pub(super) fn value_after(&self) -> Option<Value> {
        self.after?.stored()
    }
}

impl<K: Numbered> Edit<K> {
    /// Returns the change from one state to the other; `None` if there is neither.
    pub(super) fn between(from: Option<&K>, to: Option<&K>) -> Option<Self> {
        match (from, to) {
            (None, None) => None,
            (None, Some(to)) => Some(Self::Create(to.clone())),
            (Some(from), Some(to)) => Some(Self::Update(K::between(from, to))),
            (Some(from), None) => Some(Self::Remove(from.clone())),
        }
    }

    #[must_use]
    pub fn inverse(&self) -> Self {
        match self {
            Self::Create(state) => Self::Remove(state.clone()),
            Self::Update(update) => Self::Update(K::inverse(update)),
            Self::Remove(state) => Self::Create(state.clone()),
        }
    }

    pub fn verb(&self) -> Verb {
        match self {
            Self::Create(_) => Verb::Create,
            Self::Update(_) => Verb::Update,
            Self::Remove(_) => Verb::Remove,
        }
    }

    /// Returns the identifying value before the change; of a creation, after it.
    pub fn key(&self) -> &K::Key {
        match self {
            Self::Create(state) | Self::Remove(state) => state.key(),
            Self::Update(update) => &K::key_of(update).from,
        }
    }

    /// Returns the identifying value after the change; of a removal, before it.
    pub fn new_key(&self) -> &K::Key {
        match self {
            Self::Create(state) | Self::Remove(state) => state.key(),
            Self::Update(update) => &K::key_of(update).to,
        }
    }

    /// Returns the fields with their values before the change.
    pub fn before(&self) -> K::Fields<'_> {
        match self {
            Self::Create(_) => K::no_fields(),
            Self::Update(update) => K::before(update),
            Self::Remove(state) => state.all(),
        }
    }

    /// Returns the fields with their values after the change.
    pub fn after(&self) -> K::Fields<'_> {
        match self {
            Self::Create(state) => state.all(),
            Self::Update(update) => K::after(update),
            Self::Remove(_) => K::no_fields(),
        }
    }

    fn views(&self) -> Vec<FieldView<'_>> {
        let mut views = K::views(self.before(), self.after());
        if self.verb() != Verb::Update {
            views.retain(|view| {
                let has =
                    |side: Option<&dyn FieldValue>| side.is_some_and(|one| one.stored().is_some());
                has(view.before) || has(view.after)
            });
        }
        views
    }
}

impl Change {
    pub fn object(&self) -> Object {
        match self {
            Self::System(_) => Object::System,
            Self::Uplink(number, _) => Object::Uplink(*number),
            Self::Port(number, _) => Object::Port(*number),
            Self::Profile(_, edit) => Profile::object(edit.key()),
            Self::Endpoint(_, edit) => Endpoint::object(edit.key()),
            Self::Subscriber(_, edit) => Subscriber::object(edit.key()),
        }
    }

    /// Returns the object under its name after the change.
    pub fn object_after(&self) -> Object {
        match self {
            Self::System(_) | Self::Uplink(..) | Self::Port(..) => self.object(),
            Self::Profile(_, edit) => Profile::object(edit.new_key()),
            Self::Endpoint(_, edit) => Endpoint::object(edit.new_key()),
            Self::Subscriber(_, edit) => Subscriber::object(edit.new_key()),
        }
    }

    /// Returns the slot of the object, if it has one.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::System(_) | Self::Uplink(..) | Self::Port(..) => None,
            Self::Profile(slot, _) | Self::Endpoint(slot, _) | Self::Subscriber(slot, _) => {
                Some(*slot)
            }
        }
    }

    pub fn verb(&self) -> Verb {
        match self {
            Self::System(_) | Self::Uplink(..) | Self::Port(..) => Verb::Update,
            Self::Profile(_, edit) => edit.verb(),
            Self::Endpoint(_, edit) => edit.verb(),
            Self::Subscriber(_, edit) => edit.verb(),
        }
    }

    /// Returns every field of the change, in the order in which they are stored.
    pub fn fields(&self) -> Vec<FieldView<'_>> {
        fn setting<K: Kind>(update: &K::Update) -> Vec<FieldView<'_>> {
            K::views(K::before(update), K::after(update))
        }
        match self {
            Self::System(update) => setting::<SystemConfig>(update),
            Self::Uplink(_, update) => setting::<UplinkConfig>(update),
            Self::Port(_, update) => setting::<PortConfig>(update),
            Self::Profile(_, edit) => edit.views(),
            Self::Endpoint(_, edit) => edit.views(),
            Self::Subscriber(_, edit) => edit.views(),
        }
    }

    pub fn field(&self, field: Field) -> Option<FieldView<'_>> {
        self.fields().into_iter().find(|view| view.field == field)
    }

    /// Returns whether an update changes nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.verb() == Verb::Update && self.fields().is_empty()
    }

    /// Returns the change that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        match self {
            Self::System(update) => Self::System(SystemConfig::inverse(update)),
            Self::Uplink(number, update) => Self::Uplink(*number, UplinkConfig::inverse(update)),
            Self::Port(number, update) => Self::Port(*number, PortConfig::inverse(update)),
            Self::Profile(slot, edit) => Self::Profile(*slot, Box::new(edit.inverse())),
            Self::Endpoint(slot, edit) => Self::Endpoint(*slot, Box::new(edit.inverse())),
            Self::Subscriber(slot, edit) => Self::Subscriber(*slot, Box::new(edit.inverse())),
        }
    }
}
