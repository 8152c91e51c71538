//! Tests lists of VIRTUOSO as they come: every notation, every mistake, and what an inventory has already.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::authoring::Base;
use crate::authoring::csv::CsvTable;
use crate::inventory::source::Limits;
use crate::inventory::{Reading, complete_subscriber, read_texts};
use crate::model::{PortAssignment, Subscriber};

/// Two devices, one with a host name of its own; three service plans; a subscriber that is served and one that is suspended.
const FILES: [(&str, &str); 5] = [
    (
        "network.toml",
        "schema = 1\n[suspension]\nhow = \"captive\"\nservice_plan = \"home-100\"\n",
    ),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 100\n[service_plan.biz]\ndown = 200\nup = 200\nprofile_name = \"Business 200\"\n[service_plan.gig]\nunthrottled = true\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"a\" } }\nssh = { user = \"admin\", password = { secret = \"b\" } }\n",
    ),
    (
        "devices/maple.toml",
        "[device.maple-a]\nmodel = \"GAM-24-C\"\naddress = \"10.20.0.11\"\n[device.oak]\nmodel = \"GAM-4-CX\"\naddress = \"10.20.0.12\"\nhostname = \"GAM-OAK\"\n",
    ),
    (
        "subscribers/maple-a.toml",
        "[subscriber.acct-1]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:01\"\nservice_plan = \"home-100\"\nvlan = 101\nname = \"apt-1\"\n\n[subscriber.acct-2]\ndevice = \"maple-a\"\nport = 1\nendpoint = \"00:0e:d8:00:00:02\"\nservice_plan = \"biz\"\nvlan = 102\nstate = \"suspended\"\nname = \"apt-2\"\n",
    ),
];

const HEAD: &str = "Name,Endpoint MAC,Profile,VLAN,System Name,Port\n";

type Texts = BTreeMap<Arc<str>, Arc<str>>;

fn base_of(texts: &Texts) -> Base {
    let reading = read_texts(texts, &Limits::default());
    assert!(!reading.has_errors(), "{:?}", reading.findings);
    Base::folder(Path::new("network"), reading)
}

fn base() -> Base {
    let texts = FILES.iter();
    base_of(
        &texts
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect(),
    )
}

/// Returns a decision about a list, with the texts that it leads to.
fn imported(base: &Base, csv: &str, options: ListOptions) -> (Decision, Texts) {
    let table = CsvTable::parse(csv.as_bytes()).unwrap();
    let decision = decide(&base.reading.inventory, &table, options).unwrap();
    let WeededImport { decision, proposal } = weed(base, decision).unwrap();
    assert!(proposal.refusal().is_none(), "{:?}", proposal.refusal());
    let mut texts: Texts = base.reading.inventory.texts().collect();
    for change in &proposal.changes {
        texts.insert(Arc::clone(&change.path), change.after.clone().unwrap());
    }
    (decision, texts)
}

fn problems(decision: &Decision) -> Vec<(usize, String)> {
    let problems = decision.left_out.iter();
    problems
        .map(|one| (one.line, one.problem.to_string()))
        .collect()
}

#[track_caller]
fn assert_problems(csv: &str, expected: &[(usize, &str)]) {
    let (decision, _) = imported(&base(), csv, ListOptions::default());
    let problems = problems(&decision);
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for ((line, problem), (expected, part)) in problems.iter().zip(expected) {
        assert!(
            line == expected && problem.contains(part),
            "{line}: {problem}; not {expected}: {part}"
        );
    }
}

#[test]
fn a_row_becomes_a_subscriber_in_the_file_of_its_device() {
    let csv = "\u{feff}System Name;Tagged;Allowed VLANs;Remapped VLAN;Port 2 VLAN;PoE;VLANs;Profile;MAC;Name;Port;Double Tags;Trunk\r\ngam-oak;Yes;\"1000, 2000-2002\";300;201;force;111;Business 200;000E.D800.0011;\"flat 11\";G.hn 1/4;no;false\r\noak;;;0;none;;112;Unthrottled;00-0e-d8-00-00-12;flat-12;Unassigned;;\r\n";
    let (decision, texts) = imported(&base(), csv, ListOptions::default());
    assert_eq!(problems(&decision), []);
    assert_eq!(
        &*texts["subscribers/oak.toml"],
        "[subscriber.flat-11]\ndevice = \"oak\"\nport = 4\nendpoint = \"00:0e:d8:00:00:11\"\nservice_plan = \"biz\"\nvlan = 111\nname = \"flat 11\"\ntagged = true\nremapped_vlan = 300\nallowed_vlans = \"1000,2000-2002\"\nport2_vlan = 201\npoe = \"force\"\n\n[subscriber.flat-12]\ndevice = \"oak\"\nport = \"unassigned\"\nendpoint = \"00:0e:d8:00:00:12\"\nservice_plan = \"gig\"\nvlan = 112\n"
    );
    let again = base_of(&texts);
    let (decision, after) = imported(&again, csv, ListOptions::default());
    assert_eq!((decision.unchanged, decision.additions.len()), (2, 0));
    assert_eq!(after, texts);
}

#[test]
fn a_row_names_its_profile_or_is_refused() {
    assert_problems(
        &format!(
            "{HEAD}a,000ed8000011,,111,oak,1\nb,000ed8000012,Home-100,112,oak,1\nc,000ed8000013,unthrottled,113,oak,1\nd,000ed8000014,home-200,114,oak,1\ne,000ed8000015,\"no such plan, sorry\",115,oak,1\nf,000ed8000016,gig,116,oak,1\n"
        ),
        &[
            (2, "it has no profile; fill in its name or `Unthrottled`"),
            (
                3,
                "no service plan makes the profile `Home-100`; did you mean `home-100`?",
            ),
            (
                5,
                "no service plan makes the profile `home-200`; did you mean `home-100`?",
            ),
            (
                6,
                "no service plan makes the profile `no such plan, sorry`; add one",
            ),
        ],
    );
}

#[test]
fn an_unthrottled_row_needs_one_unthrottled_plan_or_its_id() {
    let mut texts: Texts = base().reading.inventory.texts().collect();
    let plans = texts["service-plans.toml"].to_string();
    texts.insert(
        "service-plans.toml".into(),
        format!("{plans}[service_plan.max]\nunthrottled = true\n").into(),
    );
    let csv = "Name,MAC,Profile,VLAN,System,Port,gamctl Service Plan\na,000ed8000011,Unthrottled,111,oak,1,\nb,000ed8000012,Unthrottled,112,oak,1,max\nc,000ed8000013,home-100,113,oak,1,max\nd,000ed8000014,home-100,114,oak,1,none\n";
    let (decision, _) = imported(&base_of(&texts), csv, ListOptions::default());
    assert_eq!(
        decision.additions[0].subscriber.service_plan.as_str(),
        "max"
    );
    let expected = [
        (2, "`gig`, `max`"),
        (4, "different service plans"),
        (5, "no service plan `none`"),
    ];
    for ((line, problem), (at, part)) in problems(&decision).iter().zip(expected) {
        assert!(*line == at && problem.contains(part), "{line}: {problem}");
    }
    texts.insert(
        "service-plans.toml".into(),
        plans
            .replace("[service_plan.gig]\nunthrottled = true\n", "")
            .into(),
    );
    let (decision, _) = imported(&base_of(&texts), csv, ListOptions::default());
    assert!(
        problems(&decision)[0]
            .1
            .contains("no service plan is; add one"),
        "{decision:?}"
    );
}

#[test]
fn a_device_is_named_by_host_name_id_or_address_and_never_guessed() {
    let csv = "Name,MAC,Profile,VLAN,System Name,Address,Port\na,000ed8000011,gig,111,GAM-Oak,10.20.0.12,1\nb,000ed8000012,gig,112,,https://10.20.0.12/,1\nc,000ed8000013,gig,113,oak,12 Oak Road,1\nd,000ed8000014,gig,114,oak,10.20.0.99,1\ne,000ed8000015,gig,115,maple-b,,1\nf,000ed8000016,gig,116,,10.20.0.99,1\ng,000ed8000017,gig,117,,,1\nh,000ed8000018,gig,118,the yard behind,,1\n";
    let (decision, _) = imported(&base(), csv, ListOptions::default());
    let devices: Vec<&str> = decision
        .additions
        .iter()
        .map(|one| one.subscriber.device.as_str())
        .collect();
    assert_eq!((devices, decision.other_addresses), (vec!["oak"; 3], 1));
    let expected = [
        (
            5,
            "`oak` has the address 10.20.0.12 in the inventory and 10.20.0.99 in the list",
        ),
        (
            6,
            "no device of the inventory is `maple-b` by its name or `hostname`; did you mean `maple-a`?",
        ),
        (7, "import it first with `gamctl import 10.20.0.99`"),
        (8, "neither `System Name` nor `Address`"),
        (9, "`System Name` is not the name of a device"),
    ];
    let problems = problems(&decision);
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for ((line, problem), (at, part)) in problems.iter().zip(expected) {
        assert!(*line == at && problem.contains(part), "{line}: {problem}");
    }
}

#[test]
fn every_wrong_cell_is_listed_with_its_line_and_column() {
    assert_problems(
        "Name,MAC,Profile,VLAN,System,Port,Tagged,PoE,Allowed,Port 2 VLAN,Double Tags,Trunk\n,x,home-100,x,oak,99,maybe,30W,1-x,9999,,\nb,000ed8000012,home-100,112,oak,1,,,,,2800,On\nc,000ed8000013,home-100,4094,oak,1,,,,,no,no\nd,000ed8000014,home-100,114,oak,,,,,,,\n",
        &[
            (2, "`Name` is empty"),
            (2, "`VLAN`: it is not one VLAN"),
            (2, "`Endpoint MAC`: a MAC address is twelve"),
            (2, "`Port`: it is neither a port"),
            (2, "`Tagged`: it is neither yes nor no"),
            (2, "`Port 2 VLAN`: it is not one VLAN"),
            (2, "`Allowed VLANs`:"),
            (2, "`PoE`: it is none of"),
            (3, "cannot express `Double Tags` and `Trunk`"),
            (4, "it is in VLAN 4094"),
            (5, "it has no port; fill in `Port`"),
        ],
    );
}

#[test]
fn rows_that_exclude_each_other_are_all_left_out() {
    assert_problems(
        &format!(
            "{HEAD}a,00:0e:d8:00:00:11,gig,111,oak,1\nb,000E.D800.0011,gig,x,oak,1\nc,000ed8000013,gig,113,oak,1\nc,000ed8000014,gig,114,gam-oak,1\nc,000ed8000015,gig,115,maple-a,1\n"
        ),
        &[
            (2, "line 3 has the same endpoint"),
            (3, "`VLAN`"),
            (4, "line 5 has the same name"),
            (5, "line 4 has the same name"),
        ],
    );
}

#[test]
fn a_subscriber_of_the_inventory_is_compared_and_never_changed() {
    let csv = format!(
        "{HEAD}apt-1,000ed8000001,home-100,101,maple-a,1\napt-2,000ed8000002,home-100,4094,maple-a,1\n"
    );
    let (decision, _) = imported(&base(), &csv, ListOptions::default());
    assert_eq!((decision.unchanged, problems(&decision)), (2, vec![]));
    assert_problems(
        &format!(
            "{HEAD}apt-1,000ed8000001,gig,105,maple-a,2\napt-2,000ed8000009,biz,102,maple-a,1\n"
        ),
        &[
            (
                2,
                "`acct-1` of the inventory differs, and is not changed: port is `1`, in the list `2`, service_plan is `home-100`, in the list `gig`, vlan is `101`, in the list `105`",
            ),
            (
                3,
                "endpoint is `00:0e:d8:00:00:02`, in the list `00:0e:d8:00:00:09`",
            ),
        ],
    );
    assert_problems(
        &format!("{HEAD}apt-1,000ed8000002,home-100,101,maple-a,1\n"),
        &[(
            2,
            "its name is that of `acct-1` and its endpoint that of `acct-2`",
        )],
    );
}

#[test]
fn a_row_that_would_cause_an_error_is_left_out_with_its_rule_and_the_others_stay() {
    let csv = format!(
        "{HEAD}a,000ed8000011,gig,111,oak,4\nb,000ed8000012,gig,112,oak,5\nc,000ed8000013,gig,3841,oak,1\nd,,gig,114,oak,1\n"
    );
    let (decision, texts) = imported(&base(), &csv, ListOptions::default());
    let kept: Vec<usize> = decision.additions.iter().map(|one| one.line).collect();
    assert_eq!((kept, decision.rows_left_out()), (vec![2], 3));
    for ((line, problem), (at, rule)) in problems(&decision).iter().zip([
        (3, "(subscriber-on-missing-port)"),
        (4, "(reserved-vlan)"),
        (5, "(no-endpoint)"),
    ]) {
        assert!(*line == at && problem.ends_with(rule), "{line}: {problem}");
    }
    assert!(!texts["subscribers/oak.toml"].contains("000013"));
}

#[test]
fn an_id_is_made_of_the_name_and_belongs_to_one_subscriber() {
    let csv = "Name,MAC,Profile,VLAN,System,Port,gamctl Id\nflat 1,000ed8000011,gig,111,oak,1,\nflat 1,000ed8000012,gig,112,maple-a,1,\nACCT-1,000ed8000013,gig,113,oak,1,\n!!!,000ed8000014,gig,114,oak,1,\ne,000ed8000015,gig,115,oak,1,acct-2\nf,000ed8000016,gig,116,oak,1,given\ng,000ed8000017,gig,117,oak,1,Given\ngiven,000ed8000018,gig,118,oak,2,\n";
    let (decision, _) = imported(&base(), csv, ListOptions::default());
    let ids: Vec<&str> = decision
        .additions
        .iter()
        .map(|one| one.subscriber.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "flat-1-oak",
            "flat-1-maple-a",
            "ACCT-1-oak",
            "subscriber-5",
            "given-oak"
        ]
    );
    let problems = problems(&decision);
    assert!(
        problems[0]
            .1
            .contains("the id `acct-2` is that of another subscriber"),
        "{problems:#?}"
    );
    assert!(
        problems[1].1.contains("line 8 has the same id") && problems[2].0 == 8,
        "{problems:#?}"
    );
}

#[test]
fn a_row_without_a_port_gets_the_one_that_a_person_chose() {
    let csv = "Name,MAC,Profile,VLAN,System\na,000ed8000011,gig,111,oak\n";
    let options = ListOptions {
        default_port: Some(PortAssignment::Auto),
        ..ListOptions::default()
    };
    let (decision, _) = imported(&base(), csv, options);
    assert_eq!(decision.additions[0].subscriber.port, PortAssignment::Auto);
}

#[test]
fn no_text_about_a_person_is_kept_or_repeated() {
    let person = "Ngozi Okafor";
    let csv = format!(
        "Name,MAC,Profile,VLAN,System Name,Address,Port,Customer,Description\na,000ed8000011,gig,111,oak,\"{person}, 12 Elm Road\",1,{person},{person}\nb,{person},gig,{person},oak,,{person},,\nc,000ed8000013,\"{person} of a long name for a profile\",113,{person},,1,,\n"
    );
    let (decision, texts) = imported(&base(), &csv, ListOptions::default());
    let said = format!("{decision:?} {:?} {texts:?}", problems(&decision));
    assert!(!said.contains("Okafor") && !said.contains("Elm"), "{said}");
    assert_eq!(decision.unused_columns, ["customer"]);
    assert!(decision.has_unused_descriptions);
    assert_eq!((decision.additions.len(), decision.other_addresses), (1, 1));
    let options = ListOptions {
        with_descriptions: true,
        ..ListOptions::default()
    };
    let (_, texts) = imported(&base(), &csv, options);
    assert!(texts["subscribers/oak.toml"].contains("description = \"Ngozi Okafor\""));
}

fn subscribers(reading: &Reading) -> Vec<Subscriber> {
    reading
        .inventory
        .subscribers()
        .filter_map(complete_subscriber)
        .collect()
}

#[test]
fn a_name_that_is_a_formula_is_guarded_and_comes_back() {
    let mut texts: Texts = base().reading.inventory.texts().collect();
    let names = ["=1+2", "+x", "-y", "@z", "'=q", "'plain"];
    let mut file = String::new();
    for (number, name) in names.iter().enumerate() {
        file.push_str(&format!("[subscriber.s{number}]\ndevice = \"oak\"\nport = 1\nendpoint = \"00:0e:d8:00:01:0{number}\"\nservice_plan = \"gig\"\nvlan = {}\nname = \"{name}\"\n", 200 + number));
    }
    texts.insert("subscribers/oak.toml".into(), file.into());
    let before = base_of(&texts);
    let list = export(
        &before.reading.inventory,
        |_| true,
        ListForm::WithOwnColumns,
    );
    for line in list.text.lines() {
        for cell in line.split(',') {
            let cell = cell.trim_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{line}");
        }
    }
    texts.retain(|path, _| !path.starts_with("subscribers/"));
    let (decision, texts) = imported(&base_of(&texts), &list.text, ListOptions::default());
    assert_eq!(problems(&decision), []);
    let sorted = |mut all: Vec<Subscriber>| {
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    };
    let after = base_of(&texts);
    assert_eq!(
        sorted(subscribers(&after.reading)),
        sorted(subscribers(&before.reading))
    );
}

#[test]
fn a_list_with_the_columns_of_virtuoso_alone_comes_back_as_it_was() {
    let csv = "Name,Endpoint MAC,Profile,VLAN,Port 2 VLAN,Tagged,Allowed VLANs,Remapped VLAN,Double Tags,Trunk,PoE,System Name,Address\nflat 11,00:0e:d8:00:00:11,Business 200,111,201,yes,\"1000,2000-2002\",300,no,no,force,GAM-OAK,10.20.0.12\nflat-12,00:0e:d8:00:00:12,Unthrottled,112,,no,,,no,no,,GAM-OAK,10.20.0.12\n";
    let options = ListOptions {
        default_port: Some(PortAssignment::Auto),
        ..ListOptions::default()
    };
    let (decision, texts) = imported(&base(), csv, options);
    assert_eq!(problems(&decision), []);
    let after = base_of(&texts);
    let is_oak = |device: &crate::inventory::DeviceObject| device.id.as_str() == "oak";
    let exported = export(&after.reading.inventory, is_oak, ListForm::VirtuosoOnly);
    assert_eq!(exported.text, csv);
    let all = export(&after.reading.inventory, |_| true, ListForm::VirtuosoOnly);
    assert_eq!((all.rows, all.suspended, all.pending), (3, 1, 0));
}
