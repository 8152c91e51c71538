//! Describes and renders a write-back to billing: what is or would be written, what is not and why.

use serde::Serialize;

use crate::report::fold::fold;
use crate::report::{Align, Exit, Paint, Table, counted, visible};

/// The columns of a terminal.
const WIDTH: usize = 80;

/// The write-back to one billing system.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WriteBackReport {
    /// The name in the inventory.
    pub system: String,
    /// The kinds of facts that the settings allow: `place`, `notes`, `tickets`, `health`.
    pub facts: Vec<String>,
    /// Nothing was written: the writes are those that would be sent.
    pub is_preview: bool,
    pub writes: Vec<WriteLine>,
    /// Fields that others change back three times a day: they stay as they are (`write-back-overwritten`).
    pub overwritten: Vec<OverwrittenLine>,
    /// The reasons that something is not written at all, with the next step.
    pub not_written: Vec<String>,
    /// The error for which the run ended before all writes were sent.
    pub stopped: Option<String>,
}

/// A write to billing.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WriteLine {
    /// Account and service, as `1042/7001`; of a health: the item.
    pub service: String,
    /// `fields`, `note`, `ticket` or `health`.
    pub kind: &'static str,
    pub values: Vec<String>,
    pub state: WriteLineState,
    /// The reason that the last try did not take effect.
    pub because: Option<String>,
    /// Requests so far.
    pub tries: u64,
}

/// The state of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WriteLineState {
    /// It would be sent.
    Due,
    /// It waits for its next try.
    Queued,
    /// Its answer was lost: the next reading decides whether it took effect.
    Sent,
    /// A read showed the values in billing.
    Proved,
    /// Billing rejected it; another value is sent again.
    Refused,
    /// It did not take effect in many tries.
    GivenUp,
}

/// A field that stays as others set it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OverwrittenLine {
    pub service: String,
    pub field: String,
}

/// The result of a write-back as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteBackState {
    /// Billing has everything.
    Settled,
    /// Something is to be written.
    Pending,
    /// A person must look at something.
    NeedsPerson,
    /// Billing failed before everything was sent.
    Stopped,
}

impl WriteLineState {
    fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Proved => "written",
            Self::Refused => "refused",
            Self::GivenUp => "given up",
        }
    }
}

impl WriteBackReport {
    /// Returns whether something is not sent again by itself.
    pub fn has_refused(&self) -> bool {
        self.has(&[WriteLineState::Refused, WriteLineState::GivenUp])
    }

    fn has(&self, states: &[WriteLineState]) -> bool {
        let mut writes = self.writes.iter();
        writes.any(|line| states.contains(&line.state))
    }

    pub fn state(&self) -> WriteBackState {
        if self.stopped.is_some() {
            WriteBackState::Stopped
        } else if self.has_refused() || !self.overwritten.is_empty() || !self.not_written.is_empty()
        {
            WriteBackState::NeedsPerson
        } else if self.has(&[
            WriteLineState::Due,
            WriteLineState::Queued,
            WriteLineState::Sent,
        ]) {
            WriteBackState::Pending
        } else {
            WriteBackState::Settled
        }
    }

    fn count(&self, state: WriteLineState) -> usize {
        let lines = self.writes.iter();
        lines.filter(|line| line.state == state).count()
    }
}

impl From<WriteBackState> for Exit {
    fn from(state: WriteBackState) -> Self {
        match state {
            WriteBackState::Settled => Self::Done,
            WriteBackState::Pending => Self::ChangesPending,
            WriteBackState::NeedsPerson => Self::Refused,
            WriteBackState::Stopped => Self::Unobservable,
        }
    }
}

/// Returns the report as text for 80 columns.
pub fn write_back_text(report: &WriteBackReport, paint: Paint) -> String {
    let facts = match report.facts.as_slice() {
        [] => "nothing".to_owned(),
        facts => facts.join(", "),
    };
    let title = format!("{}: write back {facts}", visible(&report.system));
    let mut text = format!("{}\n", paint.bold(&title));
    let mut table = Table::new([("", Align::Left); 4]);
    for line in &report.writes {
        let mut start = [line.state.word(), line.service.as_str(), line.kind];
        for value in &line.values {
            let [state, service, kind] = start;
            table.push([state, service, kind, value]);
            start = [""; 3];
        }
    }
    text.push_str(&table.render(paint));
    for line in &report.writes {
        if let Some(because) = &line.because {
            push_folded(&mut text, &format!("{}: {because}", line.service));
        }
    }
    if !report.overwritten.is_empty() {
        text.push_str(
            "\nLeft as they are, because others change them back (write-back-overwritten):\n",
        );
        for line in &report.overwritten {
            text.push_str(&format!("  {} {}\n", line.service, line.field));
        }
    }
    if !report.not_written.is_empty() {
        text.push_str("\nNot written:\n");
        for reason in &report.not_written {
            push_folded(&mut text, reason);
        }
    }
    text
}

fn push_folded(text: &mut String, line: &str) {
    for line in fold(&visible(line), 2, 4, WIDTH) {
        text.push_str(&line);
        text.push('\n');
    }
}

/// Returns one sentence that sums the result up.
pub fn write_back_verdict(report: &WriteBackReport) -> String {
    if report.facts.is_empty() {
        return format!(
            "Nothing is written back to {0}; set `write_back = [\"place\"]` of `[billing.{0}]` to switch it on.",
            report.system
        );
    }
    let states = [
        (WriteLineState::Proved, "written"),
        (WriteLineState::Due, "would be written"),
        (WriteLineState::Queued, "queued"),
        (
            WriteLineState::Sent,
            "without an answer, decided by the next reading",
        ),
        (WriteLineState::Refused, "refused"),
        (WriteLineState::GivenUp, "given up"),
    ];
    let counts = states.map(|(state, word)| (report.count(state), word));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = counts
        .map(|(count, word)| format!("{} {word}", counted(count, "record")))
        .collect();
    if !report.overwritten.is_empty() {
        let fields = counted(report.overwritten.len(), "field");
        parts.push(format!("{fields} left to those who overwrite them"));
    }
    match parts.as_slice() {
        [] if report.not_written.is_empty() => {
            format!("{} has everything that was verified.", report.system)
        }
        [] => format!("Nothing is written to {}.", report.system),
        parts => format!("{}: {}.", report.system, parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(states: &[WriteLineState]) -> WriteBackReport {
        let line = |state: &WriteLineState| WriteLine {
            service: "1042/7001".to_owned(),
            kind: "fields",
            values: vec![
                "gam_place = maple-a/7".to_owned(),
                "gam_vlan = 100".to_owned(),
            ],
            state: *state,
            because: None,
            tries: 1,
        };
        WriteBackReport {
            system: "splynx".to_owned(),
            facts: vec!["place".to_owned()],
            writes: states.iter().map(line).collect(),
            ..WriteBackReport::default()
        }
    }

    #[test]
    fn the_worst_state_decides_the_exit_code() {
        use WriteLineState::{Due, GivenUp, Proved, Refused, Sent};
        for (states, code) in [
            (&[][..], 0),
            (&[Proved], 0),
            (&[Proved, Due], 2),
            (&[Sent, Proved], 2),
            (&[Due, Refused], 4),
            (&[GivenUp], 4),
        ] {
            let exit = Exit::from(report(states).state());
            assert_eq!(exit.code(), code, "{states:?}");
        }
        let mut stopped = report(&[Refused]);
        stopped.stopped = Some("cannot connect".to_owned());
        assert_eq!(Exit::from(stopped.state()).code(), 6);
    }

    #[test]
    fn each_value_has_a_line_and_nothing_is_wider_than_a_terminal() {
        let mut shown = report(&[WriteLineState::Due]);
        shown.overwritten.push(OverwrittenLine {
            service: "1043/7002".to_owned(),
            field: "gam_vlan".to_owned(),
        });
        shown.not_written.push("`gam_place` is not defined for services; add it in billing, then run `gamctl sync check splynx`".to_owned());
        for line in &mut shown.writes {
            line.because = Some("PUT customers/customer/1042/internet-services--7001 failed at splynx: it did not accept a value".to_owned());
        }
        let text = write_back_text(&shown, Paint::Plain);
        assert!(text.contains("due"), "{text}");
        assert!(text.contains("gam_vlan = 100\n"), "{text}");
        assert!(text.contains("  1043/7002 gam_vlan\n"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert_eq!(
            write_back_verdict(&shown),
            "splynx: 1 record would be written, 1 field left to those who overwrite them."
        );
    }
}
