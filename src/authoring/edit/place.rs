//! Finds the position of a new key or table from the order of the file.

use super::open_file::OpenFile;
use crate::authoring::format::Order;
use crate::authoring::layout::{Part, Statement, shared};
use crate::model::natural_order;

/// The table that a new key belongs to, or the deepest one on the way there.
pub(super) enum Home {
    /// Its header is at this index; without one it is the top of the file.
    Table { header: Option<usize>, depth: usize },
    /// It is written with dotted keys, under a header of so many names.
    Dotted { after: usize, header: usize },
    /// It has no header of its own: the first header of a table in it is at this index.
    Implied { before: usize, depth: usize },
}

impl OpenFile<'_> {
    /// Returns the deepest table on the way to `path`.
    pub(super) fn home(&self, path: &[String]) -> Home {
        let common =
            |header: &[Part<'_>], statement: &Statement<'_>| shared(header, &statement.path, path);
        let depths = self.layout.placed().map(|(_, h, s)| common(h, s));
        let depth = depths.max().unwrap_or(0);
        let mut home = Home::Table {
            header: None,
            depth,
        };
        if depth == 0 {
            return home;
        }
        let mut is_implied = false;
        for (index, header, statement) in self.layout.placed() {
            if common(header, statement) != depth {
                continue;
            }
            if statement.kind.is_header() && statement.path.len() == depth {
                return Home::Table {
                    header: Some(index),
                    depth,
                };
            }
            if !statement.kind.is_header() && header.len() < depth {
                home = Home::Dotted {
                    after: index,
                    header: header.len(),
                };
                is_implied = true;
            } else if !is_implied {
                home = Home::Implied {
                    before: index,
                    depth,
                };
                is_implied = true;
            }
        }
        home
    }

    /// Returns where a new table of an object goes: after its last one; among the tables of a settings file by their order.
    pub(super) fn table_place(
        &self,
        object: usize,
        path: &[String],
        depth: usize,
        order: Order<'_>,
    ) -> usize {
        let known = path.get(..object.max(depth)).unwrap_or_default();
        let rank = ranks::<&str>(&[], order);
        let mut last = None;
        for (index, statement) in self.layout.statements.iter().enumerate() {
            let belongs = if known.is_empty() {
                let own = statement.path.first().map(|part| rank(&part.name));
                own <= path.first().map(|name| rank(name))
            } else {
                let names = if object > 0 { object } else { known.len() };
                shared(&[], &statement.path, known) >= names
            };
            if statement.kind.is_header() && belongs {
                last = Some(index);
            }
        }
        match last {
            Some(header) => self.next_header(header + 1),
            None => self.next_header(0),
        }
    }

    /// Returns where an object goes: before the first that sorts after it where the file is sorted, else at the end.
    pub(super) fn object_place(&self, table: &str, id: &str) -> usize {
        let end = self.layout.statements.len();
        let mut place = None;
        let mut last: Option<&str> = None;
        for (index, header, statement) in self.layout.placed() {
            let mut names = header.iter().chain(&statement.path).map(|part| &part.name);
            if names.next().is_none_or(|name| name != table) {
                continue;
            }
            let Some(other) = names.next() else {
                continue;
            };
            if !statement.kind.is_header() && header.len() < 2 {
                // A header in the midst of dotted keys would take the keys below it.
                return end;
            }
            if last.is_some_and(|last| last == other) {
                continue;
            }
            if last.is_some_and(|last| natural_order(last, other).is_gt()) {
                return end;
            }
            if place.is_none() && natural_order(other, id).is_gt() {
                place = Some(index);
            }
            last = Some(other);
        }
        place.unwrap_or(end)
    }
}

/// Returns the rank of each key in a table; unknown keys come last.
pub(super) fn ranks<S: AsRef<str>>(table: &[S], order: Order<'_>) -> impl Fn(&str) -> usize {
    let path: Vec<&str> = table.iter().map(AsRef::as_ref).collect();
    let known = order(&path).unwrap_or_default();
    move |name| {
        let rank = known.iter().position(|known| *known == name);
        rank.unwrap_or(known.len())
    }
}
