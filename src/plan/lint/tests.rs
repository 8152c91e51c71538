//! Tests that each kind of bad line is an error, and that no mutation of a good line goes unseen.

use super::command::command;
use super::*;
use crate::model::{
    DeviceConfig, DeviceName, DeviceState, EndpointConfig, Fingerprint, GamModel, MacAddress, Mbps,
    PortAssignment, PortMode, PortNumber, ProfileConfig, RateLimit, Slot, SubscriberConfig,
    UplinkConfig, UplinkNumber, VlanSet,
};
use crate::plan::change::Value;
use crate::plan::change::tests::stored;
use crate::plan::{Because, Change, Field, Impact, Object, Observed, Unmanaged};

/// A step with lines as text, so that a line can be invalid.
type Step = crate::plan::Step<String>;
type DevicePlan = crate::plan::DevicePlan<Step>;
type FieldChange = (Field, Option<Value>, Option<Value>);

fn mac(last: u8) -> MacAddress {
    format!("00:0e:d8:00:00:{last:02x}").parse().unwrap()
}

fn text(value: &str) -> Option<Value> {
    Some(Value::Text(value.to_owned()))
}

fn vlan(id: u16) -> VlanId {
    VlanId::new(id).unwrap()
}

/// Returns an observation: subscriber 1 `apt-1` uses profile 2 `home-100` and endpoint 1. Endpoint 2 is free. Profile 1 and
/// subscriber 9 are unmanaged.
fn observation() -> Observation {
    let mut observation = Observation::of(DeviceName::new("birch").unwrap());
    let mut config = DeviceConfig::default();
    for (slot, name) in [(1, "default"), (2, "home-100")] {
        let profile = ProfileConfig {
            slot: Some(Slot(slot)),
            description: None,
            down: Mbps::new(106).unwrap(),
            up: Mbps::new(106).unwrap(),
        };
        config.profiles.insert(name.parse().unwrap(), profile);
    }
    for (slot, port) in [(1, 1), (2, 2), (9, 9)] {
        let endpoint = EndpointConfig {
            slot: Some(Slot(u16::from(slot))),
            name: format!("e{slot}").parse().unwrap(),
            port: PortAssignment::Port(PortNumber::new(port).unwrap()),
        };
        config.endpoints.insert(mac(slot), endpoint);
    }
    for (slot, name) in [(1u8, "apt-1"), (9, "by hand")] {
        let subscriber = SubscriberConfig {
            slot: Some(Slot(u16::from(slot))),
            description: None,
            endpoint: Some(mac(slot)),
            rate: RateLimit::Profile("home-100".parse().unwrap()),
            vlan: vlan(100 + u16::from(slot)),
            tagged: false,
            remapped_vlan: None,
            allowed_vlans: VlanSet::default(),
            port2_vlan: None,
            poe: None,
        };
        config.subscribers.insert(name.parse().unwrap(), subscriber);
    }
    config.uplinks.insert(
        UplinkNumber::new(1).unwrap(),
        UplinkConfig {
            allowed_vlans: Some("3-4094".parse().unwrap()),
        },
    );
    observation.config = config;
    observation
}

fn step(change: Change, lines: &[&str], inverse: &[&str]) -> Step {
    Step {
        change,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        inverse: inverse.iter().map(|line| (*line).to_owned()).collect(),
        cannot_undo: None,
        impact: Impact::None,
        effects: crate::plan::Effects::default(),
        because: vec![Because {
            cause: Cause::Inventory,
            fields: Vec::new(),
            origin: None,
        }],
        subscriber_ids: crate::model::SubscriberIds::default(),
        rolled_back: None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a new object at each call")]
fn change(object: Object, slot: Option<u16>, verb: Verb, fields: Vec<FieldChange>) -> Change {
    // The identifying field is in the name of the change already.
    let key = match &object {
        Object::Profile(name) => Some((Field::Name, text(name.as_str()))),
        Object::Subscriber(name) => Some((Field::Name, text(name.as_str()))),
        Object::Endpoint(mac) => Some((Field::MacAddress, Some(Value::Mac(*mac)))),
        Object::System | Object::Uplink(_) | Object::Port(_) => None,
    };
    let mut fields = fields;
    if let Some((field, value)) = key {
        match verb {
            Verb::Create => fields.push((field, None, value)),
            Verb::Remove => fields.push((field, value, None)),
            Verb::Update => {}
        }
    }
    stored(&object, slot, verb, &fields)
}

fn field(field: Field, from: Option<Value>, to: Option<Value>) -> FieldChange {
    (field, from, to)
}

fn plan(steps: Vec<Step>) -> DevicePlan {
    DevicePlan {
        device: DeviceName::new("birch").unwrap(),
        state: DeviceState::Managed,
        observed: Some(Observed {
            sequence: 1,
            fingerprint: Fingerprint::of(&observation()),
        }),
        census: crate::plan::Census::default(),
        steps,
        refusals: Vec::new(),
        notes: Vec::new(),
        unmanaged: vec![Unmanaged {
            kind: "subscriber".to_owned(),
            slot: Slot(9),
            name: "by hand".to_owned(),
            port: None,
        }],
    }
}

fn errors_as(plan: &DevicePlan, allows_management: bool, model: GamModel) -> Vec<String> {
    let (intended, renamed) = (DeviceConfig::default(), std::collections::BTreeMap::new());
    let request = Request {
        device: &plan.device,
        state: DeviceState::Managed,
        model,
        serial: None,
        mac: None,
        management_vlan: vlan(4093),
        authoritative: false,
        removes_unmanaged: false,
        intended: &intended,
        renamed: &renamed,
        ledger: None,
        allows_management,
    };
    lint(plan, &observation(), &request)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn errors(plan: &DevicePlan) -> Vec<String> {
    errors_as(plan, false, GamModel::Gam12M)
}

fn subscriber(name: &str) -> Object {
    Object::Subscriber(name.parse().unwrap())
}

fn profile(slot: u16, name: &str) -> Option<Value> {
    Some(Value::Profile {
        name: name.parse().unwrap(),
        slot: Slot(slot),
    })
}

fn endpoint(last: u8) -> Option<Value> {
    Some(Value::Endpoint {
        mac: mac(last),
        slot: Slot(u16::from(last)),
    })
}

fn speed(mbps: u32) -> Option<Value> {
    Some(Value::Speed(Mbps::new(mbps).unwrap()))
}

/// Returns one step of every kind that a plan has.
#[expect(
    clippy::too_many_lines,
    reason = "a list, one entry for each kind of step"
)]
fn good_steps() -> Vec<Step> {
    let port = |number| {
        Some(Value::Port(PortAssignment::Port(
            PortNumber::new(number).unwrap(),
        )))
    };
    vec![
        step(
            change(
                Object::Uplink(UplinkNumber::new(1).unwrap()),
                None,
                Verb::Update,
                vec![field(
                    Field::AllowedVlans,
                    Some(Value::Vlans("3-4094".parse().unwrap())),
                    Some(Value::Vlans("3-200,4093".parse().unwrap())),
                )],
            ),
            &[
                "interface 10GigabitEthernet 1/1",
                "switchport trunk allowed vlan 3-200,4093",
                "exit",
            ],
            &[
                "interface 10GigabitEthernet 1/1",
                "switchport trunk allowed vlan 3-4094",
                "exit",
            ],
        ),
        step(
            change(
                Object::Profile("home-200".parse().unwrap()),
                Some(3),
                Verb::Create,
                vec![
                    field(Field::Description, None, text("Home 200")),
                    field(Field::Down, None, speed(212)),
                    field(Field::Up, None, speed(212)),
                ],
            ),
            &[
                "ghn bw-profile 3 name home-200 description \"Home 200\" rate-downstream 212 rate-upstream 212",
            ],
            &["no ghn bw-profile 3"],
        ),
        step(
            change(
                Object::Endpoint(mac(5)),
                Some(3),
                Verb::Create,
                vec![
                    field(Field::Name, None, text("apt 5")),
                    field(Field::Port, None, port(5)),
                ],
            ),
            &["ghn endpoint 3 name \"apt 5\" mac-address 00:0e:d8:00:00:05 port 5"],
            &["no ghn endpoint 3"],
        ),
        step(
            change(
                subscriber("apt-5"),
                Some(2),
                Verb::Create,
                vec![
                    field(
                        Field::Endpoint,
                        None,
                        Some(Value::Endpoint {
                            mac: mac(5),
                            slot: Slot(3),
                        }),
                    ),
                    field(Field::Rate, None, profile(3, "home-200")),
                    field(Field::Vlan, None, Some(Value::Vlan(vlan(105)))),
                    field(Field::Tagged, None, Some(Value::Flag(true))),
                    field(
                        Field::AllowedVlans,
                        None,
                        Some(Value::Vlans("1000,2000-2002".parse().unwrap())),
                    ),
                    field(
                        Field::Poe,
                        None,
                        Some(Value::Poe(crate::model::Poe::Disable)),
                    ),
                ],
            ),
            &[
                "ghn subscriber 2 name apt-5 vid 105 endpoint 3 tagged bw-profile 3 allowed-vlan 1000,2000-2002 poe disable",
            ],
            &["no ghn subscriber 2"],
        ),
        step(
            change(
                subscriber("apt-1"),
                Some(1),
                Verb::Update,
                vec![
                    field(Field::Name, text("apt-1"), text("apt 1")),
                    field(Field::Rate, profile(2, "home-100"), profile(3, "home-200")),
                    field(Field::RemappedVlan, None, Some(Value::Vlan(vlan(300)))),
                ],
            ),
            &["ghn subscriber 1 name \"apt 1\" bw-profile 3 remapped-vid 300"],
            &["ghn subscriber 1 name apt-1 bw-profile 2 remapped-vid none"],
        ),
        step(
            change(
                subscriber("apt 1"),
                Some(1),
                Verb::Update,
                vec![field(Field::Endpoint, endpoint(1), None)],
            ),
            &["no ghn subscriber 1 endpoint"],
            &["ghn subscriber 1 endpoint 1"],
        ),
        step(
            change(
                Object::Endpoint(mac(1)),
                Some(1),
                Verb::Remove,
                vec![
                    field(Field::Name, text("e1"), None),
                    field(Field::Port, port(1), None),
                ],
            ),
            &["no ghn endpoint 1"],
            &["ghn endpoint 1 name e1 mac-address 00:0e:d8:00:00:01 port 1"],
        ),
        step(
            change(
                Object::Port(PortNumber::new(4).unwrap()),
                None,
                Verb::Update,
                vec![
                    field(Field::Name, None, text("riser")),
                    field(
                        Field::Enabled,
                        Some(Value::Flag(true)),
                        Some(Value::Flag(false)),
                    ),
                    field(
                        Field::Mode,
                        Some(Value::Mode(PortMode::Mimo)),
                        Some(Value::Mode(PortMode::Siso)),
                    ),
                ],
            ),
            &["ghn port 4 mode siso name riser", "ghn port 4 shutdown"],
            &[
                "no ghn port 4 shutdown",
                "ghn port 4 mode mimo name gamctl-tmp-4",
            ],
        ),
        step(
            change(
                Object::System,
                None,
                Verb::Update,
                vec![
                    field(Field::Hostname, text("old"), text("birch")),
                    field(
                        Field::Location,
                        text("cellar"),
                        text("Birch Street 12, cellar"),
                    ),
                ],
            ),
            &[
                "hostname birch",
                "snmp-server location Birch Street 12, cellar",
            ],
            &["hostname old", "snmp-server location cellar"],
        ),
    ]
}

#[test]
fn a_plan_with_every_kind_of_step_has_no_error() {
    assert_eq!(errors(&plan(good_steps())), Vec::<String>::new());
}

/// Returns the lint errors of one step with these lines.
fn about(number: usize, lines: &[&str]) -> String {
    let mut steps = good_steps();
    steps[number].lines = lines.iter().map(|line| (*line).to_owned()).collect();
    errors(&plan(steps)).join("\n")
}

#[test]
fn a_command_that_no_plan_may_contain_is_an_error() {
    for line in [
        "reload cold",
        "do reload cold",
        "configure terminal",
        "copy running-config startup-config",
        "interface vlan 4093",
        "ip route 0.0.0.0 0.0.0.0 10.0.0.1",
        "username admin privilege 15 password unencrypted x",
        "no ip ssh",
        "snmp-server community private rw",
        "snmp-server host 10.0.0.9",
        "interface G.hn 1/1",
        "switchport mode access",
        "switchport trunk native vlan 5",
        "firmware swap",
        "ghn endpoint 3 allow-management-access",
        "ghn bw-profile 3 service-limit-level 2",
        "no ghn port 4",
        "GHN endpoint 3 port 5",
        "gh endpoint 3 port 5",
    ] {
        let said = about(2, &[line]);
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn an_argument_out_of_range_is_an_error() {
    for (number, line, expected) in [
        (
            1,
            "ghn bw-profile 16 name home-200",
            "out of range: profile 1 to 15",
        ),
        (
            1,
            "ghn bw-profile 0 name home-200",
            "out of range: profile 1 to 15",
        ),
        (
            1,
            "ghn bw-profile 03 name home-200",
            "out of range: profile 1 to 15",
        ),
        (
            1,
            "ghn bw-profile 3 rate-downstream 9",
            "out of range: speed in Mbps",
        ),
        (
            1,
            "ghn bw-profile 3 rate-upstream 2000",
            "out of range: speed in Mbps",
        ),
        (
            2,
            "ghn endpoint 385 port 1",
            "out of range: endpoint 1 to 384",
        ),
        (2, "ghn endpoint 3 port 25", "out of range: port 1 to 24"),
        (
            2,
            "ghn endpoint 3 mac-address 000e.d800.0005",
            "is not a MAC address",
        ),
        (2, "ghn endpoint 3 name \"\"", "1 to 31 characters"),
        (
            2,
            "ghn endpoint 3 name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "1 to 31 characters",
        ),
        (3, "ghn subscriber 2 vid 2", "out of range: VLAN 3 to 4094"),
        (3, "ghn subscriber 2 vid 3841", "the device's own"),
        (
            3,
            "ghn subscriber 2 vid \"105\"",
            "must not be between quotes",
        ),
        (3, "ghn subscriber 2 allowed-vlan 5,4", "not in order"),
        (
            3,
            "ghn subscriber 2 allowed-vlan 4094",
            "cannot pass as a tag",
        ),
        (3, "ghn subscriber 2 poe maybe", "is not a power setting"),
        (3, "ghn subscriber 2 vid 105 vid 105", "given twice"),
        (3, "ghn subscriber 2 vid", "nothing follows"),
        (3, "ghn subscriber 2", "sets nothing"),
        (3, "ghn subscriber 2 name a?b", "is a key"),
        (
            3,
            "ghn subscriber 2 name a\nghn subscriber 3 name b",
            "is a key",
        ),
        (8, "hostname a b", "no plan may hold"),
        (8, "hostname -birch", "is not a host name"),
        (8, "snmp-server location \"Birch\"", "part of the text"),
    ] {
        let said = about(number, &[line]);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn a_line_that_is_about_something_else_is_an_error() {
    for (number, line) in [
        (
            1,
            "ghn bw-profile 2 name home-200 description \"Home 200\" rate-downstream 212 rate-upstream 212",
        ),
        (
            4,
            "ghn subscriber 2 name \"apt 1\" bw-profile 3 remapped-vid 300",
        ),
        (5, "no ghn subscriber 1"),
        (5, "no ghn subscriber 2 endpoint"),
        (6, "no ghn endpoint 2"),
        (6, "no ghn subscriber 1"),
        (7, "ghn port 5 shutdown"),
        (8, "ghn port 4 shutdown"),
    ] {
        assert!(!about(number, &[line]).is_empty(), "{line}");
    }
    let outside = about(8, &["exit"]);
    assert!(outside.contains("belongs into an interface"), "{outside}");
}

#[test]
fn an_unmanaged_object_is_never_a_target() {
    let mut steps = good_steps();
    let fields = vec![field(
        Field::Rate,
        profile(2, "home-100"),
        profile(3, "home-200"),
    )];
    steps[4].change = change(subscriber("by hand"), Some(9), Verb::Update, fields);
    steps[4].lines = vec!["ghn subscriber 9 bw-profile 3".to_owned()];
    steps[4].inverse = vec!["ghn subscriber 9 bw-profile 2".to_owned()];
    steps.truncate(5);
    assert_eq!(
        errors(&plan(steps)),
        [
            "step 5: subscriber 9 is not owned",
            "step 5, undoing: subscriber 9 is not owned"
        ]
    );
}

#[test]
fn a_missing_line_or_inverse_is_an_error() {
    assert!(about(1, &[]).contains("step 2: there is no line"));
    let mut steps = good_steps();
    steps[3].inverse.clear();
    assert_eq!(errors(&plan(steps)), ["step 4, undoing: there is no line"]);
}

#[test]
fn the_management_vlan_stays_on_the_uplink_unless_its_removal_is_allowed() {
    let mut steps = good_steps();
    steps.truncate(1);
    let Change::Uplink(_, update) = &mut steps[0].change else {
        panic!("the first step is about an uplink");
    };
    update.allowed_vlans.as_mut().unwrap().to.0 = "3-200".parse().unwrap();
    steps[0].lines[1] = "switchport trunk allowed vlan 3-200".to_owned();
    let said = errors(&plan(steps.clone()));
    assert_eq!(
        said,
        ["step 1: management VLAN 4093 would not pass uplink 1 any more"]
    );
    let allowed = errors_as(&plan(steps), true, GamModel::Gam12M);
    assert_eq!(allowed, Vec::<String>::new());
}

#[test]
fn an_order_that_the_device_would_refuse_is_an_error() {
    let mut steps = good_steps();
    steps.swap(1, 4);
    assert!(
        errors(&plan(steps))
            .join("\n")
            .contains("profile 3 is another profile at this step")
    );
    let mut steps = good_steps();
    steps.remove(5);
    assert!(
        errors(&plan(steps))
            .join("\n")
            .contains("endpoint 1 is still used by subscriber 1")
    );
}

#[test]
fn a_port_that_the_model_does_not_have_is_an_error() {
    let said = errors_as(&plan(good_steps()), false, GamModel::Gam4Mrx).join("\n");
    assert!(said.contains("a GAM-4-MRX has no port 5"), "{said}");
    let said = errors_as(&plan(good_steps()), false, GamModel::Gam12C).join("\n");
    assert!(said.contains("have no mode to set"), "{said}");
}

#[test]
fn nothing_is_created_in_a_part_that_was_not_read_completely() {
    let plan = plan(good_steps());
    let mut observation = observation();
    observation.unread.push(crate::model::Unread {
        part: Part::Subscribers,
        number: None,
        field: None,
        reason: "timed out".to_owned(),
    });
    let (intended, renamed) = (DeviceConfig::default(), std::collections::BTreeMap::new());
    let request = Request {
        device: &plan.device,
        state: DeviceState::Managed,
        model: GamModel::Gam12M,
        serial: None,
        mac: None,
        management_vlan: vlan(4093),
        authoritative: false,
        removes_unmanaged: false,
        intended: &intended,
        renamed: &renamed,
        ledger: None,
        allows_management: false,
    };
    let said: Vec<String> = lint(&plan, &observation, &request)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        ["step 4: not all subscribers were read, so no number is known to be free"]
    );
}

/// Returns every line that differs from `line` by one character or one word.
fn mutations(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    for at in 0..=line.len() {
        let (before, after) = line.split_at(at);
        for character in "0a- \"\n".chars() {
            all.push(format!("{before}{character}{after}"));
            if let Some(rest) = after.get(1..) {
                all.push(format!("{before}{character}{rest}"));
            }
        }
        if let Some(rest) = after.get(1..) {
            all.push(format!("{before}{rest}"));
        }
    }
    let words: Vec<&str> = line.split(' ').collect();
    for at in 0..words.len() {
        let mut without = words.clone();
        let word = without.remove(at);
        all.push(without.join(" "));
        for to in 0..without.len() {
            let mut moved = without.clone();
            moved.insert(to, word);
            all.push(moved.join(" "));
        }
    }
    all
}

#[test]
fn no_mutation_of_a_good_line_goes_unseen_unless_it_means_the_same() {
    let good = good_steps();
    let mut tried = 0;
    for number in 0..good.len() {
        for is_inverse in [false, true] {
            let lines = if is_inverse {
                &good[number].inverse
            } else {
                &good[number].lines
            };
            for at in 0..lines.len() {
                for mutated in mutations(&lines[at]) {
                    if command(&mutated) == command(&lines[at]) {
                        continue;
                    }
                    let mut steps = good[..=number].to_vec();
                    let step = &mut steps[number];
                    let lines = if is_inverse {
                        &mut step.inverse
                    } else {
                        &mut step.lines
                    };
                    lines[at] = mutated.clone();
                    tried += 1;
                    assert!(!errors(&plan(steps)).is_empty(), "{mutated:?}");
                }
            }
        }
    }
    assert!(tried > 5_000, "{tried}");
}
