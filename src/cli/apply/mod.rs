//! `gamctl apply`: carries out a plan, verifies it by looking again, saves, and records every step.
//!
//! `run` drives the run · `live` shows its progress.

mod live;
mod run;

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;

pub(super) use live::Live;
pub(super) use run::{RunArguments, carry_out, end};

use super::format::OutputFormat;
use super::invocation::{Invocation, Selected};
use super::plan::RehearsalArguments;
use super::scope::ScopeArguments;
use super::show_plan::read_plan_file;
use super::source::InventoryArguments;
use super::store_client::StoreClient;
use super::timeout::TimeoutArguments;
use super::when::length;
use crate::history::RunId;
use crate::reconcile::AutoApproval;
use crate::reconcile::run::{PlanFile, Verb, rollback_named};
use crate::report::Exit;

/// Apply the inventory to devices: plan, confirm, write, verify, save
///
/// gamctl plans, or reads a plan file, shows the plan and asks for confirmation. It looks at each device right before
/// the first line and again after the last one. Only a verified configuration is saved; a failed one is rolled back. Every
/// step is recorded: see `gamctl history` and `gamctl explain`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  gamctl apply                            plan, show, confirm, apply
  gamctl apply --device 'maple-*' --yes   unattended: applies what the policy allows, without a prompt
  gamctl apply --waves                    one device first, then the rest if its lines are up again
  gamctl apply --auto-approve harmless    applies changes that no subscriber notices without a prompt
  gamctl plan --out plan.json             one person reviews a plan,
  gamctl apply plan.json                  another applies exactly that; devices that changed since are skipped
  gamctl apply plan.json --yes            the same in a job, without a prompt

A plan file can be applied once, within a day. Ctrl-C finishes the current line, leaves configuration mode, records how
far each device got and exits with 8. The next apply looks at these devices and does the rest.")]
pub(super) struct ApplyArguments {
    /// Apply this plan, written by `gamctl plan --out`, instead of planning
    #[arg(conflicts_with = "rev")]
    plan: Option<PathBuf>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    /// Bring back without asking what this rollback took away
    ///
    /// The run of the rollback, as the plan and `gamctl history` name it, or part of its id. `--yes` alone leaves devices
    /// alone whose plan would undo a rollback.
    #[arg(long, value_name = "RUN")]
    reapply: Vec<String>,

    /// Apply in waves: a few devices first, the rest if they are fine
    ///
    /// As `[waves]` of policy.toml has it, in the commit before. Each wave is a run. The next one starts if every device of
    /// it is verified and saved, the lines that were up are up again, and no new alarm affects service. Otherwise the
    /// command ends with 5; nothing else is written.
    #[arg(long, conflicts_with = "plan")]
    waves: bool,

    #[command(flatten)]
    how: HowArguments,
}

/// Options of a run; the same for `apply` and `rollback`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct HowArguments {
    /// Do not prompt; limits, freezes and refusals still apply
    #[arg(long, short = 'y')]
    pub yes: bool,

    /// Apply changes up to this class without asking
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub auto_approve: AutoApprove,

    /// Apply an inventory that is uncommitted or not in git; recorded
    #[arg(long)]
    pub allow_uncommitted: bool,

    /// Accept a rewritten history: the commit need not descend from the last
    ///
    /// Applies a commit that does not descend from the last applied one.
    #[arg(long)]
    pub accept_history: bool,

    /// Allow changes that affect management access (VLAN, uplink, address)
    #[arg(long)]
    pub allow_management: bool,

    /// Wait this long for devices that another run writes to
    ///
    /// Such as `30s`, `2m` or `1h`. Without it, such devices are skipped.
    #[arg(long, value_name = "DURATION", value_parser = length, help_heading = "Concurrency")]
    pub wait: Option<u64>,

    /// Apply to this many devices at once [default: 50]
    #[arg(long, value_name = "NUMBER", help_heading = "Concurrency")]
    pub at_once: Option<NonZeroU16>,

    /// Apply to this many devices of one site at once [default: 4]
    #[arg(long, value_name = "NUMBER", help_heading = "Concurrency")]
    pub at_once_per_site: Option<NonZeroU16>,

    /// Start no more devices after this many failures [default: 3]
    #[arg(long, value_name = "NUMBER", help_heading = "Concurrency")]
    pub failure_budget: Option<NonZeroU16>,

    #[command(flatten)]
    pub rehearsal: RehearsalArguments,

    #[command(flatten)]
    pub timeout: TimeoutArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: OutputFormat,

    /// Include the CLI lines, and those that undo them or the replies
    #[arg(long)]
    pub detailed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AutoApprove {
    /// Nothing: a person confirms, or --yes
    None,
    /// Changes that no subscriber notices and that lose nothing
    Harmless,
}

impl HowArguments {
    pub(super) fn approval(&self) -> AutoApproval {
        match (self.yes, self.auto_approve) {
            (true, _) => AutoApproval::Everything,
            (false, AutoApprove::Harmless) => AutoApproval::Harmless,
            (false, AutoApprove::None) => AutoApproval::Nothing,
        }
    }
}

pub(super) fn run(arguments: &ApplyArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation
        .select(arguments.inventory.given())?
        .waiting(arguments.how.timeout);
    let asked = RunArguments {
        verb: Verb::Apply,
        revision: arguments.inventory.revision().map(str::to_owned),
        file: arguments.plan.as_deref().map(plan_file).transpose()?,
        scope: arguments.scope.patterns()?,
        only: None,
        reapply: rollbacks(&arguments.reapply, &selected)?,
        in_waves: arguments.waves,
    };
    carry_out(asked, &arguments.how, &selected)
}

/// Returns the rollbacks that `--reapply` names.
fn rollbacks(named: &[String], selected: &Selected<'_>) -> anyhow::Result<BTreeSet<RunId>> {
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let client = StoreClient::open(selected)?;
    client.walk(async {
        let mut runs = BTreeSet::new();
        for one in named {
            runs.insert(rollback_named(client.store(), one).await?);
        }
        Ok(runs)
    })
}

fn plan_file(path: &Path) -> anyhow::Result<PlanFile> {
    let bytes = read_plan_file(path)?;
    PlanFile::read(bytes).with_context(|| format!("cannot apply {}", path.display()))
}
