//! Edits the text of an inline table.

use super::object::written;
use super::place::ranks;
use crate::authoring::format::Order;
use crate::authoring::layout::{Entry, Node, Shape};

/// Returns the inline table in `text`, which is at the first `depth` names of `path`, with the value at `path` set.
pub(super) fn set(
    text: &str,
    path: &[String],
    depth: usize,
    value: &str,
    order: Order<'_>,
) -> Result<String, String> {
    let root = Node::parse(text).map_err(|error| error.to_string())?;
    let (place, new) = match find(&root, path, depth)? {
        Found::Entry { is_below: true, .. } => {
            let name = written(path);
            return Err(format!(
                "`{name}` is a table, whose keys are set one by one"
            ));
        }
        Found::Entry { table, index, .. } => {
            let entry = table.entries.get(index);
            let place = entry.map_or(0..0, |entry| entry.value.place.clone());
            (place, value.to_owned())
        }
        Found::Nowhere { table, depth } => {
            let key = written(path.get(depth..).unwrap_or_default());
            place_for(text, table, path, depth, &format!("{key} = {value}"), order)
        }
    };
    Ok(replaced(text, place, &new))
}

/// Returns the inline table in `text` without the value at `path`.
pub(super) fn remove(text: &str, path: &[String], depth: usize) -> Result<String, String> {
    let mut text = text.to_owned();
    // More than one entry can be meant: `{ a.b = 1, a.c = 2 }` without `a`.
    loop {
        let root = Node::parse(&text).map_err(|error| error.to_string())?;
        let Found::Entry { table, index, .. } = find(&root, path, depth)? else {
            return Ok(text);
        };
        if table.has_own_comments() {
            return Err("there are comments within the inline table".to_owned());
        }
        let start = |entry: &Entry<'_>| entry.place().start;
        let entries = &table.entries;
        let before = index.checked_sub(1).and_then(|index| entries.get(index));
        let place = match (before, entries.get(index), entries.get(index + 1)) {
            (_, Some(entry), Some(next)) => start(entry)..start(next),
            (Some(before), Some(entry), None) => before.place().end..entry.place().end,
            (None, Some(_), None) | (_, None, _) => table.place.start + 1..table.place.end - 1,
        };
        text.replace_range(place, "");
    }
}

enum Found<'n, 'k> {
    /// The entry with this index is at `path`, or below it through its dotted key.
    Entry {
        table: &'n Node<'k>,
        index: usize,
        is_below: bool,
    },
    /// This table at so many names of `path` is where it would be.
    Nowhere { table: &'n Node<'k>, depth: usize },
}

fn find<'n, 'k>(
    table: &'n Node<'k>,
    path: &[String],
    depth: usize,
) -> Result<Found<'n, 'k>, String> {
    if table.shape != Shape::InlineTable {
        let name = written(path.get(..depth).unwrap_or_default());
        return Err(format!("`{name}` is a value, not a table"));
    }
    let wanted = path.get(depth..).unwrap_or_default();
    for (index, entry) in table.entries.iter().enumerate() {
        let names = entry.key.iter().zip(wanted);
        let common = names.take_while(|(part, name)| part.name == **name).count();
        if common == wanted.len() {
            return Ok(Found::Entry {
                table,
                index,
                is_below: entry.key.len() > common,
            });
        }
        if common == entry.key.len() {
            return find(&entry.value, path, depth + common);
        }
    }
    Ok(Found::Nowhere { table, depth })
}

/// Returns where a new entry goes, and its text with the comma it needs.
fn place_for(
    text: &str,
    table: &Node<'_>,
    path: &[String],
    depth: usize,
    entry: &str,
    order: Order<'_>,
) -> (std::ops::Range<usize>, String) {
    let inside = table.place.start + 1..table.place.end - 1;
    let Some(first) = table.entries.first() else {
        let is_blank = text
            .get(inside.clone())
            .is_some_and(|inside| inside.trim().is_empty());
        return if is_blank {
            (inside, format!(" {entry} "))
        } else {
            (inside.start..inside.start, format!(" {entry}"))
        };
    };
    let rank = ranks(path.get(..depth).unwrap_or_default(), order);
    let own = path.get(depth).map_or(0, |name| rank(name));
    let name_rank = |entry: &Entry<'_>| entry.key.first().map_or(0, |part| rank(&part.name));
    let before = table.entries.iter().rev().find(|e| name_rank(e) <= own);
    match before {
        Some(before) => {
            let at = before.place().end;
            (at..at, format!(", {entry}"))
        }
        None => {
            let at = first.place().start;
            (at..at, format!("{entry}, "))
        }
    }
}

fn replaced(text: &str, place: std::ops::Range<usize>, new: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(place, new);
    text
}
