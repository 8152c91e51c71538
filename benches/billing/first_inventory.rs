//! Writes the inventory of a bed: devices, and the customers who are served from the beginning.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::bed::{Served, Wanted, name};

/// The first VLAN of subscribers on each device.
const FIRST_VLAN: usize = 100;

const FILES: [(&str, &str); 3] = [
    (
        "network.toml",
        "schema = 1\n\n[vlans]\nmanagement = 4093\nsubscribers = \"100-3799\"\n\n[profiles]\nheadroom_percent = 6\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n",
    ),
    (
        "service-plans.toml",
        "[service_plan.home-100]\ndown = 100\nup = 50\n\n[service_plan.home-500]\ndown = 500\nup = 250\n\n[service_plan.suspended]\ndown = 10\nup = 10\n",
    ),
    (
        "credentials.toml",
        "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"snmp\" } }\nssh = { user = \"admin\", password = { secret = \"ssh\" } }\n",
    ),
];

const POLICY: &str = "[limits]\nremovals_per_device = { count = 1000 }\nremovals = { count = 100000 }\ninterruptions = { count = 100000 }\nslower = { count = 100000 }\nsuspensions = { count = 100000 }\nreassignments = { count = 100000 }\ndevices = { count = 100000 }\n\n\
    [reconcile]\ncommits = \"everything\"\n\n[waves]\nfirst = 1\nthen = [\"50%\"]\nsettle = \"1s\"\n\n\
    [lane.billing]\nauthors = [\"sync@isp.example\"]\n";

pub(crate) fn write_inventory(folder: &Path, wanted: &Wanted<'_>, served: &[Served]) {
    let write = |path: &str, text: &str| {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    for (path, text) in FILES {
        write(path, text);
    }
    write("policy.toml", &format!("{POLICY}{}", wanted.policy));
    let (mut devices, mut subscribers) = (String::new(), String::new());
    for device in 0..wanted.devices {
        let name = name(device);
        writeln!(
            devices,
            "[device.{name}]\nmodel = \"GAM-24-C\"\naddress = \"10.0.{device}.1\"\nsite = \"site-{device:02}\"\nstate = \"managed\"\ncredentials = \"default\"\n"
        )
        .unwrap();
    }
    for (number, one) in served.iter().enumerate() {
        writeln!(
            subscribers,
            "[subscriber.acct-{account}]\ndevice = \"{device}\"\nport = {port}\nendpoint = \"{mac}\"\nservice_plan = \"{plan}\"\nvlan = {vlan}\nexternal = {{ system = \"isp\", account = \"{account}\", service = \"{service}\" }}\n",
            account = one.account,
            service = one.service,
            device = name(one.device),
            port = one.port,
            mac = one.mac,
            plan = one.plan.name(),
            vlan = FIRST_VLAN + number % wanted.customers,
        )
        .unwrap();
    }
    write("devices/all.toml", &devices);
    write("subscribers/all.toml", &subscribers);
}
