//! Lists the rows of the fault table: each fault at each stage of an apply that matters.

use gamctl::simulator::fault::{At, Fault, FaultOrder, Stage as Stall};
use gamctl::simulator::gam::FirmwareProfile;

use super::stage::NEW_MAC;

/// The change during which a fault occurs: a profile is added and one removed, a subscriber moves, a subscriber is
/// added.
pub(super) fn work() -> String {
    format!(
        "ghn bw-profile 4 name home-200 rate-downstream 212 rate-upstream 212\n\
         ghn subscriber 2 bw-profile 4\n\
         no ghn bw-profile 3\n\
         ghn subscriber 1 vid 111\n\
         ghn endpoint 5 name new mac-address {NEW_MAC} port 1\n\
         ghn subscriber 5 name apt-105 vid 105 endpoint 5 bw-profile 2"
    )
}

const COPY: &str = "copy running-config";
const VERSION: &str = "show version";
const CONFIGURE: &str = "configure terminal";
const FIRST: &str = "ghn bw-profile 4 name";
const MIDDLE: &str = "ghn endpoint 5 name";
const LAST: &str = "no ghn bw-profile 3";
const END: &str = "end";

/// The stage from which on a fault is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    Start,
    Verifying,
    Saving,
    Undoing,
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) faults: Vec<FaultOrder>,
    pub(super) from: Begins,
}

fn row(what: impl Into<String>, faults: impl IntoIterator<Item = FaultOrder>, from: Begins) -> Row {
    Row {
        what: what.into(),
        faults: faults.into_iter().collect(),
        from,
    }
}

fn at(line: &str, fault: Fault) -> FaultOrder {
    // `endpoint` stands in two lines before.
    let nth = if line == END { 3 } else { 1 };
    FaultOrder::new(fault).matching(line).nth(nth)
}

fn other(line: &str) -> Fault {
    Fault::OtherEdit {
        line: line.to_owned(),
    }
}

/// The columns of subscribers in the agent.
fn subscribers(column: u32) -> gamctl::simulator::snmp::Oid {
    format!("1.3.6.1.4.1.20095.2001.143.1.2.40.1.{column}")
        .parse()
        .unwrap()
}

/// Every row.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = gone();
    for (stage, line) in [STAGES[1], STAGES[3], STAGES[4], STAGES[5], STAGES[6]] {
        for (what, fault) in answers() {
            rows.push(row(
                format!("{what}: {stage}"),
                [at(line, fault)],
                Begins::Start,
            ));
        }
    }
    rows.extend(refused());
    rows.extend(whole_sessions());
    rows.extend(agents());
    rows.extend(broken_agents());
    rows.extend(saves());
    rows.extend(ways_back());
    rows
}

const STAGES: [(&str, &str); 7] = [
    ("instead of `show version`", VERSION),
    ("entering configuration mode", CONFIGURE),
    ("the first line", FIRST),
    ("a line in the middle", MIDDLE),
    ("the last line", LAST),
    ("leaving configuration mode", END),
    ("saving", COPY),
];

/// Faults in which the connection or the device fails at each stage.
fn gone() -> Vec<Row> {
    let mut rows = Vec::new();
    let drops = [
        ("is lost before", At::Before),
        ("is lost in the middle of the reply to", At::MidReply),
        ("is lost after", At::After),
    ];
    for (stage, line) in STAGES {
        for (when, lost) in drops {
            let fault = Fault::SshDrop { at: lost };
            rows.push(row(
                format!("the connection {when}: {stage}"),
                [at(line, fault)],
                Begins::Start,
            ));
        }
    }
    for (stage, line) in &STAGES[1..] {
        for (when, lost) in drops {
            let when = when.replace("is lost", "restarts");
            let fault = Fault::Reboot { at: lost };
            rows.push(row(
                format!("the device {when}: {stage}"),
                [at(line, fault)],
                Begins::Start,
            ));
        }
    }
    rows
}

/// Replies other than accepting a line.
fn answers() -> Vec<(&'static str, Fault)> {
    vec![
        (
            "a question instead of an answer",
            Fault::SshQuestion {
                text: "Are you sure you want to continue (y/n)? ".to_owned(),
            },
        ),
        (
            "an error",
            Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            },
        ),
        (
            "an answer that is none",
            Fault::SshError {
                text: "Done.".to_owned(),
            },
        ),
        ("no effect, and no word of it", Fault::SshIgnore {}),
        (
            "a message breaks in",
            Fault::SshLogLine {
                text: "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up"
                    .to_owned(),
            },
        ),
        (
            "another prompt",
            Fault::SshPrompt {
                prompt: "other#".to_owned(),
            },
        ),
        ("later than we wait", Fault::SshSlowLine { millis: 5_000 }),
        (
            "somebody else changes a subscriber of ours before",
            other("ghn subscriber 3 vid 133"),
        ),
        (
            "somebody else changes what is written here before",
            other("ghn subscriber 1 vid 199"),
        ),
        (
            "somebody else changes a guest before",
            other("ghn subscriber 4 vid 151"),
        ),
        (
            "as delivered, before",
            Fault::FactoryReset { at: At::Before },
        ),
        (
            "another firmware comes up, before",
            Fault::ChangeFirmware {
                firmware: FirmwareProfile::V1_5_4OnCx,
            },
        ),
        ("another box, before", Fault::ReplaceHardware { seed: 99 }),
    ]
}

/// Refused by the device for a reason, and lines without effect.
fn refused() -> Vec<Row> {
    let taken = "ghn subscriber 9 name apt-105";
    vec![
        row(
            "a name that somebody else has just taken",
            [at(MIDDLE, other(taken))],
            Begins::Start,
        ),
        row(
            "a name that somebody else has just taken, and no word of the error",
            [
                at(MIDDLE, other(taken)),
                FaultOrder::new(Fault::SshHideError {}),
            ],
            Begins::Start,
        ),
        row(
            "no line has an effect, and no word of it",
            [FaultOrder::new(Fault::SshIgnore {}).matching("ghn")],
            Begins::Start,
        ),
    ]
}

/// Faults of connections and of whole sessions.
fn whole_sessions() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = |what: &str, fault: Fault| {
        rows.push(row(what, [FaultOrder::new(fault)], Begins::Start));
    };
    start("nobody listens", Fault::SshRefuse {});
    start("connections are reset", Fault::SshReset {});
    for (word, stage) in [
        ("tcp", Stall::Tcp),
        ("identification", Stall::Identification),
        ("kex", Stall::Kex),
        ("auth", Stall::Auth),
        ("shell", Stall::Shell),
        ("prompt", Stall::Prompt),
    ] {
        start(
            &format!("a connection stalls: {word}"),
            Fault::SshStall { stage },
        );
    }
    start("the password is refused", Fault::SshAuthFail {});
    start("another host key", Fault::SshHostKey {});
    start("all sessions are taken", Fault::SshBusy {});
    start("output comes byte by byte", Fault::SshTrickle {});
    start("output comes in one piece", Fault::SshOnePiece {});
    start(
        "another prompt all along",
        Fault::SshPrompt {
            prompt: "gam-in-the-cellar#".to_owned(),
        },
    );
    start("every line is slow", Fault::SshSlowLine { millis: 30 });
    start(
        "messages break in everywhere",
        Fault::SshLogLine {
            text: "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up".to_owned(),
        },
    );
    rows
}

/// Faults of the agent, before anything is written and after.
fn agents() -> Vec<Row> {
    let mut rows = Vec::new();
    let silence = || FaultOrder::new(Fault::SnmpSilence {});
    rows.push(row("the agent is silent", [silence()], Begins::Start));
    rows.push(row(
        "the agent is silent from the last line on",
        [silence()],
        Begins::Verifying,
    ));
    rows.push(row(
        "the agent is silent while it saves",
        [silence()],
        Begins::Saving,
    ));
    let some = || FaultOrder::new(Fault::SnmpSilence {}).times(6);
    rows.push(row(
        "the agent is silent for a while after the last line",
        [some()],
        Begins::Verifying,
    ));
    for (what, fault) in [
        ("answers get lost", Fault::SnmpLoss { percent: 3 }),
        ("answers come late", Fault::SnmpDelay { millis: 10 }),
        ("answers come twice", Fault::SnmpDuplicate { copies: 2 }),
        ("answers come one too late", Fault::SnmpLate {}),
        (
            "answers come in another order",
            Fault::SnmpReorder { among: 2 },
        ),
        (
            "answers come from another port",
            Fault::SnmpWrongSourcePort {},
        ),
        ("answers are too big", Fault::SnmpTooBig { above: 8 }),
        ("answers have few rows", Fault::SnmpFewRows { rows: 2 }),
    ] {
        rows.push(row(what, [FaultOrder::new(fault)], Begins::Start));
    }
    rows
}

/// Tables that cannot be read, at first and in the end.
fn broken_agents() -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, fault) in [
        (
            "a column ends early",
            Fault::SnmpTruncate {
                after: "1.3.6.1.4.1.20095.2001.143.1.2.40.1.10.2".parse().unwrap(),
            },
        ),
        (
            "a walk goes round",
            Fault::SnmpNonIncreasing {
                at: subscribers(10),
            },
        ),
        (
            "a column has another type",
            Fault::SnmpWrongType {
                at: subscribers(90),
            },
        ),
        (
            "a column is an error",
            Fault::SnmpGenericError {
                at: subscribers(90),
            },
        ),
        (
            "a row appears",
            Fault::SnmpRowAppears {
                endpoint: 9,
                subscriber: Some(9),
            },
        ),
    ] {
        rows.push(row(
            format!("{what}, at first"),
            [FaultOrder::new(fault.clone())],
            Begins::Start,
        ));
        rows.push(row(
            format!("{what}, after the last line"),
            [FaultOrder::new(fault)],
            Begins::Verifying,
        ));
    }
    rows
}

fn saves() -> Vec<Row> {
    vec![
        row(
            "flash is full",
            [FaultOrder::new(Fault::SaveFails {})],
            Begins::Start,
        ),
        row(
            "flash is full once",
            [FaultOrder::new(Fault::SaveFails {}).nth(1)],
            Begins::Start,
        ),
        row(
            "the device goes down while it saves",
            [FaultOrder::new(Fault::SaveCrashes {})],
            Begins::Start,
        ),
        row(
            "no reply to any save",
            [FaultOrder::new(Fault::SshDrop { at: At::MidReply }).matching(COPY)],
            Begins::Start,
        ),
        row(
            "no save is begun",
            [FaultOrder::new(Fault::SshDrop { at: At::Before }).matching(COPY)],
            Begins::Start,
        ),
        row(
            "a save has no effect, and a reply as if it had",
            [FaultOrder::new(Fault::SshError {
                text: "Building configuration...\r\n% Saving 4711 bytes to flash:startup-config"
                    .to_owned(),
            })
            .matching(COPY)],
            Begins::Start,
        ),
    ]
}

/// Faults of a line in the middle, and then of the rollback.
fn ways_back() -> Vec<Row> {
    let broken = || {
        at(
            MIDDLE,
            Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            },
        )
    };
    let back = |what: &str, fault: FaultOrder| {
        row(
            format!("a line fails, and on the way back {what}"),
            [broken(), fault],
            Begins::Start,
        )
    };
    vec![
        back(
            "the connection is lost once",
            at("no ghn bw-profile 4", Fault::SshDrop { at: At::Before }),
        ),
        back(
            "the reply is lost",
            at("no ghn bw-profile 4", Fault::SshDrop { at: At::MidReply }),
        ),
        back(
            "a line is refused once",
            at(
                "no ghn bw-profile 4",
                Fault::SshError {
                    text: "% Internal error 0x00000007".to_owned(),
                },
            ),
        ),
        back(
            "a line is always refused",
            FaultOrder::new(Fault::SshError {
                text: "% Internal error 0x00000007".to_owned(),
            })
            .matching("no ghn bw-profile 4"),
        ),
        back(
            "the device restarts",
            at("no ghn bw-profile 4", Fault::Reboot { at: At::Before }),
        ),
        back(
            "somebody uses what must go",
            at(
                "no ghn bw-profile 4",
                other("ghn subscriber 4 bw-profile 4"),
            ),
        ),
        row(
            "a line fails, and nobody can log in for the way back",
            [broken(), FaultOrder::new(Fault::SshAuthFail {})],
            Begins::Undoing,
        ),
        row(
            "a line fails, and the agent is silent from then on",
            [broken(), FaultOrder::new(Fault::SnmpSilence {})],
            Begins::Undoing,
        ),
    ]
}
