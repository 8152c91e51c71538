//! Imports: what was seen becomes an inventory that is valid and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gamctl::inventory::source::Limits;
use gamctl::inventory::{GOOD_INVENTORY, Reading, read_texts};
use gamctl::model::{
    DeviceName, GamModel, HostKey, Identity, MacAddress, Observation, Part, Serial,
};
use gamctl::observe::record::from_bytes;
use gamctl::plan::InventoryVersion;
use gamctl::reconcile::import::{FoundDevice, Imported, Texts, import};
use gamctl::reconcile::{FingerprintedObservation, Fleet, LookResults, Policy, plan_all};
use gamctl::simulator::gam::{Configuration, Hardware};

use crate::observe::device::{Dice, expected, random};

const CREDENTIALS: &str = "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"a\" } }\nssh = { user = \"admin\", password = { secret = \"b\" } }\n";

/// Returns what a look at a device with this configuration returns.
fn seen(number: u8, hardware: &Hardware, configuration: &Configuration) -> FoundDevice {
    let mut observation = Observation::of(DeviceName::new("somebody").unwrap());
    observation.identity = Identity {
        product: Some(hardware.model.product_number()),
        model: Some(hardware.model),
        name: Some(configuration.hostname.to_string()),
        serial: Some(Serial::new(&hardware.serial).unwrap()),
        mac: Some(hardware.mac),
        ..Identity::default()
    };
    observation.config = expected(configuration);
    FoundDevice {
        observation,
        known: None,
        address: Some(format!("10.20.0.{number}").parse().unwrap()),
        credentials: None,
        host_key: Some(HostKey::new("SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E").unwrap()),
        site: None,
    }
}

/// A fleet whose endpoints are of one world: no two have one address.
fn fleet(seed: u64, models: &[GamModel], subscribers: usize) -> Vec<FoundDevice> {
    let mut dice = Dice::new(seed);
    let mut found = Vec::new();
    for (number, model) in (1..).zip(models) {
        let count = subscribers.min(model.endpoint_capacity());
        let (hardware, mut configuration) = random(&mut dice, *model, count);
        for endpoint in configuration.endpoints.values_mut() {
            let [_, _, _, _, high, low] = endpoint.mac.octets();
            endpoint.mac = MacAddress::new([0, 14, 216, number, high, low]).unwrap();
        }
        found.push(seen(number, &hardware, &configuration));
    }
    found
}

fn texts(files: &[(&str, &str)]) -> Texts {
    let files = files.iter();
    files
        .map(|(path, text)| (Arc::from(*path), Arc::from(*text)))
        .collect()
}

/// Returns the inventory after an import, which must not have touched a file.
fn after(existing: &Texts, imported: &Imported) -> Reading {
    let mut all = existing.clone();
    for (path, text) in &imported.files {
        let before = all.insert(Arc::from(path.as_str()), Arc::from(text.as_str()));
        assert_eq!(before, None, "{path} was there");
    }
    read_texts(&all, &Limits::default())
}

/// Checks that the inventory has no errors and plans nothing for what was seen.
fn changes_nothing(reading: &Reading, found: &[FoundDevice]) {
    let errors: Vec<_> = reading
        .findings
        .iter()
        .map(|finding| &finding.message)
        .collect();
    assert!(!reading.has_errors(), "{errors:#?}");
    let inventory = &reading.inventory;
    let fleet = Fleet::of(
        inventory,
        InventoryVersion::default(),
        None,
        Policy::of(inventory, inventory),
    );
    let mut sightings = LookResults::new();
    for device in inventory.devices() {
        let serial = &device.text.serial;
        let one = found
            .iter()
            .find(|one| &one.observation.identity.serial == serial);
        if let Some(one) = one {
            let mut observation = one.observation.clone();
            observation.device = device.id.clone();
            sightings.insert(
                device.id.clone(),
                Ok(FingerprintedObservation::of(observation)),
            );
        }
    }
    let planned = plan_all(&fleet, &sightings);
    for plan in &planned.devices {
        assert_eq!(plan.steps, [], "{}", plan.device);
        assert_eq!(plan.refusals, [], "{}", plan.device);
    }
    assert_eq!(planned.devices.len(), sightings.len());
}

fn reasons(imported: &Imported) -> BTreeMap<String, BTreeSet<String>> {
    let mut reasons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in &imported.left_out {
        reasons
            .entry(one.why.clone())
            .or_default()
            .insert(one.what.clone());
    }
    reasons
}

#[test]
fn a_whole_device_comes_over() {
    let found = fleet(3, &[GamModel::Gam24C], 200);
    let existing = texts(&[("credentials.toml", CREDENTIALS)]);
    let imported = import(&found, &existing).unwrap();
    let reading = after(&existing, &imported);
    changes_nothing(&reading, &found);
    let seen = found[0].observation.config.subscribers.len();
    let left_out = imported.left_out.iter();
    let subscribers = left_out
        .filter(|one| one.what.starts_with("subscriber"))
        .count();
    assert_eq!(
        imported.subscribers + subscribers,
        seen,
        "{:#?}",
        reasons(&imported)
    );
    assert!(
        imported.subscribers > seen * 7 / 10,
        "{:#?}",
        reasons(&imported)
    );
    let device = reading.inventory.devices().next().unwrap();
    assert!(device.text.serial.is_some() && device.text.mac.is_some());
    assert!(device.text.host_key.is_some());
}

#[test]
fn any_fleet_becomes_an_inventory_that_changes_nothing() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let models: Vec<GamModel> = (0..3).map(|_| *dice.pick(&GamModel::ALL)).collect();
        let found = fleet(seed, &models, 30);
        let existing = texts(&[("credentials.toml", CREDENTIALS)]);
        let imported = import(&found, &existing).unwrap();
        changes_nothing(&after(&existing, &imported), &found);
        // Nobody is lost without a word.
        let seen: usize = found
            .iter()
            .map(|one| one.observation.config.subscribers.len())
            .sum();
        let left_out = imported.left_out.iter();
        let subscribers = left_out
            .filter(|one| one.what.starts_with("subscriber"))
            .count();
        assert_eq!(imported.subscribers + subscribers, seen, "seed {seed}");
        assert_eq!(
            import(&found, &existing).unwrap(),
            imported,
            "the same again"
        );
    }
}

#[test]
fn a_written_file_is_in_canonical_order() {
    let found = fleet(5, &[GamModel::Gam4Cx, GamModel::Gam12M], 20);
    let existing = texts(&[("credentials.toml", CREDENTIALS)]);
    let imported = import(&found, &existing).unwrap();
    for (path, text) in &imported.files {
        let Some(kind) = gamctl::inventory::FileKind::ALL
            .into_iter()
            .find(|kind| path.starts_with(kind.stem()))
        else {
            panic!("{path}")
        };
        let order = |table: &[&str]| gamctl::inventory::canonical_order(kind, table);
        assert_eq!(
            &gamctl::authoring::format(kind, text, &order).unwrap(),
            text,
            "{path}"
        );
    }
}

#[test]
fn an_inventory_that_is_there_is_added_to_and_not_touched() {
    let found = fleet(9, &[GamModel::Gam4Cx], 12);
    let existing = texts(GOOD_INVENTORY);
    let imported = import(&found, &existing).unwrap();
    assert!(
        !imported.files.contains_key("network.toml"),
        "{:?}",
        imported.files.keys()
    );
    let reading = after(&existing, &imported);
    changes_nothing(&reading, &found);
    assert!(imported.subscribers > 0);
    // Once more there is nothing to add.
    let mut all = existing.clone();
    for (path, text) in &imported.files {
        all.insert(Arc::from(path.as_str()), Arc::from(text.as_str()));
    }
    let again = import(&found, &all).unwrap();
    assert_eq!(
        (again.devices, again.subscribers, again.service_plans),
        (0, 0, 0)
    );
    assert!(
        again.left_out[0].why.contains("of the inventory"),
        "{:?}",
        again.left_out
    );
}

/// A device that somebody describes by hand.
fn by_hand(name: &str, number: u8, rest: &str) -> FoundDevice {
    let text = format!(
        r#"
        device = "{name}"
        sequence = 0
        taken_at = 0
        sources = {{}}
        identity = {{ product = 18, model = "GAM-4-CX", name = "{name}", serial = "0100000{number}" }}
        {rest}
        "#
    );
    let observation = from_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    FoundDevice {
        observation,
        known: None,
        address: Some(format!("10.20.1.{number}").parse().unwrap()),
        credentials: None,
        host_key: None,
        site: None,
    }
}

/// One subscriber with its endpoint; `fields` are further ones of the subscriber.
fn home(number: u8, name: &str, fields: &str) -> String {
    format!(
        r#"
        [config.endpoints."00:0e:d8:00:00:{number:02x}"]
        slot = {number}
        name = "cpe {number}"
        port = 1
        [config.subscribers."{name}"]
        slot = {number}
        endpoint = "00:0e:d8:00:00:{number:02x}"
        tagged = false
        poe = "disable"
        {fields}
        "#
    )
}

fn profile(name: &str, slot: u8, down: u32, up: u32) -> String {
    format!("[config.profiles.\"{name}\"]\nslot = {slot}\ndown = {down}\nup = {up}\n")
}

fn imported(found: &[FoundDevice]) -> (Imported, Reading) {
    let existing = texts(&[("credentials.toml", CREDENTIALS)]);
    let imported = import(found, &existing).unwrap();
    let reading = after(&existing, &imported);
    changes_nothing(&reading, found);
    (imported, reading)
}

#[test]
fn limiters_become_round_speeds_with_headroom_or_what_they_are() {
    let rest = [
        profile("home 100", 2, 106, 106),
        profile("odd", 3, 101, 13),
        home(1, "a", "vlan = 101\nrate = { profile = \"home 100\" }"),
        home(2, "b", "vlan = 102\nrate = { profile = \"odd\" }"),
        home(3, "c", "vlan = 103\nrate = \"unthrottled\""),
    ];
    let (imported, reading) = imported(&[by_hand("oak", 1, &rest.concat())]);
    let plan = |id: &str| reading.inventory.service_plan(id).unwrap().text.clone();
    assert_eq!(plan("home-100").down.unwrap().get(), 100);
    assert_eq!(plan("home-100").profile_name.unwrap().as_str(), "home 100");
    assert_eq!(plan("odd").down.unwrap().get(), 101);
    assert_eq!(plan("odd").headroom_percent.unwrap().percent(), 0);
    assert_eq!(plan("unthrottled").unthrottled, Some(true));
    assert_eq!(imported.guesses.len(), 1, "{:?}", imported.guesses);
}

#[test]
fn one_profile_name_with_two_speeds_stays_with_the_most() {
    let one = |name: &str, number: u8, down: u32, names: [&str; 2]| {
        let mac = number * 10;
        let rest = [
            profile("home", 2, down, 50),
            home(mac, names[0], "vlan = 101\nrate = { profile = \"home\" }"),
            home(mac + 1, names[1], "vlan = 102\nrate = \"unthrottled\""),
        ];
        by_hand(name, number, &rest.concat())
    };
    let found = [
        one("ash", 1, 100, ["a", "b"]),
        one("elm", 2, 100, ["c", "d"]),
        one("fir", 3, 200, ["e", "f"]),
    ];
    let (imported, _) = imported(&found);
    assert_eq!(imported.subscribers, 5);
    let left_out = &imported.left_out[0];
    assert_eq!(
        (left_out.device.as_str(), left_out.what.as_str()),
        ("fir", "subscriber `e`")
    );
    assert!(
        left_out.why.contains("a name can mean one speed only"),
        "{}",
        left_out.why
    );
}

#[test]
fn names_become_ids_that_are_there_once() {
    let found = [
        by_hand(
            "ash",
            1,
            &home(1, "apt 1", "vlan = 101\nrate = \"unthrottled\""),
        ),
        by_hand(
            "elm",
            2,
            &home(2, "apt 1", "vlan = 101\nrate = \"unthrottled\""),
        ),
        by_hand(
            "fir",
            3,
            &home(3, "Apt-2", "vlan = 101\nrate = \"unthrottled\""),
        ),
    ];
    let (_, reading) = imported(&found);
    let mut ids: Vec<&str> = reading
        .inventory
        .subscribers()
        .map(|one| one.id.as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["Apt-2", "apt-1-ash", "apt-1-elm"]);
    let text = &reading.inventory.subscriber("apt-1-ash").unwrap().text;
    assert_eq!(text.name.as_ref().unwrap().as_str(), "apt 1");
    assert_eq!(text.endpoint_name.as_ref().unwrap().as_str(), "cpe 1");
}

#[test]
fn those_without_service_are_suspended() {
    let rest = [
        profile("slow", 2, 10, 10),
        profile("fast", 3, 500, 500),
        home(1, "a", "vlan = 4094\nrate = { profile = \"slow\" }"),
        home(2, "b", "vlan = 4094\nrate = { profile = \"slow\" }"),
        home(3, "c", "vlan = 4094\nrate = { profile = \"fast\" }"),
        home(4, "d", "vlan = 101\nrate = { profile = \"fast\" }"),
    ];
    let (imported, reading) = imported(&[by_hand("oak", 1, &rest.concat())]);
    assert_eq!(imported.subscribers, 3);
    let suspended = |id: &str| {
        reading
            .inventory
            .subscriber(id)
            .unwrap()
            .text
            .state
            .unwrap()
    };
    assert_eq!(suspended("a").as_str(), "suspended");
    assert!(
        imported.left_out[0]
            .why
            .contains("not at the speed of the suspended")
    );
    assert!(
        imported
            .guesses
            .iter()
            .any(|guess| guess.contains("placeholders"))
    );
}

#[test]
fn an_object_that_the_inventory_cannot_express_is_listed_and_left_unchanged() {
    let rest = [
        profile("unused", 2, 100, 100),
        home(1, "a", "vlan = 101\nrate = \"unthrottled\""),
        // Nobody is behind this one.
        "[config.endpoints.\"00:0e:d8:00:00:09\"]\nslot = 9\nname = \"spare\"\nport = \"unassigned\"\n".to_owned(),
        "[config.subscribers.detached]\nslot = 7\nvlan = 107\nrate = \"unthrottled\"\ntagged = false\n".to_owned(),
        "[[unclear]]\npart = \"subscribers\"\nslot = 30\nname = \"why?\"\nreason = \"its name has a ?\"\n".to_owned(),
        "[[unread]]\npart = \"endpoints\"\nreason = \"it timed out\"\n".to_owned(),
    ];
    let (imported, _) = imported_but_unread(&[by_hand("oak", 1, &rest.concat())]);
    let said: Vec<&str> = imported
        .left_out
        .iter()
        .map(|one| one.what.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "endpoint `spare` (00:0e:d8:00:00:09)",
            "profile `unused`",
            "some of its endpoints",
            "subscriber 30 (\"why?\")",
            "subscriber `detached`",
        ]
    );
}

/// Where something is unread there is no plan to compare with.
fn imported_but_unread(found: &[FoundDevice]) -> (Imported, Reading) {
    let existing = texts(&[("credentials.toml", CREDENTIALS)]);
    let imported = import(found, &existing).unwrap();
    let reading = after(&existing, &imported);
    assert!(!reading.has_errors());
    assert!(
        found
            .iter()
            .any(|one| one.observation.incomplete(Part::Endpoints).is_some())
    );
    (imported, reading)
}

#[test]
fn a_subscriber_that_validation_objects_to_is_left_out_with_its_words() {
    let rest = [
        home(1, "a", "vlan = 2\nrate = \"unthrottled\""),
        home(
            2,
            "b",
            "vlan = 102\nport2_vlan = 102\nrate = \"unthrottled\"",
        ),
        home(3, "c", "vlan = 103\nrate = \"unthrottled\""),
        "[config.uplinks.1]\nallowed_vlans = \"3-50\"\n".to_owned(),
    ];
    let (imported, reading) = imported(&[by_hand("oak", 1, &rest.concat())]);
    assert_eq!(imported.subscribers, 1);
    let whys: Vec<&str> = imported
        .left_out
        .iter()
        .map(|one| one.why.as_str())
        .collect();
    assert!(
        whys.iter()
            .any(|why| why.contains("reserved by the device")),
        "{whys:?}"
    );
    assert!(
        whys.iter().any(|why| why.contains("`port2_vlan`")),
        "{whys:?}"
    );
    // The uplink lets nobody pass, which is not the subscriber's fault.
    let device = reading.inventory.device("oak").unwrap();
    assert!(device.text.uplink.is_none());
    assert!(
        imported
            .left_out
            .iter()
            .any(|one| one.what == "its uplinks"),
        "{whys:?}"
    );
}

#[test]
fn subscribers_of_a_device_that_is_described_already_are_added() {
    let mut found = by_hand(
        "oak",
        1,
        &home(1, "a", "vlan = 101\nrate = \"unthrottled\""),
    );
    found.known = Some(DeviceName::new("oak").unwrap());
    let existing = texts(&[
        ("credentials.toml", CREDENTIALS),
        ("network.toml", "schema = 1\n"),
        (
            "devices/oak.toml",
            "[device.oak]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.1.1\"\nserial = \"01000001\"\n",
        ),
    ]);
    let imported = import(std::slice::from_ref(&found), &existing).unwrap();
    assert_eq!((imported.devices, imported.subscribers), (0, 1));
    changes_nothing(&after(&existing, &imported), &[found]);
}

#[test]
fn a_new_inventory_has_the_settings_of_init_and_a_vlan_outside_of_the_pool_is_a_warning() {
    let own = [
        home(1, "a", "vlan = 101\nrate = \"unthrottled\""),
        home(2, "b", "vlan = 3900\nrate = \"unthrottled\""),
    ];
    let mut found = [by_hand("oak", 1, &own.concat())];
    found[0].site = Some("maple-court".parse().unwrap());
    let (imported, reading) = imported(&found);
    assert_eq!((imported.subscribers, imported.left_out.len()), (2, 0));
    let findings: Vec<&str> = reading.findings.iter().map(|one| one.rule.id).collect();
    assert_eq!(findings, ["vlan-outside-pool"], "{:?}", reading.findings);
    let network = &imported.files["network.toml"];
    assert!(
        network.contains("# New subscribers get their VLAN"),
        "{network}"
    );
    assert!(network.contains("vlan_mode = \"unique\""), "{network}");
    for (path, kind) in [
        ("devices/oak.toml", "../.schema/devices.json"),
        ("subscribers/oak.toml", "../.schema/subscribers.json"),
        ("service-plans.toml", "./.schema/service-plans.json"),
    ] {
        let schema = format!("#:schema {kind}\n");
        assert!(imported.files[path].starts_with(&schema), "{path}");
    }
    let device = reading.inventory.device("oak").unwrap();
    assert_eq!(device.text.site.as_ref().unwrap().as_str(), "maple-court");
}

#[test]
fn subscribers_that_share_a_vlan_today_may_go_on_doing_so() {
    let shared = [
        home(1, "a", "vlan = 101\nrate = \"unthrottled\""),
        home(2, "b", "vlan = 101\nrate = \"unthrottled\""),
    ];
    let (imported, _) = imported(&[by_hand("oak", 1, &shared.concat())]);
    assert_eq!((imported.subscribers, imported.left_out.len()), (2, 0));
    let network = &imported.files["network.toml"];
    assert!(network.contains("vlan_mode = \"shared\""), "{network}");
}
