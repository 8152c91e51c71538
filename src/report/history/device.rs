//! Renders the events of one device in one run, in order.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::apply::{failure_text, outcome_entry, published, save_failure_text};
use super::super::document::time;
use super::super::{Paint, counted, visible};
use super::step::exchanges;
use super::{ProcessState, SentStep, sent_step, without_outcome};
use crate::apply::cause::{Failure, SaveFailure};
use crate::apply::{DeviceOutcome, Entry, Exchange, LookReason, Purpose};
use crate::model::DeviceName;
use crate::plan::{DevicePlan, Step};

/// The events of a device in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeviceStory {
    pub device: String,
    /// Left out: the outcome is unknown.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "published::outcome"
    )]
    #[cfg_attr(
        test,
        schemars(with = "Option<crate::report::PublishedOutcome<'static>>")
    )]
    pub outcome: Option<DeviceOutcome>,
    pub happenings: Vec<Happening>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Happening {
    #[serde(serialize_with = "time::seconds")]
    #[cfg_attr(test, schemars(with = "crate::report::document::types::Time"))]
    pub at: u64,
    #[serde(flatten)]
    pub what: What,
}

/// The kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "happening", rename_all = "kebab-case")]
pub enum What {
    Looked {
        moment: LookReason,
        fingerprint: String,
    },
    Intended {
        purpose: Purpose,
        steps: usize,
    },
    Sent {
        purpose: Purpose,
        /// Counted from 1.
        number: usize,
        /// Left out if the plan is unknown.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<Box<Step>>,
        exchanges: Vec<Exchange>,
        #[serde(flatten, serialize_with = "published::failure")]
        #[cfg_attr(test, schemars(with = "Option<published::PublishedFailure<'static>>"))]
        failure: Option<Failure>,
    },
    Left {
        purpose: Purpose,
    },
    Verified {
        purpose: Purpose,
        fingerprint: String,
    },
    Saved {
        proof: String,
        exchanges: Vec<Exchange>,
    },
    NotSaved {
        #[serde(flatten, serialize_with = "published::save_failure")]
        #[cfg_attr(test, schemars(with = "published::PublishedSaveFailure<'static>"))]
        cause: SaveFailure,
        exchanges: Vec<Exchange>,
    },
}

impl DeviceStory {
    /// Builds the events of a device from the entries of a run, in their order, each with its time.
    pub fn of(device: &DeviceName, entries: impl IntoIterator<Item = (u64, Entry)>) -> Self {
        let mut outcome = None;
        let mut plans: BTreeMap<bool, Box<DevicePlan>> = BTreeMap::new();
        let mut happenings = Vec::new();
        let is_undo = |purpose: Purpose| purpose == Purpose::Undo;
        for (at, entry) in entries {
            let what = match entry {
                Entry::Looked {
                    moment,
                    fingerprint,
                    observation: _,
                } => What::Looked {
                    moment,
                    fingerprint: fingerprint.to_string(),
                },
                Entry::Intent { purpose, plan } => {
                    let steps = plan.steps.len();
                    plans.insert(is_undo(purpose), plan);
                    What::Intended { purpose, steps }
                }
                Entry::Sent {
                    purpose,
                    step: number,
                    exchanges,
                    failure,
                } => {
                    let plan = plans.get(&is_undo(purpose));
                    let step = plan.and_then(|plan| plan.steps.get(number.checked_sub(1)?));
                    What::Sent {
                        purpose,
                        number,
                        step: step.cloned().map(Box::new),
                        exchanges,
                        failure,
                    }
                }
                Entry::Left { purpose } => What::Left { purpose },
                Entry::Verified {
                    purpose,
                    fingerprint,
                } => What::Verified {
                    purpose,
                    fingerprint: fingerprint.to_string(),
                },
                Entry::Saved {
                    bytes: _,
                    proof,
                    exchanges,
                } => What::Saved { proof, exchanges },
                Entry::NotSaved { cause, exchanges } => What::NotSaved { cause, exchanges },
                Entry::Ended { outcome: ended } => {
                    outcome = Some(ended);
                    continue;
                }
            };
            happenings.push(Happening { at, what });
        }
        Self {
            device: device.to_string(),
            outcome,
            happenings,
        }
    }
}

/// Renders the events of a device; with lines and replies on request. `process` is that of a run without an end.
pub fn device_story(
    story: &DeviceStory,
    process: Option<ProcessState>,
    with_lines: bool,
    paint: Paint,
    width: usize,
) -> String {
    let mut text = match &story.outcome {
        Some(outcome) => outcome_entry(outcome, paint),
        None => format!(
            "  {}: {}\n",
            paint.error(&visible(&story.device)),
            without_outcome(process)
        ),
    };
    for Happening { at, what } in &story.happenings {
        let time = clock(*at);
        let mut say = |said: &str| text.push_str(&format!("    {}  {said}\n", paint.dim(&time)));
        match what {
            What::Looked { moment, .. } => say(match moment {
                LookReason::Before => "looked, before the first line",
                LookReason::After => "looked again",
                LookReason::Failed => "looked again after a failure",
                LookReason::Recovery => "looked after an earlier process had ended in the middle",
            }),
            What::Intended { purpose, steps } => {
                let steps = counted(*steps, "step");
                say(&match purpose {
                    Purpose::Apply => format!("recorded the intended steps: {steps}"),
                    Purpose::Undo => format!("recorded the steps to undo: {steps}"),
                });
            }
            What::Sent {
                purpose: _,
                number,
                step,
                exchanges: typed,
                failure,
            } => {
                say(&format!("step {number}"));
                match step {
                    Some(step) => text.push_str(&sent_step(
                        SentStep {
                            step,
                            exchanges: typed,
                            with_lines,
                        },
                        14,
                        paint,
                        width,
                    )),
                    None if with_lines => text.push_str(&exchanges(typed, 14)),
                    None => {}
                }
                if let Some(failure) = failure {
                    let failure = paint.error(&visible(&failure_text(failure)));
                    text.push_str(&format!("              {failure}\n"));
                }
            }
            What::Left { .. } => say("left configuration mode"),
            What::Verified { purpose, .. } => say(match purpose {
                Purpose::Apply => "verified: it is as intended",
                Purpose::Undo => "verified: it is as it was before",
            }),
            What::Saved {
                proof,
                exchanges: typed,
            } => {
                say(&format!("saved: {}", visible(proof)));
                if with_lines {
                    text.push_str(&exchanges(typed, 14));
                }
            }
            What::NotSaved {
                cause,
                exchanges: typed,
            } => {
                let cause = save_failure_text(cause);
                say(&format!("not saved: {}", visible(&cause)));
                if with_lines {
                    text.push_str(&exchanges(typed, 14));
                }
            }
        }
    }
    text
}

/// Returns the time of day: `16:32:05`.
fn clock(at: u64) -> String {
    let second = at % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second % 3600 / 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::Ended;
    use crate::apply::cause::Restored;
    use crate::model::DeviceName;

    #[test]
    fn a_device_is_shown_in_order_and_lines_only_on_request() {
        let at = 1_795_278_725;
        let typed = |line: &str| Exchange {
            line: line.to_owned(),
            reply: vec!["% \u{1b}no".to_owned()],
            millis: 1,
        };
        let happening = |what| Happening { at, what };
        let story = DeviceStory {
            device: "maple-a".to_owned(),
            outcome: Some(DeviceOutcome {
                device: DeviceName::new("maple-a").unwrap(),
                ended: Ended::RolledBack {
                    cause: Box::new(Failure::Earlier {
                        text: "line 2 was not taken".to_owned(),
                    }),
                    restored: Restored::ByPlan,
                },
                steps: Vec::new(),
                remarks: Vec::new(),
                not_compared: Vec::new(),
                subscriber_ids: crate::model::SubscriberIds::default(),
                millis: 1200,
            }),
            happenings: vec![
                happening(What::Looked {
                    moment: LookReason::Before,
                    fingerprint: "f".to_owned(),
                }),
                happening(What::Intended {
                    purpose: Purpose::Apply,
                    steps: 2,
                }),
                happening(What::Sent {
                    purpose: Purpose::Apply,
                    number: 1,
                    step: None,
                    exchanges: vec![typed("hostname x")],
                    failure: Some(Failure::Earlier {
                        text: "the device objected".to_owned(),
                    }),
                }),
            ],
        };
        let text = device_story(&story, None, true, Paint::Plain, 100);
        assert_eq!(
            text,
            "  maple-a: line 2 was not taken\n\
             \x20   A look found it as it was before.\n\
             \x20   Run `gamctl plan` to see what is left to do.\n\
             \x20   16:32:05  looked, before the first line\n\
             \x20   16:32:05  recorded the intended steps: 2 steps\n\
             \x20   16:32:05  step 1\n\
             \x20             > hostname x\n\
             \x20               % \\u{1b}no\n\
             \x20             the device objected\n"
        );
        assert!(!device_story(&story, None, false, Paint::Plain, 100).contains("hostname"));
        let open = DeviceStory {
            outcome: None,
            ..story
        };
        let text = |process| device_story(&open, process, false, Paint::Plain, 100);
        assert!(text(None).contains("its outcome is unknown"));
        assert!(text(Some(ProcessState::Running)).contains("maple-a: the run is writing to it\n"));
    }
}
