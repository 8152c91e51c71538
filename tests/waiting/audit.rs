//! The audit log and the history: refusals and adoptions are in both, each with its devices and objects.

use crate::crash::site::{Flat, Site};

#[test]
fn a_refused_apply_is_in_the_history_and_leads_the_audit_log_on_request() {
    let mut site = Site::with(1);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.world.write("network.toml", "schema = 1\n# a note\n");
    site.apply().exits(4);
    site.run(&["history"])
        .says("refused: the inventory has uncommitted changes");
    site.world.commit_all("a note");
    site.apply().exits(0);
    site.run(&["apply", "--yes", "--device", "oak-9"]).exits(1);
    let audit = site.run(&["history", "--audit", "--refused"]).exits(0).text;
    let first = audit.lines().next().unwrap();
    assert!(
        first.contains("apply REFUSED  all devices: the inventory"),
        "{audit}"
    );
    let runs = site.run(&["history", "--format", "json"]).exits(0).text;
    assert!(runs.contains("\"result\": \"refused\""), "{runs}");
}

#[test]
fn an_adoption_is_summed_for_its_run_and_is_in_the_history() {
    let mut site = Site::with(2);
    let flats = (1..=2).map(|number| Flat::new(number, 0, "home-100"));
    let others = (11..=12).map(|number| Flat::new(number, 1, "home-300"));
    site.intend(flats.chain(others).collect());
    site.apply().exits(0);
    // A store that knows nothing.
    site.state = site.state.join("other");
    site.run(&["adopt"]).exits(0);
    let history = site.run(&["history"]).exits(0).text;
    assert!(
        history.contains(" adopt ") && history.contains(" objects adopted"),
        "{history}"
    );
    let audit = site.run(&["history", "--audit"]).exits(0).text;
    let adopted: Vec<&str> = audit
        .lines()
        .filter(|line| line.contains("  adopt  "))
        .collect();
    assert_eq!(adopted.len(), 1, "{audit}");
    assert!(
        adopted[0].contains("2 devices: ") && audit.contains("oak-0, oak-1"),
        "{audit}"
    );
}

#[test]
fn explain_dates_a_device_by_the_last_look_of_any_kind_of_run() {
    let mut site = Site::with(1);
    site.intend(vec![Flat::new(1, 0, "home-100")]);
    site.apply().exits(0);
    let looked = || -> String {
        let said = site
            .run(&["explain", "apt-1", "--format", "json"])
            .exits(0)
            .text;
        let document: serde_json::Value = serde_json::from_str(&said).unwrap();
        let at = document["now"]["looked"]["at"].as_str().unwrap();
        at.to_owned()
    };
    for command in ["plan", "observe"] {
        let before = looked();
        let until = std::time::Instant::now() + crate::crash::site::LONG;
        // Times are in seconds.
        while looked() == before {
            assert!(
                std::time::Instant::now() < until,
                "`{command}` leaves no look"
            );
            site.run(&[command]).exits(0);
        }
    }
}
