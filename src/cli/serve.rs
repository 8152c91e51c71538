//! `gamctl serve`: runs the service until it is stopped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::sync::watch;

use super::clock;
use super::invocation::{Invocation, Selected};
use super::signals::{AtWork, stop_on_signals};
use super::source::FolderArguments;
use super::traces;
use crate::config::Settings;
use crate::inventory::source::root_and_folder;
use crate::reconcile::run::{LEASE, RunOptions};
use crate::report::Exit;
use crate::secrets::Secrets;
use crate::service::fetch::{
    BranchName, GitProgram, HttpLogin, Protocol, RemoteSettings, RemoteUrl,
};
use crate::service::{
    IntervalBounds, Intervals, Opening, Service, ServiceSettings, SlotLimits, Timing,
};

/// Run the service: watch repository and devices, apply what may go by itself
///
/// gamctl follows a branch, looks at every device on a schedule, and brings devices to the newest commit that passes all
/// checks. `policy.toml` in the inventory says what goes by itself and what waits for a person; without it, every change
/// waits for `gamctl approve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl --config /etc/gamctl.toml serve --check    check the settings, start nothing
  gamctl --config /etc/gamctl.toml serve            run until SIGTERM or Ctrl-C
  gamctl serve -i network                           follow the repository in this folder
  gamctl status                                     see what it does

The first signal finishes the devices in progress and exits with 0; a second one ends at once.")]
pub(super) struct ServeArguments {
    /// Check settings, secrets, store and repository, and start nothing
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    inventory: FolderArguments,
}

/// The branch, if neither settings nor environment name one.
const BRANCH: &str = "main";

/// How often the supervisor is told that the service works, as a share of its own limit.
const WATCHDOG_SHARE: u32 = 3;

pub(super) fn run(arguments: &ServeArguments, invocation: &Invocation) -> anyhow::Result<Exit> {
    let selected = invocation.select(arguments.inventory.given())?;
    let terminal = &invocation.terminal;
    let opening = opening(&selected)?;
    if arguments.check {
        invocation.wait(check(&opening))??;
        terminal.say("The settings are complete: store, repository and listeners can be used.");
        if let Some(collector) = traces::collector(&selected.settings)? {
            let listens = match invocation.wait(collector.listens())? {
                Ok(()) => "it accepts connections".to_owned(),
                Err(why) => {
                    format!("it cannot be reached now, and traces are dropped until it can: {why}")
                }
            };
            terminal.say(&format!("Traces go to {collector}; {listens}."));
        }
        return Ok(Exit::Done);
    }
    let (stopping, stop) = watch::channel(false);
    let is_unfinished = invocation.wait(async {
        let _signals = stop_on_signals(stopping, AtWork::default(), terminal.clone());
        let service = Service::start(opening, clock::seconds, stop).await?;
        terminal.say_always(&format!(
            "gamctl serve is ready: http://{}{}",
            service.listen,
            match service.metrics {
                Some(metrics) => format!(", metrics at http://{metrics}/metrics"),
                None => String::new(),
            }
        ));
        supervised(&service);
        let is_unfinished = service.run().await;
        let _supervisor = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        anyhow::Ok(is_unfinished)
    })??;
    match is_unfinished {
        true => {
            terminal.say_always("A device was left unfinished; the next start looks at it first.");
            Ok(Exit::Interrupted)
        }
        false => Ok(Exit::Done),
    }
}

/// Tells systemd that the service is ready, and from then on that it is alive.
fn supervised(service: &Service) {
    let _supervisor = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        service.when_live(limit / WATCHDOG_SHARE, || {
            let _supervisor = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        });
    }
}

/// Collects and checks everything that an instance needs.
fn opening(selected: &Selected<'_>) -> anyhow::Result<Opening> {
    let settings = &selected.settings;
    ensure!(
        settings.is_named || !settings.git.names_anything(),
        "`[git]` is used only from settings that you name, because the author of an inventory must not choose what its devices follow; use `gamctl --config gamctl.toml serve`"
    );
    ensure!(
        settings.is_named || settings.telemetry.otlp.is_none(),
        "`[telemetry]` is used only from settings that you name, because the author of an inventory must not choose where traces go; use `gamctl --config gamctl.toml serve`"
    );
    ensure!(
        settings.is_named || !settings.sync.run,
        "`[sync]` is used only from settings that you name, because the author of an inventory must not choose where secrets are sent; use `gamctl --config gamctl.toml serve`"
    );
    let wrong = settings.serve.check();
    if !wrong.is_empty() {
        let lines: Vec<String> = wrong.iter().map(|error| format!("  {error}")).collect();
        bail!(
            "the settings of the service are wrong:\n{}",
            lines.join("\n")
        );
    }
    let location = selected.store_location()?;
    let secrets = Secrets::of(settings.secrets.clone());
    let remote = remote(settings, &selected.folder, &secrets)?;
    let webhook = match &settings.git.webhook {
        Some(webhook) => Some(
            secrets
                .get(&webhook.secret)
                .context("`[git] webhook` names a secret that cannot be read")?,
        ),
        None => None,
    };
    let serve = settings.serve.clone();
    let timing = Timing {
        fetch: settings.git.every.unwrap_or(Timing::default().fetch),
        heartbeat: serve.heartbeat,
        leads: serve.dead,
        ..Timing::default()
    };
    let lease = settings.apply.lease_seconds;
    Ok(Opening {
        settings: ServiceSettings {
            git: settings.git.clone(),
            intervals: intervals(&serve),
            serve,
            state: absolute(&location.state)?,
            syncs: settings.sync.run,
            webhook,
            who: settings.who.clone(),
            clock: clock::millis,
            seconds: clock::seconds,
            queue_limits: SlotLimits::default(),
            timing,
            run_options: RunOptions::of_service,
            traces: selected.invocation.traces.clone(),
        },
        location,
        secrets: settings.secrets.clone(),
        remote,
        git: GitProgram::in_path(settings.search_path.clone()),
        lease: lease.map_or(LEASE, |seconds| {
            Duration::from_secs(u64::from(seconds.get()))
        }),
    })
}

/// Returns the repository to follow: that of `[git]`, else the one of the inventory's folder.
pub(super) fn remote(
    settings: &Settings,
    folder: &Path,
    secrets: &Secrets,
) -> anyhow::Result<RemoteSettings> {
    let git = &settings.git;
    let (url, inner) = match &git.url {
        Some(url) => (
            RemoteUrl::parse(url, &absolute(&git.home)?)?,
            PathBuf::new(),
        ),
        None => {
            let (root, inner) = root_and_folder(&absolute(folder)?)?;
            let root = root
                .to_str()
                .context("the path of the inventory is not UTF-8")?;
            (RemoteUrl::parse(root, Path::new("/"))?, inner)
        }
    };
    let file = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    let login = match &git.login {
        Some(login) => {
            ensure!(
                url.protocol() == Protocol::Https,
                "`[git] login` is only for https, and the repository is at {url}; remove it, or use an https url"
            );
            let password = secrets.get(&login.password.secret);
            Some(HttpLogin {
                user: login.user.clone(),
                password: password.context("`[git] login` names a password that cannot be read")?,
            })
        }
        None => None,
    };
    let branch = git.branch.as_ref().or(settings.branch.as_ref());
    Ok(RemoteSettings {
        url,
        branch: BranchName::parse(branch.map_or(BRANCH, String::as_str))?,
        folder: git.folder.clone().unwrap_or(inner),
        signers: file(&git.signers)?,
        known_hosts: file(&git.known_hosts)?,
        ca_file: file(&git.ca_file)?,
        ssh_key: file(&git.ssh_key)?,
        login,
    })
}

/// Returns a path that is also right for git, which runs in another folder.
fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    std::path::absolute(path).context("the current folder cannot be named")
}

/// Returns the intervals: the set ones, with bounds that adapt by the same factors as the default ones.
fn intervals(serve: &crate::config::ServeSettings) -> Intervals {
    let usual = Intervals::default();
    let scaled = |set: Duration, usual: IntervalBounds| {
        let set = u64::try_from(set.as_millis()).unwrap_or(u64::MAX);
        IntervalBounds {
            default: set,
            shortest: (set.saturating_mul(usual.shortest) / usual.default.max(1)).max(1),
            longest: set.saturating_mul(usual.longest) / usual.default.max(1),
        }
    };
    Intervals {
        probe: scaled(serve.probe, usual.probe),
        poll: scaled(serve.poll, usual.poll),
        look: scaled(serve.look, usual.look),
    }
}

/// Opens what the service would open, and closes it again.
async fn check(opening: &Opening) -> anyhow::Result<()> {
    let store = opening.location.open().await?;
    store.check_write().await?;
    store.close().await;
    let folder: PathBuf = opening.settings.state.clone();
    let (remote, git) = (opening.remote.clone(), opening.git.clone());
    let fetched = tokio::task::spawn_blocking(move || {
        let mirror = crate::service::fetch::Mirror::open_or_create(
            &crate::service::mirror_folder(&folder),
            git,
        )?;
        mirror.fetch(&remote, crate::service::fetch::FETCH_DEADLINE)
    });
    fetched.await.context("gamctl failed while fetching")??;
    for address in [
        Some(opening.settings.serve.listen),
        opening.settings.serve.metrics,
    ] {
        let Some(address) = address else { continue };
        tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
    }
    Ok(())
}
