//! Gives the readers of tables access to a key and its value in a tree.

use super::{Node, NodeId, Span, TableOrigin, Tree, Value};

/// A value with its key and their positions.
#[derive(Debug, Clone, Copy)]
pub(in crate::inventory) struct Item<'a, 't> {
    tree: &'a Tree<'t>,
    id: NodeId,
}

impl<'a, 't> Item<'a, 't> {
    pub(super) fn new(tree: &'a Tree<'t>, id: NodeId) -> Self {
        Self { tree, id }
    }

    fn node(&self) -> Option<&'a Node<'t>> {
        self.tree.node(self.id)
    }

    fn value(&self) -> &'a Value<'t> {
        self.node().map_or(&Value::Broken, |node| &node.value)
    }

    /// Returns the key; an entry of a list has the key of the list.
    pub(in crate::inventory) fn key(&self) -> &'a str {
        self.node().map_or("", |node| &node.key)
    }

    /// Returns the span of the key; for an element of an array, of the element.
    pub(in crate::inventory) fn key_span(&self) -> Span {
        self.node().map(|node| node.key_span).unwrap_or_default()
    }

    /// Returns the span of the value; for a table with a header, of the header.
    pub(in crate::inventory) fn span(&self) -> Span {
        self.node().map(|node| node.span).unwrap_or_default()
    }

    pub(in crate::inventory) fn get(&self, key: &str) -> Option<Self> {
        self.is_table()
            .then(|| self.tree.find(self.id, key))
            .flatten()
            .map(|id| Self::new(self.tree, id))
    }

    /// Returns the value below a key of a table, or the entry of a list by its number from 0.
    pub(in crate::inventory) fn inner(&self, key: &str) -> Option<Self> {
        if self.is_list() {
            return self.children().nth(key.parse().ok()?);
        }
        self.get(key)
    }

    /// Returns the entries of a table or an array, in the order of the text.
    pub(in crate::inventory) fn children(&self) -> impl Iterator<Item = Self> + use<'a, 't> {
        let tree = self.tree;
        let mut next = tree.children(self.id).first;
        std::iter::from_fn(move || {
            let id = next;
            next = tree.node(id)?.next;
            Some(Self::new(tree, id))
        })
    }

    pub(in crate::inventory) fn is_table(&self) -> bool {
        matches!(self.value(), Value::Table { .. })
    }

    pub(in crate::inventory) fn is_list(&self) -> bool {
        matches!(self.value(), Value::Array { .. })
    }

    /// Returns whether the table is written `{ … }`.
    pub(in crate::inventory) fn is_inline_table(&self) -> bool {
        matches!(
            self.value(),
            Value::Table {
                origin: TableOrigin::Inline,
                ..
            }
        )
    }

    pub(in crate::inventory) fn as_str(&self) -> Option<&'a str> {
        match self.value() {
            Value::String(text) => Some(text),
            Value::Integer(_)
            | Value::Float
            | Value::Boolean(_)
            | Value::Datetime
            | Value::Array { .. }
            | Value::Table { .. }
            | Value::Broken => None,
        }
    }

    /// Returns the number, or that it does not fit, where the value is an integer.
    pub(in crate::inventory) fn as_integer(&self) -> Option<Option<i64>> {
        match self.value() {
            Value::Integer(number) => Some(*number),
            Value::String(_)
            | Value::Float
            | Value::Boolean(_)
            | Value::Datetime
            | Value::Array { .. }
            | Value::Table { .. }
            | Value::Broken => None,
        }
    }

    pub(in crate::inventory) fn as_bool(&self) -> Option<bool> {
        match self.value() {
            Value::Boolean(is_true) => Some(*is_true),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float
            | Value::Datetime
            | Value::Array { .. }
            | Value::Table { .. }
            | Value::Broken => None,
        }
    }

    /// Returns whether the value is a date or a time.
    pub(in crate::inventory) fn is_date(&self) -> bool {
        matches!(self.value(), Value::Datetime)
    }

    /// Returns whether the value was reported as a problem already, so that it is not reported again.
    pub(in crate::inventory) fn is_broken(&self) -> bool {
        matches!(self.value(), Value::Broken)
    }

    /// Returns what the value is, in words.
    pub(in crate::inventory) fn type_name(&self) -> &'static str {
        match self.value() {
            Value::String(_) => "text",
            Value::Integer(_) => "a whole number",
            Value::Float => "a decimal number",
            Value::Boolean(_) => "true or false",
            Value::Datetime => "a date",
            Value::Array { .. } => "a list",
            Value::Table { .. } => "a table",
            Value::Broken => "unreadable",
        }
    }

    /// Returns the value as plain Rust values, for comparing with another parser's.
    #[cfg(test)]
    pub(super) fn describe(&self) -> String {
        let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(",");
        match self.value() {
            Value::String(text) => format!("{text:?}"),
            Value::Integer(Some(number)) => number.to_string(),
            Value::Integer(None) => "integer".to_owned(),
            Value::Float => "float".to_owned(),
            Value::Boolean(is_true) => is_true.to_string(),
            Value::Datetime => "date".to_owned(),
            Value::Array { .. } => {
                format!("[{}]", list(&mut self.children().map(|c| c.describe())))
            }
            Value::Table { .. } => {
                let mut keys: Vec<_> = self
                    .children()
                    .map(|child| format!("{:?}={}", child.key(), child.describe()))
                    .collect();
                keys.sort();
                format!("{{{}}}", keys.join(","))
            }
            Value::Broken => "broken".to_owned(),
        }
    }
}
