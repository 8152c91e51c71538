//! Defines the explanation of a rule of the sync, with facts for its examples.

use crate::sync::{Classification, GateFinding, Reason};

/// The explanation of one rule, in Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncRule {
    /// Stable, in kebab-case; the output and JSON name it.
    pub id: &'static str,
    /// One line for a table, without a full stop.
    pub summary: &'static str,
    pub means: &'static str,
    pub person: &'static str,
    /// One for each kind of facts that the rule is about.
    pub facts: &'static [RuleFacts],
}

/// Facts of a rule as JSON, in the form that the store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFacts {
    Reason(&'static str),
    Gate(&'static str),
}

/// The facts of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExampleFacts {
    Reason(Reason),
    Gate(GateFinding),
}

impl RuleFacts {
    pub(super) fn parse(self) -> Result<ExampleFacts, serde_json::Error> {
        Ok(match self {
            Self::Reason(text) => ExampleFacts::Reason(serde_json::from_str(text)?),
            Self::Gate(text) => ExampleFacts::Gate(serde_json::from_str(text)?),
        })
    }
}

impl ExampleFacts {
    /// Returns the class of a service for this reason alone; a rule of the gate is not about one service.
    pub(super) fn class(&self) -> Option<Classification> {
        match self {
            Self::Reason(reason) => Some(reason.classification()),
            Self::Gate(_) => None,
        }
    }
}
