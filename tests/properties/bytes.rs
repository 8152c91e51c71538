//! Whatever stands in the files: findings or a model, never a panic, every finding at a place that is there, twice the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::{Cache, Reading, read, resolve};
use gamctl::model::{SourceLocation, by_place, hazard_on_a_terminal};
use gamctl::report::FindingFormat;
use proptest::prelude::*;

use super::dice::Dice;
use super::write::{Texts, plain, varied};
use super::{dice, listed, reading_of, rendered, resolved, shown, tried, valid_inventory};

type Files = BTreeMap<String, Vec<u8>>;

/// What is put into texts: pieces that mean something to TOML, to the inventory, or to a terminal.
const PIECES: &[&[u8]] = &[
    b"\n",
    b"\"",
    b"'",
    b"[",
    b"]",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"\\",
    b"\"\"\"",
    b"'''",
    b"\r",
    b"\0",
    b"\t",
    b"\x1b",
    b"\xff",
    b"\xc3",
    b"\xc3\xa9",
    b"\xe2\x80\x8b",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"[subscriber.x]\n",
    b"[[device]]\n",
    b"[device]\n",
    b"<<<<<<< HEAD\n",
    b">>>>>>> b\n",
    b"vlan = 4096\n",
    b"port = \"auto\"\n",
    b"state = \"retired\"\n",
    b"x = 1\n",
    b"99999999999999999999",
    b"-1",
    b"nan",
    b"1979-05-27",
    b"true",
    b"[[[[[[[[[[[[[[[[[[[[",
    b"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1\n",
    b"port.\"+1\".name = \"x\"\n",
    b"password = \"hunter2\"\n",
    b"labels = {}\n",
    b"vlan = \"3\"\n",
];

/// Changes a file in one place.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut at = || dice.below(bytes.len() + 1);
    let (first, second) = (at(), at());
    let (start, end) = (first.min(second), first.max(second));
    let near = end.min(start + 12);
    let piece = dice.pick(PIECES).to_vec();
    match dice.below(9) {
        0 => drop(bytes.splice(start..start, piece)),
        1 => drop(bytes.splice(start..near, piece)),
        2 => drop(bytes.drain(start..near)),
        3 => bytes.truncate(start),
        4 => drop(bytes.drain(start..end)),
        5 => {
            let again = bytes[start..end].to_vec();
            drop(bytes.splice(end..end, again));
        }
        6 => {
            if let Some(byte) = bytes.get_mut(start) {
                *byte = u8::try_from(dice.below(256)).unwrap();
            }
        }
        7 => {
            let mut lines: Vec<Vec<u8>> = bytes
                .split_inclusive(|b| *b == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            if lines.len() > 1 {
                let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(a, b);
            }
            *bytes = lines.concat();
        }
        _ => {
            let line = bytes[start..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(bytes.len(), |n| start + n + 1);
            let block = bytes[line..]
                .split_inclusive(|b| *b == b'\n')
                .take(3)
                .collect::<Vec<_>>()
                .concat();
            drop(bytes.splice(line..line, block));
        }
    }
}

fn mutated(texts: &Texts, dice: &mut Dice) -> Files {
    let mut files: Files = texts
        .iter()
        .map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()))
        .collect();
    for _ in 0..=dice.below(4) {
        let names: Vec<String> = files.keys().cloned().collect();
        let name = dice.pick(&names).clone();
        match dice.below(12) {
            10 => drop(files.remove(&name)),
            11 => {
                // One file's text under another's name.
                let text = files[&name].clone();
                files.insert(dice.pick(&names).clone(), text);
            }
            _ => mutate(files.get_mut(&name).unwrap(), dice),
        }
        if files.is_empty() {
            break;
        }
    }
    files
}

fn write(folder: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn read_folder(folder: &Path, limits: &Limits) -> Reading {
    read(
        &Source::directory(folder).unwrap(),
        limits,
        &Cache::default(),
    )
    .unwrap()
}

/// Returns a line without its end.
fn text_of(line: &[u8]) -> &[u8] {
    let ends = [&b"\r\n"[..], b"\n"];
    ends.iter()
        .find_map(|end| line.strip_suffix(*end))
        .unwrap_or(line)
}

/// Checks that an editor could jump to a place.
fn check_place(place: &SourceLocation, files: &Files) -> Result<(), TestCaseError> {
    if &*place.file == "." {
        prop_assert!(files.is_empty() && (place.line, place.column) == (1, 1));
        return Ok(());
    }
    let bytes = files.get(&*place.file);
    if bytes.is_none() {
        // A file that ought to be there and is not, as a whole.
        let is_missing = ["devices.toml", "network.toml"].contains(&&*place.file);
        prop_assert!(
            is_missing && (place.line, place.length) == (1, 0),
            "{}",
            place
        );
        return Ok(());
    }
    let line = bytes
        .unwrap()
        .split_inclusive(|b| *b == b'\n')
        .chain([&b""[..]])
        .nth(place.line as usize - 1);
    prop_assert!(line.is_some(), "{}", place);
    let line = String::from_utf8_lossy(text_of(line.unwrap()))
        .chars()
        .count();
    prop_assert!(
        place.column >= 1 && place.column as usize <= line + 1,
        "{} in {} characters",
        place,
        line
    );
    // Nothing is meant of a line only where the file as a whole is.
    prop_assert!(place.length >= 1 || (place.line, place.column) == (1, 1));
    Ok(())
}

/// Checks that a report is safe to print, and that programs can read it.
fn check_reports(reading: &Reading) -> Result<(), TestCaseError> {
    use FindingFormat::{Github, Gitlab, Human, Json, Sarif};
    for format in [Human, Github] {
        let text = rendered(reading, format);
        let mut characters = text.chars().filter(|c| *c != '\n');
        let harm = characters.find(|c| hazard_on_a_terminal(*c).is_some());
        prop_assert_eq!(harm, None, "{}", text);
    }
    for format in [Json, Sarif, Gitlab] {
        let text = rendered(reading, format);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
    Ok(())
}

fn check(reading: &Reading, files: &Files) -> Result<(), TestCaseError> {
    for finding in &reading.findings {
        check_place(&finding.place, files)?;
        for related in &finding.related {
            check_place(&related.place, files)?;
        }
    }
    if !reading.findings.is_empty() {
        check_reports(reading)?;
    }
    prop_assert!(
        reading
            .findings
            .is_sorted_by(|left, right| by_place(left, right).is_le())
    );
    for (index, finding) in reading.findings.iter().enumerate() {
        prop_assert!(
            !reading.findings[..index].contains(finding),
            "{}",
            listed(reading)
        );
    }
    // With errors there is less to resolve, and still nothing to stumble over.
    drop(resolve(&reading.inventory));
    Ok(())
}

/// Reads files as texts, where they are texts, and twice.
fn check_texts(files: &Files) -> Result<(), TestCaseError> {
    let texts: Option<Texts> = files
        .iter()
        .map(|(path, bytes)| Some((path.as_str().into(), str::from_utf8(bytes).ok()?.into())))
        .collect();
    let Some(texts) = texts else { return Ok(()) };
    let reading = reading_of(&texts);
    check(&reading, files)?;
    let again = reading_of(&texts);
    prop_assert_eq!(&reading.findings, &again.findings);
    prop_assert_eq!(resolved(&reading), resolved(&again));
    Ok(())
}

proptest! {
    #![proptest_config(tried(150))]

    #[test]
    fn a_damaged_inventory_gives_findings_at_places_that_are_there(
        spec in valid_inventory(), mut layout in dice::dice(600), mut damage in dice::dice(40),
    ) {
        check_texts(&mutated(&varied(&spec, &mut layout), &mut damage))?;
    }

    #[test]
    fn any_texts_give_findings_at_places_that_are_there(
        texts in prop::collection::vec("(\\PC|[\\[\\]{}=.,#\"'\n\r\t ]|subscriber|device|vlan|port|1){0,60}", 6),
    ) {
        let paths = ["network.toml", "policy.toml", "service-plans.toml", "credentials.toml", "devices/a.toml", "subscribers/a.toml"];
        let files = paths.iter().zip(texts);
        check_texts(&files.map(|(path, text)| ((*path).to_owned(), text.into_bytes())).collect())?;
    }
}

proptest! {
    #![proptest_config(tried(24))]

    #[test]
    fn a_folder_of_damaged_files_reads_like_their_texts(
        spec in valid_inventory(), mut damage in dice::dice(40), raw in prop::collection::vec(any::<u8>(), 0..60), is_raw in any::<bool>(),
    ) {
        let mut files = mutated(&plain(&spec), &mut damage);
        if is_raw {
            files.insert("devices/raw.toml".to_owned(), raw);
        }
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files);
        let reading = read_folder(folder.path(), &Limits::default());
        check(&reading, &files)?;
        let again = read_folder(folder.path(), &Limits::default());
        prop_assert_eq!(&reading.findings, &again.findings);
        let texts: Option<Texts> = files.iter().map(|(path, bytes)| Some((path.as_str().into(), str::from_utf8(bytes).ok()?.into()))).collect();
        if let Some(texts) = texts {
            let reading_of_texts = reading_of(&texts);
            prop_assert_eq!(listed(&reading), listed(&reading_of_texts));
            prop_assert_eq!(resolved(&reading), resolved(&reading_of_texts));
        }
    }

    #[test]
    fn small_limits_give_findings_and_no_panic(
        spec in valid_inventory(), file_bytes in 1..3000u64, total_bytes in 1..6000u64, toml_depth in 0..6u32, keys in 0..60usize, files in 0..8usize,
    ) {
        let limits = Limits { file_bytes, total_bytes, toml_depth, keys, files, ..Limits::default() };
        let texts = plain(&spec);
        let all: Files = texts.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &all);
        let reading = read_folder(folder.path(), &limits);
        let is_within = texts.len() <= files && total_bytes > 5_900 && toml_depth > 4;
        prop_assert!(!reading.findings.is_empty() || is_within || resolved(&reading) == resolved(&reading_of(&texts)));
        for finding in &reading.findings {
            // What is said of the whole inventory stands at its folder.
            if all.contains_key(&*finding.place.file) {
                check_place(&finding.place, &all)?;
            }
        }
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_move_no_finding(spec in valid_inventory(), mut damage in dice::dice(40)) {
        let files = mutated(&plain(&spec), &mut damage);
        let texts: Option<Texts> = files.iter().map(|(path, bytes)| Some((path.as_str().into(), str::from_utf8(bytes).ok()?.into()))).collect();
        let Some(texts) = texts else { return Ok(()) };
        if texts.values().any(|text| text.contains(['\r', '\u{feff}', '\0']) || text.contains("\"\"\"") || text.contains("'''")) {
            return Ok(());
        }
        // A text that is not closed swallows its carriage return, which is a second thing wrong with the line.
        let lines = |reading: &Reading| {
            let lines = reading.findings.iter().map(|one| (one.place.file.clone(), one.place.line, one.rule.id));
            lines.collect::<BTreeSet<_>>()
        };
        let before = reading_of(&texts);
        let windows: Texts = texts.iter().map(|(path, text)| (path.clone(), text.replace('\n', "\r\n").into())).collect();
        let after = reading_of(&windows);
        prop_assert_eq!(lines(&before), lines(&after), "{}", shown(&texts));
        prop_assert_eq!(resolved(&before), resolved(&after));
        let marked: Texts = texts.iter().map(|(path, text)| (path.clone(), format!("\u{feff}{text}").into())).collect();
        let after = reading_of(&marked);
        prop_assert_eq!(lines(&before), lines(&after), "{}", shown(&texts));
        prop_assert_eq!(resolved(&before), resolved(&after));
    }
}
