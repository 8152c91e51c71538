//! Writes the text of a new object.

use toml_edit::{Item, Table};

use super::error::Obstacle;
use super::object::written;
use super::open_file::OpenFile;
use super::set::value_text;
use super::{KeyPath, insert};
use crate::authoring::format::{Order, format};
use crate::authoring::layout::{StatementKind, shared};

impl OpenFile<'_> {
    /// Adds an object at its place in the file.
    pub(super) fn add(
        &mut self,
        object: &[String],
        fields: &[(KeyPath, toml_edit::Value)],
        comment: Option<&str>,
        order: Order<'_>,
    ) -> Result<(), Obstacle> {
        self.check_headers(object)?;
        let text = object_text(object, fields, comment);
        let text = format(self.kind, &text, order)
            .map_err(|error| Obstacle::new(None, std::format!("its fields do not fit: {error}")))?;
        let block = insert::read(&text)?;
        if let [table, id] = object {
            let at = self.object_place(table, id);
            self.insert_block(at, block);
        }
        let mut done = self.meaning.set(object, Item::Table(Table::new()));
        for (key, value) in fields {
            let path: Vec<String> = object.iter().chain(key.names()).cloned().collect();
            done &= self.meaning.set(&path, Item::Value(value.clone()));
        }
        done.then_some(())
            .ok_or_else(|| Obstacle::new(None, "a name on the way to it is not a table"))
    }

    /// Refuses a file whose objects are in an inline table: TOML allows no header below one.
    fn check_headers(&self, object: &[String]) -> Result<(), Obstacle> {
        for (index, header, statement) in self.layout.placed() {
            let names = header.len() + statement.path.len();
            let is_above = names < object.len() && shared(header, &statement.path, object) == names;
            if statement.kind == StatementKind::KeyValue && is_above {
                let table = written(object.get(..names).unwrap_or_default());
                return Err(self.obstacle(index, std::format!("`{table}` is an inline table")));
            }
        }
        Ok(())
    }
}

/// Returns the object in any order: formatting brings it into the canonical one.
fn object_text(
    object: &[String],
    fields: &[(KeyPath, toml_edit::Value)],
    comment: Option<&str>,
) -> String {
    let mut text = String::new();
    for line in comment.unwrap_or_default().lines() {
        let mark = if line.starts_with('#') { "" } else { "# " };
        text.push_str(std::format!("{mark}{line}").trim_end());
        text.push('\n');
    }
    let mut tables: Vec<(&[String], String)> = vec![(&[], String::new())];
    for (key, value) in fields {
        let Some((name, table)) = key.names().split_last() else {
            continue;
        };
        let line = std::format!("{} = {}\n", written(&[name]), value_text(value));
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, lines)) => lines.push_str(&line),
            None => tables.push((table, line)),
        }
    }
    for (table, lines) in tables {
        let path: Vec<&String> = object.iter().chain(table).collect();
        text.push_str(&std::format!("[{}]\n{lines}\n", written(&path)));
    }
    text
}
