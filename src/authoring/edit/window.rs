//! Narrows a file to one object and its neighbours, so that an edit of one among thousands is cheap.

use std::borrow::Cow;
use std::mem::take;

use foldhash::HashMap;

use super::error::Obstacle;
use super::open_file::OpenFile;
use crate::authoring::layout::{Layout, Statement, StatementKind, line_end_of};

/// A file cut between its objects, while only one of them is in sight.
#[derive(Debug, Default)]
pub(super) struct Cut<'a> {
    /// Each holds one part of an object, or the text between objects.
    runs: Vec<Vec<Statement<'a>>>,
    objects: HashMap<String, ObjectSpan>,
    mark: &'static str,
    end: Cow<'a, str>,
}

/// The lines of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectSpan {
    /// All of it is the run with this index, under headers of its own.
    Run(usize),
    /// In several runs, or under a header that it shares with others.
    Spread,
}

impl<'a> OpenFile<'a> {
    /// Carries out an edit of one object's keys with only the object and its neighbours in sight.
    ///
    /// Nothing beyond them can be read or changed by it: it may end a line or move a comment at the end of the neighbour above,
    /// and move a blank line or a comment to the beginning of the one below. An object that is not written in one stretch is
    /// edited in the whole file.
    pub(super) fn near<T>(
        &mut self,
        object: &[String],
        edit: impl FnOnce(&mut Self) -> Result<T, Obstacle>,
    ) -> Result<T, Obstacle> {
        let [table, id] = object else {
            self.join();
            return edit(self);
        };
        if self.spread.contains(id) {
            self.join();
            return edit(self);
        }
        let cut = self.cut.take();
        let mut cut = cut.unwrap_or_else(|| Cut::of(take(&mut self.layout), table));
        let Some(ObjectSpan::Run(run)) = cut.objects.get(id).copied() else {
            // Noted all at once, so that a file with many of them is not cut again for each.
            let spread = cut
                .objects
                .iter()
                .filter(|(_, at)| **at == ObjectSpan::Spread);
            self.spread.extend(spread.map(|(id, _)| id.clone()));
            self.layout = cut.into_layout();
            return edit(self);
        };
        let sight = cut.narrow(run);
        self.layout = sight.layout;
        let done = edit(self);
        let done = done.map_err(|obstacle| obstacle.below(cut.line_breaks_before(run)));
        cut.widen(run, take(&mut self.layout), sight.above, sight.below);
        self.cut = Some(cut);
        done
    }

    /// Brings the whole file back into sight.
    pub(super) fn join(&mut self) {
        if let Some(cut) = self.cut.take() {
            self.layout = cut.into_layout();
        }
    }
}

/// The part of a file in sight.
struct Sight<'a> {
    layout: Layout<'a>,
    /// The number of statements at its start that belong to the neighbour.
    above: usize,
    below: Option<Below<'a>>,
}

/// The neighbour below.
struct Below<'a> {
    count: usize,
    /// The comment under its last statement, which is out of sight: else it would count as the end of the file.
    tail: Cow<'a, str>,
}

impl<'a> Cut<'a> {
    fn of(layout: Layout<'a>, table: &str) -> Self {
        let mut cut = Self {
            mark: layout.mark,
            end: layout.end,
            ..Self::default()
        };
        let mut is_shared = false;
        let mut owner: Option<String> = None;
        // Of the header in force, where that is no object's own.
        let mut header: Vec<String> = Vec::new();
        for statement in layout.statements {
            let own = statement.path.iter().map(|part| part.name.as_ref());
            let is_header = statement.kind.is_header();
            let names: Vec<&str> = if is_header || owner.is_some() {
                own.take(2).collect()
            } else {
                let above = header.iter().map(String::as_str);
                above.chain(own).take(2).collect()
            };
            let id = match names.as_slice() {
                [first, id] if *first == table => Some(*id),
                _ => None,
            };
            if is_header {
                let is_next = owner.as_deref() != id || cut.runs.is_empty();
                if is_next {
                    if let Some(id) = id {
                        let place = cut.objects.entry(id.to_owned());
                        let run = ObjectSpan::Run(cut.runs.len());
                        place
                            .and_modify(|at| *at = ObjectSpan::Spread)
                            .or_insert(run);
                    }
                    owner = id.map(str::to_owned);
                }
                is_shared |= statement.kind == StatementKind::ArrayHeader && names == [table];
                header = names.into_iter().map(str::to_owned).collect();
                if is_next {
                    cut.runs.push(Vec::new());
                }
            } else if owner.is_none() {
                is_shared |= names == [table];
                if let Some(id) = id {
                    cut.objects.insert(id.to_owned(), ObjectSpan::Spread);
                }
            }
            match cut.runs.last_mut() {
                Some(run) => run.push(statement),
                None => cut.runs.push(vec![statement]),
            }
        }
        if is_shared {
            cut.objects
                .values_mut()
                .for_each(|at| *at = ObjectSpan::Spread);
        }
        cut
    }

    fn narrow(&mut self, run: usize) -> Sight<'a> {
        let statements = self.runs.iter().flatten();
        let line_end = line_end_of(statements, &self.end);
        let mut take_run = |index: usize| self.runs.get_mut(index).map(take);
        let mut statements = run
            .checked_sub(1)
            .and_then(&mut take_run)
            .unwrap_or_default();
        let above = statements.len();
        statements.extend(take_run(run).into_iter().flatten());
        let below = take_run(run + 1).map(|below| {
            let count = below.len();
            statements.extend(below);
            let tail = statements.last_mut().map(|last| take(&mut last.tail));
            Below {
                count,
                tail: tail.unwrap_or_default(),
            }
        });
        let end = match below {
            Some(_) => Cow::Borrowed(""),
            None => take(&mut self.end),
        };
        Sight {
            layout: Layout {
                mark: "",
                statements,
                end,
                line_end_around: Some(line_end),
            },
            above,
            below,
        }
    }

    /// Puts back what was in sight.
    fn widen(&mut self, run: usize, layout: Layout<'a>, above: usize, below: Option<Below<'a>>) {
        let mut statements = layout.statements;
        match below {
            Some(Below { count, tail }) => {
                if let Some(last) = statements.last_mut() {
                    last.tail = tail;
                }
                let kept = statements.len().saturating_sub(count);
                self.put(run + 1, statements.split_off(kept));
            }
            None => self.end = layout.end,
        }
        let own = statements.split_off(above.min(statements.len()));
        self.put(run, own);
        if let Some(before) = run.checked_sub(1) {
            self.put(before, statements);
        }
    }

    fn put(&mut self, index: usize, statements: Vec<Statement<'a>>) {
        if let Some(run) = self.runs.get_mut(index) {
            *run = statements;
        }
    }

    /// Returns how many lines end above the visible part, whose own runs are taken out.
    fn line_breaks_before(&self, run: usize) -> usize {
        let above = self.runs.iter().take(run).flatten();
        above.map(Statement::line_breaks).sum()
    }

    fn into_layout(self) -> Layout<'a> {
        Layout {
            mark: self.mark,
            statements: self.runs.into_iter().flatten().collect(),
            end: self.end,
            line_end_around: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(String, ObjectSpan)> {
        let cut = Cut::of(Layout::parse(text).unwrap(), "subscriber");
        let mut places: Vec<_> = cut.objects.clone().into_iter().collect();
        places.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(cut.into_layout().to_text(), text);
        places
    }

    #[test]
    fn an_object_in_one_stretch_is_a_run() {
        let text = "x = 1\n[subscriber]\n[subscriber.a]\nv = 1\n[subscriber.a.external]\n[subscriber.b]\n[other]\n";
        let run = |id: &str, at| (id.to_owned(), ObjectSpan::Run(at));
        assert_eq!(places(text), [run("a", 1), run("b", 2)]);
    }

    #[test]
    fn an_object_in_pieces_or_under_a_shared_header_is_spread() {
        let spread = |id: &str| (id.to_owned(), ObjectSpan::Spread);
        let apart = "[subscriber.a]\n[subscriber.b]\n[subscriber.a.external]\n";
        let found = places(apart);
        assert_eq!(found[0], spread("a"));
        assert_eq!(found[1].1, ObjectSpan::Run(1));
        let shared = "subscriber.a.v = 1\n[subscriber]\nb = { v = 1 }\nc.v = 1\n[subscriber.c.x]\n";
        assert_eq!(places(shared)[..2], [spread("a"), spread("b")]);
        assert_eq!(places("[[subscriber]]\n[subscriber.a]\n"), [spread("a")]);
    }
}
