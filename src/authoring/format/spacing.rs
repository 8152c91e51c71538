//! Writes a sorted file with canonical blank lines, spaces and line ends.

use super::arrange::{Arrangement, Paragraph};
use super::{Order, value};
use crate::authoring::layout::{Lead, Part, Statement, StatementKind, is_directive};

/// The text between a value and the comment behind it.
pub(super) const BEFORE_COMMENT: &str = "  ";

pub(super) fn write(file: &Arrangement<'_>, order: Order<'_>) -> String {
    let mut page = Page::default();
    page.paragraphs(&file.head);
    page.blank_line();
    page.keys(&[], &file.root, order);
    page.lines(&file.root_tail);
    for section in &file.sections {
        page.paragraphs(&section.head);
        for table in &section.tables {
            page.blank_line();
            page.attached(&table.comment);
            page.header(&table.header);
            page.keys(&table.header.path, &table.keys, order);
            page.lines(&table.tail);
        }
    }
    page.paragraphs(&file.end);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Makes sure that a blank line comes before what is written next; a file does not begin with one.
    fn blank_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn lines(&mut self, lines: &[String]) {
        for line in lines {
            self.line(line);
        }
    }

    fn paragraphs(&mut self, paragraphs: &[Paragraph]) {
        for paragraph in paragraphs {
            self.blank_line();
            self.lines(paragraph);
        }
    }

    /// Writes the comment directly above a statement.
    fn attached(&mut self, comment: &[String]) {
        let directives = if self.text.is_empty() {
            // Read again, they would be the head of the file, which a blank line sets off.
            comment.iter().take_while(|line| is_directive(line)).count()
        } else {
            0
        };
        for (index, line) in comment.iter().enumerate() {
            self.line(line);
            if index + 1 == directives {
                self.blank_line();
            }
        }
    }

    fn header(&mut self, header: &Statement<'_>) {
        let key = key(&header.line, &header.path);
        let written = match header.kind {
            StatementKind::ArrayHeader => format!("[[{key}]]"),
            StatementKind::Header | StatementKind::KeyValue => format!("[{key}]"),
        };
        self.statement(header, &written);
    }

    fn keys(&mut self, table: &[Part<'_>], keys: &[Statement<'_>], order: Order<'_>) {
        for (index, statement) in keys.iter().enumerate() {
            let lead = Lead::parse(&statement.lead);
            let paragraphs = lead.paragraphs.len();
            for (number, paragraph) in lead.paragraphs.into_iter().enumerate() {
                if number > 0 || (index > 0 && lead.begins_blank) {
                    self.blank_line();
                }
                let paragraph: Paragraph = paragraph.into_iter().map(str::to_owned).collect();
                if number + 1 == paragraphs {
                    self.attached(&paragraph);
                } else {
                    self.lines(&paragraph);
                }
            }
            let path: Vec<&str> = table
                .iter()
                .chain(&statement.path)
                .map(|part| part.name.as_ref())
                .collect();
            let key = key(&statement.line, &statement.path);
            let value = value::write(statement.value_text(), &path, order);
            self.statement(statement, &format!("{key} = {value}"));
        }
    }

    fn statement(&mut self, statement: &Statement<'_>, written: &str) {
        self.text.push_str(written);
        if let Some(comment) = statement.comment.clone() {
            let comment = statement.line.get(comment).unwrap_or_default();
            self.text.push_str(BEFORE_COMMENT);
            self.text.push_str(comment.trim_end_matches([' ', '\t']));
        }
        self.text.push('\n');
    }
}

/// Returns a key as it is written, without spaces around its dots.
pub(super) fn key(text: &str, path: &[Part<'_>]) -> String {
    let written = |part: &Part<'_>| text.get(part.place.clone()).unwrap_or_default();
    path.iter().map(written).collect::<Vec<_>>().join(".")
}
