//! Runs a program that prints a secret, such as `pass`, without a shell, limited in time and output.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::read_file::{read_value, without_line_break};
use super::{MAX_BYTES, Secret};
use crate::model::SecretName;

/// The placeholder for the secret's name in a command.
const NAME: &str = "{name}";

/// The time limit; it leaves time to enter a passphrase or to touch a hardware key.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The bytes kept and shown of a command's error output.
const KEPT: usize = 4096;
const SHOWN: usize = 300;

/// A word of letters and digits that is at least this long may be a token.
const TOKEN: usize = 20;

/// The shortest value that is searched for in error output, to mask it.
const RECOGNISABLE: usize = 4;

/// A program with its arguments, one of which contains the secret's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct SecretCommand {
    program: PathBuf,
    arguments: Vec<String>,
    timeout: Duration,
    /// The settings file with the command, if it was found and not named: a folder must not decide which program runs.
    unnamed: Option<PathBuf>,
}

/// The reason why a command returned no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error(
        "the command in {} is not run: the file was found in the current folder, not named, and could run any program as you; name it with `--config` or GAMCTL_CONFIG", .0.display()
    )]
    NotNamed(PathBuf),
    #[error("`{shown}` cannot be run: {reason}")]
    NotStarted { shown: String, reason: String },
    #[error("`{shown}` failed with {how}{said}")]
    Failed {
        shown: String,
        how: String,
        said: String,
    },
    #[error("`{shown}` took longer than {} seconds and was stopped", .timeout.as_secs())]
    TooSlow { shown: String, timeout: Duration },
    #[error("`{shown}` printed more than {MAX_BYTES} bytes and was stopped")]
    TooLarge { shown: String },
    #[error("`{shown}` printed nothing")]
    Silent { shown: String },
}

impl TryFrom<Vec<String>> for SecretCommand {
    type Error = &'static str;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        let mut words = words.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or("a command begins with a program")?;
        if program.contains(NAME) {
            return Err("the program cannot depend on the name of the secret");
        }
        let arguments: Vec<String> = words.collect();
        if !arguments.iter().any(|word| word.contains(NAME)) {
            return Err(
                "one of the arguments must contain `{name}`, the place for the name of the secret",
            );
        }
        Ok(Self {
            program: program.into(),
            arguments,
            timeout: TIMEOUT,
            unnamed: None,
        })
    }
}

impl SecretCommand {
    /// Resolves a program with a `/` relative to the folder of the settings.
    pub fn resolve(&mut self, folder: &Path) {
        if self.program.components().count() > 1 {
            self.program = folder.join(&self.program);
        }
    }

    /// Forbids the command: its settings were found and not named.
    pub fn forbid(&mut self, settings: &Path) {
        self.unnamed = Some(settings.to_path_buf());
    }

    /// Returns the command for messages, without arguments that may be private.
    pub fn shown(&self, name: &SecretName) -> String {
        let telling = self.arguments.iter().find(|word| word.contains(NAME));
        let telling = telling.map_or_else(String::new, |word| word.replace(NAME, name.as_str()));
        let dots = if self.arguments.len() > 1 { "… " } else { "" };
        format!("{} {dots}{telling}", self.program.display())
    }

    /// Runs the program once and returns the secret.
    pub(super) fn ask(&self, name: &SecretName) -> Result<Secret, CommandError> {
        if let Some(settings) = &self.unnamed {
            return Err(CommandError::NotNamed(settings.clone()));
        }
        let shown = self.shown(name);
        let arguments = self.arguments.iter();
        let child = Command::new(&self.program)
            .args(arguments.map(|word| word.replace(NAME, name.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                let reason = error.to_string();
                return Err(CommandError::NotStarted { shown, reason });
            }
        };
        let heard = hear(&mut child, Instant::now() + self.timeout);
        if !matches!(heard, ProgramResult::All { .. }) {
            // Errors are ignored: the program is stopped or has ended already.
            drop(child.kill());
            drop(child.wait());
        }
        let (value, said, status) = match heard {
            ProgramResult::TooMuch => return Err(CommandError::TooLarge { shown }),
            ProgramResult::TooLate => {
                let timeout = self.timeout;
                return Err(CommandError::TooSlow { shown, timeout });
            }
            ProgramResult::Broken(reason) => {
                return Err(CommandError::NotStarted { shown, reason });
            }
            ProgramResult::All {
                value,
                said,
                status,
            } => (value, said, status),
        };
        let value = without_line_break(&value);
        if !status.success() {
            let how = match status.code() {
                Some(code) => format!("exit code {code}"),
                None => "a signal".to_owned(),
            };
            let said = masked(&said, value);
            return Err(CommandError::Failed { shown, how, said });
        }
        if value.is_empty() {
            return Err(CommandError::Silent { shown });
        }
        Ok(Secret::new(value.to_vec()))
    }
}

/// The result of a program.
enum ProgramResult {
    All {
        value: Zeroizing<Vec<u8>>,
        said: Vec<u8>,
        status: ExitStatus,
    },
    TooMuch,
    TooLate,
    Broken(String),
}

enum Piece {
    Value(io::Result<Option<Zeroizing<Vec<u8>>>>),
    Said(Vec<u8>),
}

/// Reads both outputs until they are closed and the program has ended, or the time is over.
///
/// A program may leave child processes that keep the outputs open forever, so the reading threads are not joined.
fn hear(child: &mut Child, until: Instant) -> ProgramResult {
    let (sender, pieces) = channel();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let other = sender.clone();
    std::thread::spawn(move || {
        let value = output.map_or(Ok(None), |output| read_value(output, MAX_BYTES as u64));
        // The receiver is gone if the time was over.
        drop(sender.send(Piece::Value(value)));
    });
    std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(mut errors) = errors {
            let kept = errors.by_ref().take(KEPT as u64).read_to_end(&mut said);
            // Keep reading: a program with a full pipe would block.
            drop(kept.and_then(|_| io::copy(&mut errors, &mut io::sink())));
        }
        drop(other.send(Piece::Said(said)));
    });
    let (value, said) = match both(&pieces, until) {
        Ok(both) => both,
        Err(heard) => return heard,
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                return ProgramResult::All {
                    value,
                    said,
                    status,
                };
            }
            Ok(None) if Instant::now() >= until => return ProgramResult::TooLate,
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return ProgramResult::Broken(error.to_string()),
        }
    }
}

fn both(
    pieces: &Receiver<Piece>,
    until: Instant,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), ProgramResult> {
    let (mut value, mut said) = (None, None);
    while value.is_none() || said.is_none() {
        let left = until.saturating_duration_since(Instant::now());
        match pieces.recv_timeout(left) {
            Ok(Piece::Value(Ok(Some(bytes)))) => value = Some(bytes),
            Ok(Piece::Value(Ok(None))) => return Err(ProgramResult::TooMuch),
            Ok(Piece::Value(Err(error))) => return Err(ProgramResult::Broken(error.to_string())),
            Ok(Piece::Said(bytes)) => said = Some(bytes),
            Err(_) => return Err(ProgramResult::TooLate),
        }
    }
    Ok((value.unwrap_or_default(), said.unwrap_or_default()))
}

/// Returns a program's error output: short, on one line, with possible secrets masked.
fn masked(said: &[u8], value: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(said).into_owned();
    for line in String::from_utf8_lossy(value).lines().map(str::trim) {
        if line.len() >= RECOGNISABLE {
            text = text.replace(line, "****");
        }
    }
    let is_token = |word: &str| {
        word.len() >= TOKEN
            && !word.contains('/')
            && word.contains(|letter: char| letter.is_ascii_digit())
            && word.contains(|letter: char| letter.is_ascii_alphabetic())
    };
    let words = text.split_whitespace();
    let words = words.map(|word| if is_token(word) { "****" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return String::new();
    }
    let short: String = line.chars().take(SHOWN).collect();
    let dots = if short.len() < line.len() { "…" } else { "" };
    format!(": {short}{dots}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> SecretCommand {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        SecretCommand::try_from(words).unwrap()
    }

    fn ask(script: &str) -> Result<Secret, CommandError> {
        let mut command = command(&["/bin/sh", "-c", script, "sh", "gam/{name}"]);
        command.timeout = Duration::from_secs(20);
        command.ask(&SecretName::new("site-12/snmp").unwrap())
    }

    #[test]
    fn the_name_goes_where_it_belongs_and_one_line_break_is_not_the_secrets() {
        let got = |script: &str| ask(script).unwrap().reveal().to_vec();
        assert_eq!(got("printf '%s\\n' \"$1\""), b"gam/site-12/snmp");
        assert_eq!(got("printf 'a\\r\\n'"), b"a");
        assert_eq!(got("printf ' a\\n\\n'"), b" a\n");
        assert_eq!(got("cat > /dev/null; printf a"), b"a");
        let chatty = "i=0; while [ $i -lt 2000 ]; do echo 01234567890123456789012345678901234567890123456789 >&2; i=$((i+1)); done; printf a";
        assert_eq!(got(chatty), b"a");
    }

    #[test]
    fn no_shell_reads_the_words() {
        let command = command(&["echo", "$(id);{name}", "a b"]);
        let got = command.ask(&SecretName::new("x").unwrap()).unwrap();
        assert_eq!(got.reveal(), b"$(id);x a b");
    }

    #[test]
    fn a_failure_is_reported_short_and_without_the_value() {
        let error = ask("echo CANARY-1; printf 'no such entry: CANARY-1\\n hvs.CAESIJ12345678901234567890 \\033[2J' >&2; exit 3").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("exit code 3: no such entry: **** ****"),
            "{text}"
        );
        assert!(!text.contains("CANARY") && !text.contains("hvs"), "{text}");
        assert!(text.contains("`/bin/sh … gam/site-12/snmp`"), "{text}");
        let long = ask("while :; do echo word; done >&2 | head -c 9000 >&2; exit 1");
        assert!(long.unwrap_err().to_string().len() < 500);
        assert!(matches!(ask(":").unwrap_err(), CommandError::Silent { .. }));
        let missing = command(&["/nonexistent/program", "{name}"]);
        let error = missing.ask(&SecretName::new("x").unwrap()).unwrap_err();
        assert!(matches!(error, CommandError::NotStarted { .. }));
    }

    #[test]
    fn a_program_that_does_not_end_or_does_not_stop_talking_is_stopped() {
        let error = ask("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done").unwrap_err();
        assert!(matches!(error, CommandError::TooLarge { .. }), "{error}");
        for script in [
            "exec sleep 600",
            "exec sleep 600 >&- 2>&-",
            "sleep 600 & sleep 600",
        ] {
            let mut slow = command(&["/bin/sh", "-c", script, "sh", "{name}"]);
            slow.timeout = Duration::from_millis(100);
            let error = slow.ask(&SecretName::new("x").unwrap()).unwrap_err();
            assert!(matches!(error, CommandError::TooSlow { .. }), "{error}");
        }
    }

    #[test]
    fn a_command_needs_a_program_and_a_place_for_the_name() {
        for words in [&[][..], &["pass"], &["pass", "show"], &["{name}", "{name}"]] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert!(SecretCommand::try_from(words.clone()).is_err(), "{words:?}");
        }
        let mut beside = command(&["bin/tell", "{name}"]);
        beside.resolve(Path::new("/etc/gamctl"));
        assert_eq!(beside.program, Path::new("/etc/gamctl/bin/tell"));
        let mut known = command(&["pass", "{name}"]);
        known.resolve(Path::new("/etc/gamctl"));
        assert_eq!(known.program, Path::new("pass"));
    }

    #[test]
    fn settings_that_were_only_found_run_no_program() {
        let folder = tempfile::tempdir().unwrap();
        let touched = folder.path().join("touched");
        let mut command = command(&["touch", touched.to_str().unwrap(), "{name}"]);
        command.forbid(Path::new("gamctl.toml"));
        let error = command.ask(&SecretName::new("x").unwrap()).unwrap_err();
        assert!(error.to_string().contains("--config"), "{error}");
        assert!(!touched.exists());
    }
}
