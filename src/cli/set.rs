//! `gamctl set`: changes many subscribers at once, and shows the difference before it is written.

use std::sync::Arc;

use anyhow::{bail, ensure};
use globset::GlobMatcher;
use serde::Serialize;

use super::commit_target::{WriteArguments, change_sentence};
use super::format::OutputFormat;
use super::invocation::Invocation;
use super::scope::{did_you_mean, pattern};
use super::source::{InventoryArguments, report, summary};
use super::terminal::Terminal;
use crate::authoring::edit::{Edit, FileChange, KeyPath, Object};
use crate::authoring::{Change, Written, propose};
use crate::inventory::{
    FileKind, Inventory, Reading, canonical_order, field_texts, key_value, nearest,
};
use crate::report::{DocumentKind, Exit, FindingFormat, counted, difference, visible};

/// Change subscribers in bulk: show the difference, or write or commit it
///
/// Without --write or --commit the difference is only shown. A change that would cause errors in the inventory is refused.
#[derive(Debug, clap::Args)]
#[command(mut_arg("commit", |commit| commit.conflicts_with("rev")))]
#[command(after_help = "\
Examples:
  gamctl set acct-1042 service_plan=gig                      show what would change
  gamctl set acct-1042 acct-1043 state=suspended --write     write it into the files
  gamctl set --where device='maple-*' --where service_plan=home-100 service_plan=home-200 --commit
  gamctl set acct-1042 --unset port2_vlan --write            remove a key")]
pub(super) struct SetArguments {
    /// Change these subscribers (id or pattern) with KEY=VALUE
    #[arg(value_name = "SUBSCRIBER|KEY=VALUE")]
    words: Vec<String>,

    /// Select subscribers by a key's value or pattern; all must match
    #[arg(long = "where", value_name = "KEY=PATTERN")]
    conditions: Vec<String>,

    /// Remove a key, so that its default applies
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    writing: WriteArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

pub(super) fn run(arguments: &SetArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let request = Request::of(arguments)?;
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let (base, people) = arguments.writing.base(&selected, &arguments.inventory)?;
    let before = &base.reading;
    if let Some(exit) = judge_before(before, arguments, terminal)? {
        return Ok(exit);
    }
    let ids = request.choose(&before.inventory)?;
    let mut outcome = SetDocument::of(&request, &ids);
    let edits: Vec<Edit> = ids.iter().flat_map(|id| request.edits(id)).collect();
    let proposal = propose(&base, Change::Edits(&edits), None)?;
    let changed = proposal.changed("subscriber");
    let summary = summary_of(&request.words, changed.len(), ids.len());
    let message = || {
        let subscribers = counted(changed.len(), "subscriber");
        format!("set {} for {subscribers}", request.words)
    };
    let authorship = arguments.writing.authorship(people, message, "set");
    let proposal = proposal.by(authorship);
    outcome.changed = changed.iter().cloned().collect();
    outcome.files = files_of(&proposal.changes);
    if proposal.changes.is_empty() {
        terminal.document(|| DocumentKind::Set.document(&outcome))?;
        terminal.say(&format!(
            "Nothing to do: {} already {} these values.",
            counted(ids.len(), "subscriber"),
            if ids.len() == 1 { "has" } else { "have" }
        ));
        return Ok(Exit::Done);
    }
    if let Some(after) = proposal.refusal() {
        return refuse(after, &mut outcome, arguments.format, terminal);
    }
    let mut shown = String::new();
    for change in &proposal.changes {
        shown.push_str(&difference(
            &change.path,
            text(change.before.as_ref()),
            text(change.after.as_ref()),
            terminal.paint,
        ));
    }
    // The difference comes after the deed: before a refusal it would look as if it were done.
    let said = if arguments.writing.is_carried_out() {
        let written = proposal.commit()?;
        if let Written::Commit { id, .. } = &written {
            outcome.commit = Some(id.to_string());
        }
        change_sentence(&written, &summary)
    } else {
        format!("This would set {summary}. Nothing is written.")
    };
    terminal.print(
        arguments.format,
        || DocumentKind::Set.document(&outcome),
        || shown,
    )?;
    terminal.say(&said);
    if !arguments.writing.is_carried_out() && !before.is_partial {
        terminal.hint("add `--write` to write it, `--commit` to commit it");
    }
    Ok(Exit::Done)
}

/// Returns what is set, for those whose text changes: `state=suspended for 2 subscribers (1 has it already)`.
fn summary_of(words: &str, changed: usize, chosen: usize) -> String {
    let already = match chosen.saturating_sub(changed) {
        0 => String::new(),
        1 => " (1 has it already)".to_owned(),
        more => format!(" ({more} have it already)"),
    };
    format!("{words} for {}{already}", counted(changed, "subscriber"))
}

/// The result as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SetDocument {
    /// The request as it was given.
    set: String,
    subscribers: Vec<String>,
    /// Those of them whose text changes; the others have the values already.
    changed: Vec<String>,
    files: Vec<OutcomeFile>,
    commit: Option<String>,
    /// Why the change was refused; absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        test,
        schemars(with = "Option<Vec<crate::report::document::types::Anything>>")
    )]
    findings: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct OutcomeFile {
    path: String,
}

impl SetDocument {
    fn of(request: &Request, ids: &[String]) -> Self {
        Self {
            set: request.words.clone(),
            subscribers: ids.to_vec(),
            changed: Vec::new(),
            files: Vec::new(),
            commit: None,
            findings: None,
        }
    }

    fn refuse(&mut self, reading: &Reading, terminal: &Terminal) -> anyhow::Result<()> {
        let report = report(reading, FindingFormat::Json, "", terminal);
        let mut document: serde_json::Value = serde_json::from_str(&report)?;
        self.findings = document.get_mut("findings").map(serde_json::Value::take);
        Ok(())
    }
}

fn files_of(changes: &[FileChange]) -> Vec<OutcomeFile> {
    let path = |change: &FileChange| OutcomeFile {
        path: change.path.to_string(),
    };
    changes.iter().map(path).collect()
}

/// Reports errors that exist already, and refuses to change files that cannot be checked.
fn judge_before(
    before: &Reading,
    arguments: &SetArguments,
    terminal: &Terminal,
) -> anyhow::Result<Option<Exit>> {
    if !before.has_errors() {
        return Ok(None);
    }
    let errors = counted(summary(before).errors, "error");
    terminal.say_always(&format!(
        "The inventory has {errors} already, so that not every rule can be checked; `gamctl validate` shows what is wrong."
    ));
    if !before.is_partial || !arguments.writing.is_carried_out() {
        return Ok(None);
    }
    let mut outcome = SetDocument::of(&Request::of(arguments)?, &[]);
    outcome.refuse(before, terminal)?;
    terminal.document(|| DocumentKind::Set.document(&outcome))?;
    terminal.say_always(
        "The change is refused: a file cannot be read in full, so the effect of the change is unknown. Nothing is written.",
    );
    Ok(Some(Exit::InventoryInvalid))
}

fn text(side: Option<&Arc<str>>) -> &str {
    side.map_or("", |text| text)
}

/// The request, before its subscribers are chosen.
struct Request {
    patterns: Vec<(String, GlobMatcher)>,
    conditions: Vec<(String, GlobMatcher)>,
    values: Vec<(KeyPath, toml_edit::Value)>,
    unset: Vec<KeyPath>,
    /// `service_plan=gig`, as it was given.
    words: String,
}

impl Request {
    fn of(arguments: &SetArguments) -> anyhow::Result<Self> {
        let (mut patterns, mut values, mut words) = (Vec::new(), Vec::new(), Vec::new());
        for word in &arguments.words {
            match word.split_once('=') {
                Some((key, value)) => {
                    let (path, value) = key_value(FileKind::Subscribers, key, value)?;
                    values.push((KeyPath::new(path), value));
                    words.push(word.clone());
                }
                None => patterns.push((word.clone(), pattern(word)?)),
            }
        }
        let mut unset = Vec::new();
        for key in &arguments.unset {
            check_key(key)?;
            unset.push(KeyPath::new(key.split('.')));
            words.push(format!("no {key}"));
        }
        let mut conditions = Vec::new();
        for condition in &arguments.conditions {
            let Some((key, value)) = condition.split_once('=') else {
                bail!(
                    "`--where {}` needs the form KEY=PATTERN",
                    visible(condition)
                );
            };
            check_key(key)?;
            conditions.push((key.to_owned(), pattern(value)?));
        }
        ensure!(
            !values.is_empty() || !unset.is_empty(),
            "nothing to set: add KEY=VALUE, such as `service_plan=gig`"
        );
        ensure!(
            !patterns.is_empty() || !conditions.is_empty(),
            "no subscriber is named: give ids, or choose them with `--where KEY=PATTERN` (`--where state='*'` matches all)"
        );
        Ok(Self {
            patterns,
            conditions,
            values,
            unset,
            words: words.join(" "),
        })
    }

    /// Returns the ids of the chosen subscribers.
    fn choose(&self, inventory: &Inventory) -> anyhow::Result<Vec<String>> {
        let keys: Vec<&str> = self
            .conditions
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        let fields = field_texts(inventory, FileKind::Subscribers, &keys);
        for (word, pattern) in &self.patterns {
            if !fields.keys().any(|id| pattern.is_match(id)) {
                let hint = did_you_mean(nearest(word, fields.keys().map(String::as_str)));
                bail!("there is no subscriber `{}`{hint}", visible(word));
            }
        }
        let ids: Vec<String> = fields
            .into_iter()
            .filter(|(id, _)| {
                self.patterns.is_empty()
                    || self
                        .patterns
                        .iter()
                        .any(|(_, pattern)| pattern.is_match(id))
            })
            .filter(|(_, values)| {
                let judged = self.conditions.iter().zip(values);
                judged.into_iter().all(|((_, pattern), value)| {
                    value.as_ref().is_some_and(|value| pattern.is_match(value))
                })
            })
            .map(|(id, _)| id)
            .collect();
        ensure!(!ids.is_empty(), "no subscriber matches every condition");
        Ok(ids)
    }

    fn edits(&self, id: &str) -> Vec<Edit> {
        let set = self.values.iter().map(|(key, value)| Edit::Set {
            object: Object::subscriber(id),
            key: key.clone(),
            value: value.clone(),
        });
        let unset = self.unset.iter().map(|key| Edit::Unset {
            object: Object::subscriber(id),
            key: key.clone(),
        });
        set.chain(unset).collect()
    }
}

fn check_key(key: &str) -> anyhow::Result<()> {
    let first = key.split('.').next().unwrap_or(key);
    let known = canonical_order(FileKind::Subscribers, &["subscriber", ""]).unwrap_or_default();
    if known.contains(&first) {
        return Ok(());
    }
    let hint = did_you_mean(nearest(first, known.iter().copied()));
    bail!("`{}` is not a key of subscribers{hint}", visible(key));
}

/// Refuses a change that causes errors.
fn refuse(
    after: &Reading,
    outcome: &mut SetDocument,
    format: OutputFormat,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    outcome.refuse(after, terminal)?;
    let text = || report(after, FindingFormat::Human, "", terminal);
    terminal.print(format, || DocumentKind::Set.document(&outcome), text)?;
    terminal.say_always(
        "The change is refused: it would cause errors in the inventory. Nothing is written.",
    );
    Ok(Exit::InventoryInvalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_only_the_subscribers_that_change() {
        assert_eq!(summary_of("vlan=7", 3, 3), "vlan=7 for 3 subscribers");
        assert_eq!(
            summary_of("vlan=7", 1, 2),
            "vlan=7 for 1 subscriber (1 has it already)"
        );
        assert_eq!(
            summary_of("vlan=7", 2, 7),
            "vlan=7 for 2 subscribers (5 have it already)"
        );
    }
}
