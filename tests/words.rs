//! Words that docs/glossary.md and docs/writing.md ban, in documents, comments, help texts and messages.
//!
//! `tests/words.txt` allows what is above the limit today, folder by folder; nothing may get worse. After an improvement,
//! `UPDATE_GOLDEN=1 cargo test --test all words` writes it again. With an empty file, the test lists every line that counts.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::golden;

/// The share of lines, in tenths of a percent, that may have a word of docs/writing.md: most have a harmless meaning too.
const MOST: usize = 30;

const ALLOWED: &str = "tests/words.txt";

/// Files that are made from `src`, whose comments and texts are checked there.
pub(crate) const GENERATED: [&str; 8] = [
    "docs/billing-faults.md",
    "docs/billing-rules.md",
    "docs/conditions.md",
    "docs/findings.md",
    "docs/flags.md",
    "docs/inventory.md",
    "docs/json.md",
    "docs/metrics.md",
];

/// Words and phrases to look for, as lists of words in lower case.
#[derive(Debug, Default)]
struct Banned {
    openings: Vec<String>,
    words: Vec<Vec<String>>,
    synonyms: Vec<Vec<String>>,
}

impl Banned {
    fn read() -> Self {
        Self::of(&text_of("docs/writing.md"), &text_of("docs/glossary.md"))
    }

    fn of(writing: &str, glossary: &str) -> Self {
        let (_, openings) = writing.split_once("## Openings").unwrap();
        let (openings, words) = openings.split_once("## Words").unwrap();
        let phrases = |text: &str| -> Vec<Vec<String>> {
            code_spans(text).map(|span| words_of(&span)).collect()
        };
        let first_cells = words.lines().filter_map(|line| cells(line).next());
        let last_cells = glossary.lines().filter_map(|line| match cells(line) {
            row if row.clone().count() == 3 => row.last(),
            _ => None,
        });
        Self {
            openings: phrases(openings).concat(),
            words: first_cells.flat_map(phrases).collect(),
            synonyms: last_cells.flat_map(phrases).collect(),
        }
    }

    /// Returns the first phrase of docs/writing.md in the text.
    fn word(&self, text: &str) -> Option<String> {
        found(&self.words, &words_of(&without_code(text)))
    }

    /// Returns the first synonym of docs/glossary.md in the text.
    fn synonym(&self, text: &str) -> Option<String> {
        found(&self.synonyms, &words_of(&without_code(text)))
    }

    /// Returns the question word that a line opens with. A question may.
    fn opening(&self, line: &str) -> Option<String> {
        let first = words_of(&without_code(line)).into_iter().next()?;
        (self.openings.contains(&first) && !line.trim_end().ends_with('?')).then_some(first)
    }
}

fn found(phrases: &[Vec<String>], words: &[String]) -> Option<String> {
    let starts = |at: usize| phrases.iter().find(|one| words[at..].starts_with(one));
    (0..words.len()).find_map(|at| {
        let phrase = starts(at)?;
        let is_word = |at: Option<usize>, word: &str| {
            at.and_then(|at| words.get(at))
                .is_some_and(|one| one == word)
        };
        // "There is no store" and "is no longer there" are plain English.
        let is_plain = phrase.last().is_some_and(|word| word == "no")
            && (is_word(at.checked_sub(1), "there") || is_word(Some(at + phrase.len()), "longer"));
        (!is_plain).then(|| phrase.join(" "))
    })
}

/// Returns the cells of a row of a table.
pub(crate) fn cells(line: &str) -> impl Iterator<Item = &str> + Clone {
    let row = line
        .trim()
        .strip_prefix('|')
        .and_then(|row| row.strip_suffix('|'));
    row.into_iter().flat_map(|row| row.split('|'))
}

/// Returns the texts between backticks.
pub(crate) fn code_spans(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// Replaces code by a mark, so that the words around it make no phrase.
fn without_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').step_by(2).collect();
    parts.join(" ` ")
}

fn words_of(text: &str) -> Vec<String> {
    text.split(|one: char| !one.is_alphanumeric() && one != '\'' && one != '-')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// What is counted in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    /// The first lines of files.
    Openings,
    /// Lines of doc comments, of which help texts are made, or of documents.
    Lines,
    /// Messages in the source.
    Messages,
    /// Synonyms in any of these.
    Synonyms,
}

impl Measure {
    const ALL: [Self; 4] = [Self::Openings, Self::Lines, Self::Messages, Self::Synonyms];

    fn word(self) -> &'static str {
        match self {
            Self::Openings => "openings",
            Self::Lines => "lines",
            Self::Messages => "messages",
            Self::Synonyms => "synonyms",
        }
    }

    /// Returns the value that needs no permission.
    fn most(self) -> usize {
        match self {
            Self::Synonyms => 0,
            Self::Openings | Self::Lines | Self::Messages => MOST,
        }
    }
}

/// How many of how many texts have a banned word, with each of them.
#[derive(Debug, Default)]
struct Count {
    total: usize,
    hits: Vec<String>,
}

impl Count {
    fn add(&mut self, at: &str, text: &str, hit: Option<String>) {
        self.total += 1;
        self.hits
            .extend(hit.map(|word| format!("{at}: `{word}` in: {}", text.trim())));
    }

    /// Returns the share in tenths of a percent, rounded up; of synonyms the number.
    fn value(&self, measure: Measure) -> usize {
        match measure {
            Measure::Synonyms => self.hits.len(),
            _ => (self.hits.len() * 1000).div_ceil(self.total.max(1)),
        }
    }
}

type Counts = BTreeMap<(String, Measure), Count>;

fn count_source(banned: &Banned, folder: &str, path: &str, text: &str, counts: &mut Counts) {
    let mut count = |measure, line: usize, text: &str, hit| {
        let key = (folder.to_owned(), measure);
        let at = format!("{path}:{line}");
        counts.entry(key).or_default().add(&at, text, hit);
    };
    let text = production(text);
    let mut block = "";
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let kind = ["//!", "///"]
            .into_iter()
            .find(|kind| line.starts_with(kind));
        if let Some(kind) = kind {
            let said = line[kind.len()..].trim();
            let opening = (block != kind).then(|| banned.opening(said)).flatten();
            let hit = opening.or_else(|| banned.word(said));
            if number == 1 {
                count(Measure::Openings, number, said, hit.clone());
            }
            count(Measure::Lines, number, said, hit);
            if let Some(synonym) = banned.synonym(said) {
                count(Measure::Synonyms, number, said, Some(synonym));
            }
        }
        block = kind.unwrap_or_default();
    }
    for (number, message) in messages(text) {
        count(Measure::Messages, number, &message, banned.word(&message));
        if let Some(synonym) = banned.synonym(&message) {
            count(Measure::Synonyms, number, &message, Some(synonym));
        }
    }
}

fn count_document(banned: &Banned, folder: &str, path: &str, text: &str, counts: &mut Counts) {
    let (mut is_code, mut is_generated) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        is_generated =
            (is_generated || line.contains("list: begin")) && !line.contains("list: end");
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence || is_generated || line.trim().is_empty() {
            continue;
        }
        let at = format!("{path}:{number}");
        let mut count = |measure, hit| {
            let key = (folder.to_owned(), measure);
            counts.entry(key).or_default().add(&at, line, hit);
        };
        let heading = line.strip_prefix('#').and_then(|line| banned.opening(line));
        count(Measure::Lines, heading.or_else(|| banned.word(line)));
        if let Some(synonym) = banned.synonym(line) {
            count(Measure::Synonyms, Some(synonym));
        }
    }
}

/// Returns a source file without its unit tests, which stand at its end.
fn production(text: &str) -> &str {
    let tests = text.find("#[cfg(test)]\nmod tests {");
    tests.map_or(text, |at| &text[..at])
}

/// Returns the texts of a source file that a person may read: literals with at least three words, and their lines.
fn messages(source: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&character) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let start = at;
        let mut text = String::new();
        match (character, next) {
            ('/', Some('/')) => {
                while chars.get(at).is_some_and(|one| *one != '\n') {
                    at += 1;
                }
            }
            ('r', Some('"' | '#')) if !is_name(&chars, at) => at = raw(&chars, at, &mut text),
            ('"', _) => {
                at += 1;
                while let Some(&one) = chars.get(at).filter(|one| **one != '"') {
                    at += 1 + usize::from(one == '\\');
                    text.push(if one == '\\' { ' ' } else { one });
                }
                at += 1;
            }
            ('\'', Some('\\')) => {
                at += 3;
                while chars.get(at).is_some_and(|one| *one != '\'') {
                    at += 1;
                }
                at += 1;
            }
            ('\'', _) if chars.get(at + 2) == Some(&'\'') => at += 3,
            _ => at += 1,
        }
        if words_of(&text).len() > 1 {
            found.push((line, words_and_marks(&text)));
        }
        let passed = &chars[start..at.min(chars.len())];
        line += passed.iter().filter(|one| **one == '\n').count();
    }
    found
}

/// Returns whether the character before belongs to a name.
fn is_name(chars: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    before.is_some_and(|one| one.is_alphanumeric() || *one == '_')
}

/// Reads a raw literal; returns where it ends.
fn raw(chars: &[char], at: usize, text: &mut String) -> usize {
    let marks = chars[at + 1..]
        .iter()
        .take_while(|one| **one == '#')
        .count();
    let begin = at + 1 + marks;
    if chars.get(begin) != Some(&'"') {
        return at + 1;
    }
    let end: Vec<char> = std::iter::once('"').chain(vec!['#'; marks]).collect();
    let rest = &chars[begin + 1..];
    let length = (0..rest.len()).find(|from| rest[*from..].starts_with(&end));
    let length = length.unwrap_or(rest.len());
    text.extend(&rest[..length]);
    begin + 1 + length + end.len()
}

fn words_and_marks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A share or a number that is above what is allowed.
struct Worse<'a> {
    folder: &'a str,
    measure: Measure,
    value: usize,
    allowed: usize,
    hits: &'a [String],
}

impl fmt::Display for Worse<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            folder, measure, ..
        } = self;
        let shown = |value| written(*measure, value);
        let (value, allowed) = (shown(self.value), shown(self.allowed));
        writeln!(
            out,
            "{folder}: {} {value}, allowed {allowed}",
            measure.word()
        )?;
        for hit in self.hits.iter().take(40) {
            writeln!(out, "    {hit}")?;
        }
        Ok(())
    }
}

fn written(measure: Measure, value: usize) -> String {
    match measure {
        Measure::Synonyms => value.to_string(),
        _ => format!("{}.{} %", value / 10, value % 10),
    }
}

fn worse<'a>(counts: &'a Counts, allowed: &BTreeMap<(String, Measure), usize>) -> Vec<Worse<'a>> {
    let worse = counts.iter().filter_map(|(key, count)| {
        let (folder, measure) = (key.0.as_str(), key.1);
        let value = count.value(measure);
        let permitted = allowed.get(key).copied().unwrap_or_default();
        let allowed = permitted.max(measure.most());
        (value > allowed).then_some(Worse {
            folder,
            measure,
            value,
            allowed,
            hits: &count.hits,
        })
    });
    worse.collect()
}

/// Writes what is above the limit, so that it does not get worse.
fn list(counts: &Counts) -> String {
    let above = counts
        .iter()
        .filter(|((_, measure), count)| count.value(*measure) > measure.most());
    let lines = above.map(|((folder, measure), count)| {
        let value = written(*measure, count.value(*measure));
        format!("{folder} {} {value}\n", measure.word())
    });
    lines.collect()
}

fn read_list(text: &str) -> BTreeMap<(String, Measure), usize> {
    let entries = text.lines().map(|line| {
        let mut words = line.split(' ');
        let (folder, word) = (words.next().unwrap(), words.next().unwrap());
        let measure = Measure::ALL.into_iter().find(|one| one.word() == word);
        let value = words.next().unwrap().replace('.', "").parse().unwrap();
        ((folder.to_owned(), measure.unwrap()), value)
    });
    entries.collect()
}

pub(crate) fn text_of(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Returns the paths of files with this ending, relative to the package.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![package.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for path in entries.collect::<Vec<PathBuf>>() {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|one| one == ending) {
                let path = path.strip_prefix(package).unwrap();
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn counted() -> Counts {
    let banned = Banned::read();
    let mut counts = Counts::new();
    for path in files("src", "rs").into_iter().filter(|path| !is_test(path)) {
        let parts: Vec<&str> = path.split('/').collect();
        let folder = parts[..parts.len().min(3) - 1].join("/");
        count_source(&banned, &folder, &path, &text_of(&path), &mut counts);
    }
    let documents = ["docs", "inventory.example", "plans"];
    let documents = documents.into_iter().flat_map(|folder| files(folder, "md"));
    for path in documents.chain(["README.md".to_owned()]) {
        if !GENERATED.contains(&path.as_str()) {
            let folder = path
                .split_once('/')
                .map_or("README.md", |(folder, _)| folder);
            count_document(&banned, folder, &path, &text_of(&path), &mut counts);
        }
    }
    counts
}

#[test]
fn no_folder_has_more_banned_words_than_it_may() {
    let counts = counted();
    let allowed = read_list(&text_of(ALLOWED));
    let worse: Vec<String> = worse(&counts, &allowed)
        .iter()
        .map(Worse::to_string)
        .collect();
    assert!(
        worse.is_empty(),
        "write it in plain words (docs/writing.md):\n{}",
        worse.concat()
    );
    // Only what became better is written.
    if golden::is_rewriting() {
        golden::assert_golden(ALLOWED, &list(&counts));
    }
}

const WRITING: &str = "## Openings\n`what`, `how`\n## Words\n| not | but |\n| --- | --- |\n| `shall` | must |\n| `is no` (x) | y |\n";
const GLOSSARY: &str =
    "| word | meaning | not |\n| **device** | A GAM. | `box`, `way back` |\n| a | type |\n";

fn hits(source: &str) -> Vec<(Measure, usize, usize)> {
    let mut counts = Counts::new();
    let banned = Banned::of(WRITING, GLOSSARY);
    count_source(&banned, "src/x", "src/x/y.rs", source, &mut counts);
    let values = counts
        .iter()
        .map(|((_, measure), count)| (*measure, count.hits.len(), count.total));
    values.collect()
}

#[test]
fn a_bad_comment_is_seen() {
    let good = "//! Reads a file.\n\n/// Returns `shall` where there is no file.\nfn x() {}\n#[cfg(test)]\nmod tests {\n/// How\n}\n";
    assert_eq!(
        hits(good),
        [(Measure::Openings, 0, 1), (Measure::Lines, 0, 2)]
    );
    let bad = "//! How it shall be.\n//! This is no line, on a\n//! box.\n\n/// What a device is.\nfn x() {}\n/// what? Is it so?\n";
    assert_eq!(
        hits(bad),
        [
            (Measure::Openings, 1, 1),
            (Measure::Lines, 3, 5),
            (Measure::Synonyms, 1, 1)
        ]
    );
}

#[test]
fn a_bad_message_is_seen() {
    let source = "//! Reads.\nfn x<'a>() { say(\"it shall \\\n   be so\", '\"', r#\"the way back \"is\" long\"#, \"a box\"); } // \"a box of it\"";
    let found = hits(source);
    assert!(found.contains(&(Measure::Messages, 1, 3)), "{found:?}");
    assert!(found.contains(&(Measure::Synonyms, 2, 2)), "{found:?}");
}

#[test]
fn a_bad_document_is_seen() {
    let banned = Banned::of(WRITING, GLOSSARY);
    let mut counts = Counts::new();
    let text = "# How it works\n\nIt shall.\n\n```\nshall\n```\nThe box. `box`\n<!-- list: begin -->\nshall\n<!-- list: end -->\n";
    count_document(&banned, "docs", "docs/x.md", text, &mut counts);
    let worse = worse(&counts, &BTreeMap::new());
    let told: Vec<String> = worse.iter().map(Worse::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("docs: lines 50.0 %, allowed 3.0 %\n    docs/x.md:1: `how` in"),
        "{told:?}"
    );
    let allowed = read_list(&list(&counts));
    assert!(super::words::worse(&counts, &allowed).is_empty());
}
