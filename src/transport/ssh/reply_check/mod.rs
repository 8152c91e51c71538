//! Classifies the reply to a configuration line; anything unrecognised is a failure.

#[cfg(test)]
mod tests;

use super::mode::Next;
use super::prompt::Prompt;
use super::reply::{is_message, is_question, refusal};

/// This line starts like a refusal and is not one.
const SAVING: &str = "% Saving ";

/// A sent line, and the reply expected to it.
#[derive(Debug)]
pub(super) struct SentLine<'a> {
    pub(super) text: &'a str,
    /// The prompt at which it was sent.
    pub(super) at: &'a Prompt,
    pub(super) next: &'a Next,
    pub(super) expected: ExpectedReply,
}

/// The reply of a device to a line that it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedReply {
    Nothing,
    /// The confirmation that it saves, with the number of bytes.
    Saving,
}

/// The class of the output after a line was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReplyClass {
    /// The reply is missing or incomplete.
    Waiting,
    Good(Reply),
    /// The device refused the line.
    Refused,
    /// The device asks a question.
    Question,
    /// The device printed something else, or is in another mode.
    Unknown,
}

/// An accepted reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// The output, including unsolicited messages.
    pub(super) lines: Vec<String>,
    pub(super) prompt: Prompt,
    /// The number of bytes saved.
    pub(super) bytes: Option<u64>,
}

/// Classifies the output. `is_quiet` means a pause in the output.
pub(super) fn classify(
    lines: &[String],
    current: &str,
    sent_line: &SentLine<'_>,
    is_quiet: bool,
) -> ReplyClass {
    // The echo first: a prompt before it belongs to the line before, and reading it as the answer would accept every
    // line.
    let Some(echo) = lines.iter().position(|line| sent_line.is_echo(line)) else {
        return if is_quiet && is_question(current) {
            ReplyClass::Question
        } else {
            ReplyClass::Waiting
        };
    };
    let (before, after) = lines.split_at(echo);
    let after = after.get(1..).unwrap_or_default();
    let (said, prompt) = match sent_line.end(after, current) {
        Some(end) => end,
        None if is_question(current) => return ReplyClass::Question,
        None if is_quiet && Prompt::guess(current).is_some() => (after, None),
        None => return ReplyClass::Waiting,
    };
    // A message followed the prompt. The device may show the prompt again, so wait for the pause.
    if current.trim().is_empty() && !is_quiet {
        return ReplyClass::Waiting;
    }
    // Refusals before the empty reply: a refusal may be followed by a good prompt.
    if sent_line.is_refused(said) {
        return ReplyClass::Refused;
    }
    let words: Vec<&str> = said
        .iter()
        .map(|line| line.trim())
        .filter(|line| !sent_line.is_noise(line))
        .collect();
    let bytes = match (sent_line.expected, words.as_slice()) {
        (ExpectedReply::Nothing, []) => Some(None),
        (ExpectedReply::Saving, ["Building configuration...", saving]) => saved(saving).map(Some),
        _ => None,
    };
    // Silence is consent on this device family (docs/gam.md), so every unexplained word is a failure. The look after
    // the apply is the proof.
    let is_undisturbed = before.iter().all(|line| sent_line.is_aside(line));
    match (prompt, bytes) {
        (Some(prompt), Some(bytes)) if is_undisturbed => ReplyClass::Good(Reply {
            lines: notable(before).chain(notable(said)).collect(),
            prompt,
            bytes,
        }),
        _ => ReplyClass::Unknown,
    }
}

/// Returns whether the output between two lines is only messages and the prompt.
pub(super) fn is_calm(lines: &[String], current: &str, at: &Prompt) -> bool {
    let sent_line = SentLine {
        text: "",
        at,
        next: &Next::Prompt(at.clone()),
        expected: ExpectedReply::Nothing,
    };
    let current = current.trim();
    // Half a message is accepted here; the next check sees the rest.
    let is_open = ["%", "*"].iter().any(|mark| current.starts_with(mark));
    let is_prompt = current.is_empty() || at.begins(current).is_some();
    (is_prompt || is_open)
        && !is_question(current)
        && lines.iter().all(|line| sent_line.is_aside(line))
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
        .strip_prefix(SAVING)?
        .strip_suffix(" bytes to flash:startup-config")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

impl SentLine<'_> {
    /// Returns the output after the echo, or all of it without an echo.
    pub(super) fn reply<'b>(&self, lines: &'b [String]) -> &'b [String] {
        let echo = lines.iter().position(|line| self.is_echo(line));
        let behind = echo.and_then(|echo| lines.get(echo + 1..));
        behind.unwrap_or(lines)
    }

    /// Returns whether a line is the echo of the sent line, as a terminal shows it: after the prompt, or scrolled with
    /// `$` at its left.
    fn is_echo(&self, line: &str) -> bool {
        let line = line.trim();
        if let Some(end) = line.strip_prefix('$') {
            // A few letters could match by chance.
            let end = end.trim_start();
            return end.len() >= 8 && self.at.with(self.text).ends_with(end);
        }
        self.at.begins(line).unwrap_or(line).trim() == self.text
    }

    /// Returns whether a line before the echo is harmless: blank, a prompt, or a message, perhaps after the first
    /// characters of the echo.
    fn is_aside(&self, line: &str) -> bool {
        let line = line.trim();
        if line.is_empty() || is_message(line) {
            return true;
        }
        let Some(echoed) = self.at.begins(line) else {
            return false;
        };
        let echoed = echoed.trim_start();
        let same = echoed
            .bytes()
            .zip(self.text.bytes())
            .take_while(|(shown, text)| shown == text);
        let rest = echoed.get(same.count()..).unwrap_or(echoed);
        rest.is_empty() || is_message(rest)
    }

    fn is_refused(&self, said: &[String]) -> bool {
        let is_saving = |line: &String| {
            self.expected == ExpectedReply::Saving && line.trim().starts_with(SAVING)
        };
        let others: Vec<String> = said
            .iter()
            .filter(|line| !is_saving(line))
            .cloned()
            .collect();
        refusal(&others).is_some()
    }

    /// Returns whether a line after the echo is harmless. The device may repeat its prompt after a message.
    fn is_noise(&self, line: &str) -> bool {
        let rest = self.next.begins(line).unwrap_or(line).trim();
        rest.is_empty() || is_message(rest)
    }

    /// Returns the output before the expected prompt, once that is shown.
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
