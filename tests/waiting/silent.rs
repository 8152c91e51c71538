//! Silent devices: each is named while it is waited for, given up in time, and told once.

use super::{add_silent, oak};
use crate::crash::site::{Flat, Site};

#[test]
fn a_silent_device_is_named_on_the_terminal_by_every_command_that_waits_for_it() {
    let site = Site::with(1);
    let _silent = add_silent(&site, 1);
    for command in [
        &["plan"][..],
        &["observe"],
        &["doctor"],
        &["trust"],
        &["adopt"],
        &["apply"],
    ] {
        let mut arguments = command.to_vec();
        arguments.extend(["--timeout", "1500ms"]);
        let said = site.on_terminal(&arguments);
        assert!(
            said.text.contains("waiting for pine-0"),
            "{command:?} names nobody:\n{}",
            said.text
        );
    }
}

#[test]
fn the_error_says_how_long_a_silent_device_was_waited_for() {
    let site = Site::with(1);
    let _silent = add_silent(&site, 1);
    let said = site.run(&["plan", "--timeout", "600ms"]);
    said.says("pine-0 is unreachable")
        .says("in 0.6 s, to 4 requests");
}

#[test]
fn a_device_that_was_silent_the_last_time_is_given_less_time_until_it_answers() {
    let mut site = Site::with(1);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.apply().exits(0);
    let _silent = add_silent(&site, 1);
    site.run(&["plan"]).says("in 5 s, to 4 requests");
    site.run(&["plan"]).says("in 2 s, to 4 requests");
    site.run(&["plan", "--timeout", "700ms"]).says("in 0.7 s");
    let store = site.store();
    let silences = site.runtime.block_on(store.silences()).unwrap();
    let silent: Vec<String> = silences.keys().map(ToString::to_string).collect();
    assert_eq!(silent, ["pine-0"]);
    // The same name at the address of a device that answers.
    let text = site.world.read("devices/oaks.toml");
    site.world
        .write("devices/pines.toml", text.replace(&oak(0), "pine-0"));
    site.world.write("devices/oaks.toml", "");
    site.world.write("subscribers/oaks.toml", "");
    site.world.commit_all("another name");
    site.run(&["observe"]).exits(0);
    let silences = site.runtime.block_on(store.silences()).unwrap();
    assert!(silences.is_empty(), "{silences:?}");
}

#[test]
fn every_command_that_contacts_devices_accepts_the_same_timeout() {
    let site = Site::with(1);
    let mut texts = Vec::new();
    for command in [
        &["plan"][..],
        &["apply"],
        &["rollback"],
        &["adopt"],
        &["observe"],
        &["backup"],
        &["doctor"],
        &["trust"],
        &["discover"],
        &["import"],
        &["show", "device"],
        &["show", "subscriber"],
    ] {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = site.run(&arguments).exits(0).text;
        let at = help.find("--timeout <DURATION>");
        let at = at.unwrap_or_else(|| panic!("{command:?} has no --timeout:\n{help}"));
        let text: String = help[at..].lines().take(6).map(str::trim).collect();
        texts.push(text[..text.find("default: 5s").unwrap()].to_owned());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:#?}");
}

#[test]
fn equal_failures_of_many_devices_are_shown_once_with_their_count_and_names() {
    let site = Site::with(2);
    let _silent = add_silent(&site, 3);
    for command in ["plan", "observe", "doctor", "trust"] {
        let said = site.run(&[command, "--timeout", "300ms"]);
        assert!(
            said.text.contains("3 devices: "),
            "{command} counts nothing:\n{}",
            said.text
        );
        assert!(
            said.text.contains("pine-0, pine-1, pine-2"),
            "{}",
            said.text
        );
    }
    // One missing secret keeps all devices away, and has one cause.
    std::fs::remove_file(site.secrets().join("gam-snmp")).unwrap();
    for command in ["plan", "doctor"] {
        let said = site.run(&[command]);
        let told = said.text.matches("gam-snmp").count();
        assert!(told <= 4, "{command} tells it {told} times:\n{}", said.text);
        assert!(said.text.contains("5 devices: "), "{}", said.text);
    }
}
