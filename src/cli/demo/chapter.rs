//! Provides what the chapters of the demonstration share: the events so far, exit codes, edits of files.

use std::cell::RefCell;

use anyhow::{Context, ensure};

use super::program::quoted;
use super::stage::Stage;
use crate::authoring::commit::FileChange;
use crate::report::short_id;

/// The device that most steps are about.
pub(super) const DEVICE: &str = "maple-court-a";

/// Changes of files: the path, a line of it, and the lines that replace it.
pub(super) type Edits<'a> = &'a [(&'a str, &'a str, &'a str)];

/// The story so far.
pub(super) struct Story<'a> {
    pub(super) stage: &'a Stage<'a>,
    /// One line for each thing that happened, with its run.
    happened: RefCell<Vec<(&'static str, Option<String>)>>,
}

impl<'a> Story<'a> {
    pub(super) fn begin(stage: &'a Stage<'a>) -> Self {
        Self {
            stage,
            happened: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn apply(&self, arguments: &[&str], code: i32) -> anyhow::Result<()> {
        // A run of an earlier step is not this one's.
        let _earlier = self.stage.take_run();
        expect(self.stage.gamctl(arguments)?, &[code])
    }

    /// Remembers what happened, with the run of the last command.
    pub(super) fn note(&self, what: &'static str) {
        let run = self.stage.take_run();
        self.happened.borrow_mut().push((what, run));
    }

    /// Prints one line for each thing that happened.
    pub(super) fn summary(&self) -> anyhow::Result<()> {
        self.stage
            .say("This happened, and `history --run RUN` shows each again:")?;
        for (what, run) in self.happened.borrow().iter() {
            let run = run.as_deref().unwrap_or("no run");
            self.stage.screen.line(&format!("  {run:<12}  {what}"))?;
        }
        Ok(())
    }
}

/// Stops the demonstration if a command did not end as announced.
pub(super) fn expect(code: i32, known: &[i32]) -> anyhow::Result<()> {
    ensure!(
        known.contains(&code),
        "the demonstration failed: the command exited with {code} instead of {known:?}"
    );
    Ok(())
}

/// Prints commands without a prompt, so that all of them can be copied at once.
pub(super) fn to_copy(stage: &Stage<'_>, commands: &[&[&str]]) -> anyhow::Result<()> {
    let folder = stage.inventory().display().to_string();
    stage.show_command(" ", &["cd".to_owned(), quoted(&folder)])?;
    for command in commands {
        stage.show_gamctl(" ", command)?;
    }
    Ok(())
}

/// Remembers what happened, with the last run of the newest rollout.
pub(super) fn note_rollout(story: &Story<'_>, what: &'static str) -> anyhow::Result<()> {
    let rollout = story.stage.document(&["rollout", "show", "latest"])?;
    let steps = rollout.get("history").and_then(|steps| steps.as_array());
    let run = steps.and_then(|steps| {
        steps
            .iter()
            .rev()
            .find_map(|step| step.get("run")?.as_str())
    });
    let run = run.context("the rollout has no run")?;
    story.stage.set_run(short_id(run.parse()?));
    story.note(what);
    Ok(())
}

/// Returns the files with these edits.
pub(super) fn changes(stage: &Stage<'_>, edits: Edits<'_>) -> anyhow::Result<Vec<FileChange>> {
    let mut changes: Vec<FileChange> = Vec::new();
    for (path, line, text) in edits {
        let found = changes.iter().position(|change| change.path == *path);
        let before = match found.map(|index| changes.remove(index)) {
            Some(change) => change.text.unwrap_or_default(),
            None => stage.read(path)?,
        };
        changes.push(FileChange {
            path: (*path).to_owned(),
            text: Some(replaced(&before, line, text).with_context(|| format!("{path}: {line}"))?),
        });
    }
    Ok(changes)
}

/// Replaces the line that begins with `start`.
fn replaced(before: &str, start: &str, text: &str) -> anyhow::Result<String> {
    let mut lines: Vec<&str> = before.lines().collect();
    let mut found = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with(start));
    let (index, _) = found.next().context("there is no such line")?;
    ensure!(found.next().is_none(), "there are several such lines");
    lines.splice(index..=index, text.lines());
    Ok(lines.join("\n") + "\n")
}
