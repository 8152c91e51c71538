//! `gamctl completions`: prints the completions of a shell.
//!
//! Those of bash, zsh and fish are small functions that ask `gamctl complete`. They run nothing that a name contains:
//! the answer is split into lines and never evaluated.

use clap_complete::Shell;

use super::terminal::Terminal;
use crate::report::Exit;

const BASH: &str = r#"# Completion of gamctl for bash 4.4 or newer; it asks `gamctl complete`.
_gamctl() {
    local -a found=()
    mapfile -t found < <("$1" complete bash -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
    COMPREPLY=()
    case "${found[0]}" in
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    open)
        compopt -o nospace 2>/dev/null
        COMPREPLY=("${found[@]:1}")
        ;;
    *) COMPREPLY=("${found[@]:1}") ;;
    esac
}
complete -F _gamctl gamctl
"#;

const ZSH: &str = r#"#compdef gamctl
# Completion of gamctl for zsh; it asks `gamctl complete`.
_gamctl() {
    local line
    local -a found words_before values texts described
    words_before=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    found=("${(@f)$("${words_before[1]}" complete zsh -- "${words_before[@]}" 2>/dev/null)}")
    case "$found[1]" in
    files) _files; return ;;
    folders) _files -/; return ;;
    esac
    for line in "${(@)found[2,-1]}"; do
        values+=("${line%%$'\t'*}")
        if [[ "$line" == *$'\t'* ]]; then
            described=(-l)
            texts+=("${line/$'\t'/  -- }")
        else
            texts+=("$line")
        fi
    done
    if [[ "$found[1]" == open ]]; then
        described+=(-S '')
    fi
    compadd "${described[@]}" -d texts -a values
}
if [[ "$funcstack[1]" == _gamctl ]]; then
    _gamctl "$@"
else
    compdef _gamctl gamctl
fi
"#;

const FISH: &str = r#"# Completion of gamctl for fish 3.1 or newer; it asks `gamctl complete`.
function __gamctl_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command $before[1] complete fish -- $before "$current" 2>/dev/null)
    switch "$found[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case '*'
            if set -q found[2]
                printf '%s\n' $found[2..-1]
            end
    end
end
complete -c gamctl -f -a '(__gamctl_complete)'
"#;

/// Print completions for a shell
///
/// They complete commands, flags and values: names of devices, sites and subscribers of the inventory that the line is
/// about, runs of its store, rules and faults. They contact no device.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gamctl completions bash > /etc/bash_completion.d/gamctl
  gamctl completions zsh > ~/.zfunc/_gamctl
  gamctl completions fish > ~/.config/fish/completions/gamctl.fish")]
pub(super) struct CompletionsArguments {
    /// Print completions for this shell
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, terminal: &Terminal) -> anyhow::Result<Exit> {
    terminal.no_json("completions")?;
    let text = match arguments.shell {
        Shell::Bash => BASH.to_owned(),
        Shell::Zsh => ZSH.to_owned(),
        Shell::Fish => FISH.to_owned(),
        other => super::generated::completions(other),
    };
    terminal.result(&text)?;
    Ok(Exit::Done)
}
