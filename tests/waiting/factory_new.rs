//! A device that was replaced or reset is named as such, with the steps that bring it back into service.

use crate::crash::site::{Flat, Site};

/// A site whose first device was applied, and was then replaced by the second one, as delivered.
fn replaced() -> Site {
    let mut site = Site::with(2);
    site.intend(
        (1..=3)
            .map(|number| Flat::new(number, 0, "home-100"))
            .collect(),
    );
    site.apply().exits(0);
    let text = site.world.read("devices/oaks.toml");
    let address = |number: usize| {
        let twin = site.twin(number);
        format!("{}/{}", twin.ssh_address(), twin.snmp_address().port())
    };
    let first = text.split("[device.oak-1]").next().unwrap();
    site.world
        .write("devices/oaks.toml", first.replace(&address(0), &address(1)));
    site.world.commit_all("another device at its address");
    site
}

#[test]
fn a_replaced_device_is_named_with_the_procedure_that_brings_it_back() {
    let site = replaced();
    for command in [&["plan"][..], &["apply", "--yes"], &["doctor"]] {
        let said = site.run(command);
        assert!(
            said.text.contains("looks factory-new"),
            "{command:?}: {}",
            said.text
        );
        let next = "gamctl trust oak-0 --pin --replace";
        assert!(
            said.text
                .replace("\n", " ")
                .replace("  ", "")
                .contains(next)
                || said.text.contains("trust oak-0"),
            "{}",
            said.text
        );
    }
    // The procedure: serial, key, apply.
    let text = site.world.read("devices/oaks.toml");
    let (old, new) = (
        site.twin(0).serial().to_string(),
        site.twin(1).serial().to_string(),
    );
    site.world
        .write("devices/oaks.toml", text.replace(&old, &new));
    site.world.commit_all("its serial number");
    site.run(&["trust", "oak-0", "--pin", "--replace"]).exits(0);
    site.world.commit_all("its key");
    let plan = site.run(&["plan"]).exits(2);
    plan.says("oak-0 looks factory-new: it has no profile, endpoint or subscriber");
    site.apply().exits(0);
    let said = site.run(&["plan"]).exits(0);
    assert!(!said.text.contains("factory-new"), "{}", said.text);
}

#[test]
fn a_device_that_is_installed_for_the_first_time_is_not_called_replaced() {
    let mut site = Site::with(1);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    let said = site.run(&["plan"]).exits(2);
    assert!(!said.text.contains("factory-new"), "{}", said.text);
}
