//! Checks a file before it is parsed: encoding, characters, merge markers, line lengths.

use super::parse::SYNTAX;
use super::record::FileFindings;
use super::rules::rules;
use super::tree::Span;
use crate::model::hazard_on_a_terminal;

rules! {
    /// The inventory is UTF-8, as TOML demands.
    INVALID_UTF8 = "invalid-utf8", Error, "the file is not UTF-8",
    wrong: [("$", "printf 'schema = 1 # caf\\351\\n' > network.toml")],
    right: [("$", "printf 'schema = 1 # caf\\303\\251\\n' > network.toml")];

    /// An unfinished merge: the file still has both sides.
    MERGE_CONFLICT = "merge-conflict", Error, "the marks of an unfinished merge",
    wrong: [("service-plans.toml", "[service_plan.home-100]\n<<<<<<< HEAD\ndown = 100\n=======\ndown = 200\n>>>>>>> faster\nup = 100\n")],
    right: [("service-plans.toml", "[service_plan.home-100]\ndown = 200\nup = 100\n")];

    /// Characters that are invisible, or that make a line look different from its content, are not allowed in an
    /// inventory, not even in a comment: what a reviewer approves must be what is there.
    HIDDEN_CHARACTER = "hidden-character", Error, "a character that hides or reorders text",
    wrong: [("network.toml", "schema = 1 # \u{202e}approved\n")],
    right: [("network.toml", "schema = 1 # approved\n")];

    /// Files are limited to a size that no honest inventory needs, so that a wrong one costs neither time nor memory.
    TOO_COMPLEX = "too-complex", Error, "the file is nested too deeply, has too many keys or an endless line",
    wrong: [("network.toml", "schema = 1\nx = [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\n")],
    right: [("network.toml", "schema = 1\n")];
}

/// Reports the first NUL, and returns whether there is any.
pub(super) fn zero_bytes(text: &str, findings: &mut FileFindings) -> bool {
    let Some(at) = text.bytes().position(|byte| byte == 0) else {
        return false;
    };
    // In UTF-16 every second byte of ASCII is one.
    let all = text.bytes().filter(|byte| *byte == 0).count();
    let what = if all > 1 && all >= text.len() / 3 {
        "it looks like UTF-16; save it as UTF-8"
    } else {
        "delete it; no text of an inventory needs it"
    };
    findings
        .add(&SYNTAX, byte_span(at, 1), "a NUL byte is not allowed here")
        .hint(what);
    true
}

/// Returns the text, or as much of it as is UTF-8.
pub(super) fn utf8(bytes: Vec<u8>, findings: &mut FileFindings) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let at = u32::try_from(good).unwrap_or(u32::MAX);
            let bytes = error.into_bytes();
            let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let what = if is_utf16 {
                "it looks like UTF-16"
            } else {
                "it looks like Latin-1 or a binary file"
            };
            findings
                .add(
                    &INVALID_UTF8,
                    Span { start: at, end: at },
                    format!("the file is not UTF-8 from byte {good} on"),
                )
                .hint(format!("{what}; save it as UTF-8"));
            let text = bytes
                .get(..good)
                .map(String::from_utf8_lossy)
                .unwrap_or_default()
                .into_owned();
            (text, false)
        }
    }
}

/// The longest line that is read: a thousand times what anybody writes, and short enough to count columns in.
const MAX_LINE: usize = 64 << 10;

/// So many findings of one rule in a file usually have one cause, so the rest is counted and not listed.
const MAX_ALIKE: usize = 20;

/// Reports a line that is too long to be shown, and returns whether there is one.
pub(super) fn endless_line(text: &str, findings: &mut FileFindings) -> bool {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > MAX_LINE {
            findings
                .add(
                    &TOO_COMPLEX,
                    byte_span(start, 1),
                    format!("a line of {} bytes", line.len()),
                )
                .hint(format!(
                    "lines may have {MAX_LINE} bytes: spread it over several"
                ));
            return true;
        }
        start += line.len();
    }
    false
}

pub(super) fn hidden_characters(text: &str, findings: &mut FileFindings) {
    if text.is_ascii() {
        // What ASCII has to hide, control characters, TOML itself refuses.
        return;
    }
    let mut count = 0;
    for (index, character) in text.char_indices() {
        if count == MAX_ALIKE {
            break;
        }
        if character.is_ascii() || (index == 0 && character == '\u{feff}') {
            continue;
        }
        if is_emoji_part(character) && is_in_a_comment(text, index) {
            continue;
        }
        if let Some(hazard) = hazard_on_a_terminal(character) {
            count += 1;
            let span = byte_span(index, character.len_utf8());
            findings
                .add(
                    &HIDDEN_CHARACTER,
                    span,
                    format!("U+{:04X} is {hazard}", u32::from(character)),
                )
                .hint("delete it; an inventory has no use for it");
        }
    }
}

/// Returns whether a character belongs to the spelling of emoji and of some scripts: harmless where nothing is compared.
fn is_emoji_part(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Returns whether there is a `#` before it on the line. In a text that has one, the value's own type still checks.
fn is_in_a_comment(text: &str, index: usize) -> bool {
    let before = text.get(..index).unwrap_or_default();
    before
        .rsplit('\n')
        .next()
        .is_some_and(|line| line.contains('#'))
}

fn byte_span(start: usize, length: usize) -> Span {
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: at(start),
        end: at(start + length),
    }
}

/// Reports the marks of an unfinished merge, and returns whether there are any.
pub(super) fn merge_conflicts(text: &str, findings: &mut FileFindings) -> bool {
    let before = findings.list.len();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        // A line of seven of these cannot begin a TOML statement; within a multi-line text it is not worth a doubt.
        if findings.list.len() == before + MAX_ALIKE {
            break;
        }
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            findings
                .add(&MERGE_CONFLICT, byte_span(start, 7), "an unfinished merge")
                .hint("choose one side, delete the marks, and commit");
        }
        start += line.len();
    }
    findings.list.len() > before
}
