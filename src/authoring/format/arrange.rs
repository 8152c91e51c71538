//! Sorts the statements of a file into canonical order, each with its comments.

use std::collections::BTreeMap;

use super::Order;
use crate::authoring::layout::{Layout, Lead, Part, Statement, StatementKind};
use crate::inventory::FileKind;
use crate::model::natural_order;

/// Comment lines without a blank line between them.
pub(super) type Paragraph = Vec<String>;

/// A file in canonical order.
pub(super) struct Arrangement<'a> {
    /// Lines that stay at the top, whatever follows.
    pub(super) head: Vec<Paragraph>,
    /// The keys above the first header.
    pub(super) root: Vec<Statement<'a>>,
    /// Comments below the last of them.
    pub(super) root_tail: Paragraph,
    pub(super) sections: Vec<Section<'a>>,
    pub(super) end: Vec<Paragraph>,
}

/// Tables that may be sorted among each other.
#[derive(Default)]
pub(super) struct Section<'a> {
    /// The free-standing comments that it begins with.
    pub(super) head: Vec<Paragraph>,
    pub(super) tables: Vec<Block<'a>>,
}

/// A header with the keys below it.
pub(super) struct Block<'a> {
    /// The comment directly above.
    pub(super) comment: Paragraph,
    pub(super) header: Statement<'a>,
    pub(super) keys: Vec<Statement<'a>>,
    /// Comments below the last key.
    pub(super) tail: Paragraph,
}

pub(super) fn arrange<'a>(kind: FileKind, layout: Layout<'a>, order: Order<'_>) -> Arrangement<'a> {
    let has_arrays = layout
        .statements
        .iter()
        .any(|statement| statement.kind == StatementKind::ArrayHeader);
    let ranks = (!has_arrays).then(|| Ranks::of(kind, &layout, order));
    let mut file = collect(layout);
    sort_keys(&[], &mut file.root, order);
    for section in &mut file.sections {
        for table in &mut section.tables {
            sort_keys(&table.header.path, &mut table.keys, order);
        }
        if let Some(ranks) = &ranks {
            section
                .tables
                .sort_by_cached_key(|table| ranks.along(&table.header.path));
        }
    }
    file
}

/// Hands out the comments, in the order of the file.
fn collect(layout: Layout<'_>) -> Arrangement<'_> {
    let mut file = Arrangement {
        head: Vec::new(),
        root: Vec::new(),
        root_tail: Vec::new(),
        sections: Vec::new(),
        end: owned(Lead::parse(&layout.end).paragraphs),
    };
    for (index, mut statement) in layout.statements.into_iter().enumerate() {
        if index == 0 {
            let (head, rest) = Lead::split_head(&statement.lead);
            file.head = owned(Lead::parse(head).paragraphs);
            statement.lead = rest.to_owned().into();
        }
        let tail = std::mem::take(&mut statement.tail);
        let tail: Paragraph = owned(Lead::parse(&tail).paragraphs).concat();
        if statement.kind.is_header() {
            add_header(&mut file.sections, statement, tail);
        } else if let Some(table) = file.sections.last_mut().and_then(|s| s.tables.last_mut()) {
            table.keys.push(statement);
            table.tail.extend(tail);
        } else {
            file.root.push(statement);
            file.root_tail.extend(tail);
        }
    }
    file
}

fn add_header<'a>(sections: &mut Vec<Section<'a>>, header: Statement<'a>, tail: Paragraph) {
    let lead = Lead::parse(&header.lead);
    let mut paragraphs = owned(lead.paragraphs);
    let comment = if lead.is_attached {
        paragraphs.pop().unwrap_or_default()
    } else {
        Vec::new()
    };
    let table = Block {
        comment,
        header,
        keys: Vec::new(),
        tail,
    };
    match sections.last_mut() {
        Some(section) if paragraphs.is_empty() => section.tables.push(table),
        Some(_) | None => sections.push(Section {
            head: paragraphs,
            tables: vec![table],
        }),
    }
}

fn owned(paragraphs: Vec<Vec<&str>>) -> Vec<Paragraph> {
    let own = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
    paragraphs.into_iter().map(own).collect()
}

fn sort_keys(header: &[Part<'_>], keys: &mut [Statement<'_>], order: Order<'_>) {
    let path: Vec<&str> = header.iter().map(|part| part.name.as_ref()).collect();
    let own = order(&path);
    keys.sort_by_cached_key(|statement| key_rank(own.as_deref(), &path, &statement.path, order));
}

/// Returns the place of a key within its table, and of each further name of a dotted key within the table before it.
///
/// The rank ends at the first name that `order` does not know: from there on keys keep the order they were written in.
pub(super) fn key_rank(
    own: Option<&[&'static str]>,
    table: &[&str],
    key: &[Part<'_>],
    order: Order<'_>,
) -> Vec<usize> {
    let mut path = table.to_vec();
    let mut ranks = Vec::new();
    let mut names: Option<Vec<&'static str>> = own.map(<[&str]>::to_vec);
    for (depth, part) in key.iter().enumerate() {
        if depth > 0 {
            names = order(&path);
        }
        let Some(known) = &names else {
            break;
        };
        let rank = known.iter().position(|name| *name == part.name);
        ranks.push(rank.unwrap_or(known.len()));
        if rank.is_none() {
            break;
        }
        path.push(&part.name);
    }
    ranks
}

/// The place of every table among its siblings.
struct Ranks {
    root: Family,
}

#[derive(Default)]
struct Family {
    /// In the order of their first lines in the file.
    names: Vec<String>,
    children: BTreeMap<String, Self>,
    ranks: BTreeMap<String, usize>,
}

impl Ranks {
    fn of(kind: FileKind, layout: &Layout<'_>, order: Order<'_>) -> Self {
        let mut root = Family::default();
        for statement in &layout.statements {
            if statement.kind.is_header() {
                root.add(&statement.path);
            }
        }
        root.sort(kind, &mut Vec::new(), order);
        Self { root }
    }

    fn along(&self, path: &[Part<'_>]) -> Vec<usize> {
        let mut family = Some(&self.root);
        path.iter()
            .map_while(|part| {
                let here = family?;
                family = here.children.get(part.name.as_ref());
                here.ranks.get(part.name.as_ref()).copied()
            })
            .collect()
    }
}

impl Family {
    fn add(&mut self, path: &[Part<'_>]) {
        let mut family = self;
        for part in path {
            if !family.children.contains_key(part.name.as_ref()) {
                family.names.push(part.name.to_string());
            }
            family = family.children.entry(part.name.to_string()).or_default();
        }
    }

    fn sort(&mut self, kind: FileKind, path: &mut Vec<String>, order: Order<'_>) {
        let written: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_objects = matches!(written.as_slice(), [only] if Some(*only) == kind.object_table());
        let known = order(&written).unwrap_or_default();
        let rank = |name: &String| known.iter().position(|known| known == name);
        let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
        if is_objects || self.names.iter().all(is_number) {
            self.names.sort_by(|left, right| natural_order(left, right));
        } else {
            self.names
                .sort_by_key(|name| rank(name).unwrap_or(known.len()));
        }
        self.ranks = self.names.iter().cloned().zip(0..).collect();
        for (name, family) in &mut self.children {
            path.push(name.clone());
            family.sort(kind, path, order);
            path.pop();
        }
    }
}
