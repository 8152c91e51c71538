//! Defines what the type of a key provides: a reader, and a description for people and editors.

use super::finding::FileFindings;
use super::rules::{MISSING_KEY, NO_TRANSPORT, SECRET_IN_INVENTORY, UNKNOWN_KEY, WRONG_TYPE};
use super::secret::{looks_like_a_key, secret_key};
use crate::inventory::suggest;
use crate::inventory::tree::{Item, Span};

/// A type that a key's value becomes.
pub(in crate::inventory) trait FieldType: Sized {
    fn shape() -> Shape;

    /// Returns the value, or nothing where it cannot be one, which is then in the findings.
    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self>;
}

/// A record: a table with known keys.
pub(in crate::inventory) trait Fields: Sized {
    fn shape() -> RecordShape;
    fn read_fields(table: Item<'_, '_>, findings: &mut FileFindings) -> Self;

    /// Returns whether a key was not given at all; a key that could not be read is not absent.
    fn is_absent(&self, key: &str) -> bool;
}

/// Allows rare and large values on the heap: a quarter million subscribers have none of them.
macro_rules! boxed {
    ($($type:ty),*) => {
        $(impl $crate::inventory::record::FieldType for Box<$type> {
            fn shape() -> $crate::inventory::record::Shape {
                <$type as $crate::inventory::record::FieldType>::shape()
            }

            fn read(
                item: $crate::inventory::tree::Item<'_, '_>,
                findings: &mut $crate::inventory::record::FileFindings,
            ) -> Option<Self> {
                $crate::inventory::record::FieldType::read(item, findings).map(Self::new)
            }
        })*
    };
}
pub(in crate::inventory) use boxed;

/// The possible values of a key.
#[derive(Debug, Clone)]
pub(in crate::inventory) enum Shape {
    Text {
        /// A description of the text.
        what: &'static str,
        /// A regular expression that a good text matches, for editors.
        pattern: Option<&'static str>,
        max_length: Option<usize>,
        example: &'static str,
    },
    Integer {
        what: &'static str,
        min: u32,
        max: u32,
    },
    Boolean,
    OneOf(Vec<&'static str>),
    /// Any of these.
    Either(Vec<Self>),
    Record(fn() -> RecordShape),
    /// A table whose keys are names or numbers.
    Map {
        keys: MapKeys,
        value: Box<Self>,
    },
    /// A list whose entries are all like this.
    List(Box<Self>),
}

/// The keys of a table that has no fixed set of them.
#[derive(Debug, Clone, Copy)]
pub(in crate::inventory) enum MapKeys {
    /// Numbers of a part of the device: `7` in `[device.birch-12.port.7]`.
    Numbers(&'static str),
    /// Names that the author chooses: `helpdesk` in `[lane.helpdesk]`.
    Names(&'static str),
    /// Any of these words.
    OneOf {
        what: &'static str,
        words: &'static [&'static str],
    },
}

/// A table with known keys.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct RecordShape {
    pub what: &'static str,
    /// In canonical order.
    pub fields: Vec<Field>,
}

/// One key of a record.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Field {
    pub key: &'static str,
    pub doc: &'static str,
    pub is_required: bool,
    /// The default as it would be written, or in words.
    pub default: Option<&'static str>,
    pub shape: Shape,
}

/// Fields that the device has and no documented command sets (device reference, "fields with no documented CLI syntax").
const NOT_SETTABLE: &[(&str, &str)] = &[
    ("double_tagged", "double tagging"),
    ("outer_vlan", "double tagging"),
    ("trunk_mode", "trunk mode"),
    ("uplink", "binding a subscriber to an uplink"),
];

/// Reads a record from a table.
pub(in crate::inventory) fn read_keys<R: Fields>(
    item: Item<'_, '_>,
    findings: &mut FileFindings,
) -> Option<R> {
    if item.is_table() {
        return Some(R::read_fields(item, findings));
    }
    wrong_type(item, "a table", findings);
    None
}

/// Reports a value of the wrong type, unless it was reported as unreadable before.
pub(in crate::inventory) fn wrong_type(
    item: Item<'_, '_>,
    wanted: &str,
    findings: &mut FileFindings,
) {
    if !item.is_broken() && !holds_a_key(item, findings) {
        let subject = findings.named(item.key());
        findings.add(
            &WRONG_TYPE,
            item.span(),
            format!("{subject} is {}, not {wanted}", item.type_name()),
        );
    }
}

/// Reports a value that is a secret by its form, and returns whether it is one: such a line is never shown.
pub(in crate::inventory) fn holds_a_key(item: Item<'_, '_>, findings: &mut FileFindings) -> bool {
    let is_key = item.as_str().is_some_and(looks_like_a_key);
    if is_key {
        let subject = findings.named(item.key());
        secret(item.span(), &subject, findings);
    }
    is_key
}

/// Reports that `subject` holds a secret.
pub(super) fn secret(span: Span, subject: &str, findings: &mut FileFindings) {
    findings
        .add(
            &SECRET_IN_INVENTORY,
            span,
            format!("{subject} holds a secret"),
        )
        .hint("take it out and change it where it is used: git keeps it for ever")
        .secret();
}

/// Reports a key that the table does not have.
pub(in crate::inventory) fn unknown_key(
    item: Item<'_, '_>,
    known: &[&str],
    findings: &mut FileFindings,
) {
    let key = item.key();
    if secret_key(key) && item.as_str().is_some() {
        let subject = findings.named(key);
        findings
            .add(
                &SECRET_IN_INVENTORY,
                item.key_span(),
                format!("{subject} looks like a secret"),
            )
            .hint("take it out, change it where it is used, and refer to it by name in `credentials.toml`")
            .secret();
        return;
    }
    if holds_a_key(item, findings) {
        return;
    }
    let is_known_here = known.contains(&"endpoint");
    if let Some((_, what)) = NOT_SETTABLE
        .iter()
        .find(|(name, _)| is_known_here && *name == key)
    {
        findings
            .add(
                &NO_TRANSPORT,
                item.key_span(),
                format!("`{key}` asks for {what}, which no way to the device can set"),
            )
            .hint("take it out; the device keeps what it has");
        return;
    }
    let hint =
        suggest::hint(key, known).or_else(|| Some("`gamctl schema` lists the keys".to_owned()));
    let message = if findings.is_confidential {
        "this key does not exist here".to_owned()
    } else {
        format!("`{}` is not a key here", key.escape_debug())
    };
    findings
        .add(&UNKNOWN_KEY, item.key_span(), message)
        .maybe_hint(hint);
}

/// Reports a key that must be given.
pub(in crate::inventory) fn missing_key(
    table: Item<'_, '_>,
    key: &str,
    findings: &mut FileFindings,
) {
    let name = table.key();
    let of = if name.is_empty() {
        "the file".to_owned()
    } else {
        findings.named(name)
    };
    findings
        .add(&MISSING_KEY, table.span(), format!("{of} has no `{key}`"))
        .hint(format!("add `{key} = …`"));
}
