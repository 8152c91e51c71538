//! `gamctl rename`: gives subscribers new ids, one or a whole list, as one change with `moved_from`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;

use super::commit_target::{WriteArguments, change_sentence};
use super::find::only_subscriber;
use super::format::OutputFormat;
use super::invocation::Invocation;
use super::list_file::read_list;
use super::source::{InventoryArguments, refuse, report};
use super::terminal::Terminal;
use crate::authoring::csv::CsvTable;
use crate::authoring::rename::{Rename, Renames, RowProblem, edits, rename, renames};
use crate::authoring::{Change, Written, propose};
use crate::inventory::Inventory;
use crate::report::{DocumentKind, Exit, FindingFormat, counted, listed, visible};

/// Lines of each list that are shown without `--verbose`.
const SHOWN: usize = 20;

/// Give subscribers new ids, one or a whole list, without any change on a device
///
/// Writes `moved_from`, so that history and ownership follow, and the name on the device where it was the old id. Without
/// --write or --commit the change is only shown.
#[derive(Debug, clap::Args)]
#[command(mut_arg("commit", |commit| commit.conflicts_with("rev")))]
#[command(after_help = "\
Examples:
  gamctl rename --from accounts.csv               check the list and show the new ids
  gamctl rename --from accounts.csv --commit      one commit for all of them
  gamctl rename apt-101 acct-1042 --write         one subscriber, in the files

The first line of the list names the columns, in any order: `new_id`, and one or more that name the subscriber: `id`,
`endpoint` (MAC address), `name` (on the device), `device`, `vlan`, `description`. For example:

  endpoint,new_id
  00:0e:d8:1c:95:08,acct-1042

Every row must match one subscriber; otherwise nothing is changed, and each wrong row is listed with its line. Commas,
semicolons and tabs separate columns. A list that was carried out can be given again.")]
pub(super) struct RenameArguments {
    /// The subscriber, and its new id
    #[arg(
        value_names = ["SUBSCRIBER", "NEW_ID"],
        num_args = 2,
        conflicts_with = "from",
        required_unless_present = "from"
    )]
    pair: Vec<String>,

    /// Read the new ids from this CSV file
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    #[command(flatten)]
    inventory: InventoryArguments,

    #[command(flatten)]
    writing: WriteArguments,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RenameDocument {
    /// `shown`, `written`, `committed`, `unchanged` or `refused`.
    result: &'static str,
    renames: Vec<RenameLine>,
    /// Rows whose subscriber has the new id already.
    unchanged: usize,
    /// Subscribers that the list does not name.
    not_listed: usize,
    ignored_columns: Vec<String>,
    /// Wrong rows of the list.
    errors: Vec<RowLine>,
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The errors that the change would cause in the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        test,
        schemars(with = "Option<Vec<crate::report::document::types::Anything>>")
    )]
    findings: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RenameLine {
    from: String,
    to: String,
    /// Left out without a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The name is written, so that the device keeps it.
    writes_name: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RowLine {
    line: usize,
    problem: String,
}

pub(super) fn run(arguments: &RenameArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let table = arguments.from.as_deref().map(read_list).transpose()?;
    let (base, people) = arguments.writing.base(&selected, &arguments.inventory)?;
    if base.reading.has_errors() {
        let why =
            "Nothing renamed: the inventory has errors, so the effect of the change is unknown.";
        return refuse(base.reading, why, terminal);
    }
    let decided = decide(arguments, table.as_ref(), &base.reading.inventory)?;
    let mut document = RenameDocument::of(&decided);
    for line in remarks(&decided) {
        terminal.say(&line);
    }
    if let Some(file) = &arguments.from
        && !decided.problems.is_empty()
    {
        document.print(arguments.format, String::new(), terminal)?;
        wrong_rows(file, &decided.problems, terminal);
        return Ok(Exit::Failed);
    }
    if decided.renames.is_empty() {
        document.result = "unchanged";
        document.print(arguments.format, String::new(), terminal)?;
        terminal.say(&nothing_to_do(decided.unchanged));
        return Ok(Exit::Done);
    }
    let what = counted(decided.renames.len(), "subscriber");
    let edits = edits(&decided.renames);
    let message = || match arguments.from {
        Some(_) => format!("rename {what}"),
        None => format!("rename {}", arguments.pair.join(" to ")),
    };
    let authorship = arguments.writing.authorship(people, message, "rename");
    let proposal = propose(&base, Change::Edits(&edits), authorship)?;
    let files = proposal.changes.iter();
    document.files = files.map(|change| change.path.to_string()).collect();
    if let Some(after) = proposal.refusal() {
        let findings = report(after, FindingFormat::Json, "", terminal);
        let mut findings: serde_json::Value = serde_json::from_str(&findings)?;
        document.findings = findings.get_mut("findings").map(serde_json::Value::take);
        let text = report(after, FindingFormat::Human, "", terminal);
        document.print(arguments.format, text, terminal)?;
        terminal.say_always(
            "The change is refused: it would cause errors in the inventory. Nothing is written.",
        );
        return Ok(Exit::InventoryInvalid);
    }
    let is_carried_out = arguments.writing.is_carried_out();
    let said = if is_carried_out {
        let written = proposal.commit()?;
        document.result = "written";
        if let Written::Commit { id, .. } = &written {
            document.result = "committed";
            document.commit = Some(id.to_string());
        }
        change_sentence(&written, &format!("the new ids of {what}"))
    } else {
        document.result = "shown";
        format!(
            "This would rename {what} in {}. Nothing is written.",
            counted(document.files.len(), "file")
        )
    };
    document.print(arguments.format, text(&decided.renames, terminal), terminal)?;
    terminal.say(&said);
    if !is_carried_out {
        terminal.hint("add `--commit` to make it one commit, `--write` to write it into the files");
    }
    Ok(Exit::Done)
}

fn nothing_to_do(unchanged: usize) -> String {
    let subscribers = match unchanged {
        1 => "1 subscriber has".to_owned(),
        number => format!("{} have", counted(number, "subscriber")),
    };
    format!("Nothing to do: {subscribers} the new id already.")
}

fn decide(
    arguments: &RenameArguments,
    table: Option<&CsvTable>,
    inventory: &Inventory,
) -> anyhow::Result<Renames> {
    if let (Some(table), Some(file)) = (table, &arguments.from) {
        let shown = file.display().to_string();
        return renames(inventory, table)
            .with_context(|| format!("cannot use {}", visible(&shown)));
    }
    let [from, to] = arguments.pair.as_slice() else {
        bail!("give a subscriber and its new id, or `--from FILE`");
    };
    let id = match inventory.subscriber(from) {
        Some(_) => from.clone(),
        None => match only_subscriber(inventory, from)? {
            Some(found) => found.object.id().to_owned(),
            None => from.clone(),
        },
    };
    let one = rename(inventory, &id, to).map_err(|problem| {
        let problem = visible(&problem).into_owned();
        anyhow::anyhow!("{problem}")
    })?;
    Ok(Renames {
        unchanged: usize::from(one.is_none()),
        renames: one.into_iter().collect(),
        ..Renames::default()
    })
}

/// Returns sentences about parts of the list that have no effect.
fn remarks(decided: &Renames) -> Vec<String> {
    let mut remarks = Vec::new();
    if !decided.ignored.is_empty() {
        let columns = decided.ignored.iter();
        let columns: Vec<String> = columns
            .map(|column| format!("`{}`", visible(column)))
            .collect();
        remarks.push(format!("note: not used: column {}.", listed(&columns)));
    }
    if decided.not_listed > 0 {
        let keep = match decided.not_listed {
            1 => "subscriber is not in the list and keeps its id",
            _ => "subscribers are not in the list and keep their ids",
        };
        remarks.push(format!("note: {} {keep}.", decided.not_listed));
    }
    remarks
}

fn wrong_rows(file: &Path, problems: &[RowProblem], terminal: &Terminal) {
    let shown = file.display().to_string();
    let most = most(terminal);
    for RowProblem { line, problem } in problems.iter().take(most) {
        terminal.say_always(&format!("{}:{line}: {}", visible(&shown), visible(problem)));
    }
    if problems.len() > most {
        let more = problems.len() - most;
        terminal.say_always(&format!("and {more} more, with --verbose"));
    }
    terminal.say_always(&format!(
        "Nothing is renamed: {} cannot be used.",
        counted(problems.len(), "row")
    ));
}

fn text(renames: &[Rename], terminal: &Terminal) -> String {
    let most = most(terminal);
    let lines = renames.iter().take(most);
    let lines = lines.map(|one| format!("{} → {}\n", one.from, one.to));
    let mut text: String = lines.collect();
    if renames.len() > most {
        let more = renames.len() - most;
        text.push_str(&format!("and {more} more, with --verbose\n"));
    }
    text
}

fn most(terminal: &Terminal) -> usize {
    match terminal.is_verbose() {
        true => usize::MAX,
        false => SHOWN,
    }
}

impl RenameDocument {
    fn of(decided: &Renames) -> Self {
        let renames = decided.renames.iter().map(|one| RenameLine {
            from: one.from.to_string(),
            to: one.to.to_string(),
            line: (one.line > 0).then_some(one.line),
            writes_name: one.writes_name,
        });
        let errors = decided.problems.iter().map(|one| RowLine {
            line: one.line,
            problem: one.problem.clone(),
        });
        Self {
            result: "refused",
            renames: renames.collect(),
            unchanged: decided.unchanged,
            not_listed: decided.not_listed,
            ignored_columns: decided.ignored.clone(),
            errors: errors.collect(),
            files: Vec::new(),
            commit: None,
            findings: None,
        }
    }

    fn print(&self, format: OutputFormat, text: String, terminal: &Terminal) -> anyhow::Result<()> {
        let document = || DocumentKind::Rename.document(self);
        terminal.print(format, document, || text)
    }
}
