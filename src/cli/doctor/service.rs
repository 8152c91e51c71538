//! Checks the service on this host: git and the branch, webhook, listeners; and what the store knows of instances.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use super::listener;
use crate::cli::invocation::Selected;
use crate::cli::serve::remote;
use crate::cli::store_client::StoreClient;
use crate::config::Settings;
use crate::history::{BranchState, Instance, Rollout, RolloutState};
use crate::model::chain;
use crate::report::{Check, Level, counted, short_id, visible};
use crate::secrets::Secrets;
use crate::service::fetch::{
    FETCH_DEADLINE, FetchError, GitProgram, GitVersion, RemoteSettings, git_version, remote_commit,
};

const AREA: &str = "service";

/// The part of the file of signers that is counted; thousands of persons fit.
const MOST_BYTES: u64 = 4 << 20;

/// Checks everything that the service needs besides what an apply needs.
pub(super) fn service(selected: &Selected<'_>) -> anyhow::Result<Vec<Check>> {
    let settings = &selected.settings;
    if !settings.names_service {
        return Ok(Vec::new());
    }
    let mut found: Vec<Check> = settings
        .serve
        .check()
        .iter()
        .map(|error| problem(&error.to_string()))
        .collect();
    if !settings.is_named && (settings.git.names_anything() || settings.telemetry.otlp.is_some()) {
        let what = "`[git]` and `[telemetry]` are used only from settings that you name";
        let next = "run this as the service is run: `gamctl --config FILE doctor`";
        found.push(Check::of(AREA, Level::Problem, what, next));
        return Ok(found);
    }
    let secrets = Secrets::of(settings.secrets.clone());
    found.extend(webhook(settings, &secrets));
    match remote(settings, &selected.folder, &secrets) {
        Ok(remote) => found.extend(git(settings, &remote)),
        Err(error) => found.push(problem(&format!("{error:#}"))),
    }
    let invocation = selected.invocation;
    found.push(invocation.wait(listener::public(settings.serve.listen))?);
    if let Some(metrics) = settings.serve.metrics {
        found.push(invocation.wait(listener::metrics(metrics))?);
    }
    found.extend(stored(selected)?);
    Ok(found)
}

/// Makes a check of an error; what follows its last `;` is the next step.
fn problem(error: &str) -> Check {
    let (what, next) = error
        .rsplit_once("; ")
        .unwrap_or((error, "correct it in the settings of the service"));
    Check::of(AREA, Level::Problem, what, next)
}

fn webhook(settings: &Settings, secrets: &Secrets) -> Option<Check> {
    let webhook = settings.git.webhook.as_ref()?;
    Some(match secrets.get(&webhook.secret) {
        Ok(_) => Check::ok(AREA, "the secret of the webhook is there"),
        Err(error) => {
            let what = format!("no secret for the webhook: {}", chain(&error));
            let next = "`gamctl secret list` shows the source of each; without it `gamctl serve` does not start";
            Check::of(AREA, Level::Problem, what, next)
        }
    })
}

/// Checks the program, the repository and its branch, and the file of signers.
fn git(settings: &Settings, remote: &RemoteSettings) -> Vec<Check> {
    let git = GitProgram::in_path(settings.search_path.clone());
    let mut found = Vec::new();
    match git_version(&git) {
        Ok(version) => found.push(version_check(version, remote.signers.is_some())),
        Err(error) => {
            found.push(problem(&chain(&error)));
            return found;
        }
    }
    found.extend(remote.signers.as_deref().map(signers));
    found.push(match remote_commit(&git, remote, FETCH_DEADLINE) {
        Ok(commit) => {
            let commit = commit.as_str().get(..12).unwrap_or_default();
            let what = format!(
                "branch `{}` of {} is at {commit}",
                remote.branch.as_str(),
                remote.url
            );
            Check::ok(AREA, what)
        }
        Err(error) => remote_problem(&error),
    });
    found
}

fn remote_problem(error: &FetchError) -> Check {
    let mut check = problem(&chain(error));
    if matches!(
        error,
        FetchError::TimedOut { .. } | FetchError::Other { .. }
    ) {
        check.next =
            Some("check the address and the login under `[git]`, and the server".to_owned());
    }
    check
}

fn version_check(version: Option<GitVersion>, has_signers: bool) -> Check {
    let Some(version) = version else {
        let what = "`git --version` prints no version";
        return Check::of(AREA, Level::Problem, what, "install git");
    };
    let needed = match has_signers {
        true => GitVersion::FOR_SIGNATURES,
        false => GitVersion::FOR_FETCHES,
    };
    match version >= needed {
        true => Check::ok(AREA, format!("git {version}")),
        false => Check::of(
            AREA,
            Level::Problem,
            format!("git {version} is too old: gamctl needs {needed}"),
            "install a newer git",
        ),
    }
}

fn signers(path: &Path) -> Check {
    let shown = path.display();
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
    match read {
        Ok(_) => {
            let text = String::from_utf8_lossy(&text);
            let lines = text.lines().map(str::trim);
            let keys = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            match keys.count() {
                0 => Check::of(
                    AREA,
                    Level::Problem,
                    format!("{shown} lists no signer, so no commit is accepted"),
                    "add a line for each person, in the format of `ssh-keygen`",
                ),
                keys => Check::ok(AREA, format!("{shown} lists {}", counted(keys, "signer"))),
            }
        }
        Err(error) => Check::of(
            AREA,
            Level::Problem,
            format!("cannot read the allowed signers {shown}: {error}"),
            "check `signers` under `[git]`, and the owner of the file; no commit is accepted meanwhile",
        ),
    }
}

/// Reports instances, the branch and paused rollouts, as the store has them.
fn stored(selected: &Selected<'_>) -> anyhow::Result<Vec<Check>> {
    // Without a store, `store` has said so.
    let is_there = selected
        .store_location()
        .is_ok_and(|place| place.is_there());
    if !is_there {
        return Ok(Vec::new());
    }
    let Ok(client) = StoreClient::open(selected) else {
        return Ok(Vec::new());
    };
    let store = client.store();
    let read = client.wait(async {
        Ok::<_, crate::history::StoreError>((
            store.instances().await?,
            store.branch_state().await?,
            store.open_rollouts().await?,
        ))
    });
    let (instances, branch, rollouts) = match read {
        Ok(read) => read,
        Err(error) => return Ok(vec![problem(&format!("{error:#}"))]),
    };
    let dead = selected.settings.serve.dead;
    let mut found: Vec<Check> = match instances.is_empty() {
        true => vec![Check::ok(AREA, "no instance runs")],
        false => instances.iter().map(|one| instance(one, dead)).collect(),
    };
    found.extend(branch_checks(&branch));
    found.extend(rollouts.iter().filter_map(paused));
    Ok(found)
}

fn instance(one: &Instance, dead: Duration) -> Check {
    let is_silent = Duration::from_secs(one.silent) >= dead;
    let name = format!(
        "instance {} on {} (process {}, version {})",
        short_id(one.id),
        visible(&one.host),
        one.process,
        visible(&one.version)
    );
    let failing = one.report.tasks.iter().find(|(_, task)| task.failures > 0);
    match (is_silent, failing) {
        (true, _) => Check::of(
            AREA,
            Level::Warning,
            format!("{name} had its last heartbeat {} s ago", one.silent),
            "start it again if it ended; otherwise compare the clocks, and check whether it reaches the store",
        ),
        (false, Some((task, report))) => Check::of(
            AREA,
            Level::Warning,
            format!(
                "{name}: its task `{}` failed {} in a row: {}",
                visible(task),
                counted(
                    usize::try_from(report.failures).unwrap_or(usize::MAX),
                    "time"
                ),
                visible(report.error.as_deref().unwrap_or_default())
            ),
            "see its log",
        ),
        (false, None) => Check::ok(AREA, format!("{name} is alive")),
    }
}

fn branch_checks(branch: &BranchState) -> Vec<Check> {
    let short = |commit: &str| visible(commit.get(..12).unwrap_or(commit)).into_owned();
    let mut found = Vec::new();
    if let Some(halted) = &branch.halted {
        let (target, candidate) = (short(&halted.target), short(&halted.candidate));
        found.push(Check::of(
            AREA,
            Level::Problem,
            format!(
                "halted: the branch is at {candidate}, which does not contain the target {target}"
            ),
            "restore the branch, or accept the new history with `gamctl accept-history`",
        ));
    }
    if let Some(held) = &branch.held {
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!(
                "commit {} is not accepted: {}",
                short(&held.commit),
                visible(&held.sentence)
            ),
            "`gamctl status` shows the findings; the target before it stays in use",
        ));
    }
    if let Some(error) = &branch.error {
        found.push(Check::of(
            AREA,
            Level::Warning,
            format!("the last fetch of the service failed: {}", visible(error)),
            "compare with the check of the branch above: it was made from this host, as this user",
        ));
    }
    found
}

fn paused(rollout: &Rollout) -> Option<Check> {
    let last = &rollout.last;
    (last.state == RolloutState::Paused).then(|| {
        let because = last.content.because.as_deref().unwrap_or("no reason given");
        Check::of(
            AREA,
            Level::Warning,
            format!("rollout {} is paused: {}", short_id(rollout.id.0), visible(because)),
            "`gamctl rollout resume` continues it, `gamctl rollout abandon` ends it, both with a reason",
        )
    })
}
