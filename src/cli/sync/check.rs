//! `gamctl sync check`: asks a billing system what the login may do, and registers the webhook there if asked.

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use super::audited::{Decision, audited};
use super::opened::Opened;
use super::{OneSystem, SyncArguments};
use crate::billing::HookUrl;
use crate::cli::clock;
use crate::cli::invocation::Invocation;
use crate::inventory::text::BillingKind;
use crate::reconcile::sync::{
    HOOK_PROBE, HookRegistration, check_lines, register_hook, registration_lines, splynx_hook_steps,
};
use crate::report::sync::{CheckLine, CheckState, check_table};
use crate::report::{DocumentKind, Exit, counted};
use crate::secrets::Secrets;

/// The result as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct CheckDocument {
    system: String,
    probes: Vec<CheckLine>,
}

/// Check login, permissions and settings of a billing system
///
/// Sends requests that read, and writes nothing without --register-hook. A problem is shown with its next step.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl sync check splynx
  gamctl --config gamctl.toml sync check sonar --register-hook   register the webhook at Sonar, and test it

--register-hook needs `public_url` under `[sync]` in settings that you name, and `hook` of the billing system. It may be repeated.
Sonar has an API for webhooks. For Splynx it prints what to enter, and sends a ping to the service itself.")]
pub(super) struct CheckArguments {
    /// Register the webhook in billing, or show how, and test it
    #[arg(long)]
    register_hook: bool,

    #[command(flatten)]
    system: OneSystem,
}

pub(super) fn run(
    arguments: &SyncArguments,
    check: &CheckArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let why = "Nothing checked: the inventory has errors, so the settings may be incomplete.";
    let opened = match Opened::of(arguments, check.system.name.as_ref(), invocation, why)? {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    // Before anything is sent.
    let (hook, problem) = match hook_url(&opened) {
        Ok(hook) => (Some(hook), None),
        Err(error) if check.register_hook => return Err(error),
        // The sync needs no webhook, so it may be on purpose.
        Err(error) => (None, names_hook(&opened).then(|| format!("{error:#}"))),
    };
    let client = opened.client()?;
    let system = &opened.system;
    let now = clock::seconds();
    let answers = invocation.wait(client.check(system, hook.as_ref(), now))??;
    let mut probes = check_lines(&answers, now);
    probes.extend(problem.map(|detail| CheckLine {
        probe: HOOK_PROBE.to_owned(),
        state: CheckState::Limited,
        detail,
    }));
    if let Some(hook) = hook.as_ref().filter(|_| check.register_hook) {
        let registered = invocation.wait(register_hook(&client, hook))?;
        if let Ok(HookRegistration::Sonar { .. }) = &registered {
            let decision = Decision {
                verb: "sync check",
                what: format!("registered the webhook {hook}"),
            };
            audited(&opened.store, &opened.selected, &system.name, decision)?;
        }
        probes.retain(|line| line.probe != HOOK_PROBE);
        probes.extend(registration_lines(&registered, hook));
    }
    let document = CheckDocument {
        system: system.name.to_string(),
        probes,
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncCheck.document(&document),
        || check_table(&document.probes, terminal.paint),
    )?;
    if let (true, Some(hook), Some(secret)) = (check.register_hook, &hook, &system.hook)
        && system.kind() == BillingKind::Splynx
    {
        terminal.say(&splynx_hook_steps(hook, secret.as_str()));
    }
    let count = |state| {
        document
            .probes
            .iter()
            .filter(|line| line.state == state)
            .count()
    };
    let (bad, limited) = (count(CheckState::Bad), count(CheckState::Limited));
    terminal.say(&match (bad, limited) {
        (0, 0) => format!("{} is ready for the sync.", system.name),
        (0, limited) => format!(
            "{} is ready for the sync, with {}.",
            system.name,
            counted(limited, "limit")
        ),
        (bad, _) => format!(
            "{} of {}; the sync would not read everything.",
            counted(bad, "problem"),
            system.name
        ),
    });
    Ok(match bad {
        0 => Exit::Done,
        _ => Exit::Unobservable,
    })
}

/// Returns whether the settings are those of a system with webhooks.
fn names_hook(opened: &Opened<'_>) -> bool {
    opened.selected.settings.sync.public_url.is_some() && opened.system.hook.is_some()
}

/// Returns the address of the webhook; an error names the setting that is missing.
fn hook_url(opened: &Opened<'_>) -> anyhow::Result<HookUrl> {
    let settings = &opened.selected.settings;
    let name = &opened.system.name;
    let Some(public) = &settings.sync.public_url else {
        bail!(
            "no address under which {name} reaches the service; set `public_url` under `[sync]` in gamctl.toml, such as \"https://gamctl.isp.example\""
        );
    };
    ensure!(
        settings.is_named,
        "`[sync]` is used only from settings that you name, because the author of an inventory must not choose where secrets are sent; use `gamctl --config gamctl.toml sync check {name} --register-hook`"
    );
    let Some(secret) = &opened.system.hook else {
        bail!(
            "{name} has no secret for webhooks; name one in billing.toml, as in `hook = {{ secret = \"{name}-hook\" }}`"
        );
    };
    let token = Secrets::of(settings.secrets.clone()).get(secret)?;
    HookUrl::new(public, name, &token)
        .with_context(|| format!("the secret `{secret}` cannot be the token of webhooks"))
}
