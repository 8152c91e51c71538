//! CSV as spreadsheets and other systems read and write it (RFC 4180), within limits of bytes, rows and cells.

/// The largest file: a quarter million rows with 60 bytes each.
pub const MAX_BYTES: usize = 16 << 20;
/// The most rows: as many subscribers as the largest network has.
const MAX_ROWS: usize = 250_000;
const MAX_COLUMNS: usize = 100;
/// The longest cell, in bytes.
const MAX_CELL: usize = 4096;

/// The reason that a text is not a usable CSV file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    #[error("it is too large: a list has at most {MAX_BYTES} bytes")]
    TooLarge,
    #[error("line {0}: not UTF-8; save the file as `CSV UTF-8`")]
    NotUtf8(usize),
    #[error("it is empty; the first line names the columns, such as `id,new_id`")]
    Empty,
    #[error("it has more than {MAX_ROWS} rows; divide it")]
    TooManyRows,
    #[error("line {0}: a quoted cell has no end: its closing `\"` is missing")]
    OpenQuote(usize),
    #[error(
        "line {0}: text follows the closing `\"` of a cell; write `\"\"` for a quote inside of it"
    )]
    AfterQuote(usize),
    #[error(
        "line {0}: a `\"` in the middle of a cell; put the whole cell in quotes, and write `\"\"` for a quote"
    )]
    StrayQuote(usize),
    #[error("line {line}: {found} cells, and the first line names {expected} columns")]
    Cells {
        line: usize,
        found: usize,
        expected: usize,
    },
    #[error("line {0}: more than {MAX_COLUMNS} columns")]
    TooManyColumns(usize),
    #[error("line {0}: a cell has more than {MAX_CELL} bytes")]
    LongCell(usize),
    #[error("the first line names the column `{0}` twice")]
    ColumnTwice(String),
}

/// A row with the number of its first line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRow {
    pub line: usize,
    /// Without spaces around them.
    pub cells: Vec<String>,
}

/// A file with named columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvTable {
    /// In lower case.
    pub columns: Vec<String>,
    pub rows: Vec<CsvRow>,
}

impl CsvTable {
    /// Parses a file. The separator is that of a first line such as `sep=;`, which some spreadsheets write, else the first of
    /// `,`, `;` and tab in the line of the columns; empty lines are left out.
    pub fn parse(bytes: &[u8]) -> Result<Self, CsvError> {
        if bytes.len() > MAX_BYTES {
            return Err(CsvError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            CsvError::NotUtf8(1 + good.iter().filter(|byte| **byte == b'\n').count())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let declared = first.strip_prefix("sep=").unwrap_or_default().chars();
        let (separator, is_declared) = match (declared.clone().next(), declared.count()) {
            (Some(separator @ (',' | ';' | '\t')), 1) => (separator, true),
            _ => (separator_of(first), false),
        };
        let mut reader = Reader::new(text, separator);
        if is_declared {
            reader.skip_line();
        }
        let mut rows = reader.rows()?.into_iter();
        let header = rows.next().ok_or(CsvError::Empty)?;
        let columns: Vec<String> = header
            .cells
            .iter()
            .map(|cell| cell.to_lowercase())
            .collect();
        for (index, column) in columns.iter().enumerate() {
            let before = columns.iter().take(index);
            if !column.is_empty() && before.into_iter().any(|other| other == column) {
                return Err(CsvError::ColumnTwice(column.clone()));
            }
        }
        let rows: Vec<CsvRow> = rows.collect();
        let expected = columns.len();
        match rows.iter().find(|row| row.cells.len() != expected) {
            Some(row) => Err(CsvError::Cells {
                line: row.line,
                found: row.cells.len(),
                expected,
            }),
            None => Ok(Self { columns, rows }),
        }
    }

    /// Returns the index of the first of these columns.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        let is_named = |column: &String| names.contains(&column.as_str());
        self.columns.iter().position(is_named)
    }
}

impl CsvRow {
    /// Returns a cell that is not empty.
    pub fn cell(&self, column: Option<usize>) -> Option<&str> {
        let cell = self.cells.get(column?)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }
}

fn separator_of(line: &str) -> char {
    let mut characters = line.chars();
    let found = characters.find(|c| matches!(c, ',' | ';' | '\t'));
    found.unwrap_or(',')
}

/// Returns cells as one line of a file, with its end. The separator is a comma.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        let is_plain = !cell.contains([',', ';', '"', '\t', '\r', '\n']) && cell.trim() == cell;
        match is_plain {
            true => line.push_str(cell),
            false => {
                line.push('"');
                line.push_str(&cell.replace('"', "\"\""));
                line.push('"');
            }
        }
    }
    line.push('\n');
    line
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: usize,
}

/// The end of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellEnd {
    Separator,
    Line,
    File,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, separator: char) -> Self {
        Self {
            rest: text.chars().peekable(),
            separator,
            line: 1,
        }
    }

    fn skip_line(&mut self) {
        while !matches!(self.next(), None | Some('\n')) {}
    }

    fn rows(mut self) -> Result<Vec<CsvRow>, CsvError> {
        let mut rows = Vec::new();
        loop {
            let line = self.line;
            let mut cells = Vec::new();
            let end = loop {
                let (cell, end) = self.cell()?;
                cells.push(cell);
                if cells.len() > MAX_COLUMNS {
                    return Err(CsvError::TooManyColumns(line));
                }
                if end != CellEnd::Separator {
                    break end;
                }
            };
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(CsvRow { line, cells });
            }
            // The first row is that of the columns.
            if rows.len() > MAX_ROWS + 1 {
                return Err(CsvError::TooManyRows);
            }
            if end == CellEnd::File {
                return Ok(rows);
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character == '\r' && self.rest.peek() == Some(&'\n') {
            return self.next();
        }
        if character == '\n' {
            self.line += 1;
        }
        Some(character)
    }

    fn end(&self, character: Option<char>) -> Option<CellEnd> {
        match character {
            None => Some(CellEnd::File),
            Some('\n' | '\r') => Some(CellEnd::Line),
            Some(other) if other == self.separator => Some(CellEnd::Separator),
            Some(_) => None,
        }
    }

    fn cell(&mut self) -> Result<(String, CellEnd), CsvError> {
        while self.rest.peek() == Some(&' ') {
            self.next();
        }
        if self.rest.peek() == Some(&'"') {
            return self.quoted();
        }
        let mut cell = String::new();
        loop {
            let line = self.line;
            let character = self.next();
            if let Some(end) = self.end(character) {
                cell.truncate(cell.trim_end().len());
                return Ok((cell, end));
            }
            match character {
                Some('"') => return Err(CsvError::StrayQuote(line)),
                Some(character) => cell.push(character),
                None => {}
            }
            if cell.len() > MAX_CELL {
                return Err(CsvError::LongCell(line));
            }
        }
    }

    fn quoted(&mut self) -> Result<(String, CellEnd), CsvError> {
        let start = self.line;
        self.next();
        let mut cell = String::new();
        loop {
            match self.next() {
                None => return Err(CsvError::OpenQuote(start)),
                Some('"') if self.rest.peek() == Some(&'"') => {
                    self.next();
                    cell.push('"');
                }
                Some('"') => break,
                Some(character) => cell.push(character),
            }
            if cell.len() > MAX_CELL {
                return Err(CsvError::LongCell(start));
            }
        }
        let line = self.line;
        loop {
            let character = self.next();
            match self.end(character) {
                Some(end) => return Ok((cell.trim().to_owned(), end)),
                None if character == Some(' ') => {}
                None => return Err(CsvError::AfterQuote(line)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
        let table = CsvTable::parse(text.as_bytes()).unwrap();
        let rows = table.rows.into_iter();
        rows.map(|row| (row.line, row.cells)).collect()
    }

    fn row(line: usize, cells: [&str; 2]) -> (usize, Vec<String>) {
        (line, cells.map(str::to_owned).to_vec())
    }

    #[test]
    fn files_of_spreadsheets_are_read_with_their_line_numbers() {
        let expected = [row(2, ["a", "1, 2"]), row(4, ["b \"x\"", ""])];
        for text in [
            "id,new_id\na,\"1, 2\"\n\n\"b \"\"x\"\"\",\n",
            "\u{feff}ID;New_ID\r\na;1, 2\r\n\r\n\"b \"\"x\"\"\";\r\n",
            "id\tnew_id\n a \t \"1, 2\" \n\t\n\"b \"\"x\"\"\"\t",
        ] {
            assert_eq!(cells(text), expected, "{text:?}");
        }
        assert_eq!(
            cells("\u{feff}sep=;\r\nid;new_id\r\na,b;c\r\n"),
            [row(3, ["a,b", "c"])]
        );
        let table = CsvTable::parse(b"id,new_id\n\"two\nlines\",x\ny,z").unwrap();
        assert_eq!(
            (table.rows[1].line, table.column(&["new_id"])),
            (4, Some(1))
        );
        assert_eq!(table.rows[0].cell(Some(0)), Some("two\nlines"));
    }

    #[test]
    fn every_error_has_its_line() {
        for (text, error) in [
            (&b""[..], CsvError::Empty),
            (b"\n\n", CsvError::Empty),
            (b"a,b\n1,2\n\"3,4", CsvError::OpenQuote(3)),
            (b"a,b\n\"1\"x,2", CsvError::AfterQuote(2)),
            (b"a,b\n1\"x\",2", CsvError::StrayQuote(2)),
            (
                b"a,b\n1,2\n\n1,2,3",
                CsvError::Cells {
                    line: 4,
                    found: 3,
                    expected: 2,
                },
            ),
            (b"a,A\n1,2", CsvError::ColumnTwice("a".to_owned())),
            (b"a,b\n1,\xff", CsvError::NotUtf8(2)),
        ] {
            assert_eq!(CsvTable::parse(text), Err(error), "{text:?}");
        }
        let wide = format!("a\n{}\n", "x".repeat(MAX_CELL + 1));
        assert_eq!(CsvTable::parse(wide.as_bytes()), Err(CsvError::LongCell(2)));
        let large = vec![b'x'; MAX_BYTES + 1];
        assert_eq!(CsvTable::parse(&large), Err(CsvError::TooLarge));
        let long = |rows: usize| format!("a\n{}", "1\n".repeat(rows));
        assert!(CsvTable::parse(long(MAX_ROWS).as_bytes()).is_ok());
        let longer = CsvTable::parse(long(MAX_ROWS + 1).as_bytes());
        assert_eq!(longer, Err(CsvError::TooManyRows));
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _parsed = CsvTable::parse(&bytes);
        }

        #[test]
        fn a_written_line_reads_back_the_same(cells in proptest::collection::vec("[a-z\",;\n\t ]{0,8}x", 1..5)) {
            let header: Vec<String> = (0..cells.len()).map(|number| format!("c{number}")).collect();
            let line = |cells: &[String]| csv_line(cells.iter().map(String::as_str));
            let text = format!("{}{}", line(&header), line(&cells));
            let table = CsvTable::parse(text.as_bytes()).unwrap();
            let trimmed: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
            prop_assert_eq!(&table.rows[0].cells, &trimmed);
        }
    }
}
