//! `gamctl completions`: prints the completions of a shell.

use super::terminal::Terminal;
use crate::report::Exit;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl completions bash > /etc/bash_completion.d/gamctl
  gamctl completions zsh > ~/.zfunc/_gamctl
  gamctl completions fish > ~/.config/fish/completions/gamctl.fish")]
pub(super) struct CompletionsArguments {
    /// Print completions for this shell
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    terminal.no_json("completions")?;
    terminal.result(&super::generated::completions(arguments.shell))?;
    Ok(Exit::Done)
}
