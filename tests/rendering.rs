//! Every kind of change as the lines that carry it out and those that undo it, in one list to be reviewed.

use gamctl::model::{
    MacAddress, Mbps, Poe, PortAssignment, PortMode, PortNumber, Slot, UplinkNumber, VlanId,
    VlanSet,
};
use gamctl::plan::{
    Cause, Change, DevicePlan, Field, FieldChange, Impact, Object, Step, Value, Verb,
};
use gamctl::render::{RenderError, dress, lines};
use gamctl::simulator::gam::{Build, FirmwareProfile, Gam, Hardware};

use crate::golden::assert_golden;

fn mac() -> MacAddress {
    "00:0e:d8:1c:95:08".parse().unwrap()
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn vlan(id: u16) -> Option<Value> {
    Some(Value::Vlan(VlanId::new(id).unwrap()))
}

fn vlans(list: &str) -> Option<Value> {
    Some(Value::Vlans(VlanSet::try_from(list.to_owned()).unwrap()))
}

fn speed(mbps: u32) -> Option<Value> {
    Some(Value::Speed(Mbps::new(mbps).unwrap()))
}

fn profile(slot: u16) -> Option<Value> {
    let name = "home-100".parse().unwrap();
    let slot = Slot(slot);
    Some(Value::Profile { name, slot })
}

fn endpoint(slot: u16) -> Option<Value> {
    Some(Value::Endpoint {
        mac: mac(),
        slot: Slot(slot),
    })
}

fn port(number: u8) -> Option<Value> {
    let number = PortNumber::new(number).unwrap();
    Some(Value::Port(PortAssignment::Port(number)))
}

type Fields = Vec<(Field, Option<Value>, Option<Value>)>;

fn change(object: Object, slot: Option<u16>, verb: Verb, fields: Fields) -> Change {
    let fields = fields
        .into_iter()
        .map(|(field, from, to)| FieldChange { field, from, to })
        .collect();
    Change {
        object,
        slot: slot.map(Slot),
        verb,
        fields,
    }
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
    let flag = |flag| Some(Value::Flag(flag));
    let mode = |mode| Some(Value::Mode(mode));
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
            (MacAddress, None, Some(Value::Mac(mac()))),
            (Port, None, port),
        ]
    };
    let of_profile = |verb, fields| change(a_profile(), Some(2), verb, fields);
    let of_endpoint = |verb, fields| change(Object::Endpoint(mac()), Some(13), verb, fields);
    let word = |assignment| Some(Value::Port(assignment));
    let new_mac = "00:0e:d8:1c:95:09".parse().unwrap();
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
            vec![(
                MacAddress,
                Some(Value::Mac(mac())),
                Some(Value::Mac(new_mac)),
            )],
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
    let flag = |flag| Some(Value::Flag(flag));
    let poe = |poe| Some(Value::Poe(poe));
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
                (Rate, None, Some(Value::Unthrottled)),
                (Vlan, None, vlan(4094)),
                (Tagged, None, flag(false)),
            ],
        ),
        update(vec![(Rate, profile(2), Some(Value::Unthrottled))]),
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

fn dressed(change: Change) -> Result<Step, RenderError> {
    let name = "oak".parse().unwrap();
    let mut plan = DevicePlan::unobserved(name, gamctl::model::DeviceState::Managed, "a test");
    plan.steps.push(Step {
        change,
        lines: Vec::new(),
        inverse: Vec::new(),
        cannot_undo: None,
        impact: Impact::None,
        because: vec![gamctl::plan::Because {
            cause: Cause::Inventory,
            fields: Vec::new(),
            origin: None,
        }],
    });
    dress(&mut plan)?;
    Ok(plan.steps.remove(0))
}

#[test]
fn every_kind_of_change_has_its_lines_and_a_way_back() {
    let mut list = String::new();
    for change in every_kind() {
        let fields: Vec<String> = change
            .fields
            .iter()
            .map(|field| {
                let shown =
                    |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
                format!(
                    "{} {} -> {}",
                    field.field,
                    shown(&field.from),
                    shown(&field.to)
                )
            })
            .collect();
        let title = format!("{:?} {}: {}", change.verb, change.object, fields.join("; "));
        let step = dressed(change).unwrap();
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
        let step = dressed(change).unwrap();
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
            let text = lines.join("\n");
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
        let changes = [
            change(
                a_subscriber(),
                Some(7),
                Verb::Update,
                vec![(Field::Name, text("a"), text(bad))],
            ),
            change(
                a_port(),
                None,
                Verb::Update,
                vec![(Field::Name, text("a"), text(bad))],
            ),
            change(
                Object::System,
                None,
                Verb::Update,
                vec![(Field::Location, text("a"), text(bad))],
            ),
            change(
                Object::System,
                None,
                Verb::Update,
                vec![(Field::Hostname, text("a"), text(bad))],
            ),
        ];
        for change in changes {
            assert!(
                matches!(lines(&change), Err(RenderError::Text { .. })),
                "{change:?}"
            );
        }
    }
}

#[test]
fn a_change_that_cannot_be_said_is_an_error_that_names_it() {
    let cases = [
        (
            change(a_subscriber(), None, Verb::Remove, vec![]),
            "subscriber apt 101 has no number on the device",
        ),
        (
            change(
                a_subscriber(),
                Some(1),
                Verb::Create,
                vec![(Field::Name, None, text("a"))],
            ),
            "subscriber apt 101 lacks its `rate`",
        ),
        (
            change(
                a_subscriber(),
                Some(1),
                Verb::Update,
                vec![(Field::Down, None, speed(100))],
            ),
            "`down` is nothing that subscriber apt 101 has",
        ),
        (
            change(
                a_subscriber(),
                Some(1),
                Verb::Update,
                vec![(Field::Vlan, None, speed(100))],
            ),
            "`vlan` of subscriber apt 101 has a value of another kind",
        ),
        (
            change(
                a_subscriber(),
                Some(1),
                Verb::Update,
                vec![(Field::Poe, Some(Value::Poe(Poe::Force)), None)],
            ),
            "no command takes `poe` away from subscriber apt 101",
        ),
        (
            change(
                an_uplink(),
                None,
                Verb::Update,
                vec![(Field::AllowedVlans, vlans("3"), None)],
            ),
            "no command takes `allowed_vlans` away from uplink 1",
        ),
        (
            change(a_port(), None, Verb::Remove, vec![]),
            "port 3 is there for good: no command creates or removes it",
        ),
    ];
    for (change, words) in cases {
        assert_eq!(lines(&change).unwrap_err().to_string(), words);
    }
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
