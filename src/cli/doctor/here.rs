//! Checks this machine for an apply: a committed inventory, secrets that open, a reachable store.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::cli::clock;
use crate::cli::invocation::Selected;
use crate::cli::source::is_bare;
use crate::cli::store_client::StoreClient;
use crate::config::Settings;
use crate::history::{Journal, StoreError, StoreFacts};
use crate::inventory::Reading;
use crate::inventory::source::{Ancestry, Source, ancestry};
use crate::model::{SecretName, Severity, chain};
use crate::reconcile::{StoreLocation, StoreLocationError, is_known_dead, without_dead_holders};
use crate::report::{Check, Level, counted, lease_holder, listed, visible};
use crate::secrets::{SecretSource, Secrets};

/// The largest difference of clocks, in seconds, before times in the history mislead.
const MOST_SKEW: u64 = 10;

/// A store that answers more slowly than this slows every step down.
const SLOW_MILLIS: u128 = 250;

pub(super) fn inventory(reading: &Reading, folder: &Path) -> Vec<Check> {
    const AREA: &str = "inventory";
    let mut found = Vec::new();
    let inventory = &reading.inventory;
    let of = |severity| {
        let all = reading.findings.iter();
        all.filter(|finding| finding.severity == severity).count()
    };
    let holds = format!(
        "{}, {}, {}",
        counted(inventory.devices().count(), "device"),
        counted(inventory.subscribers().count(), "subscriber"),
        counted(of(Severity::Warning), "warning")
    );
    found.push(match of(Severity::Error) {
        0 => Check::ok(AREA, format!("valid: {holds}")),
        errors => Check::of(
            AREA,
            Level::Problem,
            format!("{}, so gamctl cannot plan", counted(errors, "error")),
            "`gamctl validate` shows them",
        ),
    });
    let is_in_git = is_bare(folder) || Source::git(folder, "HEAD").is_ok();
    found.push(match (inventory.commit(), is_in_git) {
        (Some(commit), _) => Check::ok(
            AREA,
            format!("committed: {}", commit.get(..12).unwrap_or(commit)),
        ),
        (None, true) => Check::of(
            AREA,
            Level::Problem,
            "the work tree has uncommitted changes; `apply` refuses that",
            "commit them, or use `apply --allow-uncommitted`, which is recorded",
        ),
        (None, false) => Check::of(
            AREA,
            Level::Problem,
            format!("{} is not in git; `apply` refuses that", folder.display()),
            "run `git init` and commit it: authors and reasons of changes come from git",
        ),
    });
    found
}

pub(super) fn secrets(reading: &Reading, settings: &Settings) -> Vec<Check> {
    const AREA: &str = "secrets";
    let secrets = Secrets::of(settings.secrets.clone());
    let uses = reading.inventory.secret_uses();
    let needed: BTreeSet<&SecretName> = uses.map(|(name, _)| name).collect();
    let mut found = Vec::new();
    let mut is_sealed = false;
    let mut usable = 0;
    for name in &needed {
        let first = secrets.places(name).into_iter().next();
        is_sealed |= matches!(first, Some(SecretSource::Sealed(_)));
        match secrets.get(name) {
            Ok(_) => usable += 1,
            Err(error) => {
                let what = chain(&error);
                let next = "`gamctl secret list` shows the source of each";
                found.push(Check::of(AREA, Level::Problem, what, next));
            }
        }
        if let Some(path) = secrets.exposed(name) {
            let path = path.display();
            let what = format!("other users of this machine can read {path}");
            found.push(Check::of(
                AREA,
                Level::Warning,
                what,
                format!("`chmod 600 {path}`"),
            ));
        }
    }
    let of = counted(needed.len(), "secret");
    if usable == needed.len() {
        found.insert(0, Check::ok(AREA, format!("all there: {of}")));
    }
    if is_sealed && let (Ok(_), Some(path)) = (secrets.identities(), &settings.secrets.identity) {
        found.push(Check::ok(AREA, format!("opened with {}", path.display())));
    }
    found
}

pub(super) fn store(selected: &Selected<'_>, commit: Option<&str>) -> Vec<Check> {
    const AREA: &str = "store";
    let place = match selected.store_location() {
        Ok(place) => place,
        Err(error) => {
            let next = "name one under `[store]` in gamctl.toml";
            return vec![Check::of(AREA, Level::Problem, format!("{error:#}"), next)];
        }
    };
    let mut found = state(&place.state);
    if !Journal::at(place.state.join("journal")).is_empty() {
        found.push(Check::of(
            AREA,
            Level::Warning,
            "the journal has entries that the store lacks, from when it was unreachable",
            "the next `gamctl apply` replays them",
        ));
    }
    if !place.is_there() {
        let what = format!("none yet; the first `gamctl apply` creates {}", place.url);
        found.push(Check::ok(AREA, what));
        return found;
    }
    let memory = match StoreClient::open(selected) {
        Ok(memory) => memory,
        Err(error) => {
            let next = store_advice(&place, &error);
            found.push(Check::of(AREA, Level::Problem, format!("{error:#}"), next));
            return found;
        }
    };
    let answer = memory.walk(async {
        let facts = memory.store().facts().await?;
        memory.store().check_write().await?;
        Ok(facts)
    });
    match answer {
        Ok(facts) => found.extend(facts_of(&facts)),
        Err(error) => {
            let next = store_advice(&place, &error);
            found.push(Check::of(AREA, Level::Problem, format!("{error:#}"), next));
            return found;
        }
    }
    if let Err(error) = memory.store().check_room(1) {
        let next = "`gamctl apply` refuses a run that it may not be able to record";
        found.push(Check::of(AREA, Level::Problem, error.to_string(), next));
    }
    match left_over(&memory, &place.state, &selected.folder, commit) {
        Ok(more) => found.extend(more),
        Err(error) => {
            let next = "check its log";
            found.push(Check::of(AREA, Level::Problem, format!("{error:#}"), next));
        }
    }
    found
}

/// Returns the next step for a store that cannot be used, by its engine.
fn store_advice(place: &StoreLocation, error: &anyhow::Error) -> String {
    let opened = error.downcast_ref::<StoreLocationError>();
    let asked = error.downcast_ref::<StoreError>();
    let is_full =
        opened.is_some_and(StoreLocationError::is_full) || asked.is_some_and(StoreError::is_full);
    let is_damaged = opened.is_some_and(StoreLocationError::is_damaged)
        || asked.is_some_and(StoreError::is_damaged);
    if is_damaged {
        return match place.url.path() {
            Some(path) => format!(
                "with every gamctl stopped, restore a backup of {0}; without one, move it away (`mv {0} {0}.damaged`) and \
                 follow \"The store is lost\" in docs/operating.md",
                path.display()
            ),
            None => "with every gamctl stopped, restore a backup of the database; without one, follow \"The store is lost\" \
                     in docs/operating.md"
                .to_owned(),
        };
    }
    match (place.url.path(), is_full) {
        (Some(_), true) => format!(
            "free some space there, or name another folder as `state` under `[store]`; \
             `apply` sends nothing that it cannot record, and {} stays as it is",
            place.url
        ),
        (Some(path), false) => format!(
            "check the owner and the permissions of {}, or name another folder as `state` under `[store]`; \
             `apply` needs the store",
            path.display()
        ),
        (None, true) => "free some space on the disk of the database server; `apply` needs the store".to_owned(),
        (None, false) => "check that the database server runs and accepts connections from this host, and `url` under \
             `[store]` in gamctl.toml or GAMCTL_STORE_URL; `apply` needs the store"
            .to_owned(),
    }
}

/// Writes a small file of its own, as the journal would be written, and removes it.
fn try_write(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let write = || {
        let mut file = std::fs::File::create(&path)?;
        file.write_all(&[0; 4096])?;
        file.sync_all()
    };
    let written = write();
    let _gone = std::fs::remove_file(&path);
    written
}

/// Checks that the state directory accepts writes, and that other users cannot read or write it.
fn state(folder: &Path) -> Vec<Check> {
    const AREA: &str = "state";
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Ok(facts) if facts.permissions().mode() & 0o077 != 0 => vec![Check::of(
            AREA,
            Level::Warning,
            format!("other users of this machine can read {shown}, which lists your subscribers"),
            format!("`chmod 700 {shown}`"),
        )],
        Ok(_) => match try_write(folder) {
            Ok(()) => vec![Check::ok(AREA, format!("{shown}, readable only by you"))],
            Err(error) => vec![Check::of(
                AREA,
                Level::Problem,
                match error.kind() {
                    std::io::ErrorKind::StorageFull => format!("no space left on {shown}"),
                    _ => format!("cannot write to {shown}: {error}"),
                },
                "free some space, or check its owner; the journal is written there while the store is unreachable",
            )],
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => vec![Check::of(
            AREA,
            Level::Problem,
            format!("cannot read the permissions of {shown}: {error}"),
            "check its owner; the journal is written there while the store is unreachable",
        )],
    }
}

fn facts_of(facts: &StoreFacts) -> Vec<Check> {
    const AREA: &str = "store";
    let StoreFacts {
        engine,
        version,
        schema,
        knows,
        latency,
        bytes,
        clock: theirs,
    } = facts;
    let what = format!(
        "{engine} {}, schema {schema} of {knows}, {} kB, answers within {} ms",
        visible(version),
        bytes / 1024,
        latency.as_millis() + 1
    );
    let mut found = vec![if latency.as_millis() < SLOW_MILLIS {
        Check::ok(AREA, what)
    } else {
        let next = "every step waits for it twice; run gamctl closer to the store";
        Check::of(AREA, Level::Warning, what, next)
    }];
    let skew = clock::seconds().abs_diff(*theirs);
    if skew > MOST_SKEW {
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!("its clock and this host's clock differ by {}", counted_seconds(skew)),
            "use NTP on both: the history has times of the store, commits and looks have times of this host",
        ));
    }
    found
}

fn counted_seconds(seconds: u64) -> String {
    counted(usize::try_from(seconds).unwrap_or(usize::MAX), "second")
}

/// Reports devices that earlier runs left unfinished.
fn left_over(
    memory: &StoreClient<'_>,
    state: &Path,
    folder: &Path,
    commit: Option<&str>,
) -> anyhow::Result<Vec<Check>> {
    const AREA: &str = "store";
    let mut found = Vec::new();
    let store = memory.store();
    let names = |names: BTreeSet<String>| listed(&names.into_iter().collect::<Vec<_>>());
    let leases = memory.wait(store.leases())?;
    let left = memory.wait(store.unfinished())?;
    let left = without_dead_holders(left, |holder| is_known_dead(state, holder));
    let (held, open): (Vec<_>, Vec<_>) = left.into_iter().partition(|one| one.held_by.is_some());
    for one in &held {
        let lease = leases.get(&one.device);
        let by = lease.and_then(|lease| lease.by.as_ref());
        found.push(Check::of(
            AREA,
            Level::Warning,
            match by {
                Some(by) => format!("{}: {}", one.device, lease_holder(by)),
                None => format!("another gamctl holds the lease of {}", one.device),
            },
            "`gamctl apply --wait 2m` waits for it",
        ));
    }
    if !open.is_empty() {
        let devices = names(open.iter().map(|one| one.device.to_string()).collect());
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!("an earlier run ended in the middle of {devices}"),
            "`gamctl apply` looks at them and does the rest",
        ));
    }
    let unsaved = memory.wait(store.unsaved())?;
    if !unsaved.is_empty() {
        let devices = names(unsaved.iter().map(|one| one.device.to_string()).collect());
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!(
                "the configuration of {devices} was applied but not saved; a restart would undo it"
            ),
            "`gamctl apply` saves it",
        ));
    }
    let freezes = memory.wait(store.freezes())?;
    if !freezes.is_empty() {
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!("{} in force", counted(freezes.len(), "freeze")),
            "`gamctl freeze --list` shows devices, ends and reasons",
        ));
    }
    let applied = memory.wait(store.applied_commit())?;
    if let (Some(applied), Some(commit)) = (applied, commit) {
        let short = |commit: &str| commit.get(..12).unwrap_or(commit).to_owned();
        let (now, before) = (short(commit), short(&applied.commit));
        match ancestry(folder, commit, &applied.commit)? {
            Ancestry::Same | Ancestry::Descends => {}
            Ancestry::Precedes | Ancestry::Apart | Ancestry::Unknown => found.push(Check::of(
                AREA,
                Level::Problem,
                format!("the inventory is at {now}, which is not a descendant of {before}, the last applied commit; `apply` refuses that"),
                "fetch and merge the missing commits; to roll back on purpose, run `gamctl rollback`",
            )),
        }
    }
    Ok(found)
}
