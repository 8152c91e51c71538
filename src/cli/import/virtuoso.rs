//! `gamctl import --virtuoso`: adds the subscribers of a VIRTUOSO list, and lists every row that is not taken over.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;
use serde::Serialize;

use super::{ImportArguments, NOT_OF_A_LIST, SHOWN};
use crate::authoring::virtuoso::{
    Addition, Decision, ListOptions, RowProblem, WeededImport, column_names, decide, weed,
};
use crate::authoring::{Proposal, Written};
use crate::cli::commit_target::{WriteArguments, change_sentence};
use crate::cli::invocation::Invocation;
use crate::cli::list_file::read_list;
use crate::cli::source::{refuse, report};
use crate::cli::terminal::Terminal;
use crate::model::PortAssignment;
use crate::report::{DocumentKind, Exit, FindingFormat, counted, difference, listed, visible};

/// The arguments of an import from a list.
#[derive(Debug, clap::Args)]
pub(super) struct VirtuosoArguments {
    /// Add the subscribers of this CSV list of VIRTUOSO
    ///
    /// The list has a title in its first line for each column, in any order: `Name`, `Endpoint MAC`, `Profile`, `VLAN`, and
    /// `System Name` or `Address`; and, if it has them, `Port`, `Port 2 VLAN`, `Tagged`, `Allowed VLANs`, `Remapped VLAN`,
    /// `Double Tags`, `Trunk`, `PoE`. A row that cannot be taken over as it is, is listed with its line, and left out.
    /// Subscribers that the inventory has are compared, and never changed.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "devices",
            "offline",
            "credentials",
            "assign_site",
            "rate",
            "community_secret",
            "ssh_user",
            "ssh_secret",
            "accept_host_keys",
            "timeout"
        ]
    )]
    pub(super) virtuoso: Option<PathBuf>,

    /// Use this port for rows of a list that have none
    #[arg(long, value_name = "PORT", conflicts_with_all = NOT_OF_A_LIST)]
    default_port: Option<DefaultPort>,

    /// Take over descriptions of a list, which may be about people
    #[arg(long, conflicts_with_all = NOT_OF_A_LIST)]
    descriptions: bool,

    #[command(flatten)]
    writing: WriteArguments,
}

/// The port of rows without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DefaultPort {
    /// The device finds the endpoint
    Auto,
    /// The endpoint is on no port
    Unassigned,
}

impl From<DefaultPort> for PortAssignment {
    fn from(port: DefaultPort) -> Self {
        match port {
            DefaultPort::Auto => Self::Auto,
            DefaultPort::Unassigned => Self::Unassigned,
        }
    }
}

/// The JSON document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct VirtuosoDocument {
    /// `shown`, `written`, `committed`, `unchanged` or `refused`.
    result: &'static str,
    added: Vec<AddedLine>,
    /// Rows whose subscriber is in the inventory with the same values.
    unchanged: usize,
    /// Rows that are not taken over; a row has an entry for each problem.
    left_out: Vec<LeftOutLine>,
    unused_columns: Vec<String>,
    /// Columns that the list lacks, so that new subscribers have the default.
    absent_columns: Vec<String>,
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// Errors that the change would cause in the inventory, and that come from no single row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        test,
        schemars(with = "Option<Vec<crate::report::document::types::Anything>>")
    )]
    findings: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AddedLine {
    line: usize,
    id: String,
    device: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LeftOutLine {
    line: usize,
    problem: String,
    /// The rule that the row breaks, if it is one of the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

pub(super) fn run(
    file: &Path,
    arguments: &ImportArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let list = &arguments.list;
    let shown_file = file.display().to_string();
    let table = read_list(file)?;
    let (base, people) = list.writing.base(&selected, &arguments.inventory)?;
    if base.reading.has_errors() {
        let why =
            "Nothing imported: the inventory has errors, so the effect of the change is unknown.";
        return refuse(base.reading, why, terminal);
    }
    let options = ListOptions {
        default_port: list.default_port.map(PortAssignment::from),
        with_descriptions: list.descriptions,
    };
    let decision = decide(&base.reading.inventory, &table, options)
        .with_context(|| format!("cannot use {}", visible(&shown_file)))?;
    let WeededImport { decision, proposal } = weed(&base, decision)?;
    let mut document = VirtuosoDocument::of(&decision, &proposal);
    for remark in remarks(&decision) {
        terminal.say(&remark);
    }
    print_left_out(&shown_file, &decision, terminal);
    let print = |document: &VirtuosoDocument, text: String| {
        let json = || DocumentKind::ImportVirtuoso.document(document);
        terminal.print(arguments.format, json, || text)
    };
    if let Some(after) = proposal.refusal() {
        let findings = report(after, FindingFormat::Json, "", terminal);
        let mut findings: serde_json::Value = serde_json::from_str(&findings)?;
        document.findings = findings.get_mut("findings").map(serde_json::Value::take);
        print(&document, report(after, FindingFormat::Human, "", terminal))?;
        terminal.say_always(
            "The import is refused: it would cause errors in the inventory. Nothing is written.",
        );
        return Ok(Exit::InventoryInvalid);
    }
    let is_all = decision.left_out.is_empty();
    let exit = if is_all { Exit::Done } else { Exit::Failed };
    if decision.additions.is_empty() {
        document.result = if is_all { "unchanged" } else { "refused" };
        print(&document, String::new())?;
        terminal.say(&nothing_to_do(decision.unchanged, is_all));
        return Ok(exit);
    }
    let what = counted(decision.additions.len(), "subscriber");
    let text = text(&decision.additions, &proposal, terminal);
    let warnings = proposal.new_warnings.len();
    let message = || format!("import {what} from a list of VIRTUOSO");
    let authorship = list.writing.authorship(people, message, "import");
    let is_carried_out = list.writing.is_carried_out();
    let said = if is_carried_out {
        let written = proposal.by(authorship).commit()?;
        document.result = "written";
        if let Written::Commit { id, .. } = &written {
            document.result = "committed";
            document.commit = Some(id.to_string());
        }
        change_sentence(&written, &format!("{what} of the list"))
    } else {
        document.result = "shown";
        let files = counted(document.files.len(), "file");
        format!("This would add {what} in {files}. Nothing is written.")
    };
    print(&document, text)?;
    terminal.say(&said);
    if warnings > 0 {
        let warnings = counted(warnings, "warning");
        terminal.say(&format!(
            "note: the change causes {warnings}; `gamctl validate` shows them once it is made."
        ));
    }
    if !is_carried_out {
        terminal.hint("add `--commit` to make it one commit, `--write` to write it into the files");
    }
    Ok(exit)
}

fn nothing_to_do(unchanged: usize, is_all: bool) -> String {
    let rows = match unchanged {
        1 => "1 subscriber of the list is".to_owned(),
        number => format!("{} of the list are", counted(number, "subscriber")),
    };
    match is_all {
        true => format!("Nothing to do: {rows} in the inventory already."),
        false if unchanged == 0 => "Nothing imported.".to_owned(),
        false => format!("Nothing imported; {rows} in the inventory already."),
    }
}

/// Returns sentences about parts of the list that have no effect.
fn remarks(decision: &Decision) -> Vec<String> {
    let mut remarks = Vec::new();
    if !decision.unused_columns.is_empty() {
        let columns = decision.unused_columns.iter();
        let columns: Vec<String> = columns
            .map(|column| format!("`{}`", visible(column)))
            .collect();
        remarks.push(format!("note: not used: column {}.", listed(&columns)));
    }
    if decision.has_unused_descriptions {
        remarks.push(
            "note: descriptions are not taken over; add `--descriptions` if they may be kept."
                .to_owned(),
        );
    }
    if !decision.absent_columns.is_empty() {
        remarks.push(format!(
            "note: the list has no column {}; new subscribers get the defaults.",
            listed(&column_names(&decision.absent_columns))
        ));
    }
    if decision.other_addresses > 0 {
        let (rows, have) = match decision.other_addresses {
            1 => ("1 row".to_owned(), "has"),
            number => (counted(number, "row"), "have"),
        };
        remarks.push(format!(
            "note: {rows} {have} an address that is not an IP address; it is not used."
        ));
    }
    remarks
}

fn print_left_out(file: &str, decision: &Decision, terminal: &Terminal) {
    let most = most(terminal);
    for one in decision.left_out.iter().take(most) {
        let problem = one.problem.to_string();
        terminal.say_always(&format!(
            "{}:{}: {}",
            visible(file),
            one.line,
            visible(&problem)
        ));
    }
    if decision.left_out.len() > most {
        let more = decision.left_out.len() - most;
        terminal.say_always(&format!("and {more} more, with --verbose"));
    }
    match decision.rows_left_out() {
        0 => {}
        1 => terminal.say_always("1 row is not taken over."),
        rows => terminal.say_always(&format!("{} are not taken over.", counted(rows, "row"))),
    }
}

/// Returns the new subscribers, a line each; with `--verbose` the difference of the files.
fn text(additions: &[Addition], proposal: &Proposal<'_>, terminal: &Terminal) -> String {
    if terminal.is_verbose() {
        let side = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        let changes = proposal.changes.iter();
        let changes = changes.map(|change| {
            let (before, after) = (side(&change.before), side(&change.after));
            difference(&change.path, &before, &after, terminal.paint)
        });
        return changes.collect();
    }
    let lines = additions.iter().take(SHOWN).map(|one| {
        let one = &one.subscriber;
        format!(
            "+ {}: {}, port {}, VLAN {}, {}\n",
            one.id, one.device, one.port, one.vlan, one.service_plan
        )
    });
    let mut text: String = lines.collect();
    if additions.len() > SHOWN {
        let more = additions.len() - SHOWN;
        text.push_str(&format!("and {more} more, in full with --verbose\n"));
    }
    text
}

fn most(terminal: &Terminal) -> usize {
    match terminal.is_verbose() {
        true => usize::MAX,
        false => SHOWN,
    }
}

impl VirtuosoDocument {
    fn of(decision: &Decision, proposal: &Proposal<'_>) -> Self {
        let added = decision.additions.iter().map(|one| AddedLine {
            line: one.line,
            id: one.subscriber.id.to_string(),
            device: one.subscriber.device.to_string(),
        });
        let left_out = decision.left_out.iter().map(|one| LeftOutLine {
            line: one.line,
            problem: one.problem.to_string(),
            rule: match &one.problem {
                RowProblem::Finding { rule, .. } => Some(*rule),
                _ => None,
            },
        });
        let absent = decision.absent_columns.iter();
        let files = proposal.changes.iter();
        Self {
            result: "refused",
            added: added.collect(),
            unchanged: decision.unchanged,
            left_out: left_out.collect(),
            unused_columns: decision.unused_columns.clone(),
            absent_columns: absent.map(ToString::to_string).collect(),
            files: files.map(|change| change.path.to_string()).collect(),
            commit: None,
            findings: None,
        }
    }
}
