//! Tests that stored changes are read back as written, and that invalid ones are refused in plain words.

use serde_json::{Value as Json, json};

use super::*;

/// Returns a change from its stored form.
pub(in crate::plan) fn stored(
    object: &Object,
    slot: Option<u16>,
    verb: Verb,
    fields: &[(Field, Option<Value>, Option<Value>)],
) -> Change {
    read(json_of(object, slot, verb, fields)).unwrap()
}

fn json_of(
    object: &Object,
    slot: Option<u16>,
    verb: Verb,
    fields: &[(Field, Option<Value>, Option<Value>)],
) -> Json {
    let fields: Vec<Json> = fields
        .iter()
        .map(|(field, from, to)| {
            let mut one = json!({ "field": field });
            for (side, value) in [("from", from), ("to", to)] {
                if let Some(value) = value {
                    one[side] = json!(value);
                }
            }
            one
        })
        .collect();
    let mut change = json!({ "object": object, "verb": verb, "fields": fields });
    if let Some(slot) = slot {
        change["slot"] = json!(slot);
    }
    change
}

fn read(change: Json) -> Result<Change, String> {
    serde_json::from_value(change).map_err(|error| error.to_string())
}

fn text(text: &str) -> Json {
    json!({ "type": "text", "value": text })
}

#[expect(clippy::needless_pass_by_value, reason = "a literal at each call")]
fn profile(verb: &str, fields: Json) -> Json {
    json!({
        "object": { "kind": "profile", "id": "home-100" }, "slot": 2, "verb": verb, "fields": fields
    })
}

#[test]
fn a_change_without_sense_is_refused_in_plain_words() {
    let speed = json!({ "type": "speed", "value": 106 });
    let port = |fields: Json| json!({ "object": { "kind": "port", "id": 7 }, "verb": "update", "fields": fields });
    let mut numbered_port = port(json!([]));
    numbered_port["slot"] = json!(7);
    let mut removed_port = port(json!([]));
    removed_port["verb"] = json!("remove");
    let mut no_number = profile("remove", json!([]));
    no_number.as_object_mut().unwrap().remove("slot");
    let renamed = json!([{ "field": "name", "from": text("other"), "to": text("new") }]);
    let same = json!([{ "field": "down", "from": speed, "to": speed }]);
    let cases = [
        (
            port(json!([{ "field": "down", "from": speed, "to": speed }])),
            "the change of port 7 sets `down`, which such an object does not have",
        ),
        (
            port(json!([{ "field": "mode", "from": speed, "to": speed }])),
            "the change of port 7 has no value of the right type for `mode`",
        ),
        (
            numbered_port,
            "the change of port 7 has a slot number, but such an object has none",
        ),
        (
            removed_port,
            "the change of port 7 creates or removes it, but it always exists",
        ),
        (
            no_number,
            "the change of profile home-100 has no slot number",
        ),
        (
            profile(
                "create",
                json!([{ "field": "name", "to": text("home-100") }]),
            ),
            "the change of profile home-100 has no value of the right type for `down`",
        ),
        (
            profile(
                "create",
                json!([{ "field": "name", "from": text("home-100") }]),
            ),
            "the change of profile home-100 has the wrong side of `name`: a creation has only `to`, a removal only `from`",
        ),
        (
            profile("update", renamed),
            "the change of profile home-100 has another object's name or address in its fields",
        ),
        (
            profile("update", same),
            "the change of profile home-100 leaves `down` as it is",
        ),
        (
            profile(
                "update",
                json!([{ "field": "description", "to": text("a") }, { "field": "description", "to": text("b") }]),
            ),
            "the change of profile home-100 has `description` twice",
        ),
        (
            profile("update", json!([])),
            "the change of profile home-100 changes nothing",
        ),
        (port(json!([])), "the change of port 7 changes nothing"),
    ];
    for (change, words) in cases {
        assert_eq!(read(change).unwrap_err(), words);
    }
}

/// A source of choices, made from the digits of a number.
struct Dice(u64);

impl Dice {
    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let count = u64::try_from(all.len()).unwrap();
        let chosen = all[usize::try_from(self.0 % count).unwrap()].clone();
        self.0 /= count;
        chosen
    }
}

fn values(field: Field, object: &Object) -> Vec<Option<Value>> {
    let texts = || {
        vec![
            Some(Value::Text("a".to_owned())),
            Some(Value::Text("b b".to_owned())),
        ]
    };
    let vlan = |id| Some(Value::Vlan(crate::model::VlanId::new(id).unwrap()));
    let vlans = |list: &str| Some(Value::Vlans(list.parse().unwrap()));
    let speed = |mbps| Some(Value::Speed(crate::model::Mbps::new(mbps).unwrap()));
    let mac = |last: u8| -> MacAddress { format!("00:0e:d8:00:00:{last:02x}").parse().unwrap() };
    let with_none = |mut values: Vec<Option<Value>>| {
        values.push(None);
        values
    };
    match field {
        Field::Hostname | Field::Location | Field::Contact | Field::Description => {
            with_none(texts())
        }
        Field::Name if matches!(object, Object::Port(_)) => with_none(texts()),
        Field::Name => texts(),
        Field::MacAddress => vec![Some(Value::Mac(mac(1))), Some(Value::Mac(mac(2)))],
        Field::Port => vec![
            Some(Value::Port(crate::model::PortAssignment::Auto)),
            Some(Value::Port(crate::model::PortAssignment::Unassigned)),
        ],
        Field::Enabled | Field::Tagged => vec![Some(Value::Flag(true)), Some(Value::Flag(false))],
        Field::Mode => vec![
            Some(Value::Mode(crate::model::PortMode::Mimo)),
            Some(Value::Mode(crate::model::PortMode::Siso)),
        ],
        Field::Down | Field::Up => vec![speed(10), speed(106)],
        Field::Endpoint => [1, 2]
            .map(|last| {
                Some(Value::Endpoint {
                    mac: mac(last),
                    slot: Slot(last.into()),
                })
            })
            .into_iter()
            .chain([None])
            .collect(),
        Field::Rate => vec![
            Some(Value::Unthrottled),
            Some(Value::Profile {
                name: "home-100".parse().unwrap(),
                slot: Slot(2),
            }),
        ],
        Field::Vlan => vec![vlan(3), vlan(4094)],
        Field::RemappedVlan | Field::Port2Vlan => vec![vlan(3), vlan(4), None],
        Field::AllowedVlans if matches!(object, Object::Uplink(_)) => {
            vec![
                Some(Value::Vlans(crate::model::VlanSet::default())),
                vlans("3-4094"),
            ]
        }
        Field::AllowedVlans => vec![vlans("5,7-9"), vlans("6"), None],
        Field::Poe => vec![
            Some(Value::Poe(crate::model::Poe::Force)),
            Some(Value::Poe(crate::model::Poe::Disable)),
            None,
        ],
    }
}

/// Returns a stored change as earlier versions wrote it, with random fields; `None` for an update that changes nothing.
fn random(seed: u64) -> Option<(Json, Object, Vec<Field>)> {
    let mut dice = Dice(seed);
    let object = dice.one_of(&[
        Object::System,
        Object::Uplink(UplinkNumber::new(1).unwrap()),
        Object::Port(PortNumber::new(7).unwrap()),
        Object::Profile("a".parse().unwrap()),
        Object::Endpoint("00:0e:d8:00:00:01".parse().unwrap()),
        Object::Subscriber("a".parse().unwrap()),
    ]);
    use Field::{AllowedVlans, Contact, Description, Down, Enabled, Endpoint, Hostname, Location};
    use Field::{
        MacAddress, Mode, Name, Poe, Port, Port2Vlan, Rate, RemappedVlan, Tagged, Up, Vlan,
    };
    let (fields, is_numbered): (&[Field], bool) = match &object {
        Object::System => (&[Hostname, Location, Contact], false),
        Object::Uplink(_) => (&[AllowedVlans], false),
        Object::Port(_) => (&[Name, Enabled, Mode], false),
        Object::Profile(_) => (&[Name, Description, Down, Up], true),
        Object::Endpoint(_) => (&[Name, MacAddress, Port], true),
        Object::Subscriber(_) => (
            &[
                Name,
                Description,
                Endpoint,
                Rate,
                Vlan,
                Tagged,
                RemappedVlan,
                AllowedVlans,
                Port2Vlan,
                Poe,
            ],
            true,
        ),
    };
    let verb = match is_numbered {
        true => dice.one_of(&[Verb::Create, Verb::Update, Verb::Remove]),
        false => Verb::Update,
    };
    let mut given = Vec::new();
    for field in fields {
        let is_key = object.is_known_by(*field);
        let values = values(*field, &object);
        let (from, to) = match is_key {
            true => (values[0].clone(), dice.one_of(&values)),
            false => (dice.one_of(&values), dice.one_of(&values)),
        };
        match verb {
            Verb::Update if from != to => given.push((*field, from, to)),
            Verb::Update => {}
            Verb::Create if is_key => given.push((*field, None, from)),
            Verb::Create if to.is_some() => given.push((*field, None, to)),
            Verb::Remove if from.is_some() => given.push((*field, from, None)),
            Verb::Create | Verb::Remove => {}
        }
    }
    let fields = given.iter().map(|(field, ..)| *field).collect();
    let is_empty = verb == Verb::Update && given.is_empty();
    let json = json_of(&object, is_numbered.then_some(3), verb, &given);
    (!is_empty).then_some((json, object, fields))
}

#[test]
fn a_stored_change_is_written_as_it_was_and_its_inverse_leads_back() {
    let mut seed = 1_u64;
    let mut drawn = std::collections::BTreeSet::new();
    for _ in 0..5_000 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let Some((json, object, fields)) = random(seed >> 1) else {
            continue;
        };
        drawn.extend(fields);
        let change = read(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(serde_json::to_value(&change).unwrap(), json);
        assert_eq!(change.object(), object);
        let inverse = change.inverse();
        assert_eq!(inverse.inverse(), change);
        assert_eq!(inverse.object(), change.object_after());
        assert_eq!(read(serde_json::to_value(&inverse).unwrap()), Ok(inverse));
    }
    // Fails for a new field that is never chosen, because it would not be tested.
    assert_eq!(drawn.len(), Field::ALL.len());
}
