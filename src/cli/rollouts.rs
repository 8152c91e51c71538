//! `gamctl rollouts` and `gamctl rollout`: lists rollouts, shows one, and pauses, resumes or abandons it.

use anyhow::{bail, ensure};
use clap::Subcommand;
use serde::Serialize;

use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use crate::history::{
    Audit, NewRolloutStep, Rollout, RolloutId, RolloutKind, RolloutState, RolloutStep,
    RolloutStepContent,
};
use crate::report::{
    DocumentKind, Exit, RolloutLine, RolloutStepLine, rollout_list, rollout_steps, short_id,
    visible,
};

/// List the rollouts of the service, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl rollouts                    the last 20
  gamctl rollouts --limit 100 --format json
  gamctl rollout show latest         one of them, with each change of its state")]
pub(super) struct RolloutsArguments {
    /// Show at most this many entries
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// Show, pause, resume or abandon a rollout
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl rollout show latest
  gamctl rollout pause 0199f3a2 --reason 'customers call from maple court'
  gamctl rollout resume 0199f3a2 --reason 'line 7 was unplugged by the tenant'
  gamctl rollout abandon 0199f3a2 --reason 'the plan is wrong; a revert follows'

What was applied stays. To take it back, revert the commit, or use `gamctl rollback`.")]
pub(super) struct RolloutArguments {
    #[command(subcommand)]
    action: RolloutAction,
}

#[derive(Debug, Subcommand)]
enum RolloutAction {
    /// Show a rollout with each change of its state
    Show(ShowRolloutArguments),
    /// Start no further wave until it is resumed
    Pause(ChangeRolloutArguments),
    /// Go on with a paused rollout
    Resume(ChangeRolloutArguments),
    /// End a rollout; what it applied stays
    Abandon(ChangeRolloutArguments),
}

#[derive(Debug, clap::Args)]
struct ShowRolloutArguments {
    /// The rollout: its id, part of it, or `latest`
    #[arg(default_value = "latest")]
    rollout: String,

    #[command(flatten)]
    inventory: FolderArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

#[derive(Debug, clap::Args)]
struct ChangeRolloutArguments {
    /// The rollout: its id, part of it, or `latest`
    rollout: String,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    inventory: FolderArguments,
}

/// The JSON document of a list.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RolloutsDocument {
    pub(super) rollouts: Vec<RolloutLine>,
}

/// The JSON document of one rollout.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RolloutDocument {
    #[serde(flatten)]
    pub(super) rollout: RolloutLine,
    pub(super) history: Vec<RolloutStepLine>,
}

/// The rollouts among which a short id is searched.
const SEARCHED: u32 = 1000;

pub(super) fn list(arguments: &RolloutsArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let rollouts = match StoreClient::if_there(&selected)? {
        Some(client) => client.wait(client.store().rollouts(arguments.limit))?,
        None => Vec::new(),
    };
    let document = RolloutsDocument {
        rollouts: rollouts.iter().map(rollout_line).collect(),
    };
    let text = || match document.rollouts.is_empty() {
        true => String::new(),
        false => rollout_list(&document.rollouts, terminal.paint),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Rollouts.document(&document),
        text,
    )?;
    if document.rollouts.is_empty() {
        terminal.say(
            "No rollouts yet: they begin when `gamctl serve` finds differences to the target.",
        );
    }
    Ok(Exit::Done)
}

pub(super) fn run(arguments: &RolloutArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    match &arguments.action {
        RolloutAction::Show(show) => show_one(show, invocation),
        RolloutAction::Pause(change) => changed(change, RolloutState::Paused, invocation),
        RolloutAction::Resume(change) => changed(change, RolloutState::Ready, invocation),
        RolloutAction::Abandon(change) => changed(change, RolloutState::Abandoned, invocation),
    }
}

fn show_one(arguments: &ShowRolloutArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let client = StoreClient::open(&selected)?;
    let id = named(&client, &arguments.rollout)?.id;
    let Some((rollout, steps)) = client.wait(client.store().rollout(id))? else {
        bail!("the rollout is gone from the store");
    };
    let document = RolloutDocument {
        rollout: rollout_line(&rollout),
        history: steps.iter().map(step_line).collect(),
    };
    let terminal = &invocation.terminal;
    let text = || rollout_steps(&document.rollout, &document.history, terminal.paint);
    terminal.print(
        arguments.format,
        || DocumentKind::Rollout.document(&document),
        text,
    )?;
    Ok(Exit::Done)
}

/// Records that a person pauses, resumes or abandons a rollout.
fn changed(
    arguments: &ChangeRolloutArguments,
    state: RolloutState,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let reason = arguments.reason.trim();
    ensure!(
        !reason.is_empty(),
        "a reason is needed, shown to others; give `--reason 'line 7 was unplugged'`"
    );
    let selected = invocation.select(arguments.inventory.given())?;
    let client = StoreClient::open(&selected)?;
    let rollout = named(&client, &arguments.rollout)?;
    if let Some(because) = not_possible(rollout.last.state, state) {
        bail!(
            "rollout {} is {} and cannot be {}: {because}",
            short_id(rollout.id.0),
            rollout.last.state.word(),
            done(state)
        );
    }
    let who = &selected.settings.who;
    // A resumed rollout goes on with the next wave: the person decided about the gate.
    let content = &rollout.last.content;
    let is_past_gate = state == RolloutState::Ready && content.run.is_some();
    // One that needs approvals waits for them again, whatever it waited for when it was paused.
    let is_before_first_wave = content.wave == 0 && content.run.is_none();
    let resumes_at = match rollout.plan.approvals {
        1.. if is_before_first_wave && state == RolloutState::Ready => {
            RolloutState::WaitingForApproval
        }
        _ => state,
    };
    let step = NewRolloutStep {
        number: rollout.last.number.saturating_add(1),
        state: resumes_at,
        who: who.clone(),
        content: RolloutStepContent {
            wave: content.wave.saturating_add(u32::from(is_past_gate)),
            because: Some(reason.to_owned()),
            ..RolloutStepContent::default()
        },
    };
    let counts = client.wait(client.store().rollout_step(rollout.id, &step, None))?;
    ensure!(
        counts,
        "the rollout moved on meanwhile; `gamctl rollout show {}` shows its state",
        short_id(rollout.id.0)
    );
    let what = format!("{}: {}", done(state), visible(reason));
    let audit = Audit {
        who: who.clone(),
        verb: "rollout".to_owned(),
        subject: Some(rollout.id.0.to_string()),
        is_refused: false,
        what,
        objects: None,
        run: None,
    };
    client.wait(client.store().audit(&audit))?;
    let terminal = &invocation.terminal;
    terminal.say(&format!(
        "Rollout {} is {}.",
        short_id(rollout.id.0),
        done(state)
    ));
    if rollout.last.state == RolloutState::Wave {
        terminal.hint("the wave in progress ends first; `gamctl status` shows it");
    }
    Ok(Exit::Done)
}

/// Returns why a rollout cannot get a state.
fn not_possible(now: RolloutState, next: RolloutState) -> Option<&'static str> {
    match (now, next) {
        (now, _) if now.is_over() => Some("it is over"),
        (RolloutState::Wave, _) => {
            Some("a wave is in progress; freeze its devices, or wait until it ends")
        }
        (RolloutState::Paused, RolloutState::Paused) => Some("it is paused already"),
        (RolloutState::Paused, RolloutState::Ready) => None,
        (_, RolloutState::Ready) => Some("it is not paused"),
        _ => None,
    }
}

fn done(state: RolloutState) -> &'static str {
    match state {
        RolloutState::Paused => "paused",
        RolloutState::Abandoned => "abandoned",
        _ => "resumed",
    }
}

/// Returns the rollout with this id, or the newest one.
pub(super) fn named(client: &StoreClient<'_>, name: &str) -> anyhow::Result<Rollout> {
    let rollouts = client.wait(client.store().rollouts(SEARCHED))?;
    if name == "latest" {
        return rollouts
            .into_iter()
            .next()
            .ok_or_else(|| anyhow::anyhow!("no rollout has begun yet; `gamctl status` shows why"));
    }
    let wanted = name.trim().to_ascii_lowercase();
    let is_named = |id: RolloutId| {
        let whole = id.0.to_string();
        wanted.len() >= 4 && (whole.starts_with(&wanted) || whole.ends_with(&wanted))
    };
    let mut found = rollouts.into_iter().filter(|rollout| is_named(rollout.id));
    match (found.next(), found.next()) {
        (Some(rollout), None) => Ok(rollout),
        (Some(_), Some(_)) => bail!(
            "`{}` matches several rollouts; give more characters",
            visible(name)
        ),
        (None, _) => bail!(
            "there is no rollout `{}`; `gamctl rollouts` lists them",
            visible(name)
        ),
    }
}

pub(super) fn rollout_line(rollout: &Rollout) -> RolloutLine {
    let content = &rollout.last.content;
    RolloutLine {
        id: rollout.id.0,
        plan: rollout.plan_id.clone(),
        commit: rollout.commit.clone(),
        kind: match rollout.plan.kind {
            RolloutKind::Commit => "commit",
            RolloutKind::Drift => "drift",
        },
        state: rollout.last.state.word(),
        because: content.because.clone(),
        wave: wave_number(content),
        waves: rollout.plan.waves.iter().map(Vec::len).collect(),
        steps: rollout.plan.steps,
        approvals: rollout.plan.approvals,
        began: rollout.at,
        since: rollout.last.at,
    }
}

fn wave_number(content: &RolloutStepContent) -> usize {
    usize::try_from(content.wave)
        .unwrap_or(usize::MAX)
        .saturating_add(1)
}

fn step_line(step: &RolloutStep) -> RolloutStepLine {
    RolloutStepLine {
        number: step.number,
        state: step.state.word(),
        who: step.who.clone(),
        wave: wave_number(&step.content),
        run: step.content.run.map(|run| run.0),
        because: step.content.because.clone(),
        at: step.at,
    }
}
