//! Holds the values of a file, independent of how they are written.

use toml_edit::{Document, Item, Table, TableLike, TomlError, Value};

/// The values of a file.
#[derive(Debug, Clone)]
pub(crate) struct Meaning(Item);

impl Meaning {
    pub(crate) fn of(text: &str) -> Result<Self, TomlError> {
        Ok(Self(Document::parse(text)?.into_item()))
    }

    pub(crate) fn nothing() -> Self {
        Self(Item::Table(Table::new()))
    }

    pub(crate) fn item(&self) -> &Item {
        &self.0
    }

    pub(crate) fn get<S: AsRef<str>>(&self, path: &[S]) -> Option<&Item> {
        path.iter().try_fold(&self.0, |item, name| {
            item.as_table_like()?.get(name.as_ref())
        })
    }

    /// Sets the value at `path` and creates the tables on the way; returns whether that was possible.
    #[must_use]
    pub(crate) fn set<S: AsRef<str>>(&mut self, path: &[S], value: Item) -> bool {
        let Some((last, way)) = path.split_last() else {
            return false;
        };
        let mut item = &mut self.0;
        for name in way {
            let Some(table) = item.as_table_like_mut() else {
                return false;
            };
            item = table
                .entry(name.as_ref())
                .or_insert(Item::Table(Table::new()));
        }
        let Some(table) = item.as_table_like_mut() else {
            return false;
        };
        table.insert(last.as_ref(), value);
        true
    }

    pub(crate) fn remove<S: AsRef<str>>(&mut self, path: &[S]) -> Option<Item> {
        let (last, way) = path.split_last()?;
        let mut item = &mut self.0;
        for name in way {
            item = item.as_table_like_mut()?.get_mut(name.as_ref())?;
        }
        item.as_table_like_mut()?.remove(last.as_ref())
    }
}

/// Returns whether two items have the same values in any style: inline tables equal tables, floats are compared by their bits.
pub(crate) fn same_meaning(left: &Item, right: &Item) -> bool {
    compare(left, right, false)
}

/// Returns whether two items have the same values, if an empty table counts as none.
///
/// Removing the last key of a table written with dots removes the table with it.
pub(crate) fn without_empty_tables(left: &Item, right: &Item) -> bool {
    compare(left, right, true)
}

fn compare(left: &Item, right: &Item, ignore_empty: bool) -> bool {
    if let (Some(left), Some(right)) = (left.as_table_like(), right.as_table_like()) {
        return same_tables(left, right, ignore_empty);
    }
    match (left, right) {
        (Item::None, Item::None) => true,
        (Item::Value(left), Item::Value(right)) => same_value(left, right),
        (Item::ArrayOfTables(left), Item::ArrayOfTables(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same_tables(left, right, ignore_empty))
        }
        (Item::None | Item::Value(_) | Item::Table(_) | Item::ArrayOfTables(_), _) => false,
    }
}

fn same_tables(left: &dyn TableLike, right: &dyn TableLike, ignore_empty: bool) -> bool {
    let counts = |item: &Item| !(item.is_none() || ignore_empty && is_empty(item));
    let size = |table: &dyn TableLike| table.iter().filter(|(_, item)| counts(item)).count();
    size(left) == size(right)
        && left
            .iter()
            .filter(|(_, item)| counts(item))
            .all(|(key, item)| {
                let other = right.get(key);
                other.is_some_and(|other| compare(item, other, ignore_empty))
            })
}

fn is_empty(item: &Item) -> bool {
    item.as_table_like()
        .is_some_and(|table| table.iter().all(|(_, item)| is_empty(item)))
}

fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.value() == right.value(),
        (Value::Integer(left), Value::Integer(right)) => left.value() == right.value(),
        (Value::Float(left), Value::Float(right)) => {
            left.value().to_bits() == right.value().to_bits()
        }
        (Value::Boolean(left), Value::Boolean(right)) => left.value() == right.value(),
        (Value::Datetime(left), Value::Datetime(right)) => left.value() == right.value(),
        (Value::Array(left), Value::Array(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len() && pairs.all(|(left, right)| same_value(left, right))
        }
        (Value::InlineTable(left), Value::InlineTable(right)) => same_tables(left, right, false),
        (
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::InlineTable(_),
            _,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_is_not_meaning_and_order_in_an_array_is() {
        let same = |left: &str, right: &str| {
            same_meaning(
                Meaning::of(left).unwrap().item(),
                Meaning::of(right).unwrap().item(),
            )
        };
        assert!(same(
            "a = { b = 0x10, c = 'x' }",
            "[a]\nc = \"x\" # y\nb = 16"
        ));
        assert!(same("a.b = nan", "a = { b = nan }"));
        assert!(!same("a = [1, 2]", "a = [2, 1]"));
        assert!(!same("a = 0.0", "a = -0.0"));
        assert!(!same("a = 1", "a = 1.0"));
        assert!(!same("a = 1", "a = 1\n[b]"));
    }
}
