//! Reads billing and inventory for commands that only show: what has no mapping, services of a class, one account.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde::Serialize;

use super::opened::{Opened, with_prepared};
use super::{ListArguments, OneSystem, SyncArguments};
use crate::authoring::Base;
use crate::cli::invocation::Invocation;
use crate::model::billing::AccountId;
use crate::reconcile::sync::{PreparedSync, ReadScope, SyncMemory, services_of};
use crate::report::sync::{
    ExplainedReport, ListedLine, UnmappedReport, classification, explained_text, services_text,
    unmapped_text,
};
use crate::report::{DocumentKind, Exit, counted, visible};
use crate::sync::Classification;

/// The services of one class as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::cli) struct ListDocument {
    system: String,
    class: &'static str,
    /// One line for each reason; a service without a reason has one without a rule.
    services: Vec<ListedLine>,
}

/// Why a command that only shows does nothing.
const NOT_READ: &str = "Nothing read: the inventory has errors, so the settings may be incomplete.";

/// Reads billing, and compares it without writing anything.
fn prepared<T>(
    view: Opened<'_>,
    scope: ReadScope,
    show: impl FnOnce(&PreparedSync<'_>) -> T,
) -> anyhow::Result<T> {
    let Opened {
        selected,
        system,
        store,
        reading,
    } = view;
    let base = Base::folder(&selected.folder, reading);
    let show = |prepared: &PreparedSync<'_>, _: &SyncMemory| Ok(show(prepared));
    with_prepared((&system, scope), &base, &selected, &store, show)
}

pub(super) fn map(
    arguments: &SyncArguments,
    system: &OneSystem,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let view = match Opened::of(arguments, system.name.as_ref(), invocation, NOT_READ)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let document: UnmappedReport =
        prepared(view, ReadScope::Everything, |prepared| prepared.unmapped())?;
    terminal.print(
        arguments.format,
        || DocumentKind::SyncMap.document(&document),
        || unmapped_text(&document),
    )?;
    match document.is_empty() {
        true => terminal.say(&format!(
            "Every tariff, status and location of {} in scope has a mapping.",
            document.system
        )),
        false => terminal.hint("paste the lines into billing.toml, and decide those with `#`"),
    }
    Ok(Exit::Done)
}

pub(super) fn list(
    arguments: &SyncArguments,
    list: &ListArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let view = match Opened::of(arguments, list.system.name.as_ref(), invocation, NOT_READ)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let system = view.system.name.to_string();
    let class = list.class;
    let services = prepared(view, ReadScope::Everything, |prepared| {
        services_of(prepared, class)
    })?;
    let document = ListDocument {
        system,
        class: class.as_str(),
        services,
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncList.document(&document),
        || services_text(&document.services, terminal.paint),
    )?;
    let names: BTreeSet<&str> = document
        .services
        .iter()
        .map(|line| line.service.as_str())
        .collect();
    let services = counted(names.len(), "service");
    terminal.say(&format!("{services} {}.", classification(class)));
    Ok(Exit::Done)
}

pub(super) fn explain(
    arguments: &SyncArguments,
    subject: &str,
    system: &OneSystem,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let view = match Opened::of(arguments, system.name.as_ref(), invocation, NOT_READ)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let account = account(&view, subject)?;
    let scope = ReadScope::Accounts([account.clone()].into());
    let document: ExplainedReport = prepared(view, scope, |prepared| prepared.explain(&account))?;
    if document.services.is_empty() {
        bail!(
            "{} has no service of account {account}, and no subscriber refers to it",
            document.system
        );
    }
    terminal.print(
        arguments.format,
        || DocumentKind::SyncExplain.document(&document),
        || explained_text(&document, terminal.paint),
    )?;
    terminal.hint("`gamctl explain SUBSCRIBER` shows every commit and run that followed");
    Ok(Exit::Done)
}

/// Returns the account that a word means: the account of a subscriber, or an account of billing.
fn account(view: &Opened<'_>, subject: &str) -> anyhow::Result<AccountId> {
    let Some(object) = view.reading.inventory.subscriber(subject) else {
        return AccountId::new(subject).with_context(|| {
            format!(
                "`{}` is neither a subscriber nor an account",
                visible(subject)
            )
        });
    };
    let external = object.text.external.as_ref().filter(|external| {
        let system = external.system.as_ref();
        system.is_some_and(|system| system.as_str() == view.system.name.as_str())
    });
    let account = external.and_then(|external| external.account.as_ref());
    let account = account.and_then(|account| AccountId::new(account.as_str()).ok());
    account.with_context(|| {
        format!(
            "subscriber {} has no account of {}",
            visible(subject),
            view.system.name
        )
    })
}

/// Parses a class as `sync list` names it.
pub(super) fn class(text: &str) -> Result<Classification, String> {
    let mut all = Classification::ALL.into_iter();
    all.find(|class| class.as_str() == text).ok_or_else(|| {
        let words: Vec<&str> = Classification::ALL
            .iter()
            .map(|class| class.as_str())
            .collect();
        format!("write one of {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::fitted;
    use crate::report::Paint;
    use crate::report::sync::{RuleFacts, next_step, sentence, sync_rules};
    use crate::sync::Reason;

    /// Returns a service for each example of a rule.
    fn every_reason() -> Vec<ListedLine> {
        let facts = sync_rules().into_iter().flat_map(|rule| rule.facts);
        let reasons = facts.filter_map(|facts| match facts {
            RuleFacts::Reason(text) => serde_json::from_str::<Reason>(text).ok(),
            RuleFacts::Gate(_) => None,
        });
        let lines = reasons.map(|reason| ListedLine {
            service: "10042/70001".to_owned(),
            subscriber: Some("acct-10042-2".to_owned()),
            class: reason.classification().as_str(),
            rule: reason.rule(),
            because: sentence(&reason),
            next_step: next_step(reason.next_step()),
            since: String::new(),
        });
        lines.collect()
    }

    #[test]
    fn the_list_of_every_reason_fits_a_terminal_of_80_columns() {
        let lines = every_reason();
        assert!(lines.len() > 30, "{}", lines.len());
        let text = fitted(&services_text(&lines, Paint::Plain), 80);
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert_eq!(wide, [""; 0]);
        assert!(text.contains("not-heard: "), "{text}");
    }
}
