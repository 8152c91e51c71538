//! Provides the folder, the twins' process and the gamctl commands of the demonstration.

use std::cell::Cell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::files::FILES;
use super::stop::Stop;
use crate::authoring::commit::{self, CommitRequest, FileChange, Person};
use crate::authoring::replace;
use crate::cli::clock::commit_time;
use crate::cli::terminal::Terminal;
use crate::config::Settings;
use crate::inventory::source::Source;
use crate::report::Exit;

/// The reading time of a line, for someone who reads it for the first time.
const PER_LINE: Duration = Duration::from_millis(350);
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

/// A folder with an inventory, and its running twins.
pub(super) struct Stage<'a> {
    root: PathBuf,
    is_kept: bool,
    twins: std::cell::RefCell<Child>,
    terminal: &'a Terminal,
    who: String,
    has_pauses: bool,
    /// The number of lines since the last pause.
    unread: Cell<u32>,
}

impl<'a> Stage<'a> {
    /// Creates the folder, writes the example into it and starts its twins.
    pub(super) fn set(
        keep: Option<&Path>,
        settings: &Settings,
        terminal: &'a Terminal,
        has_pauses: bool,
    ) -> anyhow::Result<Self> {
        let root = match keep {
            Some(folder) => folder.to_path_buf(),
            None => std::env::temp_dir().join(format!("gamctl-demo-{}", std::process::id())),
        };
        let shown = root.display();
        if root.exists() {
            let mut entries = fs::read_dir(&root)
                .with_context(|| format!("failed to read the folder {shown}"))?;
            ensure!(
                entries.next().is_none(),
                "{shown} is not empty; give a new folder to `--keep`"
            );
        }
        let example = root.join("example");
        for (path, text) in FILES {
            let file = example.join(path);
            replace(&file, text.as_bytes())
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        let root = fs::canonicalize(&root)
            .with_context(|| format!("failed to find {}", root.display()))?;
        let twins = start_twins(&root)?;
        Ok(Self {
            is_kept: keep.is_some(),
            twins: std::cell::RefCell::new(twins),
            terminal,
            who: settings.who.clone(),
            has_pauses,
            unread: Cell::new(0),
            root,
        })
    }

    pub(super) fn inventory(&self) -> PathBuf {
        self.root.join("inventory")
    }

    /// Prints an explanation between the commands.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.pause();
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        self.unread.set(self.unread.get() + lines);
        let painted: Vec<String> = text
            .lines()
            .map(|line| self.terminal.paint.note(line))
            .collect();
        self.terminal.result(&format!("\n{}\n", painted.join("\n")))
    }

    /// Runs gamctl with these arguments in the inventory's folder, shows its output and returns its exit code.
    pub(super) fn gamctl(&self, arguments: &[&str]) -> anyhow::Result<i32> {
        let shown: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
        self.pause();
        self.terminal.result(&format!(
            "\n{}\n",
            self.terminal
                .paint
                .bold(&format!("$ gamctl {}", shown.join(" ")))
        ))?;
        let mut child = self
            .command()?
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to run gamctl")?;
        let output = child.stdout.take().context("gamctl has no output")?;
        for line in BufReader::new(output).lines() {
            let line = line.context("failed to read the output of gamctl")?;
            self.unread.set(self.unread.get() + 1);
            self.terminal.result(&format!("{line}\n"))?;
        }
        let status = child.wait().context("failed to wait for gamctl")?;
        let code = status.code().unwrap_or(-1);
        self.terminal
            .result(&self.terminal.paint.dim(&format!("[exit {code}]\n")))?;
        Ok(code)
    }

    /// Commits a change to one file, as an operator with an editor would.
    pub(super) fn commit(
        &self,
        path: &str,
        text: Option<String>,
        message: &str,
    ) -> anyhow::Result<()> {
        let folder = self.inventory();
        let Source::Git(source) = Source::git(&folder, "HEAD")? else {
            anyhow::bail!("{} is not in git", folder.display());
        };
        let person = Person {
            name: "Sam Example".to_owned(),
            email: "sam@example.net".to_owned(),
        };
        let change = FileChange {
            path: path.to_owned(),
            text,
        };
        let branch = commit::current_branch(&folder)?;
        commit::commit(&CommitRequest {
            repository: &folder,
            prefix: "",
            branch: &branch,
            expected_base: source.commit(),
            changes: &[change],
            author: &person,
            committer: &person,
            time: commit_time(),
            message,
            trailers: &[],
        })?;
        Ok(())
    }

    /// Waits until the twins exit or Ctrl-C is pressed.
    pub(super) fn wait(&self, stop: &Stop) {
        // A process whose state cannot be queried counts as exited.
        while !stop.is_asked() && matches!(self.twins.borrow_mut().try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends the twins and removes the temporary folder.
    pub(super) fn strike(self) -> anyhow::Result<Exit> {
        let mut twins = self.twins.into_inner();
        // An error means that they have already exited.
        let _ended = twins.kill();
        let _gone = twins.wait();
        if !self.is_kept {
            fs::remove_dir_all(&self.root)
                .with_context(|| format!("failed to remove {}", self.root.display()))?;
        }
        Ok(Exit::Done)
    }

    fn command(&self) -> anyhow::Result<Command> {
        let mut command = own()?;
        command
            .current_dir(self.inventory())
            .env("GAMCTL_WHO", &self.who)
            .stdin(Stdio::null());
        if self.terminal.paint == crate::report::Paint::Color {
            command.args(["--color", "always"]);
        }
        Ok(command)
    }

    fn pause(&self) {
        let lines = self.unread.replace(0);
        if self.has_pauses {
            std::thread::sleep((PER_LINE * lines).min(LONGEST_PAUSE));
        }
    }
}

/// Returns the running program as a command, without environment variables meant for real devices.
fn own() -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("failed to find the path of gamctl")?;
    let mut command = Command::new(program);
    for name in [
        "GAMCTL_CONFIG",
        "GAMCTL_INVENTORY",
        "GAMCTL_BRANCH",
        "GAMCTL_STORE_URL",
        "GAMCTL_STATE",
    ] {
        command.env_remove(name);
    }
    Ok(command)
}

fn start_twins(root: &Path) -> anyhow::Result<Child> {
    let mut twins = own()?
        .args(["twin", "--inventory"])
        .arg(root.join("example"))
        .arg("--write-inventory")
        .arg(root.join("inventory"))
        .args(["--latency", "ssh=150ms,line=40ms,snmp=1ms,save=1s,boot=6s"])
        .arg("--json")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("failed to start the twins")?;
    let output = twins.stdout.take().context("the twins have no output")?;
    let mut lines = BufReader::new(output).lines();
    // The twins print their JSON document when all of them are ready.
    for line in lines.by_ref() {
        if line.context("failed to read the output of the twins")? == "}" {
            return Ok(twins);
        }
    }
    let status = twins.wait().context("failed to wait for the twins")?;
    anyhow::bail!("the twins did not start ({status})")
}

fn quoted(argument: &str) -> String {
    let is_plain = argument
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,*".contains(&byte));
    if is_plain && !argument.contains('*') {
        argument.to_owned()
    } else {
        format!("'{argument}'")
    }
}
