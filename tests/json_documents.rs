//! Tests that `--format json` and `--json-to` give exactly one document each, however a command ends.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::crash::site::{Flat, Site};

/// The exit code of a command, with its documents.
struct Ended {
    exit: i32,
    /// The document of stdout.
    printed: Value,
    /// The document of the `--json-to` file.
    written: Value,
    talk: String,
}

/// Runs a command with `--json-to`; its own arguments may ask for `--format json`.
fn run(site: &Site, arguments: &[&str]) -> (i32, String, String, String) {
    let file = site.world.beside("result.json");
    let _absent = fs::remove_file(&file);
    let mut all = arguments.to_vec();
    all.extend(["--json-to", file.to_str().unwrap()]);
    let (mut command, _) = site.command(&all);
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        fs::read_to_string(&file).unwrap_or_default(),
        text(output.stderr),
    )
}

/// Parses the one document of a text.
#[track_caller]
fn document(arguments: &[&str], text: &str, talk: &str) -> Value {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text:?}\n{talk}"))
}

/// Runs a command with `--format json` as well.
#[track_caller]
fn json(site: &Site, arguments: &[&str]) -> Ended {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    let (exit, printed, written, talk) = run(site, &all);
    Ended {
        exit,
        printed: document(&all, &printed, &talk),
        written: document(&all, &written, &talk),
        talk,
    }
}

#[track_caller]
fn ends(site: &Site, arguments: &[&str], exit: i32, result: Option<&str>) -> Ended {
    let ended = json(site, arguments);
    assert_eq!(ended.exit, exit, "{arguments:?}\n{}", ended.talk);
    assert_eq!(ended.printed, ended.written, "{arguments:?}");
    let schema = ended.printed["schema"].as_str().unwrap_or_default();
    assert!(
        schema.starts_with("gamctl/"),
        "{arguments:?}: {}",
        ended.printed
    );
    assert_eq!(ended.printed["version"], 1, "{arguments:?}");
    if let Some(result) = result {
        assert_eq!(ended.printed["result"], result, "{arguments:?}");
    }
    ended
}

#[track_caller]
fn adopt(site: &Site, exit: i32) -> Value {
    ends(site, &["adopt"], exit, None).printed
}

fn site() -> Site {
    let mut site = Site::with(2);
    site.intend(vec![
        Flat::new(1, 0, "home-100"),
        Flat::new(2, 1, "home-300"),
    ]);
    site
}

#[test]
fn every_end_of_a_run_gives_one_document() {
    let site = site();
    ends(&site, &["plan"], 2, None);
    let refused = ends(&site, &["apply"], 4, Some("refused"));
    assert_eq!(refused.printed["refused"]["refusal"], "not-confirmed");
    ends(&site, &["apply", "missing.json"], 1, Some("failed"));
    ends(&site, &["rollback", "0000abcd"], 1, Some("failed"));
    ends(&site, &["rollback", "--to", "no-such"], 1, Some("failed"));
    ends(&site, &["plan", "--against", "no-such"], 1, Some("failed"));
    ends(
        &site,
        &["freeze", "--for", "1h", "--reason", "cellar"],
        0,
        None,
    );
    ends(&site, &["apply", "--yes"], 4, Some("refused"));
    ends(&site, &["thaw", "--all"], 0, None);
    let plans = site.world.read("service-plans.toml");
    site.world.write(
        "service-plans.toml",
        plans.replace("down = 300", "down = 310"),
    );
    ends(&site, &["apply", "--yes"], 4, Some("refused"));
    site.world.write("service-plans.toml", &plans);
    ends(&site, &["apply", "--yes"], 0, Some("done"));
    ends(&site, &["apply", "--yes"], 0, Some("done"));
    ends(&site, &["plan"], 0, None);
    ends(
        &site,
        &["rollback", "--to", "HEAD", "--yes"],
        0,
        Some("done"),
    );
    assert!(adopt(&site, 0)["adopted"].is_array());
}

/// Runs a command and checks that its document names its schema.
#[track_caller]
fn named(site: &Site, arguments: &[&str], exit: i32, schema: &str) -> Value {
    let ended = ends(site, arguments, exit, None);
    assert_eq!(ended.printed["schema"], schema, "{arguments:?}");
    ended.printed
}

#[test]
fn lists_have_a_name_and_times_are_in_rfc_3339() {
    let site = site();
    let is_time = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        assert!(
            text.len() == 20 && text.ends_with('Z'),
            "{value} is not a time"
        );
    };
    ends(&site, &["apply", "--yes"], 0, Some("done"));
    let runs = named(&site, &["history"], 0, "gamctl/history");
    is_time(&runs["runs"][0]["began"]);
    let id = runs["runs"][0]["id"].as_str().unwrap();
    let whole = named(&site, &["history", "--run", id], 0, "gamctl/history-run");
    is_time(&whole["devices"][0]["happenings"][0]["at"]);
    let probed = named(&site, &["observe", "--probe"], 0, "gamctl/probe");
    assert_eq!(probed["probes"][0]["device"], "oak-0");
    assert_eq!(probed["probes"][0]["alarms"]["is_all"], true);
    let polled = named(&site, &["observe", "--poll"], 0, "gamctl/poll");
    assert_eq!(polled["polls"][0]["depth"], "quarter-hour");
    assert!(polled["polls"][0]["requests"].as_u64().unwrap() > 10);
    is_time(&polled["polls"][0]["taken_at"]);
    let seen = named(&site, &["observe"], 0, "gamctl/observe");
    is_time(&seen["observations"][0]["taken_at"]);
    let explained = named(&site, &["explain", "apt-1"], 0, "gamctl/explain");
    is_time(&explained["now"]["looked"]["at"]);
    is_time(&explained["now"]["verified"]["at"]);
    is_time(&explained["chapters"][0]["run"]["ended"]);
    let at = ["show", "device", "oak-0", "--at", "1m"];
    is_time(&named(&site, &at, 0, "gamctl/device-at")["at"]);
    let freeze = ["freeze", "--for", "1h", "--reason", "cellar"];
    is_time(&named(&site, &freeze, 0, "gamctl/freeze")["until"]);
    let freezes = named(&site, &["freeze", "--list"], 0, "gamctl/freezes");
    is_time(&freezes["freezes"][0]["since"]);
    let audit = named(&site, &["history", "--audit"], 0, "gamctl/history-audit");
    is_time(&audit["entries"][0]["at"]);
    site.world.write(
        "service-plans.toml",
        site.world
            .read("service-plans.toml")
            .replace("down = 300", "down = 310"),
    );
    site.world.commit_all("faster");
    let frozen = named(&site, &["apply", "--yes"], 4, "gamctl/run");
    is_time(&frozen["not_begun"][0]["cause"]["until"]);
    for (command, list) in [("doctor", "checks"), ("secret list", "secrets")] {
        let words: Vec<&str> = command.split(' ').collect();
        let (_, printed) = run_json(&site, &words);
        assert!(printed[list].is_array(), "{command}: {printed}");
    }
    let (_, _, trusted, talk) = run(&site, &["trust"]);
    let trusted = document(&["trust"], &trusted, &talk);
    assert!(trusted["host_keys"].is_array(), "{trusted}");
    let (_, _, thawed, talk) = run(&site, &["thaw", "--all"]);
    let thawed = document(&["thaw"], &thawed, &talk);
    is_time(&thawed["freezes"][0]["until"]);
}

/// Runs a command whose exit code does not matter.
fn run_json(site: &Site, arguments: &[&str]) -> (i32, Value) {
    let ended = json(site, arguments);
    (ended.exit, ended.printed)
}

#[test]
fn documents_name_their_schema() {
    let mut site = site();
    let found = named(&site, &["find", "apt-1"], 0, "gamctl/find");
    assert_eq!(found["found"][0]["id"], "apt-1");
    assert_eq!(found["total"], 1);
    named(&site, &["find", "nothing-like-it"], 1, "gamctl/find");
    ends(&site, &["apply", "--yes"], 0, Some("done"));
    let owned = named(&site, &["owned", "oak-0"], 0, "gamctl/owned");
    let object = &owned["devices"][0]["objects"][0];
    assert!(object["since"]["run"].is_string(), "{object}");
    assert!(
        object["since"]["at"].as_str().unwrap().ends_with('Z'),
        "{object}"
    );
    let list = site.world.beside("accounts.csv");
    fs::write(&list, "id,new_id\napt-1,acct-1\n").unwrap();
    let list = list.to_str().unwrap();
    let renamed = named(&site, &["rename", "--from", list], 0, "gamctl/rename");
    assert_eq!(renamed["result"], "shown");
    fs::write(list, "id,new_id\nz,acct-1\n").unwrap();
    let refused = named(&site, &["rename", "--from", list], 1, "gamctl/rename");
    assert_eq!(refused["errors"][0]["line"], 2);
    fs::write(list, "Name,MAC,Profile,VLAN,System\na,x,,7,z\n").unwrap();
    let import = ["import", "--virtuoso", list];
    let refused = named(&site, &import, 1, "gamctl/import-virtuoso");
    assert_eq!(refused["left_out"][0]["line"], 2);
    site.intend(vec![Flat::new(2, 1, "home-300")]);
    let disown = ["disown", "apt-1", "--reason", "it stays"];
    let asked = named(&site, &disown, 4, "gamctl/disown");
    assert_eq!(asked["result"], "not-confirmed");
    let done = [&disown[..], &["--yes"]].concat();
    let released = named(&site, &done, 0, "gamctl/disown");
    assert_eq!(released["result"], "done");
    assert_eq!(released["reason"], "it stays");
    // It is not owned any more, so nothing removes it.
    ends(&site, &["plan"], 0, None);
}

#[test]
fn an_invalid_inventory_gives_its_findings_as_the_document() {
    let site = site();
    site.world
        .write("subscribers/oaks.toml", "[subscriber.a]\nvlan = 9999\n");
    site.world.commit_all("a typing mistake");
    let commands: [&[&str]; 5] = [
        &["plan"],
        &["apply", "--yes"],
        &["rollback", "--to", "HEAD", "--yes"],
        &["show"],
        &["observe"],
    ];
    for command in commands {
        let ended = ends(&site, command, 3, None);
        assert!(ended.printed["findings"].is_array(), "{command:?}");
    }
    assert!(adopt(&site, 3)["findings"].is_array());
    ends(&site, &["validate"], 3, None);
}

#[test]
fn a_command_that_fails_gives_the_error_as_the_document() {
    let site = site();
    let commands: [&[&str]; 9] = [
        &["plan", "-i", "missing"],
        &["apply", "-i", "missing"],
        &["rollback", "-i", "missing", "--to", "HEAD"],
        &["observe", "-i", "missing"],
        &["explain", "-i", "missing", "oak-0"],
        &["show", "-i", "missing"],
        &["show", "device", "no-such"],
        &["discover", "not-an-address"],
        &["validate", "missing"],
    ];
    for command in commands {
        let ended = ends(&site, command, 1, Some("failed"));
        let error = ended.printed["error"].as_str().unwrap();
        assert!(ended.talk.contains(error), "{error}\n{}", ended.talk);
    }
    // Those that go on without an inventory have a document of their own.
    ends(&site, &["doctor", "--local", "-i", "missing"], 1, None);
    ends(&site, &["history"], 0, None);
    ends(&site, &["freeze", "--list"], 0, None);
    ends(&site, &["secret", "list"], 0, None);
    site.world.write("gamctl.toml", "secrets = 1\n");
    ends(&site, &["plan"], 1, Some("failed"));
    ends(&site, &["secret", "check"], 1, Some("failed"));
}

#[test]
fn commands_that_write_files_print_their_document_and_nothing_else() {
    let site = site();
    for (arguments, exit) in [
        (&["init", "another"][..], 0),
        (&["fmt"], 0),
        (&["fmt", "--check", "--diff"], 0),
        (&["secret", "init"], 0),
        (&["secret", "set", "extra", "--empty"], 0),
        (&["secret", "rotate"], 0),
        (&["set", "--where", "state=*", "description=x"], 0),
        (
            &["set", "--where", "state=*", "device=no-such", "--write"],
            3,
        ),
        (&["trust"], 0),
    ] {
        ends(&site, arguments, exit, None);
    }
}

#[test]
fn a_result_that_cannot_be_written_is_refused_before_anything_is_done() {
    let site = site();
    let (mut command, _) = site.command(&[
        "apply",
        "--yes",
        "--format",
        "json",
        "--json-to",
        "missing/result.json",
    ]);
    let output = command.stdout(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["result"], "failed");
    // Not even the store is there.
    assert!(!site.state.exists());
}

#[test]
fn a_plan_for_a_missing_folder_is_refused_before_a_device_is_asked() {
    let site = site();
    let (mut command, _) = site.command(&["plan", "-v", "--out", "missing/plan.json"]);
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    // With `-v`, reading the inventory would be the first line.
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: cannot write the plan to missing/plan.json: there is no folder missing; create it first\n"
    );
}
