//! Computes the requests of an SNMP walk over several columns, and checks the answers; does no I/O.

use std::collections::VecDeque;

use super::ber::Malformed;
use super::pdu::Bindings;
use super::value::{Cell, Column, Oid, Value};

/// The highest number of columns in one request.
pub(super) const WIDEST: usize = 10;

/// The highest number of rows in one request, whatever is configured.
const MOST_ROWS: u32 = 10_000;

/// The intended size of the values in an answer: one Ethernet frame, because firewalls drop fragments.
const FRAME: usize = 1400;

/// The assumed size of a cell before the first one is received.
const TYPICAL: usize = 32;

/// The highest number of pieces of a column, besides the rest after them.
const MOST_PIECES: u32 = 16;

/// Successful requests before the number of rows grows again.
const PROBATION: u32 = 8;

/// Columns being read.
#[derive(Debug)]
pub(super) struct Walk {
    columns: Vec<Running>,
    /// Indexes of unfinished columns; those that wait longest are first.
    open: VecDeque<usize>,
    pace: Pace,
    limit: usize,
}

#[derive(Debug)]
struct Running {
    root: Oid,
    /// Arcs of the last received name; initially those of the root, or of the start of a piece.
    last: Vec<u32>,
    /// Arcs of the last name of a piece; `None` for a whole column.
    until: Option<Vec<u32>>,
    cells: Vec<Cell>,
}

/// The size of the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    rows: u32,
    width: usize,
    most_rows: u32,
    most_width: usize,
    /// Bytes of an average cell in the last answer.
    cell: usize,
    /// Successful requests since the last change.
    good: u32,
    /// Successful requests needed for growth; this doubles after each refusal.
    needed: u32,
}

/// One request: the names to continue after, and the number of rows.
#[derive(Debug)]
pub(super) struct Step {
    places: Vec<usize>,
    pub(super) names: Vec<Oid>,
    pub(super) rows: u32,
}

/// The reason why a walk cannot continue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stuck {
    NotIncreasing { column: Oid, after: Oid, got: Oid },
    Endless { column: Oid },
    Malformed(Malformed),
}

impl From<Malformed> for Stuck {
    fn from(why: Malformed) -> Self {
        Self::Malformed(why)
    }
}

impl Walk {
    pub(super) fn new(roots: &[Oid], rows: u32, limit: usize) -> Self {
        let columns = roots.iter().map(|root| Running {
            root: root.clone(),
            last: root.arcs().to_vec(),
            until: None,
            cells: Vec::new(),
        });
        let width = roots.len().clamp(1, WIDEST);
        let rows = rows.clamp(1, MOST_ROWS);
        Self {
            columns: columns.collect(),
            open: (0..roots.len()).collect(),
            pace: Pace {
                rows,
                width,
                most_rows: rows,
                most_width: width,
                cell: TYPICAL,
                good: 0,
                needed: PROBATION,
            },
            limit,
        }
    }

    /// Returns the next request; `None` when every column has ended.
    pub(super) fn step(&self) -> Option<Step> {
        let (rows, width) = self.pace.fitting(self.open.len());
        let places: Vec<usize> = self.open.iter().copied().take(width).collect();
        let names = places
            .iter()
            .filter_map(|place| self.columns.get(*place))
            .map(|column| Oid::new(column.last.clone()))
            .collect();
        (!places.is_empty()).then_some(Step {
            places,
            names,
            rows,
        })
    }

    /// Reduces the size of the next requests; returns `false` when it is minimal already.
    pub(super) fn ask_less(&mut self) -> bool {
        let pace = &mut self.pace;
        pace.good = 0;
        // Each refusal doubles the probation. Otherwise the walk would grow into the same tooBig again and again, which
        // costs a round trip each time.
        pace.needed = (pace.needed * 2).min(PROBATION * 16);
        if pace.rows > 1 {
            pace.rows /= 2;
        } else if pace.width > 1 {
            pace.width /= 2;
        } else {
            return false;
        }
        true
    }

    /// Adds the answer to a step: names in rows, one of each column; the last row may be incomplete.
    pub(super) fn take(&mut self, step: &Step, mut answer: Bindings<'_>) -> Result<(), Stuck> {
        let width = step.places.len();
        let most = width.saturating_mul(usize::try_from(step.rows).unwrap_or(usize::MAX));
        let mut ended = vec![false; width];
        let (mut count, bytes) = (0, answer.len());
        while let Some((name, content)) = answer.next()? {
            if count == most {
                return Err(
                    Malformed(format!("it has more than the {most} requested values")).into(),
                );
            }
            let turn = count % width;
            count += 1;
            let (Some(place), Some(has_ended)) = (step.places.get(turn), ended.get_mut(turn))
            else {
                continue;
            };
            // GETBULK continues after the end of a column; these cells belong to other objects.
            if *has_ended {
                continue;
            }
            if let Some(column) = self.columns.get_mut(*place) {
                let value = content.into_value();
                *has_ended = column.add(name, value, self.limit)?;
            }
        }
        if count == 0 {
            return Err(Malformed::new(
                "it has no values and does not report the end of the column",
            )
            .into());
        }
        self.pace.cell = bytes.div_ceil(count);
        self.settle(step, &ended, count);
        Ok(())
    }

    /// Drops finished columns, and puts those with the fewest cells first in the next request.
    fn settle(&mut self, step: &Step, ended: &[bool], count: usize) {
        let width = step.places.len();
        self.open.drain(..width.min(self.open.len()));
        let still = |turn: &usize| !ended.get(*turn).copied().unwrap_or(true);
        let place = |turn: usize| step.places.get(turn).copied();
        // If the last row is incomplete, its last columns got one cell less.
        let cut = count % width;
        let goes_on = (cut..width).chain(0..cut).filter(still).filter_map(place);
        self.open.extend(goes_on);
        self.pace.went_well();
    }

    /// Splits the rest of the first column, which has numbered rows, into walks that can run in parallel. Each piece
    /// holds about one answer, up to row `highest`; the last one continues to the end. Returns no walks if nothing is
    /// left.
    pub(super) fn divided(&self, highest: u32) -> Vec<Self> {
        let (Some(0), Some(column)) = (self.open.front(), self.columns.first()) else {
            return Vec::new();
        };
        let number = match column.last.strip_prefix(column.root.arcs()) {
            Some([]) => Some(0),
            Some([number]) => Some(*number),
            _ => None,
        };
        let (rows, _) = self.pace.fitting(1);
        let fair = highest.div_ceil(MOST_PIECES);
        let size = usize::try_from(rows.max(fair)).unwrap_or(usize::MAX);
        let starts = match number {
            Some(number) if number < highest => (number..highest).step_by(size).collect(),
            _ => Vec::new(),
        };
        let at = |number: u32| [column.root.arcs(), &[number]].concat();
        let ends = starts.iter().skip(1).chain([&highest]);
        let mut pieces: Vec<_> = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| self.piece(column, at(*start), Some(at(*end))))
            .collect();
        // The last piece has no end: rows above `highest` must not be lost, whatever the caller expected.
        let behind = match pieces.is_empty() {
            true => column.last.clone(),
            false => at(highest),
        };
        pieces.push(self.piece(column, behind, None));
        pieces
    }

    fn piece(&self, column: &Running, last: Vec<u32>, until: Option<Vec<u32>>) -> Self {
        Self {
            columns: vec![Running {
                root: column.root.clone(),
                last,
                until,
                cells: Vec::new(),
            }],
            open: VecDeque::from([0]),
            pace: self.pace,
            limit: self.limit,
        }
    }

    /// Splits the walk into one for each column, which continue where this one is and can run in parallel.
    pub(super) fn apart(self) -> Vec<Self> {
        let mut is_open = vec![false; self.columns.len()];
        for place in &self.open {
            if let Some(is_open) = is_open.get_mut(*place) {
                *is_open = true;
            }
        }
        let (pace, limit) = (self.pace, self.limit);
        let columns = self.columns.into_iter().zip(is_open);
        columns
            .map(|(column, is_open)| Self {
                columns: vec![column],
                open: is_open.then_some(0).into_iter().collect(),
                pace,
                limit,
            })
            .collect()
    }

    pub(super) fn finish(self) -> Vec<Column> {
        self.columns
            .into_iter()
            .map(|column| Column {
                oid: column.root,
                cells: column.cells,
            })
            .collect()
    }
}

impl Running {
    /// Adds a cell; `true` when the column has ended.
    fn add(&mut self, name: &[u32], value: Value, limit: usize) -> Result<bool, Stuck> {
        if value == Value::EndOfMibView {
            return Ok(true);
        }
        if name <= self.last.as_slice() {
            return Err(Stuck::NotIncreasing {
                column: self.root.clone(),
                after: Oid::new(self.last.clone()),
                got: Oid::new(name),
            });
        }
        let Some(index) = name.strip_prefix(self.root.arcs()) else {
            return Ok(true);
        };
        if self.until.as_deref().is_some_and(|until| name > until) {
            return Ok(true);
        }
        if matches!(value, Value::NoSuchObject | Value::NoSuchInstance) {
            let name = Oid::new(name);
            return Err(
                Malformed(format!("{name} is reported both as present and as absent")).into(),
            );
        }
        if self.cells.len() == limit {
            return Err(Stuck::Endless {
                column: self.root.clone(),
            });
        }
        self.cells.push(Cell {
            index: index.to_vec(),
            value,
        });
        self.last.clear();
        self.last.extend_from_slice(name);
        // After the last name of a piece there is nothing to request.
        Ok(self.until.as_deref() == Some(name))
    }
}

impl Pace {
    /// Returns the rows and columns of the next request, so that the answer is likely to fit a frame.
    fn fitting(&self, open: usize) -> (u32, usize) {
        let cells = (FRAME / self.cell.max(1)).max(1);
        let width = self.width.min(open).min(cells).max(1);
        let rows = u32::try_from(cells / width).unwrap_or(u32::MAX);
        (self.rows.min(rows).max(1), width)
    }

    fn went_well(&mut self) {
        self.good += 1;
        if self.good < self.needed {
            return;
        }
        self.good = 0;
        // In the reverse order of `ask_less`: the width first, then the rows.
        if self.width < self.most_width {
            self.width = (self.width * 2).min(self.most_width);
        } else {
            self.rows = (self.rows + self.rows.div_ceil(2)).min(self.most_rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ber::{self, Writer};
    use super::*;

    fn roots(count: u32) -> Vec<Oid> {
        (1..=count)
            .map(|column| Oid::new([1, 3, 9, column]))
            .collect()
    }

    /// Returns an encoded list of bindings with these names and values.
    fn bindings(rows: &[(&[u32], u8)]) -> Vec<u8> {
        let mut writer = Writer::default();
        for (name, value) in rows.iter().rev() {
            let mark = writer.len();
            match value {
                0x82 => writer.raw(&[0x82, 0]),
                _ => writer.integer(i64::from(*value)),
            }
            writer.oid(name);
            writer.close(ber::SEQUENCE, mark);
        }
        writer.finish()
    }

    fn take(walk: &mut Walk, rows: &[(&[u32], u8)]) -> Result<(), Stuck> {
        let step = walk.step().unwrap();
        walk.take(&step, Bindings::new(&bindings(rows)))
    }

    fn asked(walk: &Walk) -> Vec<String> {
        let names = walk.step().map(|step| step.names).unwrap_or_default();
        names.iter().map(Oid::to_string).collect()
    }

    #[test]
    fn a_finished_column_is_not_requested_again_and_values_after_it_are_ignored() {
        let mut walk = Walk::new(&roots(2), 25, 100);
        let rows: [(&[u32], u8); 6] = [
            (&[1, 3, 9, 1, 1], 1),
            (&[1, 3, 9, 2, 1], 2),
            (&[1, 3, 9, 2, 1], 2),
            (&[1, 3, 9, 2, 7], 3),
            (&[1, 3, 9, 2, 7], 3),
            (&[1, 3, 9, 2, 9], 4),
        ];
        take(&mut walk, &rows).unwrap();
        assert_eq!(asked(&walk), ["1.3.9.2.9"]);
        take(&mut walk, &[(&[1, 3, 9, 2, 9], 0x82)]).unwrap();
        assert!(walk.step().is_none());
        let counts: Vec<_> = walk
            .finish()
            .iter()
            .map(|column| column.cells.len())
            .collect();
        assert_eq!(counts, [1, 3]);
    }

    #[test]
    fn columns_that_got_less_are_first_in_the_next_request() {
        let mut walk = Walk::new(&roots(3), 25, 100);
        take(&mut walk, &[(&[1, 3, 9, 1, 1], 1)]).unwrap();
        assert_eq!(asked(&walk), ["1.3.9.2", "1.3.9.3", "1.3.9.1.1"]);
        take(&mut walk, &[(&[1, 3, 9, 2, 1], 1), (&[1, 3, 9, 3, 1], 1)]).unwrap();
        assert_eq!(asked(&walk), ["1.3.9.1.1", "1.3.9.2.1", "1.3.9.3.1"]);
    }

    #[test]
    fn rows_are_halved_first_and_columns_then_and_both_come_back_slowly() {
        let mut walk = Walk::new(&roots(4), 10, 10_000);
        let mut seen = Vec::new();
        while walk.ask_less() {
            let step = walk.step().unwrap();
            seen.push((step.rows, step.names.len()));
        }
        assert_eq!(seen, [(5, 4), (2, 4), (1, 4), (1, 2), (1, 1)]);
        let mut count = 0_u32;
        while walk.step().is_some_and(|step| step.rows < 10) {
            count += 1;
            let column = walk.step().unwrap().names[0].arcs()[3];
            take(&mut walk, &[(&[1, 3, 9, column, count], 1)]).unwrap();
        }
        assert_eq!(walk.step().unwrap().names.len(), 4);
        assert!(count > 100, "{count}");
    }

    #[test]
    fn no_more_is_asked_for_than_fits_a_frame() {
        let mut walk = Walk::new(&roots(10), 1000, 100);
        assert_eq!(walk.step().unwrap().rows, 4);
        take(&mut walk, &[(&[1, 3, 9, 1, 1], 1)]).unwrap();
        assert_eq!(walk.step().unwrap().rows, 12, "a cell of eleven bytes");
        walk.pace.cell = 400;
        let step = walk.step().unwrap();
        assert_eq!((step.rows, step.names.len()), (1, 3));
        walk.pace.cell = 60_000;
        assert_eq!(walk.step().unwrap().names.len(), 1);
    }

    #[test]
    fn pieces_of_a_column_meet_without_overlap() {
        let mut walk = Walk::new(&roots(1), 2, 100);
        take(&mut walk, &[(&[1, 3, 9, 1, 1], 1), (&[1, 3, 9, 1, 3], 1)]).unwrap();
        let mut pieces = walk.divided(8);
        let begins: Vec<_> = pieces.iter().flat_map(asked).collect();
        assert_eq!(begins, ["1.3.9.1.3", "1.3.9.1.5", "1.3.9.1.7", "1.3.9.1.8"]);
        // Up to its last row, and there is nothing left to ask.
        take(
            &mut pieces[0],
            &[(&[1, 3, 9, 1, 4], 1), (&[1, 3, 9, 1, 5], 1)],
        )
        .unwrap();
        assert!(pieces[0].step().is_none());
        // A gap at its end: row 8 is the next one's.
        take(
            &mut pieces[1],
            &[(&[1, 3, 9, 1, 6], 1), (&[1, 3, 9, 1, 8], 1)],
        )
        .unwrap();
        assert!(pieces[1].step().is_none());
        assert_eq!(pieces.swap_remove(1).finish()[0].cells.len(), 1);
    }

    #[test]
    fn a_column_that_ended_or_whose_rows_have_longer_names_is_not_divided() {
        let mut walk = Walk::new(&roots(1), 2, 100);
        take(&mut walk, &[(&[1, 3, 9, 1, 1], 1)]).unwrap();
        assert_eq!(walk.divided(1).len(), 1, "beyond what is expected");
        take(&mut walk, &[(&[1, 3, 9, 1, 2, 7], 1)]).unwrap();
        let pieces = walk.divided(100);
        assert_eq!(asked(&pieces[0]), ["1.3.9.1.2.7"]);
        assert_eq!(pieces.len(), 1);
        take(&mut walk, &[(&[1, 3, 9, 2, 1], 1)]).unwrap();
        assert!(walk.divided(100).is_empty());
    }

    #[test]
    fn columns_that_are_walked_apart_go_on_where_they_were_together() {
        let mut walk = Walk::new(&roots(3), 2, 100);
        let rows: [(&[u32], u8); 6] = [
            (&[1, 3, 9, 1, 1], 1),
            (&[1, 3, 9, 2, 1], 1),
            (&[1, 3, 9, 3, 1], 1),
            (&[1, 3, 9, 1, 2], 1),
            (&[1, 3, 9, 3, 1], 1),
            (&[1, 3, 9, 3, 2], 1),
        ];
        take(&mut walk, &rows).unwrap();
        let apart = walk.apart();
        let next: Vec<_> = apart.iter().flat_map(asked).collect();
        assert_eq!(next, ["1.3.9.1.2", "1.3.9.3.2"], "the second has ended");
        let columns = apart.into_iter().flat_map(Walk::finish);
        let counts: Vec<_> = columns.map(|column| column.cells.len()).collect();
        assert_eq!(counts, [2, 1, 2]);
    }

    #[test]
    fn a_column_with_more_cells_than_can_be_is_given_up() {
        let mut walk = Walk::new(&roots(1), 25, 2);
        let rows: [(&[u32], u8); 3] = [
            (&[1, 3, 9, 1, 1], 1),
            (&[1, 3, 9, 1, 2], 1),
            (&[1, 3, 9, 1, 3], 1),
        ];
        let column = Oid::new([1, 3, 9, 1]);
        assert_eq!(take(&mut walk, &rows), Err(Stuck::Endless { column }));
    }
}
