//! Checks that the glossary gives each word one meaning, and that documents name types and source files that exist.

use std::collections::BTreeSet;
use std::path::Path;

use crate::words::{GENERATED, cells, code_spans, files, text_of};

#[test]
fn each_word_of_the_glossary_has_one_meaning() {
    let glossary = text_of("docs/glossary.md");
    let rows = glossary.lines().filter(|line| line.starts_with("| **"));
    let mut words: Vec<&str> = rows
        .inspect(|row| {
            assert_eq!(
                cells(row).count(),
                3,
                "a row has a word, a meaning and `not`: {row}"
            );
        })
        .filter_map(|row| cells(row).next())
        .collect();
    let count = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(
        words.len(),
        count,
        "a word stands twice in docs/glossary.md"
    );
}

/// Returns the spans of a document that are paths of source files or folders.
fn paths_in(text: &str) -> Vec<String> {
    let is_path = |span: &String| {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "/_.-".contains(one);
        let is_file = span.ends_with(".rs") || (span.starts_with("src/") && span.ends_with('/'));
        span.chars().all(is_plain) && is_file && span.contains('/')
    };
    // A fence would turn code and text around.
    let text = text.replace("```", "");
    code_spans(&text).filter(is_path).collect()
}

#[test]
fn every_source_file_named_in_a_document_exists() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for path in files("docs", "md") {
        if GENERATED.contains(&path.as_str()) {
            continue;
        }
        for named in paths_in(&text_of(&path)) {
            // gam.md has tables with paths below a folder that the text before them names.
            let is_relative = path == "docs/gam.md";
            let starts = ["src/", "tests/", "docs/", "benches/", "schema/", "plans/"];
            if is_relative && !starts.iter().any(|start| named.starts_with(start)) {
                continue;
            }
            let roots = [
                "",
                "src",
                "src/inventory",
                "tests",
                "docs",
                "tests/history",
                "tests/apply",
            ];
            if !roots
                .iter()
                .any(|root| package.join(root).join(&named).exists())
            {
                missing.push(format!("{path}: `{named}`"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "renamed or removed:\n{}",
        missing.join("\n")
    );
}

/// Returns the types that the macro `words!` declares: the first line in it that opens a brace has the name.
fn declared_by_words(text: &str) -> impl Iterator<Item = String> {
    text.split("\nwords! {\n").skip(1).filter_map(|inside| {
        let opening = inside
            .lines()
            .find(|line| line.ends_with(" {") && !line.trim_start().starts_with("//"))?;
        Some(opening.trim().trim_end_matches(" {").to_owned())
    })
}

#[test]
fn every_type_of_the_glossary_exists() {
    let glossary = text_of("docs/glossary.md");
    let rows = glossary.lines().filter(|line| line.starts_with("| `"));
    let names = rows.flat_map(|row| code_spans(cells(row).next().unwrap()));
    let mut declared = BTreeSet::new();
    for path in files("src", "rs") {
        let text = text_of(&path);
        let words: Vec<&str> = text.split(|one: char| !one.is_alphanumeric()).collect();
        let pairs = words.windows(2);
        let types = pairs.filter(|pair| ["struct", "enum", "trait", "type"].contains(&pair[0]));
        declared.extend(types.map(|pair| pair[1].to_owned()));
        declared.extend(declared_by_words(&text));
    }
    let missing: Vec<String> = names.filter(|name| !declared.contains(name)).collect();
    assert!(
        missing.is_empty(),
        "docs/glossary.md has types that do not exist: {missing:?}"
    );
}
