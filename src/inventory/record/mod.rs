//! Declares records: reader, reference, schema and canonical order follow from one list of keys.

mod amount;
mod field;
mod finding;
mod list;
mod number;
mod rules;
mod secret;
mod table;
mod text;

pub use amount::Share;
pub(in crate::inventory) use field::{
    Field, FieldType, Fields, MapKeys, RecordShape, Shape, boxed, missing_key, read_keys,
    unknown_key, wrong_type,
};
pub(in crate::inventory) use finding::{FileFinding, FileFindings};
pub(in crate::inventory) use number::{Percent, Version, integer, number_field};
pub(in crate::inventory) use rules::*;
pub use secret::{looks_like_a_key, looks_like_a_secret};
pub(in crate::inventory) use table::{Labels, NameKey, Named, Numbered};
pub(in crate::inventory) use text::{TextProblem, WordType, read_text, text, words};

/// Declares a record: a struct whose fields are all optional, because a text may leave out or break any of them.
///
/// `"key" => field: Type, required;` · `optional;` · `default "how it is written";`
macro_rules! record {
    ($(#[doc = $what:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $key:literal => $field:ident: $type:ty, $need:ident $($default:literal)?;)*
    }) => {
        $(#[doc = $what])+
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: Option<$type>,)*
            /// A bit for each key that was given and could not be read: not the same as left out.
            broken: u32,
        }

        impl $crate::inventory::record::Fields for $name {
            fn shape() -> $crate::inventory::record::RecordShape {
                $crate::inventory::record::RecordShape {
                    what: concat!($($what),+).trim(),
                    fields: vec![$($crate::inventory::record::Field {
                        key: $key,
                        doc: concat!($($doc),+).trim(),
                        is_required: stringify!($need) == "required",
                        default: [$($default)?].first().copied(),
                        shape: <$type as $crate::inventory::record::FieldType>::shape(),
                    }),*],
                }
            }

            fn read_fields(
                table: $crate::inventory::tree::Item<'_, '_>,
                findings: &mut $crate::inventory::record::FileFindings,
            ) -> Self {
                const KEYS: &[&str] = &[$($key),*];
                let mut record = Self::default();
                for item in table.children() {
                    let mut bit = 1u32;
                    $(
                        if item.key() == $key {
                            record.$field = $crate::inventory::record::FieldType::read(item, findings);
                            if record.$field.is_none() {
                                record.broken |= bit;
                            }
                            continue;
                        }
                        bit <<= 1;
                    )*
                    let _ = bit;
                    $crate::inventory::record::unknown_key(item, KEYS, findings);
                }
                $(
                    if stringify!($need) == "required" && record.is_absent($key) {
                        $crate::inventory::record::missing_key(table, $key, findings);
                    }
                )*
                record
            }

            fn is_absent(&self, key: &str) -> bool {
                let mut bit = 1u32;
                $(
                    if key == $key {
                        return self.$field.is_none() && self.broken & bit == 0;
                    }
                    bit <<= 1;
                )*
                let _ = bit;
                true
            }
        }

        impl $crate::inventory::record::FieldType for $name {
            fn shape() -> $crate::inventory::record::Shape {
                $crate::inventory::record::Shape::Record(<Self as $crate::inventory::record::Fields>::shape)
            }

            fn read(
                item: $crate::inventory::tree::Item<'_, '_>,
                findings: &mut $crate::inventory::record::FileFindings,
            ) -> Option<Self> {
                $crate::inventory::record::read_keys(item, findings)
            }
        }
    };
}
pub(in crate::inventory) use record;
