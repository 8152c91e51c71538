//! `gamctl complete`: prints what can be entered at the cursor, for the completion of a shell.
//!
//! `line` splits the line as the shell does · `target` finds what is at the cursor · `values` lists candidates.
//!
//! The first line of the output is the kind: `words`, `open` (words without a space behind), `files` or `folders`. The
//! others are a word and, behind a tab, its description. Errors are silent: a line on stderr would end up in the prompt.

mod line;
mod target;
mod values;

use std::io::Write as _;

use clap::{CommandFactory, ValueEnum};

use super::Arguments;
use crate::config;
use crate::model::hazard_on_a_terminal;
use line::Line;
use target::{Position, Target};
use values::Candidate;

/// A shell needs seconds to sort more candidates than this.
const MOST: usize = 2000;

/// Print what can be entered at the cursor, for the completion of a shell
#[derive(Debug, clap::Args)]
pub(super) struct CompleteArguments {
    shell: CompletingShell,

    /// The words of the line up to the cursor, the program first
    #[arg(last = true)]
    words: Vec<String>,
}

/// A shell whose completion asks this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompletingShell {
    Bash,
    Zsh,
    Fish,
}

/// The answer for a shell.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    kind: &'static str,
    candidates: Vec<Candidate>,
}

pub(super) fn run(arguments: &CompleteArguments) {
    let line = Line::of(&arguments.words, arguments.shell);
    let text = answer(&line).text(&line);
    // The shell may have ended.
    let _unheard = std::io::stdout().lock().write_all(text.as_bytes());
}

fn answer(line: &Line) -> Answer {
    let mut command = Arguments::command();
    command.build();
    let target = Target::of(&command, &line.words);
    let words = |candidates: Vec<Candidate>| {
        let is_open =
            !candidates.is_empty() && candidates.iter().all(|one| one.text.ends_with('='));
        Answer {
            kind: if is_open { "open" } else { "words" },
            candidates,
        }
    };
    match &target.position {
        Position::Flags => words(target.flags()),
        Position::Word(argument) => {
            let mut candidates = target.subcommands();
            match argument {
                Some(argument) if target.is_path(argument) && candidates.is_empty() => Answer {
                    kind: target.path_kind(argument),
                    candidates,
                },
                argument => {
                    candidates.extend(argument.map(|one| values(&target, one)).unwrap_or_default());
                    words(candidates)
                }
            }
        }
        Position::Value { argument, .. } if target.is_path(argument) => Answer {
            kind: target.path_kind(argument),
            candidates: Vec::new(),
        },
        Position::Value { argument, .. } => words(values(&target, argument)),
    }
}

/// Returns the values of an argument, with what precedes them in the same word.
fn values(target: &Target<'_>, argument: &clap::Arg) -> Vec<Candidate> {
    let fixed = argument.get_possible_values();
    let mut candidates: Vec<Candidate> = fixed
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| {
            let help = value.get_help().map(ToString::to_string);
            Candidate::new(value.get_name(), help.unwrap_or_default())
        })
        .collect();
    if candidates.is_empty() {
        let given = target.given(config::settings);
        candidates =
            given.map_or_else(Vec::new, |settings| values::of(target, argument, &settings));
    }
    if let Position::Value { before, .. } = &target.position {
        for candidate in &mut candidates {
            candidate.text.insert_str(0, before);
        }
    }
    candidates
}

impl Answer {
    /// Returns the answer as it is printed: only candidates that begin as the word does, each on one line.
    fn text(&self, line: &Line) -> String {
        let mut text = format!("{}\n", self.kind);
        let current = line.words.last().map(String::as_str).unwrap_or_default();
        let mut shown: Vec<&Candidate> = self
            .candidates
            .iter()
            .filter(|one| one.text.starts_with(current))
            // A shell splits candidates into lines, and shows them to a person.
            .filter(|one| {
                !one.text
                    .chars()
                    .any(|letter| hazard_on_a_terminal(letter).is_some())
            })
            .collect();
        shown.dedup_by(|one, other| one.text == other.text);
        for candidate in shown.into_iter().take(MOST) {
            let Some(word) = line.inserted(&candidate.text) else {
                continue;
            };
            if !line.shows_help() {
                text.push_str(&format!("{word}\n"));
                continue;
            }
            let mut help = candidate.help.clone();
            help.retain(|letter| hazard_on_a_terminal(letter).is_none());
            match help.is_empty() {
                true => text.push_str(&format!("{word}\n")),
                false => text.push_str(&format!("{word}\t{help}\n")),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(shell: CompletingShell, words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let line = Line::of(&words, shell);
        let text = answer(&line).text(&line);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn commands_and_flags_are_completed_with_their_help() {
        let found = texts(CompletingShell::Fish, &["gamctl", "pl"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].starts_with("plan\tShow the changes"), "{found:?}");
        let found = texts(CompletingShell::Zsh, &["gamctl", "plan", "--dev"]);
        assert!(found[1].starts_with("--device\t"), "{found:?}");
        let found = texts(CompletingShell::Fish, &["gamctl", "secret", "ro"]);
        assert!(found[1].starts_with("rotate\t"), "{found:?}");
        // Old spellings and commands of the shell itself stay hidden.
        for words in [&["gamctl", "history", "--mo"][..], &["gamctl", "comple"]] {
            let found = texts(CompletingShell::Fish, words);
            assert!(!found.iter().any(|one| one.starts_with("complete\t")));
            assert!(!found.iter().any(|one| one.starts_with("--most")));
        }
    }

    #[test]
    fn values_that_the_parser_knows_are_completed() {
        let found = texts(CompletingShell::Fish, &["gamctl", "plan", "--format", "m"]);
        assert_eq!(found, ["words", "markdown\tFor a pull request"]);
        let found = texts(CompletingShell::Fish, &["gamctl", "plan", "--format=m"]);
        assert_eq!(found, ["words", "--format=markdown\tFor a pull request"]);
        let bash = ["gamctl", "plan", "--format", "=", "m"];
        let found = texts(CompletingShell::Bash, &bash);
        assert_eq!(found, ["words", "markdown"]);
    }

    #[test]
    fn rules_faults_and_paths_are_known_without_an_inventory() {
        let found = texts(
            CompletingShell::Fish,
            &["gamctl", "validate", "--explain", "shared-v"],
        );
        assert!(found[1].starts_with("shared-vlan"), "{found:?}");
        let words = ["gamctl", "twin", "ctl", "fault", "set", "oak", "snmp-l"];
        let found = texts(CompletingShell::Bash, &words);
        assert_eq!(found, ["words", "snmp-loss", "snmp-late"]);
        for (words, kind) in [
            (&["gamctl", "apply", ""][..], "files"),
            (&["gamctl", "-i", ""], "folders"),
            (&["gamctl", "plan", "--out", "x"], "files"),
            (&["gamctl", "observe", "--offline", "a", "b"], "files"),
        ] {
            assert_eq!(texts(CompletingShell::Zsh, words), [kind], "{words:?}");
        }
    }
}
