//! Runs `git` in a process group of its own, limited in time, output and disk space, and ends all of it.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::command::GitCommand;

/// The bytes of error output that are kept; the rest is read and dropped, as a child with a full pipe would block.
const MOST_STDERR: u64 = 64 << 10;

/// The interval at which a running command is checked.
const TICK: Duration = Duration::from_millis(10);

/// The interval at which the disk space of a running command is measured.
const MEASURE: Duration = Duration::from_millis(250);

/// The time that the outputs of an ended command have to close: a process it left behind may keep them open.
const GRACE: Duration = Duration::from_secs(2);

/// Ends running commands early, for a service that stops. Clones share the request.
#[derive(Debug, Clone, Default)]
pub struct StopRequest(Arc<AtomicBool>);

impl StopRequest {
    /// Ends the running command, and every one that is started afterwards.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The `git` program and the folders in which it finds `ssh` and `ssh-keygen`.
#[derive(Debug, Clone)]
pub struct GitProgram {
    pub program: PathBuf,
    /// The value of `PATH`.
    pub path: String,
    pub stop: StopRequest,
}

impl GitProgram {
    /// Returns the `git` that is found in `path`.
    pub fn in_path(path: impl Into<String>) -> Self {
        Self {
            program: PathBuf::from("git"),
            path: path.into(),
            stop: StopRequest::default(),
        }
    }
}

/// The result of a command that ended by itself.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
}

/// The reason why a command did not end by itself.
#[derive(Debug)]
pub(super) enum NotEnded {
    NotInstalled,
    NotStarted(io::Error),
    TimedOut,
    Stopped,
    /// `is_too_large` returned true.
    TooLarge,
    /// It printed more than the limit.
    TooMuchOutput,
}

/// The limits of a command.
pub(super) struct ChildLimits<'a> {
    pub(super) until: Instant,
    pub(super) output_bytes: u64,
    pub(super) is_too_large: &'a dyn Fn() -> bool,
}

/// Runs a command to its end or a limit; afterwards no process of its group is left.
pub(super) fn run(
    program: &GitProgram,
    command: &GitCommand,
    limits: &ChildLimits<'_>,
) -> Result<Ended, NotEnded> {
    if program.stop.is_stopped() {
        return Err(NotEnded::Stopped);
    }
    let mut git = Command::new(&program.program);
    git.args(&command.arguments)
        .env_clear()
        .envs(
            command
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        // A folder that holds no repository and cannot be unmounted.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let child = git.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NotEnded::NotInstalled,
        _ => NotEnded::NotStarted(error),
    })?;
    let mut group = ProcessGroup {
        child,
        is_over: false,
    };
    let output = collect(
        group.child.stdout.take(),
        limits.output_bytes.saturating_add(1),
    );
    let errors = collect(group.child.stderr.take(), MOST_STDERR);
    wait(program, &group, limits)?;
    // ssh and upload-pack may outlive git, with its outputs open.
    let status = group.end().map_err(NotEnded::NotStarted)?;
    let output = finished(&output);
    if output.len() as u64 > limits.output_bytes {
        return Err(NotEnded::TooMuchOutput);
    }
    let errors = finished(&errors);
    Ok(Ended {
        status,
        output,
        errors,
    })
}

/// Waits until the child has ended, and leaves it in the process table.
fn wait(
    program: &GitProgram,
    group: &ProcessGroup,
    limits: &ChildLimits<'_>,
) -> Result<(), NotEnded> {
    let mut next_measure = Instant::now() + MEASURE;
    while !group.has_ended().map_err(NotEnded::NotStarted)? {
        let now = Instant::now();
        if now >= limits.until {
            return Err(NotEnded::TimedOut);
        }
        if program.stop.is_stopped() {
            return Err(NotEnded::Stopped);
        }
        if now >= next_measure {
            if (limits.is_too_large)() {
                return Err(NotEnded::TooLarge);
            }
            next_measure = now + MEASURE;
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// A child and the processes it started. Dropping it kills them all.
struct ProcessGroup {
    child: Child,
    is_over: bool,
}

impl ProcessGroup {
    fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(Pid::from_child(&self.child)), options)?;
        Ok(status.is_some())
    }

    /// Kills every process of the group and returns the status of the child.
    ///
    /// The order matters: once the child was waited for, its number may belong to another group.
    fn end(&mut self) -> io::Result<ExitStatus> {
        if !self.is_over {
            // An error means that no process is left.
            let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        self.is_over = true;
        self.child.wait()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

/// The output of a child, as far as it was read.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Receiver<()>,
}

/// Reads an output to its end in a thread, and keeps at most `most` bytes.
///
/// The thread is not joined: a process that left the group may keep the output open forever.
fn collect(output: Option<impl Read + Send + 'static>, most: u64) -> Collected {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let (sender, closed) = channel();
    let collected = Collected {
        bytes: Arc::clone(&bytes),
        closed,
    };
    let Some(mut output) = output else {
        return collected;
    };
    thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            let mut kept = bytes.lock().unwrap_or_else(PoisonError::into_inner);
            let room = usize::try_from(most)
                .unwrap_or(usize::MAX)
                .saturating_sub(kept.len());
            kept.extend(buffer.iter().take(length.min(room)));
        }
        // The receiver is gone if the time was over.
        let _gone = sender.send(());
    });
    collected
}

fn finished(output: &Collected) -> Vec<u8> {
    // An error means that the time is over, or that there is no output.
    let _closed = output.closed.recv_timeout(GRACE);
    let bytes = output.bytes.lock().unwrap_or_else(PoisonError::into_inner);
    bytes.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn shell(script: &str, seconds: u64) -> Result<Ended, NotEnded> {
        let program = GitProgram {
            program: "/bin/sh".into(),
            ..GitProgram::in_path("")
        };
        let command = GitCommand {
            arguments: ["-c", script].map(OsString::from).to_vec(),
            environment: vec![("PATH", "/usr/bin:/bin".into())],
        };
        let limits = ChildLimits {
            until: Instant::now() + Duration::from_secs(seconds),
            output_bytes: 1 << 20,
            is_too_large: &|| false,
        };
        run(&program, &command, &limits)
    }

    #[test]
    fn output_is_whole_and_errors_are_bounded() {
        let script = "head -c 300000 /dev/zero >&2; head -c 200000 /dev/zero; exit 3";
        let ended = shell(script, 60).unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(ended.output.len(), 200_000);
        assert_eq!(ended.errors.len() as u64, MOST_STDERR);
    }

    #[test]
    fn a_missing_program_is_reported_as_not_installed() {
        let program = GitProgram::in_path("/nonexistent");
        let command = GitCommand {
            arguments: Vec::new(),
            environment: vec![("PATH", "/nonexistent".into())],
        };
        let limits = ChildLimits {
            until: Instant::now() + Duration::from_secs(60),
            output_bytes: 0,
            is_too_large: &|| false,
        };
        assert!(matches!(
            run(&program, &command, &limits),
            Err(NotEnded::NotInstalled)
        ));
        program.stop.stop();
        assert!(matches!(
            run(&program, &command, &limits),
            Err(NotEnded::Stopped)
        ));
    }

    #[test]
    fn the_environment_of_the_caller_does_not_reach_the_command() {
        let ended = shell("/usr/bin/env", 60).unwrap();
        let text = String::from_utf8(ended.output).unwrap();
        // The shell itself adds its folder and its depth.
        let is_own = |line: &&str| {
            ["PATH=", "PWD=", "SHLVL=", "_=", "OLDPWD="]
                .iter()
                .any(|name| line.starts_with(name))
        };
        assert_eq!(text.lines().find(|line| !is_own(line)), None);
    }

    #[test]
    fn a_process_that_the_command_leaves_behind_is_killed_with_its_group() {
        let ended = shell("sleep 600 & echo $!", 60).unwrap();
        let left = String::from_utf8(ended.output).unwrap();
        assert!(is_gone(left.trim()));
    }

    #[test]
    fn at_the_deadline_the_whole_group_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let script = format!(
            "sleep 600 & echo $! >{0}; echo $$ >>{0}; wait",
            file.display()
        );
        assert!(matches!(shell(&script, 1), Err(NotEnded::TimedOut)));
        let pids = std::fs::read_to_string(file).unwrap();
        assert_eq!(pids.lines().count(), 2);
        assert!(pids.lines().all(is_gone));
    }

    /// A killed process stays in the table until its parent waits for it: as a zombie it is gone too.
    fn is_gone(pid: &str) -> bool {
        (0..1_000).any(|_| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let gone = stat.is_empty() || stat.contains(") Z");
            if !gone {
                thread::yield_now();
            }
            gone
        })
    }
}
