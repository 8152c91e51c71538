//! Ways to break exactly one rule of a valid inventory.

use std::collections::BTreeSet;

use gamctl::model::{GamModel, Medium};

use super::dice::Dice;
use super::generate::{fits, list, mac};
use super::spec::{Object, Spec, Table, Value, vlans_of, written};

/// What a fault did.
#[derive(Debug, Default)]
pub(super) struct Damage {
    /// The subscribers it is about.
    pub(super) subscribers: BTreeSet<String>,
    /// Files besides those of the inventory.
    pub(super) files: Vec<(&'static str, String)>,
}

impl Damage {
    fn of<S: AsRef<str>>(ids: impl IntoIterator<Item = S>) -> Option<Self> {
        Some(Self {
            subscribers: ids.into_iter().map(|id| id.as_ref().to_owned()).collect(),
            files: Vec::new(),
        })
    }

    fn file(path: &'static str, text: impl Into<String>) -> Option<Self> {
        Some(Self {
            subscribers: BTreeSet::new(),
            files: vec![(path, text.into())],
        })
    }
}

const NOBODY: [&str; 0] = [];

/// Breaks one rule; nothing where the inventory has nothing to break it with.
pub(super) type Fault = fn(&mut Spec, &mut Dice) -> Option<Damage>;

/// Every fault with the rule that it breaks.
pub(super) const FAULTS: &[(&str, Fault)] = &[
    ("duplicate-mac", |spec, dice| {
        let with: Vec<usize> = (0..spec.subscribers.len())
            .filter(|index| spec.subscribers[*index].table.text("endpoint").is_some())
            .collect();
        let (a, b) = two(&with, dice)?;
        let mac = spec.subscribers[a].table.text("endpoint")?.to_uppercase();
        spec.subscribers[b].table.set("endpoint", mac);
        Damage::of([&spec.subscribers[a].id, &spec.subscribers[b].id])
    }),
    ("subscriber-on-missing-port", |spec, dice| {
        let index = subscriber(spec, dice, |model, _| model.port_count() < 24)?;
        let port = u32::from(model_of(spec, index).port_count()) + 1;
        set(spec, index, "port", port)
    }),
    ("out-of-range", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let (key, value) = *dice.pick(&[
            ("port", 25u32),
            ("vlan", 4096),
            ("vlan", 0),
            ("port2_vlan", 99_999),
        ]);
        set(spec, index, key, value)
    }),
    ("too-many-endpoints", |spec, dice| {
        let copper = subscriber(spec, dice, |model, table| {
            model.medium() == Medium::Copper && table.number("port").is_some()
        })?;
        let coax = subscriber(spec, dice, |model, table| {
            model.medium() == Medium::Coax && table.number("port").is_some()
        });
        let index = coax.filter(|_| dice.once_in(2)).unwrap_or(copper);
        let most = model_of(spec, index).medium().endpoints_per_port();
        let table = spec.subscribers[index].table.clone();
        let here = spec.members(table.text("device")?);
        let same = here.iter().filter(|other| {
            let other = &spec.subscribers[**other].table;
            // Who is pending and has no endpoint takes no place.
            let takes_a_place =
                other.get("endpoint").is_some() || other.text("state") != Some("pending");
            takes_a_place && other.number("port") == table.number("port")
        });
        let mut ids: Vec<String> = same
            .map(|other| spec.subscribers[*other].id.clone())
            .collect();
        for number in ids.len()..=most {
            ids.push(another(spec, index, number, table.number("port")));
        }
        Damage::of(ids)
    }),
    ("reserved-vlan", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        // What is only a tag may be of the device's inner VLANs.
        let data: &[u16] = &[1, 2, 3840, 3841, 3842, 4094, 4095];
        let tags: &[u16] = &[1, 2, 4094, 4095];
        let (key, vlans) = *dice.pick(&[
            ("vlan", data),
            ("port2_vlan", data),
            ("remapped_vlan", tags),
        ]);
        set(spec, index, key, *dice.pick(vlans))
    }),
    ("management-vlan", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let vlan = spec.management_vlan(device_of(spec, index));
        let key = *dice.pick(&["vlan", "port2_vlan", "allowed_vlans"]);
        if key == "allowed_vlans" {
            return set(spec, index, key, vlan.to_string());
        }
        set(spec, index, key, vlan)
    }),
    ("unknown-service-plan", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(spec, index, "service_plan", "home-none")
    }),
    ("unknown-device", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(spec, index, "device", "maple-none")
    }),
    ("unknown-credentials", |spec, dice| {
        change_device(spec, dice, "credentials", "none")
    }),
    ("duplicate-address", |spec, _| {
        let address = spec.devices[0].table.text("address")?.to_owned();
        let is_lab = spec.devices[0].table.get("test_bed").cloned();
        spec.devices[1].table.set("address", address);
        spec.devices[1]
            .table
            .set("test_bed", is_lab.unwrap_or(Value::Flag(false)));
        Damage::of(NOBODY)
    }),
    ("duplicate-pin", |spec, dice| {
        let key = *dice.pick(&["serial", "host_key"]);
        let pin = if key == "serial" {
            "01-twice".to_owned()
        } else {
            format!("SHA256:{}", "A".repeat(43))
        };
        spec.devices[0].table.set(key, pin.as_str());
        spec.devices[1].table.set(key, pin);
        Damage::of(NOBODY)
    }),
    ("duplicate-hostname", |spec, _| {
        spec.devices[0].table.set("hostname", "twice");
        spec.devices[1].table.set("hostname", "twice");
        Damage::of(NOBODY)
    }),
    ("duplicate-object", |spec, dice| {
        let plan = dice.pick(&spec.plans).id.clone();
        Damage::file(
            "service-plans/again.toml",
            format!("[service_plan.\"{plan}\"]\nunthrottled = true\n"),
        )
    }),
    ("case-only-difference", |spec, dice| {
        let plan = dice.pick(&spec.plans).id.to_uppercase();
        Damage::file(
            "service-plans/again.toml",
            format!("[service_plan.\"{plan}\"]\nunthrottled = true\n"),
        )
    }),
    ("look-alike", |spec, dice| {
        let plan = dice.pick(&spec.plans).id.replace('-', "_");
        Damage::file(
            "service-plans/again.toml",
            format!("[service_plan.\"{plan}\"]\nunthrottled = true\n"),
        )
    }),
    ("not-on-uplink", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let device = spec.subscribers[index].table.text("device")?.to_owned();
        let management = spec.management_vlan(device_of(spec, index));
        let mut passing = spec.used_vlans(&device);
        passing.insert(management);
        let vlan = (2000..3000).find(|vlan| !passing.contains(vlan))?;
        if spec.subscribers[index].table.number("port2_vlan").is_none() {
            passing.insert(
                spec.subscribers[index]
                    .table
                    .number("vlan")?
                    .try_into()
                    .ok()?,
            );
        }
        passing.insert(4094);
        let text = &mut spec.devices.iter_mut().find(|one| one.id == device)?.table;
        text.set(
            "uplink",
            Table::default().with("2.allowed_vlans", written(&passing)),
        );
        set(
            spec,
            index,
            dice.pick::<&str>(&["vlan", "port2_vlan"]),
            vlan,
        )
    }),
    ("shared-vlan", |spec, _| {
        let device = spec.devices[0].id.clone();
        let management = spec.management_vlan(&spec.devices[0].table);
        let members = spec.members(&device);
        for (number, index) in members.iter().enumerate() {
            let table = &mut spec.subscribers[*index].table;
            table.remove("port2_vlan");
            let vlan = 100 + u16::try_from(number.max(1)).unwrap();
            table.set("vlan", if vlan == management { 900 } else { vlan });
        }
        spec.devices[0].table.remove("uplink");
        spec.devices[0].table.set("vlan_mode", "unique");
        Damage::of(
            members
                .iter()
                .take(2)
                .map(|index| spec.subscribers[*index].id.as_str()),
        )
    }),
    ("port2-vlan", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let vlan = spec.subscribers[index].table.number("vlan")?;
        set(spec, index, "port2_vlan", vlan)
    }),
    ("too-many-allowed-vlans", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        free_uplinks(spec, index);
        set(
            spec,
            index,
            "allowed_vlans",
            (0..13)
                .map(|n| (501 + 2 * n).to_string())
                .collect::<Vec<_>>()
                .join(","),
        )
    }),
    ("too-many-profiles", |spec, _| {
        let mut ids = Vec::new();
        let index = spec.members(&spec.devices[0].id).into_iter().next()?;
        for number in 0..15 {
            let plan = format!("many-{}", char::from(b'a' + number));
            let table = Table::default()
                .with("down", 100u32)
                .with("up", 100u32)
                .with("headroom_percent", 5u32);
            spec.plans.push(Object {
                id: plan.clone(),
                table,
            });
            ids.push(another(spec, index, number.into(), None));
            let table = &mut spec.subscribers.last_mut()?.table;
            table.set("service_plan", plan);
        }
        ids.extend(spec.subscribers.iter().map(|one| one.id.clone()));
        Damage::of(ids)
    }),
    ("no-address", |spec, dice| {
        let index = dice.below(2);
        spec.devices[index].table.remove("address");
        Damage::of(NOBODY)
    }),
    ("lab-address", |spec, dice| {
        let index = dice.below(spec.devices.len());
        spec.devices[index].table.remove("test_bed");
        spec.devices[index].table.set(
            "address",
            *dice.pick(&[
                "127.9.9.9",
                "224.0.0.1",
                "::1",
                "10.99.0.1:2222",
                "0.0.0.0",
                "255.255.255.255",
            ]),
        );
        Damage::of(NOBODY)
    }),
    ("no-such-port", |spec, dice| {
        let index = dice.below(spec.devices.len());
        let model: GamModel = spec.devices[index].table.text("model")?.parse().ok()?;
        let port = model.port_count() + 1;
        (port <= 24).then_some(())?;
        spec.devices[index]
            .table
            .set(&format!("port.{port}.name"), "beyond");
        Damage::of(NOBODY)
    }),
    ("wrong-mode", |spec, dice| {
        let index = dice.below(2);
        spec.devices[index]
            .table
            .set("port.3.mode", ["siso", "coax"][index]);
        Damage::of(NOBODY)
    }),
    ("duplicate-port-name", |spec, dice| {
        let index = dice.below(spec.devices.len());
        for port in ["port.2.name", "port.4.name"] {
            spec.devices[index].table.set(port, "twice");
        }
        Damage::of(NOBODY)
    }),
    ("captive-not-on-uplink", |spec, dice| {
        let mut network = spec.network.clone();
        network.set("suspension.how", "captive");
        network.text("suspension.service_plan")?;
        spec.network = network;
        let index = subscriber(spec, dice, |_, table| {
            table.text("state") == Some("suspended")
        })?;
        let device = device_of(spec, index).clone();
        let id = spec.subscribers[index].table.text("device")?.to_owned();
        let mut passing = spec.used_vlans(&id);
        passing.insert(spec.management_vlan(&device));
        passing.remove(&4094);
        let text = &mut spec.devices.iter_mut().find(|one| one.id == id)?.table;
        text.set(
            "uplink",
            Table::default().with("1.allowed_vlans", written(&passing)),
        );
        Damage::of(NOBODY)
    }),
    ("management-cut-off", |spec, dice| {
        let index = dice.below(spec.devices.len());
        let Object { id, table } = &spec.devices[index];
        let management = spec.management_vlan(table);
        let mut passing = spec.used_vlans(id);
        passing.remove(&management);
        passing.insert(4094);
        passing.insert(if management == 77 { 78 } else { 77 });
        let uplink = Table::default().with("1.allowed_vlans", written(&passing));
        spec.devices[index].table.set("uplink", uplink);
        Damage::of(NOBODY)
    }),
    ("subscriber-on-retired-device", |spec, dice| {
        let index = dice.below(2);
        let keep = spec.members(&spec.devices[index].id).into_iter().next()?;
        let (keep, device) = (
            spec.subscribers[keep].id.clone(),
            spec.devices[index].id.clone(),
        );
        spec.subscribers
            .retain(|one| one.id == keep || one.table.text("device") != Some(&device));
        spec.devices[index].table.set("state", "retired");
        Damage::of([keep])
    }),
    ("service-plan-speed", |spec, dice| {
        let index = dice.below(spec.plans.len());
        let table = &mut spec.plans[index].table;
        match dice.below(3) {
            0 if !table.is_set("unthrottled") => table.remove("up"),
            1 => {
                table.set("unthrottled", true);
                table.set("down", 100u32);
                table.set("up", 100u32);
            }
            _ => *table = Table::default(),
        }
        Damage::of(NOBODY)
    }),
    ("impossible-rate", |spec, dice| {
        let down = *dice.pick(&[5u32, 1001, 100_000]);
        let plan = Table::default()
            .with("down", down)
            .with("up", 50u32)
            .with("headroom_percent", 0u32);
        spec.plans.push(Object {
            id: "odd-rate".to_owned(),
            table: plan,
        });
        Damage::of(NOBODY)
    }),
    ("impossible-rate", |spec, dice| {
        // Fast enough for copper, too fast for coax.
        let index = subscriber(spec, dice, |model, _| model.medium() == Medium::Coax)?;
        let plan = Table::default()
            .with("down", 801u32)
            .with("up", 800u32)
            .with("headroom_percent", 0u32);
        spec.plans.push(Object {
            id: "odd-rate".to_owned(),
            table: plan.clone(),
        });
        assert!(!fits(spec, &plan, Medium::Coax));
        set(spec, index, "service_plan", "odd-rate")
    }),
    ("duplicate-profile-name", |spec, _| {
        for id in ["twin-x", "twin-y"] {
            let table = Table::default()
                .with("down", 100u32)
                .with("up", 100u32)
                .with("profile_name", "twice");
            spec.plans.push(Object {
                id: id.to_owned(),
                table,
            });
        }
        Damage::of(NOBODY)
    }),
    ("no-suspension-plan", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        for subscriber in &mut spec.subscribers {
            if subscriber.table.text("state") == Some("suspended") {
                subscriber.table.set("state", "pending");
            }
        }
        spec.network.remove("suspension");
        if spec.subscribers[index].table.get("endpoint").is_none() {
            spec.subscribers[index]
                .table
                .set("endpoint", mac(0xf0_0000));
        }
        set(spec, index, "state", "suspended")
    }),
    ("too-long", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let (key, length) = *dice.pick(&[("name", 32), ("endpoint_name", 32), ("description", 64)]);
        set(spec, index, key, "x".repeat(length))
    }),
    ("unsafe-text", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let odd = *dice.pick(&['?', '"', '\\', '\n', '\u{1b}', 'é', '\u{7f}']);
        let key = *dice.pick(&["description", "name", "endpoint_name"]);
        set(spec, index, key, format!("a{odd}b"))
    }),
    ("bad-name", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(spec, index, "name", *dice.pick(&[" x", "x ", ""]))
    }),
    ("bad-mac", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(
            spec,
            index,
            "endpoint",
            *dice.pick(&[
                "00:0e:d8",
                "ff:ff:ff:ff:ff:ff",
                "000000000000",
                "00:0e:d8:00:00:0g",
                "",
            ]),
        )
    }),
    ("bad-address", |spec, dice| {
        let value = *dice.pick(&[
            "gam.example.net",
            "10.20.0",
            "10.0.0.1/24",
            "10.0.0.1:0",
            "",
        ]);
        change_device(spec, dice, "address", value)
    }),
    ("bad-pin", |spec, dice| {
        change_device(spec, dice, "host_key", "SHA256:short")
    }),
    ("bad-vlan-list", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(
            spec,
            index,
            "allowed_vlans",
            *dice.pick(&["", "a", "9-3", "1,,2", "4096", "1-", "3 4"]),
        )
    }),
    ("unknown-word", |spec, dice| {
        change_device(spec, dice, "state", "manged")
    }),
    ("unknown-word", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let (key, word) = *dice.pick(&[("state", "pendign"), ("poe", "on")]);
        set(spec, index, key, word)
    }),
    ("unknown-model", |spec, dice| {
        change_device(spec, dice, "model", "GAM-24-CX")
    }),
    ("unknown-key", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(
            spec,
            index,
            dice.pick::<&str>(&["vlann", "Port", "colour"]),
            1u32,
        )
    }),
    ("missing-key", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let key = *dice.pick(&["device", "port", "service_plan", "vlan"]);
        spec.subscribers[index].table.remove(key);
        Damage::of([&spec.subscribers[index].id])
    }),
    ("wrong-type", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let (key, raw) = *dice.pick(&[
            ("port", "\"1\""),
            ("vlan", "1.5"),
            ("tagged", "\"yes\""),
            ("external", "[]"),
            ("endpoint", "7"),
            ("vlan", "1979-05-27"),
        ]);
        set(spec, index, key, Value::Raw(raw.to_owned()))
    }),
    ("out-of-range", |spec, dice| {
        let index = dice.below(spec.devices.len());
        let key = dice.pick(&["+1", "01", "25", "0", "x"]);
        let port = Table::default().with("name", "odd");
        spec.devices[index].table.remove("port");
        let ports = Table(vec![((*key).to_owned(), port.into())]);
        spec.devices[index].table.set("port", ports);
        Damage::of(NOBODY)
    }),
    ("unknown-schema", |spec, _| {
        spec.network.set("schema", 2u32);
        Damage::of(NOBODY)
    }),
    ("secret-in-inventory", |spec, dice| {
        let index = dice.below(spec.credentials.len());
        spec.credentials[index]
            .table
            .set("ssh.password", "Tr0ub4dor3");
        Damage::of(NOBODY)
    }),
    ("incomplete-credentials", |spec, dice| {
        let index = dice.below(spec.credentials.len());
        spec.credentials[index]
            .table
            .set("snmp", Table::default().with("version", "2c"));
        Damage::of(NOBODY)
    }),
    ("no-transport", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(
            spec,
            index,
            dice.pick::<&str>(&["double_tagged", "uplink", "trunk_mode"]),
            1u32,
        )
    }),
    ("moved-from", |spec, dice| {
        let all: Vec<usize> = (0..spec.subscribers.len()).collect();
        let (a, b) = two(&all, dice)?;
        let ids = [
            spec.subscribers[a].id.clone(),
            spec.subscribers[b].id.clone(),
        ];
        spec.subscribers[a]
            .table
            .set("moved_from", ids[dice.below(2)].as_str());
        Damage::of(ids)
    }),
    ("pool-vlan", |spec, dice| {
        // With the VLANs of all subscribers, so that none is outside of it.
        let mut pool: BTreeSet<u16> = spec.own_vlans().collect();
        pool.insert(*dice.pick(&[3840, 1, 4094]));
        spec.network.set("vlans.subscribers", written(&pool));
        Damage::of(NOBODY)
    }),
    ("vlan-outside-pool", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let vlan = spec.subscribers[index].table.number("vlan")?;
        let vlan = u16::try_from(vlan).unwrap();
        let mut pool: BTreeSet<u16> = spec.own_vlans().collect();
        let users = spec.own_vlans().filter(|used| *used == vlan).count();
        pool.remove(&vlan);
        let management = spec.network.number("vlans.management").unwrap_or(4093);
        let is_valid = !pool.iter().any(|vlan| u32::from(*vlan) == management);
        if users > 1 || pool.is_empty() || !is_valid {
            return None;
        }
        spec.network.set("vlans.subscribers", written(&pool));
        Damage::of([&spec.subscribers[index].id])
    }),
    ("empty-limit", |spec, _| {
        let limits = Table::default().with("limits.removals", Table::default());
        spec.policy = Some(limits);
        Damage::of(NOBODY)
    }),
    ("bad-duration", |spec, dice| {
        let settle = *dice.pick(&["2 minutes", "1h30m", "25h", "1d"]);
        policy(spec, Table::default().with("waves.settle", settle))
    }),
    ("bad-share", |spec, dice| {
        let then = list(&["5%", *dice.pick(&["0%", "101%", "2.5%", "25"])]);
        policy(spec, Table::default().with("waves.then", then))
    }),
    ("bad-time", |spec, dice| {
        let (from, to) = *dice.pick(&[("9:00", "16:00"), ("09:00", "24:01"), ("24:00", "09:00")]);
        policy(spec, window("*", "mon-sun", [from, to], "UTC"))
    }),
    ("unknown-zone", |spec, dice| {
        let zone = *dice.pick(&["Montreal", "America/Montrael", "america/montreal", "-05:00"]);
        policy(spec, window("*", "mon-sun", ["09:00", "16:00"], zone))
    }),
    ("window-never-opens", |spec, dice| {
        let time = *dice.pick(&["00:00", "09:00", "24:00"]);
        policy(spec, window("*", "mon-sun", [time, time], "UTC"))
    }),
    ("bad-pattern", |spec, dice| {
        let pattern = *dice.pick(&["maple-[", "{a", "[z-a]"]);
        policy(spec, window(pattern, "mon-sun", ["09:00", "16:00"], "UTC"))
    }),
    ("window-without-site", |spec, _| {
        policy(
            spec,
            window("no-such-*", "mon-sun", ["09:00", "16:00"], "UTC"),
        )
    }),
    ("window-clock-change", |spec, dice| {
        let zone = *dice.pick(&["America/Montreal", "America/New_York"]);
        let (days, from, to) = *dice.pick(&[
            ("sun", "02:30", "16:00"),
            ("mon-sun", "01:00", "09:00"),
            ("sat", "22:00", "02:59"),
        ]);
        policy(spec, window("*", days, [from, to], zone))
    }),
    ("unknown-word", |spec, dice| {
        let (days, from) = (*dice.pick(&["monday", "mon-", "mon,tue"]), "09:00");
        policy(spec, window("*", days, [from, "16:00"], "UTC"))
    }),
    ("unknown-word", |spec, dice| {
        let may = *dice.pick(&[
            "subscriber.staet",
            "subscriber*",
            "policy.limits",
            "network+",
        ]);
        policy(spec, lane(&["a"], "desk@example.net", may))
    }),
    ("unknown-key", |spec, dice| {
        let field = *dice.pick(&["subscriber.vlna", "vlan", "subscriber.service_plan"]);
        let fields = Table(vec![(field.to_owned(), "restore".into())]);
        policy(spec, Table::default().with("drift", fields))
    }),
    ("bad-author", |spec, dice| {
        let author = *dice.pick(&["Help Desk", "desk@", "Desk <desk@example.net>"]);
        policy(spec, lane(&["a"], author, "subscriber.state"))
    }),
    ("reserved-lane", |spec, _| {
        policy(
            spec,
            lane(&["billing"], "desk@example.net", "subscriber.state"),
        )
    }),
    ("author-in-two-lanes", |spec, _| {
        policy(
            spec,
            lane(&["a", "b"], "desk@example.net", "subscriber.state"),
        )
    }),
    ("lane-without-author", |spec, dice| {
        let mut lane = Table::default().with("lane.a.may", list(&["subscriber.state"]));
        if dice.once_in(2) {
            lane.set("lane.a.authors", list(&[]));
        }
        policy(spec, lane)
    }),
    ("duplicate-name", |spec, _| {
        let members = spec.members(&spec.devices[0].id);
        let [a, b, ..] = *members.as_slice() else {
            return None;
        };
        for (index, endpoint) in [(a, "box-a"), (b, "box-b")] {
            spec.subscribers[index].table.set("name", "twice");
            spec.subscribers[index].table.set("endpoint_name", endpoint);
        }
        Damage::of([&spec.subscribers[a].id, &spec.subscribers[b].id])
    }),
    ("duplicate-name", |spec, _| {
        let members = spec.members(&spec.devices[0].id);
        let [a, b, ..] = *members.as_slice() else {
            return None;
        };
        for index in [a, b] {
            spec.subscribers[index].table.set("endpoint_name", "twice");
        }
        Damage::of([&spec.subscribers[a].id, &spec.subscribers[b].id])
    }),
    ("unusual-name", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        set(spec, index, "name", *dice.pick(&["apt #1", "a(b)", "a'b"]))
    }),
    ("subscriber-on-disabled-port", |spec, dice| {
        let index = subscriber(spec, dice, |_, table| table.number("port").is_some())?;
        let table = &mut spec.subscribers[index].table;
        table.set("endpoint", mac(0xf0_0000));
        table.set("state", "active");
        let (id, port) = (table.text("device")?.to_owned(), table.number("port")?);
        for other in spec.members(&id) {
            let table = &mut spec.subscribers[other].table;
            if other != index && table.number("port") == Some(port) {
                table.set("port", "auto");
            }
        }
        let device = spec.devices.iter_mut().find(|device| device.id == id)?;
        device.table.set(&format!("port.{port}.enabled"), false);
        Damage::of([&spec.subscribers[index].id])
    }),
    ("no-endpoint", |spec, dice| {
        let is_seen = |table: &Table| table.text("state") != Some("pending");
        let index = subscriber(spec, dice, |_, table| is_seen(table))?;
        (device_of(spec, index).text("state") != Some("preprovision")).then_some(())?;
        spec.subscribers[index].table.remove("endpoint");
        Damage::of([&spec.subscribers[index].id])
    }),
    ("bad-date", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let hold = Table::default()
            .with("keys", list(&["state"]))
            .with("why", "trial")
            .with("until", *dice.pick(&["soon", "2027-02-30", "2027-3-1", ""]));
        set(spec, index, "hold", hold)
    }),
    ("bad-billing-address", |spec, dice| {
        let address = *dice.pick(&["http://isp.example", "isp.example", "https://isp example"]);
        only_billing(spec, &SONAR.replace("https://isp.example", address))
    }),
    ("billing-keys", |spec, _| {
        only_billing(spec, &SONAR.replace("token =", "key ="))
    }),
    ("tariff-plan-unknown", |spec, _| {
        only_billing(
            spec,
            &format!("{SONAR}[billing.odd.tariff.31]\nservice_plan = \"none\"\n"),
        )
    }),
    ("unknown-billing-system", |spec, dice| {
        let index = dice.position(spec.subscribers.len())?;
        let damage = only_billing(spec, SONAR)?;
        Some(refer(spec, index, "none", None, damage))
    }),
    ("external-twice", |spec, dice| {
        twice(spec, dice, [Some("7"), Some("7")])
    }),
    ("external-twice", |spec, dice| {
        twice(spec, dice, [None, None])
    }),
    ("external-incomplete", |spec, dice| {
        twice(spec, dice, [None, Some("7")])
    }),
    ("device-external-twice", |spec, _| {
        let damage = only_billing(spec, SONAR)?;
        for device in spec.devices.iter_mut().take(2) {
            device.table.set("external.system", "odd");
            device.table.set("external.device", "12");
        }
        Some(damage)
    }),
    ("wrong-file", |_, _| {
        Damage::file("devices/odd.toml", "[subscriber.x]\nvlan = 3\n")
    }),
    ("syntax", |_, dice| {
        Damage::file(
            "devices/odd.toml",
            *dice.pick(&["[device.x\n", "= 1\n", "x = \"\n", "\0\n", "a b = 1\n"]),
        )
    }),
    ("duplicate-key", |_, _| {
        Damage::file("devices/odd.toml", "[device]\n[device]\n")
    }),
    ("merge-conflict", |_, _| {
        Damage::file("devices/odd.toml", "<<<<<<< HEAD\n=======\n")
    }),
    ("hidden-character", |_, _| {
        Damage::file("devices/odd.toml", "# \u{202e}\n")
    }),
    ("too-complex", |_, _| {
        Damage::file(
            "devices/odd.toml",
            format!("x = {}1{}\n", "[".repeat(20), "]".repeat(20)),
        )
    }),
];

fn two(positions: &[usize], dice: &mut Dice) -> Option<(usize, usize)> {
    let first = dice.position(positions.len())?;
    let second = (first + 1 + dice.position(positions.len() - 1)?) % positions.len();
    Some((positions[first], positions[second]))
}

fn set(spec: &mut Spec, index: usize, key: &str, value: impl Into<Value>) -> Option<Damage> {
    spec.subscribers[index].table.set(key, value);
    // What is broken on purpose is not stopped at the uplink as well.
    if key != "vlan" && key != "port2_vlan" {
        free_uplinks(spec, index);
    }
    Damage::of([&spec.subscribers[index].id])
}

/// Gives the inventory this policy alone.
fn policy(spec: &mut Spec, policy: Table) -> Option<Damage> {
    spec.policy = Some(policy);
    Damage::of(NOBODY)
}

/// Returns a policy with one window.
fn window(site: &str, days: &str, [from, to]: [&str; 2], zone: &str) -> Table {
    let window = format!(
        "[{{ sites = [\"{site}\"], days = \"{days}\", from = \"{from}\", to = \"{to}\", zone = \"{zone}\" }}]"
    );
    Table::default().with("window", Value::Raw(window))
}

/// Returns a policy with lanes of the same author.
fn lane(names: &[&str], author: &str, may: &str) -> Table {
    names.iter().fold(Table::default(), |lanes, name| {
        lanes
            .with(&format!("lane.{name}.authors"), list(&[author]))
            .with(&format!("lane.{name}.may"), list(&[may]))
    })
}

const SONAR: &str = "[billing.odd]\nkind = \"sonar\"\naddress = \"https://isp.example\"\nlogin = { token = { secret = \"sonar-token\" } }\n";

/// Gives the inventory this billing system alone, and no reference into another one.
fn only_billing(spec: &mut Spec, billing: &str) -> Option<Damage> {
    spec.billing.clear();
    for object in spec.subscribers.iter_mut().chain(&mut spec.devices) {
        object.table.remove("external");
    }
    Damage::file("billing/odd.toml", billing)
}

/// Makes two subscribers services of one account.
fn twice(spec: &mut Spec, dice: &mut Dice, services: [Option<&str>; 2]) -> Option<Damage> {
    let all: Vec<usize> = (0..spec.subscribers.len()).collect();
    let (a, b) = two(&all, dice)?;
    let damage = only_billing(spec, SONAR)?;
    let damage = refer(spec, a, "odd", services[0], damage);
    Some(refer(spec, b, "odd", services[1], damage))
}

fn refer(
    spec: &mut Spec,
    index: usize,
    system: &str,
    service: Option<&str>,
    mut damage: Damage,
) -> Damage {
    let subscriber = &mut spec.subscribers[index];
    subscriber.table.set("external.system", system);
    subscriber.table.set("external.account", "1042");
    if let Some(service) = service {
        subscriber.table.set("external.service", service);
    }
    damage.subscribers.insert(subscriber.id.clone());
    damage
}

fn change_device(spec: &mut Spec, dice: &mut Dice, key: &str, value: &str) -> Option<Damage> {
    let index = dice.below(spec.devices.len());
    spec.devices[index].table.set(key, value);
    Damage::of(NOBODY)
}

fn free_uplinks(spec: &mut Spec, index: usize) {
    let device = spec.subscribers[index]
        .table
        .text("device")
        .unwrap_or_default()
        .to_owned();
    for one in spec.devices.iter_mut().filter(|one| one.id == device) {
        one.table.remove("uplink");
    }
}

fn device_of(spec: &Spec, subscriber: usize) -> &Table {
    let device = spec.subscribers[subscriber].table.text("device").unwrap();
    spec.device(device).unwrap()
}

fn model_of(spec: &Spec, subscriber: usize) -> GamModel {
    device_of(spec, subscriber)
        .text("model")
        .unwrap()
        .parse()
        .unwrap()
}

/// Returns a subscriber that something holds for.
fn subscriber(
    spec: &Spec,
    dice: &mut Dice,
    holds: impl Fn(GamModel, &Table) -> bool,
) -> Option<usize> {
    let all = 0..spec.subscribers.len();
    let fitting: Vec<usize> = all
        .filter(|index| holds(model_of(spec, *index), &spec.subscribers[*index].table))
        .collect();
    Some(fitting[dice.position(fitting.len())?])
}

/// Adds a subscriber beside another, valid but for its port, and returns its id.
fn another(spec: &mut Spec, index: usize, number: usize, port: Option<u32>) -> String {
    let model = spec.subscribers[index].table.clone();
    let device = model.text("device").unwrap().to_owned();
    free_uplinks(spec, index);
    let mut taken = spec.used_vlans(&device);
    taken.insert(spec.management_vlan(device_of(spec, index)));
    let vlan = (400..900u16).find(|vlan| !taken.contains(vlan)).unwrap();
    let id = format!("more-{}", super::generate::code(number));
    let mut table = Table::default()
        .with("device", device)
        .with("service_plan", model.text("service_plan").unwrap())
        .with("vlan", vlan)
        .with("endpoint", mac(0xe0_0000 + number));
    match port {
        Some(port) => table.set("port", port),
        None => table.set("port", "auto"),
    }
    spec.subscribers.push(Object {
        id: id.clone(),
        table,
    });
    id
}

#[test]
fn vlans_are_written_as_they_are_read() {
    for text in ["3", "3,5-7", "100-200,4093"] {
        assert_eq!(written(&vlans_of(text)), text);
    }
}
