//! `gamctl approve`: shows the plan that waits for a person, asks, and records the approval.

use anyhow::{Context, bail, ensure};
use uuid::Uuid;

use super::invocation::Invocation;
use super::source::FolderArguments;
use super::store_client::StoreClient;
use crate::history::{Audit, NewApproval, Rollout, RolloutState};
use crate::plan::OutOfScope;
use crate::reconcile::run::PlanFile;
use crate::report::{Exit, PlanReport, counted, listed, short_id, visible};

/// Approve the plan of a rollout that waits for a person
///
/// It shows exactly what would be done, in which waves, and asks. An approval is for this plan alone: it is void when a
/// newer commit becomes the target, when the policy changes, or after a day.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl approve                                  shows the newest waiting plan and asks
  gamctl approve 3f2a9c1d --reason 'reviewed in #142'
  gamctl approve latest --reason 'outage' --now   also outside of the windows, never against a freeze
  gamctl rollout abandon latest --reason '…'      the opposite")]
pub(super) struct ApproveArguments {
    /// The plan: its id, part of it, or `latest`
    #[arg(default_value = "latest")]
    plan: String,

    /// State the reason, for the audit log and for other operators
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Start it now, also outside of the windows
    #[arg(long)]
    now: bool,

    /// Do not prompt; limits, freezes and refusals still apply
    #[arg(long, short = 'y')]
    yes: bool,

    /// Include the CLI lines, and those that undo them or the replies
    #[arg(long)]
    detailed: bool,

    #[command(flatten)]
    inventory: FolderArguments,
}

pub(super) fn run(arguments: &ApproveArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let client = StoreClient::open(&selected)?;
    let open = client.wait(client.store().open_rollouts())?;
    let rollout = waiting(&open, &arguments.plan, arguments.now)?;
    let stored = client.wait(client.store().plan(&rollout.plan_id))?;
    let (document, _) = stored.context("the store has no plan for this rollout")?;
    let mut plan = PlanFile::read(document.to_string().into_bytes())?;
    // The service looks at the other devices too; whether something waits there is in `gamctl status`.
    plan.planned.out_of_scope = OutOfScope::default();
    let report = PlanReport {
        planned: &plan.planned,
        is_detailed: arguments.detailed,
        is_expanded: false,
    };
    terminal.result(&report.text(terminal.paint, terminal.width))?;
    let devices: usize = rollout.plan.waves.iter().map(Vec::len).sum();
    terminal.say(&what_waits(rollout));
    let settings = &selected.settings;
    let addresses: Vec<String> = settings.git_author.email.iter().cloned().collect();
    if let Some(why) = may_not_approve(&rollout.plan.authors, &addresses) {
        bail!("{why}");
    }
    let is_confirmed = arguments.yes
        || terminal.confirms(&format!(
            "Approve this plan for {}?",
            counted(devices, "device")
        ));
    if !is_confirmed {
        terminal.say("Not approved.");
        return Ok(Exit::Refused);
    }
    let reason = arguments
        .reason
        .as_deref()
        .unwrap_or("approved on the terminal")
        .trim();
    ensure!(
        !reason.is_empty(),
        "a reason is needed; give `--reason 'reviewed in #142'`"
    );
    // Between the question and the answer another plan may have taken its place.
    let open = client.wait(client.store().open_rollouts())?;
    let is_same = open
        .iter()
        .any(|now| now.id == rollout.id && is_waiting(now, arguments.now));
    ensure!(
        is_same,
        "the plan changed while you read it, and nothing was approved; run `gamctl approve` again to see the new one"
    );
    let approval = NewApproval {
        id: Uuid::now_v7(),
        plan: rollout.plan_id.clone(),
        commit: rollout.commit.clone(),
        policy: rollout.plan.policy.clone(),
        who: settings.who.clone(),
        reason: reason.to_owned(),
        now: arguments.now,
        addresses,
    };
    client.wait(client.store().approve(&approval))?;
    client.wait(client.store().audit(&audit(rollout, &approval, devices)))?;
    terminal.say(&format!(
        "Approved: rollout {} starts as soon as the service sees it.",
        short_id(rollout.id.0)
    ));
    terminal.hint("`gamctl status` shows its progress");
    Ok(Exit::Done)
}

/// Describes the plan of a rollout, why it waits, and who may not approve it.
fn what_waits(rollout: &Rollout) -> String {
    let waves = rollout.plan.waves.iter().map(Vec::len);
    let devices: usize = waves.clone().sum();
    let waves: Vec<String> = waves.map(|wave| wave.to_string()).collect();
    let sizes = match waves.len() {
        0 | 1 => String::new(),
        _ => format!(" ({} devices)", listed(&waves)),
    };
    let mut text = format!(
        "\nPlan {} for {} in {}{sizes}. It waits because {}.",
        short_plan(&rollout.plan_id),
        counted(devices, "device"),
        counted(waves.len(), "wave"),
        because(rollout).map_or("the policy asks".into(), visible)
    );
    if !rollout.plan.authors.is_empty() {
        text.push_str(&format!(
            "\nTwo persons must approve it, neither of them: {}.",
            listed(&rollout.plan.authors)
        ));
    }
    text
}

fn audit(rollout: &Rollout, approval: &NewApproval, devices: usize) -> Audit {
    Audit {
        who: approval.who.clone(),
        verb: "approve".to_owned(),
        subject: Some(rollout.id.0.to_string()),
        is_refused: false,
        what: format!(
            "approved plan {} for {}: {}",
            short_plan(&rollout.plan_id),
            counted(devices, "device"),
            visible(&approval.reason)
        ),
        objects: u64::try_from(devices).ok(),
        run: None,
    }
}

/// Returns why an approval of this person would not count, if two persons other than the authors must approve.
fn may_not_approve(authors: &[String], addresses: &[String]) -> Option<String> {
    if authors.is_empty() {
        return None;
    }
    let Some(address) = addresses.first() else {
        return Some("your e-mail address is unknown, so gamctl cannot check that you are not an author; set GIT_AUTHOR_EMAIL".to_owned());
    };
    let is_author = authors
        .iter()
        .any(|author| author.eq_ignore_ascii_case(address.trim()));
    is_author.then(|| {
        format!(
            "{} is an author of these changes; two other persons must approve this plan",
            visible(address)
        )
    })
}

/// Returns whether a rollout waits for approval; with `--now`, also whether it may wait for a window.
fn is_waiting(rollout: &Rollout, is_now: bool) -> bool {
    match rollout.last.state {
        RolloutState::WaitingForApproval => true,
        RolloutState::Ready => is_now,
        _ => false,
    }
}

/// Returns why a rollout waits.
fn because(rollout: &Rollout) -> Option<&str> {
    let because = match rollout.last.state {
        RolloutState::WaitingForApproval => &rollout.plan.because,
        _ => &rollout.last.content.because,
    };
    because.as_deref()
}

/// Returns the rollout that waits for approval, by its plan.
fn waiting<'a>(open: &'a [Rollout], plan: &str, is_now: bool) -> anyhow::Result<&'a Rollout> {
    let mut waiting = open.iter().filter(|rollout| is_waiting(rollout, is_now));
    if plan == "latest" {
        return waiting
            .next_back()
            .context("no plan waits for approval; `gamctl status` shows what the service does");
    }
    let wanted = plan.trim().to_ascii_lowercase();
    let mut found =
        waiting.filter(|rollout| wanted.len() >= 4 && rollout.plan_id.starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(rollout), None) => Ok(rollout),
        (Some(_), Some(_)) => bail!(
            "`{}` matches several plans; give more characters",
            visible(plan)
        ),
        (None, _) => bail!(
            "no plan `{}` waits for approval: it was approved, replaced by a newer one, or never made; `gamctl approve` shows the newest",
            visible(plan)
        ),
    }
}

fn short_plan(plan: &str) -> &str {
    plan.get(..12).unwrap_or(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_or_a_person_without_an_address_is_refused_before_the_question() {
        let to = |text: &str| vec![text.to_owned()];
        let authors = to("ada@example.net");
        assert_eq!(may_not_approve(&[], &[]), None, "one person is enough");
        assert_eq!(may_not_approve(&authors, &to("bob@example.net")), None);
        let why = may_not_approve(&authors, &to("Ada@example.net")).unwrap();
        assert!(why.contains("is an author"), "{why}");
        let why = may_not_approve(&authors, &[]).unwrap();
        assert!(why.contains("GIT_AUTHOR_EMAIL"), "{why}");
    }
}
