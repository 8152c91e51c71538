//! Finds a run by part of its id, and the commit that was applied before it.

use std::collections::BTreeSet;

use crate::history::{Filter, RunId, RunSummary, Store, StoreError};
use crate::model::DeviceName;

/// Fewer digits than these match too many runs.
const SHORTEST: usize = 4;

/// The number of past runs that are searched.
const MOST_RUNS: u32 = 10_000;

/// The reason that no run, or no commit before it, was found.
#[derive(Debug, thiserror::Error)]
pub enum RunNotFound {
    #[error(
        "invalid run `{named}`; give at least {SHORTEST} digits of its id, as `gamctl history` shows it"
    )]
    Invalid { named: String },
    #[error("there is no run `{named}`; `gamctl history` lists them")]
    None { named: String },
    #[error("`{named}` matches several runs, such as {one} and {other}; give more digits")]
    Several {
        named: String,
        one: String,
        other: String,
    },
    #[error(
        "run {run} is `{verb}` and not a rollback; the plan names the rollback that it would undo"
    )]
    NotARollback { run: String, verb: String },
    #[error(
        "no other commit was applied before run {run}; give the commit to restore with `--to REV`"
    )]
    NothingBefore { run: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The commit applied before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeRun {
    pub commit: String,
    /// The devices of the run.
    pub devices: BTreeSet<DeviceName>,
}

/// Returns the one run whose id is, starts or ends with a text.
pub async fn run_named(store: &Store, named: &str) -> Result<RunSummary, RunNotFound> {
    let wanted = named.trim().to_ascii_lowercase();
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if wanted.len() < SHORTEST || !wanted.bytes().all(is_part) {
        let named = named.chars().take(80).collect();
        return Err(RunNotFound::Invalid { named });
    }
    let filter = Filter {
        most: MOST_RUNS,
        ..Filter::default()
    };
    let runs = store.runs(&filter).await?;
    // The end of an id is more distinctive: runs of one hour start alike.
    let mut found = runs.into_iter().filter(|summary| {
        let id = summary.run.id.0.to_string();
        id.starts_with(&wanted) || id.ends_with(&wanted)
    });
    let named = wanted.clone();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(RunNotFound::None { named }),
        (Some(one), Some(other)) => Err(RunNotFound::Several {
            named,
            one: one.run.id.0.to_string(),
            other: other.run.id.0.to_string(),
        }),
    }
}

/// Returns the commit that was applied before a run, and the run's devices.
pub async fn before_run(store: &Store, named: &str) -> Result<BeforeRun, RunNotFound> {
    let run = run_named(store, named).await?;
    let id = run.run.id;
    let outcomes = store
        .outcomes(&Filter {
            run: Some(id),
            most: u32::MAX,
            ..Filter::default()
        })
        .await?;
    let devices = outcomes.into_iter().map(|row| row.outcome.device).collect();
    let commit = commit_before(store, &run).await?;
    let commit = commit.ok_or_else(|| RunNotFound::NothingBefore {
        run: id.0.to_string(),
    })?;
    Ok(BeforeRun { commit, devices })
}

/// Returns the other commit that was applied last before a run.
pub(super) async fn commit_before(
    store: &Store,
    run: &RunSummary,
) -> Result<Option<String>, StoreError> {
    let earlier = store.applied_commits(run.began, MOST_RUNS).await?;
    let mut applied = earlier.into_iter().filter(|other| {
        other.run.is_none_or(|other| other < run.run.id)
            && Some(&other.commit) != run.run.inventory.commit.as_ref()
    });
    Ok(applied.next().map(|other| other.commit))
}

/// Returns the rollback whose id is, starts or ends with a text.
pub async fn rollback_named(store: &Store, named: &str) -> Result<RunId, RunNotFound> {
    let run = run_named(store, named).await?;
    match run.run.verb.as_str() {
        "rollback" => Ok(run.run.id),
        verb => Err(RunNotFound::NotARollback {
            run: run.run.id.0.to_string(),
            verb: verb.to_owned(),
        }),
    }
}
