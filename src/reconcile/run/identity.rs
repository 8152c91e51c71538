//! Names a run: the id that the store gets if it is executed, and the span around everything that it does.

use tracing::Span;
use tracing::field::Empty;
use uuid::Uuid;

use super::RunRequest;
use crate::history::RunId;

/// The id and the span of a run, from its first look to its last record.
#[derive(Debug, Clone)]
pub(super) struct RunIdentity {
    pub(super) id: RunId,
    /// Preparing and executing happen in the same span, so that logs and traces show one run.
    pub(super) span: Span,
}

impl RunIdentity {
    pub(super) fn new(request: &RunRequest) -> Self {
        let id = RunId(Uuid::now_v7());
        let verb = request.verb.word();
        let span = tracing::info_span!("run", verb, who = %request.who, id = %id.0, result = Empty, failed = Empty);
        Self { id, span }
    }
}
