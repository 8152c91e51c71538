//! Wrong inventories: each folder of `tests/corpus/` breaks the small good one, and says what must be found where.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gamctl::inventory::GOOD_INVENTORY;
use gamctl::model::hazard_on_a_terminal;
use serde_json::Value;

use crate::golden::assert_golden;
use crate::world::World;

const FORMATS: [&str; 5] = ["json", "human", "sarif", "github", "gitlab"];
/// What stands for a secret in the cases, or begins one.
const CANARY: &str = "CANARY";
/// Files of a case that are about it and not part of its inventory.
const ABOUT: [&str; 3] = ["expected.txt", "make.sh", "arguments.txt"];

/// A folder of the corpus.
struct Case {
    name: String,
    folder: PathBuf,
}

impl Case {
    fn all() -> Vec<Self> {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let mut cases: Vec<Self> = fs::read_dir(corpus)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| Self {
                name: entry.file_name().into_string().unwrap(),
                folder: entry.path(),
            })
            .collect();
        cases.sort_by(|left, right| left.name.cmp(&right.name));
        cases
    }

    fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    /// Only warnings, or nothing at all, are expected of it.
    fn is_fine(&self) -> bool {
        self.name.ends_with("-fine")
    }

    /// Lays the case's files over the small good inventory, and returns where.
    fn inventory(&self, world: &World) -> PathBuf {
        let folder = world.beside("inventory");
        for (path, text) in GOOD_INVENTORY {
            put(&folder.join(path), text.as_bytes());
        }
        overlay(&self.folder, &self.folder, &folder);
        if self.folder.join("make.sh").exists() {
            let script = self.folder.join("make.sh");
            let made = world.run(&folder, "/bin/sh", &["-eu", script.to_str().unwrap()]);
            let talk = String::from_utf8_lossy(&made.stderr);
            assert!(made.status.success(), "{}: make.sh: {talk}", self.name);
        }
        folder
    }

    /// Returns the findings as `expected.txt` lists them, having checked all that holds for every case.
    fn findings(&self) -> String {
        let world = World::without_repository();
        let folder = self.inventory(&world);
        let extra = self.text("arguments.txt").unwrap_or_default();
        let mut findings = String::new();
        for format in FORMATS {
            let mut arguments = vec!["validate", "--format", format];
            arguments.extend(extra.split_whitespace());
            let output = world.run(&folder, env!("CARGO_BIN_EXE_gamctl"), &arguments);
            let stdout = String::from_utf8(output.stdout).unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            // People are told where an inventory was looked for; programs read stdout.
            let is_hint = self.name == "199-nothing-here"
                && stderr.trim().lines().count() == 1
                && stderr
                    .trim()
                    .starts_with("hint: no inventory was found in ");
            assert!(
                stderr.is_empty() || is_hint,
                "{} {format}: {stderr}",
                self.name
            );
            let exit = if self.is_fine() { 0 } else { 3 };
            assert_eq!(
                output.status.code(),
                Some(exit),
                "{} {format}\n{stdout}",
                self.name
            );
            self.check_text(format, &stdout);
            match format {
                "json" => findings = self.json(&stdout),
                "sarif" | "gitlab" => {
                    serde_json::from_str::<Value>(&stdout).expect(&self.name);
                }
                _ => {}
            }
        }
        findings
    }

    /// No secret is told and no character moves the cursor, whatever the format.
    fn check_text(&self, format: &str, text: &str) {
        assert!(
            !text.contains(CANARY),
            "{} tells a secret as {format}:\n{text}",
            self.name
        );
        let hazard = text
            .chars()
            .find(|it| *it != '\n' && hazard_on_a_terminal(*it).is_some());
        assert_eq!(hazard, None, "{} {format}\n{text}", self.name);
    }

    fn json(&self, text: &str) -> String {
        let document: Value = serde_json::from_str(text).expect(&self.name);
        let names = ["findings", "schema", "summary", "version"];
        assert_eq!(keys(&document), names, "{}", self.name);
        let list = document["findings"].as_array().unwrap();
        let mut places = Vec::new();
        for finding in list {
            assert_eq!(
                keys(finding),
                [
                    "column", "file", "hint", "line", "message", "related", "rule", "severity"
                ],
                "{}",
                self.name
            );
            for related in finding["related"].as_array().unwrap() {
                assert_eq!(keys(related), ["column", "file", "line", "message"]);
            }
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            let number = |key: &str| finding[key].as_u64().unwrap();
            places.push((text("file"), number("line"), number("column"), text("rule")));
        }
        let errors = list.iter().filter(|one| one["severity"] == "error").count();
        assert_eq!(
            document["summary"]["errors"].as_u64(),
            u64::try_from(errors).ok()
        );
        assert_eq!(errors == 0, self.is_fine(), "{}\n{text}", self.name);
        places.sort();
        places
            .iter()
            .fold(String::new(), |mut all, (file, line, column, rule)| {
                writeln!(all, "{rule} {file}:{line}:{column}").unwrap();
                all
            })
    }

    /// Compares what is found with what is expected; the first line says what the case shows and is never rewritten.
    fn judge(&self) {
        let expected = self.text("expected.txt").unwrap_or_default();
        let sentence = expected.lines().next().unwrap_or_default();
        assert!(
            sentence.starts_with("# ") && sentence.ends_with('.'),
            "{}: the first line of expected.txt is a comment that says in one sentence what the case shows",
            self.name
        );
        let actual = format!("{sentence}\n{}", self.findings());
        assert_golden(&format!("tests/corpus/{}/expected.txt", self.name), &actual);
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let keys: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.into_iter().collect()
}

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn overlay(top: &Path, from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if from == top && ABOUT.iter().any(|about| name == *about) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            overlay(top, &entry.path(), &to.join(&name));
        } else {
            put(&to.join(&name), &fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn every_wrong_inventory_brings_exactly_its_findings() {
    let cases = Case::all();
    assert!(cases.len() >= 75, "{} cases", cases.len());
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Every case is judged: one that fails must not hide the others.
                    if std::panic::catch_unwind(|| case.judge()).is_err() {
                        complaints.lock().unwrap().push(case.name.clone());
                    }
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    assert!(complaints.is_empty(), "see above: {complaints:#?}");
}

#[test]
fn every_rule_of_the_inventory_is_shown_by_a_case() {
    let shown: BTreeSet<String> = Case::all()
        .iter()
        .filter_map(|case| case.text("expected.txt"))
        .flat_map(|text| {
            text.lines()
                .skip(1)
                .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<&str> = gamctl::inventory::all_rules()
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !shown.contains(*id) && !SHOWN_ELSEWHERE.contains(id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What needs more than a folder and is shown by `tests/source/` and `tests/cli/`.
const SHOWN_ELSEWHERE: [&str; 4] = [
    "inventory-too-large",
    "submodule",
    "too-many-files",
    "unreadable-file",
];
