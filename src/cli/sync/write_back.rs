//! `gamctl sync write-back`: writes into billing what devices were verified with, or previews it.

use anyhow::Context;

use super::opened::Opened;
use super::{OneSystem, SyncArguments};
use crate::billing::BillingError;
use crate::cli::clock;
use crate::cli::invocation::Invocation;
use crate::cli::store_client::StoreClient;
use crate::inventory::{BillingSystem, Inventory};
use crate::reconcile::sync::{
    BillingClient, ReadScope, SyncLease, WriteBackError, WriteBackLimits, WriteBackRequest,
    preview_write_back, write_back_system,
};
use crate::report::sync::{WriteBackReport, WriteBackState, write_back_text, write_back_verdict};
use crate::report::{DocumentKind, Exit, visible};

#[derive(Debug, clap::Args)]
pub(super) struct WriteBackArguments {
    /// Write nothing; show what would be written
    #[arg(long)]
    dry_run: bool,

    /// Send writes again that billing refused, once the cause is fixed
    #[arg(long, conflicts_with = "dry_run")]
    retry: bool,

    #[command(flatten)]
    system: OneSystem,
}

pub(super) fn run(
    arguments: &SyncArguments,
    write_back: &WriteBackArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let terminal = &invocation.terminal;
    let why = "Nothing written: the inventory has errors, so the intended state is unknown.";
    let name = write_back.system.name.as_ref();
    let opened = match Opened::of(arguments, name, invocation, why)? {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let client = opened.client()?;
    let system = &opened.system;
    let run = Run {
        store: &opened.store,
        client: &client,
        inventory: &opened.reading.inventory,
        system,
        is_preview: write_back.dry_run,
        retries_refused: write_back.retry,
    };
    let report = match run.carry_out() {
        Ok(report) => report,
        Err(error) if is_of_billing(&error) => {
            let error = format!("{error:#}");
            terminal.say_always(&format!(
                "{} was not read, so nothing is written: {}",
                system.name,
                visible(&error)
            ));
            return Ok(Exit::Unobservable);
        }
        Err(error) => return Err(error),
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncWriteBack.document(&report),
        || write_back_text(&report, terminal.paint),
    )?;
    terminal.say(&write_back_verdict(&report));
    if let Some(stopped) = &report.stopped {
        terminal.say_always(&format!("It ended early: {}", visible(stopped)));
    }
    let state = report.state();
    if write_back.dry_run && state == WriteBackState::Pending {
        terminal.hint("run it without `--dry-run` to write it");
    } else if report.has_refused() {
        terminal.hint("`--retry` sends it again, once the cause is fixed");
    }
    Ok(state.into())
}

/// One write-back.
struct Run<'a> {
    store: &'a StoreClient<'a>,
    client: &'a BillingClient,
    inventory: &'a Inventory,
    system: &'a BillingSystem,
    is_preview: bool,
    retries_refused: bool,
}

impl Run<'_> {
    fn carry_out(&self) -> anyhow::Result<WriteBackReport> {
        if self.is_preview {
            return self.write(None);
        }
        let name = &self.system.name;
        let lease = self.store.wait(SyncLease::take(
            self.store.store(),
            name,
            SyncLease::WHOLE_RUN,
        ))?;
        let lease = lease.with_context(|| {
            format!("another process syncs {name}; run the command again in a few minutes")
        })?;
        let result = self.write(Some(&lease));
        // It ends by itself as well.
        let _released = self.store.wait(lease.release(self.store.store()));
        result
    }

    /// Reads billing under the lease: what differs from the reading is written.
    fn write(&self, lease: Option<&SyncLease>) -> anyhow::Result<WriteBackReport> {
        let now = clock::seconds();
        self.store.walk(async {
            let snapshot = self.client.read(&ReadScope::Everything, now).await?;
            let request = WriteBackRequest {
                store: self.store.store(),
                client: self.client,
                inventory: self.inventory,
                system: self.system,
                snapshot: &snapshot,
                now,
            };
            let limits = WriteBackLimits {
                retries_refused: self.retries_refused,
                ..WriteBackLimits::default()
            };
            Ok(match lease {
                Some(lease) => write_back_system(request, lease, limits).await?,
                None => preview_write_back(request).await?,
            })
        })
    }
}

fn is_of_billing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<BillingError>().is_some()
        || matches!(error.downcast_ref(), Some(WriteBackError::Billing(_)))
}
