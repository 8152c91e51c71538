//! Every kind of change as the lines that carry it out and those that undo it, in one list to be reviewed.

use gamctl::model::{Poe, PortAssignment, PortMode, PortNumber, UplinkNumber};
use gamctl::plan::{Cause, Change, DevicePlan, Field, Impact, Object, PlannedStep, Step, Verb};
use gamctl::render::{RenderError, lines, render};
use gamctl::simulator::gam::{Build, FirmwareProfile, Gam, Hardware};
use serde_json::{Value, json};

use crate::golden::assert_golden;

const MAC: &str = "00:0e:d8:1c:95:08";

/// Returns a value in its stored form.
fn value(kind: &str, value: impl Into<Value>) -> Option<Value> {
    Some(json!({ "type": kind, "value": value.into() }))
}

fn text(text: &str) -> Option<Value> {
    value("text", text)
}

fn vlan(id: u16) -> Option<Value> {
    value("vlan", id)
}

fn vlans(list: &str) -> Option<Value> {
    value("vlans", list)
}

fn speed(mbps: u32) -> Option<Value> {
    value("speed", mbps)
}

fn profile(slot: u16) -> Option<Value> {
    value("profile", json!({ "name": "home-100", "slot": slot }))
}

fn unthrottled() -> Option<Value> {
    Some(json!({ "type": "unthrottled" }))
}

fn endpoint(slot: u16) -> Option<Value> {
    value("endpoint", json!({ "mac": MAC, "slot": slot }))
}

fn port(number: u8) -> Option<Value> {
    let number = PortNumber::new(number).unwrap();
    value("port", json!(PortAssignment::Port(number)))
}

type Fields = Vec<(Field, Option<Value>, Option<Value>)>;

/// Returns a change from its stored form, or why it is refused.
fn read(object: &Object, slot: Option<u16>, verb: Verb, fields: Fields) -> Result<Change, String> {
    let mut change = json!({ "object": object, "verb": verb, "fields": [] });
    if let Some(slot) = slot {
        change["slot"] = slot.into();
    }
    for (field, from, to) in fields {
        let mut one = json!({ "field": field });
        for (side, value) in [("from", from), ("to", to)] {
            if let Some(value) = value {
                one[side] = value;
            }
        }
        change["fields"].as_array_mut().unwrap().push(one);
    }
    serde_json::from_value(change).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "a new object at each call")]
fn change(object: Object, slot: Option<u16>, verb: Verb, fields: Fields) -> Change {
    read(&object, slot, verb, fields).unwrap()
}

fn a_port() -> Object {
    Object::Port(PortNumber::new(3).unwrap())
}

fn an_uplink() -> Object {
    Object::Uplink(UplinkNumber::new(1).unwrap())
}

fn a_profile() -> Object {
    Object::Profile("home-100".parse().unwrap())
}

fn a_subscriber() -> Object {
    Object::Subscriber("apt 101".parse().unwrap())
}

fn of_settings() -> Vec<Change> {
    use Field::{AllowedVlans, Contact, Enabled, Hostname, Location, Mode, Name};
    let flag = |flag: bool| value("flag", flag);
    let mode = |mode: PortMode| value("mode", json!(mode));
    let update = |object, fields| change(object, None, Verb::Update, fields);
    vec![
        update(
            Object::System,
            vec![(Hostname, text("GAM-4-CX"), text("oak-1"))],
        ),
        update(Object::System, vec![(Hostname, None, text("oak-1"))]),
        update(
            Object::System,
            vec![
                (Location, None, text("Oak Street 1, cellar")),
                (Contact, text("Ada"), text("Grace & Co")),
            ],
        ),
        update(
            an_uplink(),
            vec![(AllowedVlans, vlans("3-4094"), vlans("3-99,200,4093"))],
        ),
        update(
            an_uplink(),
            vec![(AllowedVlans, vlans(""), vlans("1-4095"))],
        ),
        update(a_port(), vec![(Name, None, text("riser a"))]),
        update(a_port(), vec![(Name, text("riser a"), text("riser b"))]),
        update(
            a_port(),
            vec![(Mode, mode(PortMode::Mimo), mode(PortMode::Siso))],
        ),
        update(a_port(), vec![(Enabled, flag(true), flag(false))]),
        update(
            a_port(),
            vec![
                (Name, text("a"), text("b")),
                (Enabled, flag(false), flag(true)),
                (Mode, mode(PortMode::Siso), mode(PortMode::Mimo)),
            ],
        ),
    ]
}

fn of_profiles_and_endpoints() -> Vec<Change> {
    use Field::{Description, Down, MacAddress, Name, Port, Up};
    let whole = |is_created: bool| -> Fields {
        let fields = vec![
            (Name, text("home-100")),
            (Description, text("Home 100/100")),
            (Down, speed(106)),
            (Up, speed(106)),
        ];
        let both = |(field, value)| {
            if is_created {
                (field, None, value)
            } else {
                (field, value, None)
            }
        };
        fields.into_iter().map(both).collect()
    };
    let box_ = |port: Option<Value>| -> Fields {
        vec![
            (Name, None, text("apt 101")),
            (MacAddress, None, value("mac", MAC)),
            (Port, None, port),
        ]
    };
    let of_profile = |verb, fields| change(a_profile(), Some(2), verb, fields);
    let of_endpoint = |verb, fields| {
        change(
            Object::Endpoint(MAC.parse().unwrap()),
            Some(13),
            verb,
            fields,
        )
    };
    let word = |assignment: PortAssignment| value("port", json!(assignment));
    let new_mac = "00:0e:d8:1c:95:09";
    vec![
        of_profile(Verb::Create, whole(true)),
        of_profile(Verb::Remove, whole(false)),
        of_profile(
            Verb::Update,
            vec![
                (Name, text("home-100"), text("home-200")),
                (Down, speed(106), speed(212)),
                (Up, speed(106), speed(212)),
            ],
        ),
        of_profile(Verb::Update, vec![(Description, text("Home"), None)]),
        of_endpoint(Verb::Create, box_(port(4))),
        of_endpoint(Verb::Create, box_(word(PortAssignment::Auto))),
        of_endpoint(Verb::Create, box_(word(PortAssignment::Unassigned))),
        of_endpoint(
            Verb::Update,
            vec![(MacAddress, value("mac", MAC), value("mac", new_mac))],
        ),
        of_endpoint(
            Verb::Update,
            vec![(Port, port(4), word(PortAssignment::Unassigned))],
        ),
        of_endpoint(Verb::Update, vec![(Name, text("a"), text("b"))]),
    ]
}

fn of_subscribers() -> Vec<Change> {
    use Field::{
        AllowedVlans, Description, Endpoint, Name, Poe as Power, Port2Vlan, Rate, RemappedVlan,
        Tagged, Vlan,
    };
    let flag = |flag: bool| value("flag", flag);
    let poe = |poe: Poe| value("poe", json!(poe));
    let update = |fields| change(a_subscriber(), Some(7), Verb::Update, fields);
    vec![
        change(
            a_subscriber(),
            Some(7),
            Verb::Create,
            vec![
                (Name, None, text("apt 101")),
                (Description, None, text("Smith")),
                (Endpoint, None, endpoint(13)),
                (Rate, None, profile(2)),
                (Vlan, None, vlan(101)),
                (Tagged, None, flag(true)),
                (RemappedVlan, None, vlan(300)),
                (AllowedVlans, None, vlans("1000,2000-2002")),
                (Port2Vlan, None, vlan(201)),
                (Power, None, poe(Poe::Force)),
            ],
        ),
        change(
            a_subscriber(),
            Some(7),
            Verb::Create,
            vec![
                (Name, None, text("apt 101")),
                (Rate, None, unthrottled()),
                (Vlan, None, vlan(4094)),
                (Tagged, None, flag(false)),
            ],
        ),
        update(vec![(Rate, profile(2), unthrottled())]),
        update(vec![(Endpoint, endpoint(13), endpoint(14))]),
        update(vec![(Endpoint, endpoint(13), None)]),
        update(vec![
            (Endpoint, endpoint(13), None),
            (Vlan, vlan(101), vlan(102)),
        ]),
        update(vec![
            (RemappedVlan, vlan(300), None),
            (AllowedVlans, vlans("1000"), None),
            (Port2Vlan, vlan(201), None),
        ]),
        update(vec![
            (Tagged, flag(true), flag(false)),
            (Power, poe(Poe::Disable), poe(Poe::Enable)),
        ]),
        update(vec![
            (Name, text("apt 101"), text("apt 102")),
            (Description, text("Smith"), None),
        ]),
    ]
}

fn every_kind() -> Vec<Change> {
    let kinds = [of_settings(), of_profiles_and_endpoints(), of_subscribers()];
    kinds.into_iter().flatten().collect()
}

fn rendered(change: Change) -> Result<Step, RenderError> {
    let name = "oak".parse().unwrap();
    let mut plan = DevicePlan::unobserved(name, gamctl::model::DeviceState::Managed, "a test");
    plan.steps.push(PlannedStep {
        change,
        cannot_undo: None,
        impact: Impact::None,
        effects: gamctl::plan::Effects::default(),
        because: vec![gamctl::plan::Because {
            cause: Cause::Inventory,
            fields: Vec::new(),
            origin: None,
        }],
    });
    let mut plan = render(plan).map_err(|failed| failed.error)?;
    Ok(plan.steps.remove(0))
}

#[test]
fn every_kind_of_change_has_its_lines_and_a_way_back() {
    let mut list = String::new();
    for change in every_kind() {
        let fields: Vec<String> = change
            .fields()
            .iter()
            .map(|view| {
                let shown = |value: Option<gamctl::plan::Shown>| {
                    value.map_or("-".to_owned(), |value| value.to_string())
                };
                let (from, to) = (shown(view.from()), shown(view.to()));
                format!("{} {from} -> {to}", view.field)
            })
            .collect();
        let (verb, object) = (change.verb(), change.object());
        let title = format!("{verb:?} {object}: {}", fields.join("; "));
        let step = rendered(change).unwrap();
        list += &format!("{title}\n");
        for line in step.lines {
            list += &format!("    {line}\n");
        }
        for line in step.inverse {
            list += &format!("  back {line}\n");
        }
    }
    assert_golden("tests/rendering/lines.txt", &list);
}

#[test]
fn the_twin_understands_every_line() {
    for change in every_kind() {
        let step = rendered(change).unwrap();
        for lines in [&step.lines, &step.inverse] {
            let hardware = Hardware::of(gamctl::model::GamModel::Gam12M, 7);
            let build = Build {
                hardware: hardware.clone(),
                firmware: FirmwareProfile::V1_8,
                seed: 7,
                configuration: None,
            };
            let start = gamctl::simulator::moment::Moment::from_unix_millis(0);
            let gam = Gam::new(build, start);
            let mut running = gam.running().clone();
            let text: Vec<&str> = lines.iter().map(|line| line.text()).collect();
            let text = text.join("\n");
            for rejected in gamctl::simulator::commands::merge(&text, &mut running, &hardware) {
                // What a line is about need not be there; that it is understood is asked here.
                let is_understood = ["Non-existing", "Invalid or non-unique"]
                    .iter()
                    .any(|refusal| rejected.reason.starts_with(refusal));
                assert!(is_understood, "{rejected}");
            }
        }
    }
}

#[test]
fn no_value_becomes_a_second_line_or_a_key() {
    let bad = [
        "a\nno ghn subscriber 1",
        "a\" vid 4000 name \"b",
        "why?",
        "a\\",
        "a\u{1b}[A",
        "",
        " a",
    ];
    for bad in bad {
        // The names of what has a number are checked by their types.
        let renamed = vec![(Field::Name, text("apt 101"), text(bad))];
        assert!(read(&a_subscriber(), Some(7), Verb::Update, renamed).is_err());
        let changes = [
            (a_port(), Field::Name),
            (Object::System, Field::Location),
            (Object::System, Field::Hostname),
        ];
        for (object, field) in changes {
            let fields = vec![(field, text("a"), text(bad))];
            match read(&object, None, Verb::Update, fields) {
                Ok(change) => assert!(
                    matches!(lines(&change), Err(RenderError::Text { .. })),
                    "{change:?}"
                ),
                Err(_) => assert!(bad.is_empty(), "{bad:?}"),
            }
        }
    }
}

#[test]
fn a_change_without_a_command_is_an_error_that_names_it() {
    let poe = change(
        a_subscriber(),
        Some(1),
        Verb::Update,
        vec![(Field::Poe, value("poe", "force"), None)],
    );
    assert_eq!(
        lines(&poe).unwrap_err().to_string(),
        "no command removes `poe` of subscriber apt 101"
    );
    let coax = change(
        a_port(),
        None,
        Verb::Update,
        vec![(Field::Mode, value("mode", "mimo"), value("mode", "coax"))],
    );
    assert_eq!(
        lines(&coax).unwrap_err().to_string(),
        "`mode` of port 3 cannot be sent: no command sets a port to coax"
    );
    let every_second: Vec<String> = (2..=600).map(|half| (half * 2).to_string()).collect();
    let long = vlans(&every_second.join(","));
    let long = change(
        an_uplink(),
        None,
        Verb::Update,
        vec![(Field::AllowedVlans, vlans("3"), long)],
    );
    assert!(matches!(lines(&long), Err(RenderError::TooLong { .. })));
}

#[test]
fn a_change_that_makes_no_sense_is_never_a_change() {
    let cases = [
        (
            a_subscriber(),
            None,
            Verb::Remove,
            vec![],
            "has no slot number",
        ),
        (
            a_subscriber(),
            Some(1),
            Verb::Create,
            vec![(Field::Name, None, text("apt 101"))],
            "has no value of the right type for `rate`",
        ),
        (
            a_subscriber(),
            Some(1),
            Verb::Update,
            vec![(Field::Down, speed(10), speed(100))],
            "sets `down`, which such an object does not have",
        ),
        (
            a_subscriber(),
            Some(1),
            Verb::Update,
            vec![(Field::Vlan, value("vlan", 3), speed(100))],
            "has no value of the right type for `vlan`",
        ),
        (
            an_uplink(),
            None,
            Verb::Update,
            vec![(Field::AllowedVlans, vlans("3"), None)],
            "has no value of the right type for `allowed_vlans`",
        ),
        (
            a_port(),
            None,
            Verb::Remove,
            vec![],
            "creates or removes it, but it always exists",
        ),
    ];
    for (object, slot, verb, fields, why) in cases {
        let error = read(&object, slot, verb, fields).unwrap_err();
        assert_eq!(error, format!("the change of {object} {why}"));
    }
}
