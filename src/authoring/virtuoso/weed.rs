//! Proposes the new subscribers of a list, and drops those that would cause errors in the inventory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::addition::{Addition, edits};
use super::decide::Decision;
use super::row_problem::RowProblem;
use crate::authoring::edit::EditError;
use crate::authoring::{Base, Change, Proposal, propose};
use crate::inventory::{KeyReference, Reading, ReferencedObject, locations};
use crate::model::SourceLocation;

/// Every round drops a row, and reads the inventory again; no usable list needs more rounds.
const MOST_ROUNDS: usize = 100;

/// A list with the change that it makes.
#[derive(Debug)]
pub struct WeededImport<'a> {
    /// Without the rows that would cause errors; these are among the rows left out.
    pub decision: Decision,
    /// It is refused only if an error comes from no row alone.
    pub proposal: Proposal<'a>,
}

/// Proposes the additions of a decision, without those that would cause errors. Nothing is written.
///
/// # Errors
///
/// Fails where the files cannot be edited.
pub fn weed<'a>(base: &'a Base, mut decision: Decision) -> Result<WeededImport<'a>, EditError> {
    let mut round = 0;
    loop {
        round += 1;
        let edits = edits(&decision.additions);
        let proposal = propose(base, Change::Edits(&edits), None)?;
        let dropped = match proposal.refusal() {
            Some(after) if round < MOST_ROUNDS => causes(after, &decision.additions),
            _ => BTreeMap::new(),
        };
        if dropped.is_empty() {
            decision.sort();
            return Ok(WeededImport { decision, proposal });
        }
        let lines = |one: &Addition| !dropped.contains_key(&one.line);
        decision.additions.retain(lines);
        for (line, problem) in dropped {
            decision.leave_out(line, problem);
        }
    }
}

/// Returns the new rows that the errors are about, by line, each with its first error.
///
/// An error between two new rows drops both: which one is right is not known.
fn causes(after: &Reading, additions: &[Addition]) -> BTreeMap<usize, RowProblem> {
    let new = additions.iter();
    let new: HashMap<&str, usize> = new
        .map(|one| (one.subscriber.id.as_str(), one.line))
        .collect();
    let headers = headers(after);
    let line_of = |place: &SourceLocation| -> Option<usize> {
        let first = (Arc::clone(&place.file), 0);
        let above = headers.range(first..=(Arc::clone(&place.file), place.line));
        let (_, id) = above.last()?;
        new.get(id.as_str()).copied()
    };
    let mut causes = BTreeMap::new();
    for finding in &after.findings {
        let related = finding.related.iter().map(|related| &related.place);
        let places = std::iter::once(&finding.place).chain(related);
        for line in places.filter_map(line_of) {
            causes.entry(line).or_insert_with(|| RowProblem::Finding {
                rule: finding.rule.id,
                message: finding.message.clone(),
                hint: finding.hint.clone(),
            });
        }
    }
    causes
}

/// Returns the id of each subscriber by the place of its header.
fn headers(after: &Reading) -> BTreeMap<(Arc<str>, u32), String> {
    let subscribers = after.inventory.subscribers();
    let asked: Vec<KeyReference> = subscribers
        .map(|one| {
            let object = ReferencedObject::Subscriber(one.id.to_string());
            KeyReference::new(object, [])
        })
        .collect();
    let places = locations(&after.inventory, &asked);
    let placed = asked.into_iter().zip(places);
    placed
        .filter_map(|(asked, place)| match (asked.object, place) {
            (ReferencedObject::Subscriber(id), Some(place)) => Some(((place.file, place.line), id)),
            _ => None,
        })
        .collect()
}
