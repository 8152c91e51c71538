//! Renders the result of a sync as text for 80 columns: the reading, the sum, the changes, what needs a person.

use std::collections::{BTreeMap, BTreeSet};

use super::description::{
    ApprovedLine, ChangeLine, GateLine, HeldLine, ListedLine, ReadingLine, SyncReport, SyncState,
    TariffLine,
};
use super::pause::pause_words;
use super::sentence::next_step;
use crate::report::{Align, Paint, Table, counted, visible};
use crate::sync::{NextStep, TariffProblem};

/// The changes and services of one rule that are shown; the others are counted.
const SHOWN: usize = 10;

/// Returns the result as text, without the difference of files.
pub fn sync_text(report: &SyncReport, paint: Paint) -> String {
    let mut text = heading(report, paint);
    text.push_str(&sum(report, paint));
    if !report.changes.is_empty() {
        let title = match report.commit {
            Some(_) => "Committed:",
            None => "Would be committed:",
        };
        text.push_str(&format!("\n{}\n", paint.bold(title)));
        text.push_str(&changes(&report.changes));
    }
    for approved in &report.approved {
        text.push_str(&approved_text(approved, paint));
    }
    for held in &report.held_back {
        text.push('\n');
        text.push_str(&held_text(held, SHOWN, paint));
        let digest = held.digest.get(..12).unwrap_or(&held.digest);
        text.push_str(&format!(
            "  to approve exactly these: gamctl sync {} --approve {digest} --reason '…'\n",
            visible(&report.system)
        ));
    }
    text.push_str(&without_changes(report, paint));
    text.push_str(&tariffs(&report.tariffs, paint));
    text.push_str(&needs_a_person(report, paint));
    text
}

/// Returns one sentence that sums the result up.
pub fn sync_verdict(report: &SyncReport) -> String {
    let changes = counted(report.changes.len(), "change");
    let held: usize = report.held_back.iter().map(|held| held.changes.len()).sum();
    match report.state() {
        SyncState::Settled if report.commit.is_some() => format!("{changes} committed."),
        SyncState::Settled => "Nothing to commit.".to_owned(),
        SyncState::Pending => format!("{changes} to commit. Nothing is written."),
        SyncState::HeldBack => format!(
            "{} held back until a person approves; {}.",
            counted(held, "change"),
            match (report.changes.len(), &report.commit) {
                (0, _) => "nothing else to commit".to_owned(),
                (_, Some(_)) => format!("{changes} committed"),
                (_, None) => format!("{changes} to commit"),
            }
        ),
        SyncState::NotComplete => format!(
            "{} was not read completely; {}.",
            report.system,
            match (report.changes.len(), &report.commit) {
                (0, _) => "nothing to commit".to_owned(),
                (_, Some(_)) => format!("{changes} committed"),
                (_, None) => format!("{changes} to commit"),
            }
        ),
    }
}

fn heading(report: &SyncReport, paint: Paint) -> String {
    let reading: &ReadingLine = &report.reading;
    let name = visible(&report.system);
    let mut text = paint.bold(&format!("{name} ({})", report.kind));
    text.push('\n');
    if let Some(pause) = &report.paused {
        let words = pause_words(pause);
        text.push_str(&format!("{}\n", paint.warning(&capital(&words))));
        text.push_str(&format!(
            "Nothing is committed until then; `gamctl sync resume {name}` ends it.\n"
        ));
    }
    let counts = reading.counts.iter().map(|count| {
        let received = usize::try_from(count.received).unwrap_or(usize::MAX);
        match count.collection.as_str() {
            "equipment" => format!("{} of equipment", counted(received, "item")),
            // The others are plurals.
            others => counted(received, others.trim_end_matches('s')),
        }
    });
    let counts: Vec<String> = counts.collect();
    let how = match (reading.is_complete, reading.is_of_accounts) {
        (true, _) => "Read completely, counts agree",
        (false, true) => "Read some accounts",
        (false, false) => "Not read completely",
    };
    text.push_str(&match counts.as_slice() {
        [] => format!("{how}.\n"),
        counts => format!("{how}: {}.\n", counts.join(", ")),
    });
    if !reading.is_of_accounts {
        for gap in &reading.gaps {
            text.push_str(&format!("  {}\n", visible(gap)));
        }
    }
    if reading.unreadable > 0 {
        let records = counted(reading.unreadable, "record");
        text.push_str(&format!(
            "{records} cannot be read; the services of their accounts stay as they are.\n"
        ));
    }
    if report.is_first {
        text.push_str(
            "Nothing is remembered of an earlier sync: where the two sides differ, a person decides.\n",
        );
    }
    if report.devices_heard == 0 {
        text.push_str(
            "No look at a device is stored: no endpoint is known to be heard. Run `gamctl plan`.\n",
        );
    }
    text
}

fn sum(report: &SyncReport, paint: Paint) -> String {
    let title = format!("{}:", counted(report.services, "service"));
    let mut table = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]);
    for count in report.classes.iter().filter(|count| count.services > 0) {
        table.push(["", &count.services.to_string(), class_words(count.class)]);
    }
    format!("\n{}\n{}", paint.bold(&title), table.render(paint))
}

/// Returns the words of a classification that is named as in JSON.
fn class_words(class: &str) -> &str {
    let mut all = crate::sync::Classification::ALL.into_iter();
    match all.find(|known| known.as_str() == class) {
        Some(known) => super::classification(known),
        None => class,
    }
}

fn changes(changes: &[ChangeLine]) -> String {
    let mut text = String::new();
    for line in changes.iter().flat_map(|change| &change.lines) {
        text.push_str(&format!("  {}\n", visible(line)));
    }
    text
}

fn approved_text(approved: &ApprovedLine, paint: Paint) -> String {
    let count = counted(approved.changes, "change");
    let title = format!("Approved by a person: {count} ({})", approved.rule);
    let digest = approved.digest.get(..12).unwrap_or(&approved.digest);
    format!(
        "\n{}\n  {}\n  digest {digest}; `gamctl history --audit` shows who approved it, and why\n",
        paint.bold(&title),
        visible(&approved.because)
    )
}

/// Returns changes that are held back, at most so many.
pub fn held_text(held: &HeldLine, most: usize, paint: Paint) -> String {
    let count = counted(held.changes.len(), "change");
    let title = format!("Held back: {count} ({})", held.rule);
    let mut text = format!("{}\n", paint.warning(&title));
    text.push_str(&format!("  {}\n", visible(&held.because)));
    let (shown, more) = held
        .changes
        .split_at_checked(most)
        .unwrap_or((&held.changes, &[]));
    text.push_str(&changes(shown));
    if !more.is_empty() {
        text.push_str(&format!("  and {} more\n", more.len()));
    }
    text
}

/// Returns the rules of the gate that apply and hold nothing back.
fn without_changes(report: &SyncReport, paint: Paint) -> String {
    let is_shown = |line: &&GateLine| {
        let mut held = report.held_back.iter().map(|held| held.rule);
        let mut approved = report.approved.iter().map(|approved| approved.rule);
        held.all(|rule| rule != line.rule) && approved.all(|rule| rule != line.rule)
    };
    let mut text = String::new();
    for line in report.gate.iter().filter(is_shown) {
        let rule = paint.warning(line.rule);
        text.push_str(&format!("\n{rule}\n  {}\n", visible(&line.because)));
    }
    text
}

fn tariffs(tariffs: &[TariffLine], paint: Paint) -> String {
    if tariffs.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.bold("Tariffs without a service plan:"));
    for tariff in tariffs {
        text.push_str(&format!(
            "  {} `{}`, {}: {} ({})\n",
            tariff.tariff,
            visible(&tariff.title),
            counted(tariff.services, "service"),
            visible(&tariff.because),
            tariff.rule
        ));
    }
    let not_mapped = TariffProblem::NotMapped.rule();
    if tariffs.iter().any(|tariff| tariff.rule == not_mapped) {
        text.push_str("  next: `gamctl sync map` prints the lines to paste\n");
    }
    if tariffs.iter().any(|tariff| tariff.rule != not_mapped) {
        let step = next_step(NextStep::FixBilling);
        text.push_str(&format!("  next: {step}\n"));
    }
    text
}

fn needs_a_person(report: &SyncReport, paint: Paint) -> String {
    let mut by_rule: BTreeMap<(&str, &str), Vec<&ListedLine>> = BTreeMap::new();
    // Tariffs are listed once, each with its number of services. A service without a tariff is in no such list.
    let is_about_a_tariff = |line: &&ListedLine| {
        let mut tariffs = report.tariffs.iter();
        tariffs.any(|tariff| tariff.rule == line.rule)
    };
    for line in report.listed.iter().filter(|line| !is_about_a_tariff(line)) {
        by_rule
            .entry((line.class, line.rule))
            .or_default()
            .push(line);
    }
    let mut text = String::new();
    for ((class, rule), mut lines) in by_rule {
        // A record that is there twice has the same reason twice.
        lines.dedup_by(|one, other| {
            (&one.service, &one.because) == (&other.service, &other.because)
        });
        let services: BTreeSet<&str> = lines.iter().map(|line| line.service.as_str()).collect();
        let count = counted(services.len(), "service");
        let title = format!("{}: {count} ({rule})", capital(class_words(class)));
        text.push_str(&format!("\n{}\n", paint.bold(&title)));
        for line in lines.iter().take(SHOWN) {
            let who = match &line.subscriber {
                Some(subscriber) => format!("{} ({subscriber})", line.service),
                None => line.service.clone(),
            };
            text.push_str(&format!(
                "  {}: {}\n",
                visible(&who),
                visible(&line.because)
            ));
        }
        if lines.len() > SHOWN {
            text.push_str(&format!("  and {} more\n", lines.len() - SHOWN));
        }
        if let Some(line) = lines.first() {
            text.push_str(&format!("  next: {}\n", line.next_step));
        }
    }
    text
}

/// Returns services as a table: each with its subscriber, reason, and the next step.
pub fn services_table(services: &[ListedLine], paint: Paint) -> String {
    let columns = ["service", "subscriber", "reason", "next step"];
    let mut table = Table::new(columns.map(|column| (column, Align::Left)));
    for line in services {
        let subscriber = line.subscriber.as_deref().unwrap_or_default();
        let reason = match line.rule {
            "" => String::new(),
            rule => format!("{} ({rule})", line.because),
        };
        table.push([&line.service, subscriber, &reason, line.next_step]);
    }
    table.render(paint)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + letters.as_str(),
        None => String::new(),
    }
}
