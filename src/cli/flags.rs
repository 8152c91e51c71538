//! Generates the reference of all flags, and holds that a flag has one meaning in every command.

use std::collections::BTreeMap;

use clap::{Arg, CommandFactory};

use super::{Arguments, help};

const HEAD: &str = "\
<!-- Generated from the code by `UPDATE_GOLDEN=1 cargo test --locked --test all documents`. -->

# Flags

All flags of `gamctl`, from the definition of its command line. A flag has the same meaning in every command that accepts it;
`gamctl COMMAND --help` has the details. `-i` may also be given before the command.

| flag | commands | meaning | default |
| --- | --- | --- | --- |
";

/// A flag of one command.
struct FlagUse {
    command: String,
    is_shared: bool,
    /// `-i`, if it has a short form.
    short: Option<char>,
    value: String,
    meaning: String,
    default: Option<String>,
}

/// Returns the reference of all flags.
pub fn flag_reference() -> String {
    let mut text = HEAD.to_owned();
    for (name, uses) in flags() {
        let mut rows: Vec<(String, Vec<&FlagUse>)> = Vec::new();
        for one in &uses {
            let row = row(&name, one);
            match rows.iter_mut().find(|(known, _)| *known == row) {
                Some((_, commands)) => commands.push(one),
                None => rows.push((row, vec![one])),
            }
        }
        for (row, uses) in rows {
            let commands: Vec<String> = match uses.iter().any(|one| one.is_shared) {
                true => vec!["all".to_owned()],
                false => uses
                    .iter()
                    .map(|one| format!("`{}`", one.command))
                    .collect(),
            };
            text.push_str(&row.replacen('\u{0}', &commands.join(", "), 1));
        }
    }
    text
}

fn row(name: &str, one: &FlagUse) -> String {
    let short = one
        .short
        .map_or_else(String::new, |short| format!("-{short}, "));
    let value = match one.value.as_str() {
        "" => String::new(),
        value => format!(" {value}"),
    };
    let default = one.default.as_deref().unwrap_or_default();
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{short}--{name}{}` | \u{0} | {} | {} |\n",
        cell(&value),
        cell(&one.meaning),
        cell(default)
    )
}

/// Returns every visible flag with its uses, by name.
fn flags() -> BTreeMap<String, Vec<FlagUse>> {
    let mut command = Arguments::command();
    command.build();
    let mut flags = BTreeMap::new();
    add(&command, "", &mut flags);
    flags
}

fn add(command: &clap::Command, path: &str, flags: &mut BTreeMap<String, Vec<FlagUse>>) {
    for argument in command.get_arguments() {
        let Some(name) = argument.get_long() else {
            continue;
        };
        let is_shared = argument.get_help_heading() == Some(help::SHARED);
        // Shared flags are listed once, those of the parser not at all.
        let is_listed = match is_shared {
            true => path.is_empty() && argument.is_global_set(),
            false => !argument.is_hide_set() && !["help", "version"].contains(&name),
        };
        if is_listed {
            let uses = flags.entry(name.to_owned()).or_default();
            uses.push(flag_use(argument, path, is_shared));
        }
    }
    for inner in command.get_subcommands() {
        let path = match path {
            "" => inner.get_name().to_owned(),
            path => format!("{path} {}", inner.get_name()),
        };
        if inner.get_name() != "help" && !inner.is_hide_set() {
            add(inner, &path, flags);
        }
    }
}

fn flag_use(argument: &Arg, command: &str, is_shared: bool) -> FlagUse {
    let help = argument.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    // A default that the parser does not set is in the help.
    let (meaning, described) = match help.split_once(" [default: ") {
        Some((meaning, default)) => (meaning.to_owned(), default.strip_suffix(']')),
        None => (help.clone(), None),
    };
    let takes_value = argument.get_action().takes_values();
    let names = argument.get_value_names().unwrap_or_default();
    let value: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<String> = defaults
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    let is_set = takes_value && !defaults.is_empty() && !argument.is_hide_default_value_set();
    FlagUse {
        command: command.to_owned(),
        is_shared,
        short: argument.get_short(),
        value: if takes_value {
            value.join(" ")
        } else {
            String::new()
        },
        meaning,
        default: match is_set {
            true => Some(defaults.join(", ")),
            false => described.map(str::to_owned),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flags that differ between commands, in what, and why that is right.
    const EXCEPTIONS: [(&str, &[Part], &str); 15] = [
        (
            "account",
            &[Part::Meaning, Part::Default],
            "`sync` reads accounts of a billing system, its twin sells to one",
        ),
        (
            "all",
            &[Part::Meaning],
            "the objects of the command: all freezes, or all objects of a device",
        ),
        (
            "branch",
            &[Part::Meaning, Part::Default],
            "`adopt` commits to no branch that is not named",
        ),
        (
            "check",
            &[Part::Meaning],
            "the check of the command: the order of files, or the settings of the service",
        ),
        (
            "drift",
            &[Part::Meaning],
            "`plan` reports it, `adopt` writes it into the inventory",
        ),
        (
            "offline",
            &[Part::Meaning],
            "`adopt` looks at devices unless it writes drift",
        ),
        (
            "watch",
            &[Part::Value, Part::Meaning, Part::Default],
            "`observe` asks a device each time, `status` only the store",
        ),
        (
            "diff",
            &[Part::Meaning],
            "`backup` commits nothing with it, `fmt` does the same with and without it",
        ),
        (
            "limit",
            &[Part::Default],
            "a subscriber has fewer runs than a network, and a search fewer hits that are worth reading",
        ),
        (
            "out",
            &[Part::Value, Part::Meaning],
            "the files of the command: a plan, looks, a list, manual pages",
        ),
        (
            "latency",
            &[Part::Value, Part::Meaning, Part::Default],
            "a device has a time for each of its protocols, a billing system one for all answers",
        ),
        (
            "listen",
            &[Part::Meaning, Part::Default],
            "many devices can have an address each, a billing system has one",
        ),
        (
            "until",
            &[Part::Value, Part::Meaning],
            "a freeze ends at a time, a hold of the inventory after a day",
        ),
        (
            "port",
            &[Part::Meaning, Part::Default],
            "`observe` means a port of a device, `twin billing` one to listen on",
        ),
        (
            "virtuoso",
            &[Part::Value, Part::Meaning],
            "`import` reads a file, `export` writes one of several forms",
        ),
    ];

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Part {
        Short,
        Value,
        Meaning,
        Default,
    }

    fn difference(one: &FlagUse, other: &FlagUse) -> Vec<Part> {
        let parts = [
            (Part::Short, one.short == other.short),
            (Part::Value, one.value == other.value),
            (Part::Meaning, one.meaning == other.meaning),
            (Part::Default, one.default == other.default),
        ];
        let different = parts.into_iter().filter(|(_, is_same)| !is_same);
        different.map(|(part, _)| part).collect()
    }

    #[test]
    fn a_flag_has_one_meaning_value_and_default_in_every_command() {
        let mut wrong = Vec::new();
        let mut needed: Vec<(String, Part)> = Vec::new();
        for (name, uses) in flags() {
            let (first, rest) = uses.split_first().unwrap();
            for other in rest {
                for part in difference(first, other) {
                    let excepted = EXCEPTIONS.iter().find(|(known, ..)| *known == name);
                    match excepted {
                        Some((_, parts, _)) if parts.contains(&part) => {
                            needed.push((name.clone(), part));
                        }
                        _ => wrong.push(format!(
                            "--{name} of `{}` and `{}`: {part:?}",
                            first.command, other.command
                        )),
                    }
                }
            }
        }
        assert_eq!(wrong, [""; 0]);
        for (name, parts, _) in EXCEPTIONS {
            for part in parts {
                let is_needed = needed.contains(&(name.to_owned(), *part));
                assert!(is_needed, "--{name} is the same everywhere: {part:?}");
            }
        }
    }

    #[test]
    fn a_value_has_one_name_for_each_kind() {
        for (name, uses) in flags() {
            for one in uses {
                let is_old = ["DIR", "DIRECTORY", "SECONDS", "PATHS"]
                    .iter()
                    .any(|word| one.value == format!("<{word}>"));
                assert!(!is_old, "--{name} of `{}`: {}", one.command, one.value);
            }
        }
    }

    /// The old spellings, with the commands whose lines they were part of.
    const OLD: [(&str, &str); 13] = [
        ("plan network", "plan -i network"),
        ("validate network", "validate -i network"),
        ("fmt network", "fmt -i network"),
        ("validate --format human", "validate --format text"),
        (
            "import 10.0.0.1 --into network",
            "import 10.0.0.1 -i network",
        ),
        (
            "import 10.0.0.1 -i network --site maple=10.0.0.0/24",
            "import 10.0.0.1 -i network --assign-site maple=10.0.0.0/24",
        ),
        ("observe --save looks/", "observe --out looks/"),
        ("history --most 5", "history --limit 5"),
        ("explain maple-a --most 5", "explain maple-a --limit 5"),
        (
            "history --run 0199f3a2 --lines",
            "history --run 0199f3a2 --detailed",
        ),
        ("explain maple-a --lines", "explain maple-a --detailed"),
        ("twin --only maple-a", "twin --device maple-a"),
        ("twin --from intended", "twin --start-with intended"),
    ];

    #[test]
    fn the_old_spellings_are_accepted_and_not_shown() {
        for (old, new) in OLD {
            let parsed = |line: &str| {
                let words = ["gamctl"].into_iter().chain(line.split(' '));
                Arguments::command().try_get_matches_from(words)
            };
            assert!(parsed(old).is_ok(), "{old}: {:?}", parsed(old).err());
            assert!(parsed(new).is_ok(), "{new}: {:?}", parsed(new).err());
        }
        for line in [
            "twin --json",
            "twin ctl --json list",
            "twin ctl list --json",
        ] {
            let words = ["gamctl"].into_iter().chain(line.split(' '));
            let parsed = Arguments::command().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{line}");
        }
        let shown = flag_reference();
        for flag in ["into", "save", "most", "lines", "only", "json"] {
            assert!(!shown.contains(&format!("--{flag}`")), "{flag}");
            assert!(!shown.contains(&format!("--{flag} ")), "{flag}");
        }
    }

    #[test]
    fn every_command_with_a_result_has_a_format() {
        // These print something else: text for a shell, a program or a person who watches, or a list. The service runs until it is stopped, and a decision of a person has no result besides its exit code.
        let others = [
            "completions",
            "demo",
            "export",
            "man",
            "schema",
            "serve",
            "approve",
            "accept-history",
            "rollout pause",
            "rollout resume",
            "rollout abandon",
        ];
        let mut command = Arguments::command();
        command.build();
        let mut missing = Vec::new();
        let mut all: Vec<(String, &clap::Command)> = command
            .get_subcommands()
            .map(|inner| (inner.get_name().to_owned(), inner))
            .collect();
        while let Some((path, command)) = all.pop() {
            let is_group = command.is_subcommand_required_set();
            let inner = command.get_subcommands();
            all.extend(inner.map(|inner| (format!("{path} {}", inner.get_name()), inner)));
            let has_format = command
                .get_arguments()
                .any(|argument| argument.get_long() == Some("format"));
            let is_other = others.contains(&path.as_str()) || path.contains("help");
            if !is_group && !has_format && !is_other && !command.is_hide_set() {
                missing.push(path);
            }
        }
        assert_eq!(missing, [""; 0]);
    }
}
