//! Lays out small tables for a terminal: aligned columns, no borders, no trailing spaces.

use unicode_width::UnicodeWidthStr;

use super::{Paint, visible};

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    #[default]
    Left,
    /// Numbers, so that their digits line up.
    Right,
}

/// Two spaces separate columns.
const GAP: &str = "  ";

/// Rows under a heading.
///
/// Cells are untrusted: each is made safe when it is added, and its width is measured after that.
#[derive(Debug, Clone, Default)]
#[must_use = "a table is only text once it is rendered"]
pub struct Table {
    aligns: Vec<Align>,
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns an empty table with these columns; headings that are all empty are left out.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let (heading, aligns) = columns
            .into_iter()
            .map(|(heading, align)| (visible(heading).into_owned(), align))
            .unzip();
        Self {
            aligns,
            heading,
            rows: Vec::new(),
        }
    }

    /// Adds a row; a short one ends early, and surplus cells are left-aligned.
    pub fn push<Cell: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let row = cells
            .into_iter()
            .map(|cell| visible(cell.as_ref()).into_owned())
            .collect();
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the table as lines, each with a newline.
    pub fn render(&self, paint: Paint) -> String {
        let has_heading = self.heading.iter().any(|cell| !cell.is_empty());
        let heading = has_heading.then_some(&self.heading);
        let mut widths: Vec<usize> = Vec::new();
        for row in heading.into_iter().chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                let width = cell.width();
                match widths.get_mut(column) {
                    Some(widest) => *widest = width.max(*widest),
                    None => widths.push(width),
                }
            }
        }
        let mut text = String::new();
        if let Some(heading) = heading {
            text.push_str(&paint.bold(&self.line(heading, &widths)));
            text.push('\n');
        }
        for row in &self.rows {
            text.push_str(&self.line(row, &widths));
            text.push('\n');
        }
        text
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            if column > 0 {
                line.push_str(GAP);
            }
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            match self.aligns.get(column).copied().unwrap_or_default() {
                Align::Left => {
                    line.push_str(cell);
                    line.push_str(&padding);
                }
                Align::Right => {
                    line.push_str(&padding);
                    line.push_str(cell);
                }
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports() -> Table {
        Table::new([
            ("port", Align::Right),
            ("name", Align::Left),
            ("state", Align::Left),
        ])
    }

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let mut table = ports();
        table.push(["1", "riser-a", "up"]);
        table.push(["12", "b", ""]);
        table.push(["3"]);
        assert_eq!(
            table.render(Paint::Plain),
            "port  name     state\n   1  riser-a  up\n  12  b\n   3\n"
        );
    }

    #[test]
    fn wide_and_combining_characters_count_as_they_show() {
        let mut table = Table::new([("", Align::Left), ("", Align::Left)]);
        table.push(["日本", "x"]);
        table.push(["e\u{301}", "y"]);
        table.push(["abcd", "z"]);
        assert_eq!(
            table.render(Paint::Plain),
            "日本  x\ne\u{301}     y\nabcd  z\n"
        );
    }

    #[test]
    fn a_cell_cannot_break_out_of_its_line() {
        let mut table = ports();
        table.push(["1", "a\nb\u{1b}[2J\u{202e}", "up"]);
        assert_eq!(
            table.render(Paint::Plain),
            "port  name                      state\n   1  a\\u{a}b\\u{1b}[2J\\u{202e}  up\n"
        );
    }

    #[test]
    fn a_row_that_is_too_long_loses_nothing() {
        let mut table = Table::new([("", Align::Right)]);
        table.push(["1", "more"]);
        assert_eq!(table.render(Paint::Plain), "1  more\n");
    }

    #[test]
    fn only_the_heading_is_painted() {
        let mut table = ports();
        table.push(["1", "a", "up"]);
        assert_eq!(
            table.render(Paint::Color),
            "\u{1b}[1mport  name  state\u{1b}[0m\n   1  a     up\n"
        );
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert!(ports().is_empty());
        assert_eq!(ports().render(Paint::Plain), "port  name  state\n");
    }
}
