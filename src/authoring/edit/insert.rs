//! Inserts lines and tables into a file, with the spacing of their surroundings.

use std::borrow::Cow;

use super::error::Obstacle;
use super::object::written;
use super::open_file::{OpenFile, begins_blank, with_line_end};
use super::place::ranks;
use crate::authoring::format::Order;
use crate::authoring::layout::{Layout, Lead, Statement, comments_in};

impl<'a> OpenFile<'a> {
    /// Puts a key into the table under `header`, behind the keys that its order has before it.
    pub(super) fn insert_key(
        &mut self,
        header: Option<usize>,
        table: &[String],
        name: &str,
        line: &str,
        order: Order<'_>,
    ) -> Result<(), Obstacle> {
        let begin = header.map_or(0, |index| index + 1);
        let end = self.next_header(begin);
        let rank = ranks(table, order);
        let keys = self.layout.statements.iter().enumerate();
        let at = keys
            .take(end)
            .skip(begin)
            .rev()
            .find(|(_, key)| {
                let first = key.path.first();
                first.is_none_or(|part| rank(&part.name) <= rank(name))
            })
            .map_or(begin, |(index, _)| index + 1);
        self.insert_line(at, line)
    }

    /// Puts a `key = value` at `index`.
    pub(super) fn insert_line(&mut self, index: usize, line: &str) -> Result<(), Obstacle> {
        let statements = &self.layout.statements;
        let before = index.checked_sub(1).and_then(|index| statements.get(index));
        let neighbour = before
            .filter(|statement| !statement.kind.is_header())
            .or_else(|| statements.get(index).filter(|s| !s.kind.is_header()));
        let indentation = neighbour.map(Statement::indentation).unwrap_or_default();
        let line = format!("{indentation}{line}");
        let mut new = read_one(&line)?;
        self.end_line_before(index);
        if index == 0 {
            new.lead = self.take_head().into();
        } else if let Some(before) = self.layout.statements.get_mut(index - 1) {
            new.tail = std::mem::take(&mut before.tail);
        }
        self.layout.statements.insert(index, new);
        if index == 0 {
            self.separate(1);
        }
        self.layout.settle_above(index);
        self.layout.settle_above(index + 1);
        Ok(())
    }

    /// Returns a header with one line below it.
    pub(super) fn block(
        &self,
        table: &[String],
        line: &str,
    ) -> Result<Vec<Statement<'a>>, Obstacle> {
        let text = format!("[{}]{}{line}", written(table), self.layout.line_end());
        read(&text)
    }

    /// Puts tables at `index`, with a blank line on both sides.
    pub(super) fn insert_block(&mut self, index: usize, mut block: Vec<Statement<'a>>) {
        let line_end = self.layout.line_end();
        self.end_line_before(index);
        let head = if index == 0 {
            self.take_head()
        } else {
            line_end.to_owned()
        };
        for (number, statement) in block.iter_mut().enumerate() {
            let lead = with_line_end(std::mem::take(&mut statement.lead), line_end);
            statement.lead = if number == 0 {
                Cow::Owned(head.clone() + &lead)
            } else {
                lead
            };
            statement.tail = with_line_end(std::mem::take(&mut statement.tail), line_end);
            // Line ends within a value stay: they may be part of a string.
            let kept = statement.line.trim_end_matches(['\r', '\n']).len();
            if statement.line.get(kept..) != Some(line_end) {
                let line = statement.line.to_mut();
                line.truncate(kept);
                line.push_str(line_end);
            }
        }
        if let Some(last) = block.last_mut()
            && !last.tail.is_empty()
            && !last.tail.ends_with('\n')
        {
            last.tail.to_mut().push_str(line_end);
        }
        let length = block.len();
        self.layout.statements.splice(index..index, block);
        self.separate(index + length);
        self.layout.settle_above(index);
        self.layout.settle_above(index + length);
        self.exists = true;
    }

    /// Takes what has to stay at the top of the file off its first statement.
    fn take_head(&mut self) -> String {
        let line_end = self.layout.line_end();
        let (head, rest) = match self.layout.statements.first() {
            Some(first) => Lead::split_head(&first.lead),
            None => (self.layout.end.as_ref(), ""),
        };
        let (mut head, rest) = (head.to_owned(), rest.to_owned());
        if !comments_in(&head) {
            head.clear();
        } else if !Lead::split_attached(&head).1.is_empty() {
            if !head.ends_with('\n') {
                head.push_str(line_end);
            }
            head.push_str(line_end);
        }
        match self.layout.statements.first_mut() {
            Some(first) => first.lead = rest.into(),
            None => self.layout.end = rest.into(),
        }
        head
    }

    /// Ensures a blank line above the header, or the last comment, at `index`.
    fn separate(&mut self, index: usize) {
        let line_end = self.layout.line_end();
        let lead = match self.layout.statements.get_mut(index) {
            Some(next) if next.kind.is_header() => &mut next.lead,
            None if !self.layout.end.is_empty() => &mut self.layout.end,
            Some(_) | None => return,
        };
        if !begins_blank(lead) {
            lead.to_mut().insert_str(0, line_end);
        }
    }
}

/// Reads statements that we wrote.
pub(super) fn read(text: &str) -> Result<Vec<Statement<'static>>, Obstacle> {
    let layout = Layout::parse(text)
        .map_err(|error| Obstacle::new(None, format!("it cannot be written as TOML: {error}")))?;
    let statements = layout.statements.into_iter();
    Ok(statements.map(Statement::into_owned).collect())
}

fn read_one(line: &str) -> Result<Statement<'static>, Obstacle> {
    let first = read(line)?.into_iter().next();
    first.ok_or_else(|| Obstacle::new(None, "there is nothing to write"))
}
