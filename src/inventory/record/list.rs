//! Reads lists, whose entries all have one type.

use super::field::{FieldType, Shape, wrong_type};
use super::finding::FileFindings;
use crate::inventory::tree::Item;

impl<T: FieldType> FieldType for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    /// Returns the entries, or nothing if one of them is wrong: a shorter list has another meaning.
    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_list() {
            let wanted = match T::shape() {
                Shape::Record(_) => format!("a list of tables, `[[{}]]`", item.key()),
                _ => "a list, `[…]`".to_owned(),
            };
            wrong_type(item, &wanted, findings);
            return None;
        }
        // Each wrong entry is reported, not the first alone.
        let entries: Vec<Option<T>> = item
            .children()
            .map(|entry| T::read(entry, findings))
            .collect();
        entries.into_iter().collect()
    }
}
