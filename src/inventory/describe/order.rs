//! Returns the canonical order of keys: the order in which the records declare them.

use super::{record, shape_at};
use crate::inventory::FileKind;
use crate::inventory::record::{RecordShape, Shape};

/// Returns the keys of the table at `path` in canonical order; nothing where the table is not known or its keys are names.
pub fn canonical_order(kind: FileKind, path: &[&str]) -> Option<Vec<&'static str>> {
    let keys = |record: RecordShape| record.fields.iter().map(|field| field.key).collect();
    let record = record(kind);
    let inner = match (kind.object_table(), path) {
        (None, []) => return Some(keys(record)),
        (Some(_), []) => return None,
        (None, inner) => inner,
        (Some(table), [first, _, inner @ ..]) if *first == table => inner,
        (Some(_), _) => return None,
    };
    if inner.is_empty() {
        return Some(keys(record));
    }
    let mut shape = shape_at(&record, inner)?;
    // `[[window]]` is a list of tables, and each of them has the same keys.
    if let Shape::List(entry) = shape {
        shape = *entry;
    }
    match shape {
        Shape::Record(of) => Some(keys(of())),
        Shape::Map { .. }
        | Shape::List(_)
        | Shape::Text { .. }
        | Shape::Integer { .. }
        | Shape::Boolean
        | Shape::OneOf(_)
        | Shape::Either(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_their_record() {
        let order = canonical_order(FileKind::Subscribers, &["subscriber", "acct-1"]).unwrap();
        assert_eq!(order.first(), Some(&"device"));
        let order = canonical_order(FileKind::Devices, &["device", "a", "port", "7"]).unwrap();
        assert_eq!(order, ["name", "enabled", "mode"]);
        assert_eq!(
            canonical_order(FileKind::Devices, &["device", "a", "port"]),
            None
        );
        assert_eq!(
            canonical_order(FileKind::Network, &["vlans"])
                .unwrap()
                .len(),
            5
        );
        let order = canonical_order(FileKind::Policy, &["window"]).unwrap();
        assert_eq!(order.first(), Some(&"sites"));
        let order = canonical_order(FileKind::Policy, &["lane", "helpdesk", "limits"]).unwrap();
        assert_eq!(order.first(), Some(&"additions"));
        assert_eq!(
            canonical_order(FileKind::Devices, &["subscriber", "a"]),
            None
        );
    }
}
