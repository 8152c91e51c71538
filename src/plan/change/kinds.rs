//! Describes the fields of each kind of object, in the order in which they are stored and shown.
//!
//! The code does not compile if one of these lists lacks a field. `subscriber` has the lists of a subscriber.

use super::stored::{Given, Nonsense};
use super::value::{FieldValue, UplinkVlans};
use super::{Changed, Field, FieldView, Kind};
use crate::model::{
    EndpointConfig, EndpointName, HeldText, MacAddress, Mbps, PortAssignment, PortConfig, PortMode,
    ProfileConfig, ProfileName, SystemConfig, UplinkConfig, VlanSet,
};

/// A profile: a rate limiter on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: ProfileName,
    pub description: Option<HeldText>,
    pub down: Mbps,
    pub up: Mbps,
}

/// An endpoint: a CPE bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub name: EndpointName,
    pub mac: MacAddress,
    pub port: PortAssignment,
}

/// A field of an update, with its value before and after.
pub trait Cell<F>: Sized {
    type Of: FieldValue;

    fn between(from: &F, to: &F) -> Self;
    fn inverse(&self) -> Self;
    /// Returns both values if they differ.
    fn moved(&self) -> Option<&Changed<Self::Of>>;
    fn read(given: &mut Given, field: Field) -> Result<Self, Nonsense>;
}

/// The identifying field of an object: an update always has it, changed or not.
impl<T: FieldValue + Clone + PartialEq> Cell<T> for Changed<T> {
    type Of = T;

    fn between(from: &T, to: &T) -> Self {
        Self {
            from: from.clone(),
            to: to.clone(),
        }
    }

    fn inverse(&self) -> Self {
        Self::between(&self.to, &self.from)
    }

    fn moved(&self) -> Option<&Self> {
        (self.from != self.to).then_some(self)
    }

    fn read(given: &mut Given, field: Field) -> Result<Self, Nonsense> {
        match given.changed(field)? {
            Some(changed) => Ok(changed),
            None => {
                let own = given.known_by(field)?;
                Ok(Self::between(&own, &own))
            }
        }
    }
}

impl<F: Differ<T>, T: FieldValue + Clone + PartialEq> Cell<F> for Option<Changed<T>> {
    type Of = T;

    fn between(from: &F, to: &F) -> Self {
        F::differ(from, to)
    }

    fn inverse(&self) -> Self {
        self.as_ref().map(|changed| Changed {
            from: changed.to.clone(),
            to: changed.from.clone(),
        })
    }

    fn moved(&self) -> Option<&Changed<T>> {
        self.as_ref()
    }

    fn read(given: &mut Given, field: Field) -> Result<Self, Nonsense> {
        given.changed(field)
    }
}

/// The comparison of a field in two states.
pub trait Differ<T> {
    fn differ(from: &Self, to: &Self) -> Option<Changed<T>>;
}

impl<T: Clone + PartialEq> Differ<T> for T {
    fn differ(from: &T, to: &T) -> Option<Changed<T>> {
        (from != to).then(|| Changed {
            from: from.clone(),
            to: to.clone(),
        })
    }
}

/// Without a known value on each side, there is no difference.
impl Differ<bool> for Option<bool> {
    fn differ(from: &Self, to: &Self) -> Option<Changed<bool>> {
        bool::differ(from.as_ref()?, to.as_ref()?)
    }
}

impl Differ<PortMode> for Option<PortMode> {
    fn differ(from: &Self, to: &Self) -> Option<Changed<PortMode>> {
        PortMode::differ(from.as_ref()?, to.as_ref()?)
    }
}

impl Differ<UplinkVlans> for Option<VlanSet> {
    fn differ(from: &Self, to: &Self) -> Option<Changed<UplinkVlans>> {
        let (from, to) = (from.as_ref()?, to.as_ref()?);
        VlanSet::differ(from, to).map(|Changed { from, to }| Changed {
            from: UplinkVlans(from),
            to: UplinkVlans(to),
        })
    }
}

macro_rules! kinds {
    ($(
        $(#[$meta:meta])*
        $state:ty => $update:ident, $fields:ident {
            $($field:ident: $cell:ty = $name:ident from $plain:ty;)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[doc = concat!("The changed fields of a [`", stringify!($state), "`].")]
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $update {
                $(pub $field: $cell,)*
            }

            /// The values of one side of a change.
            #[derive(Debug, Clone, Copy)]
            pub struct $fields<'a> {
                $(pub $field: Option<&'a <$cell as Cell<$plain>>::Of>,)*
            }

            impl Kind for $state {
                type Update = $update;
                type Fields<'a> = $fields<'a>;

                fn between(from: &Self, to: &Self) -> $update {
                    $update {
                        $($field: <$cell as Cell<$plain>>::between(&from.$field, &to.$field),)*
                    }
                }

                fn inverse(update: &$update) -> $update {
                    $update {
                        $($field: Cell::<$plain>::inverse(&update.$field),)*
                    }
                }

                fn before(update: &$update) -> $fields<'_> {
                    $fields {
                        $($field: Cell::<$plain>::moved(&update.$field).map(|changed| &changed.from),)*
                    }
                }

                fn after(update: &$update) -> $fields<'_> {
                    $fields {
                        $($field: Cell::<$plain>::moved(&update.$field).map(|changed| &changed.to),)*
                    }
                }

                fn no_fields<'a>() -> $fields<'a> {
                    $fields { $($field: None,)* }
                }

                fn values(&self) -> Vec<FieldView<'_>> {
                    let views = [$(FieldView {
                        field: Field::$name,
                        before: None,
                        after: Some(&self.$field as &dyn FieldValue),
                    },)*];
                    let has = |view: &FieldView<'_>| view.after.is_some_and(|after| after.stored().is_some());
                    views.into_iter().filter(has).collect()
                }

                fn views<'a>(before: $fields<'a>, after: $fields<'a>) -> Vec<FieldView<'a>>
                where
                    // Makes the lifetime a parameter of the function, as in the trait.
                    'a: 'a,
                {
                    fn view<T: FieldValue>(value: Option<&T>) -> Option<&dyn FieldValue> {
                        value.map(|value| value as &dyn FieldValue)
                    }
                    let mut views = Vec::new();
                    $(if before.$field.is_some() || after.$field.is_some() {
                        views.push(FieldView {
                            field: Field::$name,
                            before: view(before.$field),
                            after: view(after.$field),
                        });
                    })*
                    views
                }

                fn read_update(given: &mut Given) -> Result<$update, Nonsense> {
                    Ok($update {
                        $($field: <$cell as Cell<$plain>>::read(given, Field::$name)?,)*
                    })
                }
            }
        )*
    };
}

pub(super) use kinds;

kinds! {
    #[derive(Default)]
    SystemConfig => SystemUpdate, SystemFields {
        hostname: Option<Changed<Option<HeldText>>> = Hostname from Option<HeldText>;
        location: Option<Changed<Option<HeldText>>> = Location from Option<HeldText>;
        contact: Option<Changed<Option<HeldText>>> = Contact from Option<HeldText>;
    }

    #[derive(Default)]
    UplinkConfig => UplinkUpdate, UplinkFields {
        allowed_vlans: Option<Changed<UplinkVlans>> = AllowedVlans from Option<VlanSet>;
    }

    #[derive(Default)]
    PortConfig => PortUpdate, PortFields {
        name: Option<Changed<Option<HeldText>>> = Name from Option<HeldText>;
        enabled: Option<Changed<bool>> = Enabled from Option<bool>;
        mode: Option<Changed<PortMode>> = Mode from Option<PortMode>;
    }

    Profile => ProfileUpdate, ProfileFields {
        name: Changed<ProfileName> = Name from ProfileName;
        description: Option<Changed<Option<HeldText>>> = Description from Option<HeldText>;
        down: Option<Changed<Mbps>> = Down from Mbps;
        up: Option<Changed<Mbps>> = Up from Mbps;
    }

    Endpoint => EndpointUpdate, EndpointFields {
        name: Option<Changed<EndpointName>> = Name from EndpointName;
        mac: Changed<MacAddress> = MacAddress from MacAddress;
        port: Option<Changed<PortAssignment>> = Port from PortAssignment;
    }
}

/// Kinds that a plan creates and removes. A creation and a removal contain the whole object.
macro_rules! numbered {
    ($($state:ty, ($($any:tt)*) => $fields:ident, $key:ident: $key_type:ty, $object:ident {
        $($field:ident = $name:ident,)*
    })*) => {
        $(
            impl $($any)* {
                /// Returns the fields that can be unread: all but the identifying one.
                pub(in crate::plan) fn readable() -> impl Iterator<Item = Field> {
                    let fields = [$((stringify!($field), Field::$name),)*];
                    fields
                        .into_iter()
                        .filter(|(field, _)| *field != stringify!($key))
                        .map(|(_, name)| name)
                }

                /// Copies these fields from another state.
                pub(in crate::plan) fn keep(&mut self, of: &Self, fields: &[Field]) {
                    for field in fields {
                        $(if *field == Field::$name {
                            self.$field.clone_from(&of.$field);
                        })*
                    }
                }
            }

            impl super::Numbered for $state {
                type Key = $key_type;

                fn key(&self) -> &$key_type {
                    &self.$key
                }

                fn key_of(update: &Self::Update) -> &Changed<$key_type> {
                    &update.$key
                }

                fn object(key: &$key_type) -> super::Object {
                    super::Object::$object(key.clone())
                }

                fn all(&self) -> $fields<'_> {
                    $fields { $($field: Some(&self.$field),)* }
                }

                fn read(given: &mut Given) -> Result<Self, Nonsense> {
                    Ok(Self { $($field: given.whole(Field::$name)?,)* })
                }
            }
        )*
    };
}

pub(super) use numbered;

numbered! {
    Profile, (Profile) => ProfileFields, name: ProfileName, Profile {
        name = Name, description = Description, down = Down, up = Up,
    }
    Endpoint, (Endpoint) => EndpointFields, mac: MacAddress, Endpoint {
        name = Name, mac = MacAddress, port = Port,
    }
}

impl Profile {
    pub fn of(name: ProfileName, config: &ProfileConfig) -> Self {
        let ProfileConfig {
            slot: _,
            description,
            down,
            up,
        } = config;
        Self {
            name,
            description: description.clone(),
            down: *down,
            up: *up,
        }
    }
}

impl Endpoint {
    pub fn of(mac: MacAddress, config: &EndpointConfig) -> Self {
        let EndpointConfig {
            slot: _,
            name,
            port,
        } = config;
        Self {
            name: name.clone(),
            mac,
            port: *port,
        }
    }
}
