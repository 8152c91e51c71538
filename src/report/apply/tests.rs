//! What is said of runs, to the word.

use super::*;
use crate::apply::{
    DeviceOutcome, Difference, Ended, NotCompared, NotComparedCause, SkipReason, Skipped,
    StepOutcome,
};
use crate::model::DeviceName;

fn exit(report: &RunReport) -> Exit {
    run_exit(report.result())
}

fn outcome(device: &str, ended: Ended) -> DeviceOutcome {
    DeviceOutcome {
        device: DeviceName::new(device).unwrap(),
        ended,
        steps: vec![
            StepOutcome {
                step: 1,
                failure: None,
            },
            StepOutcome {
                step: 2,
                failure: None,
            },
        ],
        remarks: Vec::new(),
        not_compared: Vec::new(),
        millis: 2_140,
    }
}

fn because(text: &str) -> String {
    text.to_owned()
}

fn every_ending() -> Vec<Ended> {
    vec![
        Ended::Unchanged,
        Ended::Applied,
        Ended::Unsaved {
            because: because("the flash is full: % Error"),
        },
        Ended::RolledBack {
            because: because("`ghn subscriber 3 vid 9` was refused"),
        },
        Ended::Stuck {
            because: because("it did not come back"),
            left: vec!["subscriber apt-101: vlan is 9, was 7".to_owned()],
        },
        Ended::Refused {
            rule: "wrong-serial".to_owned(),
            because: because("another box answers"),
            hint: "correct `serial`".to_owned(),
        },
        Ended::Moved {
            differences: vec![Difference {
                object: "subscriber apt-101".to_owned(),
                field: Some("vlan".to_owned()),
                then: Some("101".to_owned()),
                now: Some("300".to_owned()),
                intended: Some("102".to_owned()),
            }],
        },
        Ended::Unreachable {
            because: because("no answer"),
        },
        Ended::Interrupted {
            because: because("told to stop after step 1"),
        },
    ]
}

fn report(endings: Vec<Ended>) -> RunReport {
    let names = [
        "ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak",
    ];
    let outcomes = names.into_iter().zip(endings);
    RunReport {
        run: Some(uuid::Uuid::from_u128(7)),
        outcomes: outcomes.map(|(name, ended)| outcome(name, ended)).collect(),
        ..RunReport::default()
    }
}

#[test]
fn every_ending_has_its_exit() {
    let exits: Vec<Exit> = every_ending()
        .into_iter()
        .map(|ended| exit(&report(vec![Ended::Applied, ended])))
        .collect();
    assert_eq!(
        exits,
        [
            Exit::Done,
            Exit::Done,
            Exit::DeviceFailed,
            Exit::DeviceFailed,
            Exit::DeviceFailed,
            Exit::Refused,
            Exit::Moved,
            Exit::Unobservable,
            Exit::DeviceFailed,
        ]
    );
}

#[test]
fn the_worst_comes_first_whoever_is_named_first() {
    let mut all = report(every_ending());
    assert_eq!(exit(&all), Exit::DeviceFailed);
    all.is_interrupted = true;
    assert_eq!(exit(&all), Exit::Interrupted);
    let mut held = report(vec![Ended::Applied]);
    let yew = |reason| Skipped {
        device: DeviceName::new("yew").unwrap(),
        reason,
    };
    held.skipped.push(yew(SkipReason::Held { until: 0 }));
    assert_eq!(exit(&held), Exit::Refused);
    let error = "the store is unreachable".to_owned();
    held.skipped = vec![yew(SkipReason::StoreAway { error })];
    assert_eq!(exit(&held), Exit::Failed);
}

#[test]
fn what_failed_is_told_before_what_was_done_and_each_with_its_next_step() {
    let text = run_text(&report(every_ending()), Paint::Plain);
    let order: Vec<Option<usize>> = [
        "Stuck\n  fir: it did not come back",
        "subscriber apt-101: vlan is 9, was 7",
        "Not saved\n  cedar: the flash is full: % Error",
        "`gamctl apply` saves it",
        "Interrupted\n  oak: told to stop after step 1",
        "the next `gamctl apply` looks first",
        "Rolled back\n  elm: `ghn subscriber 3 vid 9` was refused",
        "It was seen to be as it was before.",
        "Refused\n  hazel: another box answers [wrong-serial]\n    correct `serial`",
        "Moved since the plan\n  larch: it is not any more what the plan was made from",
        "subscriber apt-101 `vlan`: was 101 when planned, is 300, shall be 102",
        "Not reached\n  maple: no answer",
        "Done\n  ash: as the inventory says; nothing was written",
        "birch: 2 steps, verified and saved in 2.1 s",
    ]
    .into_iter()
    .map(|part| text.find(part))
    .collect();
    assert!(order.iter().all(Option::is_some), "{order:?}\n{text}");
    assert!(order.is_sorted(), "{order:?}\n{text}");
    assert!(
        text.starts_with("1 device changed, verified and saved and 1 device as the inventory says already; 1 device STUCK"),
        "{text}"
    );
}

#[test]
fn what_was_not_compared_is_told_and_is_an_exit_of_its_own() {
    let mut all = report(vec![Ended::Applied, Ended::Unchanged]);
    assert_eq!(exit(&all), Exit::Done);
    all.outcomes[0].not_compared.push(NotCompared {
        object: None,
        cause: NotComparedCause::Unread,
        because: "not all uplinks could be read: \u{1b}timeout".to_owned(),
    });
    assert_eq!(exit(&all), Exit::Unobservable);
    let text = all.text(Paint::Plain);
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(
        text.contains("not compared: not all uplinks could be read"),
        "{text}"
    );
    assert!(
        text.contains("Look again with `gamctl observe ash`."),
        "{text}"
    );
    assert!(
        text.starts_with("1 device changed, verified and saved and 1 device as the inventory says already; 1 device not compared in every part."),
        "{text}"
    );
    all.outcomes[1].ended = Ended::RolledBack {
        because: because("refused"),
    };
    assert_eq!(exit(&all), Exit::DeviceFailed);
}

#[test]
fn what_a_device_said_cannot_paint_the_terminal() {
    let ended = Ended::RolledBack {
        because: "it said \u{1b}[2J".to_owned(),
    };
    let text = run_text(&report(vec![ended]), Paint::Plain);
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
