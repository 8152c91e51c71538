//! The shape of the source, held by tests: floors, purity, sizes, names, and the file list in docs/architecture.md.
//!
//! Each check is a function from source texts to complaints, and each has a test that feeds it a text it must object to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::golden::assert_golden;
use crate::import_circles::{ImportingFile, import_circles};
use crate::rust_scan::{Kind, Token, declared_modules, group_end, paths, production, scan};

/// The floors, highest first: a module imports only from lower ones. docs/architecture.md says what each is for.
const FLOORS: &[&[&str]] = &[
    &["cli"],
    &["service"],
    &["reconcile"],
    &["history", "report"],
    &["apply", "monitor", "discovery"],
    &["observe", "sync"],
    &[
        "authoring",
        "render",
        "transport",
        "notify",
        "billing",
        "config",
        "telemetry",
    ],
    &["crash", "inventory", "plan", "secrets", "simulator"],
    &["git", "model"],
];

/// What may import nothing but `model`: the simulator must not share a mistake with what it is there to judge.
const ONLY_MODEL: &[&str] = &["simulator"];

/// Where everything is a plain function from values to values.
const PURE: &[&str] = &[
    "src/model",
    "src/apply",
    "src/authoring",
    "src/discovery",
    "src/inventory",
    "src/observe",
    "src/plan",
    "src/reconcile/import",
    "src/reconcile/rollout",
    "src/render",
    "src/report",
    "src/service/metrics",
    "src/service/schedule",
    "src/service/share",
    "src/simulator",
    "src/sync",
];

/// The parts of these that touch the world: the actions of an apply, where an inventory's bytes come from, the threads that read them, commits, git's history, sweeps, looks at devices, and the twin's sockets.
const NOT_PURE: &[&str] = &[
    "src/apply/connect",
    "src/apply/device_apply",
    "src/apply/job",
    "src/apply/log",
    "src/apply/look_again",
    "src/apply/rollback",
    "src/apply/save",
    "src/apply/send",
    "src/authoring/backup_repository",
    "src/authoring/change_base",
    "src/authoring/carry_out",
    "src/authoring/commit",
    "src/authoring/replace",
    "src/discovery/sweep",
    "src/inventory/source",
    "src/inventory/parallel",
    "src/inventory/read",
    "src/inventory/blame",
    "src/observe/look",
    "src/reconcile/import/find",
    "src/service/metrics/process",
    "src/simulator/server",
];

/// What a pure file has no use for.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::process::Command",
    "std::process::abort",
    "std::process::exit",
    "std::process::id",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "git2",
    "rand",
    "tokio",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "shared", "misc", "core", "base",
];

const LONGEST_FILE: usize = 500;

/// The parts of the command line that are apart: simulated devices, and the demonstration on them.
const APART: &[&str] = &["src/cli/twin", "src/cli/demo"];

/// What the command line has no use for: devices are reached, and rows of the store written, through `reconcile`.
const NOT_FOR_COMMANDS: &[&str] = &[
    "crate::apply",
    "crate::observe",
    "crate::transport",
    "crate::history::EntryRow",
    "crate::history::Lease",
    "crate::history::NewLedger",
    "crate::history::Unfinished",
    "sqlx",
    "tokio::task::JoinSet",
    "tokio::sync::Semaphore",
];

/// Reads recorded looks from files, and touches no device.
const FOR_COMMANDS: &str = "crate::observe::record";

/// The one place with a runtime.
const RUNTIME: &str = "src/cli/invocation.rs";

/// The folder of `apply`, and the most lines it has: a run is in `reconcile`, and this only shows it.
const APPLY: (&str, usize) = ("src/cli/apply", 600);

const FILE_LIST: (&str, &str) = ("<!-- file list: begin -->", "<!-- file list: end -->");

/// One Rust file.
struct Source {
    /// Relative to the package, `/` between its parts.
    path: String,
    text: String,
    tokens: Vec<Token>,
    /// The tokens without what is compiled for tests only.
    production: Vec<Token>,
    test_lines: usize,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let tokens = scan(text);
        let (production, test_lines) = production(&tokens);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens,
            production,
            test_lines,
        }
    }

    /// Returns the module the file is, from the crate's root: `["inventory", "source", "git"]`.
    fn module(&self) -> Vec<String> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") || is_root(&self.path) {
            parts.pop();
        }
        parts
    }

    fn complain(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }
}

fn is_root(path: &str) -> bool {
    matches!(path, "src/lib.rs" | "src/main.rs" | "tests/all.rs")
}

/// Returns the floor of a top-level module, 0 the lowest.
fn floor(module: &str) -> Option<usize> {
    FLOORS
        .iter()
        .rev()
        .position(|floor| floor.contains(&module))
}

/// `ALL` lists the variants of a type: it is words of the type, and holds no number.
fn is_constant(name: &str) -> bool {
    let is_of_constants =
        |one: char| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_';
    name.len() > 1 && name != "ALL" && name.chars().all(is_of_constants)
}

fn check_floors(file: &Source) -> Vec<String> {
    let module = file.module();
    let own = module.first().map(String::as_str);
    if let Some(own) = own.filter(|own| floor(own).is_none()) {
        return vec![file.complain(
            1,
            &format!("`{own}` is on no floor; see FLOORS in tests/architecture.rs"),
        )];
    }
    let mut complaints = Vec::new();
    for path in paths(&file.production, &module) {
        let [root, target, ..] = path.segments.as_slice() else {
            continue;
        };
        if root != "crate" || own == Some(target) {
            continue;
        }
        let Some(own) = own else {
            continue; // The roots of the library and the binary stand above all floors.
        };
        let what = match floor(target) {
            None => format!("`crate::{target}` is on no floor: name what it is by its module"),
            Some(_) if ONLY_MODEL.contains(&own) && target != "model" => {
                format!("`{own}` imports `{target}`, and may import only `model`")
            }
            Some(_)
                if ONLY_MODEL.contains(&own)
                    && path.segments.iter().any(|name| is_constant(name)) =>
            {
                format!(
                    "`{own}` imports a constant of `{target}`; it has numbers of its own, or it shows no mistake in that one"
                )
            }
            Some(below) if Some(below) >= floor(own) => {
                format!("`{own}` imports `{target}`, which is not on a lower floor")
            }
            Some(_) => continue,
        };
        complaints.push(file.complain(path.line, &what));
    }
    complaints
}

fn is_pure(path: &str) -> bool {
    let is_in = |folder: &&str| {
        path.strip_prefix(*folder)
            .is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    };
    PURE.iter().any(is_in) && !NOT_PURE.iter().any(is_in)
}

fn check_purity(file: &Source) -> Vec<String> {
    if !is_pure(&file.path) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    let mut said = BTreeSet::new();
    for path in paths(&file.production, &file.module()) {
        let impure = IMPURE.iter().find(|impure| reaches(&path.segments, impure));
        // The first place is enough: the rest follows from it.
        if let Some(impure) = impure.filter(|impure| said.insert(**impure)) {
            complaints
                .push(file.complain(path.line, &format!("a pure file has no use for `{impure}`")));
        }
    }
    for token in file.production.iter().filter(|token| token.is("async")) {
        complaints.push(file.complain(token.line, "a pure file has no use for `async`"));
    }
    complaints
}

/// Returns whether a path leads to `impure`, or imports by `*` something that `impure` is part of.
fn reaches(path: &[String], impure: &str) -> bool {
    let impure: Vec<&str> = impure.split("::").collect();
    let (path, is_glob) = match path.split_last() {
        Some((last, before)) if last == "*" => (before, true),
        _ => (path, false),
    };
    let agree = path.iter().zip(&impure).all(|(a, b)| a == b);
    // A word that stands alone is a variable more often than a crate.
    agree && (is_glob || path.len() >= impure.len().max(2))
}

fn check_opening(file: &Source) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let sentence = first.strip_prefix("//! ").unwrap_or_default();
    if sentence.ends_with('.') && sentence.contains(char::is_alphanumeric) {
        return Vec::new();
    }
    vec![file.complain(
        1,
        "begin with one `//!` line: a sentence that says what the file is for, with a full stop",
    )]
}

/// Returns the first sentence of a file.
fn opening(file: &Source) -> &str {
    let first = file.text.lines().next().unwrap_or_default();
    let text = first.strip_prefix("//! ").unwrap_or(first);
    match text.split_once(". ") {
        Some((sentence, rest)) if rest.starts_with(char::is_uppercase) => &text[..=sentence.len()],
        _ => text,
    }
}

fn check_name(file: &Source) -> Vec<String> {
    file.path
        .split('/')
        .map(|part| part.strip_suffix(".rs").unwrap_or(part))
        .filter(|part| EMPTY_NAMES.contains(part))
        .map(|part| file.complain(1, &format!("`{part}` says nothing about what is inside")))
        .collect()
}

fn check_length(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count() - file.test_lines;
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    vec![file.complain(
        1,
        &format!("{lines} lines without tests; {LONGEST_FILE} are the most, look for the seam"),
    )]
}

fn check_command_line(file: &Source) -> Vec<String> {
    let is_in = |folder: &str| file.path.starts_with(&format!("{folder}/"));
    let is_apart = APART
        .iter()
        .any(|folder| is_in(folder) || file.path == format!("{folder}.rs"));
    if !is_in("src/cli") || is_apart {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for path in paths(&file.production, &file.module()) {
        let is_of = |module: &str| {
            let module: Vec<&str> = module.split("::").collect();
            path.segments.len() >= module.len()
                && path.segments.iter().zip(module).all(|(a, b)| a == b)
        };
        let found = NOT_FOR_COMMANDS.iter().find(|module| is_of(module));
        if let Some(module) = found.filter(|_| !is_of(FOR_COMMANDS)) {
            complaints.push(file.complain(
                path.line,
                &format!(
                    "the command line does not use `{module}`; let `reconcile` return a value"
                ),
            ));
        }
        if is_of("tokio::runtime") && file.path != RUNTIME {
            complaints.push(file.complain(path.line, "`Invocation` has the only runtime"));
        }
    }
    complaints
}

fn check_folder_length(files: &[Source], (folder, most): (&str, usize)) -> Vec<String> {
    let inside = files
        .iter()
        .filter(|file| file.path.starts_with(&format!("{folder}/")));
    let lines: usize = inside
        .map(|file| file.text.lines().count() - file.test_lines)
        .sum();
    match lines < most {
        true => Vec::new(),
        false => vec![format!("{folder}: {lines} lines; it has fewer than {most}")],
    }
}

/// Complains of files that import each other; `tests/import_circles.rs` says what counts as an import.
fn check_circles(files: &[Source]) -> Vec<String> {
    let importing: Vec<ImportingFile> = files
        .iter()
        .filter(|file| file.path != "src/main.rs")
        .map(|file| ImportingFile::new(&file.path, file.module(), &file.production))
        .collect();
    import_circles(&importing)
        .into_iter()
        .map(|circle| {
            format!(
                "{} files import each other; move what they share below them:\n  {}",
                circle.files.len(),
                circle.imports.join("\n  ")
            )
        })
        .collect()
}

fn check_allows(file: &Source) -> Vec<String> {
    let tokens = &file.tokens;
    let mut complaints = Vec::new();
    for at in 0..tokens.len() {
        let is_attribute = tokens[at].is("#");
        let open = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|token| token.is("!")));
        if !is_attribute || !tokens.get(open).is_some_and(|token| token.is("[")) {
            continue;
        }
        let attribute = &tokens[open..group_end(tokens, open)];
        for (index, word) in attribute.iter().enumerate() {
            let opens = attribute.get(index + 1).is_some_and(|token| token.is("("));
            if !(word.is("allow") || word.is("expect")) || !opens {
                continue;
            }
            let group = &attribute[index..group_end(attribute, index + 1)];
            let has_reason = group
                .windows(3)
                .any(|w| w[0].is("reason") && w[1].is("=") && w[2].kind == Kind::Text);
            if !has_reason {
                complaints.push(file.complain(word.line, "an `allow` gives its `reason`"));
            }
        }
    }
    complaints
}

/// Returns the paths of the files that `root` declares, itself included; `only_production` leaves test modules out.
fn reachable(files: &[Source], root: &str, only_production: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let Some(file) = files.iter().find(|file| file.path == path) else {
            continue;
        };
        if !found.insert(path.clone()) {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let inside = match name {
            _ if is_root(&path) => folder.to_owned(),
            "mod.rs" => folder.to_owned(),
            name => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        let tokens = if only_production {
            &file.production
        } else {
            &file.tokens
        };
        for module in declared_modules(tokens) {
            waiting.push(format!("{inside}/{module}.rs"));
            waiting.push(format!("{inside}/{module}/mod.rs"));
        }
    }
    found
}

fn check_declared(files: &[Source], roots: &[&str]) -> Vec<String> {
    let declared: BTreeSet<String> = roots
        .iter()
        .flat_map(|root| reachable(files, root, false))
        .collect();
    files
        .iter()
        .filter(|file| !declared.contains(&file.path))
        .map(|file| {
            file.complain(
                1,
                &format!("no `mod` line leads here from {}", roots.join(" or ")),
            )
        })
        .collect()
}

/// Returns the list of files for docs/architecture.md: from the top floor down, each with its first sentence.
fn file_list(files: &[Source]) -> String {
    let shown: BTreeSet<String> = ["src/lib.rs", "src/main.rs"]
        .into_iter()
        .flat_map(|root| reachable(files, root, true))
        .collect();
    let mut text = String::new();
    let mut section = |title: &str, is_here: &dyn Fn(&Source) -> bool| {
        let mut here: Vec<&Source> = files
            .iter()
            .filter(|file| shown.contains(&file.path) && is_here(file))
            .collect();
        // A folder's `mod.rs` comes before what it holds.
        here.sort_by_key(|file| file.path.trim_end_matches("mod.rs"));
        if here.is_empty() {
            return;
        }
        text.push_str(&format!("\n### {title}\n\n"));
        for file in here {
            text.push_str(&format!("- `{}`: {}\n", file.path, opening(file)));
        }
    };
    section("The roots", &|file| is_root(&file.path));
    for (height, floor) in FLOORS.iter().rev().enumerate().rev() {
        for module in *floor {
            let title = format!("{module} (floor {height})");
            section(&title, &|file| {
                file.module().first().is_some_and(|first| first == module)
            });
        }
    }
    text
}

/// Returns `page` with what stands between the markers replaced.
fn with_file_list(page: &str, list: &str) -> String {
    let (begin, end) = FILE_LIST;
    let (before, rest) = page
        .split_once(begin)
        .expect("docs/architecture.md has the begin marker");
    let (_, after) = rest
        .split_once(end)
        .expect("docs/architecture.md has the end marker");
    format!("{before}{begin}\n{list}\n{end}{after}")
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(package().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                found.push(Source::new(
                    &path,
                    &fs::read_to_string(entry.path()).unwrap(),
                ));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Returns the production files of `src/`.
fn production_files() -> Vec<Source> {
    let files = rust_files("src");
    let shown: BTreeSet<String> = ["src/lib.rs", "src/main.rs"]
        .into_iter()
        .flat_map(|root| reachable(&files, root, true))
        .collect();
    files
        .into_iter()
        .filter(|file| shown.contains(&file.path))
        .collect()
}

#[track_caller]
fn assert_none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_import_only_from_lower_floors() {
    assert_none(production_files().iter().flat_map(check_floors));
}

#[test]
fn pure_files_touch_nothing() {
    assert_none(production_files().iter().flat_map(check_purity));
}

#[test]
fn every_file_opens_with_a_sentence_and_has_a_name_that_says_something() {
    for file in rust_files("src").iter().chain(&rust_files("tests")) {
        assert_none(check_opening(file).into_iter().chain(check_name(file)));
    }
}

#[test]
fn no_file_is_too_long() {
    assert_none(production_files().iter().flat_map(check_length));
}

#[test]
fn no_more_than_two_files_import_each_other() {
    assert_none(check_circles(&production_files()));
}

#[test]
fn the_command_line_reaches_no_device_by_itself() {
    let files = production_files();
    assert_none(files.iter().flat_map(check_command_line));
    assert_none(check_folder_length(&files, APPLY));
}

#[test]
fn every_allow_gives_its_reason() {
    for folder in ["src", "tests", "benches"] {
        assert_none(rust_files(folder).iter().flat_map(check_allows));
    }
}

#[test]
fn no_file_is_forgotten() {
    assert_none(check_declared(&rust_files("tests"), &["tests/all.rs"]));
    assert_none(check_declared(
        &rust_files("src"),
        &["src/lib.rs", "src/main.rs"],
    ));
}

#[test]
fn the_file_list_in_the_architecture_page_is_the_source() {
    let page = "docs/architecture.md";
    let text = fs::read_to_string(package().join(page)).unwrap();
    assert_golden(page, &with_file_list(&text, &file_list(&rust_files("src"))));
}

/// Asserts that `check` objects to `text` and not to the same text in the words of `good`.
#[track_caller]
fn objects(check: fn(&Source) -> Vec<String>, path: &str, bad: &str, good: &str) {
    let complaints = check(&Source::new(path, bad));
    assert!(!complaints.is_empty(), "no complaint about {path}: {bad}");
    assert!(complaints[0].starts_with(path), "{complaints:?}");
    assert_none(check(&Source::new(path, good)));
}

#[test]
fn an_import_from_the_same_or_a_higher_floor_is_seen() {
    let good = "use crate::model::VlanId; use crate::plan::order; // crate::cli";
    for bad in [
        "use crate::apply::Step;",
        "use crate::inventory::FileKind;",
        "use crate::{model::VlanId, report::Table};",
        "fn f() { crate::cli::run() }",
        "use super::super::observe::Observation;",
        "use crate as root; use root::service::Task;",
        "macro_rules! m { () => { $crate::history::Run } }",
        "#[cfg(test)] mod tests; use crate::render::Line;",
    ] {
        objects(check_floors, "src/plan/order.rs", bad, good);
    }
    assert_none(check_floors(&Source::new(
        "src/plan/order.rs",
        "#[cfg(test)] mod tests { use crate::simulator::Twin; }",
    )));
}

#[test]
fn the_simulator_may_import_only_the_model() {
    objects(
        check_floors,
        "src/simulator/twin.rs",
        "use crate::render::Line;",
        "use crate::model::VlanId;",
    );
    let below = Source::new("src/simulator/twin.rs", "use crate::secrets::Secret;");
    assert_eq!(check_floors(&below).len(), 1);
    let number = "use crate::model::{MAX_ALLOWED_VLANS, VlanId};";
    let shared = Source::new("src/simulator/twin.rs", number);
    assert_eq!(check_floors(&shared).len(), 1);
}

#[test]
fn a_module_or_a_name_on_no_floor_is_seen() {
    let complaints = check_floors(&Source::new("src/network/mod.rs", ""));
    assert_eq!(complaints.len(), 1);
    objects(
        check_floors,
        "src/cli/mod.rs",
        "use crate::Plan;",
        "use crate::plan::Plan;",
    );
}

#[test]
fn a_file_that_touches_the_world_is_seen() {
    let good = "use std::net::{IpAddr, Ipv6Addr}; use std::time::Duration; use std::io::Write; \
                use std::fmt; use std::process::ExitCode; const X: &str = \"std::fs\"; fn rand() {} fn f<'tokio>() {}";
    for bad in [
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "use std::time; fn now() { time::Instant::now() }",
        "use std::time::*;",
        "use std::*;",
        "use std as s; fn f() { s::thread::spawn(x) }",
        "fn f() { ::std::env::args() }",
        "use std::net::{IpAddr, TcpStream};",
        "fn f() { std::process::exit(1) }",
        "use git2::Oid;",
        "use rand::rng;",
        "#[tokio::main] fn f() {}",
        "pub async fn f() {}",
        "use std::io; fn f() { io::stdout() }",
    ] {
        objects(check_purity, "src/inventory/resolve.rs", bad, good);
    }
}

#[test]
fn purity_holds_where_it_should() {
    for pure in [
        "src/model/vlan.rs",
        "src/inventory/mod.rs",
        "src/inventory/sources.rs",
        "src/plan.rs",
        "src/report/finding/mod.rs",
        "src/render/line.rs",
    ] {
        assert!(is_pure(pure), "{pure}");
    }
    for free in [
        "src/inventory/source/git.rs",
        "src/inventory/read.rs",
        "src/cli/mod.rs",
        "src/planner.rs",
    ] {
        assert!(!is_pure(free), "{free}");
    }
}

#[test]
fn a_file_without_an_opening_sentence_is_seen() {
    for bad in [
        "",
        "use std::fmt;\n",
        "\n//! Late.\n",
        "//! No full stop\n",
        "/// A doc comment.\n",
        "//! .\n",
    ] {
        objects(
            check_opening,
            "src/plan/order.rs",
            bad,
            "//! The order of steps.\n",
        );
    }
    let two = Source::new(
        "src/plan/order.rs",
        "//! The order of v1.2 steps. And more.\n",
    );
    assert_eq!(opening(&two), "The order of v1.2 steps.");
}

#[test]
fn a_name_that_says_nothing_is_seen() {
    for path in ["src/plan/utils.rs", "src/common/mod.rs", "tests/helpers.rs"] {
        assert_eq!(check_name(&Source::new(path, "")).len(), 1, "{path}");
    }
    assert_none(check_name(&Source::new("src/model/name.rs", "")));
}

#[test]
fn a_long_file_is_seen_and_its_tests_do_not_count() {
    let code = |lines: usize| "const X: u8 = 0;\n".repeat(lines);
    objects(check_length, "src/plan/order.rs", &code(501), &code(500));
    let tests_first = format!("#[cfg(test)]\nmod tests {{\n{}}}\n{}", code(600), code(400));
    assert_none(check_length(&Source::new(
        "src/plan/order.rs",
        &tests_first,
    )));
    let early = format!("#[cfg(test)]\nuse x::y;\n{}", code(501));
    assert_eq!(
        check_length(&Source::new("src/plan/order.rs", &early)).len(),
        1
    );
}

#[test]
fn a_command_that_reaches_a_device_by_itself_is_seen() {
    let good = "use crate::observe::record; use crate::reconcile::run::RunReport; use crate::history::Store; \
                fn f() { record::from_bytes(x) } // crate::transport";
    for bad in [
        "use crate::apply::RunReport;",
        "use crate::transport::snmp::SnmpOptions;",
        "use crate::observe;",
        "use crate::observe::{record, look};",
        "use crate::observe::*;",
        "fn f() { crate::transport::ssh::host_key_of() }",
        "use crate::history::{Store, EntryRow};",
        "use tokio::task::JoinSet;",
        "fn f() { tokio::runtime::Builder::new_multi_thread() }",
    ] {
        objects(check_command_line, "src/cli/trust.rs", bad, good);
    }
    for apart in ["src/cli/twin/run.rs", "src/reconcile/look.rs"] {
        assert_none(check_command_line(&Source::new(
            apart,
            "use crate::observe::look;",
        )));
    }
    let runtime = Source::new(RUNTIME, "use tokio::runtime::Runtime;");
    assert_none(check_command_line(&runtime));
}

#[test]
fn a_circle_of_imports_is_seen() {
    let file = |name: &str, next: &str| {
        let text = format!("use super::{next}::T; pub struct T;");
        Source::new(&format!("src/plan/{name}.rs"), &text)
    };
    let lib = Source::new("src/lib.rs", "mod plan;");
    let parent = Source::new("src/plan/mod.rs", "mod a; mod b; mod c;");
    let complaints = check_circles(&[lib, parent, file("a", "b"), file("b", "c"), file("c", "a")]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("src/plan/b.rs:1 imports src/plan/c.rs"));
}

#[test]
fn a_folder_that_grows_too_long_is_seen() {
    let code = |lines: usize| "const X: u8 = 0;\n".repeat(lines);
    let files = [
        Source::new("src/cli/apply/mod.rs", &code(300)),
        Source::new("src/cli/apply/run.rs", &code(299)),
        Source::new("src/cli/apply_later.rs", &code(100)),
    ];
    assert_none(check_folder_length(&files, ("src/cli/apply", 600)));
    assert_eq!(check_folder_length(&files, ("src/cli/apply", 599)).len(), 1);
}

#[test]
fn an_allow_without_a_reason_is_seen() {
    let good = "#[allow(clippy::x, reason = \"why\")] fn f() { allow(x) }";
    for bad in [
        "#[allow(clippy::x)] fn f() {}",
        "#![allow(clippy::x)]",
        "#[expect(clippy::x)] fn f() {}",
        "#[cfg_attr(test, allow(dead_code))] fn f() {}",
        "#[cfg(test)] mod tests { #[allow(clippy::x)] fn f() {} }",
        "#[allow(reason)] fn f() {} // reason = \"no\"",
    ] {
        objects(check_allows, "src/plan/order.rs", bad, good);
    }
}

#[test]
fn a_forgotten_file_is_seen() {
    let files = [
        Source::new("tests/all.rs", "mod a; // mod c;"),
        Source::new("tests/a/mod.rs", "mod b;"),
        Source::new("tests/a/b.rs", ""),
        Source::new("tests/c.rs", ""),
    ];
    let complaints = check_declared(&files, &["tests/all.rs"]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].starts_with("tests/c.rs"));
}

#[test]
fn a_test_module_in_a_file_of_its_own_is_no_production_code() {
    let files = [
        Source::new("src/lib.rs", "mod plan;"),
        Source::new("src/plan/mod.rs", "mod order; #[cfg(test)] mod tests;"),
        Source::new("src/plan/order.rs", ""),
        Source::new("src/plan/tests.rs", ""),
    ];
    assert_eq!(reachable(&files, "src/lib.rs", true).len(), 3);
    assert_eq!(reachable(&files, "src/lib.rs", false).len(), 4);
}

#[test]
fn the_file_list_goes_from_the_top_floor_down_and_a_folder_opens_with_its_entry() {
    let files = [
        Source::new(
            "src/lib.rs",
            "//! The library.\nmod model; mod plan; mod cli;",
        ),
        Source::new("src/cli/mod.rs", "//! Commands.\n"),
        Source::new("src/model/mod.rs", "//! Words.\n"),
        Source::new("src/plan/a.rs", "//! First. Second.\n"),
        Source::new("src/plan/mod.rs", "//! Plans.\nmod a;"),
    ];
    assert_eq!(
        file_list(&files),
        "\n### The roots\n\n- `src/lib.rs`: The library.\n\
         \n### cli (floor 8)\n\n- `src/cli/mod.rs`: Commands.\n\
         \n### plan (floor 1)\n\n- `src/plan/mod.rs`: Plans.\n- `src/plan/a.rs`: First.\n\
         \n### model (floor 0)\n\n- `src/model/mod.rs`: Words.\n"
    );
    let page = with_file_list(&format!("a {}\nold\n{} z", FILE_LIST.0, FILE_LIST.1), "new");
    assert_eq!(page, format!("a {}\nnew\n{} z", FILE_LIST.0, FILE_LIST.1));
}
