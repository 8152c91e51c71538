//! Runs `gamctl serve` beside the demonstration, waits for what it does, and ends it in good order.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::stage::Stage;

/// The last word of its start.
const READY: &str = "gamctl serve is ready";
/// The time between two looks at what it did.
const TICK: Duration = Duration::from_millis(300);
/// Nothing that the demonstration waits for needs so long.
const LONGEST: Duration = Duration::from_secs(90);
/// A device in progress has so long to be finished after Ctrl-C.
const GRACE: Duration = Duration::from_secs(10);

/// The history names it, so that its runs are not those of the person who watches.
const WHO: &str = "service@demo";

/// The running service.
pub(super) struct ServiceProcess {
    child: Child,
    log: PathBuf,
    /// Where it listens for webhooks.
    address: String,
}

/// What the service reports, as the JSON documents of `status` and `rollouts`.
pub(super) struct Seen {
    status: Value,
    rollouts: Value,
}

impl ServiceProcess {
    /// Ends it as systemd does: it finishes the device in progress and releases what it holds.
    pub(super) fn end(mut self) {
        // The number of a process that has exited may belong to another one.
        if !self.is_running() {
            return;
        }
        let _sent = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while began.elapsed() < GRACE {
            if !self.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Fails if it ended by itself.
    fn must_run(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) => bail!(self.ended(status)),
            _ => Ok(()),
        }
    }

    fn ended(&self, status: ExitStatus) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        format!("the service ended ({status}): {}", log.trim())
    }
}

/// Returns whether `git` can be started: the service fetches with it.
pub(super) fn has_git() -> bool {
    let mut git = Command::new("git");
    git.arg("--version");
    git.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}

impl Stage<'_> {
    /// Starts the service, shows how a person does that, and waits until it is ready.
    pub(super) fn serve(&self) -> anyhow::Result<()> {
        self.screen.pause()?;
        self.screen.line("")?;
        self.show_command(
            "$",
            &[
                format!("GAMCTL_WHO={WHO}"),
                self.program.clone(),
                "--config".to_owned(),
                "gamctl.toml".to_owned(),
                "serve".to_owned(),
                "&".to_owned(),
            ],
        )?;
        let log = self.root().join("serve.log");
        let mut process = self.start_service(&log)?;
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if let Some(line) = text.lines().find(|line| line.starts_with(READY)) {
                process.address = line
                    .trim_start_matches(READY)
                    .trim_start_matches(": ")
                    .to_owned();
                self.service.replace(Some(process));
                return self.screen.line(line);
            }
            let waited = process.must_run().and_then(|()| {
                ensure!(
                    began.elapsed() < LONGEST,
                    "the service does not start; run the demonstration with `--keep FOLDER` and read FOLDER/serve.log"
                );
                self.screen.go_on()
            });
            if let Err(error) = waited {
                process.end();
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the address at which the service takes webhooks.
    pub(super) fn service_address(&self) -> anyhow::Result<String> {
        let service = self.service.borrow();
        let address = service.as_ref().map(|service| service.address.clone());
        address.context("the service does not run")
    }

    fn start_service(&self, log: &Path) -> anyhow::Result<ServiceProcess> {
        let file =
            File::create(log).with_context(|| format!("failed to write {}", log.display()))?;
        let copy = file.try_clone().context("failed to share the log")?;
        let mut command = self.command()?;
        command
            // A service that syncs with billing takes settings only from a file that a person named.
            .args(["--config", "gamctl.toml", "serve"])
            .env("GAMCTL_WHO", WHO)
            // Ctrl-C is for the demonstration, which then ends the service. A second signal would end it at once.
            .process_group(0)
            .stdout(copy)
            .stderr(file);
        Ok(ServiceProcess {
            child: command.spawn().context("failed to start the service")?,
            log: log.to_path_buf(),
            address: String::new(),
        })
    }

    /// Waits until something is true of what the service reports.
    pub(super) fn wait_for(
        &self,
        what: &str,
        is_it: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<Seen> {
        let began = Instant::now();
        loop {
            let seen = self.seen()?;
            if is_it(&seen) {
                return Ok(seen);
            }
            if let Some(because) = seen.paused() {
                bail!(
                    "the rollout is paused, waiting for {what}: {because}; run the demonstration again"
                );
            }
            let waited = began.elapsed();
            let seconds = waited.as_secs();
            ensure!(
                waited < LONGEST,
                "the service did nothing for {seconds} s, waiting for {what}; run the demonstration with `--keep FOLDER`, then `gamctl status` in FOLDER/inventory"
            );
            self.screen
                .prompt(&format!("waiting for {what}, {seconds} s; q: end"))?;
            if let Some(service) = self.service.borrow_mut().as_mut() {
                service.must_run()?;
            }
            self.screen.wait(TICK)?;
        }
    }

    fn seen(&self) -> anyhow::Result<Seen> {
        Ok(Seen {
            status: self.document(&["status"])?,
            rollouts: self.document(&["rollouts"])?,
        })
    }

    /// Returns the JSON document of a command, which is not shown.
    pub(super) fn document(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let output = self
            .command()?
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .context("failed to run gamctl")?;
        serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("`gamctl {}` failed: {}", arguments.join(" "), said.trim())
        })
    }
}

impl Seen {
    /// Returns whether this commit is the target, and no device is to be brought to it any more.
    pub(super) fn has_reached(&self, commit: &str) -> bool {
        let is_done = |device: &Value| {
            let word = device.pointer("/condition/word").and_then(Value::as_str);
            matches!(word, Some("converged" | "observe"))
        };
        let list = |name: &str| self.status.get(name).and_then(Value::as_array);
        let target = self.status.pointer("/target/commit");
        target.is_some_and(|target| target == commit)
            && list("rollouts").is_some_and(Vec::is_empty)
            && list("devices").is_some_and(|all| !all.is_empty() && all.iter().all(is_done))
    }

    /// Returns whether the instance has reported its share of the devices.
    pub(super) fn has_devices(&self) -> bool {
        let devices = self.status.pointer("/instances/0/devices");
        devices.and_then(Value::as_u64) > Some(0)
    }

    /// Returns whether the first wave of the rollout of this commit is applied.
    pub(super) fn is_after_first_wave(&self, commit: &str) -> bool {
        let wave = self.rollouts.pointer("/rollouts/0/wave");
        self.newest("commit") == Some(commit)
            && (wave.and_then(Value::as_u64) > Some(1)
                || matches!(self.newest("state"), Some("gate" | "done")))
    }

    /// Returns whether the newest rollout removed drift.
    pub(super) fn has_restored(&self) -> bool {
        self.newest("kind") == Some("drift") && self.newest("state") == Some("done")
    }

    /// Returns whether billing was read, and everything that follows from it is committed.
    pub(super) fn has_synced(&self) -> bool {
        let word = self.status.pointer("/billing/0/word");
        word.is_some_and(|word| word == "synced")
    }

    /// Returns why the newest rollout is paused.
    fn paused(&self) -> Option<&str> {
        let because = self.newest("because").unwrap_or("no reason");
        (self.newest("state") == Some("paused")).then_some(because)
    }

    /// Returns a value of the newest rollout.
    fn newest(&self, key: &str) -> Option<&str> {
        let rollout = self.rollouts.pointer("/rollouts/0")?;
        rollout.get(key)?.as_str()
    }
}
