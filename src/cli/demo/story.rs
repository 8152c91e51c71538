//! Runs the steps of the demonstration, with an explanation before each.

use std::fs;

use anyhow::{Context, ensure};

use super::stage::Stage;

/// The subscriber that the steps are about.
const SUBSCRIBER: &str = "acct-1001";
const DEVICE: &str = "maple-court-a";
const FILE: &str = "subscribers/maple-court.toml";

pub(super) fn tell(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say(&format!(
        "Three GAMs in three closets (simulated: real SSH and SNMP on loopback), in factory state.\n\
         Their intended configuration is a git repository of TOML files: {}",
        stage.inventory().display()
    ))?;
    expect(stage.gamctl(&["validate"])?, &[0])?;
    stage.say("A plan shows the changes and writes nothing:")?;
    expect(stage.gamctl(&["plan"])?, &[2])?;
    stage.say(
        "Apply it. gamctl looks at each device, sends line by line, looks again, and saves only a verified configuration.",
    )?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[0])?;
    by_commit(stage)?;
    drift(stage)?;
    death(stage)?;
    mass_removal(stage)?;
    stage.say("Explain one subscriber: every change with its reason, author and verification:")?;
    expect(stage.gamctl(&["explain", SUBSCRIBER])?, &[0])?;
    stage.say("And all runs:")?;
    expect(stage.gamctl(&["history"])?, &[0])?;
    stage.say(&format!(
        "That was the demonstration. The twins keep running until Ctrl-C. In another terminal:\n\
         \n  cd {}\n\
         \x20 gamctl plan                                                nothing to do, until you change something\n\
         \x20 gamctl set 'acct-10*' service_plan=home-500 --commit       a change, as a commit\n\
         \x20 gamctl apply\n\
         \x20 gamctl twin ctl edit birch-12 'hostname somebody-was-here'  drift\n\
         \x20 gamctl twin ctl fault set birch-12 ssh-drop at=after nth=3  something to break\n\
         \x20 gamctl history\n\
         \x20 gamctl doctor",
        stage.inventory().display()
    ))
}

fn by_commit(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say("A customer orders more bandwidth. A person or billing commits that:")?;
    let change = [
        "set",
        SUBSCRIBER,
        "service_plan=home-500",
        "--commit",
        "--message",
        "acct-1001 orders 500/250",
    ];
    expect(stage.gamctl(&change)?, &[0])?;
    stage.say("One step on one device; no other subscriber is affected:")?;
    expect(stage.gamctl(&["apply", "--yes", "--detailed"])?, &[0])
}

fn drift(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say("An operator logs into a device by hand and moves a subscriber to another VLAN:")?;
    let edit = ["twin", "ctl", "edit", DEVICE, "ghn subscriber 1 vid 222"];
    expect(stage.gamctl(&edit)?, &[0])?;
    stage.say("A plan distinguishes drift from changes of the inventory:")?;
    expect(stage.gamctl(&["plan"])?, &[2])?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[0])
}

fn death(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage
        .say("Another change, for a whole building; the device loses power in the middle of it:")?;
    let change = [
        "set",
        "--where",
        "device=birch-12",
        "--where",
        "service_plan=home-100",
        "service_plan=home-300",
        "--commit",
        "--message",
        "Birch Street gets 300",
    ];
    expect(stage.gamctl(&change)?, &[0])?;
    let fault = ["twin", "ctl", "fault", "set", "birch-12", "reboot", "nth=5"];
    expect(stage.gamctl(&fault)?, &[0])?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[5])?;
    stage.say(
        "Nothing was saved, so the device restarted with its old configuration, and gamctl verified that. Apply again:",
    )?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[0])
}

fn mass_removal(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say(&format!(
        "A script fails, and a commit removes {FILE}: all subscribers of a building. (Sam Example commits it.)"
    ))?;
    let before = fs::read_to_string(stage.inventory().join(FILE))
        .with_context(|| format!("failed to read {FILE}"))?;
    stage.commit(FILE, None, "Tidy up")?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[4])?;
    stage.say("Refused, and nothing was written. Sam reverts the commit:")?;
    stage.commit(FILE, Some(before), "Revert \"Tidy up\"")?;
    expect(stage.gamctl(&["apply", "--yes"])?, &[0])
}

/// Stops the demonstration if a command did not end as announced.
fn expect(code: i32, known: &[i32]) -> anyhow::Result<()> {
    ensure!(
        known.contains(&code),
        "the demonstration failed: the command exited with {code} instead of {known:?}"
    );
    Ok(())
}
