//! Reads billing and inventory for commands that only show: what has no mapping, services of a class, one account.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde::Serialize;

use super::{ListArguments, OneSystem, SyncArguments, systems};
use crate::authoring::Base;
use crate::cli::clock;
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::inventory::{BillingSystem, Reading};
use crate::model::billing::AccountId;
use crate::reconcile::sync::{
    PreparedSync, ReadScope, SyncMemory, SyncRequest, heard_endpoints, prepare, services_of,
};
use crate::report::sync::{
    ExplainedReport, ListedLine, UnmappedReport, classification, explained_text, services_table,
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

/// What a command that only shows needs.
struct View<'a> {
    selected: Selected<'a>,
    system: BillingSystem,
    store: StoreClient<'a>,
    reading: Reading,
}

impl<'a> View<'a> {
    /// Reads the inventory; `Err(Exit)` if it has errors, which are shown.
    fn of(
        arguments: &SyncArguments,
        name: Option<&String>,
        invocation: &'a Invocation,
    ) -> anyhow::Result<Result<Self, Exit>> {
        let selected = invocation.select(arguments.inventory.given())?;
        let reading = selected.read(arguments.inventory.revision())?;
        if reading.has_errors() {
            let why = "Nothing read: the inventory has errors, so the settings may be incomplete.";
            return Ok(Err(refuse(reading, why, &invocation.terminal)?));
        }
        Ok(Ok(Self {
            system: systems::only(&reading.inventory, name)?,
            store: StoreClient::open(&selected)?,
            selected,
            reading,
        }))
    }

    /// Reads billing, and compares it without writing anything.
    fn prepared<T>(
        self,
        scope: &ReadScope,
        show: impl FnOnce(&PreparedSync<'_>) -> T,
    ) -> anyhow::Result<T> {
        let Self {
            selected,
            system,
            store,
            reading,
        } = self;
        let client = systems::client(&system, &selected, &store)?;
        let now = clock::seconds();
        let snapshot = selected.invocation.wait(client.read(scope, now))??;
        let looks = store.wait(heard_endpoints(store.store(), &reading.inventory))?;
        let memory = store.wait(SyncMemory::of(store.store(), &system.name))?;
        let base = Base::folder(&selected.folder, reading);
        let prepared = prepare(SyncRequest {
            base: &base,
            system: &system,
            snapshot: &snapshot,
            looks: &looks,
            memory: memory.base(),
            used: memory.used,
            approved: &memory.approved,
            now,
        })?;
        Ok(show(&prepared))
    }
}

pub(super) fn map(
    arguments: &SyncArguments,
    system: &OneSystem,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let view = match View::of(arguments, system.name.as_ref(), invocation)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let document: UnmappedReport =
        view.prepared(&ReadScope::Everything, |prepared| prepared.unmapped())?;
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
    let view = match View::of(arguments, list.system.name.as_ref(), invocation)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let system = view.system.name.to_string();
    let class = list.class;
    let services = view.prepared(&ReadScope::Everything, |prepared| {
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
        || services_table(&document.services, terminal.paint),
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
    let view = match View::of(arguments, system.name.as_ref(), invocation)? {
        Ok(view) => view,
        Err(exit) => return Ok(exit),
    };
    let account = account(&view, subject)?;
    let scope = ReadScope::Accounts([account.clone()].into());
    let document: ExplainedReport = view.prepared(&scope, |prepared| prepared.explain(&account))?;
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
fn account(view: &View<'_>, subject: &str) -> anyhow::Result<AccountId> {
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
