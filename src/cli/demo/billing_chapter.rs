//! Shows the billing sync: a sold line is served, suspended while the bill is not paid, and served again, by itself.

use std::time::Instant;

use super::billing_twin::{ACCOUNT, HOOK, TOKEN};
use super::chapter::{DEVICE, Edits, Story, changes, expect, note_rollout};
use super::stage::Stage;
use crate::authoring::commit::FileChange;

/// An endpoint that no subscriber has, and the port it is plugged into.
const ENDPOINT: &str = "00:0e:d8:2a:20:01";
const PORT: &str = "5";

/// What the sync may commit.
const LANE: Edits = &[(
    "policy.toml",
    "# [lane.billing]",
    "[lane.billing]\nauthors = [\"sync@example.net\"]",
)];

/// What of the settings is shown.
const SHOWN: [&str; 5] = [
    "billing.toml  address, and the names of its secrets",
    "              sites = { 5001 = \"maple-court\" }  a building there, a site here",
    "              [billing.sonar.tariff.31]",
    "              service_plan = \"home-500\"         a tariff there, a service plan",
    "policy.toml   [lane.billing]                    what the sync may commit",
];

/// Plugs the endpoint in. It must be heard in two looks, half a minute apart, until it is activated.
pub(super) fn plug_in(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say(
        "An installer plugs in an endpoint that no customer has. It is not needed yet, and the service goes on:",
    )?;
    let plug = ["twin", "ctl", "plug", DEVICE, ENDPOINT, PORT];
    expect(stage.gamctl(&plug)?, &[0])
}

/// Tells the chapter, while the service runs.
pub(super) fn tell(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say(
        "Now to the endpoint that was plugged in. The device hears it, no subscriber has it, so gamctl only reports it:",
    )?;
    expect(stage.gamctl(&["find", ENDPOINT])?, &[0])?;
    connect(stage)?;
    sale(story)?;
    dunning(story)
}

/// Connects a billing system, and waits until the service has read it.
fn connect(stage: &Stage<'_>) -> anyhow::Result<()> {
    let address = stage.start_billing()?;
    stage.say(
        "The customers are in billing: Sonar, simulated here. The service reads it, and commits what follows from it. Sam \
         connects it:",
    )?;
    stage.screen.line("")?;
    for line in SHOWN {
        stage.screen.line(&format!("  {line}"))?;
    }
    let mut files = changes(stage, LANE)?;
    files.push(FileChange {
        path: "billing.toml".to_owned(),
        text: Some(billing_toml(&address)),
    });
    let public = format!("run = true\npublic_url = \"{}\"", stage.service_address()?);
    files.extend(changes(stage, &[("gamctl.toml", "run = true", &public)])?);
    let commit = stage.commit(&files, "Connect Sonar")?;
    stage.wait_for("the first reading of billing", |seen| {
        seen.has_reached(&commit) && seen.has_synced()
    })?;
    stage
        .say("Check the login, and register the webhook by which Sonar reports changes at once:")?;
    let check = [
        "--config",
        "gamctl.toml",
        "sync",
        "check",
        "--register-hook",
    ];
    expect(stage.gamctl(&check)?, &[0])
}

fn sale(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say(
        "The office sells Home 500, and hands out that endpoint. From here on, no person does anything:",
    )?;
    let sell = [
        "sell",
        "--tariff",
        "31",
        "--mac",
        ENDPOINT,
        "--building",
        "Maple Court",
        "--unit",
        "Apt 1204",
    ];
    let seconds = in_billing(stage, &sell, "the line that was sold")?;
    stage.say(&format!(
        "Served {seconds} s after the sale: a commit of the sync, a plan, the lines on the device, a look that verified them. \
         `explain` leads from the line back to the sale:"
    ))?;
    expect(stage.gamctl(&["explain", &subscriber()])?, &[0])?;
    note_rollout(story, "billing: a sold line was served by itself")?;
    rest(stage)
}

fn dunning(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say("The bill is not paid:")?;
    let seconds = in_billing(stage, &["block", ACCOUNT], "the suspended line")?;
    stage.say(&format!(
        "Suspended {seconds} s later: the customer reaches the payment page only, and keeps port and VLAN. Both sides of the \
         account:"
    ))?;
    expect(stage.gamctl(&["sync", "explain", ACCOUNT])?, &[0])?;
    note_rollout(story, "billing: not paid, so the line was suspended")?;
    rest(stage)?;
    stage.say("The customer pays:")?;
    let seconds = in_billing(stage, &["pay", ACCOUNT], "the line that is served again")?;
    stage.say(&format!(
        "Served again {seconds} s later. `sync list CLASS` shows the services that are settled, that wait, or that need a person:"
    ))?;
    expect(stage.gamctl(&["sync", "list", "in-sync"])?, &[0])?;
    note_rollout(story, "billing: paid, so the line is served again")?;
    rest(stage)
}

/// Does something in billing, and returns the seconds until the device was verified with what followed.
fn in_billing(stage: &Stage<'_>, operation: &[&str], what: &str) -> anyhow::Result<u64> {
    let before = stage.head()?;
    let command = [&["twin", "ctl", "billing"], operation].concat();
    expect(stage.gamctl(&command)?, &[0])?;
    let began = Instant::now();
    stage.wait_for(what, |seen| {
        let head = stage.head().unwrap_or_default();
        head != before && seen.is_after_first_wave(&head)
    })?;
    Ok(began.elapsed().as_secs())
}

/// Waits for the end of the rollout, so that the next one replaces nothing.
fn rest(stage: &Stage<'_>) -> anyhow::Result<()> {
    let head = stage.head()?;
    stage
        .wait_for("the settle time", |seen| seen.has_reached(&head))
        .map(|_| ())
}

/// Returns the subscriber of the customer.
fn subscriber() -> String {
    format!("acct-{ACCOUNT}")
}

fn billing_toml(address: &str) -> String {
    format!(
        "#:schema ./.schema/billing.json\n\n\
         [billing.sonar]\n\
         kind = \"sonar\"\n\
         address = \"{address}\"\n\
         login = {{ token = {{ secret = \"{TOKEN}\" }} }}\n\
         hook = {{ secret = \"{HOOK}\" }}\n\
         sites = {{ 5001 = \"maple-court\" }}\n\
         write_back = [\"place\"]\n\n\
         [billing.sonar.tariff.31]\n\
         service_plan = \"home-500\"\n"
    )
}
