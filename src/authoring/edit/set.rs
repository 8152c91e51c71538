//! Writes a value: over the old one, or as a new key at its canonical position.

use toml_edit::{Item, Value};

use super::error::Obstacle;
use super::inline;
use super::object::written;
use super::open_file::OpenFile;
use super::place::Home;
use crate::authoring::format::Order;
use crate::authoring::layout::{Node, StatementKind, same_meaning, shared};

/// The position of a value.
enum ValuePosition {
    /// In the statement at this index.
    Statement(usize),
    /// In the inline table of the statement at this index, whose key has this many names.
    Inline(usize, usize),
    Nowhere,
}

impl OpenFile<'_> {
    /// Sets the value at `path`, whose first `object` names are the object's; returns whether anything changed.
    pub(super) fn set(
        &mut self,
        object: usize,
        path: &[String],
        value: &Value,
        order: Order<'_>,
    ) -> Result<bool, Obstacle> {
        let item = Item::Value(value.clone());
        let old = self.meaning.get(path);
        if old.is_some_and(|old| same_meaning(old, &item)) {
            return Ok(false);
        }
        let text = value_text(value);
        match self.find(path)? {
            ValuePosition::Statement(index) => self.replace(index, &text)?,
            ValuePosition::Inline(index, depth) => {
                self.set_inline(index, depth, path, &text, order)?;
            }
            ValuePosition::Nowhere => self.insert(object, path, &text, order)?,
        }
        self.exists = true;
        if self.meaning.set(path, item) {
            Ok(true)
        } else {
            Err(Obstacle::new(
                None,
                "a name on the way to it is not a table",
            ))
        }
    }

    fn find(&self, path: &[String]) -> Result<ValuePosition, Obstacle> {
        for (index, header, statement) in self.layout.placed() {
            let names = header.len() + statement.path.len();
            let common = shared(header, &statement.path, path);
            if common == names && statement.kind == StatementKind::ArrayHeader {
                return Err(self.obstacle(index, "it is an array of tables"));
            }
            if common == names && statement.kind == StatementKind::KeyValue {
                if names == path.len() {
                    return Ok(ValuePosition::Statement(index));
                }
                if statement.value_text().starts_with('{') {
                    return Ok(ValuePosition::Inline(index, names));
                }
                let name = written(path.get(..names).unwrap_or_default());
                return Err(self.obstacle(index, format!("`{name}` is a value, not a table")));
            }
            if common == path.len() {
                let why = format!(
                    "`{}` is a table, whose keys are set one by one",
                    written(path)
                );
                return Err(self.obstacle(index, why));
            }
        }
        Ok(ValuePosition::Nowhere)
    }

    /// Writes over the value of a statement; comments inside the old value go above the key.
    fn replace(&mut self, index: usize, text: &str) -> Result<(), Obstacle> {
        let line_end = self.layout.line_end();
        let Some(statement) = self.layout.statements.get_mut(index) else {
            return Ok(());
        };
        let old = statement.value_text();
        let mut above = String::new();
        if let (true, Ok(node)) = (old.starts_with(['[', '{']), Node::parse(old)) {
            for comment in node.comments() {
                above.push_str(statement.indentation());
                above.push_str(old.get(comment).unwrap_or_default());
                above.push_str(line_end);
            }
        }
        let place = statement.value.clone();
        let done = statement.splice(place, text);
        if !above.is_empty() {
            statement.lead.to_mut().push_str(&above);
        }
        done.map_err(|error| self.obstacle(index, error.to_string()))
    }

    fn set_inline(
        &mut self,
        index: usize,
        depth: usize,
        path: &[String],
        text: &str,
        order: Order<'_>,
    ) -> Result<(), Obstacle> {
        let Some(statement) = self.layout.statements.get_mut(index) else {
            return Ok(());
        };
        let edited = inline::set(statement.value_text(), path, depth, text, order);
        let place = statement.value.clone();
        edited
            .and_then(|value| statement.splice(place, &value).map_err(|e| e.to_string()))
            .map_err(|why| self.obstacle(index, why))
    }

    /// Writes a value where there was none.
    fn insert(
        &mut self,
        object: usize,
        path: &[String],
        text: &str,
        order: Order<'_>,
    ) -> Result<(), Obstacle> {
        let Some((name, table)) = path.split_last() else {
            return Err(Obstacle::new(None, "no key is named"));
        };
        let home = self.home(path);
        let line = |key: &str| format!("{key} = {text}{}", self.layout.line_end());
        match home {
            Home::Dotted { after, header } => {
                let key = written(path.get(header..).unwrap_or_default());
                let line = line(&key);
                self.insert_line(after + 1, &line)
            }
            Home::Table { header, depth } if depth == table.len() => {
                let line = line(&written(&[name]));
                self.insert_key(header, table, name, &line, order)
            }
            Home::Table { depth, .. } | Home::Implied { depth, .. } if depth < table.len() => {
                let at = self.table_place(object, path, depth, order);
                let block = self.block(table, &line(&written(&[name])))?;
                self.insert_block(at, block);
                Ok(())
            }
            Home::Implied { before, .. } => {
                let block = self.block(table, &line(&written(&[name])))?;
                self.insert_block(before, block);
                Ok(())
            }
            Home::Table { .. } => Err(Obstacle::new(None, "it is a table")),
        }
    }
}

/// Returns a value as TOML, without what stood around it where it came from.
pub(super) fn value_text(value: &Value) -> String {
    let mut value = value.clone();
    value.decor_mut().clear();
    value.to_string()
}
