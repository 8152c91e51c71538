//! Provides the folder, the twins' process and the gamctl commands of the demonstration.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::billing_twin::{self, BillingProcess};
use super::files::files;
use super::program::{name, own, quoted};
use super::screen::{Screen, folded_command};
use super::service::ServiceProcess;
use super::stop::Stop;
use crate::authoring::commit::{self, CommitRequest, FileChange, Person};
use crate::authoring::replace;
use crate::cli::clock::commit_time;
use crate::config::Settings;
use crate::inventory::source::Source;
use crate::report::{Exit, Paint};

/// The time between two looks at whether the demonstration is to end.
const TICK: Duration = Duration::from_millis(100);
/// A command that prints nothing for this long gets a line that it is running.
const SILENCE: Duration = Duration::from_millis(500);

/// A folder with an inventory, and its running twins.
pub(super) struct Stage<'a> {
    pub(super) screen: Screen<'a>,
    root: PathBuf,
    is_kept: bool,
    twins: RefCell<Child>,
    pub(super) service: RefCell<Option<ServiceProcess>>,
    billing: RefCell<Option<BillingProcess>>,
    who: String,
    /// What a person enters to start this program.
    pub(super) program: String,
    /// The last run that a command named.
    last_run: RefCell<Option<String>>,
}

impl<'a> Stage<'a> {
    /// Creates the folder, writes the example into it and starts its twins.
    pub(super) fn set(
        keep: Option<&Path>,
        settings: &Settings,
        screen: Screen<'a>,
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
        for (path, text) in files() {
            let file = example.join(path);
            replace(&file, text.as_bytes())
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        let root = fs::canonicalize(&root)
            .with_context(|| format!("failed to find {}", root.display()))?;
        let twins = start_twins(&root)?;
        Ok(Self {
            screen,
            is_kept: keep.is_some(),
            twins: RefCell::new(twins),
            service: RefCell::new(None),
            billing: RefCell::new(None),
            who: settings.who.clone(),
            program: name(settings.host.path.as_deref())?,
            last_run: RefCell::new(None),
            root,
        })
    }

    pub(super) fn inventory(&self) -> PathBuf {
        self.root.join("inventory")
    }

    /// The folder of everything, with the files that are not part of the inventory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Starts a billing system beside the twins, and returns its address.
    pub(super) fn start_billing(&self) -> anyhow::Result<String> {
        let (process, address) = billing_twin::start(&self.root, &self.inventory())?;
        self.billing.replace(Some(process));
        Ok(address)
    }

    /// Prints an explanation between the commands.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.screen.pause()?;
        self.screen.line("")?;
        for line in text.lines() {
            self.screen.prose(&self.screen.terminal.paint.note(line))?;
        }
        Ok(())
    }

    /// Prints a command behind a prompt, so that it can be copied.
    pub(super) fn show_command(&self, prompt: &str, words: &[String]) -> anyhow::Result<()> {
        let terminal = self.screen.terminal;
        for line in folded_command(prompt, words, terminal.width) {
            self.screen.line(&terminal.paint.bold(&line))?;
        }
        Ok(())
    }

    /// Prints this program with arguments, as a person enters it.
    pub(super) fn show_gamctl(&self, prompt: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut words = vec![self.program.clone()];
        words.extend(arguments.iter().map(|argument| quoted(argument)));
        self.show_command(prompt, &words)
    }

    /// Runs gamctl with these arguments in the inventory's folder, shows its output and returns its exit code.
    pub(super) fn gamctl(&self, arguments: &[&str]) -> anyhow::Result<i32> {
        self.screen.pause()?;
        self.screen.line("")?;
        self.show_gamctl("$", arguments)?;
        // One pipe for both, so that results and messages come in their order.
        let (reader, writer) = std::io::pipe().context("failed to open a pipe")?;
        let messages = writer.try_clone().context("failed to open a pipe")?;
        let mut child = self
            .command()?
            .args(arguments)
            .stdout(writer)
            .stderr(messages)
            .spawn()
            .context("failed to run gamctl")?;
        let shown = self.show(&lines_of(reader));
        if shown.is_err() {
            // The demonstration ends; a command that is already done cannot be ended.
            let _ended = child.kill();
        }
        let status = child.wait().context("failed to wait for gamctl")?;
        shown?;
        let code = status.code().unwrap_or(-1);
        let paint = self.screen.terminal.paint;
        self.screen.line(&paint.dim(&format!("[exit {code}]")))?;
        Ok(code)
    }

    /// Shows lines as they come, and that the command is running while none comes.
    fn show(&self, lines: &Receiver<String>) -> anyhow::Result<()> {
        let mut since = Instant::now();
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => {
                    self.remember_run(&line);
                    self.screen.line(&line)?;
                    since = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.screen.go_on()?;
                    let silent = since.elapsed();
                    if silent >= SILENCE {
                        let seconds = silent.as_secs();
                        self.screen
                            .prompt(&format!("the command is running, {seconds} s"))?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn remember_run(&self, line: &str) {
        let mut words = line.split([' ', ',']);
        if words.next() == Some("Run")
            && let Some(run) = words.next()
        {
            self.last_run.replace(Some(run.to_owned()));
        }
    }

    /// Returns the run of the last command that carried one out.
    pub(super) fn take_run(&self) -> Option<String> {
        self.last_run.take()
    }

    /// Remembers a run that no command printed.
    pub(super) fn set_run(&self, run: String) {
        self.last_run.replace(Some(run));
    }

    /// Returns the text of a file of the inventory.
    pub(super) fn read(&self, path: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.inventory().join(path))
            .with_context(|| format!("failed to read {path}"))
    }

    /// Returns the newest commit of the inventory.
    pub(super) fn head(&self) -> anyhow::Result<String> {
        let folder = self.inventory();
        match Source::git(&folder, "HEAD")? {
            Source::Git(source) => Ok(source.commit().to_owned()),
            Source::Directory(_) => anyhow::bail!("{} is not in git", folder.display()),
        }
    }

    /// Commits changes to files, as an operator with an editor would, and returns the commit.
    pub(super) fn commit(&self, changes: &[FileChange], message: &str) -> anyhow::Result<String> {
        let folder = self.inventory();
        let person = Person {
            name: "Sam Example".to_owned(),
            email: "sam@example.net".to_owned(),
        };
        let branch = commit::current_branch(&folder)?;
        let made = commit::commit(&CommitRequest {
            repository: &folder,
            prefix: "",
            branch: &branch,
            expected_base: &self.head()?,
            changes,
            author: &person,
            committer: &person,
            time: commit_time(),
            message,
            trailers: &[],
        })?;
        Ok(made.to_string())
    }

    /// Waits until the twins exit, Ctrl-C is pressed or the reader of the output is gone.
    pub(super) fn wait(&self, stop: &Stop) {
        // A process whose state cannot be queried counts as exited.
        while !stop.is_asked() && matches!(self.twins.borrow_mut().try_wait(), Ok(None)) {
            std::thread::sleep(TICK);
        }
    }

    /// Ends the service and the twins, and removes the temporary folder.
    pub(super) fn strike(self) -> anyhow::Result<Exit> {
        // First: it may be in the middle of a device.
        if let Some(service) = self.service.into_inner() {
            service.end();
        }
        if let Some(billing) = self.billing.into_inner() {
            billing.end();
        }
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

    /// Returns this program, to run in the inventory's folder.
    pub(super) fn command(&self) -> anyhow::Result<Command> {
        let mut command = own()?;
        command
            .current_dir(self.inventory())
            .env("GAMCTL_WHO", &self.who)
            .env("COLUMNS", self.screen.terminal.width.to_string())
            .stdin(Stdio::null());
        if self.screen.terminal.paint == Paint::Color {
            command.args(["--color", "always"]);
        }
        Ok(command)
    }
}

/// Returns the lines of a pipe as they come; the channel closes at its end.
fn lines_of(reader: PipeReader) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).lines() {
            // Without a receiver, or after an error, there is nothing left to do.
            let Ok(Ok(())) = line.map(|line| sender.send(line)) else {
                return;
            };
        }
    });
    receiver
}

fn start_twins(root: &Path) -> anyhow::Result<Child> {
    // Their addresses and logins are not part of the story.
    let messages = root.join("twins.log");
    let log = File::create(&messages)
        .with_context(|| format!("failed to write {}", messages.display()))?;
    let mut twins = own()?
        .args(["twin", "--inventory"])
        .arg(root.join("example"))
        .arg("--write-inventory")
        .arg(root.join("inventory"))
        .args(["--latency", "ssh=150ms,line=40ms,snmp=1ms,save=1s,boot=6s"])
        .args(["--format", "json"])
        .current_dir(root)
        // Ctrl-C is for the demonstration: it ends the service before the twins that the service writes to.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
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
    let why = fs::read_to_string(&messages).unwrap_or_default();
    anyhow::bail!("the twins did not start ({status}): {}", why.trim())
}
