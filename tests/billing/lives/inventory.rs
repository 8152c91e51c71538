//! Writes the inventory and the settings of a bed: devices, service plans, tariffs, and limits wide enough for many lives.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::bed::{Bed, DEVICES, GONE_AFTER_DAYS, PASSWORD, PLANS, REST_DAYS, SUSPENDED, speeds};

/// Limits wide enough for many lives in an hour, and one wave: the lives end in the judgement of the sync alone.
const POLICY: &str = "[limits]\n\
    removals_per_device = { count = 1000 }\n\
    removals = { count = 1000 }\n\
    interruptions = { count = 1000 }\n\
    slower = { count = 1000 }\n\
    suspensions = { count = 1000 }\n\
    reassignments = { count = 1000 }\n\
    devices = { count = 1000 }\n\n\
    [reconcile]\ncommits = \"everything\"\ndrift = \"restore\"\n\n\
    [waves]\nfirst = 1000\nsettle = \"0s\"\n\n\
    [lane.billing]\nauthors = [\"sync@isp.example\"]\n\
    limits = { additions = { count = 1000 }, changes = { count = 1000 }, suspensions = { count = 1000 }, removals = { count = 1000 }, moves = { count = 1000 }, drop = { count = 1000 } }\n";

impl Bed {
    pub(super) fn write_inventory(&self) {
        let world = &self.world;
        world.write(
            "network.toml",
            format!(
                "schema = 1\n\n[profiles]\nheadroom_percent = 0\n\n[vlans]\nsubscribers = \"100-999\"\nrest_days = {REST_DAYS}\n\n[suspension]\nhow = \"captive\"\nservice_plan = \"suspended\"\n"
            ),
        );
        let plans = PLANS.map(|plan| {
            let (name, (down, up)) = (plan.0, speeds(plan, self.product));
            format!("[service_plan.{name}]\ndown = {down}\nup = {up}\n\n")
        });
        let (down, up) = SUSPENDED;
        let suspended = format!("[service_plan.suspended]\ndown = {down}\nup = {up}\n");
        world.write("service-plans.toml", plans.concat() + &suspended);
        world.write(
            "credentials.toml",
            "[credentials.default]\nsnmp = { version = \"2c\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n",
        );
        let devices = DEVICES.iter().zip(&self.twins).map(|((name, model, site), twin)| {
            format!(
                "[device.{name}]\nmodel = \"{model}\"\naddress = \"{}/{}\"\nserial = \"{}\"\nhost_key = \"{}\"\nsite = \"{site}\"\ntest_bed = true\n\n",
                twin.ssh_address(),
                twin.snmp_address().port(),
                twin.serial(),
                twin.host_key().unwrap(),
            )
        });
        world.write("devices/all.toml", devices.collect::<String>());
        world.write("policy.toml", POLICY);
        let login = self.product.choose(
            "login = { key = { secret = \"billing-key\" }, secret = { secret = \"billing-secret\" } }\ntime_zone = \"UTC\"",
            "login = { token = { secret = \"billing-token\" } }",
        );
        let (name, site) = (self.product.name(), self.product.choose(1, 5001));
        let tariffs = PLANS.map(|plan| {
            let tariff = self.product.choose(plan.1, plan.2);
            format!(
                "[billing.{name}.tariff.{tariff}]\nservice_plan = \"{}\"\n\n",
                plan.0
            )
        });
        world.write(
            "billing.toml",
            format!(
                "[billing.{name}]\nkind = \"{name}\"\naddress = \"http://{}\"\n{login}\nhook = {{ secret = \"billing-hook\" }}\nrequests_per_minute = 400\nfull_every = \"20m\"\ngone_after_days = {GONE_AFTER_DAYS}\nmoves = \"auto\"\nwrite_back = [\"place\", \"notes\"]\nsites = {{ {site} = \"maple-court\" }}\n\n{}",
                self.office.server.address(),
                tariffs.concat(),
            ),
        );
        // The policy of a commit applies to the next one.
        world.commit_all("an inventory without subscribers");
        world.commit_all("the policy is in force");
        let forge = self.forge();
        let root = world.root().to_str().unwrap();
        world.git(&["clone", "-q", "--bare", root, forge.to_str().unwrap()]);
        world.git(&["remote", "add", "origin", forge.to_str().unwrap()]);
    }

    pub(super) fn write_settings(&self) {
        let secrets = self.world.beside("secrets");
        fs::create_dir(&secrets).unwrap();
        let of_devices = [
            ("gam-snmp", "public".to_owned()),
            ("gam-ssh", PASSWORD.to_owned()),
        ];
        for (name, value) in of_devices.iter().chain(&self.office.secrets) {
            let path = secrets.join(name);
            fs::write(&path, value).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(
            self.settings(),
            format!(
                "[inventory]\npath = \"{}\"\n\n[secrets]\ndirectory = \"{}\"\n\n[apply]\nlease_seconds = 10\n\n[git]\nurl = \"{}\"\nevery = \"1s\"\n\n[sync]\nrun = true\n\n[serve]\nlisten = \"{}\"\nmetrics = false\nprobe = \"5m\"\npoll = \"20m\"\nlook = \"15s\"\nheartbeat = \"500ms\"\ndead = \"3s\"\n",
                self.world.root().display(),
                secrets.display(),
                self.forge().display(),
                self.listen,
            ),
        )
        .unwrap();
    }
}
