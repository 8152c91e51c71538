//! `gamctl apply`: does what the plan says, proves it by looking again, saves, and writes everything down.
//!
//! `run` drives the run · `live` what is seen meanwhile.

mod live;
mod run;

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;

pub(super) use live::Live;
pub(super) use run::{Asked, carry_out};

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::scope::ScopeArguments;
use super::source::InventoryArguments;
use crate::reconcile::AutoApproval;
use crate::reconcile::run::{PlanFile, Verb};
use crate::report::Exit;

/// Carry out what the inventory says: plan, ask, write, look again, save
///
/// Without a file it plans, shows the plan and asks. Each device is looked at right before its first line and once more
/// after its last; only what is verified is saved, and what went wrong is taken back. Everything is written down:
/// `gamctl history` and `gamctl explain` tell it again.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  gamctl apply                            plan, show, ask, apply
  gamctl apply --device 'maple-*' --yes   for machines: what policy lets through is applied, nobody is asked
  gamctl apply --auto-approve harmless    what nobody notices is applied without asking
  gamctl plan --out plan.json             one looks at a plan,
  gamctl apply plan.json                  and another applies exactly that; devices that moved since refuse

A plan that was written to a file is applied once, within a day. Ctrl-C finishes the line in hand, leaves configuration
mode, writes down how far it got and exits 8; the next apply looks what is there and does the rest.")]
pub(super) struct ApplyArguments {
    /// A plan written by `gamctl plan --out`; without it, gamctl plans now
    #[arg(conflicts_with = "rev")]
    plan: Option<PathBuf>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    scope: ScopeArguments,

    #[command(flatten)]
    how: HowArguments,
}

/// How a run goes about it; the same for `apply` and `rollback`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct HowArguments {
    /// Ask nobody; limits, freezes and refusals hold all the same
    #[arg(long, short = 'y')]
    pub yes: bool,

    /// What may be applied without asking
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub auto_approve: AutoApprove,

    /// Apply an inventory that is not committed as it is, or not in git at all; that is recorded
    #[arg(long)]
    pub allow_uncommitted: bool,

    /// The history was rewritten on purpose: apply a commit that does not descend from the last one that was applied
    #[arg(long)]
    pub accept_history: bool,

    /// Let the plan change what our own way to a device goes through
    #[arg(long)]
    pub allow_management: bool,

    /// How many devices at a time [default: 50]
    #[arg(long, value_name = "NUMBER", help_heading = "Pace")]
    pub at_once: Option<NonZeroU16>,

    /// How many devices of one site at a time [default: 4]
    #[arg(long, value_name = "NUMBER", help_heading = "Pace")]
    pub at_once_per_site: Option<NonZeroU16>,

    /// Begin no other device after so many have failed [default: 3]
    #[arg(long, value_name = "NUMBER", help_heading = "Pace")]
    pub failure_budget: Option<NonZeroU16>,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: OutputFormat,

    /// Show the lines of the plan before asking
    #[arg(long)]
    pub detailed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AutoApprove {
    /// Nothing: somebody says yes, or --yes
    None,
    /// What no subscriber notices and nothing is lost by
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
    let asked = Asked {
        verb: Verb::Apply,
        revision: arguments.inventory.revision().map(str::to_owned),
        file: arguments.plan.as_deref().map(plan_file).transpose()?,
        scope: arguments.scope.patterns()?,
        only: None,
    };
    let selected = invocation.select(arguments.inventory.given())?;
    carry_out(asked, &arguments.how, &selected)
}

fn plan_file(path: &Path) -> anyhow::Result<PlanFile> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| {
        format!("failed to read the plan {shown}; `gamctl plan --out FILE` writes one")
    })?;
    PlanFile::read(bytes).with_context(|| format!("{shown} cannot be applied"))
}
