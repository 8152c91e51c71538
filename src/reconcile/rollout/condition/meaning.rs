//! Explains each condition: what it means, what happens automatically, what a person can do.

use crate::model::ConditionWord;

/// The explanation of one word, in Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionMeaning {
    pub word: ConditionWord,
    /// One line for a table, without a full stop.
    pub summary: &'static str,
    pub means: &'static str,
    pub automatic: &'static str,
    pub person: &'static str,
}

/// Returns the explanation of a word.
pub fn meaning(word: ConditionWord) -> Option<&'static ConditionMeaning> {
    MEANINGS.iter().find(|one| one.word == word)
}

/// Every word, in order of precedence.
pub(super) const MEANINGS: &[ConditionMeaning] = &[
    ConditionMeaning {
        word: ConditionWord::WrongDevice,
        summary: "the device at this address is not the one that the inventory describes",
        means: "Serial number, MAC address, model or SSH host key differ from the pins in the inventory. The hardware was \
                replaced, the device was reset, an address was given twice, or another machine answers.",
        automatic: "gamctl writes nothing to it and sends it no password. Looks continue; the condition ends when the pins \
                    match.",
        person: "Compare the values with the device's console. After a replacement, correct the pins in the inventory. For a \
                 new host key alone, run `gamctl trust NAME --pin --replace`.",
    },
    ConditionMeaning {
        word: ConditionWord::Stuck,
        summary: "an apply failed, and the device is neither as intended nor as before",
        means: "A step failed, and the rollback failed too or could not be verified. The differences that are left are in \
                the evidence. The startup-config is still the earlier one.",
        automatic: "Looks continue. gamctl does not try again by itself. The condition ends when a look finds the intended or \
                    the earlier configuration.",
        person: "Read the replies with `gamctl history --run RUN --detailed` and the rest with `gamctl plan --device NAME`. \
                 Then run `gamctl apply --device NAME`, or change the device by hand.",
    },
    ConditionMeaning {
        word: ConditionWord::Unsaved,
        summary: "the device runs as intended, but a reboot would undo it",
        means: "The apply was verified, and the copy to the startup-config failed or could not be checked.",
        automatic: "The service tries to save it: at once, after a minute, then in intervals that double up to an hour. A device \
                    that differs from the target is saved at the end of its rollout. Each attempt is a run `save` in the history.",
        person: "If it stays, read the device's reply with `gamctl history --device NAME --detailed`. `gamctl apply --device NAME` \
                 saves and checks at once, and sends no other line if nothing differs.",
    },
    ConditionMeaning {
        word: ConditionWord::Applying,
        summary: "a run works on the device",
        means: "A run of `gamctl serve`, or of a person, has the lease of the device.",
        automatic: "The run sends its steps, looks again, and saves. If a step fails, it rolls back. If its process dies, the \
                    lease ends by itself, and the next look finds out how far it got.",
        person: "Nothing. `gamctl history --run RUN` shows each line.",
    },
    ConditionMeaning {
        word: ConditionWord::Unreachable,
        summary: "the device cannot be looked at",
        means: "The last tries failed: no answer, no access, or an invalid answer. What was last known stays visible, with \
                its age.",
        automatic: "gamctl tries again after 15 s, 30 s and so on, up to 10 min. Nothing is written meanwhile. Many devices \
                    of one site are one incident.",
        person: "Check power and uplink. `gamctl doctor --device NAME` checks address, credentials, pins and login. If it \
                 names a setting of gamctl, correct that: a retry does not help.",
    },
    ConditionMeaning {
        word: ConditionWord::Invalid,
        summary: "the inventory has errors that concern the device",
        means: "The target has errors, so the intended configuration of the device is not known. A commit with errors does \
                not become the target; this happens after an update of gamctl with stricter rules.",
        automatic: "Looks continue, nothing is written. The condition ends with the next commit without these errors.",
        person: "Run `gamctl validate`, correct the inventory, and push. [Findings](findings.md) explains each rule.",
    },
    ConditionMeaning {
        word: ConditionWord::Refused,
        summary: "a rule refuses the plan of the device",
        means: "The plan is above a limit of the policy, removes what is protected, or failed in a rehearsal. Nothing of \
                the plan is applied.",
        automatic: "gamctl plans again after each look and each commit. The condition ends when no rule refuses.",
        person: "Run `gamctl plan --device NAME`: it shows each rule and its hint. Change the inventory or the policy.",
    },
    ConditionMeaning {
        word: ConditionWord::Contested,
        summary: "a restored field is changed back each time",
        means: "gamctl restored the field 3 times within 24 hours, and each time the device had the other value again. \
                Another system or another person writes to it.",
        automatic: "gamctl stops restoring this field. Other fields of the device are managed as before.",
        person: "Find out who changes it. To keep the device's value, run `gamctl adopt --drift --device NAME --branch \
                 BRANCH` and merge the branch.",
    },
    ConditionMeaning {
        word: ConditionWord::DoesNotConverge,
        summary: "the same differences stay after two applies",
        means: "The device accepts the lines, and a look finds the same differences afterwards. Either the firmware \
                ignores a value, or gamctl reads it differently than it writes it.",
        automatic: "gamctl stops applying these differences until a commit changes what is intended.",
        person: "Read the replies with `gamctl history --run RUN --detailed`. Change the intended value, or report it with \
                 the firmware version.",
    },
    ConditionMeaning {
        word: ConditionWord::Frozen,
        summary: "a freeze blocks writes to the device",
        means: "A person froze the device, its site or the whole fleet until a time, with a reason.",
        automatic: "Looks and plans continue. Writes are allowed again when the last freeze over the device ends.",
        person: "Wait, or end it early: `gamctl freeze --list` and `gamctl thaw FREEZE`. No approval overrides a freeze.",
    },
    ConditionMeaning {
        word: ConditionWord::Held,
        summary: "a person rolled the device back or abandoned its rollout: it is left as it is",
        means: "A person ran `gamctl rollback`, and the target still has the change that it removed; or a person ran `gamctl \
                rollout abandon`, and the device still differs from the target.",
        automatic: "Looks continue, nothing is written. The hold ends when the target contains the rollback, or with the next \
                    target after an abandoned rollout.",
        person: "Revert the commit with `git revert` and push. To bring the change back, run `gamctl apply --device NAME \
                 --reapply RUN`. What an abandoned rollout left is applied by `gamctl apply --device NAME`.",
    },
    ConditionMeaning {
        word: ConditionWord::WaitingForApproval,
        summary: "a person must approve the plan",
        means: "The policy does not let this plan go on by itself, because of `commits = \"ask\"`, `drift = \"ask\"` or \
                `two_persons`.",
        automatic: "Nothing is written. The plan expires after `plan_expires_hours`, or when the target or the policy \
                    changes; gamctl then makes a new one.",
        person: "Run `gamctl approve PLAN`: it shows the plan, and asks. Where two persons are needed, neither of \
                 them is the author of the commit.",
    },
    ConditionMeaning {
        word: ConditionWord::WaitingForWindow,
        summary: "writes are allowed only in a window, and none is open",
        means: "`policy.toml` has windows, and none is open for the device now. Or one is open, and the wave would not end \
                in it.",
        automatic: "The opening of the window starts the wave.",
        person: "`gamctl windows` lists them. `gamctl approve PLAN --now --reason TEXT` does not wait.",
    },
    ConditionMeaning {
        word: ConditionWord::WaitingForBudget,
        summary: "a limit for one hour is used up",
        means: "The effects of the last hour and those of the plan together are above a limit of the policy. Nothing else \
                blocks the plan; a plan that needs a person anyway is `waiting-for-approval`.",
        automatic: "gamctl goes on when enough of the last hour is over.",
        person: "Wait, or run `gamctl approve PLAN` to exceed the limit once.",
    },
    ConditionMeaning {
        word: ConditionWord::WaitingForWave,
        summary: "the device is in a later wave of the rollout",
        means: "A rollout brings devices to the target in waves. The gate before the wave of this device is not open yet, \
                or the rollout is paused.",
        automatic: "The gate opens when all devices of the wave before are verified and saved, their endpoints are up \
                    again, and the settle time is over. If it cannot open, the rollout is paused and an alert gives the reason.",
        person: "`gamctl rollout show` shows the gate. `gamctl rollout pause` stops before the next device. After a pause, \
                 `gamctl rollout resume` goes on and `gamctl rollout abandon` ends it, both with a reason.",
    },
    ConditionMeaning {
        word: ConditionWord::WaitingForLane,
        summary: "a commit changes more than its author may",
        means: "A commit before the target is outside of the lane of its author. It and all later commits are held.",
        automatic: "Devices stay at the last good target until the branch has no such commit.",
        person: "Revert the commit with `git revert`, let an author with more rights commit it, or widen the lane in \
                 `policy.toml`.",
    },
    ConditionMeaning {
        word: ConditionWord::Drifted,
        summary: "the device changed without a change in the inventory",
        means: "A look found values that differ from what an apply verified, and no commit asks for them.",
        automatic: "What happens depends on `drift` in the policy: `report` only shows it, `ask` makes a plan that a person \
                    approves, `restore` restores it with the next rollout.",
        person: "To restore it, run `gamctl apply --device NAME`. To keep it, run `gamctl adopt --drift --device NAME \
                 --branch BRANCH` and merge the branch.",
    },
    ConditionMeaning {
        word: ConditionWord::Pending,
        summary: "steps to the target are left",
        means: "The device differs from the target, and nothing blocks the steps.",
        automatic: "The next rollout applies them.",
        person: "Nothing. `gamctl plan --device NAME` shows the steps.",
    },
    ConditionMeaning {
        word: ConditionWord::Unknown,
        summary: "the device was not looked at yet, or not completely",
        means: "gamctl has not looked at the device since it knows it, could not read a part of it, or has not compared \
                it with the target yet. A device in state `preprovision` is not looked at. Whatever is not known is never \
                counted as converged.",
        automatic: "The next look is due as shown. Nothing is written before a look.",
        person: "Usually nothing. `gamctl observe --device NAME` looks now and names each part that it cannot read.",
    },
    ConditionMeaning {
        word: ConditionWord::Observe,
        summary: "the device is looked at and planned, never written to",
        means: "Its state in the inventory is `observe`. It waits for nothing, whatever the rollout does.",
        automatic: "Looks and plans continue; drift is reported.",
        person: "Set `state = \"managed\"` to let gamctl write to it.",
    },
    ConditionMeaning {
        word: ConditionWord::Locked,
        summary: "the device is looked at, and nothing is planned",
        means: "Its state in the inventory is `locked`.",
        automatic: "Looks continue; drift is reported.",
        person: "Set `state = \"managed\"` to let gamctl write to it.",
    },
    ConditionMeaning {
        word: ConditionWord::Converged,
        summary: "the device is as intended",
        means: "The last look read every managed part, and nothing differs from the target. Of a retired device: nothing \
                that gamctl owns is left on it.",
        automatic: "Looks continue.",
        person: "Nothing. A retired device can be deleted from the inventory.",
    },
];
