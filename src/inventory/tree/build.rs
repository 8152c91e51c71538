//! Builds a tree from the parser's events, following TOML's rules on what may be added to what.

use std::borrow::Cow;

use toml_parser::{ParseError, Source};

use super::{
    Children, INDEXED_ABOVE, Node, NodeId, Problem, ProblemKind, Span, TableOrigin, Tree,
    TreeLimits, Value,
};

/// After so many problems the rest are consequences of the first ones.
const MAX_PROBLEMS: usize = 20;

/// The most tokens of one text. The parser wants them all at once, at 24 bytes each: a file of brackets only
/// would take 24 times its size. An honest file of the largest size has well under 3 million.
const MAX_TOKENS: usize = 4_000_000;

/// Parses a text, and reports every problem that can be distinguished.
pub(in crate::inventory) fn parse(text: &str, limits: TreeLimits) -> (Tree<'_>, Vec<Problem>) {
    let source = Source::new(text);
    let mut builder = Builder::new(source, limits);
    let tokens: Vec<_> = source.lex().take(MAX_TOKENS + 1).collect();
    if tokens.len() > MAX_TOKENS {
        builder.refuse_for_size(Span { start: 0, end: 1 });
    } else {
        let mut errors = Vec::new();
        let mut sink = |error: ParseError| {
            if errors.len() <= MAX_PROBLEMS {
                errors.push(error);
            }
        };
        toml_parser::parser::parse_document(&tokens, &mut builder, &mut sink);
        for error in errors {
            builder.syntax(&error);
        }
    }
    let Builder {
        tree, mut problems, ..
    } = builder;
    problems.sort_by_key(|problem| problem.span);
    problems.truncate(MAX_PROBLEMS);
    (tree, problems)
}

/// A key as it was read, before it is known where it belongs.
pub(super) struct Key<'t> {
    pub(super) name: Cow<'t, str>,
    pub(super) span: Span,
}

pub(super) struct Builder<'t> {
    pub(super) source: Source<'t>,
    pub(super) limits: TreeLimits,
    tree: Tree<'t>,
    problems: Vec<Problem>,
    /// The table of the last header, where keys at the beginning of a line go.
    current: NodeId,
    /// Open arrays and inline tables, innermost last.
    open: Vec<NodeId>,
    /// The keys read so far of a header or of `a.b.c =`.
    pub(super) path: Vec<Key<'t>>,
    pub(super) after_dot: bool,
    header_start: Span,
    is_full: bool,
}

impl<'t> Builder<'t> {
    fn new(source: Source<'t>, limits: TreeLimits) -> Self {
        let root = Node {
            key: Cow::Borrowed(""),
            key_span: Span::default(),
            span: Span::default(),
            next: NodeId::NONE,
            value: Value::Table {
                origin: TableOrigin::Header,
                children: Children::NONE,
            },
        };
        Self {
            source,
            limits,
            tree: Tree {
                nodes: vec![root],
                index: foldhash::HashMap::default(),
            },
            problems: Vec::new(),
            current: NodeId::ROOT,
            open: Vec::new(),
            path: Vec::new(),
            after_dot: false,
            header_start: Span::default(),
            is_full: false,
        }
    }

    fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        if self.problems.len() <= MAX_PROBLEMS {
            self.problems.push(Problem {
                kind,
                span,
                message: message.into(),
            });
        }
    }

    fn syntax(&mut self, error: &ParseError) {
        let mut message = error.description().to_owned();
        let expected: Vec<_> = error
            .expected()
            .into_iter()
            .flatten()
            .map(|expected| match expected {
                toml_parser::Expected::Literal("\n") => "a new line".to_owned(),
                toml_parser::Expected::Literal(text) => format!("`{text}`"),
                toml_parser::Expected::Description(text) => (*text).to_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        if !expected.is_empty() {
            message.push_str("; expected ");
            message.push_str(&expected.join(" or "));
        }
        let span = error.unexpected().or(error.context()).map(Span::of);
        self.problem(ProblemKind::Syntax, span.unwrap_or_default(), message);
    }

    fn refuse_for_size(&mut self, span: Span) {
        if !self.is_full {
            self.is_full = true;
            let most = self.limits.keys;
            self.problem(
                ProblemKind::TooManyKeys,
                span,
                format!("the file has more than {most} keys and values"),
            );
        }
    }

    fn duplicate(&mut self, key: &Key<'t>, first: NodeId) {
        let first = self
            .tree
            .node(first)
            .map_or(Span::default(), |n| n.key_span);
        self.problem(
            ProblemKind::Duplicate { first },
            key.span,
            format!("`{}` is given twice", key.name),
        );
    }

    /// Adds a node without a parent.
    fn detached(&mut self, key: Key<'t>, span: Span, value: Value<'t>) -> NodeId {
        if self.tree.nodes.len() > self.limits.keys {
            self.refuse_for_size(span);
        }
        let Ok(index) = u32::try_from(self.tree.nodes.len()) else {
            return NodeId::NONE;
        };
        if self.is_full {
            return NodeId::NONE;
        }
        self.tree.nodes.push(Node {
            key: key.name,
            key_span: key.span,
            span,
            next: NodeId::NONE,
            value,
        });
        NodeId(index)
    }

    /// Adds a node at the end of a table or an array.
    fn append(&mut self, parent: NodeId, key: Key<'t>, span: Span, value: Value<'t>) -> NodeId {
        let id = self.detached(key, span, value);
        if id == NodeId::NONE {
            return id;
        }
        let Some(Node {
            value: Value::Array { children, .. } | Value::Table { children, .. },
            ..
        }) = self.tree.nodes.get_mut(parent.index())
        else {
            return id;
        };
        let before = children.last;
        children.last = id;
        children.count += 1;
        if before == NodeId::NONE {
            children.first = id;
        }
        let (count, first) = (children.count, children.first);
        if let Some(before) = self.tree.nodes.get_mut(before.index()) {
            before.next = id;
        }
        self.keep_index(parent, count, first, id);
        id
    }

    /// Indexes the keys of a table from the moment it is large.
    fn keep_index(&mut self, parent: NodeId, count: u32, first: NodeId, added: NodeId) {
        let mut id = match count {
            0..=INDEXED_ABOVE => return,
            count if count == INDEXED_ABOVE + 1 => first,
            _ => added,
        };
        if matches!(
            self.tree.node(parent).map(|n| &n.value),
            Some(Value::Array { .. })
        ) {
            return;
        }
        while let Some(node) = self.tree.nodes.get(id.index()) {
            self.tree.index.insert((parent.0, node.key.clone()), id);
            id = node.next;
        }
    }

    /// Walks from `table` along all keys but the last, making the tables that are missing.
    ///
    /// Returns the table and the last key, or nothing where the way is barred, which is then reported.
    fn descend(&mut self, mut table: NodeId, is_dotted: bool) -> Option<(NodeId, Key<'t>)> {
        let mut path = std::mem::take(&mut self.path);
        let depth = path.len() + self.open.len();
        let last = path.pop()?;
        if depth > usize::try_from(self.limits.depth).unwrap_or(usize::MAX) {
            self.too_deep(last.span);
            return None;
        }
        let made = if is_dotted {
            TableOrigin::Dotted
        } else {
            TableOrigin::Implicit
        };
        for key in path {
            let Some(found) = self.tree.find(table, &key.name) else {
                let value = Value::Table {
                    origin: made,
                    children: Children::NONE,
                };
                let span = key.span;
                table = self.append(table, key, span, value);
                continue;
            };
            if is_dotted {
                self.mark_dotted(found);
            }
            match self.tree.node(found).map(|node| &node.value) {
                Some(Value::Table {
                    origin: TableOrigin::Inline,
                    ..
                }) => {
                    self.duplicate(&key, found);
                    return None;
                }
                Some(Value::Table { origin, .. })
                    if !(is_dotted && *origin == TableOrigin::Header) =>
                {
                    table = found;
                }
                Some(Value::Array {
                    of_tables: true,
                    children,
                }) if !is_dotted => table = children.last,
                Some(Value::Broken) => return None,
                Some(_) | None => {
                    self.duplicate(&key, found);
                    return None;
                }
            }
        }
        Some((table, last))
    }

    /// A table with dotted keys cannot get a header of its own.
    fn mark_dotted(&mut self, id: NodeId) {
        if let Some(Node {
            value: Value::Table { origin, .. },
            ..
        }) = self.tree.nodes.get_mut(id.index())
            && *origin == TableOrigin::Implicit
        {
            *origin = TableOrigin::Dotted;
        }
    }

    fn too_deep(&mut self, span: Span) {
        let most = self.limits.depth;
        self.problem(
            ProblemKind::TooDeep,
            span,
            format!("tables and lists stand more than {most} deep within each other"),
        );
    }

    /// Puts a value at the position of the keys before it, or at the end of the open array.
    pub(super) fn place(&mut self, span: Span, value: Value<'t>) -> NodeId {
        let container = self.open.last().copied().unwrap_or(self.current);
        let is_array = matches!(
            self.tree.node(container).map(|node| &node.value),
            Some(Value::Array { .. })
        );
        let nowhere = |span| Key {
            name: Cow::Borrowed(""),
            span,
        };
        if is_array {
            self.path.clear();
            let key = Key {
                name: self.name_of(container),
                span,
            };
            return self.append(container, key, span, value);
        }
        match self.descend(container, true) {
            Some((table, key)) => match self.tree.find(table, &key.name) {
                Some(first) => {
                    self.duplicate(&key, first);
                    self.detached(key, span, value)
                }
                None => self.append(table, key, span, value),
            },
            None => self.detached(nowhere(span), span, value),
        }
    }

    /// Returns the key of a list, which its entries have too: findings name them by it.
    fn name_of(&self, id: NodeId) -> Cow<'t, str> {
        match self.tree.node(id).map(|node| &node.key) {
            Some(Cow::Borrowed(name)) => Cow::Borrowed(name),
            // Written with escapes. A copy for each entry of a long list could fill the memory.
            Some(Cow::Owned(_)) | None => Cow::Borrowed(""),
        }
    }

    pub(super) fn open_header(&mut self, span: Span) {
        self.open.clear();
        self.path.clear();
        self.after_dot = false;
        self.header_start = span;
    }

    pub(super) fn close_header(&mut self, end: Span, is_array: bool) {
        let span = Span {
            start: self.header_start.start,
            end: end.end,
        };
        let table = |origin| Value::Table {
            origin,
            children: Children::NONE,
        };
        let Some((parent, key)) = self.descend(NodeId::ROOT, false) else {
            let nowhere = Key {
                name: Cow::Borrowed(""),
                span,
            };
            self.current = self.detached(nowhere, span, table(TableOrigin::Header));
            return;
        };
        let found = self.tree.find(parent, &key.name);
        self.current = match (found, is_array) {
            (None, false) => self.append(parent, key, span, table(TableOrigin::Header)),
            (None, true) => {
                let name = match key.name {
                    Cow::Borrowed(name) => Cow::Borrowed(name),
                    Cow::Owned(_) => Cow::Borrowed(""),
                };
                let element = Key {
                    name,
                    span: key.span,
                };
                let children = Children::NONE;
                let array = self.append(
                    parent,
                    key,
                    span,
                    Value::Array {
                        of_tables: true,
                        children,
                    },
                );
                self.append(array, element, span, table(TableOrigin::Header))
            }
            (Some(id), is_array) => match self.tree.nodes.get_mut(id.index()) {
                Some(Node {
                    value: Value::Table { origin, .. },
                    span: at,
                    key_span,
                    ..
                }) if !is_array && *origin == TableOrigin::Implicit => {
                    *origin = TableOrigin::Header;
                    *at = span;
                    *key_span = key.span;
                    id
                }
                Some(Node {
                    value:
                        Value::Array {
                            of_tables: true, ..
                        },
                    ..
                }) if is_array => self.append(id, key, span, table(TableOrigin::Header)),
                Some(_) | None => {
                    self.duplicate(&key, id);
                    self.detached(key, span, table(TableOrigin::Header))
                }
            },
        };
    }

    pub(super) fn open_container(&mut self, span: Span, value: Value<'t>) -> bool {
        let id = self.place(span, value);
        let depth = self.open.len();
        self.open.push(id);
        self.after_dot = false;
        let is_allowed = depth < usize::try_from(self.limits.depth).unwrap_or(usize::MAX);
        if !is_allowed {
            self.too_deep(span);
        }
        is_allowed && !self.is_full
    }

    pub(super) fn close_container(&mut self, span: Span) {
        self.path.clear();
        self.after_dot = false;
        if let Some(id) = self.open.pop()
            && let Some(node) = self.tree.nodes.get_mut(id.index())
        {
            node.span.end = span.end;
        }
    }
}
