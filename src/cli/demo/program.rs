//! Finds the running program, and the word by which a shell starts it.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// Settings of the person who runs the demonstration, meant for real devices.
const REMOVED: [&str; 5] = [
    "GAMCTL_CONFIG",
    "GAMCTL_INVENTORY",
    "GAMCTL_BRANCH",
    "GAMCTL_STORE_URL",
    "GAMCTL_STATE",
];

/// Returns the running program as a command, without environment variables meant for real devices.
pub(super) fn own() -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("failed to find the path of gamctl")?;
    let mut command = Command::new(program);
    for name in REMOVED {
        command.env_remove(name);
    }
    Ok(command)
}

/// Returns what a person enters to start this program: `gamctl` if the shell finds this one by it, else its path.
pub(super) fn name(search_path: Option<&str>) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("failed to find the path of gamctl")?;
    let folders = search_path.unwrap_or_default().split(':');
    let first = folders
        .map(|folder| Path::new(folder).join("gamctl"))
        .find(|path| path.is_file());
    let is_found = first.and_then(|path| path.canonicalize().ok()) == program.canonicalize().ok();
    Ok(match is_found {
        true => "gamctl".to_owned(),
        false => quoted(&program.to_string_lossy()),
    })
}

/// Returns a word as a shell reads it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,".contains(&byte));
    match is_plain {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_the_shell_does_not_find_is_named_by_its_path() {
        let own = std::env::current_exe().unwrap();
        let named = name(Some("/nonexistent:/bin")).unwrap();
        assert_eq!(named, quoted(&own.to_string_lossy()));
        assert!(named.starts_with('/'), "{named}");
    }

    #[test]
    fn a_word_with_spaces_or_quotes_stays_one_word() {
        assert_eq!(quoted("a=b,c"), "a=b,c");
        assert_eq!(quoted("acct-10*"), "'acct-10*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
