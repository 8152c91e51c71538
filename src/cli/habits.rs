//! Hints for people who type a command or a flag of git, terraform, flux or kubectl.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words of other tools, and what to type instead.
const COMMANDS: [(&[&str], &str); 10] = [
    (
        &["st", "get", "describe"],
        "`gamctl status` shows what the service does, `gamctl plan` what differs, `gamctl observe` how devices are",
    ),
    (
        &["diff"],
        "`gamctl plan` compares devices with the inventory, `gamctl plan --against REV` two commits",
    ),
    (
        &["log", "logs", "events"],
        "`gamctl history` lists runs, `gamctl explain` shows the history of one subscriber",
    ),
    (
        &["reconcile", "sync", "deploy", "push", "commit"],
        "`gamctl apply` carries out what `gamctl plan` shows",
    ),
    (
        &["lint", "check", "verify", "test"],
        "`gamctl validate` checks the inventory, `gamctl doctor` the set-up",
    ),
    (
        &["revert", "undo"],
        "`gamctl rollback RUN` brings back what a run changed",
    ),
    (
        &["destroy", "delete", "remove", "rm"],
        "remove it from the inventory, then run `gamctl plan`",
    ),
    (
        &["list", "ls", "state"],
        "`gamctl show` shows the inventory, `gamctl observe` the devices",
    ),
    (
        &["archive", "oxidized", "export-config"],
        "`gamctl backup` keeps the running-config of each device in a git repository",
    ),
    (&["version"], "`gamctl --version` prints it"),
];

const FLAGS: [(&[&str], &str); 6] = [
    (
        &["--dry-run", "-n", "--check", "--diff"],
        "`gamctl plan` is the dry run of `gamctl apply`",
    ),
    (
        &[
            "-target",
            "--target",
            "--targets",
            "--host",
            "--limit-hosts",
        ],
        "`--device PATTERN` and `--site PATTERN` limit a command to some devices",
    ),
    (
        &[
            "-auto-approve",
            "--force-yes",
            "--assume-yes",
            "--no-confirm",
        ],
        "`--yes` asks nothing; `--auto-approve harmless` asks only if somebody notices",
    ),
    (&["-out"], "`--out FILE` writes the plan to a file"),
    (
        &["-destroy", "--prune"],
        "objects that leave the inventory are removed by the next `gamctl apply`",
    ),
    (
        &["-json", "--json-output", "-o", "--output"],
        "`--format json` prints the result as JSON",
    ),
];

/// Adds a hint to an error about a word of another tool.
pub(super) fn explain(error: &mut clap::Error, arguments: &[OsString]) {
    let table: &[(&[&str], &str)] = match error.kind() {
        ErrorKind::InvalidSubcommand => &COMMANDS,
        ErrorKind::UnknownArgument => &FLAGS,
        _ => return,
    };
    let hint = arguments.iter().skip(1).find_map(|given| {
        let given = given.to_str()?;
        let name = given.split_once('=').map_or(given, |(name, _)| name);
        let (_, hint) = table.iter().find(|(words, _)| words.contains(&name))?;
        Some(*hint)
    });
    if let Some(hint) = hint {
        // Instead of the names that look alike, which are of other things.
        for kind in [
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedArg,
            ContextKind::SuggestedValue,
        ] {
            error.remove(kind);
        }
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![StyledStr::from(hint)]),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn said(line: &str) -> String {
        let arguments = line.split(' ').map(Into::into);
        match parse(arguments) {
            Ok(_) => String::new(),
            Err(error) => error.render().to_string(),
        }
    }

    #[test]
    fn a_command_of_another_tool_is_answered_with_that_of_gamctl() {
        for (typed, answer) in [
            ("gamctl describe", "`gamctl plan` what differs"),
            ("gamctl diff", "`gamctl plan --against REV`"),
            ("gamctl log", "`gamctl history` lists runs"),
            ("gamctl reconcile", "`gamctl apply`"),
            ("gamctl destroy birch-12", "remove it from the inventory"),
        ] {
            let said = said(typed);
            assert!(said.contains(answer), "{typed}: {said}");
            assert!(said.contains("unrecognized subcommand"), "{typed}: {said}");
        }
    }

    #[test]
    fn a_flag_of_another_tool_is_answered_with_that_of_gamctl() {
        for (typed, answer) in [
            ("gamctl apply --dry-run", "`gamctl plan` is the dry run"),
            ("gamctl plan -target=birch-12", "`--device PATTERN`"),
            ("gamctl plan --target birch-12", "`--device PATTERN`"),
            ("gamctl apply -auto-approve", "`--yes` asks nothing"),
            ("gamctl plan -out x", "`--out FILE`"),
        ] {
            let said = said(typed);
            assert!(said.contains(answer), "{typed}: {said}");
        }
    }

    #[test]
    fn other_mistakes_keep_their_own_hints() {
        let said = said("gamctl aply");
        assert!(said.contains("'apply'"), "{said}");
    }
}
