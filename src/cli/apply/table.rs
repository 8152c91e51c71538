//! What lies on the table once everything was read and looked at: shown, asked about, and decided.

use super::Format;
use super::errands::Errands;
use super::road::{Road, Start};
use crate::plan::Planned;
use crate::reconcile::{Archive, Fleet, Sightings, needs_no_person};
use crate::report::{Exit, NotBegun, PlanReport, Why, counted};

/// What lies on the table once everything was read and looked at.
pub(super) struct Table<'a> {
    pub start: &'a Start,
    pub fleet: &'a Fleet<'a>,
    pub planned: &'a Planned,
    pub sightings: &'a Sightings,
    pub archive: &'a Archive,
}

impl Road<'_> {
    /// Shows the plan, asks where somebody is to be asked, and carries it out.
    pub(super) async fn decide(&self, table: &Table<'_>, mut all: Errands) -> anyhow::Result<Exit> {
        let planned = table.planned;
        let plan = PlanReport {
            planned,
            is_detailed: self.how.detailed,
            is_expanded: false,
        };
        let shows_plan = table.start.file.is_none() && self.how.format == Format::Text;
        if shows_plan {
            self.terminal
                .result(&plan.text(self.terminal.paint, self.terminal.width))?;
        }
        if !planned.complaints.is_empty() || !planned.refusals.is_empty() {
            if !shows_plan {
                self.terminal
                    .complain(&plan.text(self.terminal.paint, self.terminal.width));
            }
            let mut reasons = planned.refusals.iter().map(|refusal| &refusal.message);
            let what = reasons
                .next()
                .cloned()
                .unwrap_or_else(|| "the plan has faults of gamctl".to_owned());
            self.audit(table.start, true, what, None, table.archive)
                .await?;
            self.terminal.complain("Nothing is applied.");
            return Ok(Exit::Refused);
        }
        if all.errands.is_empty() && all.left.is_empty() {
            self.take_over(table).await?;
            self.note_commit(table).await?;
            return Ok(self.nothing_to_do(table, &plan));
        }
        if all.is_to_be_asked && !all.errands.is_empty() && !self.is_agreed(&mut all) {
            self.audit(
                table.start,
                true,
                "nobody said yes".to_owned(),
                None,
                table.archive,
            )
            .await?;
            self.terminal
                .complain("Nothing is applied: nobody said yes.");
            self.terminal
                .hint("`--yes` asks nobody, `--auto-approve harmless` only about what somebody would notice");
            return Ok(Exit::Refused);
        }
        self.carry_out(table, all).await
    }

    /// Returns whether what is left of the errands may be done.
    fn is_agreed(&self, all: &mut Errands) -> bool {
        let devices = counted(all.errands.len(), "device");
        if self.terminal.confirms(&format!("Apply this to {devices}?")) {
            return true;
        }
        let (kept, asked): (Vec<_>, Vec<_>) = std::mem::take(&mut all.errands)
            .into_iter()
            .partition(|errand| needs_no_person(&errand.plan, self.how.approval()));
        all.errands = kept;
        all.left.extend(asked.into_iter().map(|errand| NotBegun {
            device: errand.plan.device,
            why: Why::Refused,
            because: "somebody would notice, and nobody said yes; `--yes` asks nobody".to_owned(),
        }));
        !all.errands.is_empty()
    }

    fn nothing_to_do(&self, table: &Table<'_>, plan: &PlanReport<'_>) -> Exit {
        if self.how.format == Format::Json || table.start.file.is_some() {
            self.terminal.say("Nothing to do.");
        }
        match plan.exit() {
            // Only what cannot be planned differs.
            Exit::ChangesPending => Exit::Done,
            exit => exit,
        }
    }
}
