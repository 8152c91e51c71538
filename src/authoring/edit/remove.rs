//! Removes keys, tables and objects from a file, with the comments that belong to them.

use toml_edit::{Item, Value};

use super::error::Obstacle;
use super::inline;
use super::open_file::{OpenFile, begins_blank};
use crate::authoring::layout::{
    Lead, Statement, StatementKind, comments_in, shared, without_empty_tables,
};

impl<'a> OpenFile<'a> {
    /// Removes the key or table at `path`; returns whether there was one.
    pub(super) fn remove(&mut self, path: &[String]) -> Result<bool, Obstacle> {
        if self.meaning.get(path).is_none() {
            return Ok(false);
        }
        let mut doomed = Vec::new();
        let mut inline = None;
        for (index, header, statement) in self.layout.placed() {
            let names = header.len() + statement.path.len();
            let common = shared(header, &statement.path, path);
            if common == names && names < path.len() {
                match statement.kind {
                    StatementKind::ArrayHeader => {
                        return Err(self.obstacle(index, "it is an array of tables"));
                    }
                    StatementKind::KeyValue => inline = Some((index, names)),
                    StatementKind::Header => {}
                }
            }
            doomed.push(common == path.len());
        }
        if let Some((index, names)) = inline {
            return self.remove_inline(index, names, path);
        }
        self.extract(&doomed);
        self.meaning.remove(path);
        self.forget_vanished(path);
        Ok(true)
    }

    /// Removes a key of an object, which is to keep something.
    pub(super) fn unset(&mut self, object: &[String], path: &[String]) -> Result<(), Obstacle> {
        let line = self.line_of(path);
        self.remove(path)?;
        let why = "this is all there is of it; remove the object instead";
        let is_there = object.is_empty() || self.meaning.get(object).is_some();
        is_there
            .then_some(())
            .ok_or_else(|| Obstacle::new(line, why))
    }

    /// Takes an object out that is written with headers of its own, to be put in elsewhere.
    pub(super) fn take_object(&mut self, path: &[String]) -> Result<Vec<Statement<'a>>, Obstacle> {
        let mut doomed = Vec::new();
        for (index, header, statement) in self.layout.placed() {
            let common = shared(header, &statement.path, path);
            let names = header.len() + statement.path.len();
            let is_key = !statement.kind.is_header();
            if is_key && header.len() < path.len() && common == path.len().min(names) {
                return Err(self.obstacle(index, "it has no header of its own to move with"));
            }
            doomed.push(common == path.len());
        }
        let taken = self.extract(&doomed);
        Ok(taken)
    }

    /// Removes the doomed statements and returns them; free-standing comments above them stay.
    fn extract(&mut self, doomed: &[bool]) -> Vec<Statement<'a>> {
        let line_end = self.layout.line_end();
        let mut kept: Vec<Statement<'a>> = Vec::new();
        let mut taken: Vec<Statement<'a>> = Vec::new();
        let mut free = String::new();
        let mut is_within = false;
        for (mut statement, doomed) in std::mem::take(&mut self.layout.statements)
            .into_iter()
            .zip(doomed)
        {
            if *doomed && !is_within {
                let (above, own) = if kept.is_empty() && taken.is_empty() {
                    Lead::split_head(&statement.lead)
                } else {
                    Lead::split_attached(&statement.lead)
                };
                if comments_in(above) {
                    free.push_str(above);
                }
                let own = own.to_owned();
                let is_first = taken.is_empty() || !statement.kind.is_header();
                let blank = if is_first { "" } else { line_end };
                statement.lead = format!("{blank}{own}").into();
            }
            is_within = *doomed;
            if !doomed {
                let is_first = kept.is_empty();
                let has_tail = kept.last().is_some_and(|before| !before.tail.is_empty());
                if has_tail && statement.kind.is_header() && !begins_blank(&statement.lead) {
                    // Else the comment would change hands, from the table above to the one below.
                    statement.lead.to_mut().insert_str(0, line_end);
                }
                rejoin(
                    &mut free,
                    statement.lead.to_mut(),
                    is_first,
                    !taken.is_empty(),
                );
                kept.push(statement);
                continue;
            }
            if !statement.kind.is_header() && taken.iter().all(|taken| !taken.kind.is_header()) {
                // The comment below the last key is the table's, and the table stays.
                let tail = std::mem::take(&mut statement.tail);
                match kept.last_mut() {
                    Some(before) => before.tail.to_mut().push_str(&tail),
                    None => free.push_str(&tail),
                }
            }
            taken.push(statement);
        }
        let is_first = kept.is_empty();
        rejoin(
            &mut free,
            self.layout.end.to_mut(),
            is_first,
            !taken.is_empty(),
        );
        self.layout.statements = kept;
        self.layout.settle();
        taken
    }

    fn remove_inline(
        &mut self,
        index: usize,
        depth: usize,
        path: &[String],
    ) -> Result<bool, Obstacle> {
        let Some(statement) = self.layout.statements.get_mut(index) else {
            return Ok(false);
        };
        let place = statement.value.clone();
        let edited = inline::remove(statement.value_text(), path, depth)
            .and_then(|value| statement.splice(place, &value).map_err(|e| e.to_string()));
        // The last name of a dotted key takes the table before it along, which only the text knows.
        let after = statement.value_text().parse::<Value>().map(Item::Value);
        edited.map_err(|why| self.obstacle(index, why))?;
        self.meaning.remove(path);
        let value = path.get(..depth).unwrap_or_default();
        let is_so = after.is_ok_and(|after| {
            let expected = self.meaning.get(value);
            expected.is_some_and(|expected| without_empty_tables(&after, expected))
                && self.meaning.set(value, after)
        });
        is_so
            .then_some(true)
            .ok_or_else(|| self.obstacle(index, "more would go than was asked"))
    }

    /// Forgets tables that nothing in the text speaks of any more.
    pub(super) fn forget_vanished(&mut self, path: &[String]) {
        for length in (1..path.len()).rev() {
            let table = path.get(..length).unwrap_or_default();
            let mut placed = self.layout.placed();
            if placed.any(|(_, header, s)| shared(header, &s.path, table) == length) {
                return;
            }
            self.meaning.remove(table);
        }
    }
}

/// Puts comments that lost the statement below them on top of the next one's lead.
fn rejoin(free: &mut String, lead: &mut String, is_first: bool, is_after_removal: bool) {
    if !free.is_empty() {
        if begins_blank(lead) || lead.is_empty() {
            let kept = free.trim_end_matches([' ', '\t', '\r', '\n']).len();
            let rest = free.get(kept..).unwrap_or_default();
            let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            if begins_blank(lead) || rest.len() > line_end {
                free.truncate(kept + line_end);
            }
        }
        lead.insert_str(0, free);
        free.clear();
    } else if is_first && is_after_removal {
        while begins_blank(lead) {
            let rest = lead.split_once('\n').map(|(_, rest)| rest.to_owned());
            *lead = rest.unwrap_or_default();
        }
    }
}
