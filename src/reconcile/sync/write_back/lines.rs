//! Collects the lines of a write-back report: each write with its state, and what is not written.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use super::due_writes::DueWrites;
use super::request::WriteBackRequest;
use crate::billing::BillingError;
use crate::history::{
    BillingWrite, OutboxRow, SERVICE_GONE, StoreError, TicketStep, WriteAnswer, WriteState,
};
use crate::inventory::text::WriteBackFact;
use crate::model::billing::TariffId;
use crate::report::sync::{OverwrittenLine, WriteBackReport, WriteLine, WriteLineState};
use crate::report::{listed, moment};

/// The lines of a report, each write once.
pub(super) struct WriteLines {
    report: WriteBackReport,
    lines: BTreeMap<CompactString, WriteLine>,
    /// Fields that are not defined, by tariff.
    undefined: BTreeMap<Option<TariffId>, BTreeSet<&'static str>>,
}

impl WriteLines {
    pub(super) fn of(request: &WriteBackRequest<'_>, is_preview: bool) -> Self {
        let facts = request.system.write_back.iter();
        Self {
            report: WriteBackReport {
                system: request.system.name.to_string(),
                facts: facts.map(|fact| fact_word(*fact).to_owned()).collect(),
                is_preview,
                ..WriteBackReport::default()
            },
            lines: BTreeMap::new(),
            undefined: BTreeMap::new(),
        }
    }

    /// Returns whether the settings allow no write at all.
    pub(super) fn is_off(&self) -> bool {
        self.report.facts.is_empty()
    }

    /// Returns whether a person paused the system; the reason is reported.
    pub(super) async fn pause(
        &mut self,
        request: &WriteBackRequest<'_>,
    ) -> Result<bool, StoreError> {
        let mut pauses = request.store.sync_pauses().await?;
        let pause = pauses.remove(&request.system.name);
        self.report.not_written.extend(pause.as_ref().map(|pause| {
            format!(
                "{} paused it until {}: {}",
                pause.who,
                moment(pause.until),
                pause.reason
            )
        }));
        Ok(pause.is_some())
    }

    /// Adds the state of a write after its try.
    pub(super) fn settled(
        &mut self,
        row: &OutboxRow,
        state: WriteState,
        answer: Option<&WriteAnswer>,
        error: Option<&BillingError>,
    ) {
        let word = match answer {
            Some(WriteAnswer::Refused(because) | WriteAnswer::NotDone { because, .. }) => {
                Some(sentence(because))
            }
            Some(WriteAnswer::Proved) | None => None,
        };
        let because = error.map(ToString::to_string).or(word);
        self.put(&row.write, line_state(state), because, row.tries);
    }

    /// Reports the error that ended the run early.
    pub(super) fn stop(&mut self, error: &BillingError) {
        self.report.stopped = Some(error.to_string());
    }

    pub(super) fn undefined(&mut self, tariff: Option<&TariffId>, fields: &BTreeSet<&'static str>) {
        if !fields.is_empty() {
            let of_tariff = self.undefined.entry(tariff.cloned()).or_default();
            of_tariff.extend(fields);
        }
    }

    /// Adds what was due, with the state that the outbox has of it.
    pub(super) fn add_due(&mut self, due: &DueWrites, rows: &[OutboxRow]) {
        let by_key: BTreeMap<CompactString, &OutboxRow> =
            rows.iter().map(|row| (row.write.key(), row)).collect();
        let is_preview = self.report.is_preview;
        for write in &due.writes {
            let row = by_key.get(&write.key());
            let state = match row.map(|row| row.state) {
                Some(state @ (WriteState::Refused | WriteState::GivenUp))
                    if row.is_some_and(|row| row.write == *write) =>
                {
                    line_state(state)
                }
                Some(WriteState::Sent) => WriteLineState::Sent,
                _ if is_preview => WriteLineState::Due,
                Some(state) => line_state(state),
                // It was proved, in this run or, if it is sent once only, in an earlier one.
                None => continue,
            };
            let because = row.and_then(|row| row.because.as_deref()).map(sentence);
            let tries = row.map_or(0, |row| row.tries);
            self.add(write, state, because, tries);
        }
        for row in rows {
            let is_open = matches!(row.state, WriteState::Queued | WriteState::Sent);
            if is_open && !is_preview {
                self.add(
                    &row.write,
                    line_state(row.state),
                    row.because.as_deref().map(sentence),
                    row.tries,
                );
            }
        }
        let overwritten = due.overwritten.iter();
        self.report
            .overwritten
            .extend(overwritten.map(|(service, field)| OverwrittenLine {
                service: service.to_string(),
                field: field.as_str().to_owned(),
            }));
    }

    pub(super) fn report(mut self) -> WriteBackReport {
        for (tariff, fields) in &self.undefined {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let of = match tariff {
                Some(tariff) => format!("services of tariff {tariff}"),
                None => "services".to_owned(),
            };
            self.report.not_written.push(format!(
                "{} not defined for {of}; add them in billing, then run `gamctl sync check {}`",
                match fields.as_slice() {
                    [one] => format!("{one} is"),
                    several => format!("{} are", listed(several)),
                },
                self.report.system
            ));
        }
        self.report.writes = self.lines.into_values().collect();
        self.report
    }

    fn add(
        &mut self,
        write: &BillingWrite,
        state: WriteLineState,
        because: Option<String>,
        tries: u64,
    ) {
        if !self.lines.contains_key(&write.key()) {
            self.put(write, state, because, tries);
        }
    }

    fn put(
        &mut self,
        write: &BillingWrite,
        state: WriteLineState,
        because: Option<String>,
        tries: u64,
    ) {
        let (kind, service, values) = described(write);
        let line = WriteLine {
            service,
            kind,
            values,
            state,
            because,
            tries,
        };
        self.lines.insert(write.key(), line);
    }
}

fn fact_word(fact: WriteBackFact) -> &'static str {
    match fact {
        WriteBackFact::Place => "place",
        WriteBackFact::Notes => "notes",
        WriteBackFact::Tickets => "tickets",
        WriteBackFact::Health => "health",
    }
}

/// Returns the sentence for the word with which a write is stored.
fn sentence(word: &str) -> String {
    let kind = word.split(' ').next().unwrap_or_default();
    let known = match kind {
        SERVICE_GONE => "billing returned no such service; it is sent again once a reading has it",
        "not-taken" => "billing accepted it, and has another value",
        "no-tariff" => "the service has no tariff, so that its fields are not known",
        "not-defined" => "billing has no such field",
        "others-changed" => {
            "values of others changed with it, so nothing is sent until a person looked"
        }
        "answer-lost" => "its answer was lost",
        "not-supported" | "unknown-status" => "this billing system has no place for it",
        _ => word,
    };
    known.to_owned()
}

fn line_state(state: WriteState) -> WriteLineState {
    match state {
        WriteState::Queued => WriteLineState::Queued,
        WriteState::Sent => WriteLineState::Sent,
        WriteState::Proved => WriteLineState::Proved,
        WriteState::Refused => WriteLineState::Refused,
        WriteState::GivenUp => WriteLineState::GivenUp,
    }
}

/// Returns the kind of a write, its service or item, and its values.
fn described(write: &BillingWrite) -> (&'static str, String, Vec<String>) {
    match write {
        BillingWrite::Fields {
            service, values, ..
        } => {
            let values = values
                .iter()
                .map(|(field, value)| format!("{} = {value}", field.as_str()));
            ("fields", service.to_string(), values.collect())
        }
        BillingWrite::Note {
            service,
            event,
            place,
            ..
        } => {
            let place = place.as_ref().map_or(String::new(), |(device, port)| {
                format!(" on {device}/{port}")
            });
            ("note", service.to_string(), vec![format!("{event}{place}")])
        }
        BillingWrite::Ticket {
            service,
            rule,
            step,
            ..
        } => {
            let step = match step {
                TicketStep::Open => "opened",
                TicketStep::Comment => "commented",
                TicketStep::Close => "closed",
            };
            (
                "ticket",
                service.to_string(),
                vec![format!("{step} about {rule}")],
            )
        }
        BillingWrite::Health { item, status } => {
            ("health", format!("item {item}"), vec![status.to_string()])
        }
    }
}
