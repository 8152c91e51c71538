//! Describes a run of the billing sync: what was read, how it adds up, what would change, what is held back and why.
//!
//! `description` is the result as JSON, `text` renders it for people, `sentence` and `gate_sentence` have the words of every
//! reason and rule. `explained` renders both sides of a service, `listed` the services of a class, `checked` the check of a
//! billing system, `unmapped` the lines to paste into `billing.toml`, `rule` explains every class and rule, `condition` sums a
//! system up. `approval`, `resolved`, `adoption` and `pause` describe the decisions of a person, `write_back` what is written
//! into billing.

mod adoption;
mod approval;
mod checked;
mod condition;
mod description;
mod explained;
mod gate_sentence;
mod listed;
mod pause;
mod resolved;
mod rule;
mod sentence;
mod text;
mod unmapped;
mod write_back;

pub use adoption::{AdoptionReport, LeftLine, adoption_text, adoption_verdict};
pub use approval::{ApprovalReport, ApprovalResult, HeldBefore, approval_text, approval_verdict};
pub use checked::{CheckLine, CheckState, check_table};
pub use condition::{LastOutcome, LastRun, PauseFacts, SyncCondition, SyncFacts, sync_condition};
pub use description::{
    ApprovedLine, ChangeLine, ClassCount, CountLine, GateLine, HeldLine, ListedLine, ReadingLine,
    SyncReport, SyncState, TariffLine,
};
pub use explained::{ExplainedReport, ExplainedService, explained_text};
pub use gate_sentence::gate_sentence;
pub use listed::services_text;
pub use pause::{PauseLine, PauseReport, pause_words};
pub use resolved::{ResolvedReport, TakenSide};
pub use rule::{RuleFacts, SyncRule, sync_rule_reference, sync_rules};
pub use sentence::{classification, next_step, sentence, tariff_sentence};
pub use text::{held_text, sync_text, sync_verdict};
pub use unmapped::{UnmappedReport, UnmappedTariff, UnmappedWord, unmapped_text};
pub use write_back::{
    OverwrittenLine, WriteBackReport, WriteBackState, WriteLine, WriteLineState, write_back_text,
    write_back_verdict,
};
