//! Tests the keys of `policy.toml` that the service follows: names shared with plans, and the examples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use gamctl::inventory::source::{Limits, Source};
use gamctl::inventory::text::DRIFT_FIELDS;
use gamctl::inventory::{
    Cache, GOOD_INVENTORY, Reading, billing_systems, read, read_texts, service_policy,
};
use gamctl::model::{
    EndpointName, HeldText, MacAddress, Mbps, Poe, PortAssignment, PortMode, PortNumber,
    ProfileName, Slot, SubscriberName, UplinkNumber, VlanId, VlanSet,
};
use gamctl::plan::{
    Change, Changed, Edit, Endpoint, EndpointRef, PortUpdate, Profile, Rate, Subscriber,
    SystemUpdate, UplinkUpdate, UplinkVlans,
};

fn reading(policy: &str) -> Reading {
    let mut texts: BTreeMap<Arc<str>, Arc<str>> = GOOD_INVENTORY
        .iter()
        .map(|(path, text)| (Arc::from(*path), Arc::from(*text)))
        .collect();
    texts.insert("policy.toml".into(), policy.into());
    read_texts(&texts, &Limits::default())
}

/// Returns a change of every kind of object, with every field of it.
fn changes() -> [Change; 6] {
    let text = || Some("x".parse::<HeldText>().unwrap());
    let mac: MacAddress = "00:0e:d8:00:00:01".parse().unwrap();
    let vlan = VlanId::new(101).unwrap();
    let vlans: VlanSet = "101".parse().unwrap();
    let texts = || {
        Some(Changed {
            from: None,
            to: text(),
        })
    };
    let rate = Mbps::new(100).unwrap();
    [
        Change::System(SystemUpdate {
            hostname: texts(),
            location: texts(),
            contact: texts(),
        }),
        Change::Uplink(
            UplinkNumber::new(1).unwrap(),
            UplinkUpdate {
                allowed_vlans: Some(Changed {
                    from: UplinkVlans(VlanSet::default()),
                    to: UplinkVlans(vlans.clone()),
                }),
            },
        ),
        Change::Port(
            PortNumber::new(1).unwrap(),
            PortUpdate {
                name: texts(),
                enabled: Some(Changed {
                    from: false,
                    to: true,
                }),
                mode: Some(Changed {
                    from: PortMode::ALL[0],
                    to: PortMode::ALL[1],
                }),
            },
        ),
        Change::Profile(
            Slot(1),
            Box::new(Edit::Create(Profile {
                name: ProfileName::new("home").unwrap(),
                description: text(),
                down: rate,
                up: rate,
            })),
        ),
        Change::Endpoint(
            Slot(1),
            Box::new(Edit::Create(Endpoint {
                name: EndpointName::new("apt").unwrap(),
                mac,
                port: PortAssignment::Auto,
            })),
        ),
        Change::Subscriber(
            Slot(1),
            Box::new(Edit::Create(Subscriber {
                name: SubscriberName::new("apt").unwrap(),
                description: text(),
                endpoint: Some(EndpointRef { mac, slot: Slot(1) }),
                rate: Rate::Unthrottled,
                vlan,
                tagged: true,
                remapped_vlan: Some(vlan),
                allowed_vlans: vlans,
                port2_vlan: Some(vlan),
                poe: Some(Poe::Disable),
            })),
        ),
    ]
}

#[test]
fn drift_is_configured_by_the_fields_of_plans() {
    let mut fields = BTreeSet::new();
    for change in changes() {
        let kind = change.object().kind();
        fields.extend(
            change
                .fields()
                .iter()
                .map(|view| format!("{kind}.{}", view.field)),
        );
    }
    let known: BTreeSet<String> = DRIFT_FIELDS
        .iter()
        .map(|field| (*field).to_owned())
        .collect();
    assert_eq!(known, fields);
    assert_eq!(known.len(), DRIFT_FIELDS.len(), "one is there twice");
}

#[test]
fn the_examples_behind_comment_signs_are_valid_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory.example/policy.toml");
    let uncommented = uncommented(&fs::read_to_string(path).unwrap());
    // The sites of the example are not in this small inventory.
    let reading = reading(&uncommented.replace("\"maple-*\"", "\"*\""));
    assert!(
        reading.findings.is_empty(),
        "{:?}\n{uncommented}",
        reading.findings
    );
    let policy = service_policy(&reading.inventory);
    assert_eq!((policy.windows.len(), policy.lanes.len()), (2, 2));
    assert!(policy.billing_lane().is_some());
}

/// Removes the comment signs of examples, which begin with a table.
fn uncommented(text: &str) -> String {
    let mut is_example = false;
    let mut uncommented = String::new();
    for line in text.lines() {
        let inner = line.strip_prefix("# ").unwrap_or(line);
        is_example = line.starts_with('#') && (is_example || inner.starts_with('['));
        uncommented.push_str(if is_example && inner != "#" {
            inner
        } else {
            line
        });
        uncommented.push('\n');
    }
    uncommented
}

#[test]
fn the_examples_of_billing_systems_are_valid_behind_comment_signs_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source::directory(&root.join("inventory.example")).unwrap();
    let example = read(&source, &Limits::default(), &Cache::default()).unwrap();
    let texts: BTreeMap<Arc<str>, Arc<str>> = example.inventory.texts().collect();
    for (path, systems) in [
        ("inventory.example/billing.toml", &["sonar", "splynx"][..]),
        ("src/authoring/template/billing.toml", &["splynx"]),
    ] {
        let text = uncommented(&fs::read_to_string(root.join(path)).unwrap());
        let mut texts = texts.clone();
        texts.insert("billing.toml".into(), text.as_str().into());
        let reading = read_texts(&texts, &Limits::default());
        // Subscribers of the example are in Sonar.
        let findings: Vec<_> = reading.findings.iter().collect();
        let is_fine = |rule: &str| rule == "unknown-billing-system" && systems.len() == 1;
        assert!(
            findings.iter().all(|finding| is_fine(finding.rule.id)),
            "{path}: {findings:?}\n{text}"
        );
        let resolved = billing_systems(&reading.inventory);
        let names: Vec<&str> = resolved.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, systems, "{path}");
    }
}
