//! Gives facts for each word, for the examples in docs/conditions.md and for tests.

use uuid::Uuid;

use super::facts::{
    ApplyInProgress, AwaitedApproval, AwaitedWave, ClosedWindow, ConditionFacts, ContestedField,
    DriftFound, FailedApply, FreezeInForce, IdentityProblem, InvalidInventory, LastLook,
    MatchedTarget, OnDrift, OutsideLane, PausedRollout, PendingSteps, Pin, RemainingDifferences,
    RollbackHold, Unreachable, UsedBudget,
};
use crate::model::{ConditionWord, DeviceName, DeviceState, NotObserved};
use crate::plan::Refusal;

/// 2026-11-21 16:32:00 UTC: the time at which the examples are read.
pub(super) const NOW: u64 = 1_795_278_720;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

const RUN: Uuid = Uuid::from_u128(0x0199_f3a2_1111_7222_8333_0123_4567_89ab);
const ROLLOUT: Uuid = Uuid::from_u128(0x0199_f3a2_1111_7222_8333_4567_89ab_cdef);
const FREEZE: Uuid = Uuid::from_u128(0x0199_f3a2_1111_7222_8333_89ab_cdef_0123);
const COMMIT: &str = "3f9c2d1e8a7b60514233241506172839405a6b7c";
const PLAN: &str = "c0ffee12d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e";

/// Returns a managed device that was looked at seven minutes ago, and nothing else.
pub(super) fn looked_at(device: DeviceName) -> ConditionFacts {
    ConditionFacts {
        look: Some(LastLook {
            at: NOW - 7 * MINUTE,
            interval: 15 * MINUTE,
            unread: Vec::new(),
            commit: None,
        }),
        next_look: Some(NOW + 8 * MINUTE),
        ..ConditionFacts::new(device, DeviceState::Managed)
    }
}

/// Adds what makes a word apply, and keeps everything else.
pub(super) fn add(word: ConditionWord, facts: &mut ConditionFacts) {
    match word {
        ConditionWord::WrongDevice
        | ConditionWord::Stuck
        | ConditionWord::Unsaved
        | ConditionWord::Applying
        | ConditionWord::Unreachable
        | ConditionWord::Invalid => add_fault(word, facts),
        ConditionWord::Refused
        | ConditionWord::Contested
        | ConditionWord::DoesNotConverge
        | ConditionWord::Frozen
        | ConditionWord::Held => add_block(word, facts),
        ConditionWord::WaitingForApproval
        | ConditionWord::WaitingForWindow
        | ConditionWord::WaitingForBudget
        | ConditionWord::WaitingForWave
        | ConditionWord::WaitingForLane => add_wait(word, facts),
        ConditionWord::Drifted => {
            facts.drift = Some(DriftFound {
                differences: texts(&["acct-1042: vlan 777 instead of 101", "acct-1043: port 8"]),
                policy: OnDrift::Report,
                since: NOW - 3 * HOUR,
            });
        }
        ConditionWord::Pending => {
            facts.pending = Some(PendingSteps {
                steps: 5,
                commit: COMMIT.to_owned(),
                since: Some(NOW - MINUTE),
            });
        }
        ConditionWord::Unknown => {
            facts.look = None;
            facts.next_look = Some(NOW + 20);
        }
        ConditionWord::Observe => facts.state = DeviceState::Observe,
        ConditionWord::Locked => facts.state = DeviceState::Locked,
        ConditionWord::Converged => {
            facts.matched = Some(MatchedTarget {
                commit: COMMIT.to_owned(),
                verified: NOW - 7 * MINUTE,
                since: Some(NOW - 90 * MINUTE),
            });
        }
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn failed(cause: &str, left: &[&str]) -> FailedApply {
    FailedApply {
        run: RUN,
        at: NOW - 2 * HOUR - 30 * MINUTE,
        cause: cause.to_owned(),
        left: texts(left),
    }
}

fn add_fault(word: ConditionWord, facts: &mut ConditionFacts) {
    match word {
        ConditionWord::WrongDevice => {
            facts.identity = Some(IdentityProblem {
                pin: Pin::Serial,
                expected: "GAM-0017".to_owned(),
                found: "GAM-0042".to_owned(),
                since: NOW - HOUR,
            });
        }
        ConditionWord::Stuck => {
            facts.stuck = Some(failed(
                "no reply to `ghn subscriber 7 vid 101`",
                &["acct-1042: vlan", "acct-1043: vlan", "acct-1044: missing"],
            ));
        }
        ConditionWord::Unsaved => facts.unsaved = Some(failed("the flash is busy", &[])),
        ConditionWord::Applying => {
            facts.applying = Some(ApplyInProgress {
                run: RUN,
                who: "ada@noc".to_owned(),
                since: NOW - 20,
                step: 3,
                steps: 12,
            });
        }
        ConditionWord::Unreachable => {
            facts.unreachable = Some(Unreachable {
                since: NOW - 2 * HOUR - 30 * MINUTE,
                tries: 14,
                next_try: NOW + 40,
                reason: NotObserved::NoAnswer {
                    error: "no answer from 10.20.0.11".to_owned(),
                },
            });
        }
        _ => {
            facts.invalid = Some(InvalidInventory {
                commit: COMMIT.to_owned(),
                since: NOW - HOUR,
                findings: texts(&["duplicate-mac: acct-1042", "bad-vlan-list: uplink 1"]),
            });
        }
    }
}

fn add_block(word: ConditionWord, facts: &mut ConditionFacts) {
    match word {
        ConditionWord::Refused => facts.refused.push(Refusal {
            rule: "too-many-removals".to_owned(),
            message: "it removes 12 of 40 subscribers; the limit is 5".to_owned(),
            hint: "raise the limit in policy.toml in a commit of its own".to_owned(),
        }),
        ConditionWord::Contested => facts.contested.push(ContestedField {
            field: "VLAN of acct-1042".to_owned(),
            restored: 3,
            since: NOW - HOUR,
        }),
        ConditionWord::DoesNotConverge => {
            facts.remaining = Some(RemainingDifferences {
                applies: 2,
                run: RUN,
                since: NOW - HOUR,
                differences: texts(&["port 7: description"]),
            });
        }
        ConditionWord::Frozen => facts.freezes.push(FreezeInForce {
            id: FREEZE,
            reason: "electrician in the cellar".to_owned(),
            who: "ada@noc".to_owned(),
            since: NOW - HOUR,
            until: NOW + 2 * HOUR,
        }),
        _ => {
            facts.hold = Some(RollbackHold {
                run: RUN,
                who: "ada@noc".to_owned(),
                reason: "endpoints of port 7 lost their link".to_owned(),
                since: NOW - HOUR,
            });
        }
    }
}

fn add_wait(word: ConditionWord, facts: &mut ConditionFacts) {
    match word {
        ConditionWord::WaitingForApproval => {
            facts.approval = Some(AwaitedApproval {
                plan: PLAN.to_owned(),
                because: "it removes 3 subscribers".to_owned(),
                given: 0,
                needed: 2,
                excluded: texts(&["ada@noc"]),
                since: NOW - HOUR,
                expires: NOW + 23 * HOUR,
            });
        }
        ConditionWord::WaitingForWindow => {
            facts.window = Some(ClosedWindow {
                opens: Some(NOW + 45 * HOUR + 28 * MINUTE),
                is_too_short: false,
                plan: Some(PLAN.to_owned()),
                since: None,
            });
        }
        ConditionWord::WaitingForBudget => {
            facts.budget = Some(UsedBudget {
                rule: "limits.interruptions".to_owned(),
                device: None,
                used: 38,
                planned: 3,
                limit: 40,
                free_at: Some(NOW + 25 * MINUTE),
                plan: Some(PLAN.to_owned()),
                persons: 1,
                since: None,
            });
        }
        ConditionWord::WaitingForWave => {
            facts.wave = Some(AwaitedWave {
                rollout: ROLLOUT,
                wave: 3,
                waves: 4,
                gate: "1 of 12 devices of wave 2 is not verified yet".to_owned(),
                paused: None,
                since: NOW - HOUR,
            });
        }
        _ => {
            facts.lane = Some(OutsideLane {
                lane: "helpdesk".to_owned(),
                author: "helpdesk@example.net".to_owned(),
                commit: COMMIT.to_owned(),
                outside: texts(&["acct-1042: vlan"]),
                since: NOW - HOUR,
            });
        }
    }
}

/// Facts of a word whose sentence differs from its first example, with the case.
pub(super) fn variants(
    word: ConditionWord,
    device: &DeviceName,
) -> Vec<(&'static str, ConditionFacts)> {
    let mut facts = looked_at(device.clone());
    add(word, &mut facts);
    match word {
        ConditionWord::WaitingForWave => {
            if let Some(wave) = &mut facts.wave {
                wave.paused = Some(PausedRollout {
                    reason: "3 of 20 endpoints of wave 2 are not up again".to_owned(),
                    who: None,
                    since: NOW - HOUR,
                });
            }
            vec![("The rollout is paused", facts)]
        }
        ConditionWord::Unreachable => {
            if let Some(unreachable) = &mut facts.unreachable {
                unreachable.reason = NotObserved::AccessDenied {
                    error: "10.20.0.11 denied SNMP access".to_owned(),
                };
            }
            vec![("The device denies access", facts)]
        }
        ConditionWord::Unknown => {
            let mut unread = looked_at(device.clone());
            if let Some(look) = &mut unread.look {
                look.unread = texts(&["the endpoints of port 7"]);
            }
            facts.state = DeviceState::Preprovision;
            vec![
                ("A part could not be read", unread),
                ("State `preprovision`", facts),
            ]
        }
        ConditionWord::Observe => {
            add(ConditionWord::Pending, &mut facts);
            vec![("It differs from the target", facts)]
        }
        ConditionWord::Drifted => {
            if let Some(drift) = &mut facts.drift {
                drift.policy = OnDrift::Restore;
            }
            vec![("Policy `drift = \"restore\"`", facts)]
        }
        ConditionWord::Converged => {
            facts.state = DeviceState::Retired;
            vec![("State `retired`", facts)]
        }
        _ => Vec::new(),
    }
}
