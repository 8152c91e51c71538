//! Whether the reply to a line that changes something is the one that it must be; everything else is none.

use super::mode::Next;
use super::prompt::Prompt;
use super::reply::{is_message, is_question, refusal};

/// A line, and what must come of it.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) text: &'a str,
    /// The prompt that it was typed at.
    pub(super) at: &'a Prompt,
    pub(super) next: &'a Next,
    pub(super) says: Says,
}

/// What a device says when it did what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    /// That it saves, and how many bytes.
    Saving,
}

/// What is on the screen, once a line was entered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is no reply yet, or it is not all of it.
    Waiting,
    Good(Reply),
    /// The device says that it did not.
    Refused,
    /// The device wants an answer.
    Asked,
    /// The device says something else, or stands somewhere else.
    Unknown,
}

/// A reply as it must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// What was said, messages on the device's own account included.
    pub(super) lines: Vec<String>,
    pub(super) prompt: Prompt,
    /// How much was saved.
    pub(super) bytes: Option<u64>,
}

/// Judges what is on the screen. `is_quiet`: nothing has come for a while.
pub(super) fn verdict(
    lines: &[String],
    current: &str,
    asked: &Asked<'_>,
    is_quiet: bool,
) -> Verdict {
    let Some(echo) = lines.iter().position(|line| asked.is_echo(line)) else {
        return if is_quiet && is_question(current) {
            Verdict::Asked
        } else {
            Verdict::Waiting
        };
    };
    let (before, after) = lines.split_at(echo);
    let after = after.get(1..).unwrap_or_default();
    let (said, prompt) = match asked.end(after, current) {
        Some(end) => end,
        None if is_question(current) => return Verdict::Asked,
        None if is_quiet && Prompt::guess(current).is_some() => (after, None),
        None => return Verdict::Waiting,
    };
    // A message came behind the prompt, and maybe the device shows it again.
    if current.trim().is_empty() && !is_quiet {
        return Verdict::Waiting;
    }
    if refusal(said).is_some() && asked.says == Says::Nothing {
        return Verdict::Refused;
    }
    let words: Vec<&str> = said
        .iter()
        .map(|line| line.trim())
        .filter(|line| !asked.is_noise(line))
        .collect();
    let bytes = match (asked.says, words.as_slice()) {
        (Says::Nothing, []) => Some(None),
        (Says::Saving, ["Building configuration...", saving]) => saved(saving).map(Some),
        _ => None,
    };
    let is_undisturbed = before.iter().all(|line| asked.is_aside(line));
    match (prompt, bytes) {
        (Some(prompt), Some(bytes)) if is_undisturbed => Verdict::Good(Reply {
            lines: notable(before).chain(notable(said)).collect(),
            prompt,
            bytes,
        }),
        _ if refusal(said).is_some() => Verdict::Refused,
        _ => Verdict::Unknown,
    }
}

/// Returns whether what came between two lines is nothing but messages and the prompt.
pub(super) fn is_calm(lines: &[String], current: &str, at: &Prompt) -> bool {
    let asked = Asked {
        text: "",
        at,
        next: &Next::Prompt(at.clone()),
        says: Says::Nothing,
    };
    // The line that is not ended may be half a message; that shows later.
    !is_question(current) && lines.iter().all(|line| asked.is_aside(line))
}

fn notable(lines: &[String]) -> impl Iterator<Item = String> {
    lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
}

/// Returns N of `% Saving N bytes to flash:startup-config`.
fn saved(line: &str) -> Option<u64> {
    let number = line
        .strip_prefix("% Saving ")?
        .strip_suffix(" bytes to flash:startup-config")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

impl Asked<'_> {
    /// Returns what stands behind the echo, or everything where there is none.
    pub(super) fn reply<'b>(&self, lines: &'b [String]) -> &'b [String] {
        let echo = lines.iter().position(|line| self.is_echo(line));
        let behind = echo.and_then(|echo| lines.get(echo + 1..));
        behind.unwrap_or(lines)
    }

    /// Returns whether a line is the one that was typed, as a terminal shows it: behind the prompt, or scrolled with `$` at
    /// its left.
    fn is_echo(&self, line: &str) -> bool {
        let line = line.trim();
        if let Some(end) = line.strip_prefix('$') {
            // A few letters could be anything.
            let end = end.trim_start();
            return end.len() >= 8 && self.at.with(self.text).ends_with(end);
        }
        self.at.begins(line).unwrap_or(line).trim() == self.text
    }

    /// Returns whether a line before the echo says nothing about it: it is blank, a prompt, or a message, perhaps behind
    /// what was typed so far.
    fn is_aside(&self, line: &str) -> bool {
        let line = line.trim();
        if line.is_empty() || is_message(line) {
            return true;
        }
        let Some(typed) = self.at.begins(line) else {
            return false;
        };
        let typed = typed.trim_start();
        let same = typed
            .bytes()
            .zip(self.text.bytes())
            .take_while(|(typed, text)| typed == text);
        let rest = typed.get(same.count()..).unwrap_or(typed);
        rest.is_empty() || is_message(rest)
    }

    /// Returns whether a line behind the echo says nothing about it; the device may show its prompt again behind a message.
    fn is_noise(&self, line: &str) -> bool {
        let rest = self.next.begins(line).unwrap_or(line).trim();
        rest.is_empty() || is_message(rest)
    }

    /// Returns what was said before the prompt that must come, where it has come.
    fn end<'b>(
        &self,
        after: &'b [String],
        current: &str,
    ) -> Option<(&'b [String], Option<Prompt>)> {
        if !current.trim().is_empty() {
            return self
                .next
                .stands(current)
                .map(|prompt| (after, Some(prompt)));
        }
        let prompts = after.iter().enumerate().rev();
        let behind = |line: &str| self.next.begins(line).is_some();
        let (last, line) = prompts.into_iter().find(|(_, line)| behind(line))?;
        let is_last = after.iter().skip(last + 1).all(|line| self.is_noise(line));
        let shown = line.get(..line.find('#')? + 1)?;
        let prompt = self.next.stands(shown).filter(|_| is_last)?;
        Some((after, Some(prompt)))
    }
}
