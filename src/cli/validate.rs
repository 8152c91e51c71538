//! `gamctl validate`: reports everything that is wrong with an inventory.

use std::path::Path;

use clap::ValueEnum;

use super::clock;
use super::format::OutputFormat;
use super::invocation::Invocation;
use super::source::{OldInventoryArguments, prefix, read_summary, report, source};
use super::terminal::Terminal;
use crate::inventory::source::{Limits, Source, SourceError, authored_commits, merge_base};
use crate::inventory::{
    Cache, Inventory, Reading, all_rules, is_acceptable, nearest, read, service_policy,
};
use crate::model::Severity;
use crate::report::{Exit, FindingFormat};

/// The most commits since `--against` that are compared one by one; beyond, the service does it.
const MOST_COMMITS: usize = 500;

/// Report everything that is wrong with an inventory; contacts no device
///
/// Exits with 0 if there is no error, and with 3 if there is one. Warnings count only with --strict.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl validate                                  the inventory in this folder, as it is on disk
  gamctl validate --rev HEAD                       as it was committed
  gamctl validate --rev HEAD --against origin/main --merge-base   the check for a pull request
  gamctl validate --format github                  as annotations in a GitHub workflow")]
pub(super) struct ValidateArguments {
    #[command(flatten)]
    inventory: OldInventoryArguments,

    /// Compare with the inventory at this revision
    ///
    /// Also reports files that got lost since then, protected subscribers that are removed, and commits of the billing sync that change more than billing may.
    #[arg(long, value_name = "REV")]
    against: Option<String>,

    /// Compare with the commit where this branch left --against
    ///
    /// As `git diff A...B` does: commits that only the other branch has do not count as changes that are taken back.
    #[arg(long, requires = "against")]
    merge_base: bool,

    /// Print the result in this format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,

    /// Accept this finding of --against: lost-file or emptied-inventory
    #[arg(long, value_name = "RULE", requires = "against")]
    accept: Vec<String>,

    /// Count warnings as errors
    #[arg(long)]
    strict: bool,

    /// Only explain a rule, with a wrong and a right example
    #[arg(long, value_name = "RULE", conflicts_with_all = ["path", "inventory", "rev", "against", "merge_base", "format", "accept", "strict"])]
    explain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people, with the lines concerned
    #[value(alias = "human")]
    Text,
    /// One JSON document
    Json,
    /// For code scanning
    Sarif,
    /// Annotations in a GitHub workflow
    Github,
    /// A GitLab code quality report
    Gitlab,
}

impl From<ReportFormat> for FindingFormat {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Human,
            ReportFormat::Json => Self::Json,
            ReportFormat::Sarif => Self::Sarif,
            ReportFormat::Github => Self::Github,
            ReportFormat::Gitlab => Self::Gitlab,
        }
    }
}

impl From<ReportFormat> for OutputFormat {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Json => Self::Json,
            ReportFormat::Text
            | ReportFormat::Sarif
            | ReportFormat::Github
            | ReportFormat::Gitlab => Self::Text,
        }
    }
}

pub(super) fn run(arguments: &ValidateArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    if let Some(rule) = &arguments.explain {
        return explain(rule, terminal);
    }
    for rule in &arguments.accept {
        anyhow::ensure!(
            is_acceptable(rule),
            "cannot accept `{rule}`; only lost-file and emptied-inventory can be accepted"
        );
    }
    let path = invocation.folder(arguments.inventory.given());
    let (limits, cache) = (Limits::default(), Cache::default());
    let mut reading = read(
        &source(&path, arguments.inventory.revision())?,
        &limits,
        &cache,
    )?;
    terminal.detail(&read_summary(&path, &reading));
    if let Some(revision) = &arguments.against {
        let base = match arguments.merge_base {
            true => merge_base(
                &path,
                arguments.inventory.revision().unwrap_or("HEAD"),
                revision,
            )?,
            false => revision.clone(),
        };
        let before = read(&Source::git(&path, &base)?, &limits, &cache)?;
        terminal.detail(&read_summary(&path, &before));
        reading.compare_with(&before.inventory);
        check_billing(&path, &before.inventory, &mut reading, &limits, &cache)?;
    }
    if let Some(today) = clock::today() {
        reading.check_day(today);
    }
    for finding in &mut reading.findings {
        if arguments.accept.iter().any(|rule| rule == finding.rule.id) {
            finding.severity = Severity::Warning;
            finding.hint = None;
        } else if arguments.strict {
            finding.severity = Severity::Error;
        }
    }
    let prefix = prefix(&path, &reading);
    let exit = if reading.has_errors() {
        Exit::InventoryInvalid
    } else {
        Exit::Done
    };
    let report = |format| report(&reading, format, &prefix, terminal);
    let text = || report(arguments.format.into());
    terminal.print(arguments.format, || report(FindingFormat::Json), text)?;
    Ok(exit)
}

/// Checks each commit of the billing sync since `before`, whose policy names the authors of its lane.
fn check_billing(
    path: &Path,
    before: &Inventory,
    reading: &mut Reading,
    limits: &Limits,
    cache: &Cache,
) -> anyhow::Result<()> {
    let policy = service_policy(before);
    let (Some(lane), Some(base)) = (policy.billing_lane(), before.commit()) else {
        return Ok(());
    };
    let head = reading.inventory.commit().unwrap_or("HEAD").to_owned();
    for commit in authored_commits(path, base, &head, MOST_COMMITS)? {
        if !lane.authors.iter().any(|author| author.is(&commit.email)) {
            continue;
        }
        let at = |revision: &str| -> Result<Reading, SourceError> {
            read(&Source::git(path, revision)?, limits, cache)
        };
        let (before, after) = (at(&commit.before)?, at(&commit.commit)?);
        let shown = commit.commit.get(..12).unwrap_or(&commit.commit);
        reading.check_billing_step(&before.inventory, &after.inventory, shown);
    }
    Ok(())
}

fn explain(id: &str, terminal: &Terminal) -> anyhow::Result<Exit> {
    let rules = all_rules();
    let Some(rule) = rules.iter().find(|rule| rule.id == id) else {
        let near = nearest(id, rules.iter().map(|rule| rule.id));
        let hint = near
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        anyhow::bail!("there is no rule `{id}`{hint}");
    };
    terminal.no_json("an explanation")?;
    terminal.result(&crate::inventory::explain_rule(rule))?;
    Ok(Exit::Done)
}
