//! Generates shell completions and manual pages from the command-line arguments.

use clap::CommandFactory;

use super::Arguments;

/// Returns the completions of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gamctl", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Returns every manual page with its file name, the program's own first.
pub fn manual() -> Vec<(String, String)> {
    let mut command = Arguments::command();
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, "gamctl", &mut pages);
    pages
}

/// Adds the page of a command, then those of the commands inside it.
fn add_pages(command: &clap::Command, name: &str, pages: &mut Vec<(String, String)>) {
    pages.push(page(command, name));
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        add_pages(inner, &format!("{name}-{}", inner.get_name()), pages);
    }
}

fn page(command: &clap::Command, name: &str) -> (String, String) {
    let named = command
        .clone()
        .name(name.to_owned())
        .bin_name(name.to_owned());
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let written = clap_mangen::Man::new(named).render(&mut text);
    debug_assert!(written.is_ok());
    (
        format!("{name}.1"),
        String::from_utf8_lossy(&text).into_owned(),
    )
}
