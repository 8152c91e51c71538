//! Parses one TOML text into a flat tree with positions, in one pass and within limits.

mod build;
mod event;
mod item;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use foldhash::HashMap;

pub(in crate::inventory) use build::parse;
pub(in crate::inventory) use item::Item;

/// A range of bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(in crate::inventory) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    fn of(span: toml_parser::Span) -> Self {
        // Files are limited to far less than 4 GiB before they get here.
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: at(span.start()),
            end: at(span.end()),
        }
    }
}

/// Why a text is not, or not wholly, a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::inventory) struct Problem {
    pub kind: ProblemKind,
    pub span: Span,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) enum ProblemKind {
    Syntax,
    /// The key or table exists already.
    Duplicate {
        first: Span,
    },
    TooDeep,
    TooManyKeys,
}

/// The maximum size of a tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::inventory) struct TreeLimits {
    /// Tables and arrays within each other, dotted keys included.
    pub depth: u32,
    /// Keys and array elements.
    pub keys: usize,
}

/// The index of a node in `Tree::nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NodeId(u32);

impl NodeId {
    const ROOT: Self = Self(0);
    /// The end of a chain of siblings.
    const NONE: Self = Self(u32::MAX);

    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The way a table was created, which decides whether keys may be added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableOrigin {
    /// Only passed through by a header, `a` in `[a.b]`.
    Implicit,
    /// By dotted keys, `a` in `a.b = 1`.
    Dotted,
    /// By a header of its own.
    Header,
    /// `{ … }`
    Inline,
}

#[derive(Debug, Clone, Copy)]
struct Children {
    first: NodeId,
    last: NodeId,
    count: u32,
}

impl Children {
    const NONE: Self = Self {
        first: NodeId::NONE,
        last: NodeId::NONE,
        count: 0,
    };
}

#[derive(Debug)]
enum Value<'t> {
    String(Cow<'t, str>),
    /// Absent where the number does not fit 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean(bool),
    Datetime,
    Array {
        of_tables: bool,
        children: Children,
    },
    Table {
        origin: TableOrigin,
        children: Children,
    },
    /// Reported as a problem already.
    Broken,
}

#[derive(Debug)]
struct Node<'t> {
    key: Cow<'t, str>,
    key_span: Span,
    span: Span,
    next: NodeId,
    value: Value<'t>,
}

/// A table with more children than this gets its keys indexed; below, a walk along the chain is faster.
const INDEXED_ABOVE: u32 = 12;

/// A TOML document.
#[derive(Debug)]
pub(in crate::inventory) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    index: HashMap<(u32, Cow<'t, str>), NodeId>,
}

impl<'t> Tree<'t> {
    pub(in crate::inventory) fn root(&self) -> Item<'_, 't> {
        Item::new(self, NodeId::ROOT)
    }

    fn node(&self, id: NodeId) -> Option<&Node<'t>> {
        self.nodes.get(id.index())
    }

    fn children(&self, id: NodeId) -> Children {
        match self.node(id).map(|node| &node.value) {
            Some(Value::Array { children, .. } | Value::Table { children, .. }) => *children,
            Some(
                Value::String(_)
                | Value::Integer(_)
                | Value::Float
                | Value::Boolean(_)
                | Value::Datetime
                | Value::Broken,
            )
            | None => Children::NONE,
        }
    }

    fn find(&self, table: NodeId, key: &str) -> Option<NodeId> {
        let children = self.children(table);
        if children.count > INDEXED_ABOVE {
            return self.index.get(&(table.0, Cow::Borrowed(key))).copied();
        }
        let mut id = children.first;
        while let Some(node) = self.node(id) {
            if node.key == key {
                return Some(id);
            }
            id = node.next;
        }
        None
    }
}
