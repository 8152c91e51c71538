//! Shows what the service does by itself: a commit in waves with a gate between them, and drift that is restored.

use super::billing_chapter;
use super::billing_twin::ACCOUNT;
use super::chapter::{DEVICE, Edits, Story, changes, expect, note_rollout, to_copy};
use super::service::has_git;
use super::stage::Stage;

/// What the service may do by itself, with waves that fit a demonstration.
const POLICY: Edits<'_> = &[
    ("policy.toml", "commits = ", "commits = \"everything\""),
    ("policy.toml", "drift = ", "drift = \"restore\""),
    ("policy.toml", "settle = ", "settle = \"3s\""),
    (
        "devices/birch-street.toml",
        "labels = { medium = \"copper\"",
        "labels = { canary = \"true\", medium = \"copper\", region = \"south\" }",
    ),
    (
        "gamctl.toml",
        "state = ",
        "state = \"state\"\n\n# Any free port, because another service may run here, and more looks than usual.\n\
        [serve]\nlisten = \"127.0.0.1:0\"\nmetrics = false\nlook = \"4s\"\n\n\
        # It syncs the billing systems of the inventory, once there is one.\n[sync]\nrun = true",
    ),
];

/// What of it is shown.
const SHOWN: [&str; 4] = [
    "policy.toml  commits = \"everything\"    apply each commit, within the limits",
    "             drift = \"restore\"         undo what was changed by hand",
    "             settle = \"3s\"             wait so long after each wave",
    "birch-12     labels.canary = \"true\"    this device first",
];

/// A faster service plan: a step on each device, which interrupts no subscriber.
const FASTER: Edits<'_> = &[
    (
        "service-plans.toml",
        "description = \"Home 300/100\"",
        "description = \"Home 350/100\"",
    ),
    ("service-plans.toml", "down = 300", "down = 350"),
];

/// Tells the chapter. Returns whether the service runs, which needs the program `git`.
pub(super) fn tell(story: &Story<'_>) -> anyhow::Result<bool> {
    let stage = story.stage;
    if !has_git() {
        stage.say("`gamctl serve` does all of this by itself. It needs the program `git`, which is not installed here.")?;
        return Ok(false);
    }
    stage.say(
        "`gamctl serve` does all of this by itself: it follows the branch and looks at the devices around the clock. What it \
         may do without a person is policy, in the inventory. Sam commits:",
    )?;
    stage.screen.line("")?;
    for line in SHOWN {
        stage.screen.line(&format!("  {line}"))?;
    }
    stage.commit(
        &changes(stage, POLICY)?,
        "Let the service apply commits and restore drift",
    )?;
    stage.say("A commit cannot permit itself, so a policy counts once it was applied:")?;
    story.apply(&["apply", "--yes"], 0)?;
    stage.serve()?;
    stage.say("In a second terminal, watch it live:")?;
    stage.screen.line("")?;
    to_copy(stage, &[&["status", "--watch"]])?;
    stage.screen.pause_at_length()?;
    let head = stage.head()?;
    stage.wait_for("a look at every device", |seen| {
        seen.has_reached(&head) && seen.has_devices()
    })?;
    expect(stage.gamctl(&["status"])?, &[0])?;
    billing_chapter::plug_in(stage)?;
    in_waves(story)?;
    drift(story)?;
    Ok(true)
}

fn in_waves(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage.say(
        "Home 300 becomes Home 350, for every customer who has it. Sam commits that, and runs no command. The service \
         applies it to the canary first, birch-12:",
    )?;
    let commit = stage.commit(&changes(stage, FASTER)?, "Home 300 becomes Home 350")?;
    stage.wait_for("the first wave", |seen| seen.is_after_first_wave(&commit))?;
    expect(stage.gamctl(&["status"])?, &[0])?;
    stage.say(
        "Between two waves there is a gate. It opens when the devices are verified and saved, their lines are up, no alarm \
         is new, and the settle time is over. Then the rest follows:",
    )?;
    stage.wait_for("the end of the rollout", |seen| seen.has_reached(&commit))?;
    expect(stage.gamctl(&["rollout", "show", "latest"])?, &[0])?;
    note_rollout(
        story,
        "the service: a commit on the canary, then on the rest",
    )
}

fn drift(story: &Story<'_>) -> anyhow::Result<()> {
    let stage = story.stage;
    stage
        .say("The operator logs in by hand again. The service finds that with its next look, and restores it:")?;
    let edit = ["twin", "ctl", "edit", DEVICE, "ghn subscriber 1 vid 222"];
    expect(stage.gamctl(&edit)?, &[0])?;
    stage.wait_for("the restored VLAN", |seen| seen.has_restored())?;
    expect(stage.gamctl(&["rollouts"])?, &[0])?;
    let head = stage.head()?;
    stage.wait_for("its end", |seen| seen.has_reached(&head))?;
    expect(stage.gamctl(&["status"])?, &[0])?;
    note_rollout(story, "the service: the same drift, restored by itself")
}

/// Prints what a person can try while twins and service run.
pub(super) fn farewell(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage.say("That was the demonstration. Twins and service keep running until Ctrl-C. In a second terminal, the service live:")?;
    stage.screen.line("")?;
    to_copy(stage, &[&["status", "--watch"]])?;
    stage.say(
        "In a third one, what the service does by itself: a commit, and drift; then a device that fails, so that a person \
         must decide; then a tariff without a mapping:",
    )?;
    stage.screen.line("")?;
    to_copy(
        stage,
        &[
            &[
                "set",
                "--where",
                "device=maple-court-a",
                "--where",
                "service_plan=home-100",
                "service_plan=home-500",
                "--commit",
            ],
            &["twin", "ctl", "edit", "birch-12", "hostname drifted"],
            &["rollouts"],
            &[
                "twin",
                "ctl",
                "fault",
                "set",
                "birch-12",
                "ssh-drop",
                "at=after",
                "matching=subscriber",
            ],
            &[
                "set",
                "--where",
                "device=birch-12",
                "--where",
                "service_plan=home-300",
                "service_plan=home-500",
                "--commit",
            ],
            &["status"],
            &[
                "twin",
                "ctl",
                "billing",
                "change-plan",
                ACCOUNT,
                "--tariff",
                "32",
            ],
            &["sync", "map"],
            &["history"],
            &["doctor"],
        ],
    )
}
