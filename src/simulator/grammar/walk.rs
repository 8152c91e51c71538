//! Matches a line against all commands in parallel, word by word.

use std::collections::BTreeSet;

use super::SyntaxError;
use super::argument::{Arguments, Value};
use super::line::{Word, word_at};
use super::program::{Position, Program, Step};

/// The highest number of readings of one line. Our commands need one or two; the limit keeps a pattern with repeated
/// words from multiplying them.
const MOST_READINGS: usize = 1024;

/// One way to read the line so far.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// The index of the command in the table.
    pub(super) command: usize,
    pub(super) spot: Position,
    /// The matched steps with the values of arguments.
    taken: Vec<(usize, Option<Value>)>,
}

/// The ways to read a line, in the order of the table.
pub(super) struct Walk<'grammar> {
    programs: &'grammar [Program],
    pub(super) readings: Vec<Reading>,
    /// Readings whose last argument was the rest of the line.
    pub(super) finished: Vec<Reading>,
}

impl<'grammar> Walk<'grammar> {
    pub(super) fn new(programs: &'grammar [Program]) -> Self {
        let begin = |(command, program): (usize, &Program)| {
            let spots = program.start.clone();
            spots.into_iter().map(move |spot| Reading {
                command,
                spot,
                taken: Vec::new(),
            })
        };
        Self {
            programs,
            readings: programs.iter().enumerate().flat_map(begin).collect(),
            finished: Vec::new(),
        }
    }

    fn program(&self, reading: &Reading) -> Option<&'grammar Program> {
        self.programs.get(reading.command)
    }

    pub(super) fn step(&self, reading: &Reading) -> Option<&'grammar Step> {
        self.program(reading)?.step(reading.spot)
    }

    pub(super) fn is_end(&self, reading: &Reading) -> bool {
        matches!(self.step(reading), Some(Step::End))
    }

    /// Matches a whole line.
    pub(super) fn over(&mut self, line: &str) -> Result<(), SyntaxError> {
        let mut from = 0;
        while let Some(word) = word_at(line, from) {
            self.take(&word, line.get(word.column..).unwrap_or_default())?;
            if self.readings.is_empty() {
                break;
            }
            from = word.end;
        }
        Ok(())
    }

    /// Matches one word; `rest` is the line from there on.
    pub(super) fn take(&mut self, word: &Word<'_>, rest: &str) -> Result<(), SyntaxError> {
        let keyword = match self.keyword(word) {
            // A reading that consumed the rest of the line has no further words.
            Err(_) if !self.finished.is_empty() => {
                self.readings.clear();
                return Ok(());
            }
            keyword => keyword?,
        };
        let mut next: Vec<Reading> = Vec::new();
        let mut known = BTreeSet::new();
        for reading in std::mem::take(&mut self.readings) {
            let Some(program) = self.program(&reading) else {
                continue;
            };
            let Some(Taken {
                value,
                onward,
                is_rest,
            }) = program
                .step(reading.spot)
                .and_then(|step| take_step(step, keyword, word, rest))
            else {
                continue;
            };
            let mut taken = reading.taken;
            taken.push((reading.spot.step, value));
            let spots = program.reach(Position {
                step: onward,
                used: reading.spot.used,
            });
            for spot in spots {
                let at = |spot| Reading {
                    command: reading.command,
                    spot,
                    taken: taken.clone(),
                };
                if is_rest {
                    self.finished.extend(program.is_end(spot).then(|| at(spot)));
                } else if next.len() < MOST_READINGS && known.insert((reading.command, spot)) {
                    // Of several readings at one position the first is used.
                    next.push(at(spot));
                }
            }
        }
        self.readings = next;
        if self.readings.is_empty() && self.finished.is_empty() {
            return Err(SyntaxError::Invalid {
                column: word.misplaced_quote.unwrap_or(word.column),
            });
        }
        Ok(())
    }

    /// Returns the keyword that a word is or abbreviates.
    fn keyword(&self, word: &Word<'_>) -> Result<Option<&'grammar str>, SyntaxError> {
        let candidates = self.keywords(word);
        let exact = candidates
            .iter()
            .find(|candidate| candidate.eq_ignore_ascii_case(word.text));
        match (exact, candidates.as_slice()) {
            (Some(exact), _) => Ok(Some(exact)),
            (None, []) => Ok(None),
            // A second `port` is a repeated option, not an abbreviation of `port2-vid`.
            (None, _) if self.is_spent(word.text) => Err(SyntaxError::Invalid {
                column: word.column,
            }),
            (None, [only]) => Ok(Some(only)),
            (None, _) => Err(SyntaxError::Ambiguous {
                column: word.column,
            }),
        }
    }

    fn is_spent(&self, keyword: &str) -> bool {
        self.readings.iter().any(|reading| {
            self.program(reading)
                .is_some_and(|program| program.is_spent(reading.spot, keyword))
        })
    }

    /// Returns the keywords that may come next and begin with a word, each once.
    pub(super) fn keywords(&self, word: &Word<'_>) -> Vec<&'grammar str> {
        let mut found: Vec<&'grammar str> = Vec::new();
        if word.is_quoted {
            return found;
        }
        for reading in &self.readings {
            if let Some(Step::Word { text, .. }) = self.step(reading)
                && begins_with(text, word.text)
                && !found.iter().any(|known| known.eq_ignore_ascii_case(text))
            {
                found.push(text);
            }
        }
        found
    }

    /// Returns the arguments of a reading.
    pub(super) fn arguments(&self, reading: &Reading) -> Arguments {
        let mut arguments = Arguments::default();
        for (step, value) in &reading.taken {
            let spot = Position {
                step: *step,
                used: 0,
            };
            let step = self.program(reading).and_then(|program| program.step(spot));
            match (step, value) {
                (Some(Step::Argument { name, .. }), Some(value)) => {
                    arguments.values.insert(name, value.clone());
                }
                (Some(Step::Word { text, .. }), _) => {
                    arguments.words.insert(text);
                }
                _ => {}
            }
        }
        arguments
    }
}

fn begins_with(keyword: &str, beginning: &str) -> bool {
    keyword
        .get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// The effect of a word at a step.
struct Taken {
    value: Option<Value>,
    onward: usize,
    /// The rest of the line is part of the argument.
    is_rest: bool,
}

/// Returns the effect of a word at a step, if it fits; `keyword` is the keyword that it abbreviates.
fn take_step(step: &Step, keyword: Option<&str>, word: &Word<'_>, rest: &str) -> Option<Taken> {
    match (step, keyword) {
        (Step::Word { text, next, .. }, Some(keyword)) => {
            text.eq_ignore_ascii_case(keyword).then_some(Taken {
                value: None,
                onward: *next,
                is_rest: false,
            })
        }
        (Step::Argument { kind, next, .. }, None) => Some(Taken {
            value: Some(kind.read(word, rest)?),
            onward: *next,
            is_rest: kind.is_line(),
        }),
        _ => None,
    }
}
