//! Compiles a pattern into steps that are matched without backtracking.

use super::argument::Kind;
use super::pattern::{Item, PatternError, read};

/// One step; the numbers are indexes of other steps.
#[derive(Debug)]
pub(super) enum Step {
    Word {
        text: &'static str,
        next: usize,
    },
    Argument {
        name: &'static str,
        kind: Kind,
        next: usize,
    },
    /// Continue at any of these.
    Fork(Vec<usize>),
    /// Match one of these not matched yet, or continue at `next`.
    Options {
        /// The bit of each alternative, and its first step.
        alternatives: Vec<(u64, usize)>,
        is_optional: bool,
        next: usize,
    },
    End,
}

/// A position in a program: a step, and the options used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) step: usize,
    pub(super) used: u64,
}

#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// The starting position of each line.
    pub(super) start: Vec<Position>,
}

const MOST_OPTIONS: u32 = 64;

impl Program {
    pub(super) fn new(pattern: &'static str) -> Result<Self, PatternError> {
        let items = read(pattern)?;
        let mut builder = Builder::default();
        let end = builder.push(Step::End);
        let first = builder.sequence(&items, end);
        let wrong = |problem| PatternError {
            pattern,
            column: pattern.len(),
            problem,
        };
        if builder.options > MOST_OPTIONS {
            return Err(wrong("more than 64 options"));
        }
        let mut program = Self {
            steps: builder.steps,
            start: Vec::new(),
        };
        program.start = program.reach(Position {
            step: first,
            used: 0,
        });
        let is_cut_off = |step: &Step| match step {
            Step::Argument { kind, next, .. } if kind.is_line() => {
                let after = program.reach(Position {
                    step: *next,
                    used: u64::MAX,
                });
                !after.iter().any(|spot| program.is_end(*spot))
            }
            _ => false,
        };
        if program.steps.iter().any(is_cut_off) {
            return Err(wrong("something must follow a `line`, and nothing can"));
        }
        Ok(program)
    }

    pub(super) fn step(&self, spot: Position) -> Option<&Step> {
        self.steps.get(spot.step)
    }

    pub(super) fn is_end(&self, spot: Position) -> bool {
        matches!(self.step(spot), Some(Step::End))
    }

    /// Returns whether an option that starts with this keyword was given already.
    pub(super) fn is_spent(&self, spot: Position, keyword: &str) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Options { alternatives, .. } => alternatives.iter().any(|(bit, first)| {
                let first = self.steps.get(*first);
                spot.used & bit != 0
                    && matches!(first, Some(Step::Word { text, .. }) if text.eq_ignore_ascii_case(keyword))
            }),
            Step::Word { .. } | Step::Argument { .. } | Step::Fork(_) | Step::End => false,
        })
    }

    /// Returns the words, arguments and ends reachable from a position, in the pattern's order.
    pub(super) fn reach(&self, from: Position) -> Vec<Position> {
        let mut reached: Vec<Position> = Vec::new();
        let mut passed: Vec<Position> = Vec::new();
        let mut waiting = vec![from];
        while let Some(spot) = waiting.pop() {
            if reached.contains(&spot) || passed.contains(&spot) {
                continue;
            }
            match self.step(spot) {
                None => {}
                Some(Step::Word { .. } | Step::Argument { .. } | Step::End) => reached.push(spot),
                Some(Step::Fork(steps)) => {
                    passed.push(spot);
                    let used = spot.used;
                    waiting.extend(
                        steps
                            .iter()
                            .rev()
                            .map(|step| Position { step: *step, used }),
                    );
                }
                Some(Step::Options {
                    alternatives,
                    is_optional,
                    next,
                }) => {
                    passed.push(spot);
                    let mine = alternatives.iter().fold(0, |bits, (bit, _)| bits | bit);
                    if *is_optional || spot.used & mine != 0 {
                        waiting.push(Position {
                            step: *next,
                            used: spot.used,
                        });
                    }
                    let open = alternatives.iter().rev();
                    waiting.extend(open.filter(|(bit, _)| spot.used & bit == 0).map(
                        |(bit, step)| Position {
                            step: *step,
                            used: spot.used | bit,
                        },
                    ));
                }
            }
        }
        reached
    }
}

/// Builds from the end to the beginning, because each step refers to the next.
#[derive(Default)]
struct Builder {
    steps: Vec<Step>,
    options: u32,
}

impl Builder {
    fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// Adds the steps that lead to `next`, and returns their start.
    fn sequence(&mut self, items: &[Item], next: usize) -> usize {
        let mut next = next;
        for item in items.iter().rev() {
            next = self.item(item, next);
        }
        next
    }

    fn item(&mut self, item: &Item, next: usize) -> usize {
        match item {
            Item::Word(text) => self.push(Step::Word { text, next }),
            Item::Argument { name, kind } => self.push(Step::Argument {
                name,
                kind: *kind,
                next,
            }),
            Item::Choice {
                alternatives,
                is_optional,
            } => {
                let mut steps: Vec<usize> = alternatives
                    .iter()
                    .map(|items| self.sequence(items, next))
                    .collect();
                if *is_optional {
                    steps.push(next);
                }
                self.push(Step::Fork(steps))
            }
            Item::Options {
                alternatives,
                is_optional,
            } => {
                // The alternatives refer back to this step, so its index is reserved before they are built.
                let here = self.push(Step::End);
                let mut starts = Vec::new();
                for items in alternatives {
                    let bit = 1u64.checked_shl(self.options).unwrap_or_default();
                    self.options += 1;
                    starts.push((bit, self.sequence(items, here)));
                }
                if let Some(step) = self.steps.get_mut(here) {
                    *step = Step::Options {
                        alternatives: starts,
                        is_optional: *is_optional,
                        next,
                    };
                }
                here
            }
        }
    }
}
