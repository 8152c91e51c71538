//! Texts that would become something else on a command line: each layer stops each of them by itself, with the others left out.
//!
//! The layers: types (a name is no name), encoder (a change has no lines), lint (a line is not what its change says), and
//! the gate of the transport (a text is no line). What reaches a twin is in its log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gamctl::model::{
    ConfigLine, Description, DeviceConfig, DeviceName, DeviceState, EndpointConfig, EndpointName,
    Fingerprint, GamModel, HostKey, Hostname, Mbps, Observation, PortAssignment, PortConfig,
    PortName, PortNumber, ProfileConfig, ProfileName, RateLimit, Slot, SubscriberConfig,
    SubscriberName, SystemText, VlanId, VlanSet,
};
use gamctl::plan::lint::lint;
use gamctl::plan::{
    Because, Cause, Census, Change, DevicePlan, Field, Impact, Object, Observed, PlannedStep,
    Request, Step,
};
use gamctl::render::{RenderError, lines, render};
use gamctl::secrets::Secret;
use gamctl::simulator::commands::{Session as Console, running_config};
use gamctl::simulator::gam::{Build, FirmwareProfile, Gam, Hardware};
use gamctl::simulator::moment::Moment;
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::transport::ssh::{Fence, Login, Session, SshTimeouts};

/// What somebody could write into a field who wants a device to do something else.
const HOSTILE: [&str; 26] = [
    "a\nno ghn subscriber 1",
    "a\n",
    "a\r\nno ghn subscriber 1\r\n",
    "a\rno ghn subscriber 1\r",
    "a?",
    "?",
    "a\tb",
    "a\"",
    "\"",
    "a\" b",
    "a\"\"b",
    "a\" name \"b",
    "a\" name \"b\" vid 1 description \"c",
    "a\\",
    "a\\\"b",
    "a\\nb",
    "\u{3}no ghn subscriber 1\r",
    "a\u{1a}",
    "a\u{0}b",
    "\u{1b}[A",
    "a\u{8}\u{8}",
    "a\u{7f}",
    "a\u{85}b",
    "\u{202e}a\u{2066}",
    "a\u{200b}b",
    "a\u{2028}b",
];

/// A field of an object that holds a text, as each layer sees it.
struct Place {
    what: &'static str,
    /// Returns whether the model takes the text.
    is_typed: fn(&str) -> bool,
    object: Object,
    slot: Option<u16>,
    field: Field,
    /// What is there before, and with it the line that brings it back.
    before: Option<&'static str>,
    undo: &'static str,
    /// The line up to the text, and what comes behind it.
    line: (&'static str, &'static str),
    /// The same with every other option that a line about this object may have.
    whole: (&'static str, &'static str),
}

fn mac() -> gamctl::model::MacAddress {
    "00:0e:d8:00:00:01".parse().unwrap()
}

#[expect(clippy::too_many_lines, reason = "a list, one entry for each place")]
fn places() -> Vec<Place> {
    let subscriber = || Object::Subscriber("apt-1".parse().unwrap());
    let profile = || Object::Profile("home-100".parse().unwrap());
    let system = |what, is_typed, field, undo, start| Place {
        what,
        is_typed,
        object: Object::System,
        slot: None,
        field,
        before: None,
        undo,
        line: (start, ""),
        whole: (start, ""),
    };
    vec![
        Place {
            what: "subscriber's name",
            is_typed: |text| SubscriberName::new(text).is_ok(),
            object: subscriber(),
            slot: Some(1),
            field: Field::Name,
            before: Some("apt-1"),
            undo: "ghn subscriber 1 name \"apt-1\"",
            line: ("ghn subscriber 1 name \"", "\""),
            whole: ("ghn subscriber 1 name \"", "\" description \"b\" vid 101"),
        },
        Place {
            what: "subscriber's description",
            is_typed: |text| Description::new(text).is_ok(),
            object: subscriber(),
            slot: Some(1),
            field: Field::Description,
            before: Some("before"),
            undo: "ghn subscriber 1 description \"before\"",
            line: ("ghn subscriber 1 description \"", "\""),
            whole: ("ghn subscriber 1 name \"b\" description \"", "\" vid 101"),
        },
        Place {
            what: "endpoint's name",
            is_typed: |text| EndpointName::new(text).is_ok(),
            object: Object::Endpoint(mac()),
            slot: Some(1),
            field: Field::Name,
            before: Some("e1"),
            undo: "ghn endpoint 1 name \"e1\"",
            line: ("ghn endpoint 1 name \"", "\""),
            whole: ("ghn endpoint 1 name \"", "\" port 1"),
        },
        Place {
            what: "profile's name",
            is_typed: |text| ProfileName::new(text).is_ok(),
            object: profile(),
            slot: Some(2),
            field: Field::Name,
            before: Some("home-100"),
            undo: "ghn bw-profile 2 name \"home-100\"",
            line: ("ghn bw-profile 2 name \"", "\""),
            whole: ("ghn bw-profile 2 name \"", "\" description \"b\""),
        },
        Place {
            what: "profile's description",
            is_typed: |text| Description::new(text).is_ok(),
            object: profile(),
            slot: Some(2),
            field: Field::Description,
            before: Some("before"),
            undo: "ghn bw-profile 2 description \"before\"",
            line: ("ghn bw-profile 2 description \"", "\""),
            whole: ("ghn bw-profile 2 name \"b\" description \"", "\""),
        },
        Place {
            what: "port's name",
            is_typed: |text| PortName::new(text).is_ok(),
            object: Object::Port(PortNumber::new(1).unwrap()),
            slot: None,
            field: Field::Name,
            before: Some("riser"),
            undo: "ghn port 1 name \"riser\"",
            line: ("ghn port 1 name \"", "\""),
            whole: ("ghn port 1 name \"", "\" mode siso"),
        },
        system(
            "host name",
            |text| Hostname::new(text).is_ok(),
            Field::Hostname,
            "no hostname",
            "hostname ",
        ),
        system(
            "location",
            |text| SystemText::new(text).is_ok(),
            Field::Location,
            "no snmp-server location",
            "snmp-server location ",
        ),
        system(
            "contact",
            |text| SystemText::new(text).is_ok(),
            Field::Contact,
            "no snmp-server contact",
            "snmp-server contact ",
        ),
    ]
}

impl Place {
    /// Returns the change from its stored form; nothing where the type of the field refuses the text.
    fn change(&self, text: &str) -> Option<Change> {
        let value = |text: &str| serde_json::json!({ "type": "text", "value": text });
        let mut field = serde_json::json!({ "field": self.field, "to": value(text) });
        if let Some(before) = self.before {
            field["from"] = value(before);
        }
        let mut change =
            serde_json::json!({ "object": self.object, "verb": "update", "fields": [field] });
        if let Some(slot) = self.slot {
            change["slot"] = slot.into();
        }
        serde_json::from_value(change).ok()
    }

    /// Returns the line as a careless program would put it together.
    fn line(&self, text: &str) -> String {
        let (start, end) = self.line;
        format!("{start}{text}{end}")
    }

    fn whole_line(&self, text: &str) -> String {
        let (start, end) = self.whole;
        format!("{start}{text}{end}")
    }

    /// Returns a plan whose lines have the text, whatever the change could hold of it.
    fn plan(&self, text: &str) -> DevicePlan<Step<String>> {
        let change = self.change(text).or_else(|| self.change(HARMLESS));
        let step = Step {
            subscriber_ids: gamctl::model::SubscriberIds::default(),
            change: change.unwrap(),
            lines: vec![self.line(text)],
            inverse: vec![self.undo.to_owned()],
            cannot_undo: None,
            impact: Impact::None,
            effects: gamctl::plan::Effects::default(),
            because: vec![Because {
                cause: Cause::Inventory,
                fields: Vec::new(),
                origin: None,
            }],
            rolled_back: None,
        };
        DevicePlan {
            device: DeviceName::new("birch").unwrap(),
            state: DeviceState::Managed,
            observed: Some(Observed {
                sequence: 1,
                fingerprint: Fingerprint::of(&observation()),
            }),
            census: Census::default(),
            steps: vec![step],
            refusals: Vec::new(),
            notes: Vec::new(),
            unmanaged: Vec::new(),
        }
    }
}

/// One object of each kind, as the places have it.
fn observation() -> Observation {
    let mut observation = Observation::of(DeviceName::new("birch").unwrap());
    let mut config = DeviceConfig::default();
    let before = || Some("before".parse().unwrap());
    let profile = ProfileConfig {
        slot: Some(Slot(2)),
        description: before(),
        down: Mbps::new(106).unwrap(),
        up: Mbps::new(106).unwrap(),
    };
    config.profiles.insert("home-100".parse().unwrap(), profile);
    let endpoint = EndpointConfig {
        slot: Some(Slot(1)),
        name: "e1".parse().unwrap(),
        port: PortAssignment::Port(PortNumber::new(1).unwrap()),
    };
    config.endpoints.insert(mac(), endpoint);
    let subscriber = SubscriberConfig {
        slot: Some(Slot(1)),
        description: before(),
        endpoint: Some(mac()),
        rate: RateLimit::Profile("home-100".parse().unwrap()),
        vlan: VlanId::new(101).unwrap(),
        tagged: false,
        remapped_vlan: None,
        allowed_vlans: VlanSet::default(),
        port2_vlan: None,
        poe: None,
    };
    config
        .subscribers
        .insert("apt-1".parse().unwrap(), subscriber);
    let port = PortConfig {
        name: Some("riser".parse().unwrap()),
        ..PortConfig::default()
    };
    config.ports.insert(PortNumber::new(1).unwrap(), port);
    observation.config = config;
    observation
}

fn lint_errors(plan: &DevicePlan<Step<String>>) -> Vec<String> {
    let (intended, renamed) = (DeviceConfig::default(), BTreeMap::new());
    let request = Request {
        device: &plan.device,
        state: DeviceState::Managed,
        model: GamModel::Gam12M,
        serial: None,
        mac: None,
        management_vlan: VlanId::new(4093).unwrap(),
        authoritative: false,
        removes_unmanaged: false,
        intended: &intended,
        renamed: &renamed,
        ledger: None,
        allows_management: false,
    };
    let found = lint(plan, &observation(), &request);
    found.iter().map(ToString::to_string).collect()
}

/// What is fine everywhere, so that a layer that refuses everything is seen.
const HARMLESS: &str = "b-1";

/// Calls with every text in every place.
fn everywhere(mut judge: impl FnMut(&Place, &str)) {
    for place in places() {
        for text in HOSTILE {
            judge(&place, text);
        }
    }
}

#[test]
fn types_alone_stop_them() {
    everywhere(|place, text| assert!(!(place.is_typed)(text), "{}: {text:?}", place.what));
    for place in places() {
        assert!((place.is_typed)(HARMLESS), "{}", place.what);
    }
    // And where values come from a file they are made by the same types.
    for text in HOSTILE {
        let value = serde_json::json!({ "kind": "subscriber", "id": text });
        assert!(serde_json::from_value::<Object>(value).is_err(), "{text:?}");
    }
    let value = serde_json::json!({ "kind": "subscriber", "id": HARMLESS });
    let object = serde_json::from_value::<Object>(value);
    assert_eq!(
        object.unwrap(),
        Object::Subscriber(HARMLESS.parse().unwrap())
    );
}

#[test]
fn the_encoder_alone_stops_them() {
    everywhere(|place, text| {
        let Some(change) = place.change(text) else {
            // A name is never one of these; the field's own type is the layer here.
            assert!(
                serde_json::from_value::<Object>(
                    serde_json::json!({ "kind": "subscriber", "id": text })
                )
                .is_err(),
                "{}: {text:?}",
                place.what
            );
            return;
        };
        let error = lines(&change).unwrap_err();
        assert!(
            matches!(error, RenderError::Text { .. }),
            "{}: {text:?}: {error}",
            place.what
        );
        let plan: DevicePlan = DevicePlan::preprovision(DeviceName::new("birch").unwrap());
        let plan = plan.with_steps(vec![PlannedStep {
            change,
            cannot_undo: None,
            impact: Impact::None,
            effects: gamctl::plan::Effects::default(),
            because: Vec::new(),
        }]);
        let before = plan.clone();
        let failed = render(plan).unwrap_err();
        assert_eq!(failed.plan, before, "{}: {text:?}", place.what);
        assert!(failed.without_lines().steps[0].lines.is_empty());
    });
    for place in places() {
        let good = lines(&place.change(HARMLESS).unwrap()).unwrap();
        assert_eq!(good, [ConfigLine::new(&place.line(HARMLESS)).unwrap()]);
    }
}

#[test]
fn the_lint_alone_stops_them() {
    everywhere(|place, text| {
        let found = lint_errors(&place.plan(text));
        assert!(!found.is_empty(), "{}: {text:?}", place.what);
    });
    for place in places() {
        let found = lint_errors(&place.plan(HARMLESS));
        assert_eq!(found, Vec::<String>::new(), "{}", place.what);
    }
}

/// The gate knows lines and no changes: one known command, well formed, with each option once, it lets pass. Whether it is
/// the one that was meant is what the encoder sees to and the lint asks.
#[test]
fn the_gate_of_the_transport_alone_stops_them() {
    everywhere(|place, text| {
        let line = place.whole_line(text);
        assert!(ConfigLine::new(&line).is_err(), "{}: {line:?}", place.what);
    });
    for place in places() {
        for line in [place.line(HARMLESS), place.whole_line(HARMLESS)] {
            assert_eq!(ConfigLine::new(&line).unwrap().text(), line);
        }
    }
}

fn build() -> Build {
    Build {
        hardware: Hardware::of(GamModel::Gam12M, 5),
        firmware: FirmwareProfile::default(),
        seed: 5,
        configuration: None,
    }
}

const SET_UP: [&str; 3] = [
    "ghn bw-profile 2 name \"home-100\" rate-downstream 106 rate-upstream 106",
    "ghn endpoint 1 name \"e1\" mac-address 00:0e:d8:00:00:01 port 1",
    "ghn subscriber 1 name \"apt-1\" endpoint 1 vid 101 bw-profile 2",
];

/// Returns what becomes of a device at which this is typed.
fn after_typing(keys: &str) -> String {
    let mut gam = Gam::new(build(), Moment::default());
    let mut console = Console::open(&gam, 0, 0);
    let mut all = String::from("configure terminal\r");
    for line in SET_UP {
        all.push_str(line);
        all.push('\r');
    }
    all.push_str(keys);
    all.push('\r');
    console.type_keys(all.as_bytes());
    while let Some(line) = console.next_line(&gam) {
        let _outcome = console.run(&line, &mut gam, Moment::default());
    }
    running_config(&gam)
}

/// The texts are what they are said to be: typed as they are, they do what nobody asked for.
#[test]
fn without_any_layer_they_do_harm() {
    let subscriber = &places()[0];
    let has_subscriber = |config: &str| config.contains("ghn subscriber 1");
    assert!(has_subscriber(&after_typing(&subscriber.line(HARMLESS))));
    for text in ["a\rno ghn subscriber 1\r", "\u{3}no ghn subscriber 1\r"] {
        let typed = subscriber.line(text);
        assert!(!has_subscriber(&after_typing(&typed)), "{text:?}");
    }
    let description = &places()[1];
    let moved = after_typing(&description.line("a\" vid 666 name \"b"));
    assert!(moved.contains("vid 666"), "{moved}");
}

#[tokio::test]
async fn a_change_that_a_gate_stops_is_never_sent() {
    let twin = Twin::start(TwinSettings::new(build())).await.unwrap();
    for line in SET_UP {
        assert!(!twin.edit_line(line).contains("% "));
    }
    let credentials = twin.credentials();
    let login = Login {
        address: twin.ssh_address(),
        user: credentials.user,
        password: Secret::new(credentials.password.into_bytes()),
        private_key: None,
        legacy_algorithms: false,
        host_key: Some(HostKey::new(&twin.host_key().unwrap()).unwrap()),
    };
    let fence = Fence::until(Instant::now() + Duration::from_secs(600));
    let timeouts = SshTimeouts::default();
    let session = Session::open_to_write(&login, timeouts, &fence).await;
    let mut session = session.unwrap();
    let before = twin.lines().len();
    session.configure_begin().await.unwrap();
    let mut expected = vec!["configure terminal".to_owned()];
    for place in places() {
        for text in HOSTILE.into_iter().chain([HARMLESS]) {
            let text = place.whole_line(text);
            // All that can be typed is a line, and this is the only way to one.
            if let Ok(line) = ConfigLine::new(&text) {
                session.line(&line).await.unwrap();
                expected.push(text);
            }
        }
        let undo = ConfigLine::new(place.undo).unwrap();
        session.line(&undo).await.unwrap();
        expected.push(place.undo.to_owned());
    }
    session.configure_end().await.unwrap();
    session.close().await;
    expected.extend(["end".to_owned(), "exit".to_owned()]);
    let lines = twin.lines().into_iter().skip(before);
    assert_eq!(lines.map(|line| line.line).collect::<Vec<_>>(), expected);
    assert_eq!(expected.len(), 3 + 2 * places().len());
}
