//! Shows the lines that findings point at, without parts that may be secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::FindingReport;
use super::masked_file::MaskedFile;
use crate::model::SourceLocation;
use crate::report::{Excerpt, excerpt};

/// The files of findings, each scanned once.
pub(super) struct Excerpts<'a> {
    text_of: &'a dyn Fn(&str) -> Option<&'a str>,
    files: BTreeMap<&'a str, Option<MaskedFile<'a>>>,
    /// Lines that some finding marks as secret; then no other finding shows them either.
    secret_lines: BTreeSet<(&'a str, u32)>,
}

impl<'a> Excerpts<'a> {
    pub(super) fn new(report: &FindingReport<'a>) -> Self {
        let secret_lines = report
            .findings
            .iter()
            .filter(|finding| finding.is_secret)
            .flat_map(|finding| {
                let related = finding.related.iter().map(|related| &related.place);
                related.chain([&finding.place])
            })
            .map(|place| (&*place.file, place.line))
            .collect();
        Self {
            text_of: report.text_of,
            files: BTreeMap::new(),
            secret_lines,
        }
    }

    /// Returns the line of `place` in at most `width` columns, unless it is unknown or secret.
    pub(super) fn at(&mut self, place: &'a SourceLocation, width: usize) -> Option<Excerpt> {
        if self.secret_lines.contains(&(&*place.file, place.line)) {
            return None;
        }
        let text_of = self.text_of;
        let file = self
            .files
            .entry(&place.file)
            .or_insert_with_key(|path| text_of(path).map(|text| MaskedFile::new(path, text)))
            .as_ref()?;
        let number = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let (text, masks) = file.line(number)?;
        let column = usize::try_from(place.column).ok()?.saturating_sub(1);
        let length = usize::try_from(place.length).ok()?;
        if length == 0 {
            // The finding is about the file as a whole.
            return None;
        }
        let meant = column..column.saturating_add(length);
        Some(excerpt(text, meant, &masks, width))
    }
}
