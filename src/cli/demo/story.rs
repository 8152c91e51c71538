//! Runs the steps of the demonstration, with an explanation before each and a summary at the end.

use super::chapter::{DEVICE, Story, expect, to_copy};
use super::program::quoted;
use super::stage::Stage;
use super::{billing_chapter, service_chapter};
use crate::authoring::commit::FileChange;

/// The subscriber that the steps are about.
const SUBSCRIBER: &str = "acct-1001";
const FILE: &str = "subscribers/maple-court.toml";

/// Tells the story. `goes_on`: the twins keep running afterwards.
pub(super) fn tell(stage: &Stage<'_>, goes_on: bool) -> anyhow::Result<()> {
    let story = Story::begin(stage);
    stage.say(
        "Three GAMs in three closets (simulated: real SSH and SNMP on loopback), in factory state. \
         Their intended configuration is a git repository of TOML files, in this folder:",
    )?;
    let folder = stage.inventory().display().to_string();
    stage.screen.line("")?;
    stage.show_command("$", &["cd".to_owned(), quoted(&folder)])?;
    expect(stage.gamctl(&["validate"])?, &[0])?;
    stage.say("A plan shows the changes and writes nothing:")?;
    expect(stage.gamctl(&["plan"])?, &[2])?;
    stage.say(
        "Apply it. gamctl looks at each device, sends line by line, looks again, and saves only a verified configuration.",
    )?;
    story.apply(&["apply", "--yes"], 0)?;
    story.note("first apply: two devices configured, verified and saved");
    by_commit(&story)?;
    drift(&story)?;
    death(&story)?;
    mass_removal(&story)?;
    let has_service = service_chapter::tell(&story)?;
    if has_service {
        billing_chapter::tell(&story)?;
    }
    stage.say("Explain one subscriber: every change with its reason, author and verification:")?;
    expect(stage.gamctl(&["explain", SUBSCRIBER])?, &[0])?;
    stage.say("And all runs:")?;
    expect(stage.gamctl(&["history"])?, &[0])?;
    story.summary()?;
    match goes_on {
        true if has_service => service_chapter::farewell(stage),
        true => farewell(stage),
        false => Ok(()),
    }
}

fn farewell(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say(
        "That was the demonstration. The twins keep running until Ctrl-C. In another terminal, a change and its apply; \
         then drift, and an apply that meets a fault:",
    )?;
    stage.screen.line("")?;
    let commands: [&[&str]; 8] = [
        &["set", "acct-10*", "service_plan=home-500", "--commit"],
        &["apply"],
        &["twin", "ctl", "edit", "birch-12", "hostname drifted"],
        &["plan"],
        &[
            "twin", "ctl", "fault", "set", "birch-12", "ssh-drop", "at=after", "nth=3",
        ],
        &["apply"],
        &["history"],
        &["doctor"],
    ];
    to_copy(stage, &commands)
}

fn by_commit(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
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
    story.apply(&["apply", "--yes", "--detailed"], 0)?;
    story.note("a commit: acct-1001 got 500/250, and nothing else changed");
    Ok(())
}

fn drift(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say("An operator logs into a device by hand and moves a subscriber to another VLAN:")?;
    let edit = ["twin", "ctl", "edit", DEVICE, "ghn subscriber 1 vid 222"];
    expect(stage.gamctl(&edit)?, &[0])?;
    stage.say("A plan distinguishes drift from changes of the inventory:")?;
    expect(stage.gamctl(&["plan"])?, &[2])?;
    story.apply(&["apply", "--yes"], 0)?;
    story.note("drift: a VLAN changed by hand was found and set back");
    Ok(())
}

fn death(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
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
    story.apply(&["apply", "--yes"], 5)?;
    story.note("power loss in the middle: nothing saved, old state verified");
    stage.say(
        "Nothing was saved, so the device restarted with its old configuration, and gamctl verified that. Apply again:",
    )?;
    story.apply(&["apply", "--yes"], 0)?;
    story.note("the same change again: done, verified and saved");
    Ok(())
}

fn mass_removal(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say(&format!(
        "A script fails, and a commit removes {FILE}: all subscribers of a building. (Sam Example commits it.)"
    ))?;
    let before = stage.read(FILE)?;
    let change = |text| FileChange {
        path: FILE.to_owned(),
        text,
    };
    stage.commit(&[change(None)], "Tidy up")?;
    story.apply(&["apply", "--yes"], 4)?;
    story.note("a mass removal: refused by the policy, nothing was sent");
    stage.say("Refused, and nothing was written. Sam reverts the commit:")?;
    stage.commit(&[change(Some(before))], "Revert \"Tidy up\"")?;
    story.apply(&["apply", "--yes"], 0)?;
    story.note("after the revert: nothing left to do");
    Ok(())
}
