//! Renders the backups of devices: what became of each, and a line that sums up.

use serde::Serialize;

use super::{Align, Paint, Table, counted, visible};

/// What became of the backup of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum BackupResult {
    /// The device has what the latest backup has.
    Unchanged,
    Committed {
        commit: String,
        added: usize,
        removed: usize,
    },
    /// It differs, and was only shown.
    Differs { added: usize, removed: usize },
    /// It could not be read, so its latest backup stays.
    NotRead { why: String },
    /// It was read, and could not be committed.
    NotKept { why: String },
}

/// A line of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BackupLine {
    pub device: String,
    /// The file in the repository, `SITE/DEVICE`.
    pub path: String,
    #[serde(flatten)]
    pub result: BackupResult,
}

impl BackupLine {
    /// Returns whether the repository, or the difference shown, has what the device has now.
    pub fn is_done(&self) -> bool {
        match self.result {
            BackupResult::Unchanged
            | BackupResult::Committed { .. }
            | BackupResult::Differs { .. } => true,
            BackupResult::NotRead { .. } | BackupResult::NotKept { .. } => false,
        }
    }
}

/// Renders a line for each device.
pub fn backup_table(lines: &[BackupLine], paint: Paint) -> String {
    let mut table = Table::new([
        ("DEVICE", Align::Left),
        ("BACKUP", Align::Left),
        ("LINES", Align::Left),
        ("COMMIT", Align::Left),
    ]);
    let mut reasons = String::new();
    for line in lines {
        let (word, number_of_lines, commit) = match &line.result {
            BackupResult::Unchanged => ("unchanged", String::new(), String::new()),
            BackupResult::Committed {
                commit,
                added,
                removed,
            } => {
                let commit = commit.get(..12).unwrap_or(commit);
                (
                    "committed",
                    added_and_removed(*added, *removed),
                    commit.to_owned(),
                )
            }
            BackupResult::Differs { added, removed } => (
                "differs",
                added_and_removed(*added, *removed),
                String::new(),
            ),
            BackupResult::NotRead { why } | BackupResult::NotKept { why } => {
                reasons.push_str(&format!("\n{}: {}\n", visible(&line.device), visible(why)));
                let word = match line.result {
                    BackupResult::NotKept { .. } => "not kept",
                    _ => "not read",
                };
                (word, String::new(), String::new())
            }
        };
        table.push(vec![
            line.device.clone(),
            word.to_owned(),
            number_of_lines,
            commit,
        ]);
    }
    table.render(paint) + &reasons
}

/// Returns the sentence that sums up.
pub fn backup_verdict(lines: &[BackupLine], repository: &str) -> String {
    let count =
        |is: fn(&BackupResult) -> bool| lines.iter().filter(|line| is(&line.result)).count();
    let committed = count(|result| matches!(result, BackupResult::Committed { .. }));
    let differ = count(|result| matches!(result, BackupResult::Differs { .. }));
    let unchanged = count(|result| matches!(result, BackupResult::Unchanged));
    let not_read = count(|result| matches!(result, BackupResult::NotRead { .. }));
    let mut parts = Vec::new();
    if committed > 0 {
        parts.push(format!("{} committed", counted(committed, "backup")));
    }
    match differ {
        0 => {}
        1 => parts.push("1 device differs from its latest backup".to_owned()),
        more => parts.push(format!("{more} devices differ from their latest backups")),
    }
    if unchanged > 0 {
        parts.push(format!("{unchanged} unchanged"));
    }
    if not_read > 0 {
        parts.push(format!("{not_read} not read, latest backup kept"));
    }
    let not_kept = count(|result| matches!(result, BackupResult::NotKept { .. }));
    if not_kept > 0 {
        parts.push(format!("{not_kept} not kept"));
    }
    format!("{} (in {}).", parts.join(", "), visible(repository))
}

fn added_and_removed(added: usize, removed: usize) -> String {
    format!("+{added} -{removed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(device: &str, result: BackupResult) -> BackupLine {
        BackupLine {
            device: device.to_owned(),
            path: format!("oak/{device}"),
            result,
        }
    }

    #[test]
    fn each_device_has_a_line_and_a_reason_where_it_was_not_read() {
        let lines = [
            line("oak-a", BackupResult::Unchanged),
            line(
                "oak-b",
                BackupResult::Committed {
                    commit: "0123456789abcdef".to_owned(),
                    added: 2,
                    removed: 1,
                },
            ),
            line(
                "oak-c",
                BackupResult::NotRead {
                    why: "it does not answer".to_owned(),
                },
            ),
        ];
        assert_eq!(
            backup_table(&lines, Paint::Plain),
            "\
DEVICE  BACKUP     LINES  COMMIT
oak-a   unchanged
oak-b   committed  +2 -1  0123456789ab
oak-c   not read

oak-c: it does not answer
"
        );
        assert_eq!(
            backup_verdict(&lines, "backups"),
            "1 backup committed, 1 unchanged, 1 not read, latest backup kept (in backups)."
        );
    }
}
