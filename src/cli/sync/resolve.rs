//! `gamctl sync resolve`: takes one side of a contested subscriber, by the memory of the sync or by a hold.

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;

use super::audited::{Decision, audited};
use super::commit::lane_base;
use super::hold::{NewHold, hold_edits};
use super::one_system::shown;
use super::opened::with_prepared;
use super::{SyncArguments, systems};
use crate::authoring::{Base, Change, Written, propose};
use crate::cli::clock;
use crate::cli::commit_target::{WriteArguments, change_sentence};
use crate::cli::invocation::{Invocation, Selected};
use crate::cli::scope::did_you_mean;
use crate::cli::source::refuse;
use crate::cli::store_client::StoreClient;
use crate::inventory::{BillingSystem, Inventory, billing_systems, nearest};
use crate::model::billing::AccountId;
use crate::model::{Day, PlainText, SubscriberId, SyncedKey};
use crate::reconcile::sync::{ContestedSubscriber, ReadScope, SyncLease, SyncMemory};
use crate::report::sync::{ResolvedReport, TakenSide};
use crate::report::{DocumentKind, Exit, listed, visible};

/// Decide for one side of a contested subscriber
///
/// A subscriber is contested if someone edited it and billing has nothing new, or if it is unknown which side changed. With
/// `--take billing`, the next run commits billing's values. With `--take inventory`, a hold keeps the values of the inventory
/// until a day; it is a change of the inventory like any other, and is shown unless --write or --commit is given.
#[derive(Debug, clap::Args)]
#[command(mut_arg("commit", |commit| commit.conflicts_with("rev")))]
#[command(after_help = "\
Examples:
  gamctl sync list contested                       what is contested, and why
  gamctl sync resolve acct-1042 --take billing     the next run commits billing's values
  gamctl sync resolve acct-1042 --take inventory --until 2027-03-01 --why trial
  gamctl sync resolve acct-1042 --take inventory --keys service_plan --until 2027-03-01 --why trial --commit")]
pub(super) struct ResolveArguments {
    /// The subscriber
    #[arg(value_name = "SUBSCRIBER")]
    subscriber: String,

    /// Take this side
    #[arg(long, value_name = "SIDE")]
    take: Side,

    /// Hold these keys [default: those that are contested]
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    keys: Vec<String>,

    /// End the hold after this day, such as `2027-03-01`
    #[arg(long, value_name = "DATE")]
    until: Option<Day>,

    /// State the reason of the hold; the inventory keeps it
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,

    #[command(flatten)]
    writing: WriteArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The next run commits billing's values
    Billing,
    /// A hold keeps the values of the inventory
    Inventory,
}

/// The subscriber that is decided about.
struct Subject {
    id: SubscriberId,
    system: BillingSystem,
    account: AccountId,
}

impl Subject {
    /// Returns the billing system, and the account of it that is read.
    fn reads(&self) -> (&BillingSystem, ReadScope) {
        let scope = ReadScope::Accounts([self.account.clone()].into());
        (&self.system, scope)
    }
}

pub(super) fn run(
    arguments: &SyncArguments,
    resolve: &ResolveArguments,
    invocation: &Invocation,
) -> anyhow::Result<Exit> {
    let hold = match resolve.take {
        Side::Billing => {
            check_billing(resolve)?;
            None
        }
        Side::Inventory => Some(new_hold(resolve)?),
    };
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let (base, people) = match resolve.take {
        Side::Billing => (lane_base(&selected)?, None),
        Side::Inventory => resolve.writing.base(&selected, &arguments.inventory)?,
    };
    if base.reading.has_errors() {
        let why = "Nothing decided: the inventory has errors, so both sides cannot be compared.";
        return refuse(base.reading, why, terminal);
    }
    let store = StoreClient::open(&selected)?;
    let subject = subject(resolve, &base.reading.inventory, &store)?;
    let decided = match hold {
        None => take_billing(&subject, &base, &selected, &store)?,
        Some(hold) => {
            let contested =
                with_prepared(subject.reads(), &base, &selected, &store, |prepared, _| {
                    Ok(prepared.contested(&subject.id)?)
                })?;
            let hold = hold.of_contested(&subject.id, &contested)?;
            let edits = hold_edits(&base.reading.inventory, &subject.id, &hold, clock::today());
            let proposal = propose(&base, Change::Edits(&edits), None)?;
            if proposal.refusal().is_some() {
                bail!(
                    "the hold would cause errors in the inventory; run `gamctl validate`, and write it into the file of {} by hand",
                    subject.id
                );
            }
            let words = hold.words(&subject.id);
            let authorship = resolve
                .writing
                .authorship(people, || words.clone(), "sync resolve");
            let proposal = proposal.by(authorship);
            let difference = shown(&proposal.changes, terminal);
            let mut report = report(&subject, TakenSide::Inventory, contested);
            report.keys = hold.keys.iter().map(|key| key.as_str()).collect();
            report.until = Some(hold.until.to_string());
            let files = proposal.changes.iter();
            report.files = files.map(|file| file.path.to_string()).collect();
            let said = match resolve.writing.is_carried_out() {
                false => format!("This would write: {words}. Nothing is written."),
                true => {
                    let written = proposal.commit()?;
                    if let Written::Commit { id, .. } = &written {
                        report.commit = Some(id.to_string());
                    }
                    change_sentence(&written, &words)
                }
            };
            Decided {
                report,
                difference,
                said,
            }
        }
    };
    terminal.print(
        arguments.format,
        || DocumentKind::SyncResolve.document(&decided.report),
        || decided.text(),
    )?;
    terminal.say(&decided.said);
    match resolve.take {
        Side::Billing => terminal.hint(&format!(
            "`gamctl sync {} --commit` is that run",
            subject.system.name
        )),
        Side::Inventory if !resolve.writing.is_carried_out() => {
            terminal.hint("add `--write` to write it, `--commit` to commit it");
        }
        Side::Inventory => {}
    }
    Ok(Exit::Done)
}

/// A decision as it is printed.
struct Decided {
    report: ResolvedReport,
    difference: String,
    said: String,
}

impl Decided {
    fn text(&self) -> String {
        let lines = self.report.contested.iter();
        let lines = lines.map(|line| format!("{}: {}\n", self.report.subscriber, line.because));
        lines.collect::<String>() + &self.difference
    }
}

fn check_billing(resolve: &ResolveArguments) -> anyhow::Result<()> {
    ensure!(
        resolve.keys.is_empty() && resolve.until.is_none() && resolve.why.is_none(),
        "`--take billing` takes all contested keys at once, and holds none; to keep one of them, hold it first with `--take inventory --keys KEY`"
    );
    ensure!(
        !resolve.writing.is_carried_out(),
        "`--take billing` changes no file itself: the next run of the sync commits billing's values"
    );
    Ok(())
}

fn new_hold(resolve: &ResolveArguments) -> anyhow::Result<NewHold> {
    let (Some(until), Some(why)) = (resolve.until, resolve.why.as_deref()) else {
        bail!("a hold has an end and a reason; give `--until 2027-03-01 --why trial`");
    };
    if let Some(today) = clock::today() {
        ensure!(
            until >= today,
            "{until} is in the past: it is {today} now, and the hold would be over"
        );
    }
    let keys = resolve.keys.iter().map(|word| {
        let mut keys = SyncedKey::ALL.iter().copied();
        keys.find(|key| key.as_str() == word).with_context(|| {
            format!(
                "`{}` is not a key that billing may change; write one of {}",
                visible(word),
                SyncedKey::WORDS.join(", ")
            )
        })
    });
    Ok(NewHold {
        keys: keys.collect::<anyhow::Result<_>>()?,
        why: PlainText::new(why.trim()).context("invalid reason of the hold")?,
        until,
    })
}

/// Finds the subscriber in the inventory, or one that a person removed in the memory of the sync.
fn subject(
    resolve: &ResolveArguments,
    inventory: &Inventory,
    store: &StoreClient<'_>,
) -> anyhow::Result<Subject> {
    let word = &resolve.subscriber;
    let unknown = || {
        let known = inventory.subscribers().map(|object| object.id.as_str());
        let hint = did_you_mean(nearest(word, known));
        format!("there is no subscriber `{}`{hint}", visible(word))
    };
    let id = SubscriberId::new(word).with_context(unknown)?;
    if let Some(object) = inventory.subscriber(word) {
        let external = object.text.external.as_deref();
        let link = external.and_then(|external| {
            let system = external.system.as_ref()?.as_str().to_owned();
            let account = AccountId::new(external.account.as_ref()?.as_str()).ok()?;
            Some((system, account))
        });
        let (system, account) = link.with_context(|| {
            format!("{id} has no account of a billing system; `gamctl sync adopt` finds it")
        })?;
        return Ok(Subject {
            system: systems::only(inventory, Some(&system))?,
            id,
            account,
        });
    }
    for (name, system) in billing_systems(inventory) {
        let memory = store.wait(SyncMemory::of(store.store(), &name))?;
        let services = memory.base().into_iter().flat_map(|base| &base.services);
        let mut services = services.filter(|(_, base)| base.subscriber.as_ref() == Some(&id));
        if let Some((key, _)) = services.next() {
            let account = key.account.clone();
            return Ok(Subject {
                id,
                system,
                account,
            });
        }
    }
    bail!(unknown())
}

/// Remembers the decision for billing, under the lease of the system: a run would overwrite it.
fn take_billing(
    subject: &Subject,
    base: &Base,
    selected: &Selected<'_>,
    store: &StoreClient<'_>,
) -> anyhow::Result<Decided> {
    let name = &subject.system.name;
    let lease = store.wait(SyncLease::take(store.store(), name, SyncLease::WHOLE_RUN))?;
    let lease = lease.with_context(|| {
        format!("another process syncs {name}; run the command again in a few minutes")
    })?;
    let contested = with_prepared(
        subject.reads(),
        base,
        selected,
        store,
        |prepared, memory| {
            let contested = prepared.contested(&subject.id)?;
            let decision = (&contested.service, &subject.id);
            let is_kept = store.wait(prepared.take_billing(store.store(), memory, decision))?;
            ensure!(
                is_kept,
                "another run stored its result meanwhile; run the command again"
            );
            Ok(contested)
        },
    );
    let _released = store.wait(lease.release(store.store()));
    let contested = contested?;
    let because: Vec<&str> = contested
        .lines
        .iter()
        .map(|line| line.because.as_str())
        .collect();
    let decision = Decision {
        verb: "sync resolve",
        what: format!(
            "took billing's side for {} of {name}: {}",
            subject.id,
            because.join("; ")
        ),
    };
    audited(store, selected, name, decision)?;
    let mut report = report(subject, TakenSide::Billing, contested);
    let keys: Vec<String> = report.keys.iter().map(|key| (*key).to_owned()).collect();
    report.files.clear();
    let said = match keys.as_slice() {
        [] => format!("The next run of {name} adds {} again.", subject.id),
        keys => format!(
            "The next run of {name} commits billing's {} for {}.",
            listed(keys),
            subject.id
        ),
    };
    Ok(Decided {
        report,
        difference: String::new(),
        said,
    })
}

fn report(subject: &Subject, take: TakenSide, contested: ContestedSubscriber) -> ResolvedReport {
    ResolvedReport {
        system: subject.system.name.to_string(),
        subscriber: subject.id.to_string(),
        service: contested.service.to_string(),
        take,
        keys: contested.keys.iter().map(|key| key.as_str()).collect(),
        contested: contested.lines,
        until: None,
        files: Vec::new(),
        commit: None,
    }
}
