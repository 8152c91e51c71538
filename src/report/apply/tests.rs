//! Tests the exact text of results of runs.

use super::*;
use crate::apply::cause::{
    Failure, Interruption, Left, LookFailure, LookProblem, NotReached, NotRestored, Refusal,
    Restored, SaveFailure, StoppedAt, Unsaved, samples,
};
use crate::apply::{
    DeviceOutcome, Difference, Ended, NotCompared, NotComparedCause, SkipReason, Skipped,
    StepOutcome,
};
use crate::model::{DeviceName, DeviceState};
use crate::report::Exit;

fn exit(report: &RunReport) -> Exit {
    Exit::from(report.result())
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
        subscriber_ids: crate::model::SubscriberIds::default(),
        millis: 2_140,
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn every_ending() -> Vec<Ended> {
    vec![
        Ended::Unchanged,
        Ended::Applied,
        Ended::Unsaved {
            cause: Box::new(Unsaved::SaveFailed {
                save: SaveFailure::Refused {
                    line: text("copy running-config startup-config"),
                    reply: text("% Error: the flash is full"),
                    address: "192.0.2.7:22".parse().unwrap(),
                },
            }),
        },
        Ended::RolledBack {
            cause: Box::new(Failure::LineRefused {
                step: 1,
                line: text("ghn subscriber 3 vid 9"),
                reply: text("% Invalid"),
                address: "192.0.2.7:22".parse().unwrap(),
            }),
            restored: Restored::ByPlan,
        },
        Ended::Stuck {
            cause: Box::new(Failure::Earlier {
                text: text("it did not come back"),
            }),
            not_restored: None,
            left: vec![Left::Field {
                object: text("subscriber apt-101"),
                field: text("vlan"),
                wanted: Some(text("7")),
                has: Some(text("9")),
            }],
        },
        Ended::Refused {
            refusal: Refusal::NotManaged {
                state: DeviceState::Observe,
            },
        },
        Ended::Stale {
            differences: vec![Difference {
                object: "subscriber apt-101".to_owned(),
                field: Some("vlan".to_owned()),
                then: Some("101".to_owned()),
                now: Some("300".to_owned()),
                intended: Some("102".to_owned()),
            }],
        },
        Ended::Unreachable {
            cause: Box::new(NotReached::Look {
                look: LookFailure {
                    problem: LookProblem::NoAnswer,
                    text: text("no answer"),
                },
            }),
        },
        Ended::Interrupted {
            cause: Box::new(Interruption::StopRequested {
                at: StoppedAt::AfterStep {
                    step: 1,
                    of: 2,
                    not_left: None,
                },
            }),
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
            Exit::Stale,
            Exit::DeviceFailed,
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
    held.skipped
        .push(yew(SkipReason::Held { until: 0, by: None }));
    assert_eq!(exit(&held), Exit::Refused);
    let error = "the store is unreachable".to_owned();
    held.skipped = vec![yew(SkipReason::StoreAway { error })];
    assert_eq!(exit(&held), Exit::Failed);
}

#[test]
fn failures_are_listed_before_successes_each_with_its_next_step() {
    let text = run_text(&report(every_ending()), Paint::Plain);
    let order: Vec<Option<usize>> = [
        "Stuck\n  fir: it did not come back",
        "`vlan` of subscriber apt-101 is 9 instead of 7",
        "Not saved\n  cedar: `copy running-config startup-config` was sent, and may have taken effect: 192.0.2.7:22 answered: % Error: the flash is full",
        "`gamctl apply` saves it",
        "Interrupted\n  oak: stopped after step 1 of 2; nothing was saved",
        "A restart of the device would undo these steps; the next `gamctl apply` looks at it and does the rest.",
        "Rolled back\n  elm: `ghn subscriber 3 vid 9` was sent, and may have taken effect: 192.0.2.7:22 answered: % Invalid",
        "A look found it as it was before.",
        "Check the reply of the device, correct the inventory, then run `gamctl plan`.",
        "Refused\n  hazel: hazel is `observe`, which is not written to [not-managed]\n    make it `managed`",
        "Changed since the plan\n  larch: it changed since the plan was made",
        "subscriber apt-101 `vlan`: was 101 when planned, is 300, intended is 102",
        "Not reached\n  maple: no answer",
        "Run `gamctl apply` again when it answers.",
        "Done\n  ash: as intended; nothing was written",
        "birch: 2 steps, verified and saved in 2.1 s",
    ]
    .into_iter()
    .map(|part| text.find(part))
    .collect();
    assert!(order.iter().all(Option::is_some), "{order:?}\n{text}");
    assert!(order.is_sorted(), "{order:?}\n{text}");
    assert!(
        text.starts_with(
            "1 device changed, verified and saved and 1 device already as intended; 1 device STUCK"
        ),
        "{text}"
    );
}

#[test]
fn an_object_that_was_not_compared_is_shown_and_has_its_own_exit_code() {
    let mut all = report(vec![Ended::Applied, Ended::Unchanged]);
    assert_eq!(exit(&all), Exit::Done);
    all.outcomes[0].not_compared.push(NotCompared {
        object: None,
        cause: NotComparedCause::Unread,
        because: "not all uplinks could be read: \u{1b}timeout".to_owned(),
    });
    assert_eq!(exit(&all), Exit::Unobservable);
    let text = run_text(&all, Paint::Plain);
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
        text.starts_with("1 device changed, verified and saved and 1 device already as intended; 1 device not compared in every part."),
        "{text}"
    );
    all.outcomes[1].ended = Ended::RolledBack {
        cause: Box::new(Failure::Earlier {
            text: "refused".to_owned(),
        }),
        restored: Restored::ByPlan,
    };
    assert_eq!(exit(&all), Exit::DeviceFailed);
}

#[test]
fn text_from_a_device_cannot_paint_the_terminal() {
    let ended = Ended::RolledBack {
        cause: Box::new(Failure::Earlier {
            text: text("it said \u{1b}[2J"),
        }),
        restored: Restored::ByPlan,
    };
    let said = run_text(&report(vec![ended]), Paint::Plain);
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

/// Renders one device without its name.
fn said(ended: &Ended) -> String {
    let outcome = outcome("oak", ended.clone());
    text::entry(&outcome, Paint::Plain)
}

#[test]
fn every_failure_names_what_failed_where_and_what_to_do() {
    let line = format!("`{}`", samples::LINE);
    let closed = "192.0.2.7:22 closed the connection";
    let again = "Run `gamctl apply` again.";
    let fix = "Fix the cause shown, then run `gamctl apply` again.";
    for (cause, _) in samples::failures() {
        let parts: &[&str] = match &cause {
            Failure::LineRefused { .. } => &[
                &line,
                samples::ADDRESS,
                "% Invalid endpoint",
                "correct the inventory",
            ],
            Failure::LineUnanswered { .. } => &[&line, closed, again],
            Failure::SessionLost { .. } => &[closed, again],
            Failure::CannotEnterConfigMode { .. } => &["`configure terminal`", closed, again],
            Failure::CannotLeaveConfigMode { .. } => {
                &["`end`", closed, "`vlan` of subscriber apt-101 is 9", again]
            }
            Failure::OtherDevice { .. } => &["00:0e:d8:00:00:01 instead of 00:0e:d8:00:00:02", fix],
            Failure::NotFoundAfterWriting { .. } => &[
                "`vlan` of subscriber apt-101 is 9 instead of 7",
                "Check on the device",
            ],
            Failure::CannotVerify { .. } => &["for 420 s: oak cannot be reached", again],
            Failure::SaveFailed { .. } => &["4711 bytes saved, but has no startup file", again],
            Failure::ProcessEnded { .. } => &["process that applied it ended", "`gamctl plan`"],
            Failure::Earlier { .. } => &["it did not come back", "`gamctl plan`"],
        };
        let restored = Restored::ByPlan;
        let text = said(&Ended::RolledBack {
            cause: Box::new(cause),
            restored,
        });
        for part in parts.iter().chain(&["oak", "as it was before"]) {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn every_unsaved_device_is_listed_with_its_cause_and_the_command_that_saves_it() {
    for (save, _) in samples::save_failures() {
        let parts: &[&str] = match &save {
            SaveFailure::Refused { .. } => &["`copy running-config", samples::ADDRESS, "% Error"],
            SaveFailure::Unanswered { .. } => &["`copy running-config", "closed the connection"],
            SaveFailure::NoSession { .. } => &[samples::ADDRESS, "closed the connection"],
            SaveFailure::OtherDevice { .. } => &["SSH reaches another device than SNMP"],
            SaveFailure::SizeDiffers { .. } => &["4711 bytes saved", "startup file has 1560"],
            SaveFailure::NoStartupFile { .. } => &["4711 bytes saved", "no startup file"],
            SaveFailure::Earlier { .. } => &["the flash is full"],
        };
        let cause = Unsaved::SaveFailed { save };
        let text = said(&Ended::Unsaved {
            cause: Box::new(cause),
        });
        for part in parts.iter().chain(&["oak", "`gamctl apply` saves it"]) {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    for (cause, _) in samples::unsaved() {
        let part = match &cause {
            Unsaved::SaveFailed { .. } => "no startup file",
            Unsaved::NotConfirmed { .. } => "the device is as intended",
            Unsaved::OthersChanged { .. } => "another user",
            Unsaved::ProcessEnded { .. } => "process that applied it ended",
            Unsaved::Earlier { .. } => "the flash is full",
        };
        let text = said(&Ended::Unsaved {
            cause: Box::new(cause),
        });
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn every_stuck_device_is_listed_with_the_cause_that_stopped_the_rollback() {
    for (why, _) in samples::not_restored() {
        let part = match &why {
            NotRestored::CannotLook { .. } => "; the device did not answer for 420 s",
            NotRestored::CannotLookAfterRollback { .. } => {
                "during the rollback: the device did not"
            }
            NotRestored::Unread => "cannot be read, so nothing is undone",
            NotRestored::RestartedOtherwise => "with a configuration other than before",
            NotRestored::NoRollback { .. } => "cannot be rolled back: 9 of 12 subscribers",
            NotRestored::RollbackFailed { .. } => "the rollback failed: `ghn subscriber 3",
            NotRestored::RollbackIncomplete { .. } => "the rollback failed: `vlan` of subscriber",
            NotRestored::ChangedBeforeSave => "changed before it was saved",
        };
        let text = said(&Ended::Stuck {
            cause: samples::failures().remove(0).0.into(),
            not_restored: Some(Box::new(why)),
            left: samples::left(),
        });
        let left = [
            "`vlan` of subscriber apt-101 is 9 instead of 7",
            "profile home-200 is not there",
            "profile home-200 is there",
            "profile home-200 is not as intended",
            "profile home-200 is unknown",
            "number 3 of the subscribers is unknown: genErr",
            "serial number 2 instead of 1",
            "cannot be planned again: a line is too long",
            "9 of 12 subscribers would be removed",
        ];
        for part in left
            .iter()
            .chain(&[part, "% Invalid endpoint", "`gamctl plan`"])
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn every_refusal_has_its_rule_its_reason_and_what_to_do() {
    for (refusal, _) in samples::refusals() {
        let parts: [&str; 3] = match &refusal {
            Refusal::NotManaged { .. } => {
                ["oak is `observe`", "[not-managed]", "make it `managed`"]
            }
            Refusal::OtherDevice { .. } => {
                ["for elm and not for oak", "[other-device]", "plan again"]
            }
            Refusal::PlanRefused { .. } => {
                ["9 of 12", "[too-many-removals]", "raise `max_removals`"]
            }
            Refusal::LinesDiffer { .. } => [
                "step 2 are not those that subscriber apt-101",
                "[lines-differ]",
                "plan again",
            ],
            Refusal::CannotBeSent { .. } => {
                ["step 2 cannot be sent", "[cannot-be-typed]", "plan again"]
            }
            Refusal::WrongBoard { .. } => [
                "00:0e:d8:00:00:01 instead of",
                "[wrong-device]",
                "ports reach",
            ],
            Refusal::PlanOutdated { .. } => ["planning oak again", "[plan-outdated]", "plan again"],
            Refusal::NoLogin { .. } => ["no password", "[no-login]", "credentials"],
            Refusal::Earlier { .. } => ["another device", "[wrong-serial]", "correct `serial`"],
        };
        let text = said(&Ended::Refused { refusal });
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    for (why, _) in samples::outdated() {
        let text = said(&Ended::Refused {
            refusal: Refusal::PlanOutdated { why },
        });
        assert!(
            text.contains("oak") && text.contains("plan again"),
            "{text}"
        );
    }
}

#[test]
fn every_device_that_was_not_reached_or_interrupted_is_listed_with_cause_and_next_step() {
    for (cause, _) in samples::not_reached() {
        let parts: &[&str] = match &cause {
            NotReached::Look { .. } => &["192.0.2.7:161", "again when it answers"],
            NotReached::CommandLine { .. } => &[samples::ADDRESS, "`admin`", "Fix the cause"],
            NotReached::PartlyUnread { .. } => &[
                "oak could not",
                "subscribers number 3: genErr, and 2 more",
                "again when",
            ],
            NotReached::Earlier { .. } => &["no answer", "Nothing was written."],
        };
        let text = said(&Ended::Unreachable {
            cause: Box::new(cause),
        });
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    for (cause, _) in samples::interruptions() {
        let parts: &[&str] = match &cause {
            Interruption::StopRequested { .. } => &["stopped after step 1 of 2"],
            Interruption::LeaseExpired { .. } => &["`ghn subscriber 3 vid 9`", "lease expired"],
            Interruption::TakenOver { .. } => &["another process", "steps 1 to 1 of 2"],
            Interruption::StoreUnreachable { .. } => &["no disk", "steps 1 to 1 of 2"],
            Interruption::ProcessEnded { .. } => &["process that applied it", "1 of 2 steps"],
            Interruption::Earlier { .. } => &["a signal"],
        };
        let text = said(&Ended::Interrupted {
            cause: Box::new(cause),
        });
        // What a dead process left is planned again at once: nobody has to do anything.
        let is_planned_again = text.contains("the rest is planned again");
        let next = (!is_planned_again).then_some(&"`gamctl apply`");
        for part in parts.iter().chain([&"oak"]).chain(next) {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn json_has_the_sentences_of_earlier_versions_and_the_facts_beside_them() {
    let mut all = report(every_ending());
    all.outcomes[3].remarks = samples::remarks();
    all.outcomes[3].steps[1].failure = Some(samples::failures().remove(0).0);
    let json: serde_json::Value = serde_json::from_str(&run_document(&all)).unwrap();
    let of = |number: usize| json["outcomes"][number].clone();
    assert_eq!(of(1)["ended"], "applied");
    assert_eq!(of(1).get("retry_helps"), None);
    let rolled_back = of(3);
    assert!(
        rolled_back["because"]
            .as_str()
            .unwrap()
            .contains("answered: % Invalid")
    );
    assert_eq!(rolled_back["cause"]["kind"], "line-refused");
    assert_eq!(rolled_back["cause"]["reply"], "% Invalid");
    assert_eq!(rolled_back["retry_helps"], false);
    assert!(
        rolled_back["remarks"][0]
            .as_str()
            .unwrap()
            .contains("another user")
    );
    assert_eq!(rolled_back["remark_facts"][0]["kind"], "others-changed");
    assert!(
        rolled_back["steps"][1]["failure"]
            .as_str()
            .unwrap()
            .contains("% Invalid endpoint")
    );
    assert_eq!(rolled_back["steps"][1]["cause"]["step"], 2);
    assert_eq!(rolled_back["steps"][0], serde_json::json!({ "step": 1 }));
    let stuck = of(4);
    assert_eq!(
        stuck["left"][0],
        "`vlan` of subscriber apt-101 is 9 instead of 7"
    );
    assert_eq!(stuck["left_facts"][0]["has"], "9");
    let refused = of(5);
    assert_eq!(refused["rule"], "not-managed");
    assert!(
        refused["because"]
            .as_str()
            .unwrap()
            .contains("hazel is `observe`")
    );
    assert!(refused["hint"].as_str().unwrap().contains("managed"));
    assert_eq!(refused["cause"]["state"], "observe");
    assert_eq!(of(6)["differences"][0]["now"], "300");
    assert_eq!(of(7)["cause"]["look"]["problem"], "no-answer");
    assert_eq!(of(7)["retry_helps"], true);
    assert_eq!(of(8)["cause"]["at"]["step"], 1);
}
