//! Arranges `--help`: the examples of a command come before the options that all commands share.

use std::io::{self, Write as _};

use clap::error::ErrorKind;

/// The heading of the options that all commands share.
pub(super) const SHARED: &str = "Global options";

/// Prints a message of the argument parser: help to stdout, everything else as the parser does.
pub(super) fn print(error: &clap::Error) -> io::Result<()> {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if !is_help {
        return error.print();
    }
    let help = error.render();
    let text = |is_colored: bool| match is_colored {
        true => shared_last(&help.ansi().to_string()),
        false => shared_last(&help.to_string()),
    };
    if error.use_stderr() {
        let text = text(console::colors_enabled_stderr());
        return io::stderr().lock().write_all(text.as_bytes());
    }
    let text = text(console::colors_enabled());
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Moves the section of shared options to the end of a help text.
fn shared_last(help: &str) -> String {
    let heading = format!("{SHARED}:");
    let lines: Vec<&str> = help.lines().collect();
    let Some(start) = lines.iter().position(|line| line.contains(&heading)) else {
        return help.to_owned();
    };
    // Lines of the section are empty or indented.
    let is_inside = |line: &&&str| line.is_empty() || line.starts_with(' ');
    let rest = lines.iter().skip(start + 1);
    let length = 1 + rest.take_while(is_inside).count();
    let section = lines.iter().skip(start).take(length);
    let before = lines.iter().take(start);
    let after = lines.iter().skip(start + length);
    let join = |lines: Vec<&str>| lines.join("\n").trim_end().to_owned();
    let others = join(before.chain(after).copied().collect());
    let section = join(section.copied().collect());
    format!("{others}\n\n{section}\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Arguments;

    fn long_help(path: &[&str]) -> String {
        let words = ["gamctl"].iter().chain(path).chain(&["--help"]);
        let error = Arguments::command().try_get_matches_from(words);
        shared_last(&error.unwrap_err().render().to_string())
    }

    #[test]
    fn examples_come_before_the_options_that_all_commands_share() {
        for path in [&["find"][..], &["apply"], &["show"], &["rename"]] {
            let help = long_help(path);
            let (examples, shared) = (help.find("Examples:"), help.find("Global options:"));
            assert!(examples.is_some() && examples < shared, "{path:?}: {help}");
            assert_eq!(help.matches("--json-to").count(), 1, "{path:?}: {help}");
        }
    }

    #[test]
    fn every_line_of_the_help_is_still_there() {
        for path in [&[][..], &["twin", "ctl"], &["show", "subscriber"]] {
            let words = ["gamctl"].iter().chain(path).chain(&["--help"]);
            let error = Arguments::command().try_get_matches_from(words);
            let plain = error.unwrap_err().render().to_string();
            let sorted = |text: &str| {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let mut lines: Vec<String> = lines.map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&plain), sorted(&shared_last(&plain)), "{path:?}");
        }
    }
}
