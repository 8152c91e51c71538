//! What is made from the arguments themselves: completions and manual pages.

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
    let mut pages = vec![page(&command, "gamctl")];
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        pages.push(page(inner, &format!("gamctl-{}", inner.get_name())));
    }
    pages
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
