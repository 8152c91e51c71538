//! Makes valid inventories: every rule of the device and of the inventory is kept, every optional key is used at times.

use std::collections::BTreeSet;

use gamctl::model::{GamModel, Medium};

use super::dice::Dice;
use super::spec::{Object, Spec, Table, Value, vlans_of, written};

/// Ids end in three of these: no two of them look alike, nor do their capitals.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Returns three letters that stand for a number.
pub(super) fn code(number: usize) -> String {
    let letter = |digit: usize| char::from(LETTERS[digit % LETTERS.len()]);
    let base = LETTERS.len();
    [number / base / base, number / base, number]
        .into_iter()
        .map(letter)
        .collect()
}

/// Returns a MAC address of its own for each number.
pub(super) fn mac(number: usize) -> String {
    let [.., a, b, c] = u32::try_from(number).unwrap().to_be_bytes();
    format!("00:0e:d8:{a:02x}:{b:02x}:{c:02x}")
}

/// Returns text that a device takes, at least one character long.
fn device_text(dice: &mut Dice, max: usize) -> String {
    let length = 1 + dice.below(max);
    let inner: Vec<char> = (' '..='~').filter(|c| !"?\"\\".contains(*c)).collect();
    let mut text: String = (0..length.min(12)).map(|_| *dice.pick(&inner)).collect();
    while text.len() < length {
        text.push('x');
    }
    let ends = |text: &str| text.starts_with(' ') || text.ends_with(' ');
    if ends(&text) {
        text.replace(' ', "_")
    } else {
        text
    }
}

/// Returns a name of at most 31 characters that only `code` has.
fn device_name(dice: &mut Dice, code: &str) -> String {
    let head = *dice.pick(&[
        "apt",
        "apt 1",
        "Unit+4/b",
        "n.o_",
        "a-name-of-31-characters-ab",
    ]);
    format!("{head} {code}")
}

pub(super) fn generate(dice: &mut Dice) -> Spec {
    let mut spec = Spec {
        network: network(dice),
        policy: dice.once_in(3).then(|| policy(dice)),
        plans: Vec::new(),
        credentials: credentials(dice),
        billing: Vec::new(),
        devices: Vec::new(),
        subscribers: Vec::new(),
    };
    spec.plans = plans(dice, &spec);
    suspension(dice, &mut spec);
    if dice.once_in(3) {
        spec.billing = billing(dice, &spec);
    }
    let count = 2 + dice.below(4);
    for number in 0..count {
        device(dice, &mut spec, number);
    }
    for number in 0..count {
        subscribers(dice, &mut spec, number);
        ports(dice, &mut spec, number);
        uplinks(dice, &mut spec, number);
    }
    pool(&mut spec);
    spec
}

/// Adds the VLANs of all subscribers to the pool, where there is one; a pool must not have the management VLAN.
fn pool(spec: &mut Spec) {
    let Some(pool) = spec.network.text("vlans.subscribers") else {
        return;
    };
    let mut vlans = vlans_of(pool);
    vlans.extend(spec.own_vlans());
    let management = spec.network.number("vlans.management").unwrap_or(4093);
    if vlans.iter().any(|vlan| u32::from(*vlan) == management) {
        spec.network.remove("vlans.subscribers");
    } else {
        spec.network.set("vlans.subscribers", written(&vlans));
    }
}

fn network(dice: &mut Dice) -> Table {
    let mut table = Table::default().with("schema", 1u32);
    if dice.once_in(3) {
        table.set("vlans.management", *dice.pick(&[4093u16, 4000, 99, 3]));
    }
    if dice.once_in(3) {
        table.set(
            "vlans.subscribers",
            *dice.pick(&["100-3799", "200,300-399", "3839,3843"]),
        );
    }
    if dice.once_in(3) {
        table.set("vlans.vlan_mode", *dice.pick(&["shared", "unique"]));
    }
    if dice.once_in(2) {
        table.set("profiles.headroom_percent", dice.between(0, 50));
    }
    if dice.once_in(4) {
        table.set("vlans.new", "lowest-free");
        table.set("vlans.rest_days", dice.between(0, 365));
    }
    table
}

fn policy(dice: &mut Dice) -> Table {
    let mut table = Table::default();
    for key in [
        "removals_per_device",
        "removals",
        "interruptions",
        "slower",
        "suspensions",
        "reassignments",
        "devices",
    ] {
        if dice.once_in(2) {
            table.set(&format!("limits.{key}.count"), dice.between(0, 1_000_000));
        }
        if dice.once_in(3) {
            table.set(&format!("limits.{key}.percent"), dice.between(0, 100));
        }
    }
    if dice.once_in(2) {
        table.set("unmanaged.action", *dice.pick(&["report", "remove"]));
    }
    if dice.once_in(2) {
        service_policy(dice, &mut table);
    }
    table
}

/// Returns a list as it is written.
pub(super) fn list(texts: &[&str]) -> Value {
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    Value::Raw(format!("[{}]", texts.join(", ")))
}

/// Adds keys that the service follows.
fn service_policy(dice: &mut Dice, table: &mut Table) {
    if dice.once_in(2) {
        let commits = *dice.pick(&["ask", "harmless", "everything"]);
        table.set("reconcile.commits", commits);
        table.set("reconcile.drift", *dice.pick(&["report", "ask", "restore"]));
    }
    if dice.once_in(3) {
        let mut fields = Table::default();
        for field in ["subscriber.vlan", "port.enabled", "system.hostname"] {
            // Not with `set`, for which a dot begins a table.
            let policy = *dice.pick(&["report", "ask", "restore"]);
            fields.0.push((field.to_owned(), policy.into()));
        }
        table.set("drift", fields);
    }
    if dice.once_in(2) {
        table.set("waves.first", dice.between(1, 1_000_000));
        let then: [&[&str]; 4] = [&[], &["1%"], &["5%", "25%"], &["100%", "100%"]];
        table.set("waves.then", list(dice.pick::<&[&str]>(&then)));
        table.set("waves.settle", *dice.pick(&["0s", "90s", "2m", "24h"]));
    }
    if dice.once_in(3) {
        let cases: [&[&str]; 3] = [&[], &["removals"], &["over-limit", "removals"]];
        table.set("approval.two_persons", list(dice.pick::<&[&str]>(&cases)));
    }
    if dice.once_in(3) {
        let windows: Vec<String> = (0..1 + dice.below(3)).map(|_| window(dice)).collect();
        table.set("window", Value::Raw(format!("[{}]", windows.join(", "))));
    }
    if dice.once_in(3) {
        lane(dice, table);
    }
}

/// Returns a window whose times no clock change skips or repeats.
fn window(dice: &mut Dice) -> String {
    let days = *dice.pick(&[
        "",
        "days = \"mon-fri\", ",
        "days = \"sat-mon\", ",
        "days = [\"tue\", \"thu\"], ",
    ]);
    let sites = *dice.pick(&["", "sites = [\"*\"], "]);
    let from = *dice.pick(&["04:00", "09:00", "23:59"]);
    let to = *dice.pick(&["03:30", "16:00"]);
    let zone = *dice.pick(&["America/Montreal", "Europe/Vienna", "Asia/Kolkata", "UTC"]);
    format!("{{ {sites}{days}from = \"{from}\", to = \"{to}\", zone = \"{zone}\" }}")
}

fn lane(dice: &mut Dice, table: &mut Table) {
    for (name, author) in [
        ("helpdesk", "Desk@example.net"),
        ("n.o_c", "noc@example.net"),
    ] {
        let mut lane = Table::default();
        lane.set("authors", list(&[author]));
        if dice.once_in(2) {
            let mut key = "0123456789abcdef".repeat(2);
            key.push_str(if name == "helpdesk" {
                "00000000"
            } else {
                "FFFFFFFF"
            });
            lane.set("signers", list(&[&key]));
        }
        let may: [&[&str]; 4] = [
            &[],
            &["subscriber.state", "subscriber.description"],
            &["subscriber+", "subscriber-", "service_plan.down"],
            &["device.port", "device+"],
        ];
        lane.set("may", list(dice.pick::<&[&str]>(&may)));
        if dice.once_in(2) {
            let limit = *dice.pick(&["additions", "changes", "removals", "suspensions", "moves"]);
            lane.set(&format!("limits.{limit}.count"), dice.between(0, 1_000_000));
        }
        let mut lanes = match table.get("lane") {
            Some(Value::Table(lanes)) => lanes.clone(),
            _ => Table::default(),
        };
        lanes.0.push((name.to_owned(), lane.into()));
        table.set("lane", lanes);
    }
}

fn credentials(dice: &mut Dice) -> Vec<Object> {
    let names = ["default", "site-2", "lab_x"];
    let count = 1 + dice.below(names.len());
    let mut list = Vec::new();
    for name in names.iter().take(count) {
        let mut table = Table::default();
        if dice.once_in(2) {
            table.set("snmp.version", "3");
            table.set("snmp.user", "gamctl");
            if dice.once_in(2) {
                table.set("snmp.auth.protocol", *dice.pick(&["sha", "md5"]));
                table.set("snmp.auth.secret", "gam-auth");
                if dice.once_in(2) {
                    table.set("snmp.priv.protocol", *dice.pick(&["aes", "des"]));
                    table.set("snmp.priv.secret", "gam-priv");
                }
            }
        } else {
            table.set("snmp.version", "2c");
            table.set("snmp.community.secret", "site-12/snmp-rw");
        }
        table.set("ssh.user", *dice.pick(&["admin", "Jörg"]));
        table.set("ssh.password.secret", "gam-ssh");
        if dice.once_in(3) {
            table.set("ssh.legacy_algorithms", true);
        }
        list.push(Object {
            id: (*name).to_owned(),
            table,
        });
    }
    list
}

/// Returns a speed that can be sold with so much headroom under a limiter of at most `highest`.
fn sold(dice: &mut Dice, headroom: u32, highest: u32) -> u32 {
    let limiter = *dice.pick(&[100, 10, highest, 53, highest - 1]);
    let sold = limiter * 100 / (100 + headroom);
    // Rounding down can fall below the slowest limiter, rounding up never above the fastest.
    if sold * (100 + headroom) > 900 {
        sold
    } else {
        sold + 1
    }
}

fn plans(dice: &mut Dice, spec: &Spec) -> Vec<Object> {
    let network_headroom = spec
        .network
        .number("profiles.headroom_percent")
        .unwrap_or(6);
    let count = 1 + dice.below(6) + 12 * usize::from(dice.once_in(6));
    let mut list = Vec::new();
    for number in 0..count {
        let code = code(number);
        let mut id = format!("{}-{code}", dice.pick(&["home", "biz.2", "P_x"]));
        let mut table = Table::default();
        if number > 0 && dice.once_in(4) {
            table.set("unthrottled", true);
            if dice.once_in(2) {
                id = format!("a-plan-with-an-id-that-no-profile-name-could-hold-{code}");
            }
        } else {
            let mut headroom = network_headroom;
            if dice.once_in(3) {
                headroom = dice.between(0, 50);
                table.set("headroom_percent", headroom);
            }
            let highest = if number > 0 && dice.once_in(4) {
                1000
            } else {
                800
            };
            table.set("down", sold(dice, headroom, highest));
            table.set("up", sold(dice, headroom, highest.min(800)));
            if dice.once_in(4) {
                table.set("unthrottled", false);
            }
            if dice.once_in(3) {
                table.set("profile_name", device_name(dice, &code));
            }
        }
        if dice.once_in(3) {
            table.set("description", device_text(dice, 63));
        }
        list.push(Object { id, table });
    }
    list
}

/// Returns whether a service plan fits a medium.
pub(super) fn fits(spec: &Spec, plan: &Table, medium: Medium) -> bool {
    let highest = if medium == Medium::Coax { 800 } else { 1000 };
    limiter(spec, plan, "down").is_none_or(|down| down <= highest)
}

/// Returns what a plan's limiter is set to, none where nothing limits.
pub(super) fn limiter(spec: &Spec, plan: &Table, key: &str) -> Option<u32> {
    let network = spec
        .network
        .number("profiles.headroom_percent")
        .unwrap_or(6);
    let headroom = plan.number("headroom_percent").unwrap_or(network);
    Some((plan.number(key)? * (100 + headroom)).div_ceil(100))
}

fn suspension(dice: &mut Dice, spec: &mut Spec) {
    if !dice.once_in(2) {
        return;
    }
    if dice.once_in(2) {
        let how = *dice.pick(&["captive", "throttle", "detach"]);
        spec.network.set("suspension.how", how);
    }
    let fitting = spec
        .plans
        .iter()
        .filter(|plan| fits(spec, &plan.table, Medium::Coax));
    let fitting: Vec<String> = fitting.map(|plan| plan.id.clone()).collect();
    let plan = dice.pick(&fitting).clone();
    if spec.suspension().0 != "detach" || dice.once_in(2) {
        spec.network.set("suspension.service_plan", plan);
    }
}

fn models(medium: Option<Medium>) -> Vec<GamModel> {
    let fits = |model: &GamModel| medium.is_none_or(|medium| model.medium() == medium);
    GamModel::ALL.into_iter().filter(fits).collect()
}

fn device(dice: &mut Dice, spec: &mut Spec, number: usize) {
    let code = code(number);
    let medium = [Some(Medium::Coax), Some(Medium::Copper)]
        .get(number)
        .copied()
        .flatten();
    let mut table = Table::default();
    table.set("model", dice.pick(&models(medium)).as_str());
    let state = match number {
        0 | 1 => *dice.pick(&["managed", "observe", "locked"]),
        _ => *dice.pick(&["managed", "preprovision", "retired"]),
    };
    if state != "managed" || dice.once_in(3) {
        table.set("state", state);
    }
    match dice.below(8) {
        0..5 => table.set("address", format!("10.20.0.{}", number + 1)),
        5 => table.set("address", format!("2001:db8::{}", number + 1)),
        6 if state == "preprovision" => {}
        _ => {
            table.set(
                "address",
                format!("127.0.0.1:{}/{}", 2222 + number, 3161 + number),
            );
            table.set("test_bed", true);
        }
    }
    if spec.credentials.len() > 1 && dice.once_in(2) {
        let position = dice.below(spec.credentials.len());
        table.set("credentials", spec.credentials[position].id.clone());
    }
    identity(dice, &mut table, number);
    if dice.once_in(4) {
        table.set("management_vlan", *dice.pick(&[4093u16, 3999, 5]));
    }
    if dice.once_in(4) {
        table.set("vlan_mode", *dice.pick(&["shared", "unique"]));
    }
    for key in ["authoritative", "test_bed"] {
        if table.get(key).is_none() && dice.once_in(4) {
            table.set(key, key == "authoritative" && dice.once_in(2));
        }
    }
    if dice.once_in(5) {
        table.set("subscriber_model", "endpoint-aware");
    }
    let id = format!("{}-{code}", dice.pick(&["maple", "oak.court", "B_1"]));
    spec.devices.push(Object { id, table });
}

fn identity(dice: &mut Dice, table: &mut Table, number: usize) {
    let code = code(number);
    if dice.once_in(3) {
        table.set("site", "maple.court");
    }
    if dice.once_in(3) {
        table.set("labels.region", "north/2");
        table.0.last_mut().unwrap().1 = match dice.once_in(2) {
            true => Table(vec![
                ("a/b".to_owned(), "x".into()),
                ("c.d".to_owned(), "y".into()),
            ])
            .into(),
            false => Table::default().with("region", "north/2").into(),
        };
    }
    if dice.once_in(3) {
        table.set("serial", format!("0101-{code}"));
    }
    if dice.once_in(3) {
        table.set("mac", mac(0xd0_0000 + number));
    }
    if dice.once_in(3) {
        table.set("host_key", format!("SHA256:{}{code}A", "b+/".repeat(13)));
    }
    if dice.once_in(3) {
        table.set("hostname", format!("gam-{code}"));
    }
    for key in ["location", "contact"] {
        if dice.once_in(4) {
            // A line without quotes keeps one of two spaces.
            table.set(key, device_text(dice, 127).replace("  ", "__"));
        }
    }
}

/// Returns a VLAN that can carry data and is not among `taken`.
fn data_vlan(dice: &mut Dice, taken: &BTreeSet<u16>) -> u16 {
    let mut vlan = if dice.once_in(4) {
        *dice.pick(&[3, 3839, 3843, 4092, 4093])
    } else {
        100 + u16::try_from(dice.below(3700)).unwrap()
    };
    while taken.contains(&vlan) || vlan < 3 || (3840..=3842).contains(&vlan) || vlan > 4093 {
        vlan = if vlan > 4093 { 3 } else { vlan + 1 };
    }
    vlan
}

fn subscribers(dice: &mut Dice, spec: &mut Spec, device: usize) {
    let Object { id: name, table } = spec.devices[device].clone();
    let state = table.text("state").unwrap_or("managed").to_owned();
    if state == "retired" {
        return;
    }
    let model: GamModel = table.text("model").unwrap().parse().unwrap();
    let mut on_port = vec![0; usize::from(model.port_count())];
    let least = if device < 2 { 2 } else { 0 };
    let most = model
        .endpoint_capacity()
        .min(8 + 30 * usize::from(dice.once_in(12)));
    let count = least + dice.below(most - least + 1);
    let fitting = spec
        .plans
        .iter()
        .filter(|plan| fits(spec, &plan.table, model.medium()));
    let mut plans: Vec<String> = fitting.map(|plan| plan.id.clone()).collect();
    dice.shuffle(&mut plans);
    // One of the 14 is for the suspended.
    plans.truncate(13);
    let mut taken = BTreeSet::from([spec.management_vlan(&table)]);
    for _ in 0..count {
        let number = spec.subscribers.len();
        let code = code(number);
        let mut text = Table::default().with("device", name.as_str());
        let port = dice.below(on_port.len());
        let port = (port..on_port.len())
            .chain(0..port)
            .find(|port| on_port[*port] < model.medium().endpoints_per_port());
        match port {
            Some(port) if !dice.once_in(5) => {
                on_port[port] += 1;
                text.set("port", u32::try_from(port).unwrap() + 1);
            }
            _ => text.set("port", *dice.pick(&["auto", "unassigned"])),
        }
        text.set("service_plan", dice.pick(&plans).as_str());
        let can_be_suspended = spec.network.get("suspension").is_some();
        let states: &[&str] = if can_be_suspended {
            &["active", "suspended", "pending"]
        } else {
            &["active", "pending"]
        };
        let own = if number == 0 {
            "active"
        } else {
            *dice.pick(states)
        };
        if own != "active" || dice.once_in(3) {
            text.set("state", own);
        }
        if !((own == "pending" || state == "preprovision") && dice.once_in(2)) {
            text.set("endpoint", mac(number + 1));
        }
        vlans(dice, spec, &table, &mut text, &mut taken);
        extras(dice, &mut text, &code);
        external(dice, spec, &mut text, &code);
        let mut id = format!("{}-{code}", dice.pick(&["acct", "a.b", "X_9"]));
        if text.get("name").is_some() && dice.once_in(3) {
            id = format!("an-id-that-is-longer-than-a-device-takes-{code}");
        }
        spec.subscribers.push(Object { id, table: text });
    }
}

fn vlans(
    dice: &mut Dice,
    spec: &Spec,
    device: &Table,
    text: &mut Table,
    taken: &mut BTreeSet<u16>,
) {
    let management = spec.management_vlan(device);
    let mut next = |dice: &mut Dice| {
        let vlan = data_vlan(dice, taken);
        if spec.is_unique(device) {
            taken.insert(vlan);
        }
        vlan
    };
    let vlan = next(dice);
    text.set("vlan", vlan);
    if dice.once_in(4) {
        let port2 = next(dice);
        if port2 != vlan {
            text.set("port2_vlan", port2);
        }
    }
    if dice.once_in(4) {
        text.set(
            "remapped_vlan",
            data_vlan(dice, &BTreeSet::from([management])),
        );
    }
    if dice.once_in(4) {
        let mut allowed = BTreeSet::new();
        for _ in 0..=dice.below(12) {
            let first = 1000 + u16::try_from(dice.below(2500)).unwrap();
            allowed.extend(first..=first + u16::try_from(dice.below(4)).unwrap());
        }
        // Each VLAN of a range counts, and 12 are accepted.
        let allowed = allowed.into_iter().take(12).collect();
        text.set("allowed_vlans", written(&allowed));
    }
}

fn extras(dice: &mut Dice, text: &mut Table, code: &str) {
    if dice.once_in(3) {
        text.set("name", device_name(dice, code));
    }
    if dice.once_in(4) {
        text.set("endpoint_name", device_name(dice, &format!("e{code}")));
    }
    if dice.once_in(4) {
        text.set("description", device_text(dice, 63));
    }
    for key in ["tagged", "protected"] {
        if dice.once_in(4) {
            text.set(key, !dice.once_in(3));
        }
    }
    if dice.once_in(4) {
        text.set("poe", *dice.pick(&["disable", "enable", "force"]));
    }
    if dice.once_in(5) {
        text.set("moved_from", format!("gone-{code}"));
    }
    if dice.once_in(6) {
        let keys: [&[&str]; 2] = [&["state"], &["service_plan", "endpoint", "port"]];
        text.set("hold.keys", list(dice.pick::<&[&str]>(&keys)));
        text.set("hold.why", "a trial, \"until\" März");
        text.set("hold.until", *dice.pick(&["2020-02-29", "2099-12-31"]));
    }
}

/// Adds a reference into billing: a note in any form, or the id of a service where there is a billing system.
fn external(dice: &mut Dice, spec: &Spec, text: &mut Table, code: &str) {
    if !dice.once_in(4) {
        return;
    }
    text.set("external.system", "sonar");
    if spec.billing.is_empty() {
        text.set(
            "external.account",
            *dice.pick(&["1042", "Müller & Söhne \"GmbH\"? \\o/"]),
        );
    } else {
        text.set("external.account", format!("10-{code}"));
    }
    if dice.once_in(2) {
        text.set("external.service", "7");
    }
}

/// Returns a Sonar, and at times a Splynx beside it.
fn billing(dice: &mut Dice, spec: &Spec) -> Vec<Object> {
    let plan = spec.plans[0].id.as_str();
    let mut sonar = Table::default()
        .with("kind", "sonar")
        .with(
            "address",
            *dice.pick(&["https://isp.sonar.software", "http://127.0.0.1:8080/"]),
        )
        .with("login.token.secret", "sonar-token");
    if dice.once_in(2) {
        sonar.set("scope.companies", list(&["1"]));
        sonar.set("states.delinquent", "served");
        sonar.set("states.4", "pending");
        sonar.set("write_back", list(&["place", "health"]));
    }
    let mut systems = vec![Object {
        id: "sonar".to_owned(),
        table: sonar,
    }];
    if dice.once_in(2) {
        let mut splynx = Table::default()
            .with("kind", "splynx")
            .with("address", "https://isp.splynx.app/api/2.0/")
            .with("login.key.secret", "splynx-key")
            .with("login.secret.secret", "splynx-secret")
            .with("time_zone", "America/Chicago")
            .with("tariff.31.service_plan", plan)
            .with("tariff.40.ignore", true);
        if dice.once_in(2) {
            splynx.set("hook.secret", "splynx-hook");
            splynx.set("sites.3", "maple-court");
            splynx.set("states.active/stopped", "gone");
            splynx.set("full_every", *dice.pick(&["5m", "24h"]));
            splynx.set("requests_per_minute", dice.between(1, 400));
            splynx.set("moves", *dice.pick(&["propose", "auto"]));
        }
        systems.push(Object {
            id: "splynx.2".to_owned(),
            table: splynx,
        });
    }
    systems
}

fn ports(dice: &mut Dice, spec: &mut Spec, device: usize) {
    let name = spec.devices[device].id.clone();
    let members = spec.members(&name);
    let busy: BTreeSet<u32> = members
        .iter()
        .filter_map(|index| spec.subscribers[*index].table.number("port"))
        .collect();
    let model: GamModel = spec.devices[device]
        .table
        .text("model")
        .unwrap()
        .parse()
        .unwrap();
    for _ in 0..dice.below(4) {
        let number = dice.between(1, model.port_count().into());
        let mut port = Table::default();
        if dice.once_in(2) {
            port.set(
                "name",
                format!("riser {}", code(number.try_into().unwrap())),
            );
        }
        if dice.once_in(2) {
            port.set("enabled", busy.contains(&number) || dice.once_in(2));
        }
        if dice.once_in(2) {
            let modes: &[&str] = if model.medium() == Medium::Coax {
                &["coax"]
            } else {
                &["mimo", "siso"]
            };
            port.set("mode", *dice.pick(modes));
        }
        spec.devices[device]
            .table
            .set(&format!("port.{number}"), port);
    }
}

fn uplinks(dice: &mut Dice, spec: &mut Spec, device: usize) {
    let Object { id, table } = spec.devices[device].clone();
    let management = spec.management_vlan(&table);
    for number in 1..=dice.below(3) {
        let mut uplink = Table::default();
        if dice.once_in(2) {
            let mut vlans = spec.used_vlans(&id);
            // And the captive portal, for whoever is suspended.
            vlans.extend([management, 4094]);
            uplink.set("allowed_vlans", written(&vlans));
        } else if dice.once_in(2) {
            uplink.set("allowed_vlans", "3-4094");
        }
        spec.devices[device]
            .table
            .set(&format!("uplink.{number}"), uplink);
    }
    // A value that is there and empty is written at times.
    if dice.once_in(9) && table.get("labels").is_none() {
        spec.devices[device]
            .table
            .set("labels", Value::Table(Table::default()));
    }
}
