//! The days of the week: who enters what, what `gamctl status` then shows, what happens by itself, what a person decides.

use gamctl::history::{Store, Timeouts};
use gamctl::model::ConditionWord;

use super::bed::Week;

/// A commit of a person, which is pushed at once.
fn pushes(week: &mut Week, who: &str, change: &str) {
    let quiet = "git pull -q && ";
    week.enters(who, &format!("{quiet}{change} && git push -q"), 0);
}

pub(super) fn sunday_before(week: &mut Week) {
    week.transcript.prose(
        "A week with gamctl, compressed: five devices, three people, a billing system, and two instances of the service on one \
         Postgres. A test runs all of this on twins, and checks at the end that nothing was lost or done twice. Times and ids \
         are left out; each commit has a number.",
    );
    week.transcript.prose(
        "The prompt names who enters a command: ada and ben are engineers, cleo is at the help desk, billing is a program that \
         commits orders, noc-1 and noc-2 are the hosts of the service, noc is one of them, and lab is where things break.",
    );
    week.transcript.heading("Sunday evening: install");
    week.transcript.prose(
        "The network has devices that were configured by hand for years. gamctl is installed as the README says, and reads \
         all of them. Nothing is written to a device.",
    );
    let network = week.network.clone();
    let import = format!(
        "gamctl import {network}.0/28:2222/1161 -i network --timeout 1s --assign-site birch={network}.1-{network}.1 \
         --assign-site maple={network}.2-{network}.3 --assign-site oak={network}.4-{network}.5"
    );
    week.enters("ada", &import, 0);
    week.enters("ada", "gamctl plan", 0);
    week.transcript.prose(
        "The plan is empty: the inventory describes the devices as they are. In the first week a person approves each change. \
         birch-1 is the canary, and a wave settles in a second, because this week is short. Ada commits, pins the host keys, \
         and records that gamctl owns what inventory and devices both have.",
    );
    week.enters(
        "ada",
        "printf '\\n[reconcile]\\ncommits = \"ask\"\\ndrift = \"report\"\\n\\n[waves]\\nfirst = 1\\nsettle = \"1s\"\\n' >> policy.toml",
        0,
    );
    week.enters(
        "ada",
        "sed -i 's/^site = .*/&\\nlabels = { canary = \"true\" }/' devices/birch-1.toml",
        0,
    );
    week.enters(
        "ada",
        "git init -q -b main && git add . && git commit -q -m 'Import devices'",
        0,
    );
    week.enters("ada", "gamctl trust --pin --commit", 0);
    week.enters("ada", "gamctl adopt", 0);
    week.enters(
        "ada",
        "git init -q --bare -b main /srv/origin.git && git remote add origin /srv/origin.git && git push -q -u origin main",
        0,
    );
    for who in ["ben", "cleo", "billing"] {
        let clone = "git clone -q /srv/origin.git network";
        assert!(week.quietly(who, clone).status.success());
    }
    week.transcript.prose(
        "Two instances start on two hosts, with the same settings and one Postgres. They share the devices. One of them follows \
         the branch, and one leads rollouts.",
    );
    week.serves(0, "noc-1");
    week.serves(1, "noc-2");
    let url = week.url();
    let opened = Store::open(&url, Timeouts::default());
    week.store = Some(week.runtime.block_on(opened).unwrap());
    week.reaches("ada", &[]);
    week.enters("ada", "gamctl status", 0);
}

pub(super) fn monday(week: &mut Week) {
    week.transcript
        .heading("Monday: a change that a person approves");
    week.transcript
        .prose("A customer orders more bandwidth. Ben commits and pushes:");
    pushes(
        week,
        "ben",
        "gamctl set apt-101 service_plan=home-300 --commit --message 'apt-101 orders 300'",
    );
    week.has_condition("maple-1", ConditionWord::WaitingForApproval);
    week.transcript.prose("By itself the service plans the change, and waits. A person decides; cleo reads the plan and approves it.");
    week.enters("cleo", "gamctl status", 0);
    week.enters(
        "cleo",
        "gamctl approve latest --yes --reason 'ordered by phone'",
        0,
    );
    week.reaches("ben", &[]);
    week.enters("cleo", "gamctl rollout show latest", 0);
    week.transcript.prose(
        "That went well, and the plans of the last days were all right. Ada lets the service apply commits by itself. Such a \
         commit changes no device; its policy counts as soon as the service has recorded that all devices match it.",
    );
    pushes(
        week,
        "ada",
        "sed -i 's/^commits = .*/commits = \"everything\"/' policy.toml && git commit -qam 'Let the service apply commits'",
    );
    week.policy_counts("ada");
    week.reaches("ada", &[]);
    week.enters("ada", "gamctl status", 0);
}

pub(super) fn tuesday(week: &mut Week) {
    week.transcript
        .heading("Tuesday: billing commits, and an instance is killed");
    week.transcript
        .prose("In the night billing commits the orders of the day. No person is awake.");
    pushes(
        week,
        "billing",
        "gamctl set apt-201 apt-301 apt-401 service_plan=home-500 --commit --message 'Orders of Monday'",
    );
    week.reaches("billing", &[]);
    week.transcript
        .prose("By itself: the canary first, then the gate, then the rest.");
    week.enters("ada", "gamctl rollout show latest", 0);
    week.transcript.prose(
        "Cleo corrects the descriptions of all customers. While the second wave is written to, the host of the leading instance \
         fails.",
    );
    slow_lines(week, true);
    pushes(
        week,
        "cleo",
        "gamctl set 'apt-*' description='see ticket 77' --commit --message 'Descriptions' > /dev/null",
    );
    week.is_in_second_wave();
    let killed = week.kills_the_leader();
    slow_lines(week, false);
    week.reaches("cleo", &[]);
    week.transcript.prose(
        "By itself: after a few seconds the other instance leads. It looks at the devices that were in progress, plans again, and \
         sends only what is missing. Then the first host is back.",
    );
    week.serves(killed, "noc");
    week.enters("ada", "gamctl status", 0);
}

/// Makes each line of all devices slow, so that a wave can be met in the middle, or ends that.
fn slow_lines(week: &mut Week, is_slow: bool) {
    for (name, _) in super::bed::DEVICES {
        let command = match is_slow {
            true => format!("fault set {name} ssh-slow-line millis=400 matching=ghn"),
            false => format!("fault clear {name}"),
        };
        let command = format!("gamctl twin ctl {command}");
        assert!(week.quietly("lab", &command).status.success());
    }
}

pub(super) fn wednesday(week: &mut Week) {
    week.transcript
        .heading("Wednesday: a dead device, and a site without power");
    week.transcript.prose(
        "The power supply of birch-1 fails. A little later the whole site oak has no power.",
    );
    for device in ["birch-1", "oak-1", "oak-2"] {
        week.lab(&format!("fault set {device} snmp-silence"));
        week.lab(&format!("fault set {device} ssh-refuse"));
    }
    let away = ["birch-1", "oak-1", "oak-2"].map(|name| (name, ConditionWord::Unreachable));
    for (device, word) in away {
        week.has_condition(device, word);
    }
    week.transcript
        .prose("Billing commits meanwhile, for customers at all three sites:");
    pushes(
        week,
        "billing",
        "gamctl set apt-102 apt-302 apt-402 service_plan=home-500 --commit --message 'Orders of Tuesday'",
    );
    week.reaches("billing", &away);
    week.transcript.prose(
        "By itself: maple-1 got its change. Devices that do not answer hold up no other, and wait.",
    );
    week.enters("ada", "gamctl status", 0);
    week.transcript.prose(
        "Oak has power again, and its devices start. A technician brings a new power supply for birch-1. The service tries them \
         again after 15 seconds, then less often, and with each new commit, as now with one of ben:",
    );
    for device in ["oak-1", "oak-2", "birch-1"] {
        week.lab(&format!("fault clear {device}"));
        week.lab(&format!("reboot {device}"));
    }
    pushes(
        week,
        "ben",
        "gamctl set apt-502 service_plan=home-500 --commit --message 'apt-502 orders 500'",
    );
    week.reaches("ben", &[]);
    week.transcript
        .prose("By itself: all of them got what they had missed.");
    week.enters("ada", "gamctl status", 0);
}

pub(super) fn thursday(week: &mut Week) {
    week.transcript.heading("Thursday: a freeze");
    week.transcript.prose("An electrician works in the cellar of maple. Ben blocks writes to its devices; billing commits as always.");
    week.enters(
        "ben",
        "gamctl freeze --site maple --for 3h --reason 'electrician in the cellar'",
        0,
    );
    let frozen = ["maple-1", "maple-2"].map(|name| (name, ConditionWord::Frozen));
    for (device, word) in frozen {
        week.has_condition(device, word);
    }
    pushes(
        week,
        "billing",
        "gamctl set apt-101 apt-501 service_plan=home-500 --commit --message 'Orders of Wednesday'",
    );
    week.reaches("billing", &frozen);
    week.enters("ben", "gamctl status maple-1", 0);
    week.transcript
        .prose("oak-2 has its change, and maple-1 waits. The electrician is done early:");
    week.enters("ben", "gamctl thaw --all", 0);
    week.reaches("billing", &[]);
    week.enters("ben", "gamctl status", 0);
}

pub(super) fn friday(week: &mut Week) {
    week.transcript
        .heading("Friday: a wrong change is rolled back");
    week.transcript
        .prose("Ben gives a customer another VLAN. It is the wrong one, and the customer calls.");
    pushes(
        week,
        "ben",
        "gamctl set apt-202 vlan=777 --commit --message 'apt-202 to VLAN 777'",
    );
    week.reaches("ben", &[]);
    week.enters(
        "ada",
        "git pull -q && gamctl history --subscriber apt-202 --limit 1",
        0,
    );
    week.transcript
        .prose("A person decides: ada rolls that run back.");
    let run = week.document("gamctl history --subscriber apt-202 --limit 1");
    let run = run["runs"][0]["id"].as_str().unwrap().to_owned();
    week.enters("ada", &format!("gamctl rollback {run} --yes"), 0);
    week.has_condition("maple-2", ConditionWord::Held);
    week.transcript.prose("The inventory still asks for VLAN 777. By itself the service leaves the device alone, until a commit says what is wanted:");
    week.enters("ada", "gamctl status", 0);
    pushes(week, "ben", "git revert --no-edit HEAD >/dev/null");
    week.reaches("ben", &[]);
    week.enters("ben", "gamctl explain apt-202 --limit 2", 0);
}

pub(super) fn saturday(week: &mut Week) {
    week.transcript.heading("Saturday: a force-push");
    week.transcript.prose("Cleo resets her branch, commits, and pushes with force. Ben's last commit is gone from the branch.");
    week.enters(
        "cleo",
        "git pull -q && git reset -q --hard HEAD~1 && gamctl set apt-501 description='second floor' --commit --message 'Floor' && git push -q --force",
        0,
    );
    week.is_halted(true);
    week.enters("ada", "gamctl status", 0);
    week.transcript.prose(
        "By itself the service applies nothing more, and the devices stay as they are. A person decides: ben has the lost commit, \
         and puts the branch back. Cleo commits again, on top of it. At this moment the leading instance is killed once more.",
    );
    week.enters(
        "ben",
        "git fetch -q && git push -q --force-with-lease origin main",
        0,
    );
    week.is_halted(false);
    week.enters("cleo", "git fetch -q && git reset -q --hard origin/main", 0);
    pushes(
        week,
        "cleo",
        "gamctl set apt-501 description='second floor' --commit --message 'Floor'",
    );
    let killed = week.kills_the_leader();
    week.reaches("cleo", &[]);
    week.serves(killed, "noc");
}

pub(super) fn sunday(week: &mut Week) {
    week.transcript.heading("Sunday: nothing is left to do");
    week.transcript
        .prose("The last commit is applied as well, and the killed instance runs again.");
    week.reaches("cleo", &[]);
    week.enters("ada", "git pull -q && gamctl status", 0);
    week.enters("ada", "gamctl plan", 0);
    week.transcript
        .prose("What people decided about the service in this week; runs, and the rollback, are in `gamctl history`:");
    week.enters("ada", "gamctl history --audit", 0);
    week.transcript
        .prose("And who changed what in the inventory:");
    week.enters("ada", "git log --format='%<(8)%an %s'", 0);
}
