//! Renders a plan for a terminal: folded at its width, and short unless all of it is asked for.

use super::super::fold::fold;
use super::super::{Exit, Paint, counted};
use super::document::{Document, Section};
use super::entry::{Entry, Sign};

/// Narrower than this nothing can be read anyway.
const NARROWEST: usize = 40;

pub(super) fn render(document: &Document, is_expanded: bool, paint: Paint, width: usize) -> String {
    let page = Page {
        paint,
        width: width.max(NARROWEST),
    };
    let verdict = page.fold(&document.verdict, 0, 0);
    let verdict = verdict.join("\n");
    let mut text = match document.exit {
        Exit::Done => verdict,
        Exit::Failed | Exit::Refused => paint.error(&verdict),
        _ => paint.bold(&verdict),
    };
    text.push('\n');
    for premise in &document.premises {
        text.push_str(&paint.dim(&page.fold(premise, 0, 0).join("\n")));
        text.push('\n');
    }
    for section in &document.sections {
        text.push('\n');
        text.push_str(&paint.bold(section.title));
        text.push('\n');
        page.section(section, is_expanded, &mut text);
    }
    text
}

struct Page {
    paint: Paint,
    width: usize,
}

impl Page {
    fn section(&self, section: &Section, is_expanded: bool, text: &mut String) {
        let most = section.most.filter(|_| !is_expanded).unwrap_or(usize::MAX);
        let mut used = 0;
        let mut under = None;
        let mut entries = section.entries.iter();
        while let Some(entry) = entries.next() {
            let mut lines = Vec::new();
            if entry.under != under {
                lines.extend(
                    entry
                        .under
                        .as_ref()
                        .map(|device| format!("  {}", self.paint.bold(device))),
                );
            }
            self.entry(entry, &mut lines);
            if used + lines.len() > most {
                let left: usize = entry.weight + entries.map(|entry| entry.weight).sum::<usize>();
                text.push_str(&format!(
                    "  … and {} more; `--expand` shows all\n",
                    counted(left, section.noun)
                ));
                return;
            }
            used += lines.len();
            under.clone_from(&entry.under);
            for line in lines {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }

    fn entry(&self, entry: &Entry, lines: &mut Vec<String>) {
        let indent = if entry.under.is_some() { 4 } else { 2 };
        let head = format!("{}{}", entry.sign.mark(), entry.head);
        let hang = indent + entry.sign.mark().len();
        for (number, line) in self.fold(&head, indent, hang).into_iter().enumerate() {
            let is_first = number == 0;
            lines.push(if is_first {
                self.sign(entry.sign, &line)
            } else {
                line
            });
        }
        for below in &entry.below {
            let folded = self.fold(below, indent + 4, indent + 4);
            lines.extend(folded.iter().map(|line| self.paint.dim(line)));
        }
        // What is typed is never folded: it is one line, and may be copied.
        let space = " ".repeat(indent + 4);
        lines.extend(entry.lines.iter().map(|line| format!("{space}> {line}")));
        let undo = entry.undo.iter();
        lines.extend(undo.map(|line| self.paint.dim(&format!("{space}undo: {line}"))));
        if let Some(remark) = &entry.remark {
            let folded = self.fold(remark, indent + 4, indent + 4);
            lines.extend(folded.iter().map(|line| self.paint.dim(line)));
        }
    }

    fn sign(&self, sign: Sign, line: &str) -> String {
        match sign {
            Sign::None => line.to_owned(),
            Sign::Create => self.paint.added(line),
            Sign::Update => self.paint.changed(line),
            Sign::Remove | Sign::Wrong => self.paint.removed(line),
        }
    }

    fn fold(&self, text: &str, first: usize, others: usize) -> Vec<String> {
        fold(text, first, others, self.width)
    }
}
