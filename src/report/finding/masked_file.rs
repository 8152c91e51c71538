//! Splits a file into lines, with the ranges of each that must not be shown.

use std::ops::Range;

use super::mask::masks;

/// The text of a file, its lines and the parts that may be secrets.
pub(in crate::report) struct MaskedFile<'t> {
    text: &'t str,
    lines: Vec<Range<usize>>,
    masks: Vec<Range<usize>>,
}

impl<'t> MaskedFile<'t> {
    pub(in crate::report) fn new(path: &str, text: &'t str) -> Self {
        Self {
            masks: masks(path, text),
            ..Self::open(text)
        }
    }

    /// A text of which everything may be shown.
    pub(in crate::report) fn open(text: &'t str) -> Self {
        let mut start = 0;
        let lines = text
            .split('\n')
            .map(|line| {
                let range = start..start + line.strip_suffix('\r').unwrap_or(line).len();
                start += line.len() + 1;
                range
            })
            .collect();
        Self {
            text,
            lines,
            masks: Vec::new(),
        }
    }

    /// Returns a line, counted from 0, with its hidden ranges.
    pub(in crate::report) fn line(&self, number: usize) -> Option<(&'t str, Vec<Range<usize>>)> {
        let line = self.lines.get(number)?;
        let text = self.text.get(line.clone())?;
        let first = self.masks.partition_point(|mask| mask.end <= line.start);
        let masks = self
            .masks
            .iter()
            .skip(first)
            .take_while(|mask| mask.start < line.end)
            .map(|mask| mask.start.saturating_sub(line.start)..mask.end.min(line.end) - line.start)
            .collect();
        Some((text, masks))
    }
}
